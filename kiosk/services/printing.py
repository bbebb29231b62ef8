"""The spool: every slip is a job in the store, printed once, whatever the printer or the power does meanwhile.

One worker per printer, one job at a time. A job leaves only while the printer says it is ready; SENDING is committed
before its first byte; when no byte was accepted it waits again, still as the original. After bytes left, only the
printer's own word makes it PRINTED (how good a word, the tier says); a fault it shows means that it holds the bytes and
finishes after the fault is healed; anything else is UNCERTAIN, and a person decides. A sale never waits for paper.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from data.models import PrintJob
from data.states import Copy, PrintJobState, PrintKind
from data.store import Store
from data.unit_of_work import Tx
from drivers.printers.base import ReceiptPrinter
from kiosk.rules.permissions import Command, require
from kiosk.services import print_moves as moves
from kiosk.services import views
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.printer_worker import PrinterFacts, PrinterWorker
from kiosk.services.slips import Slips

DUPLICATE_OF = "UNCERTAIN"
"""`reason` of a duplicate made because nobody knows whether another job came out: this word, a colon, that job's id."""


class PrintingService:
    """Prints what is queued, and lets a person settle what is uncertain."""

    def __init__(self, store: Store, clock: Clock, changes: Changes, slips: Slips) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._slips = slips
        self._workers: tuple[PrinterWorker, ...] = ()

    @property
    def printers(self) -> tuple[PrinterFacts, ...]:
        """The printers as they were last seen; empty before `run`."""
        return tuple(worker.facts for worker in self._workers)

    async def run(self, printers: Sequence[ReceiptPrinter]) -> None:
        """Print until cancelled. The first printer also takes the jobs of printers that are not set up any more."""
        names = frozenset(printer.name for printer in printers)
        parts = (self._store, self._clock, self._changes, self._slips)
        self._workers = tuple(
            PrinterWorker(printer, *parts, others=names - {printer.name} if at == 0 else None)
            for at, printer in enumerate(printers)
        )
        self._slips.handover.listen(self._workers[0].bell.set)
        forget = self._changes.subscribe(self._wake)
        try:
            async with asyncio.TaskGroup() as group:
                for worker in self._workers:
                    group.create_task(worker.run())
        finally:
            forget()
            for printer in printers:
                await printer.aclose()

    async def resolve(self, job_id: str, printed: bool, operator: views.Operator) -> bool:
        """Settle an uncertain job: it came out, or a duplicate, marked as one, is queued (once).

        False when it is not uncertain any more. Raises Refusal NOT_PERMITTED.
        """
        require(operator.role, Command.SETTLE_PRINT)
        number = operator.number

        def settle(tx: Tx) -> tuple[bool, str | None]:
            job = PrintJob.find(job_id)
            if job is None or job.state != PrintJobState.UNCERTAIN:
                return False, None
            sale_id = moves.sale_of_job(job)
            if printed:
                return moves.printed_by_operator(tx, job_id, number), sale_id
            reason = f"{DUPLICATE_OF}:{job_id}"
            made = PrintJob.query().where(
                (PrintJob.document == job.document) & (PrintJob.document_key == job.document_key)
            )
            if any(other.kind == PrintKind.DUPLICATE and other.reason == reason for other in made):
                return False, sale_id
            return self._slips.queue_duplicate(tx, job, number, reason) is not None, sale_id

        settled, sale_id = await self._store.write(settle)
        self._changes.publish({"printer", "health"} | ({f"sale:{sale_id}"} if sale_id else set()))
        self._wake(frozenset({"printer"}))
        return settled

    async def save_slip(self, sale_id: str, copy: Copy, to: Path, operator: views.Operator) -> Path:
        """Save a picture (PNG) of a paid sale's slip, as the printer got it, in directory `to`, or as that file.

        It shows and does not print, so nothing is counted. Raises Refusal NOT_PERMITTED, SALE_NOT_FOUND, SALE_FROZEN
        when there is no slip yet, PRINTER_NOT_READY when it cannot be drawn; OSError.
        """
        require(operator.role, Command.SAVE_SLIP)
        found = await self._store.write(lambda tx: self._slips.picture_bytes(tx, sale_id, copy))
        return await asyncio.to_thread(_save_picture, found.payload, found.width_dots, found.name, to)

    def _wake(self, keys: frozenset[str]) -> None:
        """A job was queued: look at once. What the workers publish themselves costs them one more look."""
        if "printer" in keys:
            for worker in self._workers:
                worker.bell.set()


def _save_picture(payload: bytes, width_dots: int, name: str, to: Path) -> Path:
    from drivers.printers.raster import picture

    target = to / f"{name}.png" if to.is_dir() or not to.suffix else to
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture(payload, width_dots))
    return target
