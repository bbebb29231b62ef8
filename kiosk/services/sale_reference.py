"""The dated rules a sale is judged by: code formats, sale bans, divisions. Read on first use, never at start-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data import reference
from kiosk.rules.bundle import SaleBan
from kiosk.rules.codes import CodeTable
from kiosk.rules.divisions import DivisionRow


def _bans() -> Sequence[SaleBan]:
    return reference.sale_bans().bans


def _divisions() -> Sequence[DivisionRow]:
    return reference.divisions().rows


@dataclass(frozen=True, slots=True)
class SaleReference:
    """Where a sale finds its rules; the defaults are the tables delivered with the program."""

    codes: Callable[[], CodeTable] = reference.code_rules
    bans: Callable[[], Sequence[SaleBan]] = _bans
    divisions: Callable[[], Sequence[DivisionRow]] = _divisions
