"""Text that folds as people write it: no line begins with a closing mark, no glyph stands alone, no code is torn.

Textual folds at blanks only and anywhere in Chinese, which has none.
"""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

_NOT_FIRST = frozenset("，。：；、！？）」』】》〉…,.;:!?)]}％%")
_NOT_LAST = frozenset("（「『【《〈([{")
_GLYPHS = frozenset("●▲✕○✓▶…")


class Prose(Static):
    """A `Static` whose text is folded for the width it has when it is painted."""

    def __init__(self, text: Content | str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(text, id=id, classes=classes, markup=False)

    def render(self) -> Content:
        return fold(self._text(), self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return fold(self._text(), width).plain.count("\n") + 1 if width else 0

    def _text(self) -> Content:
        text = self.content
        return text if isinstance(text, Content) else Content(str(text))


def fold(text: Content, width: int) -> Content:
    """`text` with line breaks so that every line fits `width` cells; a width of 0 leaves it as it is."""
    if width <= 0 or not text.plain:
        return text
    lines: list[Content] = []
    for line in text.split("\n", allow_blank=True):
        rest = line
        while cell_len(rest.plain) > width:
            at = _break(rest.plain, width)
            lines.append(rest[:at].rstrip())
            rest = rest[at:]
        lines.append(rest)
    return Content("\n").join(lines)


def _break(text: str, width: int) -> int:
    """How many characters of `text`, which is too long, stand on its first line."""
    used = best = fits = 0
    for at, character in enumerate(text):
        used += cell_len(character)
        if used > width and not (character == " " and used == width + 1):
            break
        fits = at + 1
        if at + 1 < len(text) and _may_break(text, at):
            best = at + 1
    return best or max(1, fits)


def _may_break(text: str, at: int) -> bool:
    """Whether a line may end with the character at `at`."""
    here, following = text[at], text[at + 1]
    if following in _NOT_FIRST or following == " " or here in _NOT_LAST:
        return False
    if here == " ":
        return not (at > 0 and text[at - 1] in _GLYPHS)
    return cell_len(here) == 2 or cell_len(following) == 2
