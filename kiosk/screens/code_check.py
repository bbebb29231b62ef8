"""Judging what was typed as a code: its first typing, and both when somebody wants to go on."""

from __future__ import annotations

from kiosk.rules.calendar import business_day
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.sale_reference import SaleReference
from kiosk.widgets.typed_twice import TypedTwice


def check_typed(text: str, wanted: CodeKind, now_ms: int) -> None:
    """Raise Refusal MALFORMED_CODE (code, kind) when `text` is no code at all, WRONG_KIND when it is another kind's."""
    scanned = classify(text, SaleReference().codes(), business_day(now_ms))
    if scanned.kind is CodeKind.UNKNOWN:
        raise Refusal(Reason.MALFORMED_CODE, code=scanned.code, kind=wanted.value)
    if scanned.kind is not wanted:
        raise Refusal(Reason.WRONG_KIND, code=scanned.code, kind=scanned.kind.value, expected=wanted.value)


def check_typed_twice(pair: TypedTwice, wanted: CodeKind, now_ms: int) -> None:
    """Go to what a code typed by hand still lacks.

    Raises Refusal MALFORMED_CODE, WRONG_KIND, TYPE_AGAIN (code) when its second typing is missing, or
    TYPED_TWICE_DIFFERS.
    """
    pair.first.enter()
    check_typed(pair.first.text, wanted, now_ms)
    pair.ask()
    if not pair.again.text.strip():
        pair.again.enter()
        raise Refusal(Reason.TYPE_AGAIN, code=pair.first.text)
    if pair.differ:
        pair.again.correct()
        raise Refusal(Reason.TYPED_TWICE_DIFFERS)
