"""What a scanned text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.reference import code_rules
from kiosk.rules.codes import (
    CodeKind,
    CodeWarning,
    Scanned,
    classify,
    confirm_typed,
    is_ean13,
    organisation_check,
    require,
)
from kiosk.rules.refusals import Reason, Refusal

TODAY = "2026-11-21"
VEHICLE = "999022600000001"
BATTERY = "000PB00SYNTH00G1A0000001"
CHARGER = "JW0000000-26-A1"


def scan(text: str) -> Scanned:
    return classify(text, code_rules(), TODAY)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (VEHICLE, CodeKind.VEHICLE, VEHICLE),
        ("117321900000243", CodeKind.VEHICLE, "117321900000243"),
        ("9990 2 26 00000001", CodeKind.VEHICLE, VEHICLE),
        ("]Q3" + VEHICLE, CodeKind.VEHICLE, VEHICLE),
        ("]c0" + VEHICLE, CodeKind.VEHICLE, VEHICLE),
        ("\x02" + VEHICLE + "\r\n", CodeKind.VEHICLE, VEHICLE),
        ("９９９０２２６００００００01", CodeKind.VEHICLE, VEHICLE),
        (
            "http://mv.cqccms.com.cn/incoc/GSViewEbike!viewCocEbike.action?vinCode=117321900000243",
            CodeKind.VEHICLE,
            "117321900000243",
        ),
        ("HTTP://X.INVALID/?VINCODE=" + VEHICLE + "&a=1", CodeKind.VEHICLE, VEHICLE),
        ("https://x.invalid/c?cert_ins_id=" + VEHICLE, CodeKind.VEHICLE, VEHICLE),
        ("https://x.invalid/c?cert_ins_id=" + VEHICLE + "&vinCode=" + VEHICLE, CodeKind.VEHICLE, VEHICLE),
        (BATTERY, CodeKind.BATTERY, BATTERY),
        (BATTERY.lower(), CodeKind.BATTERY, BATTERY),
        ("6dzf20syn00260000001", CodeKind.BATTERY, "6DZF20SYN00260000001"),
        (CHARGER, CodeKind.CHARGER, CHARGER),
        ("jw0000000-26-a1", CodeKind.CHARGER, CHARGER),
        ("JW000000026A1", CodeKind.CHARGER, CHARGER),
        ("600037341-26-11", CodeKind.CHARGER, "600037341-26-11"),
    ],
)
def test_codes_are_recognised(text: str, kind: CodeKind, code: str) -> None:
    found = scan(text)
    assert (found.kind, found.code, found.warnings) == (kind, code, ())
    assert found.source_text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "99902260000000",  # 14
        "9990226000000011",  # 16
        "999072600000001",  # kind 7 does not exist
        "339901999999142",  # a tax number of 15 digits
        "92000000MA00000154",  # a credit code
        "26990000000000000001",  # an invoice
        "01,32,,26990000000000000001,3299.00,20261121,,MOCK",  # an invoice's QR code
        "A1325731119198000",  # a certificate
        "2026001119000001",  # a CCC number
        "6901234567892",  # EAN-13
        "6901234567890",  # looks like one
        "96385074",
        "012345678905",
        "JW0000000-26-O1",
        "JW0000000-26-I1",
        "JW0000000-26-1Z",
        "JW0000000-2X-A1",
        "000XB00SYNTH00G1A0000001",  # neither pack nor module nor cell
        "000PB00SYNTH00G1A000000A",
        "000PB00SYNTH00G1A000001",
        "weixin://wxpay/bizpayurl?pr=abc",
        "https://x.invalid/?vinCode=9990226000000012",
        "https://x.invalid/?xvinCode=" + VEHICLE,
        "https://x.invalid/?vinCode=" + VEHICLE + "&vinCode=999022600000002",
        "https://x.invalid/" + VEHICLE,
        "٩٩٩٠٢٢٦٠٠٠٠٠٠٠١",
        VEHICLE + "\x11" + VEHICLE,
        "[/]",
        "9" * 100_000,
    ],
)
def test_given_no_known_code_when_scanned_then_unknown(text: str) -> None:
    found = scan(text)
    assert found.kind is CodeKind.UNKNOWN
    assert len(found.code) <= 64
    assert found.source_text == text


@given(st.text(st.characters(exclude_categories=[])))
def test_classifying_never_raises(text: str) -> None:
    assert scan(text).source_text == text


@given(st.integers(0, 10**12 - 1))
def test_an_article_number_is_never_a_code(number: int) -> None:
    body = f"{number:012d}"
    total = sum(int(mark) * (3 if place % 2 else 1) for place, mark in enumerate(body))
    article = f"{body}{-total % 10}"
    assert is_ean13(article)
    assert scan(article).kind is CodeKind.UNKNOWN


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("999012600000001", (CodeWarning.NOT_AN_EBIKE,)),
        ("999032600000001", (CodeWarning.NOT_AN_EBIKE,)),
        ("999022700000001", ()),
        ("999022800000001", (CodeWarning.YEAR_AHEAD,)),
        ("https://x.invalid/?vinCode=999072600000001", (CodeWarning.NOT_AN_EBIKE,)),
        ("600037342-26-11", (CodeWarning.CHECK_DIFFERS,)),
    ],
)
def test_what_is_odd_warns_and_is_not_refused(text: str, warnings: tuple[CodeWarning, ...]) -> None:
    found = scan(text)
    assert found.kind is not CodeKind.UNKNOWN
    assert set(warnings) == set(found.warnings)


def test_given_a_day_before_the_rule_when_scanned_then_the_rule_does_not_hold() -> None:
    assert classify(CHARGER, code_rules(), "2023-12-31").kind is CodeKind.UNKNOWN
    assert classify(CHARGER, code_rules()).kind is CodeKind.CHARGER


def test_every_example_in_the_rules_is_recognised() -> None:
    table = code_rules()
    for form in (*table.rules, *table.url_forms):
        assert scan(form.example).kind == form.kind, form.name


def test_given_another_kind_when_required_then_wrong_kind() -> None:
    with pytest.raises(Refusal) as told:
        require(BATTERY, CodeKind.VEHICLE, code_rules(), TODAY)
    assert told.value.reason is Reason.WRONG_KIND
    assert told.value.facts == {"code": BATTERY, "kind": "BATTERY", "expected": "VEHICLE"}
    with pytest.raises(Refusal) as told:
        require("hello", CodeKind.VEHICLE, code_rules(), TODAY)
    assert told.value.reason is Reason.MALFORMED_CODE


def test_typed_codes_are_confirmed_by_a_second_typing() -> None:
    table = code_rules()
    assert confirm_typed(VEHICLE, "9990 2 26 00000001", CodeKind.VEHICLE, table).code == VEHICLE
    assert confirm_typed(CHARGER, "jw000000026a1", CodeKind.CHARGER, table).code == CHARGER
    for second, reason in (("", Reason.TYPE_AGAIN), ("999022600000002", Reason.TYPED_TWICE_DIFFERS)):
        with pytest.raises(Refusal) as told:
            confirm_typed(VEHICLE, second, CodeKind.VEHICLE, table)
        assert told.value.reason is reason


def test_organisation_check() -> None:
    assert organisation_check("60003734") == "1"
    assert organisation_check("6000373") is None
    assert organisation_check("6000373é") is None
