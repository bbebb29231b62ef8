"""Bake `glyphs.bin` from the outline font WenQuanYi Micro Hei; a tool for maintainers, never run by the kiosk.

    apt-get install fonts-wqy-microhei
    python -m drivers.printers.bake_glyphs /usr/share/fonts/truetype/wqy/wqy-microhei.ttc drivers/printers/glyphs.bin

The layout of the file is described in glyphs.py, which reads it; licence and attribution are in glyphs.NOTICE.txt.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.printers.glyphs import HEADER, HEIGHT, MAGIC

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

HALF_SIZE, HALF_BASELINE = 20, 19  # the monospaced face advances 0.6 em: exactly 12 dots at size 20
FULL_SIZE, FULL_BASELINE = 24, 21
NOT_A_CHARACTER = "\uffff"
# Characters of GBK and JIS X 0208 which the font lacks, drawn by their look-alikes.
LOOK_ALIKES = {"\u301c": "\uff5e", "\u0251": "\u03b1", "\u0261": "g", "\u2609": "\u2299"}


def half_characters() -> set[str]:
    """Everything a single-byte code page or a halfwidth form can ask for, 12 dots wide."""
    ranges = [(0x20, 0x7E), (0xA0, 0x17F), (0x180, 0x24F), (0x370, 0x3FF), (0x400, 0x45F), (0x490, 0x4FF)]
    ranges += [(0x1E00, 0x1EFF), (0x2010, 0x203A), (0xFF61, 0xFF9F)]
    wanted = {chr(code) for first, last in ranges for code in range(first, last + 1)}
    for page in ("cp437", "cp866", "cp1252", "cp858"):
        wanted.update(bytes([byte]).decode(page, "ignore") for byte in range(0x80, 0x100))
    return {char for char in wanted if len(char) == 1 and char.isprintable()} | {" ", "\u00a0"}


def full_characters() -> set[str]:
    """Everything that takes two bytes in GBK or Shift-JIS, and every other common Han character, 24 dots wide."""
    wanted: set[str] = {chr(code) for code in range(0x4E00, 0xA000)}
    for code in range(0x80, 0xFFFF):
        char = chr(code)
        for charset in ("gbk", "shift_jis"):
            try:
                if len(char.encode(charset)) == 2:
                    wanted.add(char)
            except UnicodeEncodeError:
                continue
    return {char for char in wanted if char.isprintable()} | {"\u3000"}


class Face:
    """One face of the collection, drawing characters into cells of a given width."""

    def __init__(self, path: Path, index: int, size: int, baseline: int, width: int) -> None:
        from PIL import ImageFont

        self.font: FreeTypeFont = ImageFont.truetype(str(path), size, index=index, layout_engine=ImageFont.Layout.BASIC)
        self.baseline = baseline
        self.width = width
        self._missing = self._ink(NOT_A_CHARACTER)

    def _ink(self, char: str) -> bytes | None:
        from PIL import Image, ImageDraw

        canvas = Image.new("1", (48, 48), 0)
        pen = ImageDraw.Draw(canvas)
        pen.fontmode = "1"
        try:
            pen.text((12, 36), char, font=self.font, fill=1, anchor="ls")
        except RuntimeError:  # the shaping library refuses characters the face does not know
            return None
        return canvas.tobytes()

    def draw(self, char: str) -> list[int] | None:
        """The rows of a character's cell as integers of `width` bits; None when the face lacks it."""
        from PIL import Image, ImageDraw

        if char in " \u00a0\u3000":
            return [0] * HEIGHT
        if self._ink(char) in (None, self._missing):
            return None
        advance = max(1, round(self.font.getlength(char)))
        stretch = 0x2500 <= ord(char) <= 0x259F  # lines and blocks must meet their neighbours
        cell = Image.new("1", (advance if stretch else self.width, HEIGHT), 0)
        pen = ImageDraw.Draw(cell)
        pen.fontmode = "1"
        left = 0 if stretch else (self.width - self.font.getlength(char)) / 2
        pen.text((left, self.baseline), char, font=self.font, fill=1, anchor="ls")
        if stretch:
            cell = cell.resize((self.width, HEIGHT))
        return [_row(cell.crop((0, y, self.width, y + 1)).tobytes(), self.width) for y in range(HEIGHT)]


def _row(packed: bytes, width: int) -> int:
    return int.from_bytes(packed, "big") >> (len(packed) * 8 - width)


def drawn(characters: Iterable[str], faces: list[Face]) -> Iterator[tuple[str, list[int]]]:
    """Each character the first willing face has, in code order."""
    for char in sorted(characters):
        for face in faces:
            rows = face.draw(LOOK_ALIKES.get(char, char))
            if rows is not None:
                yield char, rows
                break


def bake(font: Path, target: Path) -> None:
    """Write the atlas."""
    half = list(
        drawn(
            half_characters(),
            [Face(font, 1, HALF_SIZE, HALF_BASELINE, 12), Face(font, 0, HALF_SIZE, HALF_BASELINE, 12)],
        )
    )
    full = list(drawn(full_characters(), [Face(font, 0, FULL_SIZE, FULL_BASELINE, 24)]))
    out = bytearray(struct.pack(HEADER, MAGIC, HEIGHT, len(half), len(full)))
    for table in (half, full):
        out += b"".join(struct.pack("<H", ord(char)) for char, _ in table)
    out += b"".join((row << 4).to_bytes(2, "big") for _, rows in half for row in rows)
    out += b"".join(row.to_bytes(3, "big") for _, rows in full for row in rows)
    target.write_bytes(out)


if __name__ == "__main__":
    bake(Path(sys.argv[1]), Path(sys.argv[2]))
