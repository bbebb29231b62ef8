"""The second half of a double tap, and a key that bounces or is held, are not pressed on what came up meanwhile.

A screen that appears under the finger has not been read by anybody yet. Pure: judged by the time stamped on the press
when the terminal was read, and by what a press means: the thing it would reach and the words on it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

SECOND_TAP_S: Final = 0.4
"""Two touches of one place that are closer together are a double tap."""
HELD_KEY_S: Final = 0.7
"""The same key again this soon may be held down: terminals begin to repeat after 0.25 to 0.66 seconds."""
_REACH: Final = (3, 1)
"""How many columns and rows the same finger may be off."""
_NOWHERE: Final = (-99, -99)
KEYS: Final = frozenset({"enter", "escape", *(f"f{number}" for number in range(1, 13))})
"""The keys that act by themselves; all others type, or move the focus."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a press would do: the screen or control that it reaches, and the words on it."""

    thing: weakref.ref[object]
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Press:
    """A touch of a place, or a `key`; `until` when one more of it is not trusted."""

    meaning: Meaning
    until: float
    place: tuple[int, int] = _NOWHERE
    key: str = ""


def same_place(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two touches, in cells, may be meant for one place."""
    return all(abs(a - b) <= reach for a, b, reach in zip(one, other, _REACH, strict=True))


class SecondPresses:
    """Tells the presses that are to be swallowed. It remembers the last press only: anything between makes two of it.

    A swallowed press keeps the others away for `SECOND_TAP_S` more, so that a held key stays without effect.
    """

    def __init__(self) -> None:
        self._last: _Press | None = None

    def forget(self) -> None:
        """Something else was done: the next press is a first one."""
        self._last = None

    def touched(self, place: tuple[int, int], at: float, meaning_at: Callable[[tuple[int, int]], Meaning]) -> bool:
        """Whether this touch is to be swallowed: what was touched here a moment ago is something else by now."""
        last = self._last
        # What stood at that very spot counts: the finger may be off by so much that it is on the control beside.
        again = last is not None and same_place(last.place, place) and at < last.until
        if last is not None and again and meaning_at(last.place) != last.meaning:
            return self._keep_away(last, at)
        self._last = _Press(meaning_at(place), at + SECOND_TAP_S, place=place)
        return False

    def pressed(self, key: str, at: float, meaning: Callable[[], Meaning]) -> bool:
        """Whether this key is to be swallowed: it was pressed a moment ago and means something else by now."""
        if key not in KEYS:
            self.forget()
            return False
        last, now = self._last, meaning()
        if last is not None and last.key == key and at < last.until and now != last.meaning:
            return self._keep_away(last, at)
        self._last = _Press(now, at + HELD_KEY_S, key=key)
        return False

    def _keep_away(self, last: _Press, at: float) -> bool:
        self._last = replace(last, until=max(last.until, at + SECOND_TAP_S))
        return True
