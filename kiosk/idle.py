"""What the kiosk does while nobody touches it: the screen dims and hides people, later it locks.

A dim screen stays what it was, only darker: amounts and states can be read, names, phones and addresses cannot. Any key
or touch brings it back and does nothing else; a scan brings it back and counts. A payment code that is shown is neither
dimmed nor locked away: somebody is paying.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.filter import LineFilter
from textual.widget import Widget

from drivers.scanners.wedge import Keystroke
from kiosk.scan_keys import ScanningApp
from kiosk.screens.base import KioskScreen

DARKNESS: Final = 0.6
"""How much of every colour a dim screen loses."""
_TOUCHES: Final = (events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)


@dataclass(frozen=True, slots=True)
class IdleTimes:
    """After how many seconds without a key or a touch the screen dims, and locks."""

    dim_s: float = 60.0
    lock_s: float = 300.0


USUAL: Final = IdleTimes()


class Veil(LineFilter):
    """Darkens every painted line and puts stars over `hidden` texts, cell for cell."""

    def __init__(self) -> None:
        super().__init__(enabled=False)
        self.hidden: tuple[str, ...] = ()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        line = "".join(segment.text for segment in segments)
        covered = cover(line, self.hidden)
        found: list[Segment] = []
        at = 0
        for text, style, control in segments:
            end = at + len(text)
            found.append(Segment(covered[at:end], None if style is None else _darker(style), control))
            at = end
        return found


def cover(line: str, hidden: Iterable[str]) -> str:
    """The line with every hidden text starred; as many characters, as many cells."""
    for text in hidden:
        if text and text in line:
            line = line.replace(text, "".join("*" if cell_len(one) < 2 else "＊" for one in text))
    return line


@lru_cache(2048)
def _darker(style: Style) -> Style:
    def dark(colour: RichColor | None) -> RichColor | None:
        if colour is None or colour.is_default:
            return colour
        red, green, blue = colour.get_truecolor()
        return RichColor.from_rgb(*(round(part * (1 - DARKNESS)) for part in (red, green, blue)))

    return style + Style(color=dark(style.color), bgcolor=dark(style.bgcolor))


class IdleApp(ScanningApp, inherit_bindings=False):
    """An application that dims and locks by itself. `lock_idle` is called when it is time to lock."""

    idle_times = USUAL

    def prepare_idle(self, times: IdleTimes) -> None:
        """Begin to watch."""
        self.idle_times = times
        self._veil = Veil()
        self._untouched_s = 0.0
        self._touch_ends = False

    @property
    def dim(self) -> bool:
        """Whether the screen is dim."""
        return self._veil.enabled

    def may_idle(self) -> bool:
        """Whether somebody is signed in and nothing is shown that has to stay in sight."""
        screens = [screen for screen in self.screen_stack if isinstance(screen, KioskScreen)]
        return bool(screens) and all(screen.locks_when_idle for screen in screens)

    def lock_idle(self) -> None:
        """Nobody has been here for long."""

    def leave_untouched(self, seconds: float) -> None:
        """Let that much time pass without anybody at the kiosk."""
        self._untouched_s += seconds
        self.watch_idle()

    def watch_idle(self) -> None:
        """Dim or lock when it is time; called every second."""
        if not self.may_idle():
            self.wake()
            return
        idle_s = time.monotonic() - self.last_input_at + self._untouched_s
        if idle_s >= self.idle_times.lock_s:
            self.wake()
            self.lock_idle()
        elif idle_s >= self.idle_times.dim_s:
            self._dim()

    def wake(self) -> bool:
        """Show everything again. False when nothing was dim."""
        was_dim = self._veil.enabled
        if was_dim:
            self._veil.enabled = False
            self._paint_again()
        return was_dim

    def _dim(self) -> None:
        if not self._veil.enabled:
            self._veil.enabled = True
            self._veil.hidden = _longest_first(self.screen_stack)
            self._paint_again()

    def _paint_again(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, KioskScreen):
                for field in screen.fields():
                    field.veil(self._veil.enabled)
            for widget in screen.walk_children(Widget, with_self=True):
                widget.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own filters, and the veil behind them."""
        own = super().get_line_filters()
        return [*own, self._veil] if self._veil.enabled else own

    async def on_event(self, event: events.Event) -> None:
        """A touch on a dim screen wakes it and goes no further, its end included."""
        if isinstance(event, (events.Key, events.MouseDown)):
            self._untouched_s = 0.0
        if isinstance(event, _TOUCHES) and self.wake():
            self.last_input_at = time.monotonic()
            self._touch_ends = isinstance(event, events.MouseDown)
        elif isinstance(event, events.MouseUp) and self._touch_ends:
            self._touch_ends = False
        else:
            await super().on_event(event)

    def swallows(self, stroke: Keystroke) -> bool:
        """A key on a dim screen wakes it and goes no further."""
        return self.wake()


def _longest_first(screens: Iterable[object]) -> tuple[str, ...]:
    """The texts about people on these screens, so ordered that none hides inside another one's stars."""
    texts = {text for screen in screens if isinstance(screen, KioskScreen) for text in screen.personal_texts()}
    return tuple(sorted(texts - {""}, key=len, reverse=True))
