"""The last gate before the terminal: nothing in a frame but characters that are seen.

Textual passes control characters on, also with markup off: an ESC in a customer's name would be a command to the
terminal. Texts are cleaned where they come in; this holds for whatever a widget is given all the same.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_UNSEEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, delete, C1
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069"  # zero width space, bidirectional controls
    "\u2028\u2029\u2060-\u2065\ufeff\ufff9-\ufffb"  # separators, invisible operators, annotations
    "\ud800-\udfff"  # halves of a surrogate pair
    "\U000e0000-\U000e007f"  # tags
    "]"
)


class VisibleText(LineFilter):
    """Replaces what must not reach a terminal by as many blanks as it was given cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if not any(_UNSEEN.search(segment.text) for segment in segments):
            return segments
        return [Segment(visible(segment.text), segment.style, segment.control) for segment in segments]


def visible(text: str) -> str:
    """`text` without what must not reach a terminal, as wide as it was."""
    return _UNSEEN.sub(lambda found: " " * cell_len(found[0]), text)
