"""Start: `kiosk run` on a seeded shop to its first usable screen, beside a bare Textual application.

The clocks stop when the first screen has been written: the sign-in screen with its last button. CPU time is the
kernel's, of all threads of the process; wall time counts from before the process is made. One start of each beforehand
makes the byte code and is not counted.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from kiosk.bench import bare
from kiosk.bench.figures import Figure, Floor, Limit, Of, Values
from kiosk.bench.room import Room
from kiosk.bench.wire import Wire

FIRST_SCREEN = "登录 F8"
_SETTLE_S = 0.5
"""Before a kiosk is told to end: what it loads after its first screen is no part of the next round."""


@dataclass(frozen=True, slots=True)
class _Start:
    wall_ms: float
    cpu_ms: float


def measure(room: Room, rounds: int) -> list[Figure]:
    """`start` in CPU time, and `start_wall`."""
    kiosk = [sys.executable, "-m", "kiosk", "run", "--data", str(room.shop("start"))]
    pairs = [(_start(kiosk, FIRST_SCREEN, room), _start(room.bare, bare.READY, room)) for _ in range(rounds + 1)][1:]
    bare_app = "a bare Textual application"
    return [
        Figure(
            "start",
            "CPU time of kiosk run to its first usable screen",
            "ms",
            Values(tuple(ours.cpu_ms for ours, _ in pairs)),
            Floor(bare_app, Values(tuple(theirs.cpu_ms for _, theirs in pairs))),
            (Limit(Of.LOWEST, 1.5),),
        ),
        Figure(
            "start_wall",
            "from before the process is made to its first usable screen",
            "ms",
            Values(tuple(ours.wall_ms for ours, _ in pairs)),
            Floor(bare_app, Values(tuple(theirs.wall_ms for _, theirs in pairs))),
        ),
    ]


def _start(command: list[str], ready: str, room: Room) -> _Start:
    with Wire(command, room.environment) as wire:
        moment = wire.painted(ready)
        started = _Start((moment - wire.begun) / 1e6, wire.cpu_s() * 1000)
        time.sleep(_SETTLE_S)
    return started
