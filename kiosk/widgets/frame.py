"""What every screen has round its body: title, step marks, help line, message line and status line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from kiosk.widgets.prose import Prose


class Tone(StrEnum):
    """How a line is meant; each has its glyph and its colour, so that no colour stands alone."""

    PLAIN = "plain"
    UNDER_WAY = "under-way"
    GOOD = "good"
    ATTENTION = "attention"
    FAULT = "fault"
    OFF = "off"


GLYPHS = {
    Tone.PLAIN: "",
    Tone.UNDER_WAY: "… ",
    Tone.GOOD: "● ",
    Tone.ATTENTION: "▲ ",
    Tone.FAULT: "✕ ",
    Tone.OFF: "○ ",
}
COLOURS = {
    Tone.PLAIN: "$foreground",
    Tone.UNDER_WAY: "$secondary",
    Tone.GOOD: "$good",
    Tone.ATTENTION: "$attention",
    Tone.FAULT: "$fault",
    Tone.OFF: "$quiet",
}


def state_line(tone: Tone, text: str) -> Content:
    """`text` behind its glyph, in its colour. The text is data, never markup."""
    return Content.styled(f"{GLYPHS[tone]}{text}", COLOURS[tone])


class TitleBar(Static):
    """Where am I: the name of the screen and, in a sale, the marks of its steps."""

    def __init__(self, title: str, steps: Sequence[str] = (), current: int = 0) -> None:
        super().__init__(_title(title, steps, current), id="title-bar", markup=False)

    def say(self, title: str, more: str) -> None:
        """Show another title, and quietly behind it what is shown of it."""
        self.update(Content.assemble(_title(title, (), 0), Content.styled(f"  {more}", "$quiet")), layout=False)


def _title(title: str, steps: Sequence[str], current: int) -> Content:
    parts = [Content.styled(f" {title} ", "bold")]
    for number, step in enumerate(steps, 1):
        if number == current:
            parts.append(Content.styled(f" ▶ {number} {step} ", "bold $background on $primary"))
        elif number < current:
            parts.append(Content.styled(f" ✓ {number} {step} ", "$foreground"))
        else:
            parts.append(Content.styled(f"   {number} {step} ", "$quiet"))
    return Content.assemble(*parts)


class HelpLine(Prose):
    """What this step wants and what to scan. Its place is reserved, so that another text moves nothing."""

    def __init__(self, text: str) -> None:
        super().__init__(text, id="help-line")

    def say(self, text: str) -> None:
        """Show another text."""
        if text != self.content:
            self.update(text, layout=False)


class MessageLine(Prose):
    """The reserved place for what just happened. Nothing else on the screen moves when it speaks."""

    def __init__(self) -> None:
        super().__init__(id="message-line")
        self.tone = Tone.PLAIN
        self.text = ""

    def say(self, tone: Tone, text: str) -> None:
        """Show a sentence; an empty one clears the line."""
        self.tone, self.text = tone, text
        self.update(state_line(tone, text) if text else "", layout=False)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing on the status line: its name and the word for how it is."""

    name: str
    word: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class RightEnd:
    """Who is signed in and the time; `short` without the name, for a narrow line."""

    full: str
    short: str


class StatusLine(Widget):
    """How devices and services are, who is signed in, and the time.

    Every light keeps its glyph, its colour and its name. Where room is scarce, words yield: first those for what is
    well, then the operator's name, then the words of the lesser troubles. It is painted for the width it has at that
    moment, so that its first frame is whole.
    """

    def __init__(self) -> None:
        super().__init__(id="status-line")
        self._indicators: tuple[Indicator, ...] = ()
        self._right = RightEnd("", "")

    def show(self, indicators: Sequence[Indicator], right: RightEnd) -> None:
        """Show these; nothing is painted anew when nothing changed."""
        if (tuple(indicators), right) != (self._indicators, self._right):
            self._indicators, self._right = tuple(indicators), right
            self.refresh()

    def render(self) -> Content:
        return status_line(self._indicators, self._right, self.size.width)


_FIRST_TO_YIELD = (Tone.GOOD, Tone.PLAIN, Tone.UNDER_WAY, Tone.OFF, Tone.ATTENTION, Tone.FAULT)


def status_line(indicators: Sequence[Indicator], right: RightEnd, width: int) -> Content:
    """The line as it fits `width` cells."""
    ends = (right.full, right.short)
    left, end = Content(""), right.short
    for number in range(len(_FIRST_TO_YIELD) + 1):
        silent = _FIRST_TO_YIELD[:number]
        left = Content("  ").join(_light(one, worded=one.tone not in silent) for one in indicators)
        # While only the words for what is well have gone, the name goes before anything that tells of trouble.
        fitting = [end for end in (ends if number else ends[:1]) if left.cell_length + cell_len(end) + 4 <= width]
        if fitting:
            end = fitting[0]
            break
    room = max(0, width - 4 - cell_len(end))
    return Content.assemble(" ", left.truncate(room, ellipsis=True, pad=True), "  ", end, " ")


def _light(one: Indicator, *, worded: bool) -> Content:
    return state_line(one.tone, f"{one.name} {one.word}" if worded and one.word else one.name)
