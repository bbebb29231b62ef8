"""Order facts as the providers' JSON writes them: numbers, texts, codes to show, times.

Written strictly, read with suspicion: what cannot be read is None, and None settles nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from drivers.payments.base import OutcomeUnknown, RefundIntent
from drivers.wire import clean_text

BEIJING = timezone(timedelta(hours=8))
ORDER_NUMBER = re.compile(r"[0-9A-Z]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Z]{6,64}")
CODE_TEXT = re.compile(r"[!-~]{1,512}")


def json_bytes(value: Mapping[str, object]) -> bytes:
    """Compact UTF-8 JSON: the bytes that are stored, signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def checked_order(number: str) -> str:
    """The number itself. Raises ValueError unless every provider takes it."""
    if not ORDER_NUMBER.fullmatch(number):
        raise ValueError(f"{number!r} is not an order number")
    return number


def checked_refund(number: str) -> str:
    """The number itself. Raises ValueError unless every provider takes it."""
    if not REFUND_NUMBER.fullmatch(number):
        raise ValueError(f"{number!r} is not a refund number")
    return number


def order_amount(fen: int) -> int:
    """The amount itself. Raises ValueError below one fen."""
    if fen < 1:
        raise ValueError("the amount must be at least 1 fen")
    return fen


def refund_amount(intent: RefundIntent) -> int:
    """What goes back, in fen. Raises ValueError below one fen and beyond the order's total."""
    if not 1 <= intent.amount_fen <= intent.total_fen:
        raise ValueError("a refund is at least 1 fen and at most the order's total")
    return intent.amount_fen


def needed_text(text: str, limit: int, what: str) -> str:
    """One clean line of at most ``limit`` bytes: no provider says whether it counts characters or bytes.

    Raises ValueError when nothing is left.
    """
    kept = clean_text(text, limit)
    while len(kept.encode()) > limit:
        kept = kept[:-1]
    if not kept:
        raise ValueError(f"the {what} is empty")
    return kept


def code_to_show(value: object) -> str:
    """The text of a code as the provider gave it. Raises OutcomeUnknown for what cannot be shown."""
    if not isinstance(value, str) or not CODE_TEXT.fullmatch(value):
        raise OutcomeUnknown("the answer carries no code")
    return value


def text_or_none(value: object, limit: int) -> str | None:
    """A clean text, or None where there is none."""
    return clean_text(value, limit) or None


def beijing(at_ms: int) -> datetime:
    """A time in whole seconds, as Beijing's clocks show it, wherever this machine thinks it is."""
    return datetime.fromtimestamp(at_ms // 1000, BEIJING)


def time_ms(value: object) -> int | None:
    """An ISO 8601 time, ``T`` or space between date and time, to epoch ms; one without zone is Beijing's."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=BEIJING)).timestamp() * 1000)
