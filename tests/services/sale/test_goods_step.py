"""Batteries and charger find their place; units are held by one sale at a time and given back."""

import asyncio
import json

from data.models import ChargerModel, Compatibility, Journal, Unit
from data.states import LineKind, SaleStep, UnitState
from kiosk.rules.refusals import Reason, Refusal


def state_of(shop, code):
    return shop.store.read_now(lambda: Unit.find(code).state)


def with_many(shop, least):
    return next(one for one in shop.demo.vehicles if len(one.batteries) >= least)


async def test_given_what_the_maker_declared_when_scanned_then_each_finds_its_place(shop):
    vehicle = with_many(shop, 3)
    sale = await shop.with_goods(vehicle)
    kinds = [line.kind for line in sale.lines]
    assert kinds == [LineKind.VEHICLE, *[LineKind.BATTERY] * len(vehicle.batteries), LineKind.CHARGER]
    assert [line.code for line in sale.lines] == [vehicle.vehicle, *vehicle.batteries, vehicle.charger]
    assert all(line.pairing_known for line in sale.lines)
    assert sum(line.price_fen for line in sale.lines) == vehicle.price_fen
    assert {state_of(shop, code) for code in vehicle.batteries} == {UnitState.RESERVED}


async def test_given_the_goods_step_when_wrong_codes_are_scanned_then_each_says_why_and_the_sale_is_as_before(
    shop, clerk, refused
):
    vehicle, other = shop.demo.vehicles[:2]
    sale = await shop.with_goods(vehicle)
    cases = [
        (Reason.DUPLICATE_CODE, vehicle.batteries[0]),
        (Reason.DUPLICATE_CODE, vehicle.charger),
        (Reason.INCOMPATIBLE_BATTERY, vehicle.incompatible_battery),
        (Reason.WRONG_CHARGER, vehicle.wrong_charger),
        (Reason.UNKNOWN_BATTERY, "000PB00SYNTH00G1A9999999"),
        (Reason.UNKNOWN_CHARGER, "JW9999999-26-A1"),
        (Reason.UNKNOWN_CODE, "what?"),
        (Reason.SECOND_VEHICLE, other.vehicle),
    ]
    for reason, text in cases:
        await refused(reason, shop.sales.add_code(sale.id, text, operator=clerk))
    assert await shop.sales.load(sale.id) == sale
    assert state_of(shop, vehicle.incompatible_battery) == UnitState.IN_STOCK


async def test_given_enough_batteries_when_one_more_fits_then_it_is_too_many(shop, clerk, refused):
    vehicle = shop.demo.vehicles[0]
    twin = next(one for one in shop.demo.vehicles[1:] if one.model == vehicle.model)
    sale = await shop.with_goods(vehicle)
    refusal = await refused(Reason.TOO_MANY_BATTERIES, shop.sales.add_code(sale.id, twin.batteries[0], operator=clerk))
    assert refusal.facts["need"] == str(len(vehicle.batteries))
    assert state_of(shop, twin.batteries[0]) == UnitState.IN_STOCK


async def test_given_a_sold_battery_when_scanned_then_it_is_refused_as_sold(shop, clerk, refused):
    sold = shop.store.read_now(
        lambda: next(iter(Unit.query().where(Unit.kind == "BATTERY", Unit.state == "SOLD"))).code
    )
    sale = await shop.at_goods(shop.demo.vehicles[0])
    await refused(Reason.ALREADY_SOLD, shop.sales.add_code(sale.id, sold, operator=clerk))


async def test_given_a_battery_on_a_parked_sale_when_scanned_in_another_then_it_is_reserved_until_taken_off(
    shop, clerk, refused
):
    vehicle = shop.demo.vehicles[0]
    twin = next(one for one in shop.demo.vehicles[1:] if one.model == vehicle.model)
    parked = await shop.with_goods(vehicle)
    await shop.sales.park(parked.id, operator=clerk)
    sale = await shop.at_goods(twin)
    battery = vehicle.batteries[0]
    refusal = await refused(Reason.RESERVED_ELSEWHERE, shop.sales.add_code(sale.id, battery, operator=clerk))
    assert refusal.facts["vehicle"] == vehicle.vehicle
    position = next(line.position for line in parked.lines if line.code == battery)
    await shop.sales.remove_line(parked.id, position, operator=clerk)
    assert state_of(shop, battery) == UnitState.IN_STOCK
    assert battery in [line.code for line in (await shop.sales.add_code(sale.id, battery, operator=clerk)).lines]


