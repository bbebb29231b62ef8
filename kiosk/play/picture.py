"""Pictures of the emulated screen: `shot FILE.svg` as text, `shot FILE.png` with the glyphs of the slip printer."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.play.camera import block_parts, colours
from kiosk.play.terminal import ScreenCell

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_WIDTH: Final = 12
_HEIGHT: Final = 24
# Signs that the printer's font lacks, and what it has instead.
_ALIKE: Final = {"✓": "√", "✔": "√", "✕": "×", "✗": "×", "▶": ">", "◀": "<", "•": "·", "⌫": "«"}
_FONTS: Final = "'DejaVu Sans Mono','Noto Sans Mono CJK SC','Noto Sans CJK SC','WenQuanYi Micro Hei',monospace"


def save(cells: Sequence[Sequence[ScreenCell]], path: Path) -> None:
    """Write the screen as SVG or PNG, by the ending of the path. Raises OSError."""
    if path.suffix == ".svg":
        path.write_text(svg(cells), encoding="utf-8")
    else:
        _save_png(cells, path)


def svg(cells: Sequence[Sequence[ScreenCell]]) -> str:
    """The screen as an SVG document: every character placed in its own cell, so that no font can shift the rest."""
    columns = len(cells[0]) if cells else 0
    width, height = columns * _WIDTH, len(cells) * _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="{_FONTS}" font-size="19">',
        f'<rect width="{width}" height="{height}" fill="#000"/>',
    ]
    for y, row in enumerate(cells):
        parts.extend(_grounds(row, y))
        parts.extend(_characters(row, y))
    return "\n".join([*parts, "</svg>", ""])


def _grounds(row: Sequence[ScreenCell], y: int) -> list[str]:
    grounds: list[str] = []
    start = 0
    for x in range(1, len(row) + 1):
        ground = colours(row[start])[1]
        if x == len(row) or colours(row[x])[1] != ground:
            grounds.append(
                f'<rect x="{start * _WIDTH}" y="{y * _HEIGHT}" width="{(x - start) * _WIDTH}"'
                f' height="{_HEIGHT}" fill="#{ground}"/>'
            )
            start = x
    return grounds


def _characters(row: Sequence[ScreenCell], y: int) -> list[str]:
    drawn: list[str] = []
    for x, cell in enumerate(row):
        ink = colours(cell)[0]
        if parts := block_parts(cell.text):
            drawn.extend(
                f'<rect x="{x * _WIDTH + left * _WIDTH / 8}" y="{y * _HEIGHT + top * _HEIGHT / 8}"'
                f' width="{(right - left) * _WIDTH / 8}" height="{(bottom - top) * _HEIGHT / 8}" fill="#{ink}"/>'
                for left, top, right, bottom in parts
            )
        elif cell.text.strip():
            weight = ' font-weight="bold"' if cell.bold else ""
            drawn.append(
                f'<text x="{x * _WIDTH}" y="{y * _HEIGHT + 18}" fill="#{ink}"{weight}>{escape(cell.text)}</text>'
            )
    return drawn


def _save_png(cells: Sequence[Sequence[ScreenCell]], path: Path) -> None:
    from PIL import Image, ImageDraw

    columns = len(cells[0]) if cells else 0
    picture = Image.new("RGB", (columns * _WIDTH, len(cells) * _HEIGHT))
    draw = ImageDraw.Draw(picture)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            wide = x + 1 < columns and not row[x + 1].text
            if cell.text:
                _draw_cell(draw, cell, x * _WIDTH, y * _HEIGHT, wide=wide)
    picture.save(path)


def _draw_cell(draw: "ImageDraw", cell: ScreenCell, left: int, top: int, *, wide: bool) -> None:
    from PIL import Image

    from drivers.printers.glyphs import narrow_glyph, wide_glyph

    ink, ground = (f"#{colour}" for colour in colours(cell))
    draw.rectangle((left, top, left + (2 if wide else 1) * _WIDTH - 1, top + _HEIGHT - 1), fill=ground)
    rectangles = [
        (left * _WIDTH // 8, top * _HEIGHT // 8, right * _WIDTH // 8, bottom * _HEIGHT // 8)
        for left, top, right, bottom in block_parts(cell.text)
    ] or _lines(cell.text)
    if rectangles:
        for x0, y0, x1, y1 in rectangles:
            draw.rectangle((left + x0, top + y0, left + x1 - 1, top + y1 - 1), fill=ink)
    elif cell.text.strip():
        character = _ALIKE.get(cell.text[0], cell.text[0])
        glyph = wide_glyph(character) if wide else narrow_glyph(character)
        data = b"".join((bits << (32 - glyph.width)).to_bytes(4, "big") for bits in glyph.rows)
        mask = Image.frombytes("1", (32, _HEIGHT), data).crop((0, 0, glyph.width, _HEIGHT))
        draw.bitmap((left, top), mask, fill=ink)


@cache
def _lines(text: str) -> list[tuple[int, int, int, int]]:
    """A box-drawing character as rectangles in dots, from what its Unicode name says; empty for all others."""
    name = unicodedata.name(text, "") if len(text) == 1 else ""
    if not name.startswith("BOX DRAWINGS"):
        return []
    half = 2 if "HEAVY" in name else 1
    across, down = _WIDTH // 2, _HEIGHT // 2
    words = set(name.split())
    drawn: list[tuple[int, int, int, int]] = []
    if words & {"HORIZONTAL", "LEFT"}:
        drawn.append((0, down - half, across + half, down + half))
    if words & {"HORIZONTAL", "RIGHT"}:
        drawn.append((across - half, down - half, _WIDTH, down + half))
    if words & {"VERTICAL", "UP"}:
        drawn.append((across - half, 0, across + half, down + half))
    if words & {"VERTICAL", "DOWN"}:
        drawn.append((across - half, down - half, across + half, _HEIGHT))
    return drawn
