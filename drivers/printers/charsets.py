"""Characters on their way to a printer: what its own font can print, in how many cells, and what must be drawn.

Column arithmetic counts *printed cells*: a character a printer prints from two bytes takes two cells of 12 dots, also
where a terminal would show it in one (№ × ° — Ж in GBK). Chinese printers are sent GBK, never GB18030, whose
four-byte forms most of them print as junk. A character outside the printer's set is drawn from the glyph atlas.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.printers.glyphs import glyph, narrow_glyph, wide_glyph
from drivers.printers.profiles import Charset

# Look-alikes that every charset has, applied before encoding.
_NORMAL = str.maketrans({"¥": "￥", "€": "EUR", "\u00a0": " ", "\t": "    ", "\u2011": "-", "\u00ad": ""})
_ZERO_WIDTH = {"Cf"}
_VARIATION = range(0xFE00, 0xFE10)


@dataclass(frozen=True, slots=True)
class Char:
    """One character ready for paper: `code` is what the printer's font prints; empty = it must be drawn."""

    char: str
    code: bytes
    cells: int


def normalise(text: str, charset: Charset) -> str:
    """The text as it will be printed: one form per character, ￥ for ¥, no invisible format characters.

    What the charset lacks is folded to its compatibility form (ﬁ → fi) where that can be printed. Control characters
    other than tab stay and are later drawn as a box with their number: they never reach the printer as bytes.
    """
    text = unicodedata.normalize("NFC", text).translate(_NORMAL)
    out: list[str] = []
    for char in text:
        if unicodedata.category(char) in _ZERO_WIDTH or ord(char) in _VARIATION:
            continue
        if charset is not Charset.RASTER and not encoded(char, charset):
            folded = unicodedata.normalize("NFKC", char)
            if all(encoded(part, charset) for part in folded):
                out.append(folded)
                continue
        out.append(char)
    return "".join(out)


def encoded(char: str, charset: Charset) -> bytes:
    """A character's bytes in the printer's charset, empty when it has none; never a control byte, never `?` for it."""
    if charset is Charset.RASTER:
        return b""
    if char == "¥":  # a Shift-JIS printer would print a backslash
        return b""
    try:
        code = char.encode(charset.value)
    except UnicodeEncodeError:
        return b""
    if len(code) == 1 and (code[0] < 0x20 or code[0] == 0x7F or (charset is Charset.GBK and code[0] > 0x7E)):
        return b""
    return code if len(code) <= 2 else b""


def chars(text: str, charset: Charset) -> tuple[Char, ...]:
    """Every character of a line, normalised, with its bytes and its printed cells."""
    return tuple(_chars(text, charset))


def _chars(text: str, charset: Charset) -> Iterator[Char]:
    for char in normalise(text, charset):
        code = encoded(char, charset)
        yield Char(char, code, len(code) or glyph(char).cells)


def cells(text: str, charset: Charset) -> int:
    """Printed cells of a text."""
    return sum(char.cells for char in _chars(text, charset))


def picture_rows(char: Char) -> tuple[int, ...]:
    """The 24 rows of a character's cell, `char.cells` * 12 bits each, for when it is drawn instead of printed."""
    if char.cells == 1:
        return narrow_glyph(char.char).rows
    return (wide_glyph(char.char) if char.code else glyph(char.char)).rows
