"""The sandbox's own clock: the machine's, moved forward on request, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from drivers.sandbox.books import Books
from drivers.sandbox.records import ClockSetting

BEIJING = timezone(timedelta(hours=8))
KEY = "clock"


class SandboxClock:
    """UTC epoch ms."""

    def __init__(self, books: Books, wall_ms: Callable[[], int]) -> None:
        self._books = books
        self._wall_ms = wall_ms
        with books.work():
            kept = books.get(ClockSetting, KEY)
        self.offset_ms = kept.offset_ms if kept else 0

    def now_ms(self) -> int:
        """Now, as the sandbox sees it."""
        return self._wall_ms() + self.offset_ms

    def advance(self, ms: int) -> None:
        """Move forward for good."""
        with self._books.work():
            offset = self.offset_ms + ms
            self._books.put(KEY, ClockSetting(offset))
            self.offset_ms = offset


def beijing(ms: int) -> datetime:
    """An epoch time as Beijing's wall clock shows it, to the second."""
    return datetime.fromtimestamp(ms // 1000, BEIJING)