async def test_given_two_sales_when_both_scan_one_battery_at_once_then_exactly_one_gets_it(shop, clerk):
    vehicle = shop.demo.vehicles[0]
    twin = next(one for one in shop.demo.vehicles[1:] if one.model == vehicle.model)
    one, other = await shop.at_goods(vehicle), await shop.at_goods(twin)
    answers = await asyncio.gather(
        shop.sales.add_code(one.id, vehicle.batteries[0], operator=clerk),
        shop.sales.add_code(other.id, vehicle.batteries[0], operator=clerk),
        return_exceptions=True,
    )
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [refusal.reason for refusal in refusals] == [Reason.RESERVED_ELSEWHERE]


async def test_given_a_charger_model_when_sold_with_two_vehicles_then_it_is_never_taken(shop, clerk):
    vehicle = shop.demo.vehicles[0]
    twin = next(one for one in shop.demo.vehicles[1:] if one.charger == vehicle.charger)
    await shop.with_goods(vehicle)
    sale = await shop.with_goods(twin)
    assert sale.lines[-1].code == vehicle.charger


async def test_given_no_declaration_when_chemistry_and_voltage_agree_then_a_reason_is_needed_to_go_on(
    shop, clerk, refused
):
    undeclared = shop.demo.undeclared_batteries[0]
    vehicle = next(
        one for one in shop.demo.vehicles if one.batteries[0].startswith("990PB48") and len(one.batteries) == 1
    )
    sale = await shop.at_goods(vehicle)
    sale = await shop.sales.add_code(sale.id, undeclared, operator=clerk, typed=True)
    line = sale.lines[-1]
    assert (line.pairing_known, line.typed) == (False, True)
    await shop.sales.add_code(sale.id, vehicle.charger, operator=clerk)
    await refused(Reason.PAIRING_REASON_MISSING, shop.sales.finish_goods(sale.id, operator=clerk))
    await refused(
        Reason.PAIRING_REASON_MISSING, shop.sales.give_pairing_reason(sale.id, line.position, " ", operator=clerk)
    )
    await shop.sales.give_pairing_reason(sale.id, line.position, "厂家电话确认", operator=clerk)
    done = await shop.sales.finish_goods(sale.id, operator=clerk)
    assert done.step is SaleStep.CUSTOMER
    unknown = done.lines[1]
    assert unknown.pairing_reason == "厂家电话确认"
    await shop.sales.step_back(sale.id, operator=clerk)
    await shop.sales.remove_line(sale.id, unknown.position, operator=clerk)
    assert (await shop.sales.bring_back(sale.id, unknown, operator=clerk)).lines == done.lines


async def test_given_a_second_charger_model_that_fits_when_scanned_then_one_is_enough(shop, clerk, refused):
    vehicle = shop.demo.vehicles[0]
    known = next(one for one in shop.demo.charger_models if one.code == vehicle.charger)
    other = "JW0000000-26-T7"

    def declare(tx):
        tx.create(
            ChargerModel,
            code=other,
            model="T7",
            name="T7",
            chemistry=known.chemistry,
            voltage_v=known.voltage_v,
        )
        tx.create(Compatibility, vehicle_model=vehicle.model, kind="CHARGER", other_model=other, allowed=1)

    shop.store.write_now(declare)
    sale = await shop.with_goods(vehicle)
    await refused(Reason.SECOND_CHARGER, shop.sales.add_code(sale.id, other, operator=clerk))
    assert await shop.sales.load(sale.id) == sale


