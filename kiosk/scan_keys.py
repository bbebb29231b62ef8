"""An application that hears a keyboard-wedge scanner before the focus does.

The scanner types into the same keyboard as the clerk. Keys are judged by the time stamped on them when the terminal
was read; what turns out to be a scan never reaches a field, a button or a shortcut.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual import events
from textual.app import App
from textual.widgets import Input
from textual.widgets.input import Selection

from drivers.scanners.torn import TornScan
from drivers.scanners.wedge import BurstSplitter, Keystroke, Outcome
from kiosk.terminal_input import TillTerminal

_LOOK_AGAIN_S = 0.005


class ScanningApp(App[None], inherit_bindings=False):
    """Calls `scan` for each completed scan and hands all other keys on in their order."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(driver_class=TillTerminal)
        self._splitter = BurstSplitter(now_ms)
        self._torn = TornScan()
        self._flush_due: asyncio.TimerHandle | None = None
        self._before_burst: tuple[Input, str, Selection] | None = None
        self.last_input_at = time.monotonic()
        """When somebody last touched a key or the screen, on the monotonic clock."""

    def scan(self, text: str) -> None:
        """A scanner read `text`."""

    def scan_dropped(self) -> None:
        """A scanner sent what no code is, too long or with keys among it that are no characters; it was thrown away."""

    def scan_torn(self) -> None:
        """The keys of a scan went by where nobody types, and its end came too late to belong to it."""

    def swallows(self, stroke: Keystroke) -> bool:
        """Whether this key, which is no part of a scan, is not handed on."""
        return False

    async def on_event(self, event: events.Event) -> None:
        """Let the splitter see every key before the focus does; touches and all else go their usual way."""
        if isinstance(event, (events.Key, events.MouseDown)):
            self.last_input_at = time.monotonic()
        if isinstance(event, events.AppBlur):
            # Textual would take the focus away until the window has it again; a key read just before would be lost.
            # The kiosk has its terminal for itself.
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._follow(self._splitter.feed(event.key, event.character, event.time, event))
        else:
            await super().on_event(event)

    async def _follow(self, outcome: Outcome) -> None:
        """Do what the splitter decided, in the order it asks for."""
        if outcome.undo:
            self._take_back()
        for number, stroke in enumerate(outcome.deliver, 1):
            if outcome.begins and number == len(outcome.deliver):
                self._remember()
            await self._hand_on(stroke)
        if outcome.dropped:
            self.scan_dropped()
        if outcome.scan is not None:
            self.scan(outcome.scan.text)
        self._flush_later()

    async def _hand_on(self, stroke: Keystroke) -> None:
        if not isinstance(stroke.event, events.Key):
            return
        if self._torn.ends(stroke, in_field=isinstance(self.focused, Input)):
            self.scan_torn()
        elif not self.swallows(stroke):
            await super().on_event(stroke.event)

    def _flush_later(self) -> None:
        """Have the held keys flushed when they are due; one look at a time."""
        deadline = self._splitter.deadline
        if deadline is not None and self._flush_due is None:
            due_in = max(_LOOK_AGAIN_S, deadline - time.monotonic())
            self._flush_due = asyncio.get_running_loop().call_later(due_in, self._flush_in_turn)

    def _flush_in_turn(self) -> None:
        """Flush after every key that was read by now: those may wait in the queue, or be on their way into it."""
        self._flush_due = None
        driver = self._driver
        if isinstance(driver, TillTerminal) and driver.holds_input:
            self._flush_later()
        else:
            self.post_message(events.Callback(callback=self._flush_burst))  # behind the keys

    async def _flush_burst(self) -> None:
        now = time.monotonic()
        outcome = self._splitter.flush(now)
        if outcome.dropped:
            self._torn.dropped(now)
        await self._follow(outcome)

    def _remember(self) -> None:
        focused = self.focused
        self._before_burst = (focused, focused.value, focused.selection) if isinstance(focused, Input) else None

    def _take_back(self) -> None:
        """Restore the field the first keys of a run went to, in the field's own turn: it may not have seen them yet."""
        if self._before_burst is None:
            return
        field, value, selection = self._before_burst
        self._before_burst = None

        def restore() -> None:
            if field.value != value:
                field.value = value
                field.selection = selection

        field.call_later(restore)
