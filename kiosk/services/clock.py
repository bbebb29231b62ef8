"""One clock for the whole shop, which can be moved forward, and sleeping that notices when it is.

Every time in the shop comes from here. Demonstrations and tests move it forward (`advance`); whoever sleeps then wakes
at once and looks again at what is due. Moving it changes an offset only: the machine's own clock is never touched.
"""

from __future__ import annotations

import asyncio
import threading
import time

LONGEST_NAP_S = 30.0
"""The machine's clock may be set while we sleep until a time of day: look again at least this often."""


class Clock:
    """UTC epoch milliseconds, and sleeps in its time. `now_ms`, `steady_ms` and `advance` may be called by any thread.

    offset_ms: how far this clock is ahead of the machine's, e.g. what a demonstration had advanced before a restart.
    """

    def __init__(self, offset_ms: int = 0) -> None:
        self._offset_ms = offset_ms
        self._lock = threading.Lock()
        self._sleepers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def offset_ms(self) -> int:
        """How far this clock is ahead of the machine's."""
        return self._offset_ms

    def now_ms(self) -> int:
        """The time now, UTC epoch milliseconds."""
        return time.time_ns() // 1_000_000 + self._offset_ms

    def steady_ms(self) -> int:
        """Milliseconds that only ever grow, for measuring waits: setting the machine's clock does not move them.

        They go on while the machine sleeps (CLOCK_BOOTTIME), as the world does.
        """
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + self._offset_ms

    def advance(self, ms: int) -> None:
        """Move this clock forward by `ms` and wake everybody who sleeps. Raises ValueError for a step back."""
        if ms < 0:
            raise ValueError("a clock only goes forward")
        with self._lock:
            self._offset_ms += ms
            sleepers = tuple(self._sleepers)
        for loop, woken in sleepers:
            loop.call_soon_threadsafe(woken.set)

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of this clock."""
        until = self.steady_ms() + round(seconds * 1000)
        woken = asyncio.Event()
        while (rest := until - self.steady_ms()) > 0:
            await self.wait(woken, rest / 1000)

    async def sleep_until(self, at_ms: int) -> None:
        """Sleep until `now_ms` is at least `at_ms`."""
        woken = asyncio.Event()
        while (rest := at_ms - self.now_ms()) > 0:
            await self.wait(woken, min(rest / 1000, LONGEST_NAP_S))

    async def wait(self, bell: asyncio.Event, seconds: float | None = None) -> None:
        """Wait for the bell, for `seconds` of this clock, or until it is advanced, whichever is first; clears the bell.

        The caller looks again at what is due: a return says nothing about why. None waits without a limit.
        """
        entry = (asyncio.get_running_loop(), bell)
        with self._lock:
            self._sleepers.add(entry)
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._sleepers.discard(entry)
            bell.clear()
