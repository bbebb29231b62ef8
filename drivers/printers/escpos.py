"""Documents into ESC/POS: one `bytes` object a job, which a printer in any state prints the same way.

Every job begins with `ESC @` and an explicit character mode (`FS &` Kanji on for GBK and Shift-JIS; `FS .` and
`ESC t n` for code page 866, whose bytes a printer in Kanji mode would pair up), and ends with exactly one cut. Text is
sent in the printer's own font; what that font lacks is drawn from the glyph atlas in the line it stands in. Data never
become control bytes. Commands: Epson ESC/POS Command Reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from drivers.printers.base import (
    Align,
    Barcode,
    Cut,
    Document,
    Feed,
    NotPrintable,
    Pair,
    Qr,
    Row,
    Rule,
    Text,
)
from drivers.printers.bitmaps import bit_columns, line_rows, raster_bands
from drivers.printers.charsets import Char
from drivers.printers.code128 import command_data, modules
from drivers.printers.layout import Layout, Line
from drivers.printers.profiles import Charset, Profile

ESC, FS, GS = b"\x1b", b"\x1c", b"\x1d"
INIT = ESC + b"@"
CUT = GS + b"V\x42\x00"
NO_REAL_TIME_PULSE = GS + b"(D\x03\x00\x14\x01\x00"
"""Disables the real-time drawer pulse, as Epson advises before graphics (`GS ( D`)."""
QUIET_LINE = ESC + b"d\x01"
"""A blank line above and below a QR symbol, which needs four modules of white around it and gets none by itself."""
LINE_ROWS = 30
"""Dots from one line to the next: the printers' own default of 1/6 inch at 203 dpi."""

# Bytes a QR symbol of version 1..40 holds at error correction level M (ISO/IEC 18004, table 7).
_QR_BYTES = (
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
    *(
        711,
        779,
        857,
        911,
        997,
        1059,
        1125,
        1190,
        1264,
        1370,
        1452,
        1538,
        1628,
        1722,
        1809,
        1911,
        1989,
        2099,
        2213,
        2331,
    ),
)


def encode(document: Document, profile: Profile) -> bytes:
    """The whole job. Raises `NotPrintable` for a QR or bar code that this paper cannot carry."""
    return _Encoder(profile).encode(document)


