"""Works off the jobs of one printer, one at a time. Every wait is a coroutine: a stalled printer stops only itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from data.states import PrintJobState
from data.store import Store, StoreDamaged, StoreFull
from data.unit_of_work import Tx
from drivers.printers.base import PrinterError, PrinterStatus, ReceiptPrinter
from kiosk.services import print_moves as moves
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.print_handover import Handed
from kiosk.services.slips import Slips

log = logging.getLogger(__name__)

T = TypeVar("T")

HELD_POLL_S = 1.0
IDLE_POLL_S = 10.0
IDLE_FAULT_POLL_S = 3.0
RETRY_S = 2.0
NO_ANSWER = "no_answer"
"""`error` of a held job whose printer says nothing; the others are the printer's own faults (base.Fault)."""


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """A printer as it was last seen. status None: not asked yet. can_report False: it never tells anything."""

    name: str
    status: PrinterStatus | None
    can_report: bool


@dataclass(frozen=True, slots=True)
class _Job:
    """The oldest job that still has to leave; one that is SENDING was handed over."""

    id: str
    state: PrintJobState
    payload: bytes | None
    sale_id: str | None


class _Taken(Exception):  # noqa: N818  not an error: somebody else moved the job first
    """Raised in the first-byte callback so that nothing is sent."""


