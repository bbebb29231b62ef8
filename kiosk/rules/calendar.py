"""Dates and times of the shop: Beijing time (UTC+8 all year since 1991), business days, working days.

Times are UTC epoch milliseconds, business days are ISO dates as text (2026-11-21). No time zone database is needed.
"""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

from kiosk.rules.refusals import Reason, Refusal

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY_MS = 86_400_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class HolidayTable(Protocol):
    """The days that differ from the week, for the years somebody has published."""

    @property
    def days_off(self) -> Collection[str]:
        """Week days on which nobody works (and holidays on week-ends), ISO dates."""
        ...

    @property
    def working_days(self) -> Collection[str]:
        """Saturdays and Sundays that are worked instead, ISO dates."""
        ...

    @property
    def years(self) -> Collection[int]:
        """The years the table covers."""
        ...


def beijing(at_ms: int) -> datetime:
    """The moment `at_ms` on the shop's clock."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(BEIJING)


def beijing_text(at_ms: int) -> str:
    """The moment as people read it: 2026-11-21 14:05:09."""
    return beijing(at_ms).strftime("%Y-%m-%d %H:%M:%S")


def business_day(at_ms: int) -> str:
    """The business day `at_ms` belongs to: the Beijing date, 2026-11-21."""
    return beijing(at_ms).date().isoformat()


def day_bounds(day: str) -> tuple[int, int]:
    """The first millisecond of business day `day` and the first one after it. Raises Refusal DATE_INVALID."""
    start = datetime.combine(_date(day), datetime.min.time(), BEIJING)
    start_ms = (start - _EPOCH) // timedelta(milliseconds=1)
    return start_ms, start_ms + DAY_MS


def parse_day(text: str) -> str:
    """Return `text` as a business day. Raises Refusal DATE_INVALID (text) unless it is a real date YYYY-MM-DD."""
    return _date(text.strip()).isoformat()


def is_working_day(day: str, holidays: HolidayTable) -> bool:
    """Whether banks work on `day`: the published table first, the week otherwise. Raises Refusal DATE_INVALID."""
    when = _date(day)
    if day in holidays.days_off:
        return False
    return day in holidays.working_days or when.weekday() < 5


def next_working_day(day: str, holidays: HolidayTable) -> str:
    """The first working day after `day` (when T+1 money arrives). Raises Refusal DATE_INVALID."""
    when = _date(day)
    while True:
        when += timedelta(days=1)
        if is_working_day(when.isoformat(), holidays):
            return when.isoformat()


def holidays_known(day: str, holidays: HolidayTable) -> bool:
    """Whether the table covers the year of `day`; otherwise only week-ends are known. Raises Refusal DATE_INVALID."""
    return _date(day).year in holidays.years


def _date(text: str) -> date:
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Refusal(Reason.DATE_INVALID, text=text[:32])
