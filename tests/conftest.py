"""The whole back end under test: a real store, the real sandbox over loopback HTTP, the real virtual printer over TCP.

`town` is the outside world (it outlives shops), `till` a demo shop in it that can be opened, left and opened again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from drivers.printers.virtual import VirtualPrinter
    from kiosk.demo.catalogue import DemoShop
    from kiosk.services import views
    from kiosk.services.health import Health
    from kiosk.shop import Shop

PATIENCE_S = 20.0


class Town:
    """Sandbox and printer. `directory` keeps their state."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.printer: VirtualPrinter
        self._sandbox: Any = None

    async def open(self) -> None:
        from drivers.printers.virtual import VirtualPrinter
        from drivers.sandbox.remote import SandboxControl
        from kiosk.demo.world_sandbox import WorldSandbox

        loop = asyncio.get_running_loop()

        async def run(work: Callable[[], None]) -> None:
            work()

        def on_loop(work: Callable[[], None]) -> None:
            asyncio.run_coroutine_threadsafe(run(work), loop).result(5)

        self.printer = VirtualPrinter(self.directory / "printer", dots_per_second=None)
        await self.printer.start()
        self._sandbox = WorldSandbox(self.directory / "sandbox", self.printer, on_loop)
        self._sandbox.start()
        told = json.loads(self._sandbox.announcement().to_json())
        told["printer"] = {"host": self.printer.host, "port": self.printer.port, "paper": str(self.printer.paper)}
        self.announcement: dict[str, Any] = told
        self.control = SandboxControl(self._sandbox.announcement().control)

    async def close(self) -> None:
        await asyncio.to_thread(self._sandbox.stop)
        await self.printer.stop()

    async def pay(self, code: str, **how: Any) -> Any:
        return await asyncio.to_thread(lambda: self.control.pay(code, **how))

    async def fault(self, target: str, kind: str, endpoint: str | None = None, times: int | None = None) -> None:
        await asyncio.to_thread(self.control.fault, target, kind, endpoint, times)

    async def heal(self, target: str) -> None:
        await asyncio.to_thread(self.control.heal, target)

    async def ledger(self) -> Any:
        return await asyncio.to_thread(self.control.ledger)

    @property
    def papers(self) -> int:
        return len(list(self.printer.paper.glob("*.bin")))


