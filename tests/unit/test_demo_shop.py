"""The demo shop keeps what it promises to scripts."""

import re
from collections import Counter
from itertools import islice

import pytest

from data.reference import code_rules, divisions, sale_bans, tax_profiles
from kiosk.demo.catalogue import PastSale, demo_shop, past_sales
from kiosk.rules.bundle import Pairing, PowerFacts, VehicleFacts, check_ban, judge_battery, judge_charger
from kiosk.rules.calendar import business_day
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.customer import normalise_phone
from kiosk.rules.numbers import sale_serial
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.tax_ids import is_credit_code

TODAY = "2026-11-21"
SHOP = demo_shop()
MODELS = {model.model: model for model in SHOP.vehicle_models}
BATTERIES = {model.model: model for model in SHOP.battery_models}
CHARGERS = {model.code: model for model in SHOP.charger_models}
UNITS = {unit.code: unit for unit in SHOP.units}
DECLARED = {(pair.vehicle_model, pair.kind, pair.other_model): pair.allowed for pair in SHOP.compatibility}


def vehicle_facts(model: str) -> VehicleFacts:
    known = MODELS[model]
    return VehicleFacts(known.model, known.chemistry, known.voltage_v, known.battery_count, known.colours)


def battery_facts(code: str) -> PowerFacts:
    known = BATTERIES[UNITS[code].model]
    return PowerFacts(code, known.model, known.chemistry, known.voltage_v)


def charger_facts(code: str) -> PowerFacts:
    known = CHARGERS[code]
    return PowerFacts(code, known.model, known.chemistry, known.voltage_v)


def test_the_shop_is_large_and_varied_enough() -> None:
    assert len(SHOP.vehicles) >= 60
    assert len({vehicle.model for vehicle in SHOP.vehicles}) >= 40
    first = SHOP.vehicles[:20]
    assert {1, 2, 3, 4} <= {len(vehicle.batteries) for vehicle in first}
    assert any(len(vehicle.colours) == 1 for vehicle in first)
    assert any(len(vehicle.colours) > 2 for vehicle in first)
    assert any("/" in colour for vehicle in first for colour in vehicle.colours)
    assert len({MODELS[vehicle.model].name for vehicle in SHOP.vehicles}) == len({v.model for v in SHOP.vehicles})
    for vehicle in SHOP.vehicles:
        assert vehicle.batteries
        assert vehicle.incompatible_battery
        assert vehicle.wrong_charger


def test_every_code_is_well_formed_and_owned_once() -> None:
    assert len(UNITS) == len(SHOP.units)
    for unit in SHOP.units:
        found = classify(unit.code, code_rules(), TODAY)
        assert (found.kind.value, found.code, found.warnings) == (unit.kind, unit.code, ())
    owned = Counter(
        code
        for vehicle in SHOP.vehicles
        for code in (*vehicle.batteries, vehicle.incompatible_battery, vehicle.vehicle)
    )
    assert set(owned.values()) == {1}
    assert set(owned) <= set(UNITS)
    for charger in SHOP.charger_models:
        found = classify(charger.code, code_rules(), TODAY)
        assert (found.kind, found.code, found.warnings) == (CodeKind.CHARGER, charger.code, ())
    for battery in SHOP.units:
        if battery.kind == "BATTERY":
            fitting = [model.model for model in SHOP.battery_models if battery.code.startswith(model.prefix)]
            assert fitting == [battery.model]
        else:
            assert battery.code.startswith(MODELS[battery.model].maker_code)


def test_every_vehicle_takes_its_own_goods_and_refuses_the_others() -> None:
    for vehicle in SHOP.vehicles:
        facts = vehicle_facts(vehicle.model)
        assert len(vehicle.batteries) == facts.battery_count
        for code in vehicle.batteries:
            declared = DECLARED.get((vehicle.model, "BATTERY", UNITS[code].model))
            assert judge_battery(facts, battery_facts(code), declared) is Pairing.KNOWN
        declared = DECLARED.get((vehicle.model, "CHARGER", vehicle.charger))
        assert judge_charger(facts, charger_facts(vehicle.charger), declared) is Pairing.KNOWN
        for declared in (None, False):
            with pytest.raises(Refusal) as told:
                judge_battery(facts, battery_facts(vehicle.incompatible_battery), declared)
            assert told.value.facts["why"] in {"chemistry", "voltage"}
            with pytest.raises(Refusal):
                judge_charger(facts, charger_facts(vehicle.wrong_charger), declared)
        assert vehicle.price_fen == MODELS[vehicle.model].list_price_fen
        assert MODELS[vehicle.model].floor_price_fen < vehicle.price_fen < MODELS[vehicle.model].ceiling_price_fen
        assert MODELS[vehicle.model].voltage_v <= 48


def test_undeclared_batteries_are_unknown_pairings() -> None:
    kinds: set[str | None] = set()
    for code in SHOP.undeclared_batteries:
        battery = battery_facts(code)
        fitting = [model for model in SHOP.vehicle_models if model.chemistry == battery.chemistry]
        for model in fitting[:3]:
            assert (model.model, "BATTERY", battery.model) not in DECLARED
        assert any(
            judge_battery(vehicle_facts(model.model), battery, None) is Pairing.UNKNOWN
            for model in fitting
            if model.voltage_v == 48
        )
        kinds.add(battery.chemistry)
    assert kinds == {"LFP", "LEAD_ACID"}


