"""The screen never waits: typing while the disk is slow, the printer stands still and the provider hangs, all at once.

Every sync of the store takes 40 ms longer, as on a worn SD card. One slip is stuck before a printer that takes nothing,
one payment order waits for a provider that never answers; meanwhile the next customer is typed in, key by key.
"""

from __future__ import annotations

import time
from typing import Final

from kiosk.bench import bare
from kiosk.bench.clerk import Clerk, Noted, World
from kiosk.bench.figures import Figure, Floor, Limit, Of, Values
from kiosk.bench.neighbours import key_to_paint
from kiosk.bench.room import Room
from kiosk.bench.wire import Wire
from kiosk.demo.catalogue import DemoVehicle, demo_shop

SYNC_MS: Final = 40
STALL_MS: Final = 100
_KEY_GAP_S: Final = 0.09
"""Between two keys of somebody who types fast; closer together they could be a scanner's."""
_TELLING: Final = 3
"""From so many characters on the typed text is told from all else that is painted."""


def measure(room: Room, rounds: int) -> list[Figure]:
    """`typing` and `stalls` of `rounds` customers."""
    world = World(room.directory / "waiting-world")
    keys: list[float] = []
    floor: list[float] = []
    windows: list[tuple[int, int]] = []
    try:
        clerk = Clerk(room, room.shop("waiting"), world.announcement, sync_ms=SYNC_MS)
        with clerk.wire, Wire(room.bare, room.environment) as plain:
            plain.painted(bare.READY)
            operator, goods = demo_shop().operators[0], demo_shop().vehicles
            clerk.sign_in(operator.number, operator.pin)
            world.control.fault("printer", "stall")
            _to_the_customer(clerk, goods[0])
            clerk.fill_in_customer()
            clerk.ask_for_money()
            here = clerk.wire.here
            clerk.press("f9")
            clerk.wire.painted("已支付", here)
            clerk.press("f8")
            world.control.fault("wechat", "never")
            _to_the_customer(clerk, goods[1])
            clerk.fill_in_customer()
            clerk.ask_for_money()
            clerk.press("f6")

            def watched(text: str) -> None:
                begun = time.monotonic_ns()
                keys.extend(_typed(clerk, text))
                windows.append((begun, time.monotonic_ns()))
                floor.append(key_to_paint(plain))

            for number in range(rounds):
                _to_the_customer(clerk, goods[2 + number % (len(goods) - 2)])
                clerk.fill_in_customer(watched=watched)
                clerk.press("f6")
            noted = clerk.end()
    finally:
        world.stop()
    return [
        Figure(
            "typing",
            f"key to paint, syncs {SYNC_MS} ms slower, the printer stalled, the provider silent",
            "ms",
            Values(tuple(keys)),
            Floor("key to paint of a bare Textual application", Values(tuple(floor))),
            (Limit(Of.P99, 50.0),),
        ),
        Figure(
            "stalls",
            f"times that the loop stood still for more than {STALL_MS} ms while a field was typed, meanwhile",
            "count",
            Values(tuple(_stalls(noted, *window) for window in windows)),
            None,
            (Limit(Of.LARGEST, 0.0),),
        ),
    ]


def _stalls(noted: Noted, begun: int, ended: int) -> float:
    return float(sum(late > STALL_MS for moment, late in noted.lags if begun <= moment <= ended))


def _to_the_customer(clerk: Clerk, goods: DemoVehicle) -> None:
    clerk.open_sale(goods)
    for code in (*goods.batteries, goods.charger):
        clerk.scan(code)
        clerk.rest()
    clerk.press("f8")


def _typed(clerk: Clerk, text: str) -> list[float]:
    """Type key by key; milliseconds until each character was painted, from the first one that can be told on."""
    taken: list[float] = []
    for length in range(1, len(text) + 1):
        here = clerk.wire.here
        begun = clerk.wire.write(text[length - 1].encode())
        if length >= _TELLING:
            taken.append((clerk.wire.painted(text[:length], here) - begun) / 1e6)
        time.sleep(_KEY_GAP_S)
    clerk.rest()
    return taken
