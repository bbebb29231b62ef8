"""The gate for untrusted text."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import (
    Use,
    capitals,
    clean_field,
    clean_scan,
    fold_width,
    for_display,
    for_paper,
    is_clean,
)

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=80)
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def forbidden(text: str) -> list[str]:
    return [mark for mark in text if unicodedata.category(mark) in FORBIDDEN and not 0x20000 <= ord(mark) <= 0x3FFFD]


@given(ANY_TEXT)
def test_shown_text_never_raises_and_holds_no_control(text: str) -> None:
    shown = for_display(text)
    assert not forbidden(shown)
    assert for_display(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)


@given(ANY_TEXT, st.integers(-2, 20))
def test_shown_text_keeps_its_limit(text: str, limit: int) -> None:
    assert len(for_display(text, limit)) <= max(limit, 0)


@given(ANY_TEXT)
def test_printed_text_is_one_line_without_control_bytes(text: str) -> None:
    printed = for_paper(text)
    assert not forbidden(printed)
    assert for_paper(printed) == printed
    assert set(for_paper(text, lines=True)) - {"\n"} <= set(for_paper(text)) | {" "}
    printed.encode("utf-8")


@given(ANY_TEXT)
def test_stored_field_is_clean_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_field(text, Use.REMARK)
    assert is_clean(cleaned)
    assert clean_field(cleaned, Use.REMARK) == cleaned
    assert not forbidden(cleaned)
    assert cleaned == cleaned.strip()


@given(ANY_TEXT)
def test_scan_is_clean_or_refused(text: str) -> None:
    with suppress(Refusal):
        scanned = clean_scan(text)
        assert scanned
        assert not forbidden(scanned)
        assert clean_scan(scanned) == scanned


def test_given_bidi_and_zero_width_when_stored_then_they_are_gone() -> None:
    assert clean_field("张\u200b三\u202e\u2066", Use.NAME) == "张三"
    assert clean_field("\ufeff王 \t\n 小明\u00ad", Use.NAME) == "王 小明"


def test_given_rare_ideographs_when_stored_then_they_stay() -> None:
    assert clean_field("\U00031350𠮷", Use.NAME) == "\U00031350𠮷"


def test_given_noncharacters_when_stored_then_they_are_gone() -> None:
    assert clean_field("a\ufdd0\uffff\U0002ffff\ud800b", Use.NAME) == "ab"


def test_field_length_counts_after_cleaning() -> None:
    assert clean_field("王" * 50 + "\u200b", Use.NAME) == "王" * 50
    with pytest.raises(Refusal) as told:
        clean_field("王" * 51, Use.NAME)
    assert told.value.reason is Reason.TEXT_TOO_LONG
    assert told.value.facts == {"limit": "50", "length": "51"}


def test_given_scanner_prefix_and_suffix_when_scanned_then_only_the_code_stays() -> None:
    assert clean_scan("\x02999022600000001\x03\r\n") == "999022600000001"
    assert clean_scan("９９９") == "999"


@pytest.mark.parametrize("text", ["", "\r\n", "99\x11902", "99\u202e02", "ab\ud800c", "a\u2028b", "a\tb"])
def test_given_marks_no_code_has_when_scanned_then_refused(text: str) -> None:
    with pytest.raises(Refusal) as told:
        clean_scan(text)
    assert told.value.reason is Reason.SCAN_UNREADABLE


def test_given_a_flood_when_scanned_then_refused() -> None:
    with pytest.raises(Refusal) as told:
        clean_scan("9" * 100_000)
    assert told.value.reason is Reason.TEXT_TOO_LONG


def test_width_folding_touches_only_full_width_forms() -> None:
    assert fold_width("Ａ１－￥　²①") == "A1-¥ ²①"


def test_capitals_touch_only_ascii() -> None:
    assert capitals("aıſßÄz") == "AıſßÄZ"


def test_display_shows_that_something_was_there() -> None:
    assert for_display("a\x1b[31mb\u202ec\nd") == "a�[31mbc d"
    assert for_display("一二三四五", 3) == "一二…"
