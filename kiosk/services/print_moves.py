"""The moves of print jobs, each one unit of work inside a transaction of the store. False: somebody else moved it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from data.models import PrintJob, Sale
from data.spool import in_state
from data.states import PrintJobState
from data.unit_of_work import Tx
from drivers.printers.base import PrintOutcome

S = PrintJobState

OPERATOR_TIER = "OPERATOR"
"""`tier` of a job that a person, not the printer, said came out."""
UNCONFIRMED = "unconfirmed"
"""`error` of a job the printer took and said nothing about."""
BY_RESTART = "restart"
"""`error` of a job that was on its way when the program ended."""


Mine = Callable[[str], bool]
"""Whether a job's printer is this worker's."""


def waiting(mine: Mine) -> list[PrintJob]:
    """Jobs that still have to leave, oldest first."""
    return _open_jobs((S.QUEUED, S.HELD), mine)


def _open_jobs(states: Collection[PrintJobState], mine: Mine) -> list[PrintJob]:
    found = [PrintJob.find(job.id) for job in in_state(states) if mine(job.printer)]
    return [job for job in found if job is not None]


def sale_of_job(job: PrintJob) -> str | None:
    """The id of the sale a job's document belongs to."""
    sale = Sale.query().where(Sale.serial == job.document_key).get_or_none()
    return None if sale is None else sale.id


def interrupted(tx: Tx, mine: Mine) -> None:
    """At a start: nobody saw whether these came out."""
    for job in _open_jobs((S.SENDING, S.SENT), mine):
        tx.move(PrintJob, job.id, S.UNCERTAIN, expect=(S.SENDING, S.SENT), error=BY_RESTART)


def hold(tx: Tx, mine: Mine, cause: str) -> None:
    """All that waits for the printer waits with this cause."""
    for job in waiting(mine):
        if job.state == S.QUEUED:
            tx.move(PrintJob, job.id, S.HELD, expect=S.QUEUED, error=cause)
        elif job.error != cause:
            tx.change(PrintJob, job.id, error=cause)


def hold_one(tx: Tx, job_id: str) -> bool:
    """One that cannot be drawn now; its error stays."""
    return tx.move(PrintJob, job_id, S.HELD, expect=S.QUEUED)


def release(tx: Tx, job_id: str) -> bool:
    """What held it is over."""
    return tx.move(PrintJob, job_id, S.QUEUED, expect=S.HELD, error=None)


def claim(tx: Tx, job_id: str) -> bool:
    """Before the first byte."""
    job = PrintJob.find(job_id)
    return job is not None and tx.move(
        PrintJob,
        job_id,
        S.SENDING,
        expect=S.QUEUED,
        attempts=job.attempts + 1,
        claimed_at_ms=tx.now_ms,
        first_byte_at_ms=tx.now_ms,
        error=None,
    )


def put_back(tx: Tx, job_id: str, error: str) -> bool:
    """No byte was accepted: it waits again. One that was never claimed is waiting anyway."""
    return tx.move(PrintJob, job_id, S.QUEUED, expect=S.SENDING, error=error[:200], first_byte_at_ms=None)


def sent(tx: Tx, job_id: str, count: int) -> bool:
    """Every byte was accepted."""
    return tx.move(PrintJob, job_id, S.SENT, expect=S.SENDING, bytes_sent=count, sent_at_ms=tx.now_ms)


def told(tx: Tx, job_id: str, outcome: PrintOutcome) -> None:
    """What the printer says of bytes it took: printed, or a fault (it still holds them), or nothing at all."""
    if outcome.tier is not None:
        tier = outcome.tier.value
        tx.move(PrintJob, job_id, S.PRINTED, expect=S.SENT, tier=tier, confirmed_at_ms=tx.now_ms, error=None)
    elif outcome.fault is not None:
        job = PrintJob.find(job_id)
        if job is not None and job.error != outcome.fault.value:
            tx.change(PrintJob, job_id, expect=S.SENT, error=outcome.fault.value)
    else:
        lose(tx, job_id, UNCONFIRMED, 0)


def printed_by_operator(tx: Tx, job_id: str, operator: str) -> bool:
    """A person looked at the paper."""
    moved = tx.move(
        PrintJob, job_id, S.PRINTED, expect=S.UNCERTAIN, tier=OPERATOR_TIER, confirmed_at_ms=tx.now_ms, error=None
    )
    if moved:
        tx.record("print_job.SEEN", "print_job", job_id, {"operator": operator})
    return moved


def lose(tx: Tx, job_id: str, error: str, count: int) -> bool:
    """Bytes left, and nothing tells whether paper came out."""
    if not tx.move(PrintJob, job_id, S.UNCERTAIN, expect=(S.SENDING, S.SENT), error=error[:200]):
        return False
    return count == 0 or tx.change(PrintJob, job_id, bytes_sent=count)
