"""A QR code in terminal cells that phones read: black on white in every theme, its quiet zone painted.

ISO/IEC 18004 asks for a border of four light modules and dark modules on a light ground; inverted codes are not read
by wallets. Two module rows share a cell by the upper half block. Where there is room for two cells a module, plain
spaces are painted instead, which no font can spoil.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

_BORDER = 4
_FIELD = 41
"""Modules of the white field at least: a version 4 symbol with its border. What is smaller stands in the same field, so
that every channel's code has the same frame on the screen."""
_BLACK, _WHITE = "#000000", "#ffffff"


class QrCode(Widget):
    """Shows `code`, or nothing at all when it is empty: the code is blanked, not dimmed."""

    def __init__(self, code: str = "", *, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._code = ""
        self._modules: list[list[bool]] = []
        self.show(code)

    @property
    def code(self) -> str:
        """The text shown; empty when blank."""
        return self._code

    def show(self, code: str) -> None:
        """Show another code; an empty one blanks the widget."""
        if code == self._code:
            return
        self._code = code
        self._modules = _modules_of(code) if code else []
        self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return len(self._modules) * (2 if self._wide(viewport) else 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._modules) if self._wide(viewport) else (len(self._modules) + 1) // 2

    def render_line(self, y: int) -> Strip:
        """One row of cells, straight from the modules: no renderable in between can restyle it."""
        count = len(self._modules)
        if not count:
            return Strip.blank(self.size.width, self.rich_style)
        if self.size.height >= count and self.size.width >= 2 * count:
            if y >= count:
                return Strip.blank(self.size.width, self.rich_style)
            return Strip([Segment("  ", _cell(dark, dark)) for dark in self._modules[y]], 2 * count)
        if 2 * y >= count:
            return Strip.blank(self.size.width, self.rich_style)
        upper = self._modules[2 * y]
        lower = self._modules[2 * y + 1] if 2 * y + 1 < count else [False] * count
        return Strip(
            [
                Segment(" " if above == below else "▀", _cell(above, below))
                for above, below in zip(upper, lower, strict=True)
            ],
            count,
        )

    def _wide(self, viewport: Size) -> bool:
        count = len(self._modules)
        return viewport.height >= count + 3 and viewport.width >= 2 * count + 44


def _cell(upper: bool, lower: bool) -> Style:
    """Foreground paints the upper half, background the lower; equal halves are a space of that ground."""
    return Style(color=_BLACK if upper else _WHITE, bgcolor=_BLACK if lower else _WHITE)


def _modules_of(code: str) -> list[list[bool]]:
    import segno

    symbol = segno.make(code, micro=False, boost_error=False, error="m")
    border = max(_BORDER, (_FIELD - len(symbol.matrix) + 1) // 2)
    return [[bool(module) for module in row] for row in symbol.matrix_iter(border=border)]
