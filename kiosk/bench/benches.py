"""Which figures there are, and what has to run for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.bench.figures import Figure
from kiosk.bench.room import Room, make_room


@dataclass(frozen=True, slots=True)
class Bench:
    """Measures some figures in one go. `rounds` and `quick` are how often, unless somebody says otherwise."""

    figures: tuple[str, ...]
    rounds: int
    quick: int
    measure: Callable[[Room, int], list[Figure]]


def _start(room: Room, rounds: int) -> list[Figure]:
    from kiosk.bench import start

    return start.measure(room, rounds)


def _selling(room: Room, rounds: int) -> list[Figure]:
    from kiosk.bench import selling

    return selling.measure(room, rounds)


def _waiting(room: Room, rounds: int) -> list[Figure]:
    from kiosk.bench import waiting

    return waiting.measure(room, rounds)


def _commits(room: Room, rounds: int) -> list[Figure]:
    from kiosk.bench import commits

    return commits.measure(room, rounds)


def _slip(_room: Room, rounds: int) -> list[Figure]:
    from kiosk.bench import slip

    return slip.measure(rounds)


BENCHES: Final = (
    Bench(("start", "start_wall"), 15, 3, _start),
    Bench(("scan", "first_byte", "loop_lag", "memory"), 12, 2, _selling),
    Bench(("typing", "stalls"), 6, 1, _waiting),
    Bench(("commit",), 8, 2, _commits),
    Bench(("slip",), 200, 20, _slip),
)
NAMES: Final = tuple(name for bench in BENCHES for name in bench.figures)


def run(names: Sequence[str], rounds: int | None, *, quick: bool) -> Iterator[Figure]:
    """The figures with these names, each as soon as it is measured; all of them when none is named."""
    wanted = set(names or NAMES)
    chosen = [bench for bench in BENCHES if wanted.intersection(bench.figures)]
    with make_room() as room:
        for bench in chosen:
            for figure in bench.measure(room, rounds or (bench.quick if quick else bench.rounds)):
                if figure.name in wanted:
                    yield figure
