"""Reads large figures back from the screen, as a person does: digits three rows high, drawn with lines.

The forms are those of Textual's `Digits`. Comma and point stand in the lowest of the three rows.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

from kiosk.play.terminal import ScreenCell

_WIDTH: Final = 3
_SIGN_REACH: Final = 4
_MARKS: Final = {"•": ".", ",": ","}


def figures(cells: Sequence[Sequence[ScreenCell]]) -> list[str]:
    """Every number drawn large, top to bottom; with its ¥ where one stands before it."""
    rows = [[cell.text or " " for cell in row] for row in cells]
    found: list[str] = []
    for y in range(len(rows) - 2):
        band = (rows[y], rows[y + 1], rows[y + 2])
        x = 0
        while x < len(rows[y]):
            number, end = _number(band, x)
            if number:
                before = "".join("".join(row[max(0, x - _SIGN_REACH) : x]) for row in band)
                found.append(("¥" if "¥" in before or "￥" in before else "") + number)
            x = max(end, x + 1)
    return found


def _number(band: tuple[list[str], list[str], list[str]], x: int) -> tuple[str, int]:
    """The number that begins at column x and the column after it; empty text when none does."""
    text = ""
    while x < len(band[0]):
        form = tuple("".join(row[x : x + _WIDTH]).ljust(_WIDTH) for row in band)
        if (digit := _forms().get(form)) is not None:
            text, x = text + digit, x + _WIDTH
        elif text and band[0][x] == band[1][x] == " " and band[2][x] in _MARKS:
            text, x = text + _MARKS[band[2][x]], x + 1
        else:
            break
    return text.rstrip(".,"), x


@cache
def _forms() -> dict[tuple[str, ...], str]:
    from textual.renderables.digits import DIGITS, DIGITS3X3, DIGITS3X3_BOLD

    forms: dict[tuple[str, ...], str] = {}
    for font in (DIGITS3X3, DIGITS3X3_BOLD):
        for place, character in enumerate(DIGITS):
            if character.isdigit():
                forms[tuple(line.ljust(_WIDTH) for line in font[place * 3 : place * 3 + 3])] = character
    return forms
