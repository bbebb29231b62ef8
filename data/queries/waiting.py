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
    WRONG_PAYMENT = "WRONG_PAYMENT"  # the provider says paid, but not what was asked for


@dataclass(frozen=True, slots=True)
class WaitingSale:
    """One sale and why it waits."""

    sale_id: str
    serial: str
    why: Waiting


_PARTS = (
    (
        Waiting.LATE_PAYMENT,
        "SELECT id, serial FROM sale WHERE state IN ('DRAFT', 'ORDERED', 'PAID') AND state = 'PAID' "
        "ORDER BY id DESC LIMIT ?",
    ),
    (
        Waiting.WRONG_PAYMENT,
        "SELECT s.id, s.serial FROM payment_order AS o JOIN sale AS s ON s.id = o.sale_id "
        "WHERE o.state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN') AND o.note LIKE 'MISMATCH%' "
        "ORDER BY o.number DESC LIMIT ?",
    ),
    (
        Waiting.UNCERTAIN_SLIP,
        "SELECT DISTINCT s.id, s.serial FROM print_job AS j JOIN sale AS s ON s.serial = j.document_key "
        "WHERE j.state NOT IN ('PRINTED', 'CANCELLED') AND j.state = 'UNCERTAIN' AND NOT EXISTS "
        "(SELECT 1 FROM print_job AS d WHERE d.document = j.document AND d.document_key = j.document_key "
        "AND d.kind = 'DUPLICATE' AND d.reason = 'UNCERTAIN:' || j.id) ORDER BY s.serial DESC LIMIT ?",
    ),
    (
        Waiting.FAILED_INVOICE,
        "SELECT s.id, s.serial FROM invoice AS i JOIN sale AS s ON s.id = i.sale_id "
        "WHERE i.final = 0 AND i.state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED') AND i.state = 'FAILED' "
        "ORDER BY i.number DESC LIMIT ?",
    ),
)


def waiting_sales(limit: int) -> tuple[WaitingSale, ...]:
    """At most `limit` of each kind; money comes first."""
    return tuple(
        WaitingSale(str(sale_id), str(serial or ""), why)
        for why, sql in _PARTS
        for sale_id, serial in select(sql, limit)
    )
