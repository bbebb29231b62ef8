"""A real shop on a real store behind the screens: seeded like the demo, without provider and printer."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from data.store import Store
from drivers.scanners.wedge import REPEAT_GAP
from kiosk.app import KioskApp
from kiosk.demo.catalogue import DemoVehicle, demo_shop
from kiosk.demo.seeding import seed
from kiosk.demo.settings import demo_settings
from kiosk.services.clock import Clock
from kiosk.settings import Settings
from kiosk.shop import Shop
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import MessageLine


class Till:
    """A running application and what a person does to it."""

    def __init__(self, app: KioskApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self._scanned = ("", 0.0)

    async def settle(self) -> None:
        """Wait until everything done so far is committed and painted."""
        for _ in range(400):
            await self.pilot.pause(0.01)
            if not self.app.busy and not any(worker.is_running for worker in self.app.workers):
                break
        await self.pilot.pause()

    async def scan(self, text: str) -> None:
        """The scanner reads `text`: its keys come at once, then Enter. The same code again is another scan."""
        while text == self._scanned[0] and time.monotonic() - self._scanned[1] <= REPEAT_GAP:
            await self.pilot.pause(0.02)
        self._scanned = (text, time.monotonic())
        for character in text:
            self.app.post_message(events.Key(character, character))
        self.app.post_message(events.Key("enter", "\r"))
        await self.settle()

    async def write(self, field: str, text: str) -> None:
        """Type into a field, replacing what stands in it."""
        target = self.field(field)
        target.enter()
        target.input.value = text
        await self.settle()

    async def reach_price(self, bike: DemoVehicle) -> None:
        """A sale of this bike by keyboard and scanner, up to its price."""
        await self.sign_in()
        await self.scan(bike.vehicle)
        await self.press("enter", "enter")
        for code in (*bike.batteries, bike.charger):
            await self.scan(code)
        await self.press("f8")
        await self.write("name", "王小明")
        await self.write("phone", "13812345678")
        await self.write("address", "文三路 100 号")
        await self.write("division", "西湖")
        await self.press("enter", "f8")

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.second_presses.forget()  # a person's pause
            await self.pilot.press(key)
            await self.settle()

    async def touch(self, label: str) -> None:
        """Touch the button that says `label`."""
        buttons = self.app.screen.query(ActionButton)
        button = next(one for one in buttons if one.caption == label and one.is_on_screen and one.region)
        await self.pilot.click(button)
        await self.settle()

    async def sign_in(self, role: str = "clerk") -> None:
        operator = next(one for one in demo_shop().operators if one.role.lower() == role)
        await self.write("operator", operator.number)
        await self.write("pin", operator.pin)
        await self.press("f8")

    def field(self, name: str) -> Field:
        return self.app.screen.query_one(f"#{name}", Field)

    @property
    def message(self) -> str:
        return self.app.screen.query_one(MessageLine).text

    @property
    def screen(self) -> str:
        return type(self.app.screen).__name__


Open = Callable[..., AbstractAsyncContextManager[Till]]


@pytest.fixture
def till(tmp_path: Path) -> Open:
    """Opens the application on one store; opening it again is a restart."""

    @asynccontextmanager
    async def open_till(language: str = "zh_CN", size: tuple[int, int] = (80, 24)) -> AsyncIterator[Till]:
        clock = Clock()
        store = Store.open(tmp_path, now_ms=clock.now_ms)
        seed(store, clock, past=3)
        store.close()
        app = KioskApp(Shop.open(Settings(), tmp_path, clock), language=language)
        async with app.run_test(size=size) as pilot:
            one = Till(app, pilot)
            await one.settle()
            yield one

    return open_till


COUNTER_BIKE = demo_shop().vehicles[1]


class Counter(Till):
    """A till in a town with a provider and a printer."""

    def __init__(self, app: KioskApp, pilot: Pilot[None], town: Any) -> None:
        super().__init__(app, pilot)
        self.town = town

    async def collect(self) -> None:
        """Sell a bike up to the code on the screen."""
        await self.reach_price(COUNTER_BIKE)
        await self.touch("微信")
        await self.press("f8")
        await self.until(lambda: self.app.screen.sale.payment.code)

    async def pay_late(self, code: str) -> None:
        """The customer's phone pays the closed code, and the watch's time comes."""
        await self.town.pay(code, late=True)
        self.town.control.advance(16_000)
        self.app.shop.clock.advance(16_000)

    async def until(self, reached: Callable[[], Any], steps: int = 2000) -> None:
        """Wait for the screen to get there."""
        for _ in range(steps):
            await self.pilot.pause(0.01)
            if reached():
                return await self.settle()
        raise AssertionError(f"never reached; on {self.screen}: {self.message}")

    def showing(self, screen: str) -> bool:
        return self.screen == screen

    async def finished(self, sale_id: str) -> Any:
        """The sale with its invoice issued and both slips printed."""
        for _ in range(2000):
            await self.pilot.pause(0.01)
            sale = await self.app.shop.sales.load(sale_id)
            if (
                sale.invoice
                and sale.invoice.fiscal_number
                and [job.state for job in sale.print_jobs] == ["PRINTED"] * 2
            ):
                return sale
        raise AssertionError(f"never finished: {sale}")


@pytest.fixture
async def counter(town: Any, tmp_path: Path) -> AsyncIterator[Any]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Counter]:
        clock = Clock()
        store = Store.open(tmp_path / "shop", now_ms=clock.now_ms)
        seed(store, clock, past=0)
        store.close()
        app = KioskApp(Shop.open(demo_settings(town.announcement), tmp_path / "shop", clock))
        async with app.run_test(size=(80, 24)) as pilot:
            one = Counter(app, pilot, town)
            await one.settle()
            yield one

    return opened
