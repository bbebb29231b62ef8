"""Lithium batteries and their chargers without a CCC number are not sold from 2025-11-01 on; lead-acid ones are."""

from __future__ import annotations

import pytest

from data.models import BatteryModel, ChargerModel, Compatibility, Unit
from data.store import Store
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.seeding import seed
from kiosk.rules.calendar import day_bounds
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.clock import Clock
from kiosk.services.sale import SaleService

BATTERY, CHARGER = "993PB48SYNTH20G4D0000001", "JW0000000-26-T7"


@pytest.fixture
def sell_on(tmp_path, clerk):
    """Scans goods with this CCC number onto a sale of this vehicle on a day; answers the lines' codes."""
    stores = []

    async def sell(day, *codes, ccc, vehicle=None):
        clock = Clock()
        clock = Clock(day_bounds(day)[0] + 3_600_000 - clock.now_ms())
        store = Store.open(tmp_path / f"shop{len(stores)}", now_ms=clock.now_ms)
        stores.append(store)
        seed(store, clock, past=1)
        vehicle = vehicle or next(one for one in demo_shop().vehicles if one.batteries[0].startswith("990PB48"))
        store.write_now(lambda tx: declare(tx, vehicle.model, ccc))
        sales = SaleService(store, clock, "DEMO01")
        sale = await sales.open_bundle(clerk, vehicle.vehicle)
        await sales.choose_colour(sale.id, vehicle.colours[0], operator=clerk)
        await sales.start_bundle(sale.id, operator=clerk)
        for code in codes or (*vehicle.batteries, vehicle.charger):
            try:
                sale = await sales.add_code(sale.id, code, operator=clerk)
            except Refusal as refusal:
                return refusal.reason, refusal.facts["code"], refusal.facts["rule"]
        return [line.code for line in sale.lines][1:]

    yield sell
    for store in stores:
        store.close()


def declare(tx, vehicle_model, ccc):
    power = {"chemistry": "LFP", "voltage_v": 48, "ccc": ccc}
    tx.create(BatteryModel, model="T7", maker="T", name="T7", capacity_ah=20.0, prefix=BATTERY[:17], **power)
    tx.create(ChargerModel, code=CHARGER, model="T7", name="T7", **power)
    tx.create(Unit, code=BATTERY, kind="BATTERY", model="T7", received_at_ms=tx.now_ms)
    for kind, other in (("BATTERY", "T7"), ("CHARGER", CHARGER)):
        tx.create(Compatibility, vehicle_model=vehicle_model, kind=kind, other_model=other, allowed=1)


@pytest.mark.parametrize("day", ["2025-11-01", "2026-11-21"])
@pytest.mark.parametrize(
    ("code", "rule"), [(BATTERY, "ccc-lithium-battery"), (CHARGER, "ccc-lithium-charger")], ids=["battery", "charger"]
)
async def test_given_no_ccc_number_when_sold_on_or_after_the_day_then_it_is_banned(sell_on, day, code, rule):
    assert await sell_on(day, code, ccc="") == (Reason.SALE_BANNED, code, rule)


async def test_given_no_ccc_number_when_sold_the_day_before_then_it_is_allowed(sell_on):
    assert await sell_on("2025-10-31", BATTERY, CHARGER, ccc="") == [BATTERY, CHARGER]


@pytest.mark.parametrize("ccc", ["2026001119900009", None], ids=["certified", "unknown"])
async def test_given_a_ccc_number_or_an_unknown_one_when_sold_then_it_is_allowed(sell_on, ccc):
    assert await sell_on("2026-11-21", BATTERY, CHARGER, ccc=ccc) == [BATTERY, CHARGER]


async def test_given_lead_acid_goods_without_ccc_when_sold_then_they_are_allowed(sell_on):
    vehicle = next(one for one in demo_shop().vehicles if one.batteries[0].startswith("6DZF"))
    assert await sell_on("2026-11-21", ccc="", vehicle=vehicle) == [*vehicle.batteries, vehicle.charger]
