"""What a measurement says: a row of values, its floor measured in the same run, and the limits it is held to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Of(StrEnum):
    """What of a figure a limit speaks of. RATIO is the middle value over the floor's, LOWEST the same of the minima:
    minima of many rounds are what a shared machine disturbs least."""

    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    LARGEST = "max"
    RATIO = "ratio"
    LOWEST = "ratio_of_minima"


class ValuesTold(TypedDict):
    """Values in JSON, in the figure's unit."""

    rounds: int
    min: float
    p50: float
    p95: float
    p99: float
    max: float


class LimitTold(TypedDict):
    """A limit in JSON; `measured` is what `of` came to."""

    of: str
    at_most: float
    measured: float
    met: bool


@dataclass(frozen=True, slots=True)
class Values:
    """Measured values, in the order they were taken. There is at least one."""

    taken: tuple[float, ...]

    def at(self, share: float) -> float:
        """The value that `share` of all are not above (nearest rank)."""
        ranked = sorted(self.taken)
        return ranked[min(len(ranked) - 1, max(0, -(-round(share * len(ranked) * 1000) // 1000) - 1))]

    @property
    def lowest(self) -> float:
        return min(self.taken)

    @property
    def middle(self) -> float:
        return statistics.median(self.taken)

    def told(self) -> ValuesTold:
        """For the JSON document."""
        return {
            "rounds": len(self.taken),
            "min": _short(self.lowest),
            "p50": _short(self.middle),
            "p95": _short(self.at(0.95)),
            "p99": _short(self.at(0.99)),
            "max": _short(max(self.taken)),
        }


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that the same thing could cost here: `what` was measured between the figure's own rounds."""

    what: str
    values: Values


@dataclass(frozen=True, slots=True)
class Limit:
    """`of` the figure is at most `at_most`: in the figure's unit, or times the floor."""

    of: Of
    at_most: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `name` is short and stable, `what` says what was measured."""

    name: str
    what: str
    unit: str
    values: Values
    floor: Floor | None = None
    limits: tuple[Limit, ...] = ()

    def of(self, which: Of) -> float:
        """What a limit is compared with."""
        match which:
            case Of.P50:
                return self.values.middle
            case Of.P95:
                return self.values.at(0.95)
            case Of.P99:
                return self.values.at(0.99)
            case Of.LARGEST:
                return max(self.values.taken)
            case Of.RATIO | Of.LOWEST:
                assert self.floor is not None, f"{self.name} has no floor"
                theirs = self.floor.values
                if which is Of.LOWEST:
                    return self.values.lowest / theirs.lowest
                return self.values.middle / theirs.middle

    @property
    def met(self) -> bool:
        """Whether every limit holds."""
        return all(self.of(limit.of) <= limit.at_most for limit in self.limits)

    def told(self) -> dict[str, object]:
        """For the JSON document."""
        limits: list[LimitTold] = [
            {
                "of": limit.of.value,
                "at_most": limit.at_most,
                "measured": _short(self.of(limit.of)),
                "met": self.of(limit.of) <= limit.at_most,
            }
            for limit in self.limits
        ]
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            **self.values.told(),
            "floor": None if self.floor is None else {"what": self.floor.what, **self.floor.values.told()},
            "limit": limits,
            "met": self.met,
        }


def table(figures: Sequence[Figure]) -> str:
    """The figures for a person: a line a figure, a line below for its floor, and what it was held to."""
    head = f"{'figure':<16}{'unit':<6}{'rounds':>7}{'min':>10}{'p50':>10}{'p95':>10}{'p99':>10}  limit"
    lines = [head]
    for figure in figures:
        lines.append(f"{figure.name:<16}{figure.unit:<6}{_columns(figure.values)}  {_held(figure)}".rstrip())
        if figure.floor is not None:
            lines.append(f"{'  floor':<16}{'':<6}{_columns(figure.floor.values)}  {figure.floor.what}")
    return "\n".join(lines)


def _columns(values: Values) -> str:
    four = (values.lowest, values.middle, values.at(0.95), values.at(0.99))
    return f"{len(values.taken):>7}" + "".join(f"{_short(value):>10}" for value in four)


def _held(figure: Figure) -> str:
    words = {Of.RATIO: "× the floor", Of.LOWEST: "× the floor (minima)"}
    parts: list[str] = []
    for limit in figure.limits:
        measured = figure.of(limit.of)
        name = words.get(limit.of) or f"{figure.unit} {limit.of.value}"
        parts.append(f"{'✓' if measured <= limit.at_most else '✗'} {_short(measured)} ≤ {limit.at_most:g} {name}")
    return "; ".join(parts)


def _short(value: float) -> float:
    return round(value, 3)
