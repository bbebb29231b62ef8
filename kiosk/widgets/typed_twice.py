"""A code typed by hand, twice: the second field appears beside the first once something stands in it.

A vehicle code has no check digit, so a slip of the finger would sell another vehicle. A scanned code never asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from kiosk.i18n import tr
from kiosk.widgets.field import Field

ASKS_FROM = 2
"""Characters from which the second field appears; one alone may be the first of a scan that is about to be told."""


class TypedTwice(Horizontal):
    """The pair of fields for one kind of code.

    Posts `First` when the first field is left or entered with something in it, `Agreed` as soon as both are equal,
    `Differs` when the second is another text and as long as the first or entered, `Skipped` on Enter in the empty first
    field.
    """

    @dataclass
    class First(Message):
        """The first typing is finished and wants judging; `entered` when by Enter, so that the focus may move on."""

        pair: TypedTwice
        text: str
        entered: bool

    @dataclass
    class Agreed(Message):
        """Both typings are equal."""

        pair: TypedTwice
        text: str

    @dataclass
    class Differs(Message):
        """The second typing is as long as the first and differs."""

        pair: TypedTwice

    @dataclass
    class Skipped(Message):
        """Enter in the empty first field: on to what comes next."""

        pair: TypedTwice

    @dataclass
    class Began(Message):
        """Something was typed into the first field."""

        pair: TypedTwice
        text: str

    def __init__(self, label: str, *, id: str, value: str = "") -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id, classes="typed-twice")
        self._label = label
        self._value = value
        self._agreed = ""
        self.taken_back = False
        """Whether the second typing was wrong a moment ago and has gone; the Enter behind it says nothing more."""

    def compose(self) -> ComposeResult:
        yield Field(self._label, id=f"{self.id}-first", value=self._value, limit=512, classes="first")
        again = Field(tr("再输一次"), id=f"{self.id}-again", limit=512, classes="again")
        again.display = len(self._value) >= ASKS_FROM
        yield again

    @property
    def first(self) -> Field:
        return self.query_one(".first", Field)

    @property
    def again(self) -> Field:
        return self.query_one(".again", Field)

    @property
    def asking(self) -> bool:
        """Whether the second field stands beside the first."""
        return self.again.display

    @property
    def differ(self) -> bool:
        """Whether the two typings are different codes; an empty second one is."""
        return plain(self.first.text) != plain(self.again.text)

    @property
    def apart_from(self) -> int:
        """The character, counted from 1, from which the two typings differ."""
        first, second = plain(self.first.text), plain(self.again.text)
        same = (number for number, pair in enumerate(zip(first, second, strict=False), 1) if pair[0] != pair[1])
        return next(same, min(len(first), len(second)) + 1)

    def stands_for(self, code: str) -> bool:
        """Whether the first typing is this code."""
        return plain(self.first.text) == plain(code)

    def once_more(self) -> None:
        """Empty the second one and go there."""
        self.taken_back = True
        self.again.fill("")
        self.again.enter()

    def clear(self) -> None:
        """Empty both; the second one goes."""
        self._agreed = ""
        self.first.fill("")
        self.again.fill("")
        self._ask(False)

    def ask(self) -> None:
        """Show the second field."""
        self._ask(True)

    def fold(self) -> None:
        """Hide the second field: another pair is being typed into."""
        self.again.fill("")
        self._ask(False)

    def _ask(self, asking: bool) -> None:
        self.again.display = asking
        self.set_class(asking, "asking")

    def on_mount(self) -> None:
        self.set_class(self.asking, "asking")

    def on_field_typed(self, event: Field.Typed) -> None:
        self.taken_back = self.taken_back and not self.again.text
        if event.field is self.first:
            self._agreed = ""
            if not event.text:
                self.again.fill("")
            self._ask(len(event.text) >= ASKS_FROM)
            self.post_message(self.Began(self, event.text))
        self._compare()

    def _compare(self) -> None:
        first, second = plain(self.first.text), plain(self.again.text)
        if not second:
            return
        if first == second and first != self._agreed:
            self._agreed = first
            self.post_message(self.Agreed(self, self.first.text))
        elif first != second and len(first) == len(second):
            self.post_message(self.Differs(self))

    def on_field_entered(self, event: Field.Entered) -> None:
        event.stop()
        if event.field is self.first:
            message = self.First(self, event.text, entered=True) if event.text else self.Skipped(self)
            self.post_message(message)
        elif plain(event.text) != plain(self.first.text):
            if event.text or not self.taken_back:
                self.post_message(self.Differs(self))
        elif event.text:
            self._agreed = plain(event.text)
            self.post_message(self.Agreed(self, event.text))

    def on_field_left(self, event: Field.Left) -> None:
        event.stop()
        if event.field is self.first and event.text:
            self.post_message(self.First(self, event.text, entered=False))


def plain(text: str) -> str:
    """As both typings are compared: blanks, hyphens and case do not matter."""
    return "".join(text.replace("-", " ").split()).upper()
