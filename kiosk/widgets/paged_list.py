"""A list of any length, one screenful at a time: rows three lines high, painted line by line.

The caller loads one page from the store and hands it over; the list holds no more than it shows. A row is one touch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from kiosk.widgets.frame import GLYPHS, Tone

ROW_HEIGHT = 3


@dataclass(frozen=True, slots=True)
class ListRow:
    """Two lines of text: the first bold, each with a part at the right edge. `tone` marks and colours the upper."""

    key: str
    head: str
    head_right: str
    detail: str
    detail_right: str
    tone: Tone = Tone.PLAIN


class PagedList(Widget, can_focus=True):
    """Shows the rows of one page. Posts `Chosen` for a touched or entered row, `Turn` at either end of the page."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "paged-list--row",
        "paged-list--marked",
        "paged-list--good",
        "paged-list--attention",
        "paged-list--fault",
        "paged-list--rule",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "turn(-1)", show=False),
        Binding("pagedown", "turn(1)", show=False),
        Binding("enter", "choose", show=False),
    ]
    marked: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """A row was touched, or entered."""

        key: str

    @dataclass
    class Turn(Message):
        """Another page is wanted: -1 the one before, 1 the next."""

        by: int

    @dataclass
    class Resized(Message):
        """Another number of rows may fit now."""

    def __init__(self, *, id: str | None = None, empty: str = "") -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._rows: tuple[ListRow, ...] = ()
        self._empty = empty

    @property
    def page_size(self) -> int:
        """How many rows fit."""
        return max(1, self.size.height // ROW_HEIGHT)

    def show(self, rows: Sequence[ListRow]) -> None:
        """Show another page; the mark stays while the same rows are shown."""
        if tuple(rows) == self._rows:
            return
        if [row.key for row in rows] != [row.key for row in self._rows]:
            self.marked = 0
        self._rows = tuple(rows)
        self.refresh()

    def stage_controls(self) -> list[tuple[str, str, Region]]:
        """What can be touched here: (label, kind, where on the screen)."""
        area = self.content_region
        return [
            (
                " ".join(part for part in (row.head, row.head_right, row.detail, row.detail_right) if part),
                "row",
                Region(area.x, area.y + number * ROW_HEIGHT, area.width, ROW_HEIGHT),
            )
            for number, row in enumerate(self._rows)
        ]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        number, line = divmod(y, ROW_HEIGHT)
        if number >= len(self._rows):
            told = self._empty if not self._rows and y == 1 else ""
            return Strip([Segment(set_cell_size(f" {told}", width), self.get_component_rich_style("paged-list--row"))])
        row = self._rows[number]
        marked = number == self.marked and self.has_focus
        style = self.get_component_rich_style("paged-list--marked" if marked else "paged-list--row")
        if line == 2:
            rule = self.get_component_rich_style("paged-list--rule")
            return Strip([Segment("─" * width, rule)], width)
        if line == 0:
            pointer = "▶ " if marked else "  "
            right = GLYPHS[row.tone] + row.head_right
            return _spread(pointer + row.head, right, width, style + Style(bold=True), self._tone(row, style))
        return _spread("  " + row.detail, row.detail_right, width, style, style)

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        number = event.y // ROW_HEIGHT
        if number < len(self._rows):
            self.marked = number
            self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_turn(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_turn(-1)

    def action_move(self, by: int) -> None:
        """Mark the row above or below; beyond the page's end, turn it."""
        target = self.marked + by
        if 0 <= target < len(self._rows):
            self.marked = target
        else:
            self.action_turn(by)

    def action_turn(self, by: int) -> None:
        self.post_message(self.Turn(by))

    def action_choose(self) -> None:
        if self.marked < len(self._rows):
            self.post_message(self.Chosen(self._rows[self.marked].key))

    def _tone(self, row: ListRow, style: Style) -> Style:
        if row.tone in {Tone.GOOD, Tone.ATTENTION, Tone.FAULT}:
            return style + Style(color=self.get_component_rich_style(f"paged-list--{row.tone.value}").color)
        return style


def _spread(left: str, right: str, width: int, left_style: Style, right_style: Style) -> Strip:
    """`left` cut to what `right` leaves of `width` cells, `right` at the edge."""
    right = f"  {right} " if right else " "
    room = max(0, width - cell_len(right))
    if cell_len(left) > room:
        left = set_cell_size(left, max(0, room - 1)) + "…"
    return Strip([Segment(set_cell_size(left, room), left_style), Segment(right, right_style)], room + cell_len(right))
