"""Judging the first typing of a code before its second is asked for."""

from __future__ import annotations

from kiosk.rules.calendar import business_day
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.sale_reference import SaleReference


def check_typed(text: str, wanted: CodeKind, now_ms: int) -> None:
    """Raise Refusal MALFORMED_CODE (code, kind) when `text` is no code at all, WRONG_KIND when it is another kind's."""
    scanned = classify(text, SaleReference().codes(), business_day(now_ms))
    if scanned.kind is CodeKind.UNKNOWN:
        raise Refusal(Reason.MALFORMED_CODE, code=scanned.code, kind=wanted.value)
    if scanned.kind is not wanted:
        raise Refusal(Reason.WRONG_KIND, code=scanned.code, kind=scanned.kind.value, expected=wanted.value)
