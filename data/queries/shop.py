"""The shop's own facts, and what the status line counts."""

from __future__ import annotations

from dataclasses import dataclass

from data.chain import Anchor
from data.database import select
from data.reading import fetch, fetch_one
from data.states import EnrolmentState, ShiftState, TerminalState


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    number: str
    state: TerminalState
    outlet: str | None
    bound_at_ms: int | None


@dataclass(frozen=True, slots=True)
class OutletFacts:
    code: str
    name: str
    address: str
    phone: str
    tax_number: str | None


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    serial: str
    terminal: str
    state: ShiftState
    operator: str
    float_fen: int
    opened_at_ms: int


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    number: str
    state: EnrolmentState
    provider: str
    submitted_at_ms: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class TokenFacts:
    provider: str
    token: str
    fetched_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A row of the journal; ``body`` is its JSON."""

    seq: int
    at_ms: int
    kind: str
    thing: str
    thing_key: str
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits, for the status line."""

    payments_live: int
    payments_unknown: int
    payments_late: int
    invoices_open: int
    invoices_failed: int
    jobs_waiting: int
    jobs_held: int
    jobs_uncertain: int
    outbox_open: int
    outbox_oldest_ms: int | None


def terminals() -> tuple[TerminalFacts, ...]:
    """The terminals this store knows, active ones first."""
    return fetch(TerminalFacts, "FROM terminal ORDER BY state <> 'ACTIVE', number")


def outlet(code: str) -> OutletFacts | None:
    """One outlet."""
    return fetch_one(OutletFacts, "FROM outlet WHERE code = ?", code)


def setting(name: str) -> str | None:
    """The value of a setting kept in the store."""
    found = select("SELECT value FROM setting WHERE name = ?", name)
    return str(found[0][0]) if found else None


def open_shift(terminal: str) -> ShiftFacts | None:
    """The shift of a terminal that is not closed."""
    return fetch_one(ShiftFacts, "FROM shift WHERE terminal = ? AND state <> 'CLOSED'", terminal)


def enrolments() -> tuple[EnrolmentFacts, ...]:
    """Applications for pay-and-invoice, newest first."""
    return fetch(EnrolmentFacts, "FROM enrolment ORDER BY submitted_at_ms DESC, number DESC")


def token(provider: str) -> TokenFacts | None:
    """The stored access token of a provider, expired or not."""
    return fetch_one(TokenFacts, "FROM provider_token WHERE provider = ?", provider)


def head() -> Anchor | None:
    """The journal's last row."""
    found = select("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    return Anchor(int(found[0][0]), str(found[0][1])) if found else None


def history(thing: str, key: str) -> tuple[JournalEntry, ...]:
    """Everything the journal tells of one row, oldest first."""
    return fetch(JournalEntry, "FROM journal WHERE thing = ? AND thing_key = ? ORDER BY seq", thing, key)


def counts() -> Counts:
    """What waits, counted over partial indexes that hold open rows only."""
    orders = _by_state(
        "SELECT state, COUNT(*) FROM payment_order WHERE state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN') "
        "GROUP BY state"
    )
    late = select("SELECT COUNT(*) FROM payment_order WHERE state = 'PAID_LATE'")
    invoices = _by_state(
        "SELECT state, COUNT(*) FROM invoice WHERE final = 0 "
        "AND state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED') GROUP BY state"
    )
    jobs = _by_state("SELECT state, COUNT(*) FROM print_job WHERE state NOT IN ('PRINTED', 'CANCELLED') GROUP BY state")
    outbox = select("SELECT COUNT(*), MIN(next_at_ms) FROM outbox WHERE state = 'OPEN'")[0]
    return Counts(
        payments_live=sum(orders.values()),
        payments_unknown=orders.get("UNKNOWN", 0),
        payments_late=int(late[0][0]),
        invoices_open=sum(invoices.values()),
        invoices_failed=invoices.get("FAILED", 0),
        jobs_waiting=sum(jobs.get(state, 0) for state in ("QUEUED", "SENDING", "SENT")),
        jobs_held=jobs.get("HELD", 0),
        jobs_uncertain=jobs.get("UNCERTAIN", 0),
        outbox_open=int(outbox[0]),
        outbox_oldest_ms=int(outbox[1]) if outbox[1] is not None else None,
    )


def _by_state(sql: str) -> dict[str, int]:
    return {str(state): int(number) for state, number in select(sql)}
