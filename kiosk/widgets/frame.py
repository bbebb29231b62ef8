"""What every screen has round its body: title, step marks, help line, message line and status line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static


class Tone(StrEnum):
    """How a line is meant; each has its glyph and its colour, so that no colour stands alone."""

    PLAIN = "plain"
    GOOD = "good"
    ATTENTION = "attention"
    FAULT = "fault"
    OFF = "off"


GLYPHS = {Tone.PLAIN: "", Tone.GOOD: "● ", Tone.ATTENTION: "▲ ", Tone.FAULT: "✕ ", Tone.OFF: "○ "}
COLOURS = {
    Tone.PLAIN: "$foreground",
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


class HelpLine(Static):
    """What this step wants and what to scan."""

    def __init__(self, text: str) -> None:
        super().__init__(text, id="help-line", markup=False)


class MessageLine(Static):
    """The reserved place for what just happened. Nothing else on the screen moves when it speaks."""

    def __init__(self) -> None:
        super().__init__("", id="message-line", markup=False)
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


class StatusLine(Static):
    """How devices and services are, who is signed in, and the time. Words for what is well yield when it is narrow."""

    def __init__(self) -> None:
        super().__init__("", id="status-line", markup=False)
        self._indicators: tuple[Indicator, ...] = ()
        self._right = ""

    def show(self, indicators: Sequence[Indicator], right: str) -> None:
        """Show these; nothing is painted anew when nothing changed."""
        if (tuple(indicators), right) != (self._indicators, self._right):
            self._indicators, self._right = tuple(indicators), right
            self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        room = max(0, self.size.width - 4 - cell_len(self._right))
        parts = self._parts(every_word=True)
        if sum(part.cell_length + 2 for part in parts) > room:
            parts = self._parts(every_word=False)
        left = Content("  ").join(parts).truncate(room, ellipsis=True, pad=True)
        self.update(Content.assemble(" ", left, "  ", self._right, " "), layout=False)

    def _parts(self, *, every_word: bool) -> list[Content]:
        parts: list[Content] = []
        for one in self._indicators:
            worded = one.word and (every_word or one.tone is not Tone.GOOD)
            parts.append(state_line(one.tone, f"{one.name} {one.word}" if worded else one.name))
        return parts
