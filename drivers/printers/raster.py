"""ESC/POS bytes as a picture: what the paper looks like, drawn dot by dot with the glyph atlas.

Serves the virtual printer and slips kept as files: because it draws the very bytes a printer gets, the file has the
content of the paper. Text in Kanji mode (GBK, Shift-JIS), code pages 437 and 866, sizes, bold, alignment, raster and
bit images, QR, Code 128, feeds and cuts. Other commands change nothing visible here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO

from drivers.printers.bitmaps import doubled
from drivers.printers.code128 import bars
from drivers.printers.commands import Token, parse
from drivers.printers.glyphs import Glyph, narrow_glyph, wide_glyph

LINE_ROWS = 30
MARGIN_ROWS = 24

# ESC t numbers on Epson models and most others; the rest prints as 437.
_CODE_PAGES = {17: "cp866", 7: "cp866", 16: "cp1252", 19: "cp858", 2: "cp850"}


def picture(payload: bytes, width_dots: int = 576) -> bytes:
    """The whole job as a black and white PNG, `width_dots` wide."""
    canvas = Canvas(width_dots)
    for token in parse(payload):
        canvas.apply(token)
    return png(canvas.finished(), width_dots)


def png(rows: Iterable[int], width_dots: int) -> bytes:
    """Rows of dots as PNG, with a white margin above and below."""
    from PIL import Image

    size = (width_dots + 7) // 8
    padding = size * 8 - width_dots
    lines = [0] * MARGIN_ROWS + [row << padding for row in rows] + [0] * MARGIN_ROWS
    image = Image.frombytes(
        "1", (width_dots, len(lines)), b"".join(row.to_bytes(size, "big") for row in lines), "raw", "1;I"
    )
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


@dataclass(slots=True)
class _Mode:
    """Everything `ESC @` resets."""

    bold: bool = False
    underline: bool = False
    reverse: bool = False
    wide: int = 1
    tall: int = 1
    align: int = 0
    spacing: int = LINE_ROWS
    kanji: bool = True
    kanji_charset: str = "gbk"
    code_page: int = 0
    bar_height: int = 162
    bar_dots: int = 3
    qr_dots: int = 3
    qr_level: str = "l"
    qr_data: bytes = b""


@dataclass(slots=True)
class _Piece:
    """Dots waiting in the line buffer: `rows` of `width` bits, standing on the base of the line."""

    width: int
    rows: list[int] = field(default_factory=list[int])


class Canvas:
    """Draws tokens onto paper of `width_dots`. `rows` is what is printed so far; `cuts` counts cuts.

    Chinese printers power up in Kanji mode; `kanji` False plays one that does not.
    """

    def __init__(self, width_dots: int, *, kanji: bool = True) -> None:
        self.width = width_dots
        self.rows: list[int] = []
        self.cuts = 0
        self.unknown: list[bytes] = []
        self._kanji = kanji
        self._mode = _Mode(kanji=kanji)
        self._line: list[_Piece] = []
        self._lead = b""

    @property
    def blank(self) -> bool:
        """True when nothing is on the paper or in the line buffer since the last cut."""
        return not self.rows and not self._line

    def take(self) -> list[int]:
        """The rows up to now; the canvas goes on with fresh paper."""
        rows, self.rows = self.rows, []
        return rows

    def finished(self) -> list[int]:
        """All rows, the line buffer included."""
        if self._line:
            self._end_line(self._mode.spacing)
        return self.rows

    def apply(self, token: Token) -> None:
        """Draw one token."""
        match token.name:
            case "text":
                self._text(token.raw)
            case "LF":
                self._end_line(self._mode.spacing)
            case "ESC d":
                self._end_line(self._mode.spacing * token.params[0])
            case "ESC J":
                self._end_line(token.params[0])
            case "ESC @":
                self._mode = _Mode(kanji=self._kanji)
                self._line = []
                self._lead = b""
            case "ESC *":
                self._bit_image(token)
            case "GS v 0":
                self._raster(token)
            case "GS k":
                self._barcode(token)
            case "GS (":
                self._parenthesis(token)
            case "GS V" | "ESC i" | "ESC m":
                self._end_line(self._mode.spacing if self._line else 0)
                self.cuts += 1
            case "unknown":
                self.unknown.append(token.raw)
            case _:
                self._setting(token)

    def _setting(self, token: Token) -> None:
        mode, value = self._mode, token.params[0] if token.params else 0
        match token.name:
            case "FS &":
                mode.kanji = True
            case "FS .":
                mode.kanji = False
            case "FS C":
                mode.kanji_charset = "shift_jis" if value in (1, 49) else "gbk"
            case "ESC t":
                mode.code_page = value
            case "ESC a":
                mode.align = value % 48 if value % 48 <= 2 else mode.align
            case "ESC E" | "ESC G":
                mode.bold = bool(value & 1)
            case "ESC -":
                mode.underline = value % 48 > 0
            case "ESC !":
                mode.bold = bool(value & 8)
                mode.tall, mode.wide = (2 if value & 16 else 1), (2 if value & 32 else 1)
            case "GS !":
                mode.wide, mode.tall = (value >> 4 & 7) + 1, (value & 7) + 1
            case "GS B":
                mode.reverse = bool(value & 1)
            case "ESC 2":
                mode.spacing = LINE_ROWS
            case "ESC 3":
                mode.spacing = value
            case "GS h":
                mode.bar_height = value or 1
            case "GS w":
                mode.bar_dots = value or 1
            case _:
                pass

    # ------------------------------------------------------------ text

    def _text(self, data: bytes) -> None:
        data, self._lead = self._lead + data, b""
        at = 0
        while at < len(data):
            byte = data[at]
            if self._mode.kanji and self._is_lead(byte):
                if at + 1 == len(data):
                    self._lead = data[at:]
                    return
                self._cell(wide_glyph(_decoded(data[at : at + 2], self._mode.kanji_charset)))
                at += 2
                continue
            page = _CODE_PAGES.get(self._mode.code_page, "cp437")
            if self._mode.kanji and self._mode.kanji_charset == "shift_jis":
                page = "shift_jis"
            self._cell(narrow_glyph(_decoded(bytes([byte]), page)))
            at += 1

    def _is_lead(self, byte: int) -> bool:
        if self._mode.kanji_charset == "shift_jis":
            return 0x81 <= byte <= 0x9F or 0xE0 <= byte <= 0xFC
        return byte >= 0x81

    def _cell(self, glyph: Glyph) -> None:
        mode, width = self._mode, glyph.width
        rows = [row | row >> 1 for row in glyph.rows] if mode.bold else list(glyph.rows)
        if mode.underline:
            rows[-1] |= (1 << width) - 1
        if mode.reverse:
            rows = [row ^ ((1 << width) - 1) for row in rows]
        self._add(_scaled(rows, width, mode.wide, mode.tall), width * mode.wide)

    def _add(self, rows: list[int], width: int) -> None:
        if self._line and sum(piece.width for piece in self._line) + width > self.width:
            self._end_line(self._mode.spacing)
        self._line.append(_Piece(width, rows))

    def _end_line(self, feed: int) -> None:
        pieces, self._line = self._line, []
        height = max((len(piece.rows) for piece in pieces), default=0)
        rows = [0] * height
        used = 0
        for piece in pieces:
            used += piece.width
            top = height - len(piece.rows)
            for y in range(height):
                rows[y] = rows[y] << piece.width | (piece.rows[y - top] if y >= top else 0)
        self._block(rows, used)
        self.rows += [0] * (feed - height)

    def _block(self, rows: list[int], width: int) -> None:
        """Put finished rows on the paper, aligned; what is wider than the paper is lost at the right, as on paper."""
        room = self.width - width
        left = 0 if room <= 0 else {0: 0, 1: room // 2, 2: room}[self._mode.align]
        shift = self.width - width - left
        mask = (1 << self.width) - 1
        self.rows += [(row << shift if shift >= 0 else row >> -shift) & mask for row in rows]

    # ------------------------------------------------------------ images and symbols

    def _bit_image(self, token: Token) -> None:
        columns = int.from_bytes(token.params[1:3], "little")
        size = 3 if token.params[0] in (32, 33) else 1
        rows = [0] * (8 * size)
        for x in range(columns):
            column = int.from_bytes(token.data[x * size : (x + 1) * size], "big")
            for y in range(8 * size):
                rows[y] = rows[y] << 1 | (column >> (8 * size - 1 - y) & 1)
        across = 2 if token.params[0] in (0, 32) else 1
        self._add(_scaled(rows, columns, across, 3 if size == 1 else 1), columns * across)

    def _raster(self, token: Token) -> None:
        size = int.from_bytes(token.params[1:3], "little")
        if not size:
            return
        data = token.data
        rows = [int.from_bytes(data[at : at + size], "big") for at in range(0, len(data), size)]
        across, down = 1 + (token.params[0] & 1), 1 + (token.params[0] >> 1 & 1)
        self._block(_scaled(rows, size * 8, across, down), size * 8 * across)

    def _barcode(self, token: Token) -> None:
        if token.params[0] != 73:
            return
        try:
            modules = bars(token.data[1:])
        except ValueError:
            return
        dots = self._mode.bar_dots
        row = int("".join(bit * dots for bit in modules), 2)
        if len(modules) * dots <= self.width:
            self._block([row] * self._mode.bar_height, len(modules) * dots)

    def _parenthesis(self, token: Token) -> None:
        mode, function, body = self._mode, token.data[:2], token.data[2:]
        if token.params[:1] != b"k" or token.data[:1] != b"1":
            return
        match function:
            case b"1C":
                mode.qr_dots = body[0]
            case b"1E":
                mode.qr_level = "lmqh"[body[0] - 48] if 48 <= body[0] <= 51 else "l"
            case b"1P":
                mode.qr_data = body[1:]
            case b"1Q" if mode.qr_data:
                self._qr()
            case _:
                pass

    def _qr(self) -> None:
        import segno

        dots = self._mode.qr_dots
        symbol = segno.make_qr(self._mode.qr_data, error=self._mode.qr_level, boost_error=False)
        rows = [int("".join("01"[bit] * dots for bit in line), 2) for line in symbol.matrix]
        self._block([row for row in rows for _ in range(dots)], len(rows) * dots)


def _decoded(code: bytes, charset: str) -> str:
    try:
        return code.decode(charset)
    except UnicodeDecodeError:
        return "\ufffd"


def _scaled(rows: list[int], width: int, across: int, down: int) -> list[int]:
    if across == 2:
        rows = [doubled(row) for row in rows]
    elif across > 2:
        rows = [int("".join(bit * across for bit in f"{row:0{width}b}"), 2) for row in rows]
    return [row for row in rows for _ in range(down)]
