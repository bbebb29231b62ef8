"""The print queue 打印队列: which copies wait, which were under way when the power went, which are uncertain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from data.database import select
from data.reading import fetch, fetch_one
from data.states import Copy, PrintJobState, PrintKind


@dataclass(frozen=True, slots=True)
class Job:
    """A print job without its bytes."""

    id: str
    document: str
    document_key: str
    copy: Copy | None
    kind: PrintKind
    copy_no: int
    printer: str
    state: PrintJobState
    tier: str | None
    template_version: str
    attempts: int
    bytes_sent: int
    queued_at_ms: int
    sent_at_ms: int | None
    confirmed_at_ms: int | None
    error: str | None
    operator: str
    reason: str | None


def due(printer: str | None = None, *, limit: int = 50) -> tuple[Job, ...]:
    """Queued jobs, oldest first; of one printer or of all."""
    return fetch(
        Job,
        "FROM print_job WHERE state = 'QUEUED' AND state NOT IN ('PRINTED', 'CANCELLED') "
        "AND (? IS NULL OR printer = ?) ORDER BY queued_at_ms, id LIMIT ?",
        printer,
        printer,
        limit,
    )


def in_state(states: Collection[PrintJobState]) -> tuple[Job, ...]:
    """Open jobs in any of the states, oldest first: after a start those still SENDING or SENT, or the UNCERTAIN."""
    found: list[Job] = []
    for state in states:
        if state in (PrintJobState.PRINTED, PrintJobState.CANCELLED):
            raise ValueError("finished jobs are looked up by their document")
        found += fetch(
            Job,
            "FROM print_job WHERE state = ? AND state NOT IN ('PRINTED', 'CANCELLED') ORDER BY queued_at_ms, id",
            state.value,
        )
    return tuple(sorted(found, key=lambda job: (job.queued_at_ms, job.id)))


def job(job_id: str) -> Job | None:
    """One job."""
    return fetch_one(Job, "FROM print_job WHERE id = ?", job_id)


def payload(job_id: str) -> bytes | None:
    """The exact bytes of a job, once they are stored."""
    found = select("SELECT payload FROM print_job WHERE id = ?", job_id)
    return found[0][0] if found else None


def jobs_of(document: str, document_key: str) -> tuple[Job, ...]:
    """All jobs of one document, oldest first."""
    return fetch(Job, "FROM print_job WHERE document = ? AND document_key = ? ORDER BY id", document, document_key)


def next_copy_no(document: str, document_key: str, copy: Copy) -> int:
    """The number of the next duplicate of a copy, from 1; to be used in the same unit of work."""
    found = select(
        "SELECT COALESCE(MAX(copy_no), 0) + 1 FROM print_job "
        "WHERE document = ? AND document_key = ? AND copy = ? AND kind = 'DUPLICATE'",
        document,
        document_key,
        copy.value,
    )
    return int(found[0][0])
