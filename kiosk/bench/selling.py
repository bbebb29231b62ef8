"""What is measured while the real application sells: scans, the printer's first byte, the loop's lag, memory.

One run of the demo application on a pseudo-terminal, against the sandbox and a virtual printer behind a tap; a bare
Textual application stands beside it and gets a key between any two scans. Its first sale is not counted, nor is a whole
run before it, which leaves the byte code that an installed program has: compiling it would swell the memory measured.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kiosk.bench import bare
from kiosk.bench.clerk import Clerk, Noted, World
from kiosk.bench.figures import Figure, Floor, Limit, Of, Values
from kiosk.bench.neighbours import IdleLoop, Tap, key_to_paint
from kiosk.bench.room import Room
from kiosk.bench.wire import Wire
from kiosk.demo.catalogue import demo_shop

if TYPE_CHECKING:
    from kiosk.demo.catalogue import DemoVehicle

NAMES: Final = ("scan", "first_byte", "loop_lag", "memory")
PAID: Final = frozenset({"sale", "tender", "payment_order", "print_job"})
"""What the commit that makes a sale paid touches, and no other does."""
SLIPS: Final = 2
_PAUSE_S: Final = 0.25
"""Between two things the clerk does: a sale in some ten seconds, which is faster than any person's."""


@dataclass(slots=True)
class _Taken:
    """What was measured so far."""

    scans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The moments at which a scan was written and its line was painted."""
    scan_floor: list[float] = field(default_factory=list[float])
    first_byte_floor: list[float] = field(default_factory=list[float])


def measure(room: Room, rounds: int) -> list[Figure]:
    """`scan`, `first_byte`, `loop_lag` and `memory` of `rounds` sales."""
    world = World(room.directory / "world")
    printer = world.announcement["printer"]
    tap = Tap(room, printer["host"], printer["port"])
    printer.update(host="127.0.0.1", port=tap.port)
    taken = _Taken()
    goods = demo_shop().vehicles
    try:
        with Wire(room.bare, room.environment) as plain:
            plain.painted(bare.READY)
            first = _at_home(room, "selling-first", world)
            with first.wire:
                _sell(first, goods[0], plain, tap, room, _Taken())
                first.end()
            clerk = _at_home(room, "selling", world)
            with clerk.wire:
                _sell(clerk, goods[0], plain, tap, room, _Taken())
                idle = IdleLoop(room)
                begun = time.monotonic_ns()
                for number in range(rounds):
                    _sell(clerk, goods[1 + number % (len(goods) - 1)], plain, tap, room, taken)
                ended = time.monotonic_ns()
                idle_lags = idle.stop()
                memory, plain_memory = clerk.wire.memory_mb(), plain.memory_mb()
                noted = clerk.end()
    finally:
        tap.stop()
        world.stop()
    bare_paint = Floor("key to paint of a bare Textual application", Values(tuple(taken.scan_floor)))
    lags = tuple(late for moment, late in noted.lags if begun <= moment <= ended)
    return [
        Figure(
            "scan",
            "a code's bytes written until its line is painted and its commit has returned",
            "ms",
            Values(_stored(taken, noted)),
            bare_paint,
            (Limit(Of.P95, 25.0),),
        ),
        Figure(
            "first_byte",
            "the paid commit returned until the slip's first byte is at the printer",
            "ms",
            Values(_first_bytes(noted, tap.first_bytes, rounds)),
            Floor("a bare synced write and socket write", Values(tuple(taken.first_byte_floor))),
            (Limit(Of.P50, 2.0), Limit(Of.P99, 20.0)),
        ),
        Figure(
            "loop_lag",
            "how late the event loop comes back from 5 ms while selling",
            "ms",
            Values(lags),
            Floor("an idle loop meanwhile", Values(idle_lags)),
            (Limit(Of.P99, 10.0),),
        ),
        Figure(
            "memory",
            "resident memory after the sales, camera off",
            "MB",
            Values((memory,)),
            Floor("a bare Textual application", Values((plain_memory,))),
            (Limit(Of.LARGEST, 80.0),),
        ),
    ]


def _at_home(room: Room, shop: str, world: World) -> Clerk:
    """A clerk who has just signed in."""
    clerk = Clerk(room, room.shop(shop), world.announcement)
    operator = demo_shop().operators[0]
    clerk.sign_in(operator.number, operator.pin)
    return clerk


def _sell(clerk: Clerk, goods: DemoVehicle, plain: Wire, tap: Tap, room: Room, taken: _Taken) -> None:
    """One sale from Home to Home."""
    clerk.open_sale(goods)
    for code in (*goods.batteries, goods.charger):
        _pause()
        here = clerk.wire.here
        begun = clerk.scan(code)
        painted = clerk.wire.painted(code, here)
        taken.scans.append((begun, painted))
        clerk.rest()
        taken.scan_floor.append(key_to_paint(plain))
    _pause()
    clerk.press("f8")
    clerk.fill_in_customer(pause=_pause)
    clerk.ask_for_money()
    jobs = len(tap.first_bytes)
    here = clerk.wire.here
    clerk.press("f9")
    clerk.wire.painted("已支付", here)
    if not tap.wait_for(jobs + SLIPS):
        raise TimeoutError("a slip never began to print")
    clerk.rest()
    taken.first_byte_floor.append(tap.floor_ms(room.directory))
    _pause()
    clerk.press("f8")


def _stored(taken: _Taken, noted: Noted) -> tuple[float, ...]:
    """Until the line is painted and its commit has returned, whichever is later."""
    commits = sorted(moment for moment, things in noted.commits if "sale" in things)
    until: list[float] = []
    for begun, painted in taken.scans:
        stored = next(moment for moment in commits if moment > begun)
        until.append((max(stored, painted) - begun) / 1e6)
    return tuple(until)


def _first_bytes(noted: Noted, arrivals: list[int], rounds: int) -> tuple[float, ...]:
    """Of the last `rounds` sales."""
    paid = sorted(moment for moment, things in noted.commits if things >= PAID)[-rounds:]
    return tuple((next(one for one in arrivals if one > moment) - moment) / 1e6 for moment in paid)


def _pause() -> None:
    time.sleep(_PAUSE_S)
