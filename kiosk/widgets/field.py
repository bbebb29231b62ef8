"""A labelled input: the label stands in the frame, so that label and text take three rows and one touch target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input


class LineInput(Input):
    """Ctrl+A selects all, as everywhere else: what is typed next replaces it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+a", "select_all", show=False)]


class Field(Vertical):
    """One line of typed text under its canonical `label`.

    `personal` text is about people and is hidden while the screen is dim.

    `needed` stands in the frame while the field is empty: the step cannot be finished without it.

    `quick` is a pattern of what is typed here so fast, and entered at once, that its rhythm is a scanner's: digits that
    are no code.

    Posts `Typed` on every change made by a person, `Entered` on Enter and `Left` when the focus goes elsewhere.
    """

    FOCUS_ON_CLICK = False

    @dataclass
    class Typed(Message):
        """The text changed under somebody's fingers."""

        field: Field
        text: str

    @dataclass
    class Entered(Message):
        """Enter was pressed in the field."""

        field: Field
        text: str

    @dataclass
    class Left(Message):
        """The focus left the field."""

        field: Field
        text: str

    def __init__(
        self,
        label: str,
        *,
        id: str,  # noqa: A002  Textual's own name
        value: str = "",
        secret: bool = False,
        personal: bool = False,
        limit: int = 200,
        needed: str = "",
        quick: str = "",
        classes: str = "",
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.label = label
        self.border_title = Content(label).markup
        self._start = value
        self._known = value
        self._secret = secret
        self._personal = personal
        self._limit = limit
        self._quick = quick
        self._needed = needed
        self._tell_need(value)

    def compose(self) -> ComposeResult:
        typed = LineInput(self._start, password=self._secret, max_length=self._limit, compact=True)
        typed.cursor_blink = False
        yield typed

    @property
    def input(self) -> Input:
        """The input inside."""
        return self.query_one(Input)

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.input.value if self.is_mounted else self._start

    def fill(self, text: str) -> None:
        """Put text in without telling anybody: it was not typed."""
        self._known = text
        self.input.value = text
        self.input.cursor_position = len(text)

    def veil(self, hidden: bool) -> None:
        """Hide a personal text, or show it again."""
        if self._personal:
            self.input.password = hidden

    def takes(self, text: str) -> bool:
        """Whether `text`, which came as fast as a scan, is rather something typed here."""
        return bool(self._quick) and re.fullmatch(self._quick, text, re.ASCII) is not None

    def take(self, text: str) -> None:
        """Type `text` and Enter, in the input's own turn: what the burst left there is taken back first."""

        def write() -> None:
            self.input.replace(text, *sorted(self.input.selection))
            self.input.post_message(Input.Submitted(self.input, self.input.value))

        self.input.call_later(write)

    def enter(self) -> None:
        """Give the focus to the input."""
        self.input.focus()

    def correct(self) -> None:
        """Give the focus to the input with all of its text selected: what is typed next replaces it."""
        self.input.focus()
        self.input.select_all()

    def _tell_need(self, text: str) -> None:
        if self._needed:
            self.border_subtitle = "" if text.strip() else Content(self._needed).markup

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell_need(event.value)
        if event.value != self._known:
            self._known = event.value
            self.post_message(self.Typed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(self, event.value))

    def on_descendant_blur(self) -> None:
        self.post_message(self.Left(self, self.text))

    def on_click(self, event: events.Click) -> None:
        """A touch on the frame means the text inside."""
        if event.widget is not self.input:
            self.enter()
