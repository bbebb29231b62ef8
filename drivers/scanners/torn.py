"""The end of a scan that came too late to belong to it: it must not press what has the focus.

On a machine that has no time the Enter of a wedge scanner may be read long after its text. By then `BurstSplitter` has
handed the text on as typing. In a field it stands there to be seen; where nobody types it went by without a trace.
"""

from typing import Final

from drivers.scanners.wedge import LATE_GAP, SHORTEST_SCAN, Keystroke

LATE_END_S: Final = 1.0
_ENDINGS: Final = frozenset({"enter", "tab", "ctrl+j"})


class TornScan:
    """Sees every key that is handed on, in order, with the time at which it was read."""

    def __init__(self) -> None:
        self._keys = 0
        self._last_at = float("-inf")
        self._was_dropped = False

    def dropped(self, at: float) -> None:
        """What no code can be was thrown away at `at`, before its end came."""
        self._keys, self._last_at, self._was_dropped = 0, at, True

    def ends(self, stroke: Keystroke, *, in_field: bool) -> bool:
        """Whether this key ends a scan that went by, and is to be swallowed. `in_field`: somebody types."""
        gap = stroke.at - self._last_at
        if stroke.key in _ENDINGS:
            torn = gap <= LATE_END_S and (self._was_dropped or (self._keys >= SHORTEST_SCAN and not in_field))
            self._keys, self._was_dropped = 0, False
            return torn
        self._was_dropped = False
        typed = stroke.character is not None and stroke.character.isprintable() and not in_field
        self._keys = (self._keys + 1 if gap <= LATE_GAP else 1) if typed else 0
        self._last_at = stroke.at
        return False
