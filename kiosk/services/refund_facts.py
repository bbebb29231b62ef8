"""Refunds as the services see them: their frozen facts, why there are any, when to ask again.

Pure decisions and reading; the moves are in `refund_moves`, the asking is in `refund_worker`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.models import PaymentOrder, Refund
from data.models.base import ascending
from data.states import Channel, PaymentOrderState, RefundState

OWED_KIND = "owed_refund"
"""Outbox rows of money that fits no sale and goes back by itself; their subject is the payment order."""
REFUND_KIND = "refund"
"""Outbox rows of every other refund under way; their key ends in its number, their subject is the payment order."""
SYSTEM = "SYSTEM"
"""Who stands in the books for a refund that nobody asked for."""
PAID = (PaymentOrderState.PAID, PaymentOrderState.PAID_LATE)

POLL_S = (5.0, 10.0, 45.0, 60.0, 60.0, 60.0, 60.0, 300.0, 600.0, 1_200.0, 1_800.0)
"""Pauses between questions about an accepted refund: each minute for five, then 5, 10, 20, 30 min; the last one stays
(WeChat Pay, refund query guide)."""
OUTAGE_S = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 20.0, 30.0, 60.0)
"""Pauses while nobody knows what the provider did; the last one stays."""
REFUSED_S = (60.0, 300.0, 1_800.0, 7_200.0, 21_600.0, 86_400.0)
"""Pauses before the same refund is asked for again after the provider refused it, as for want of balance: over days."""
LOST_MS = 120_000
"""An accepted refund that queries do not know for this long is asked for again, with the same number and bytes."""


class RefundReason(StrEnum):
    """Why money goes back without anybody having asked for it."""

    LATE_PAYMENT = "LATE_PAYMENT"  # it came after the sale was cancelled, or went back to be changed
    DOUBLE_PAYMENT = "DOUBLE_PAYMENT"  # another payment settled the sale
    CALLED_OFF = "CALLED_OFF"  # calling the order off met a payment, and the provider sent it back
    AT_PROVIDER = "AT_PROVIDER"  # found at the provider: asked for there, or by a store that was lost since


class RefundNote(StrEnum):
    """Why a refund does not simply go on; the word stands in its `note`, more may follow after a colon."""

    NOT_ENOUGH = "NOT_ENOUGH"  # the merchant's balance; it is asked for again over days
    REFUSED = "REFUSED"  # the provider did not take it: its code follows
    MISMATCH = "MISMATCH"  # what the provider says is not what was asked for
    CLOSED = "CLOSED"  # the provider gave it up


@dataclass(frozen=True, slots=True)
class Going:
    """A refund under way, with what is needed of its payment order.

    request: the exact bytes of every try; by_itself: nobody asked for it.
    """

    number: str
    order: str
    channel: Channel
    sale_id: str
    serial: str
    state: RefundState
    amount_fen: int
    request: bytes
    sent_at_ms: int | None
    provider_number: str | None
    by_itself: bool


def load_refund(number: str) -> Going | None:
    """The refund with this number. On a thread of the store."""
    row = Refund.find(number)
    order = None if row is None else PaymentOrder.find(row.payment_order)
    if row is None or order is None:
        return None
    return Going(
        number=row.number,
        order=order.number,
        channel=Channel(order.channel),
        sale_id=order.sale_id,
        serial=order.serial,
        state=RefundState(row.state),
        amount_fen=row.amount_fen,
        request=bytes(row.request or b""),
        sent_at_ms=row.sent_at_ms,
        provider_number=row.provider_number,
        by_itself=row.operator == SYSTEM,
    )


def refunds_of(order: str) -> list[Refund]:
    """Every refund of a payment order, oldest first."""
    return list(Refund.query().where(Refund.payment_order == order).order_by(ascending(Refund.number)))


def owed_refund_of(order: str) -> Refund | None:
    """The automatic refund of a payment order: there is at most one."""
    owed = (RefundReason.LATE_PAYMENT, RefundReason.DOUBLE_PAYMENT)
    return next((one for one in refunds_of(order) if one.operator == SYSTEM and one.reason in owed), None)


def wholly_refunded(order: PaymentOrder) -> bool:
    """Whether all of a paid order's money is verifiably back."""
    done = sum(one.amount_fen for one in refunds_of(order.number) if one.state == RefundState.DONE)
    return order.state in PAID and done >= order.amount_fen


def goes_back(order: PaymentOrder) -> bool:
    """Whether refunds over all of a paid order's money are done or under way."""
    given = sum(one.amount_fen for one in refunds_of(order.number) if one.state != RefundState.ABNORMAL)
    return order.state in PAID and given >= order.amount_fen


def pause_s(pauses: tuple[float, ...], tries: int) -> float:
    """The pause after so many tries."""
    return pauses[min(tries, len(pauses) - 1)]
