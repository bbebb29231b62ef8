"""Judging what was typed as a code: its first typing, and both when somebody wants to go on."""

from __future__ import annotations

from kiosk.rules.calendar import business_day
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.sale_reference import SaleReference
from kiosk.widgets.typed_twice import TypedTwice, plain

SHOWN = 4
"""Characters shown of each typing where the two part."""


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
    if not pair.again.text.strip() or pair.differ:
        raise told_apart(pair)


def told_apart(pair: TypedTwice) -> Refusal:
    """Why the two typings are not one code; the second one is emptied and asked for again.

    TYPE_AGAIN (code) when it is missing, else TYPED_TWICE_DIFFERS (place, first, second: from where, and what).
    """
    first, second, place = pair.first.text.strip(), pair.again.text.strip(), pair.apart_from
    pair.once_more()
    if not second:
        return Refusal(Reason.TYPE_AGAIN, code=first)
    return Refusal(
        Reason.TYPED_TWICE_DIFFERS, place=str(place), first=_seen_from(first, place), second=_seen_from(second, place)
    )


def _seen_from(code: str, place: int) -> str:
    """A few characters of a code from `place` on, as they are compared."""
    rest = plain(code)[place - 1 :]
    return (rest[:SHOWN] + "…" if len(rest) > SHOWN else rest) or "-"
