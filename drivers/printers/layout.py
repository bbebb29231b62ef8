"""Elements of a document into printed lines: wrapping, columns, alignment, all counted in printed cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.printers.base import Align, Cell, Pair, Row, Text
from drivers.printers.charsets import Char, chars
from drivers.printers.profiles import Charset

_CLOSING = frozenset("，。、；：！？）》」』】〕”’…,.;:!?)%]}")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. `align` CENTER is left to the printer; everything else is spaces in `chars`."""

    chars: tuple[Char, ...]
    bold: bool = False
    size: int = 1
    align: Align = Align.LEFT


class Layout:
    """Lays out texts for a paper of `columns` cells in a charset."""

    def __init__(self, columns: int, charset: Charset) -> None:
        self.columns = columns
        self.charset = charset
        self._blank = chars(" ", charset)

    def text(self, element: Text) -> Iterator[Line]:
        """The wrapped lines of a paragraph; a line break in the text begins a new one."""
        columns = self.columns // element.size
        for part in element.text.splitlines() or [""]:
            for line in self._wrap(part, columns):
                if element.align is Align.RIGHT:
                    line = self._pad(line, columns, Align.RIGHT)
                align = Align.CENTER if element.align is Align.CENTER else Align.LEFT
                yield Line(line, element.bold, element.size, align)

    def pair(self, element: Pair) -> Iterator[Line]:
        """Label and value on one line with at least one blank between, else the value below, flush right."""
        columns = self.columns // element.size
        left, right = self._chars(element.left), self._chars(element.right)
        room = columns - _cells(left) - _cells(right)
        if room >= 1:
            yield Line(left + self._blank * room + right, element.bold, element.size)
            return
        for line in self._wrap(element.left, columns):
            yield Line(line, element.bold, element.size)
        for line in self._wrap(element.right, columns):
            yield Line(self._pad(line, columns, Align.RIGHT), element.bold, element.size)

    def row(self, element: Row) -> Iterator[Line]:
        """Cells side by side; as many lines as the tallest cell needs."""
        widths = self._widths(element.cells)
        columns = [self._wrap(cell.text, width) for cell, width in zip(element.cells, widths, strict=True)]
        for at in range(max(len(lines) for lines in columns)):
            line: tuple[Char, ...] = ()
            for place, (cell, width, lines) in enumerate(zip(element.cells, widths, columns, strict=True)):
                part = lines[at] if at < len(lines) else ()
                line += (self._blank if place else ()) + self._pad(part, width, cell.align)
            yield Line(_trimmed(line), element.bold)

    def _widths(self, row: tuple[Cell, ...]) -> list[int]:
        free = self.columns - sum(cell.columns for cell in row) - (len(row) - 1)
        open_cells = sum(1 for cell in row if not cell.columns)
        widths: list[int] = []
        for cell in row:
            share = max(free // open_cells, 2) if not cell.columns else cell.columns
            if not cell.columns:
                free -= share
                open_cells -= 1
            widths.append(share)
        return widths

    def _pad(self, line: tuple[Char, ...], columns: int, align: Align) -> tuple[Char, ...]:
        room = max(columns - _cells(line), 0)
        before = {Align.LEFT: 0, Align.RIGHT: room, Align.CENTER: room // 2}[align]
        return self._blank * before + line + self._blank * (room - before)

    def _chars(self, text: str) -> tuple[Char, ...]:
        return chars(" ".join(text.splitlines()), self.charset)

    def _wrap(self, text: str, columns: int) -> list[tuple[Char, ...]]:
        """Break at blanks and beside wide characters; a run of narrow ones longer than a line is cut. No text is lost.

        A line never begins with closing punctuation when the character before it can move down with it.
        """
        lines: list[tuple[Char, ...]] = []
        rest = self._chars(text)
        while _cells(rest) > columns:
            fit = _fitting(rest, columns)
            cut = _break(rest, fit, columns)
            lines.append(_trimmed(rest[:cut]))
            rest = rest[cut:]
            while rest and rest[0].char == " ":
                rest = rest[1:]
        return [*lines, rest]


def _cells(line: tuple[Char, ...]) -> int:
    return sum(char.cells for char in line)


def _fitting(line: tuple[Char, ...], columns: int) -> int:
    used = 0
    for at, char in enumerate(line):
        used += char.cells
        if used > columns:
            return max(at, 1)
    return len(line)


def _break(line: tuple[Char, ...], fit: int, columns: int) -> int:
    """Where to break, at most `fit`: the last place beside a blank or a wide character.

    A code must stay whole for whoever types it off the paper, so a narrow run moves to the next line however short
    that leaves this one; only a run longer than a line is cut hard.
    """
    for cut in range(fit, 0, -1):
        if cut >= len(line) or line[cut].char in _CLOSING or not _trimmed(line[:cut]):
            continue
        if _may_part(line[cut - 1], line[cut]):
            return cut if _run(line, cut) <= columns else fit
    return fit


def _may_part(before: Char, after: Char) -> bool:
    return " " in (before.char, after.char) or before.cells == 2 or after.cells == 2


def _run(line: tuple[Char, ...], start: int) -> int:
    """Cells of the unbreakable run that begins at `start`."""
    end = start + 1
    while end < len(line) and not _may_part(line[end - 1], line[end]):
        end += 1
    return _cells(line[start:end])


def _trimmed(line: tuple[Char, ...]) -> tuple[Char, ...]:
    end = len(line)
    while end and line[end - 1].char == " ":
        end -= 1
    return line[:end]
