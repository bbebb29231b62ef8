"""Customers, tax numbers, permissions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.rules.customer import (
    CustomerDetails,
    check_customer,
    mask_address,
    mask_name,
    mask_phone,
    normalise_phone,
)
from kiosk.rules.permissions import POLICY, Command, may, require
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.tax_ids import TaxNumberForm, is_credit_code, judge_tax_number


@pytest.mark.parametrize(
    "text",
    [
        "15400000001",
        " 154 0000 0001 ",
        "154-0000-0001",
        "+86 154 0000 0001",
        "+8615400000001",
        "008615400000001",
        "8615400000001",
        "１５４００００００01",
        "154\u20110000\u20110001",
        "\u202a15400000001\u202c",
    ],
)
def test_phones_people_write(text: str) -> None:
    assert normalise_phone(text) == "15400000001"


@pytest.mark.parametrize(
    "text",
    [
        "1540000000", "154000000011", "12400000001", "25400000001", "+115400000001", "154000000o1", "1٥400000001",
        "8615400000", "+86", "1540000000１２", "15400000001;15400000002", "9" * 1000,
    ],
)  # fmt: skip
def test_given_no_mobile_number_when_checked_then_refused(text: str) -> None:
    with pytest.raises(Refusal) as told:
        normalise_phone(text)
    assert told.value.reason is Reason.PHONE_INVALID


@pytest.mark.parametrize("text", ["", "  ", "-", "\u200b"])
def test_given_no_phone_when_checked_then_missing(text: str) -> None:
    with pytest.raises(Refusal) as told:
        normalise_phone(text)
    assert told.value.reason is Reason.PHONE_MISSING


def test_a_customer_is_judged_from_the_top_of_the_form_down() -> None:
    whole = {"name": " 张 三 ", "phone": "154 0000 0001", "division_code": "330106", "address": "示范路1号"}
    assert check_customer(**whole) == CustomerDetails("张 三", "15400000001", "330106", "示范路1号")
    for gap, reason in (
        ("name", Reason.NAME_MISSING),
        ("phone", Reason.PHONE_MISSING),
        ("division_code", Reason.DIVISION_MISSING),
        ("address", Reason.ADDRESS_MISSING),
    ):
        with pytest.raises(Refusal) as told:
            check_customer(**(whole | {gap: ""}))
        assert told.value.reason is reason
    with pytest.raises(Refusal) as told:
        check_customer("张三", "", " ", "")
    assert told.value.reason is Reason.CUSTOMER_INCOMPLETE
    assert told.value.facts["missing"] == "phone division address"


def test_masks() -> None:
    assert mask_phone("15400000001") == "154****0001"
    assert mask_phone("0571-8888") == "*******88"
    assert mask_phone("123") == "***"
    assert mask_phone("") == ""
    assert mask_phone("154****0001") == "154****0001"
    assert [mask_name(name) for name in ("张三", "王小明", "欧阳小满", "张", "", "阿卜杜拉·买买提")] == [
        "张*", "王**", "欧***", "*", "", "阿***",
    ]  # fmt: skip
    assert mask_address("示范路1号") == "***"
    assert mask_address("  ") == ""


@given(st.text(max_size=60))
def test_a_masked_name_shows_one_character_at_most(name: str) -> None:
    masked = mask_name(name)
    assert set(masked[1:]) <= {"*"}
    assert len(masked) <= 4


@pytest.mark.parametrize(
    "code", ["92000000MA00000154", "91000000MA00000157", "92000000ma00000154", "91350211M000100Y46"]
)
def test_credit_codes(code: str) -> None:
    found = judge_tax_number(code)
    assert found.form is TaxNumberForm.CREDIT_CODE
    assert found.verified
    assert found.number == code.upper()


def test_given_separators_when_judged_then_they_go() -> None:
    assert judge_tax_number(" 9200 0000-MA00000154 ").number == "92000000MA00000154"


@pytest.mark.parametrize(
    "code",
    ["", "92000000MA00000155", "92000000MA0000015", "92000000MI00000154", "92000000MA00000154\n1", "é" * 18, "9" * 500],
)
def test_given_no_tax_number_when_judged_then_refused(code: str) -> None:
    with pytest.raises(Refusal) as told:
        judge_tax_number(code)
    assert told.value.reason is Reason.TAX_NUMBER_INVALID


def test_older_tax_numbers_pass_unverified() -> None:
    assert judge_tax_number("339901999999142").form is TaxNumberForm.OLD_15
    assert not judge_tax_number("339901999999142").verified
    assert judge_tax_number("33990199999914200001").form is TaxNumberForm.OLD_20


@given(st.integers(0, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_breaks_the_check(place: int, mark: str) -> None:
    code = "92000000MA00000154"
    changed = code[:place] + mark + code[place + 1 :]
    assert is_credit_code(changed) == (changed == code)


def test_support_sees_and_never_sells() -> None:
    assert may("SUPPORT", Command.SEE_SALES)
    for command in (Command.SELL, Command.COLLECT, Command.CANCEL_SALE, Command.SETTLE_PRINT, Command.SAVE_SLIP):
        with pytest.raises(Refusal) as told:
            require("SUPPORT", command)
        assert told.value.reason is Reason.NOT_PERMITTED
    assert not may("SUPPORT", Command.SEE_PERSONAL_DATA)


def test_rights_grow_with_the_role_and_no_role_means_no_right() -> None:
    assert POLICY["SUPPORT"] < POLICY["CLERK"] <= POLICY["MANAGER"] <= POLICY["OWNER"]
    assert POLICY["OWNER"] == set(Command)
    assert not may("CLERK", Command.LEAVE_DEMO)
    assert not any(may("NOBODY", command) for command in Command)


def test_every_role_of_the_store_is_in_the_policy() -> None:
    from data.states import Role

    assert set(POLICY) == {role.value for role in Role}
    assert may(Role.CLERK, Command.SELL)
