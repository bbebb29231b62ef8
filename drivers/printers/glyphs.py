"""The glyph atlas: every character of GBK, JIS X 0208, Cyrillic and Latin as a 1-bit picture of a printer's cell.

A receipt printer's font has cells of 24 dots height, 12 wide for single-byte characters and 24 wide for double-byte
ones. The atlas has the same geometry, so a character the printer lacks can be sent as a picture without disturbing
its line, and a whole slip can be drawn as the printer would. `glyphs.bin` is opened by mmap and read on demand:
header, code points of the half table and of the full table (sorted 16-bit little-endian), then 48 bytes a half cell
(24 rows of 12 bits, left-aligned in two bytes) and 72 bytes a full cell. bake_glyphs.py writes it.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

MAGIC = b"GLYPHS01"
HEADER = "<8sIII"
HEIGHT = 24
HALF, FULL = 12, 24


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's cell: `rows` are 24 integers of `width` bits, the most significant bit is the leftmost dot."""

    width: int
    rows: tuple[int, ...]

    @property
    def cells(self) -> int:
        """Printed cells of 12 dots: 1 or 2."""
        return self.width // HALF


class Atlas:
    """The open atlas file."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        magic, height, half, full = struct.unpack_from(HEADER, data)
        if magic != MAGIC or height != HEIGHT:
            raise ValueError("glyphs.bin is not a glyph atlas of this version")
        view = memoryview(data)
        start = struct.calcsize(HEADER)
        self._half_codes = struct.unpack_from(f"<{half}H", data, start)
        self._full_codes = struct.unpack_from(f"<{full}H", data, start + 2 * half)
        pictures = start + 2 * (half + full)
        self._half = view[pictures : pictures + 48 * half]
        self._full = view[pictures + 48 * half :]

    def half(self, char: str) -> Glyph | None:
        """The 12-dot form, None when there is none."""
        at = _find(self._half_codes, ord(char))
        if at is None:
            return None
        cell = self._half[48 * at : 48 * at + 48]
        return Glyph(HALF, tuple(int.from_bytes(cell[y : y + 2], "big") >> 4 for y in range(0, 48, 2)))

    def full(self, char: str) -> Glyph | None:
        """The 24-dot form, None when there is none."""
        at = _find(self._full_codes, ord(char))
        if at is None:
            return None
        cell = self._full[72 * at : 72 * at + 72]
        return Glyph(FULL, tuple(int.from_bytes(cell[y : y + 3], "big") for y in range(0, 72, 3)))


def _find(codes: tuple[int, ...], code: int) -> int | None:
    at = bisect_left(codes, code)
    return at if at < len(codes) and codes[at] == code else None


@cache
def atlas() -> Atlas:
    """The shared atlas; opened at the first character that needs it."""
    with resources.as_file(resources.files("drivers.printers") / "glyphs.bin") as path, path.open("rb") as file:
        return Atlas(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@lru_cache(maxsize=8192)
def glyph(char: str) -> Glyph:
    """The natural form of a character: narrow where the atlas has a narrow one, else wide, else a box with its code.

    Never raises and never gives a question mark for another character.
    """
    return atlas().half(char) or atlas().full(char) or box(ord(char))


@lru_cache(maxsize=8192)
def wide_glyph(char: str) -> Glyph:
    """What a printer draws for a double-byte character."""
    return atlas().full(char) or _widened(atlas().half(char)) or box(ord(char))


@lru_cache(maxsize=1024)
def narrow_glyph(char: str) -> Glyph:
    """What a printer draws for a single-byte character; squeezed when only a wide form exists."""
    found = atlas().half(char)
    return found if found is not None else _narrowed(atlas().full(char) or box(ord(char)))


def _widened(narrow: Glyph | None) -> Glyph | None:
    return None if narrow is None else Glyph(FULL, tuple(row << 6 for row in narrow.rows))


def _narrowed(wide: Glyph) -> Glyph:
    rows: list[int] = []
    for row in wide.rows:
        dots = [(row >> shift) & 3 for shift in range(22, -1, -2)]
        rows.append(sum(1 << (11 - x) for x, pair in enumerate(dots) if pair))
    return Glyph(HALF, tuple(rows))


# Hexadecimal digits, 4 x 7 dots, one row a nibble, top to bottom.
_DIGITS = (
    (0x6, 0x9, 0x9, 0x9, 0x9, 0x9, 0x6),
    (0x2, 0x6, 0x2, 0x2, 0x2, 0x2, 0x7),
    (0x6, 0x9, 0x1, 0x2, 0x4, 0x8, 0xF),
    (0xE, 0x1, 0x1, 0x6, 0x1, 0x1, 0xE),
    (0x2, 0x6, 0xA, 0xA, 0xF, 0x2, 0x2),
    (0xF, 0x8, 0xE, 0x1, 0x1, 0x9, 0x6),
    (0x6, 0x8, 0x8, 0xE, 0x9, 0x9, 0x6),
    (0xF, 0x1, 0x1, 0x2, 0x2, 0x4, 0x4),
    (0x6, 0x9, 0x9, 0x6, 0x9, 0x9, 0x6),
    (0x6, 0x9, 0x9, 0x7, 0x1, 0x1, 0x6),
    (0x6, 0x9, 0x9, 0xF, 0x9, 0x9, 0x9),
    (0xE, 0x9, 0x9, 0xE, 0x9, 0x9, 0xE),
    (0x7, 0x8, 0x8, 0x8, 0x8, 0x8, 0x7),
    (0xE, 0x9, 0x9, 0x9, 0x9, 0x9, 0xE),
    (0xF, 0x8, 0x8, 0xE, 0x8, 0x8, 0xF),
    (0xF, 0x8, 0x8, 0xE, 0x8, 0x8, 0x8),
)


def box(code: int) -> Glyph:
    """A frame with the code point in hexadecimal: two digits above two, or three above three beyond U+FFFF."""
    a_line = 2 if code <= 0xFFFF else 3
    digits = f"{code:0{2 * a_line}X}"
    rows = [0] * HEIGHT
    edge = ((1 << 22) - 1) << 1
    rows[0] = rows[HEIGHT - 1] = edge
    for y in range(1, HEIGHT - 1):
        rows[y] = 1 << 22 | 1 << 1
    spacing = 7 if a_line == 2 else 6
    left = 6 if a_line == 2 else 4
    for at, digit in enumerate(digits):
        line, place = divmod(at, a_line)
        shift = FULL - 4 - left - spacing * place
        for y, nibble in enumerate(_DIGITS[int(digit, 16)]):
            rows[3 + 11 * line + y] |= nibble << shift
    return Glyph(FULL, tuple(rows))
