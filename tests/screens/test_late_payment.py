"""A payment that comes after its code was closed: the screen shows it, Home leads to it, 交车 finishes it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from data.states import SaleState
from data.store import Store
from kiosk.app import KioskApp
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.seeding import seed
from kiosk.demo.settings import demo_settings
from kiosk.screens.home import NoticeButton
from kiosk.services.clock import Clock
from kiosk.shop import Shop

from .conftest import Till

BIKE = demo_shop().vehicles[1]


class Counter(Till):
    """A till in a town with a provider and a printer."""

    def __init__(self, app: KioskApp, pilot: Pilot[None], town: Any) -> None:
        super().__init__(app, pilot)
        self.town = town

    async def collect(self) -> None:
        """Sell a bike up to the code on the screen."""
        await self.reach_price(BIKE)
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


async def test_given_a_late_payment_on_the_closed_code_then_hand_over_finishes_it_with_invoice_and_slips(counter):
    async with counter() as one:
        await one.collect()
        sale_id, code = one.app.screen.sale.id, one.app.screen.sale.payment.code
        await one.press("f7")
        await one.until(lambda: one.app.screen.sale.payment.state == "CLOSED")
        await one.pay_late(code)
        await one.until(lambda: one.showing("PaidScreen"))
        assert one.app.screen.sale.state is SaleState.PAID
        await one.press("f6")
        notice = next(iter(one.app.screen.query(NoticeButton)))
        assert "晚到付款" in notice.caption
        await one.touch(notice.caption)
        assert one.screen == "PaidScreen"
        await one.scan(BIKE.vehicle)
        assert "请先按「交车」" in one.message
        await one.touch("交车")
        assert one.screen == "HomeScreen"
        assert one.message.startswith("已交车")
        sale = await one.finished(sale_id)
        assert sale.state is SaleState.DONE
        await one.press("f4", "escape")
        assert not one.app.screen.query(NoticeButton)


async def test_given_a_late_payment_after_going_back_to_the_price_then_it_pays_the_sale_all_the_same(counter):
    async with counter() as one:
        await one.collect()
        sale_id, code = one.app.screen.sale.id, one.app.screen.sale.payment.code
        await one.press("f7")
        await one.until(lambda: one.app.screen.sale.payment.state == "CLOSED")
        await one.touch("返回")
        assert one.screen == "PriceScreen"
        await one.write("amount", "1")
        await one.pay_late(code)
        await one.until(lambda: one.showing("PaidScreen"))
        await one.touch("交车")
        sale = await one.finished(sale_id)
        assert sale.state is SaleState.DONE
        assert sale.late
