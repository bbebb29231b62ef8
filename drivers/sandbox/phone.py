"""The customer's phone: what it says when it has paid or scanned a code, and when it cannot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Handled:
    """The order behind a code that a phone has paid, or only scanned. provider_number is empty while there is none."""

    channel: str
    number: str
    amount_fen: int
    provider_number: str


@dataclass(frozen=True, slots=True)
class Tender:
    """How the customer pays.

    amount_fen: what the customer saw; another amount stops the customer. coupon_fen: paid by a coupon. late: the
    customer had confirmed before the order was closed and the money arrives after; only then can it still be paid.
    """

    amount_fen: int | None = None
    coupon_fen: int = 0
    late: bool = False


class NotPaid(Exception):  # noqa: N818  an answer of the phone
    """The phone could not pay. ``reason`` is a word for scripts, the message a sentence for people."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


def check_tender(tender: Tender, order_fen: int) -> None:
    """Whether that customer pays that order. Raises NotPaid."""
    if tender.amount_fen is not None and tender.amount_fen != order_fen:
        raise NotPaid(409, "AMOUNT_DIFFERS", f"the order is for {order_fen} fen, not {tender.amount_fen}")
    if not 0 <= tender.coupon_fen <= order_fen:
        raise NotPaid(400, "COUPON_INVALID", "a coupon pays between nothing and the whole amount")
