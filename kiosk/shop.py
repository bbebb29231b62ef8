"""The composition root: settings become store, drivers and services. The only file that knows every class.

`Shop.open` makes what the first screen needs and imports nothing heavy; `start`, called after that screen is painted,
loads the drivers and runs the background loops. What cannot be loaded is a warning, never a shop that does not open.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.models.shop import Outlet, Terminal
from data.states import TerminalState
from data.store import Store
from data.unit_of_work import Touched
from kiosk.services.changes import Changes, keys_of
from kiosk.services.clock import Clock
from kiosk.services.health import HealthService
from kiosk.services.screen_settings import ScreenSettings
from kiosk.services.sign_in import SignInService
from kiosk.settings import InvoicesSection, Settings

if TYPE_CHECKING:
    from drivers.invoices.base import InvoiceProvider
    from drivers.payments.base import PaymentChannel
    from drivers.printers.base import ReceiptPrinter
    from kiosk.services.collection import CollectionService
    from kiosk.services.invoicing import InvoicingService
    from kiosk.services.lookups import Lookups
    from kiosk.services.paid_aside import PaidAside
    from kiosk.services.printing import PrintingService
    from kiosk.services.refunds import RefundService
    from kiosk.services.sale import SaleService
    from kiosk.services.waiting import WaitingSales
    from kiosk.shop_drivers import ChannelSetUp
    from kiosk.shop_services import Services

log = logging.getLogger(__name__)


class Shop:
    """One open shop. Use `Shop.open`; `close` or `stop` give the store back."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, terminal: str) -> None:
        """Raises SettingsError for settings that cannot be used."""
        if settings.invoices.tax_profile != InvoicesSection().tax_profile:
            from kiosk.shop_services import tax_terms

            tax_terms(settings.invoices)  # refused now, not when the first invoice is made out
        self.settings = settings
        self.store = store
        self.clock = clock
        self.terminal = terminal
        self._outlet = store.read_now(_outlet_name)
        self.screen = ScreenSettings(store)
        self.changes = Changes()
        self.sign_in = SignInService(store, clock)
        self.health = HealthService(store, self.changes)
        self._making = threading.Lock()
        self._made: Services | None = None
        self._started = False
        self._tasks: list[asyncio.Task[None]] = []
        self._channels: list[PaymentChannel] = []
        self._provider: InvoiceProvider | None = None
        self._closed = False
        store.on_commit.append(self._committed)

    @classmethod
    def open(cls, settings: Settings, directory: Path, clock: Clock) -> Shop:
        """Open the store in `directory`, made when it is not there.

        Raises StoreHeld (another kiosk has it), StoreDamaged, SettingsError, OSError.
        """
        store = Store.open(directory, now_ms=clock.now_ms)
        try:
            return cls(settings, store, clock, store.read_now(_bound_terminal))
        except BaseException:
            store.close()
            raise

    @property
    def _services(self) -> Services:
        """Made once, whoever asks first: a screen on the loop or `start` on its thread."""
        with self._making:
            if self._made is None:
                from kiosk.shop_services import make_services

                self._made = make_services(self.settings, self.store, self.clock, self.changes, self.terminal)
            return self._made

    @property
    def sales(self) -> SaleService:
        """From the vehicle to the price."""
        return self._services.sales

    @property
    def lookups(self) -> Lookups:
        """The sale list and what hangs on a sale."""
        return self._services.lookups

    @property
    def waiting(self) -> WaitingSales:
        """What waits for a person."""
        return self._services.waiting

    @property
    def paid_aside(self) -> PaidAside:
        """What was paid while nobody looked."""
        return self._services.paid_aside

    @property
    def collection(self) -> CollectionService:
        """Payment orders."""
        return self._services.collection

    @property
    def refunds(self) -> RefundService:
        """Money that goes back."""
        return self._services.refunds

    @property
    def invoicing(self) -> InvoicingService:
        """Invoices and their files."""
        return self._services.invoicing

    @property
    def printing(self) -> PrintingService:
        """Print jobs."""
        return self._services.printing

    @property
    def directory(self) -> Path:
        """Where the store is."""
        return self.store.directory

    @property
    def name(self) -> str:
        """What the shop is called: by its settings, else as the outlet it is bound to; empty when neither says."""
        return self.settings.shop.name or self._outlet

    async def start(self) -> None:
        """Load the drivers and run the loops. Returns when the drivers are there; calling it again does nothing."""
        if self._started or self._closed:
            return
        self._started = True
        self.changes.bind(asyncio.get_running_loop())
        services, printers = await asyncio.to_thread(self._load)
        if self._closed:
            return
        await services.paid_aside.look()  # before a code that outlived the last run is found paid
        self._run(self.health.run(services.collection, services.invoicing, services.printing))
        services.slips.load(printers[0].encode)
        self._run(self.printing.run(printers))
        await asyncio.gather(self._open_channels(), self._open_invoicing())
        self.changes.publish({"health", "payments", "invoices", "printer"})

    async def stop(self) -> None:
        """End the loops in order and close the store. What is under way is taken up at the next start."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._made is not None:
            await self._made.collection.stop()
        for channel in self._channels:
            await channel.aclose()
        if self._provider is not None:
            await self._provider.aclose()
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self.store.close)

    def _run(self, loop: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(loop)
        task.add_done_callback(_told_how_it_ended)
        self._tasks.append(task)

    def _load(self) -> tuple[Services, list[ReceiptPrinter]]:
        """Import and make what the first screen did without, on a thread: that screen is in use meanwhile."""
        from kiosk import shop_drivers

        return self._services, shop_drivers.printers(self.settings.printers)

    def _committed(self, touched: frozenset[Touched]) -> None:
        """On the store's writing thread."""
        self.changes.publish(keys_of((one.thing, one.key) for one in touched))

    async def _open_channels(self) -> None:
        from kiosk import shop_drivers

        await asyncio.gather(*map(self._open_channel, shop_drivers.channels(self.settings, self.clock)))
        self.collection.channels_ready()
        self._run(self.collection.run())
        self._run(self.collection.sanity.run())
        self._run(self.refunds.run())

    async def _open_channel(self, set_up: ChannelSetUp) -> None:
        try:
            driver = await asyncio.to_thread(set_up.make)
        except Exception as error:  # noqa: BLE001  a channel that does not load is off, the shop is not
            self._warn(f"{set_up.name} is off: {error}")
            return
        self._channels.append(driver)
        self.collection.add_channel(set_up.channel, driver)

    async def _open_invoicing(self) -> None:
        await self._load_provider()
        self._run(self.invoicing.run())

    async def _load_provider(self) -> None:
        from kiosk import shop_drivers

        section = self.settings.nuonuo
        if not section.app_key:
            return
        try:
            self._provider = await asyncio.to_thread(shop_drivers.nuonuo, section, self.store, self.clock)
        except Exception as error:  # noqa: BLE001  invoices wait, the shop does not
            self._warn(f"Invoicing is off: {error}")
            return
        self.invoicing.open(self._provider)

    def _warn(self, sentence: str) -> None:
        log.warning("%s", sentence)
        self.health.warn(sentence)


def _bound_terminal() -> str:
    """The terminal this store is bound to; the unbound one when there is none."""
    bound = Terminal.query().where(Terminal.state == TerminalState.ACTIVE).get_or_none()
    if bound is not None:
        return bound.number
    from kiosk.rules.numbers import UNBOUND_TERMINAL

    return UNBOUND_TERMINAL


def _outlet_name() -> str:
    terminal = Terminal.query().where(Terminal.state == TerminalState.ACTIVE).get_or_none()
    outlet = None if terminal is None or terminal.outlet is None else Outlet.find(terminal.outlet)
    return "" if outlet is None else outlet.name


def _told_how_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background loop ended", exc_info=error)
