"""Ten digits to touch: types into the field that has the focus, as keys would."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Grid
from textual.widgets import Button, Input

from kiosk.i18n import tr
from kiosk.widgets.button import TouchKey
from kiosk.widgets.field import Field


class Keypad(Grid):
    """Types into the field that has the focus, or into the one that had it last (`first` to begin with)."""

    def __init__(self, first: str) -> None:
        super().__init__(classes="keypad")
        self._first = first

    def compose(self) -> ComposeResult:
        for digit in "123456789":
            yield TouchKey(digit)
        yield TouchKey(tr("清空"), id="pad-clear")
        yield TouchKey("0")
        yield TouchKey("⌫", id="pad-delete")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        focused = self.screen.focused
        target = focused if isinstance(focused, Input) else self.screen.query_one(f"#{self._first}", Field).input
        target.focus()
        if event.button.id == "pad-clear":
            target.clear()
        elif event.button.id == "pad-delete":
            target.action_delete_left()
        elif isinstance(event.button, TouchKey):
            target.insert_text_at_cursor(event.button.caption)
