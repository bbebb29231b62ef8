"""Dots on their way to a printer: rows of a line, bands of a raster image, columns of a bit image.

A row is an integer whose most significant bit is the leftmost dot. Graphics bytes are data of a command, but printers
look for *real-time* commands in everything they receive, also within images: 10 14 01 opens the cash drawer, 10 04
asks for the status. Every image is searched for these and one white dot is blackened where one would stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from drivers.printers.charsets import Char, picture_rows

BAND_ROWS = 128
"""The tallest raster image sent at once; clones print junk on much taller ones."""

_REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


def line_rows(chars: Iterable[Char], bold: bool, size: int) -> list[int]:
    """The dots of a line: 24 rows, or 48 twice as wide for size 2."""
    rows = [0] * 24
    for char in chars:
        width = 12 * char.cells
        for y, row in enumerate(picture_rows(char)):
            rows[y] = rows[y] << width | (row | row >> 1 if bold else row)
    if size == 1:
        return rows
    return [doubled(row) for row in rows for _ in range(2)]


def doubled(row: int) -> int:
    """Every dot twice."""
    return int(bin(row)[2:].replace("1", "11").replace("0", "00"), 2)


def defused(data: bytes) -> bytes:
    """Image bytes without a real-time command in them: one more black dot in each byte 10 that would begin one."""
    if not any(command in data for command in _REAL_TIME):
        return data
    safe = bytearray(data)
    for at in range(len(safe) - 1):
        if bytes(safe[at : at + 2]) in _REAL_TIME:
            safe[at] = 0x18
    return bytes(safe)


def raster_bands(rows: Sequence[int], width_dots: int) -> Iterator[tuple[int, int, bytes]]:
    """Bands for `GS v 0`: bytes a row (white at the right cut off), number of rows, defused data."""
    total = (width_dots + 7) // 8
    padding = total * 8 - width_dots
    for start in range(0, len(rows), BAND_ROWS):
        band = [row << padding for row in rows[start : start + BAND_ROWS]]
        ink = 0
        for row in band:
            ink |= row
        spare = (ink & -ink).bit_length() - 1 if ink else total * 8 - 8
        width = total - spare // 8
        data = b"".join((row >> 8 * (total - width)).to_bytes(width, "big") for row in band)
        yield width, len(band), defused(data)


def bit_columns(rows: Sequence[int], width: int) -> bytes:
    """Columns for `ESC * 33`: three bytes a column, the top dot is the most significant bit; defused."""
    out = bytearray()
    for x in range(width - 1, -1, -1):
        column = 0
        for row in rows:
            column = column << 1 | (row >> x & 1)
        out += column.to_bytes(3, "big")
    return defused(bytes(out))
