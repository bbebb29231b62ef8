"""The commit that means to give money back: the refund with its number and its exact bytes, and the wish to send it."""

from __future__ import annotations

from dataclasses import dataclass

from data.models import PaymentOrder, Refund, Sale
from data.states import SaleState
from data.unit_of_work import Tx
from drivers.payments.base import PaymentChannel, RefundIntent
from kiosk.rules.money import format_yuan
from kiosk.rules.numbers import refund_number
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.refund_facts import PAID, REFUND_KIND, SYSTEM, RefundReason, owed_refund_of, refunds_of

MOST_PARTS = 50
LONGEST_MS = 365 * 86_400_000
"""An order can be refunded in 50 parts, and within a year (WeChat Pay, refund; Alipay allows no longer)."""
_PAYER_READS = {
    RefundReason.LATE_PAYMENT: "付款超时，原路退回",
    RefundReason.DOUBLE_PAYMENT: "重复付款，原路退回",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Money to give back. operator: the number of who asked; reason: what the payer reads."""

    order: str
    amount_fen: int
    reason: str
    operator: str


def place_refund(tx: Tx, asked: Asked, channel: PaymentChannel) -> str:
    """Intend a refund and wish for it; returns its number. Nothing has been sent yet.

    Raises Refusal REFUND_UNPAID (number), AMOUNT_INVALID (text), REFUND_TOO_MUCH (left, yuan), REFUND_TOO_MANY
    (limit), REFUND_TOO_OLD (limit).
    """
    number = _create(tx, asked, channel, asked.reason)
    tx.enqueue(f"{REFUND_KIND}:{number}", REFUND_KIND, asked.order)
    return number


def place_owed_refund(tx: Tx, order: str, channel: PaymentChannel) -> str | None:
    """The one automatic refund of an order, over all that was not refunded yet; None when nothing is left.

    Called again it answers the refund there is. The caller holds the wish for it. Raises Refusal as `place_refund`.
    """
    there = owed_refund_of(order)
    if there is not None:
        return there.number
    row = PaymentOrder.find(order)
    left_fen = 0 if row is None else row.amount_fen - sum(one.amount_fen for one in refunds_of(order))
    if row is None or left_fen <= 0:
        return None
    sale = Sale.find(row.sale_id)
    paid_otherwise = sale is not None and sale.state in (SaleState.PAID, SaleState.DONE)
    reason = RefundReason.DOUBLE_PAYMENT if paid_otherwise else RefundReason.LATE_PAYMENT
    return _create(tx, Asked(order, left_fen, reason, SYSTEM), channel, _PAYER_READS[reason])


def _create(tx: Tx, asked: Asked, channel: PaymentChannel, payer_reads: str) -> str:
    order = PaymentOrder.find(asked.order)
    if order is None or order.state not in PAID:
        raise Refusal(Reason.REFUND_UNPAID, number=asked.order)
    if asked.amount_fen <= 0:
        raise Refusal(Reason.AMOUNT_INVALID, text=format_yuan(asked.amount_fen))
    earlier = refunds_of(order.number)
    left_fen = order.amount_fen - sum(one.amount_fen for one in earlier)
    if asked.amount_fen > left_fen:
        raise Refusal(Reason.REFUND_TOO_MUCH, left=format_yuan(left_fen, grouped=True))
    if len(earlier) >= MOST_PARTS:
        raise Refusal(Reason.REFUND_TOO_MANY, limit=str(MOST_PARTS))
    if tx.now_ms - (order.paid_at_ms or order.created_at_ms) > LONGEST_MS:
        raise Refusal(Reason.REFUND_TOO_OLD, limit=str(LONGEST_MS // 86_400_000))
    number = refund_number(order.number, len(earlier) + 1)
    body = channel.serialise_refund(RefundIntent(order.number, number, asked.amount_fen, order.amount_fen, payer_reads))
    tx.create(
        Refund,
        number=number,
        payment_order=order.number,
        amount_fen=asked.amount_fen,
        reason=asked.reason,
        operator=asked.operator,
        request=body,
        created_at_ms=tx.now_ms,
    )
    return number
