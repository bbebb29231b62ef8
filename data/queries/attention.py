"""What waits for somebody or something, for the lights of the status line.

Every count begins with the literal condition of a partial index, so that it walks what is open and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.database import select

_JOBS = "SELECT COUNT(*) FROM print_job AS j WHERE j.state NOT IN ('PRINTED', 'CANCELLED')"
_ORDERS = "SELECT COUNT(*) FROM payment_order WHERE state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN')"
_INVOICES = "SELECT COUNT(*) FROM invoice WHERE final = 0 AND state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED')"


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts. uncertain: papers nobody saw come out and nobody decided about; unknown_payments: nobody knows whether
    they were paid; open_money: money that fits no sale, or that waits for the clerk's decision."""

    printing: int = 0
    uncertain: int = 0
    unknown_payments: int = 0
    open_money: int = 0
    invoicing: int = 0
    failed_invoices: int = 0


def attention(refund_kinds: tuple[str, str]) -> Attention:
    """The counts now; ``refund_kinds`` are the kinds of the outbox rows for money that goes back."""
    return Attention(
        printing=_count(f"{_JOBS} AND j.state IN ('QUEUED', 'HELD', 'SENDING', 'SENT')"),
        uncertain=_count(
            f"{_JOBS} AND j.state = 'UNCERTAIN' AND NOT EXISTS (SELECT 1 FROM print_job AS d "  # noqa: S608
            "WHERE d.document = j.document AND d.document_key = j.document_key AND d.kind = 'DUPLICATE' "
            "AND d.reason = 'UNCERTAIN:' || j.id)"
        ),
        unknown_payments=_count(f"{_ORDERS} AND state = 'UNKNOWN'"),
        open_money=_count(f"{_ORDERS} AND note LIKE 'MISMATCH%'")
        + _count("SELECT COUNT(*) FROM sale WHERE state IN ('DRAFT', 'ORDERED', 'PAID') AND state = 'PAID'")
        + _count("SELECT COUNT(*) FROM outbox WHERE state = 'OPEN' AND kind IN (?, ?)", *refund_kinds),
        invoicing=_count(f"{_INVOICES} AND state IN ('NEW', 'SENT', 'ISSUING')"),
        failed_invoices=_count(f"{_INVOICES} AND state = 'FAILED'"),
    )


def _count(sql: str, *parameters: str) -> int:
    return int(select(sql, *parameters)[0][0])
