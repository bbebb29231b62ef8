"""A small demo shop on a real store, shared by the tests of the services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from data.states import Role
from data.store import Store
from kiosk.demo.catalogue import DemoVehicle, demo_shop
from kiosk.demo.seeding import seed
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import views
from kiosk.services.clock import Clock
from kiosk.services.sale import SaleService

CLERK = views.Operator("1001", "陈晓禾", Role.CLERK)
MANAGER = views.Operator("1002", "何青远", Role.MANAGER)
SUPPORT = views.Operator("1004", "远程支持", Role.SUPPORT)


class SmallShop:
    """A seeded store with few past sales, its clock, and the sale service on it."""

    def __init__(self, directory: Path, past: int = 3) -> None:
        self.directory = directory
        self.clock = Clock()
        self.store = Store.open(directory, now_ms=self.clock.now_ms)
        seed(self.store, self.clock, past=past)
        self.sales = SaleService(self.store, self.clock, "DEMO01")
        self.demo = demo_shop()

    def reopen(self) -> None:
        """Close the store and open it anew, as a restart does."""
        self.store.close()
        self.store = Store.open(self.directory, now_ms=self.clock.now_ms)
        self.sales = SaleService(self.store, self.clock, "DEMO01")

    async def at_goods(self, vehicle: DemoVehicle) -> views.Sale:
        """A sale of this vehicle at the step of the goods."""
        sale = await self.sales.open_bundle(CLERK, vehicle.vehicle)
        await self.sales.choose_colour(sale.id, vehicle.colours[0], operator=CLERK)
        return await self.sales.start_bundle(sale.id, operator=CLERK)

    async def with_goods(self, vehicle: DemoVehicle) -> views.Sale:
        """A sale with all its goods, still at their step."""
        sale = await self.at_goods(vehicle)
        for code in (*vehicle.batteries, vehicle.charger):
            sale = await self.sales.add_code(sale.id, code, operator=CLERK)
        return sale

    async def at_price(self, vehicle: DemoVehicle) -> views.Sale:
        """A sale at the step of the price."""
        sale = await self.with_goods(vehicle)
        await self.sales.finish_goods(sale.id, operator=CLERK)
        return await self.sales.submit_customer(
            sale.id, "王小满", "154 0000 0001", "330106", "示范路1号", operator=CLERK
        )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SmallShop]:
    """A freshly seeded small demo shop."""
    small = SmallShop(tmp_path / "shop")
    yield small
    small.store.close()


@pytest.fixture
def clerk() -> views.Operator:
    """Somebody who may sell."""
    return CLERK


@pytest.fixture
def manager() -> views.Operator:
    """Somebody else who may sell."""
    return MANAGER


@pytest.fixture
def support() -> views.Operator:
    """Somebody who may only look."""
    return SUPPORT


@pytest.fixture
def refused() -> Callable[..., Awaitable[Refusal]]:
    """Awaits what must be refused for this reason; returns the refusal."""

    async def check(reason: Reason, call: Awaitable[object]) -> Refusal:
        with pytest.raises(Refusal) as caught:
            await call
        assert caught.value.reason is reason, caught.value
        return caught.value

    return check
