"""What belongs to a vehicle, bans by date, prices."""

from dataclasses import replace

import pytest

from data.reference import sale_bans
from kiosk.rules.bundle import (
    Pairing,
    PowerFacts,
    VehicleFacts,
    check_ban,
    check_colour,
    check_goods,
    check_price,
    check_reason,
    check_room,
    judge_battery,
    judge_charger,
)
from kiosk.rules.codes import CodeKind
from kiosk.rules.refusals import Reason, Refusal

LITHIUM = VehicleFacts("TDT301Z", "LFP", 48, 1, ("亮黑", "中华红/亮黑"))
LEAD = VehicleFacts("TDT303Z", "LEAD_ACID", 48, 4)
PACK = PowerFacts("990PB48SYNTH12G1A0000001", "HL-L4812", "LFP", 48)
BLOCK = PowerFacts("6DZF20SYN00260000005", "HL-6-DZF-20", "LEAD_ACID", 12)
CHARGER = PowerFacts("JW0000000-26-A1", "HL-C4803", "LFP", 48)


def test_declared_pairs_are_known_and_undeclared_ones_unknown() -> None:
    assert judge_battery(LITHIUM, PACK, declared=True) is Pairing.KNOWN
    assert judge_battery(LITHIUM, PACK, declared=None) is Pairing.UNKNOWN
    assert judge_battery(LEAD, BLOCK, declared=True) is Pairing.KNOWN
    assert judge_charger(LITHIUM, CHARGER, declared=True) is Pairing.KNOWN
    assert judge_charger(LITHIUM, CHARGER, declared=None) is Pairing.UNKNOWN


def test_two_packs_side_by_side_have_the_vehicles_voltage() -> None:
    assert judge_battery(replace(LITHIUM, battery_count=2), PACK, declared=True) is Pairing.KNOWN


@pytest.mark.parametrize(
    ("vehicle", "battery", "declared", "why"),
    [
        (LITHIUM, replace(PACK, chemistry="NCM"), None, "chemistry"),
        (LITHIUM, replace(PACK, chemistry="NCM"), True, "chemistry"),
        (LITHIUM, replace(PACK, chemistry="NCM"), False, "chemistry"),
        (LITHIUM, replace(PACK, voltage_v=36), True, "voltage"),
        (LITHIUM, PACK, False, "declared"),
        (replace(LEAD, battery_count=5), BLOCK, None, "voltage"),
    ],
)
def test_given_a_battery_that_does_not_fit_when_judged_then_refused(
    vehicle: VehicleFacts, battery: PowerFacts, declared: bool | None, why: str
) -> None:
    with pytest.raises(Refusal) as told:
        judge_battery(vehicle, battery, declared)
    assert told.value.reason is Reason.INCOMPATIBLE_BATTERY
    assert told.value.facts["why"] == why
    assert told.value.facts["code"] == battery.code


@pytest.mark.parametrize(
    ("change", "declared", "why"),
    [({"chemistry": "LEAD_ACID"}, True, "chemistry"), ({"voltage_v": 36}, None, "voltage"), ({}, False, "declared")],
)
def test_given_a_charger_that_does_not_fit_when_judged_then_refused(
    change: dict[str, object], declared: bool | None, why: str
) -> None:
    with pytest.raises(Refusal) as told:
        judge_charger(LITHIUM, replace(CHARGER, **change), declared)
    assert told.value.reason is Reason.WRONG_CHARGER
    assert told.value.facts["why"] == why


def test_what_the_catalogue_does_not_say_refuses_nothing() -> None:
    vague = VehicleFacts("TDT001Z", None, None, None)
    assert judge_battery(vague, PACK, declared=None) is Pairing.UNKNOWN
    assert judge_charger(vague, CHARGER, declared=None) is Pairing.UNKNOWN
    check_room(vague, ["a", "b", "c"], "d")
    check_goods(vague, 3, 1)


def test_a_battery_needs_a_free_place() -> None:
    check_room(LEAD, ["a", "b", "c"], "d")
    with pytest.raises(Refusal) as told:
        check_room(LEAD, ["a", "b", "c", "d"], "e")
    assert told.value.reason is Reason.TOO_MANY_BATTERIES
    with pytest.raises(Refusal) as told:
        check_room(LEAD, ["a", "b", "c", "d"], "d")
    assert told.value.reason is Reason.DUPLICATE_CODE


