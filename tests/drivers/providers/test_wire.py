"""What is read out of an answer's headers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.wire import WireAnswer


@pytest.fixture
def in_beijing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_beijing")
@pytest.mark.parametrize("zone", [" GMT", " +0000", " -0000", ""])
def test_given_a_date_however_its_zone_is_written_then_it_is_gmt_and_never_this_machines_time(zone: str) -> None:
    assert WireAnswer(200, {"date": f"Sun, 22 Nov 2026 03:00:00{zone}"}, b"").date_ms() == 1_795_316_400_000


@pytest.mark.parametrize("date", ["", "soon", "Sun, 99 Nov 2026 03:00:00 GMT", "Sun, 22 Nov 99999 03:00:00 GMT"])
def test_given_a_date_that_is_none_then_no_time_is_told(date: str) -> None:
    assert WireAnswer(200, {"date": date}, b"").date_ms() is None
