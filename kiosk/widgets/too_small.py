"""What a terminal shows that is too small for the kiosk: one sentence, not halves of everything."""

from __future__ import annotations

from typing import Final

from textual.geometry import Size

from kiosk.i18n import tr
from kiosk.widgets.prose import Prose

LEAST: Final = Size(80, 24)
"""The smallest terminal every screen is drawn for."""


def too_small(size: Size) -> bool:
    """Whether no screen fits a terminal of that size."""
    return size.width < LEAST.width or size.height < LEAST.height


class TooSmall(Prose):
    """Says how large the terminal must be and how large it is."""

    def show(self, size: Size) -> None:
        """Tell of a terminal of this size."""
        least = {"columns": LEAST.width, "rows": LEAST.height}
        self.update(
            tr(
                "屏幕太小：至少要 {columns} 列 {rows} 行，现在是 {width} × {height}。请放大窗口或调小字号。",
                **least,
                width=size.width,
                height=size.height,
            )
        )
