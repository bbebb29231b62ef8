"""Amounts on screen: text with separators, and the large figures of a money screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Digits, Static

from kiosk.rules.money import format_yuan


def yuan(fen: int) -> str:
    """`fen` as every screen shows it: ¥2,999.00."""
    return format_yuan(fen, symbol=True, grouped=True)


class BigAmount(Horizontal):
    """An amount three rows high. The figure font has no ¥, so the sign stands before it as a letter."""

    def __init__(self, fen: int, *, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._fen = fen

    def compose(self) -> ComposeResult:
        yield Static("¥", classes="sign", markup=False)
        yield Digits(_figures(self._fen))

    def show(self, fen: int) -> None:
        """Show another amount."""
        if fen != self._fen:
            self._fen = fen
            self.query_one(Digits).update(_figures(fen))


def _figures(fen: int) -> str:
    return format_yuan(fen, grouped=True)
