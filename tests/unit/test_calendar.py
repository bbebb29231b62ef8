"""Beijing time, business days and working days."""

import pytest

from data.reference import holidays
from kiosk.rules.calendar import (
    DAY_MS,
    beijing_text,
    business_day,
    day_bounds,
    holidays_known,
    is_working_day,
    next_working_day,
    parse_day,
)
from kiosk.rules.refusals import Reason, Refusal

MIDNIGHT = 1_795_190_400_000  # 2026-11-21 00:00:00 in Beijing


def test_the_business_day_turns_at_midnight_in_beijing() -> None:
    assert business_day(MIDNIGHT) == "2026-11-21"
    assert business_day(MIDNIGHT - 1) == "2026-11-20"
    assert beijing_text(MIDNIGHT - 1) == "2026-11-20 23:59:59"
    assert business_day(0) == "1970-01-01"
    assert beijing_text(0) == "1970-01-01 08:00:00"
    assert day_bounds("2026-11-21") == (MIDNIGHT, MIDNIGHT + DAY_MS)


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ("2026-11-20", "2026-11-23"),  # Friday to Monday
        ("2026-09-30", "2026-10-08"),  # National Day
        ("2026-02-13", "2026-02-14"),  # a worked Saturday
        ("2026-02-14", "2026-02-24"),  # Spring Festival
        ("2026-12-31", "2027-01-01"),  # the notice for 2027 is not in the table
    ],
)
def test_money_arrives_on_the_next_working_day(day: str, following: str) -> None:
    assert next_working_day(day, holidays()) == following


def test_the_table_says_what_it_covers() -> None:
    assert holidays_known("2026-11-21", holidays())
    assert not holidays_known("2028-01-01", holidays())
    assert is_working_day("2026-10-10", holidays())
    assert not is_working_day("2026-10-05", holidays())
    assert not is_working_day("2026-11-21", holidays())


def test_every_exception_differs_from_the_week() -> None:
    table = holidays()
    assert not set(table.days_off) & table.working_days
    for day in table.working_days:
        assert not is_working_day(day, type(table)(table.as_of, (), {}, frozenset(), frozenset()))
    for year in table.published:
        assert year.source
        assert year.confidence
        assert all(day.startswith(str(year.year)) for day, _ in year.days_off)


@pytest.mark.parametrize("text", ["", "2026-2-1", "20261121", "2026-02-30", "2026-W01-1", "today", "２０２６-01-01"])
def test_given_no_date_when_read_then_refused(text: str) -> None:
    with pytest.raises(Refusal) as told:
        parse_day(text)
    assert told.value.reason is Reason.DATE_INVALID


def test_given_blanks_around_a_date_when_read_then_they_go() -> None:
    assert parse_day(" 2026-11-21 ") == "2026-11-21"