async def test_given_goods_missing_when_finished_then_it_says_which_and_how_many(shop, clerk, refused):
    vehicle = with_many(shop, 2)
    sale = await shop.at_goods(vehicle)
    await shop.sales.add_code(sale.id, vehicle.batteries[0], operator=clerk)
    refusal = await refused(Reason.BATTERIES_MISSING, shop.sales.finish_goods(sale.id, operator=clerk))
    assert refusal.facts == {"have": "1", "need": str(len(vehicle.batteries))}
    for code in vehicle.batteries[1:]:
        await shop.sales.add_code(sale.id, code, operator=clerk)
    await refused(Reason.CHARGER_MISSING, shop.sales.finish_goods(sale.id, operator=clerk))


async def test_given_a_step_that_takes_no_codes_when_goods_are_scanned_then_the_step_is_named(shop, clerk, refused):
    vehicle = shop.demo.vehicles[0]
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    early = await refused(Reason.WRONG_STEP, shop.sales.add_code(sale.id, vehicle.batteries[0], operator=clerk))
    assert early.facts["step"] == "VEHICLE"
    assert state_of(shop, vehicle.batteries[0]) == UnitState.IN_STOCK
    other = shop.demo.vehicles[1]
    priced = await shop.at_price(other)
    late = await refused(Reason.WRONG_STEP, shop.sales.add_code(priced.id, vehicle.batteries[0], operator=clerk))
    assert late.facts["step"] == "PRICE"


async def test_given_the_vehicles_own_line_when_removed_then_it_stays(shop, clerk, refused):
    sale = await shop.at_goods(shop.demo.vehicles[0])
    await refused(Reason.NO_VEHICLE, shop.sales.remove_line(sale.id, 1, operator=clerk))


async def test_given_a_draft_when_cancelled_then_every_unit_is_back_in_stock(shop, clerk):
    vehicle = with_many(shop, 3)
    sale = await shop.with_goods(vehicle)
    gone = await shop.sales.cancel(sale.id, clerk)
    assert gone.state == "CANCELLED"
    assert {state_of(shop, code) for code in (vehicle.vehicle, *vehicle.batteries)} == {UnitState.IN_STOCK}
    assert await shop.sales.parked() == ()
    assert (await shop.sales.cancel(sale.id, clerk)).state == "CANCELLED"


async def test_given_a_line_taken_off_when_brought_back_then_it_is_reserved_where_it_stood_and_both_are_journalled(
    shop, clerk
):
    vehicle = with_many(shop, 3)
    sale = await shop.with_goods(vehicle)
    second = sale.lines[2]
    off = await shop.sales.remove_line(sale.id, second.position, operator=clerk)
    assert second.code not in [line.code for line in off.lines]
    assert state_of(shop, second.code) == UnitState.IN_STOCK
    back = await shop.sales.bring_back(sale.id, second, operator=clerk)
    assert back.lines == sale.lines
    assert state_of(shop, second.code) == UnitState.RESERVED
    told = shop.store.read_now(
        lambda: [
            (row.kind, json.loads(row.body)["said"]["code"])
            for row in Journal.query().where(Journal.kind << ["sale.line_removed", "sale.line_restored"])
        ]
    )
    assert told == [("sale.line_removed", second.code), ("sale.line_restored", second.code)]


async def test_given_a_line_taken_off_and_sold_elsewhere_when_brought_back_then_it_is_refused(shop, clerk, refused):
    vehicle = shop.demo.vehicles[0]
    twin = next(one for one in shop.demo.vehicles[1:] if one.model == vehicle.model)
    sale = await shop.with_goods(vehicle)
    battery = next(line for line in sale.lines if line.kind is LineKind.BATTERY)
    off = await shop.sales.remove_line(sale.id, battery.position, operator=clerk)
    other = await shop.at_goods(twin)
    await shop.sales.add_code(other.id, battery.code, operator=clerk)
    await refused(Reason.RESERVED_ELSEWHERE, shop.sales.bring_back(sale.id, battery, operator=clerk))
    assert await shop.sales.load(sale.id) == off