class Till:
    """A demo shop in a town. `shop` is the open one."""

    def __init__(self, town: Town, directory: Path) -> None:
        from kiosk.demo.catalogue import demo_shop
        from kiosk.services.views import Operator

        self.town = town
        self.directory = directory
        self.goods: DemoShop = demo_shop()
        self.shop: Shop
        self.offset_ms = 0
        clerk = next(one for one in self.goods.operators if one.role == "CLERK")
        from data.states import Role

        self.clerk = Operator(number=clerk.number, name=clerk.name, role=Role.CLERK)
        self._next = 0
        self._open = False

    async def open(self, *, start: bool = True, **changes: Any) -> Shop:
        """Open the shop, seeded at the first time, and run its loops. `changes` replaces sections of the settings."""
        import msgspec

        from data.store import Store
        from kiosk.demo.seeding import seed
        from kiosk.demo.settings import demo_settings
        from kiosk.services.clock import Clock
        from kiosk.shop import Shop

        clock = Clock(self.offset_ms)
        if not (self.directory / "store.db").exists():
            store = Store.open(self.directory, now_ms=clock.now_ms)
            seed(store, clock, past=0)
            store.close()
        settings = msgspec.structs.replace(demo_settings(self.town.announcement), **changes)
        self.shop = Shop.open(settings, self.directory, clock)
        self._open = True
        if start:
            await self.shop.start()
        return self.shop

    async def leave(self) -> None:
        """Drop everything where it is. What a kill leaves in the store, this leaves too."""
        if self._open:
            self._open = False
            await self.shop.stop()

    async def again(self, **changes: Any) -> Shop:
        """Leave and open again."""
        await self.leave()
        return await self.open(**changes)

    async def advance(self, ms: int) -> None:
        """Kiosk and world move forward together."""
        await asyncio.to_thread(self.town.control.advance, ms)
        self.offset_ms += ms
        self.shop.clock.advance(ms)

    async def priced(self) -> views.Sale:
        """A sale with everything but its price: the next vehicle of the demo shop."""
        goods = self.goods.vehicles[self._next]
        self._next += 1
        sales, clerk = self.shop.sales, self.clerk
        sale = await sales.open_bundle(clerk, goods.vehicle)
        await sales.choose_colour(sale.id, goods.colours[0], operator=clerk)
        await sales.start_bundle(sale.id, operator=clerk)
        for battery in goods.batteries:
            await sales.add_code(sale.id, battery, operator=clerk)
        assert goods.charger is not None
        await sales.add_code(sale.id, goods.charger, operator=clerk)
        await sales.finish_goods(sale.id, operator=clerk)
        division = sales.find_divisions("西湖区")[0]
        return await sales.submit_customer(
            sale.id, "王小明", "13800138000", division.code, "文三路 1 号", operator=clerk
        )

    async def collected(self, channel: str = "WECHAT") -> views.Sale:
        """A sale whose money is asked for."""
        from data.states import Channel

        sale = await self.priced()
        return await self.shop.collection.start(sale.id, Channel(channel), sale.list_total_fen, self.clerk)

    async def until(
        self, sale_id: str, reached: Callable[[views.Sale], bool], within: float = PATIENCE_S
    ) -> views.Sale:
        """Wait, by the shop's own changes, for the sale to get there."""
        moved = asyncio.Event()
        forget = self.shop.changes.subscribe(lambda keys: moved.set() if f"sale:{sale_id}" in keys else None)
        sale = await self.shop.sales.load(sale_id)
        try:
            async with asyncio.timeout(within):
                while not reached(sale):
                    await moved.wait()
                    moved.clear()
                    sale = await self.shop.sales.load(sale_id)
        except TimeoutError:
            raise AssertionError(f"never reached; now {sale}") from None
        finally:
            forget()
        return sale

    async def lights(self, reached: Callable[[Health], bool], within: float = PATIENCE_S) -> Health:
        """Wait, by the shop's own changes, for the health lights to show it."""
        moved = asyncio.Event()
        forget = self.shop.changes.subscribe(lambda keys: moved.set())
        try:
            async with asyncio.timeout(within):
                while not reached(self.shop.health.current()):
                    await moved.wait()
                    moved.clear()
        except TimeoutError:
            raise AssertionError(f"never reached; now {self.shop.health.current()}") from None
        finally:
            forget()
        return self.shop.health.current()

    async def finished(self, sale_id: str) -> views.Sale:
        """Wait until the sale is done, its invoice is issued with files, and both slips are printed."""
        from data.states import InvoiceState, PrintJobState, SaleState

        return await self.until(
            sale_id,
            lambda sale: (
                sale.state is SaleState.DONE
                and sale.invoice is not None
                and sale.invoice.state is InvoiceState.ISSUED
                and len(sale.invoice.files) >= 2
                and [job.state for job in sale.print_jobs] == [PrintJobState.PRINTED] * 2
            ),
        )


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    here = Town(tmp_path / "world")
    await here.open()
    try:
        yield here
    finally:
        await here.close()


@pytest.fixture
async def till(town: Town, tmp_path: Path) -> AsyncIterator[Till]:
    here = Till(town, tmp_path / "shop")
    try:
        yield here
    finally:
        await here.leave()


class Machine:
    """The machine's clock: set it, as somebody or nobody does at a start without a battery."""

    ahead_ms = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead_ms * 1_000_000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    here = Machine()
    read = {"clock_gettime_ns": time.clock_gettime_ns, "CLOCK_BOOTTIME": time.CLOCK_BOOTTIME}
    monkeypatch.setattr("kiosk.services.clock.time", SimpleNamespace(time_ns=here.time_ns, **read))
    return here
