"""The composition root: settings become store, drivers and services. The only file that knows every class.

`Shop.open` makes what the first screen needs and imports nothing heavy; `start`, called after that screen is painted,
loads the drivers and runs the background loops. What cannot be loaded is a warning, never a shop that does not open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.models.shop import Outlet, Terminal
from data.states import Channel, TerminalState
from data.store import Store
from data.unit_of_work import Touched
from kiosk.rules.numbers import UNBOUND_TERMINAL
from kiosk.services.changes import Changes, keys_of
from kiosk.services.clock import Clock
from kiosk.services.health import HealthService
from kiosk.services.sign_in import SignInService
from kiosk.settings import InvoicesSection, NuonuoSection, PrinterSection, Settings, SettingsError, WeChatSection

if TYPE_CHECKING:
    from drivers.invoices.base import InvoiceProvider
    from drivers.payments.base import PaymentChannel
    from drivers.printers.base import ReceiptPrinter
    from kiosk.services.collection import CollectionService
    from kiosk.services.invoice_intents import InvoiceIntents
    from kiosk.services.invoice_terms import TaxTerms
    from kiosk.services.invoicing import InvoicingService
    from kiosk.services.lookups import Lookups
    from kiosk.services.printing import PrintingService
    from kiosk.services.sale import SaleService
    from kiosk.services.slips import Slips
    from kiosk.services.waiting import WaitingSales

log = logging.getLogger(__name__)

NO_PRINTER = "receipt"
"""What the slips' printer is called while none is set up: its jobs wait."""
DOTS = {58: 384, 80: 576}


class Shop:
    """One open shop. Use `Shop.open`; `close` or `stop` give the store back."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, terminal: str) -> None:
        """Raises SettingsError for settings that cannot be used."""
        if settings.invoices.tax_profile != InvoicesSection().tax_profile:
            _tax_terms(settings.invoices)  # refused now, not when the first invoice is made out
        self.settings = settings
        self.store = store
        self.clock = clock
        self.terminal = terminal
        self._outlet = store.read_now(_outlet_name)
        self.changes = Changes()
        self.sign_in = SignInService(store, clock)
        self.health = HealthService(store, self.changes)
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

    @cached_property
    def sales(self) -> SaleService:
        """Vehicle to price."""
        from kiosk.services.sale import SaleService

        return SaleService(self.store, self.clock, self.terminal)

    @cached_property
    def lookups(self) -> Lookups:
        """The sale list and what hangs on a sale."""
        from kiosk.services.lookups import Lookups

        return Lookups(self.store)

    @cached_property
    def waiting(self) -> WaitingSales:
        """What waits for a person."""
        from kiosk.services.waiting import WaitingSales

        return WaitingSales(self.store)

    @cached_property
    def collection(self) -> CollectionService:
        """Payment orders."""
        from kiosk.services.collection import CollectionService
        from kiosk.services.collection_start import Terms
        from kiosk.services.settlement import Settlement

        section = self.settings.collection
        return CollectionService(
            self.store,
            self.clock,
            self.changes,
            Settlement(self._intents, self._slips),
            Terms(section.order_seconds * 1000, section.description),
        )

    @cached_property
    def invoicing(self) -> InvoicingService:
        """Invoices."""
        from kiosk.services.invoicing import InvoicingService

        return InvoicingService(self.store, self.clock, self.changes, self._intents)

    @cached_property
    def printing(self) -> PrintingService:
        """Print jobs."""
        from kiosk.services.printing import PrintingService

        return PrintingService(self.store, self.clock, self.changes, self._slips)

    @cached_property
    def _intents(self) -> InvoiceIntents:
        from kiosk.services.invoice_intents import InvoiceIntents

        return InvoiceIntents(_tax_terms(self.settings.invoices))

    @cached_property
    def _slips(self) -> Slips:
        from kiosk.services.slips import Press, ShopFacts, Slips

        first = self.settings.printers[0] if self.settings.printers else PrinterSection(name=NO_PRINTER)
        shop = self.settings.shop
        return Slips(
            ShopFacts(shop.name, shop.address, shop.phone), Press(first.name, first.language, DOTS[first.width])
        )

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
        if self._tasks or self._closed:
            return
        self.changes.bind(asyncio.get_running_loop())
        await asyncio.to_thread(self._load_services)
        self._run(self.health.run(self.collection, self.invoicing, self.printing))
        printers = await asyncio.to_thread(_printers, self.settings.printers)
        self._slips.load(printers[0].encode)
        self._run(self.printing.run(printers))
        await self._load_channel()
        self.collection.channels_ready()
        self._run(self.collection.run())
        await self._load_provider()
        self._run(self.invoicing.run())
        self.changes.publish({"health", "payments", "invoices", "printer"})

    async def stop(self) -> None:
        """End the loops in order and close the store. What is under way is taken up at the next start."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.collection.stop()
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

    def _load_services(self) -> None:
        """Import and make what the first screen did without, on a thread: the screen is in use meanwhile."""
        _ = self.sales, self.lookups, self.collection, self.invoicing, self.printing

    def _committed(self, touched: frozenset[Touched]) -> None:
        """On the store's writing thread."""
        self.changes.publish(keys_of((one.thing, one.key) for one in touched))

    async def _load_channel(self) -> None:
        section = self.settings.wechat
        if not section.mchid:
            return
        try:
            channel = await asyncio.to_thread(_wechat, section, self.clock)
        except Exception as error:  # noqa: BLE001  a channel that does not load is off, the shop is not
            self._warn(f"WeChat Pay is off: {error}")
            return
        self._channels.append(channel)
        self.collection.add_channel(Channel.WECHAT, channel)

    async def _load_provider(self) -> None:
        section = self.settings.nuonuo
        if not section.app_key:
            return
        try:
            self._provider = await asyncio.to_thread(_nuonuo, section, self.store, self.clock)
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
    return UNBOUND_TERMINAL if bound is None else bound.number