@pytest.mark.parametrize(
    ("batteries", "chargers", "reason"),
    [
        (0, 0, Reason.BATTERIES_MISSING),
        (3, 1, Reason.BATTERIES_MISSING),
        (5, 1, Reason.TOO_MANY_BATTERIES),
        (4, 0, Reason.CHARGER_MISSING),
        (4, 2, Reason.SECOND_CHARGER),
    ],
)
def test_given_an_incomplete_bundle_when_checked_then_the_first_gap_is_named(
    batteries: int, chargers: int, reason: Reason
) -> None:
    check_goods(LEAD, 4, 1)
    with pytest.raises(Refusal) as told:
        check_goods(LEAD, batteries, chargers)
    assert told.value.reason is reason


def test_colours_are_the_models() -> None:
    assert check_colour("中华红/亮黑", LITHIUM.colours) == "中华红/亮黑"
    for colour, reason in (("", Reason.NO_COLOUR), ("中华红", Reason.UNKNOWN_COLOUR)):
        with pytest.raises(Refusal) as told:
            check_colour(colour, LITHIUM.colours)
        assert told.value.reason is reason


def test_an_unknown_pairing_wants_a_reason() -> None:
    check_reason(Pairing.KNOWN, "", "x")
    check_reason(Pairing.UNKNOWN, "厂家电话确认", "x")
    with pytest.raises(Refusal) as told:
        check_reason(Pairing.UNKNOWN, "  ", "x")
    assert told.value.reason is Reason.PAIRING_REASON_MISSING


def banned(kind: CodeKind, day: str, **facts: str | None) -> bool:
    try:
        check_ban(kind, "code", day, sale_bans().bans, **facts)
    except Refusal as refusal:
        return refusal.reason is Reason.SALE_BANNED
    return False


def test_old_edition_vehicles_are_banned_from_december_2025() -> None:
    assert not banned(CodeKind.VEHICLE, "2025-11-30", edition="GB17761-2018")
    assert banned(CodeKind.VEHICLE, "2025-12-01", edition="GB17761-2018")
    assert not banned(CodeKind.VEHICLE, "2026-11-21", edition="GB17761-2024")
    assert not banned(CodeKind.VEHICLE, "2026-11-21")


@pytest.mark.parametrize("kind", [CodeKind.BATTERY, CodeKind.CHARGER])
def test_lithium_goods_without_ccc_are_banned_from_november_2025(kind: CodeKind) -> None:
    assert not banned(kind, "2025-10-31", chemistry="LFP", ccc="")
    assert banned(kind, "2025-11-01", chemistry="LFP", ccc="")
    assert banned(kind, "2025-11-01", chemistry="NCM", ccc="")
    assert not banned(kind, "2025-11-01", chemistry="LFP", ccc="2026001119000001")
    assert not banned(kind, "2025-11-01", chemistry="LFP", ccc=None)
    assert not banned(kind, "2025-11-01", chemistry="LEAD_ACID", ccc="")
    assert not banned(kind, "2025-11-01", chemistry="NA_ION", ccc="")


def test_a_ban_says_which_rule_and_since_when() -> None:
    with pytest.raises(Refusal) as told:
        check_ban(CodeKind.VEHICLE, "x", "2026-01-01", sale_bans().bans, edition="GB17761-2018")
    facts = told.value.facts
    assert (facts["code"], facts["rule"], facts["since"]) == ("x", "ccc-old-edition", "2025-12-01")
    assert "旧国标" in facts["goods"]
    assert "old standard" in facts["goods_en"]


def test_prices_stay_within_the_models_limits() -> None:
    assert check_price(299900, 239900, 329900) == 299900
    assert check_price(239900, 239900, 329900) == 239900
    assert check_price(329900, 239900, 329900) == 329900
    assert check_price(1, None, None) == 1
    for price, reason, limit in (
        (239899, Reason.BELOW_FLOOR, "2,399.00"),
        (329901, Reason.ABOVE_CEILING, "3,299.00"),
    ):
        with pytest.raises(Refusal) as told:
            check_price(price, 239900, 329900)
        assert (told.value.reason, told.value.facts["limit"]) == (reason, limit)
    with pytest.raises(Refusal) as told:
        check_price(0, None, None)
    assert told.value.reason is Reason.AMOUNT_INVALID


def test_a_refusal_tells_its_reason_and_facts() -> None:
    assert str(Refusal(Reason.NO_VEHICLE)) == "NO_VEHICLE"
    assert str(Refusal(Reason.BELOW_FLOOR, limit="1.00")) == "BELOW_FLOOR (limit=1.00)"
    assert all(reason.value == reason.name for reason in Reason)
