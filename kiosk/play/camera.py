"""The customer's phone: photographs the screen's cells and reads the QR code with readers that are not ours.

Every cell becomes 8 by 16 pixels of its own colours; block elements are drawn as the parts they fill, all other
characters are left out. zxing-cpp reads first; where libzbar is installed, zbar must not read anything else.
"""

import importlib
from collections.abc import Sequence
from typing import Any, Final

from kiosk.play.terminal import ScreenCell

CELL_WIDTH: Final = 8
CELL_HEIGHT: Final = 16
_NAMED: Final = {
    "black": "000000",
    "red": "cd0000",
    "green": "00cd00",
    "brown": "cdcd00",
    "blue": "0000ee",
    "magenta": "cd00cd",
    "cyan": "00cdcd",
    "white": "e5e5e5",
}
_DEFAULT_FOREGROUND: Final = "e5e5e5"
_DEFAULT_BACKGROUND: Final = "000000"
# Each block element as rectangles in eighths of a cell: left, top, right, bottom.
_BLOCKS: Final = {
    "█": ((0, 0, 8, 8),),
    "▀": ((0, 0, 8, 4),),
    "▄": ((0, 4, 8, 8),),
    "▌": ((0, 0, 4, 8),),
    "▐": ((4, 0, 8, 8),),
    "▘": ((0, 0, 4, 4),),
    "▝": ((4, 0, 8, 4),),
    "▖": ((0, 4, 4, 8),),
    "▗": ((4, 4, 8, 8),),
    "▚": ((0, 0, 4, 4), (4, 4, 8, 8)),
    "▞": ((4, 0, 8, 4), (0, 4, 4, 8)),
    "▛": ((0, 0, 8, 4), (0, 4, 4, 8)),
    "▜": ((0, 0, 8, 4), (4, 4, 8, 8)),
    "▙": ((0, 0, 4, 8), (4, 4, 8, 8)),
    "▟": ((4, 0, 8, 8), (0, 4, 4, 8)),
    "▔": ((0, 0, 8, 1),),
    "▕": ((7, 0, 8, 8),),
    **{chr(0x2580 + eighths): ((0, 8 - eighths, 8, 8),) for eighths in (1, 2, 3, 5, 6, 7)},
    **{chr(0x2590 - eighths): ((0, 0, eighths, 8),) for eighths in (1, 2, 3, 5, 6, 7)},
}


class UnreadableCode(Exception):  # noqa: N818  a finding, not a defect
    """The photograph shows no code, or the readers disagree about it."""


def colours(cell: ScreenCell) -> tuple[str, str]:
    """Foreground and background of a cell as six hexadecimal digits each, reversal applied."""
    foreground = _hex(cell.foreground, _DEFAULT_FOREGROUND)
    background = _hex(cell.background, _DEFAULT_BACKGROUND)
    return (background, foreground) if cell.reverse else (foreground, background)


def block_parts(text: str) -> tuple[tuple[int, int, int, int], ...]:
    """The rectangles a block element fills, in eighths of its cell; empty for every other character."""
    return _BLOCKS.get(text, ())


def read_code(cells: Sequence[Sequence[ScreenCell]]) -> str:
    """The text of the QR code on the screen. Raises UnreadableCode."""
    from PIL import Image
    from zxingcpp import BarcodeFormat, BarcodeFormats, read_barcodes

    width, height, pixels = photograph(cells)
    picture = Image.frombytes("L", (width, height), pixels)
    read = [
        code.text for code in read_barcodes(picture, BarcodeFormats([BarcodeFormat.QRCode])) if code.valid and code.text
    ]
    if not read:
        raise UnreadableCode("no QR code can be read from the screen")
    second = _second_reading(picture)
    if second and not set(second) & set(read):
        raise UnreadableCode(f"two readers disagree about the code: {read[0]!r} and {second[0]!r}")
    payable = [text for text in read if "://" in text]
    return (payable or read)[0]


def _second_reading(picture: object) -> list[str]:
    """What zbar reads; nothing where it is not installed."""
    try:
        zbar: Any = importlib.import_module("pyzbar.pyzbar")  # raises ImportError without libzbar
    except ImportError:
        return []
    return [str(found.data, "utf-8", "replace") for found in zbar.decode(picture, [zbar.ZBarSymbol.QRCODE])]


def photograph(cells: Sequence[Sequence[ScreenCell]]) -> tuple[int, int, bytes]:
    """Width, height and grey pixels (one byte each, row by row) of the screen."""
    columns = len(cells[0]) if cells else 0
    rows: list[bytes] = []
    for row in cells:
        tiles = [_tile(cell) for cell in row]
        rows.extend(b"".join(tile[line] for tile in tiles) for line in range(CELL_HEIGHT))
    return columns * CELL_WIDTH, len(cells) * CELL_HEIGHT, b"".join(rows)


def _tile(cell: ScreenCell) -> list[bytes]:
    foreground, background = (_grey(colour) for colour in colours(cell))
    parts = block_parts(cell.text)
    lines: list[bytes] = []
    for y in range(CELL_HEIGHT):
        line = bytearray([background] * CELL_WIDTH)
        for left, top, right, bottom in parts:
            if top * CELL_HEIGHT // 8 <= y < bottom * CELL_HEIGHT // 8:
                line[left:right] = bytes([foreground] * (right - left))
        lines.append(bytes(line))
    return lines


def _hex(colour: str, default: str) -> str:
    if colour == "default":
        return default
    return _NAMED.get(colour.removeprefix("bright"), colour if len(colour) == 6 else default)


def _grey(colour: str) -> int:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (0, 2, 4))
    return (299 * red + 587 * green + 114 * blue) // 1000