class PrinterWorker:
    """One printer and its jobs. `others` given: it is the printer slips are made for, and also takes the jobs of every
    printer not named there.

    `bell` makes it look at once.
    """

    def __init__(
        self,
        printer: ReceiptPrinter,
        store: Store,
        clock: Clock,
        changes: Changes,
        slips: Slips,
        others: frozenset[str] | None = None,
    ) -> None:
        self.bell = asyncio.Event()
        self._printer = printer
        self._store = store
        self._clock = clock
        self._changes = changes
        self._slips = slips
        self._others = others
        self._status: PrinterStatus | None = None
        self._handed: deque[Handed] = deque()

    @property
    def facts(self) -> PrinterFacts:
        """The printer as it was last seen."""
        return PrinterFacts(self._printer.name, self._status, self._printer.can_report)

    async def run(self) -> None:
        """Work until cancelled. What was on its way when the last run ended is uncertain: nobody saw it come out."""
        await self._write(lambda tx: moves.interrupted(tx, self._mine))
        try:
            while True:
                try:
                    pause = await self._round()
                except Exception:
                    log.exception("printer %s: a round failed", self._printer.name)
                    pause = RETRY_S
                if pause > 0:
                    await self._clock.wait(self.bell, pause)
        finally:
            self._slips.handover.withdraw()
            while self._handed:
                await self._hand_back(self._handed.popleft(), "stopped")

    async def _round(self) -> float:
        """Look after the oldest job; returns the pause before the next look."""
        if self._handed:
            self._slips.handover.withdraw()
            return await self._print_handed(self._handed.popleft())
        job = await self._store.read(self._next)
        if job is None:
            # The last offer stands while the printer is asked again: a slip that comes meanwhile waits for its word.
            if await self._look() is not None:
                self._slips.handover.withdraw()
                return IDLE_FAULT_POLL_S
            self._offer()
            return IDLE_POLL_S
        self._slips.handover.withdraw()
        if job.payload is None:
            if await self._write(lambda tx: self._slips.draw(tx, job.id), job.sale_id):
                return 0
            await self._write(lambda tx: moves.hold_one(tx, job.id), job.sale_id)
            return RETRY_S
        if cause := await self._look():
            await self._hold(cause)
            return HELD_POLL_S
        if job.state is PrintJobState.HELD:
            await self._write(lambda tx: moves.release(tx, job.id), job.sale_id)
        return await self._print(job, job.payload)

    def _offer(self) -> None:
        """Idle and ready: the next slip may come with the commit that makes it."""
        if self._others is None:
            return
        loop = asyncio.get_running_loop()

        def take(handed: Handed) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is over: the next start finds the job
                loop.call_soon_threadsafe(self._receive, handed)

        self._slips.handover.offer(take)

    def _receive(self, handed: Handed) -> None:
        self._handed.append(handed)
        self.bell.set()

    async def _print_handed(self, handed: Handed) -> float:
        """It was claimed with the commit that made it. A printer that showed a fault since gets nothing."""
        if self._printer.can_report and (self._status is None or not self._status.ready):
            await self._note(lambda tx: moves.put_back(tx, handed.job_id, NO_ANSWER), handed.sale_id)
            return 0
        job = _Job(handed.job_id, PrintJobState.SENDING, handed.payload, handed.sale_id)
        return await self._print(job, handed.payload)

    async def _hand_back(self, handed: Handed, why: str) -> None:
        """No byte of it left: it queues like any other."""
        await self._write(lambda tx: moves.put_back(tx, handed.job_id, why), handed.sale_id)

    async def _print(self, job: _Job, payload: bytes) -> float:
        """One attempt, from the commit before the first byte to the printer's word."""

        async def first_byte() -> None:
            if job.state is PrintJobState.SENDING:
                return
            if not await self._write(lambda tx: moves.claim(tx, job.id), job.sale_id):
                raise _Taken

        try:
            count = await self._printer.send(payload, first_byte)
        except _Taken:
            return 0
        except PrinterError as error:
            log.warning("printer %s: %s", self._printer.name, error)
            why, accepted = str(error), error.bytes_sent
            if error.nothing_accepted:
                await self._note(lambda tx: moves.put_back(tx, job.id, why), job.sale_id)
                return RETRY_S
            await self._note(lambda tx: moves.lose(tx, job.id, why, accepted), job.sale_id)
            return 0
        await self._note(lambda tx: moves.sent(tx, job.id, count), job.sale_id)
        await self._confirm(job)
        return 0

    async def _confirm(self, job: _Job) -> None:
        """Until the printer confirms, or nothing tells any more. While it shows a fault it still holds the bytes."""
        while True:
            outcome = await self._printer.confirm()
            await self._note(partial(moves.told, job_id=job.id, outcome=outcome), job.sale_id)
            if outcome.fault is None:
                return
            await self._look()
            await self._clock.wait(self.bell, HELD_POLL_S)

    async def _look(self) -> str | None:
        """Ask the printer; returns why nothing may be sent now, None when it is ready or can never say."""
        status = await self._printer.status() if self._printer.can_report else PrinterStatus()
        told, self._status = self._status, status
        if told != status:
            self._changes.publish({"printer", "health"})
        if status.ready or not self._printer.can_report:
            return None
        return status.fault.value if status.fault is not None else NO_ANSWER

    async def _hold(self, cause: str) -> None:
        def stale() -> list[str | None]:
            jobs = moves.waiting(self._mine)
            fresh = [job for job in jobs if job.state == PrintJobState.QUEUED or job.error != cause]
            return [moves.sale_of_job(job) for job in fresh]

        if sales := await self._store.read(stale):
            await self._write(lambda tx: moves.hold(tx, self._mine, cause), *sales)

    def _mine(self, printer: str) -> bool:
        return printer == self._printer.name if self._others is None else printer not in self._others

    def _next(self) -> _Job | None:
        """The oldest that is drawn; only when there is none, the oldest that is not: it holds up nobody."""
        jobs = moves.waiting(self._mine)
        job = next((one for one in jobs if one.payload is not None), jobs[0] if jobs else None)
        if job is None:
            return None
        payload = None if job.payload is None else bytes(job.payload)
        return _Job(job.id, PrintJobState(job.state), payload, moves.sale_of_job(job))

    async def _note(self, work: Callable[[Tx], object], sale_id: str | None) -> None:
        """Write down what became of a claimed job as soon as the store takes it: nobody could tell it a second time."""
        while True:
            try:
                await self._write(work, sale_id)
                return
            except (StoreDamaged, StoreFull):
                log.exception("printer %s: what became of a job cannot be written down yet", self._printer.name)
            await self._clock.wait(self.bell, RETRY_S)

    async def _write(self, work: Callable[[Tx], T], *sale_ids: str | None) -> T:
        result = await self._store.write(work)
        self._changes.publish({"printer", *_keys(sale_ids)})
        return result


def _keys(sale_ids: Iterable[str | None]) -> list[str]:
    return [f"sale:{sale_id}" for sale_id in sale_ids if sale_id is not None]