def _outlet_name() -> str:
    terminal = Terminal.query().where(Terminal.state == TerminalState.ACTIVE).get_or_none()
    outlet = None if terminal is None or terminal.outlet is None else Outlet.find(terminal.outlet)
    return "" if outlet is None else outlet.name


def _tax_terms(section: InvoicesSection) -> TaxTerms:
    """The shop's own settings; what they leave blank, the profile may say (the demo's does)."""
    from data.reference import tax_profiles
    from kiosk.services.invoice_terms import TaxTerms

    try:
        profile = tax_profiles().named(section.tax_profile)
    except LookupError:
        known = ", ".join(one.name for one in tax_profiles().profiles)
        raise SettingsError(f"invoices.tax_profile must be one of {known}, not {section.tax_profile}.") from None
    return TaxTerms(
        profile,
        section.goods_tax_code or profile.goods_tax_code,
        section.goods_short_name or profile.goods_short_name,
        section.special_element or profile.special_element,
        section.unit,
    )


def _printers(sections: tuple[PrinterSection, ...]) -> list[ReceiptPrinter]:
    """The drivers of the printers, at least one: without any, one that says so."""
    from drivers.printers import create
    from drivers.printers.base import PrinterSettings
    from drivers.printers.broken import BrokenPrinter

    if not sections:
        return [BrokenPrinter(PrinterSettings(NO_PRINTER), "no printer is set up")]
    return [
        create(PrinterSettings(one.name, one.driver, one.address, one.profile, DOTS[one.width], one.charset))
        for one in sections
    ]


def _wechat(section: WeChatSection, clock: Clock) -> PaymentChannel:
    from drivers.payments.wechat import WeChatPay, WeChatSettings

    return WeChatPay(
        WeChatSettings(
            base_url=section.base_url,
            mchid=section.mchid,
            appid=section.appid,
            serial_no=section.serial_no,
            private_key_pem=Path(section.private_key_file).read_bytes(),
            public_keys={section.public_key_id: Path(section.public_key_file).read_bytes()},
            apiv3_key=_secret(section.apiv3_key_file),
            notify_url=section.notify_url,
        ),
        clock.now_ms,
    )


def _nuonuo(section: NuonuoSection, store: Store, clock: Clock) -> InvoiceProvider:
    from drivers.invoices.nuonuo import Nuonuo, NuonuoSettings
    from kiosk.services.provider_tokens import StoredTokens

    return Nuonuo(
        NuonuoSettings(
            base_url=section.base_url,
            token_url=section.token_url,
            app_key=section.app_key,
            app_secret=_secret(section.app_secret_file),
            tax_number=section.tax_number,
            clerk=section.clerk,
            extension=section.extension,
            seller_phone=section.seller_phone,
            seller_address=section.seller_address,
        ),
        StoredTokens(store, f"nuonuo:{section.app_key}"),
        clock.now_ms,
    )


def _secret(path: str) -> str:
    """The text of a secret's file; empty when no file is set, which is only right where the secret is not needed."""
    return Path(path).read_text(encoding="utf-8").strip() if path else ""


def _told_how_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background loop ended", exc_info=error)
