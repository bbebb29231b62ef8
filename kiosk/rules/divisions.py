"""Administrative divisions: finding 浙江省 杭州市 西湖区 by typing a few characters of it.

The table is passed in. Only a division without divisions below it can be chosen: a county, a city without counties
(东莞市), a region given as a whole (台湾省). Counties directly under a province have a path of two names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field, fold_width

MAX_MATCHES = 50


class DivisionRow(Protocol):
    """One division as the table holds it."""

    @property
    def code(self) -> str:
        """Six digits (GB/T 2260)."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """From the province down to the division itself."""
        ...

    @property
    def leaf(self) -> bool:
        """Whether nothing lies below it, so that it can be chosen."""
        ...


Row = TypeVar("Row", bound=DivisionRow)


@dataclass(frozen=True, slots=True)
class DivisionChoice:
    """A chosen division as a sale keeps it."""

    code: str
    text: str


def division_text(row: DivisionRow) -> str:
    """The division as people read it: 浙江省 杭州市 西湖区."""
    return " ".join(row.names)


def search(table: Sequence[Row], typed: str, limit: int = 20) -> list[Row]:
    """Return the divisions that can be chosen and match every word of `typed`, best first, at most `limit`.

    A word matches a part of the path (西湖), several beginnings in order (杭州西湖) or the beginning of the code
    (3301). Whole names come before beginnings, those before insides, a division's own name before its parents';
    equals stay in the table's order. Nothing typed matches nothing; no text raises.
    """
    words = fold_width(" ".join(typed[: Use.SEARCH.limit].replace(",", " ").replace("，", " ").split())).split()
    if not words or limit <= 0:
        return []
    found: list[tuple[int, int, Row]] = []
    for position, row in enumerate(table):
        if not row.leaf:
            continue
        total = 0
        for word in words:
            distance = _distance(row, word)
            if distance is None:
                break
            total += distance
        else:
            found.append((total, position, row))
    found.sort(key=lambda match: match[:2])
    return [row for _, _, row in found[: min(limit, MAX_MATCHES)]]


def resolve(table: Sequence[DivisionRow], text: str) -> DivisionChoice:
    """Return the one division `text` names: its code, its full text, or words that match nothing else.

    Raises Refusal DIVISION_MISSING, or DIVISION_UNKNOWN (text) when none or several match.
    """
    typed = clean_field(text, Use.DIVISION)
    if not typed:
        raise Refusal(Reason.DIVISION_MISSING)
    for row in table:
        if row.leaf and (row.code == typed or division_text(row) == typed):
            return DivisionChoice(row.code, division_text(row))
    matches = search(table, typed, 2)
    if len(matches) != 1:
        raise Refusal(Reason.DIVISION_UNKNOWN, text=typed)
    return DivisionChoice(matches[0].code, division_text(matches[0]))


def _distance(row: DivisionRow, word: str) -> int | None:
    """How far `word` is from naming `row`; None when it does not match."""
    path = "".join(row.names)
    if word[0] not in path:
        return 7 if word.isascii() and word.isdigit() and row.code.startswith(word) else None
    own = row.names[-1]
    if own == word:
        return 0
    if own.startswith(word):
        # 西湖 for 西湖区 is as good as whole; 西 for it is a beginning.
        return 1 if len(own) - len(word) == 1 else 2
    if word in own:
        return 3
    if any(name.startswith(word) for name in row.names):
        return 4
    if _beginnings(row.names, word):
        return 5
    return 6 if word in path else None


def _beginnings(names: tuple[str, ...], word: str) -> bool:
    """Whether `word` is beginnings of `names` one after another, names left out allowed: 杭州西湖, 浙江杭州西湖."""
    if not word:
        return True
    if not names:
        return False
    head, rest = names[0], names[1:]
    if _beginnings(rest, word):
        return True
    common = 0
    for ours, typed in zip(head, word, strict=False):
        if ours != typed:
            break
        common += 1
    return any(_beginnings(rest, word[size:]) for size in range(common, 0, -1))