def test_what_is_for_sale_is_not_banned_and_the_banned_vehicle_is() -> None:
    bans = sale_bans().bans
    for vehicle in SHOP.vehicles:
        model = MODELS[vehicle.model]
        check_ban(CodeKind.VEHICLE, vehicle.vehicle, TODAY, bans, edition=model.edition, ccc=model.ccc)
        for code in vehicle.batteries:
            battery = BATTERIES[UNITS[code].model]
            check_ban(CodeKind.BATTERY, code, TODAY, bans, chemistry=battery.chemistry, ccc=battery.ccc)
        charger = CHARGERS[vehicle.charger]
        check_ban(CodeKind.CHARGER, charger.code, TODAY, bans, chemistry=charger.chemistry, ccc=charger.ccc)
    banned = MODELS[UNITS[SHOP.banned_vehicle].model]
    with pytest.raises(Refusal) as told:
        check_ban(CodeKind.VEHICLE, SHOP.banned_vehicle, TODAY, bans, edition=banned.edition, ccc=banned.ccc)
    assert told.value.reason is Reason.SALE_BANNED


def test_special_vehicles() -> None:
    listed = {vehicle.vehicle for vehicle in SHOP.vehicles}
    for code in (SHOP.sold_vehicle, SHOP.banned_vehicle, SHOP.unknown_vehicle):
        assert classify(code, code_rules(), TODAY).kind is CodeKind.VEHICLE
        assert code not in listed
    assert SHOP.sold_vehicle not in UNITS
    assert SHOP.unknown_vehicle not in UNITS
    for count in (1, 2000):
        assert next(past_sales(count, TODAY)).vehicle == SHOP.sold_vehicle


def test_people_and_shop() -> None:
    assert [operator.role for operator in SHOP.operators] == ["CLERK", "MANAGER", "OWNER", "SUPPORT"]
    assert len({operator.number for operator in SHOP.operators}) == 4
    for operator in SHOP.operators:
        assert re.fullmatch(r"[0-9]{6}", operator.pin)
        assert len(set(operator.pin)) >= 5
        assert normalise_phone(operator.phone) == operator.phone
    assert is_credit_code(SHOP.outlet.tax_number)
    assert SHOP.outlet.division_code in divisions().by_code
    assert tax_profiles().named(SHOP.outlet.tax_profile).missing == ()
    for model in SHOP.vehicle_models:
        assert re.fullmatch(r"TD[A-Z][0-9]{3}[A-Z]", model.model)
        assert re.fullmatch(r"[0-9]{16}", model.ccc)
        assert re.fullmatch(r"[A-Z0-9]{17}", model.certificate)
        assert len(set(model.colours)) == len(model.colours)


def test_past_sales_are_plausible_and_the_same_each_time() -> None:
    sales = list(past_sales(2000, TODAY))
    assert sales == list(past_sales(2000, TODAY))
    assert len(sales) == 2000
    assert sales[-1].day == "2026-11-20"
    assert [sale.paid_at_ms for sale in sales] == sorted(sale.paid_at_ms for sale in sales)
    serials = {sale_serial(SHOP.terminal, sale.day, sale.sequence) for sale in sales}
    assert len(serials) == 2000
    codes = Counter(code for sale in sales for code in (sale.vehicle, *sale.batteries))
    assert set(codes.values()) == {1}
    assert not set(codes) & set(UNITS)
    known = divisions().by_code
    for sale in sales:
        model = MODELS[sale.model]
        assert sale.opened_at_ms < sale.ordered_at_ms < sale.paid_at_ms
        assert business_day(sale.opened_at_ms) == business_day(sale.paid_at_ms) == sale.day
        assert model.floor_price_fen <= sale.price_fen <= sale.list_price_fen == model.list_price_fen
        assert sale.colour in model.colours
        assert len(sale.batteries) == model.battery_count
        assert all(code.startswith(BATTERIES[sale.battery_model].prefix) for code in sale.batteries)
        assert normalise_phone(sale.customer_phone).startswith("154")
        assert known[sale.division_code].text == sale.division_text
        assert known[sale.division_code].leaf
    for code in (code for sale in islice(sales, 0, None, 50) for code in (sale.vehicle, *sale.batteries)):
        assert classify(code, code_rules(), TODAY).warnings == ()
    assert sequences_start_at_one(sales)
    assert len({sale.customer_phone for sale in sales}) < 2000


def sequences_start_at_one(sales: list[PastSale]) -> bool:
    days: dict[str, list[int]] = {}
    for sale in sales:
        days.setdefault(sale.day, []).append(sale.sequence)
    return all(numbers == list(range(1, len(numbers) + 1)) for numbers in days.values())


def test_given_very_many_past_sales_when_made_then_they_fill_a_year_at_most() -> None:
    first = next(past_sales(1_000_000, TODAY))
    assert first.day > "2025-11-15"
    assert first.vehicle == SHOP.sold_vehicle
    assert list(past_sales(0, TODAY)) == []
    with pytest.raises(ValueError, match="past sales"):
        past_sales(-1, TODAY)
    with pytest.raises(Refusal):
        past_sales(1, "yesterday")
