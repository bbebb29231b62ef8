"""How late an event loop comes back from short sleeps.

    python -m kiosk.bench.beat

is the floor: the same on a loop that does nothing else. It prints the lags in milliseconds, as JSON, when its standard
input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Final

BEAT_S: Final = 0.005


class Beat:
    """`lags` are (moment, nanoseconds late), in the order they happened."""

    def __init__(self) -> None:
        self.lags: list[tuple[int, int]] = []

    async def go_on(self) -> None:
        """Until cancelled."""
        while True:
            due = time.monotonic_ns() + round(BEAT_S * 1e9)
            await asyncio.sleep(BEAT_S)
            now = time.monotonic_ns()
            self.lags.append((now, now - due))


async def _main() -> None:
    beat = Beat()
    beating = asyncio.create_task(beat.go_on())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    beating.cancel()
    sys.stdout.write(json.dumps([late / 1e6 for _, late in beat.lags]))


if __name__ == "__main__":
    asyncio.run(_main())
