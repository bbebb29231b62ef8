"""Payment orders and refunds."""

from __future__ import annotations

from dataclasses import dataclass

from data.reading import fetch, fetch_one
from data.states import Channel, PaymentOrderState, RefundState


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """A payment order; ``request`` are the exact bytes, ``code`` what the QR code shows."""

    number: str
    sale_id: str
    serial: str
    revision: int
    attempt: int
    tender_id: str
    channel: Channel
    state: PaymentOrderState
    amount_fen: int
    request: bytes | None
    code: str | None
    expires_at_ms: int | None
    created_at_ms: int
    sent_at_ms: int | None
    provider_number: str | None
    paid_at_ms: int | None
    watch_from_ms: int | None
    watches_done: int
    note: str | None


@dataclass(frozen=True, slots=True)
class RefundFacts:
    number: str
    payment_order: str
    return_serial: str | None
    state: RefundState
    amount_fen: int
    reason: str
    operator: str
    created_at_ms: int
    provider_number: str | None
    done_at_ms: int | None
    note: str | None


def order(number: str) -> OrderFacts | None:
    """One payment order."""
    return fetch_one(OrderFacts, "FROM payment_order WHERE number = ?", number)


def orders_of(sale_id: str) -> tuple[OrderFacts, ...]:
    """The payment orders of a sale, oldest first."""
    return fetch(OrderFacts, "FROM payment_order WHERE sale_id = ? ORDER BY attempt", sale_id)


def live_order_of(sale_id: str) -> OrderFacts | None:
    """The one payment order of a sale that is not settled or closed."""
    return fetch_one(
        OrderFacts,
        "FROM payment_order WHERE sale_id = ? AND state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN')",
        sale_id,
    )


def live_orders() -> tuple[OrderFacts, ...]:
    """All payment orders to be reconciled by query, oldest first."""
    return fetch(
        OrderFacts,
        "FROM payment_order WHERE state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN') ORDER BY created_at_ms",
    )


def watched_orders(closed_since_ms: int) -> tuple[OrderFacts, ...]:
    """Closed orders that a late payment may still reach: those watched from ``closed_since_ms`` or later."""
    return fetch(
        OrderFacts,
        "FROM payment_order WHERE state = 'CLOSED' AND watch_from_ms IS NOT NULL AND watch_from_ms >= ? "
        "ORDER BY watch_from_ms",
        closed_since_ms,
    )


def late_orders() -> tuple[OrderFacts, ...]:
    """Orders paid after they were closed and not refunded whole: they wait for somebody's decision, oldest first.

    A late payment that settled its sale stays in the list until the sale is done.
    """
    return fetch(
        OrderFacts,
        "FROM payment_order AS o WHERE o.state = 'PAID_LATE' "
        "AND NOT EXISTS (SELECT 1 FROM sale WHERE id = o.sale_id AND state = 'DONE' AND late = 1 "
        "AND (SELECT COUNT(*) FROM payment_order WHERE sale_id = o.sale_id AND state IN ('PAID', 'PAID_LATE')) = 1) "
        "AND o.amount_fen > (SELECT COALESCE(SUM(amount_fen), 0) FROM refund "
        "WHERE payment_order = o.number AND state = 'DONE') ORDER BY o.paid_at_ms",
    )


def refunds_of(sale_id: str) -> tuple[RefundFacts, ...]:
    """The refunds of a sale, oldest first."""
    return fetch(
        RefundFacts,
        "FROM refund WHERE payment_order IN (SELECT number FROM payment_order WHERE sale_id = ?) "
        "ORDER BY created_at_ms, number",
        sale_id,
    )


def open_refunds() -> tuple[RefundFacts, ...]:
    """All refunds that are not decided yet, oldest first."""
    return fetch(
        RefundFacts,
        "FROM refund WHERE state IN ('NEW', 'SENT', 'ACCEPTED', 'UNKNOWN') ORDER BY created_at_ms",
    )
