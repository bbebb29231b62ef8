"""Finding text on a screen, and telling which control a label means."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kiosk.play.figures import figures
from kiosk.play.terminal import ScreenCell

_AMOUNT: Final = re.compile(r"[¥￥]\s*[\d,]+(?:\.\d+)?")
_FUNCTION_KEY: Final = re.compile(r"\bF(?:1[0-2]|[1-9])\b")
_BRACKETS: Final = frozenset("[]()（）「」『』【】〔〕<>《》〈〉{}")


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of screen cells."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """The cell a finger aims at."""
        return self.x + max(0, self.width - 1) // 2, self.y + max(0, self.height - 1) // 2

    @property
    def empty(self) -> bool:
        """Whether nothing of it can be touched."""
        return self.width <= 0 or self.height <= 0


@dataclass(frozen=True, slots=True)
class Control:
    """A touchable control as the application tells it.

    `area` may reach beyond the screen when the control is scrolled away; `visible` is what of it can be touched now
    (empty: nothing); `scroll` is the scrolling region it lies in. `id` is the name the program gives it, the same in
    every language; empty for a part of a list.
    """

    id: str
    label: str
    kind: str
    area: Area
    visible: Area
    enabled: bool
    scroll: Area | None

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Control":
        """From the application's answer."""
        return cls(
            told["id"],
            told["label"],
            told["kind"],
            Area(*told["area"]),
            Area(*told["visible"]),
            told["enabled"],
            Area(*told["scroll"]) if told["scroll"] else None,
        )


class NoSuchControl(Exception):  # noqa: N818  a finding, not a defect
    """The label means no control, or several, or one that cannot be touched. The message lists what is there."""


def squeeze(text: str) -> str:
    """The text without white space, in one Unicode form."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def plain(text: str) -> str:
    """The squeezed text without amounts, function keys, brackets and glyphs such as ● ▲ ✓."""
    bare = _FUNCTION_KEY.sub("", _AMOUNT.sub("", unicodedata.normalize("NFC", text)))
    return squeeze(
        "".join(one for one in bare if one not in _BRACKETS and unicodedata.category(one) not in {"So", "Sk"})
    )


def block(cells: Sequence[Sequence[ScreenCell]], area: Area | None = None) -> str:
    """The text inside a rectangle (default: everything) without white space, rows joined."""
    if area is None:
        rows: Iterable[Sequence[ScreenCell]] = cells
    else:
        left, top = max(0, area.x), max(0, area.y)
        rows = (row[left : max(left, area.x + area.width)] for row in cells[top : max(top, area.y + area.height)])
    return squeeze("".join(cell.text for row in rows for cell in row))


def shows(cells: Sequence[Sequence[ScreenCell]], areas: Iterable[Area], text: str) -> bool:
    """Whether the text is visible, ignoring white space and line breaks.

    It is looked for in the rows of the whole screen, among the figures drawn large, and inside each of the given
    rectangles: a text that wraps in one of two columns is whole only within its own column.
    """
    wanted = squeeze(text)
    if wanted in block(cells) or any(wanted in figure for figure in figures(cells)):
        return True
    return any(wanted in block(cells, area) for area in areas)


def shows_amount(cells: Sequence[Sequence[ScreenCell]], fen: int) -> bool:
    """Whether the amount stands on the screen, ¥ and commas ignored."""
    wanted = f"{fen // 100}.{fen % 100:02d}"
    rows = ["".join(cell.text for cell in row) for row in cells]
    text = "\n".join([*rows, *figures(cells)]).replace(",", "")
    return re.search(rf"(?<![\d.]){re.escape(wanted)}(?!\d)", text) is not None


def pick(controls: Sequence[Control], label: str, nth: int | None) -> Control:
    """The control that the label means: exact text first, then exact but for glyphs, then contained.

    `nth` counts from 1 among the controls of the first of these three ranks that has so many. Raises NoSuchControl.
    """
    matched = _matching(controls, label)
    for rank in matched:
        touchable = [control for control in rank if control.enabled]
        if nth is not None:
            if len(rank) >= nth:
                return _enabled(rank[nth - 1], label)
        elif len(touchable) == 1:
            return touchable[0]
        elif len(touchable) > 1:
            raise NoSuchControl(f"{len(touchable)} controls show {label!r}: {_names(touchable)}.")
        elif rank:
            return _enabled(rank[0], label)
    which = f" #{nth}" if nth is not None else ""
    raise NoSuchControl(f"nothing to touch shows {label!r}{which}; there is {_names(controls)}.")


def _matching(controls: Sequence[Control], label: str) -> list[list[Control]]:
    exact, bare = squeeze(label), plain(label)
    same = [control for control in controls if squeeze(control.label) == exact]
    alike = [control for control in controls if control in same or (bare and plain(control.label) == bare)]
    within = [
        control
        for control in controls
        if control in alike or exact in squeeze(control.label) or (bare and bare in plain(control.label))
    ]
    return [same, alike, within]


def _enabled(control: Control, label: str) -> Control:
    if not control.enabled:
        raise NoSuchControl(f"{label!r} is there but disabled.")
    return control


def _names(controls: Sequence[Control]) -> str:
    return ", ".join(control.label + ("" if control.enabled else " (disabled)") for control in controls) or "nothing"