class _Encoder:
    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.layout = Layout(profile.columns, profile.charset)
        self.out = bytearray()
        self.rows: list[int] = []  # rows of dots waiting to become bands
        self.drew = False
        self.align: Align = Align.LEFT
        self.bold: bool = False
        self.size: int = 1

    def encode(self, document: Document) -> bytes:
        for element in document.elements:
            match element:
                case Text():
                    self._lines(self.layout.text(element))
                case Pair():
                    self._lines(self.layout.pair(element))
                case Row():
                    self._lines(self.layout.row(element))
                case Rule():
                    mark = "=" if element.strong else "-"
                    self._lines(self.layout.text(Text(mark * self.profile.columns)))
                case Feed():
                    self._feed(element.lines)
                case Qr():
                    self._qr(element)
                case Barcode():
                    self._barcode(element)
                case Cut():  # there is one cut, at the end
                    pass
        self._flush()
        self._style(Align.LEFT, bold=False, size=1)
        head = INIT + (NO_REAL_TIME_PULSE if self.drew else b"") + ESC + b"2" + self._mode()
        return head + bytes(self.out) + CUT

    def _mode(self) -> bytes:
        match self.profile.charset:
            case Charset.GBK:
                return FS + b"&"
            case Charset.SHIFT_JIS:
                return FS + b"&" + FS + b"C\x01"
            case Charset.CP866 | Charset.RASTER:
                return FS + b"." + ESC + b"t" + bytes([self.profile.code_page])

    # ------------------------------------------------------------ text

    def _lines(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._line(line)

    def _line(self, line: Line) -> None:
        drawn = any(not char.code for char in line.chars)
        if self.profile.charset is Charset.RASTER or (drawn and line.size > 1):
            self._drawn_line(line)
            return
        self._flush()
        self._style(line.align, bold=line.bold and bool(line.chars), size=line.size if line.chars else 1)
        picture: list[Char] = []
        for char in line.chars:
            if char.code:
                self._picture(picture, line.bold)
                picture = []
                self.out += char.code
            else:
                picture.append(char)
        self._picture(picture, line.bold)
        self.out += b"\n"

    def _picture(self, chars: list[Char], bold: bool) -> None:
        """Characters the font lacks, within a line of text: a 24-dot bit image (`ESC * 33`)."""
        if not chars:
            return
        width = 12 * sum(char.cells for char in chars)
        self.drew = True
        self.out += ESC + b"*\x21" + width.to_bytes(2, "little") + bit_columns(line_rows(chars, bold, 1), width)

    def _drawn_line(self, line: Line) -> None:
        """A whole line as dots, for printers without the charset and for large lines with a drawn character."""
        width = 12 * line.size * sum(char.cells for char in line.chars)
        shift = self.profile.width_dots - width
        if line.align is Align.CENTER:
            shift -= (12 * self.profile.columns - width) // 2
        self.rows += [row << shift for row in line_rows(line.chars, line.bold, line.size)]
        self.rows += [0] * (LINE_ROWS - 24)

    def _feed(self, lines: int) -> None:
        if lines <= 0:
            return
        if self.profile.charset is Charset.RASTER:
            self.rows += [0] * (LINE_ROWS * lines)
            return
        self._flush()
        self.out += ESC + b"d" + bytes([min(lines, 255)])

    def _flush(self) -> None:
        if not self.rows:
            return
        rows, self.rows = self.rows, []
        self.drew = True
        self._style(Align.LEFT, bold=False, size=1)
        for width, height, data in raster_bands(rows, self.profile.width_dots):
            self.out += GS + b"v0\x00" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + data

    def _style(self, align: Align, *, bold: bool, size: int) -> None:
        if align is not self.align:
            self.out += ESC + b"a" + (b"\x01" if align is Align.CENTER else b"\x00")
            self.align = align
        if bold != self.bold:
            self.out += ESC + b"E" + bytes([bold])
            self.bold = bold
        if size != self.size:
            self.out += GS + b"!" + bytes([(size - 1) * 0x11])
            self.size = size

    # ------------------------------------------------------------ symbols

    def _qr(self, element: Qr) -> None:
        data = element.text.encode("utf-8", "replace")
        if not data or any(byte < 0x20 or byte == 0x7F for byte in data):
            raise NotPrintable("a QR code takes printable text only")
        version = next((at for at, room in enumerate(_QR_BYTES, 1) if len(data) <= room), None)
        if version is None:
            raise NotPrintable(f"{len(data)} bytes do not fit into one QR code")
        dots = min(element.module_dots, 16, self.profile.width_dots // (17 + 4 * version + 8))
        if dots < 2:
            raise NotPrintable("the QR code is too large for this paper")
        self._flush()
        self._style(Align.CENTER, bold=False, size=1)
        self.out += QUIET_LINE + _qr_function(b"1A2\x00") + _qr_function(b"1C" + bytes([dots])) + _qr_function(b"1E1")
        self.out += _qr_function(b"1P0" + data) + _qr_function(b"1Q0") + QUIET_LINE

    def _barcode(self, element: Barcode) -> None:
        try:
            forms = command_data(element.text)
        except ValueError as error:
            raise NotPrintable(str(error)) from error
        for dots in range(element.module_dots, 0, -1):
            for data in forms:
                if (modules(data) + 20) * dots <= self.profile.width_dots and len(data) <= 255:
                    self._flush()
                    self._style(Align.CENTER, bold=False, size=1)
                    self.out += GS + b"h" + bytes([min(element.height_dots, 255)]) + GS + b"w" + bytes([dots])
                    self.out += GS + b"H\x00" + GS + b"k\x49" + bytes([len(data)]) + data
                    return
        raise NotPrintable("the bar code is too wide for this paper")


def _qr_function(body: bytes) -> bytes:
    return GS + b"(k" + len(body).to_bytes(2, "little") + body
