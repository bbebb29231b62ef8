"""Sales that wait for a person's eye or decision, newest first.

Every part begins with the literal condition of a partial index, so that it walks what is open and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.database import select


class Waiting(StrEnum):
    """Why a sale waits for somebody."""

    LATE_PAYMENT = "LATE_PAYMENT"  # paid after its code was closed: hand over
    UNCERTAIN_SLIP = "UNCERTAIN_SLIP"  # nobody knows whether a copy came out
    FAILED_INVOICE = "FAILED_INVOICE"
    CODE_OPEN = "CODE_OPEN"  # its code can be paid, or may have been
    WRONG_PAYMENT = "WRONG_PAYMENT"  # the provider says paid, but not what was asked for
    REFUND_STUCK = "REFUND_STUCK"  # money that has to go back, and cannot without a person
    REFUNDING = "REFUNDING"  # money on its way back by itself


@dataclass(frozen=True, slots=True)
class WaitingSale:
    """One sale and why it waits; amount_fen: the money it is about, 0 where it is about none."""

    sale_id: str
    serial: str
    why: Waiting
    amount_fen: int = 0


_STUCK = (
    "(w.next_at_ms > 253402000000000 OR COALESCE(w.last_error, '') LIKE 'NOT_ENOUGH%' "
    "OR COALESCE(w.last_error, '') LIKE 'REFUSED%' OR COALESCE(w.last_error, '') LIKE 'MISMATCH%')"
)
"""No time makes it due, or the provider does not take it."""
_REFUNDS = (
    "SELECT s.id, s.serial, o.amount_fen FROM outbox AS w JOIN payment_order AS o ON o.number = w.subject "
    "JOIN sale AS s ON s.id = o.sale_id WHERE w.state = 'OPEN' AND w.kind IN (?, ?) AND "
)
_REFUNDS_ORDER = " ORDER BY w.key DESC LIMIT ?"
_MONEY = (
    (
        Waiting.LATE_PAYMENT,
        "SELECT id, serial, total_fen FROM sale WHERE state IN ('DRAFT', 'ORDERED', 'PAID') AND state = 'PAID' "
        "ORDER BY id DESC LIMIT ?",
    ),
    (
        Waiting.WRONG_PAYMENT,
        "SELECT s.id, s.serial, o.amount_fen FROM payment_order AS o JOIN sale AS s ON s.id = o.sale_id "
        "WHERE o.state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN') AND o.note LIKE 'MISMATCH%' "
        "ORDER BY o.number DESC LIMIT ?",
    ),
    (
        Waiting.CODE_OPEN,
        "SELECT s.id, s.serial, o.amount_fen FROM payment_order AS o JOIN sale AS s ON s.id = o.sale_id "
        "WHERE o.state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN') AND s.state = 'ORDERED' "
        "AND o.code IS NOT NULL AND COALESCE(o.note, '') NOT LIKE 'MISMATCH%' ORDER BY o.number DESC LIMIT ?",
    ),
)
_PAPERS = (
    (
        Waiting.UNCERTAIN_SLIP,
        "SELECT DISTINCT s.id, s.serial, 0 FROM print_job AS j JOIN sale AS s ON s.serial = j.document_key "
        "WHERE j.state NOT IN ('PRINTED', 'CANCELLED') AND j.state = 'UNCERTAIN' AND NOT EXISTS "
        "(SELECT 1 FROM print_job AS d WHERE d.document = j.document AND d.document_key = j.document_key "
        "AND d.kind = 'DUPLICATE' AND d.reason = 'UNCERTAIN:' || j.id) ORDER BY s.serial DESC LIMIT ?",
    ),
    (
        Waiting.FAILED_INVOICE,
        "SELECT s.id, s.serial, 0 FROM invoice AS i JOIN sale AS s ON s.id = i.sale_id "
        "WHERE i.final = 0 AND i.state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED') AND i.state = 'FAILED' "
        "ORDER BY i.number DESC LIMIT ?",
    ),
)


def waiting_sales(limit: int, refund_kinds: tuple[str, str]) -> tuple[WaitingSale, ...]:
    """At most `limit` of each kind; money comes first. refund_kinds: what the outbox calls money that goes back."""
    refunds = (
        (Waiting.REFUND_STUCK, f"{_REFUNDS}{_STUCK}{_REFUNDS_ORDER}"),
        (Waiting.REFUNDING, f"{_REFUNDS}NOT {_STUCK}{_REFUNDS_ORDER}"),
    )
    parts = (
        *((why, sql, (limit,)) for why, sql in _MONEY),
        *((why, sql, (*refund_kinds, limit)) for why, sql in refunds),
        *((why, sql, (limit,)) for why, sql in _PAPERS),
    )
    return tuple(
        WaitingSale(str(sale_id), str(serial or ""), why, int(amount_fen or 0))
        for why, sql, parameters in parts
        for sale_id, serial, amount_fen in select(sql, *parameters)
    )
