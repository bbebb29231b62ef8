"""The real receipt printer: sends jobs over a link and finds out whether they came out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

from drivers.printers.base import (
    Document,
    FirstByte,
    PrinterError,
    PrinterSettings,
    PrinterStatus,
    PrinterUnreachable,
    PrintOutcome,
    ReceiptPrinter,
    Tier,
)
from drivers.printers.escpos import INIT, encode
from drivers.printers.links import STALL_S, Connection, Link, link_for
from drivers.printers.profiles import Profile, profile_for
from drivers.printers.status import (
    ASK_ERROR,
    ASK_IN_ORDER,
    ASK_OFFLINE,
    ASK_PAPER,
    ASK_PRINTER,
    Answers,
    ask_process_id,
    read_line_status,
    read_status,
)

PROBE_ID = "PROB"
_TORN_BAND = bytes(72 * 128)


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds a printer gets. `rate` is how many bytes a second the slowest usual link carries."""

    answer: float = 0.4
    probe: float = 0.8
    stall: float = STALL_S
    confirm: float = 10.0
    settle: float = 1.0
    poll: float = 0.25
    rate: float = 5000.0


@dataclass(frozen=True, slots=True)
class Abilities:
    """How this printer confirms, found by asking it once: by process id (T1), by in-order status (T2)."""

    process_id: bool = False
    in_order: bool = False


@dataclass(slots=True)
class _Job:
    """The job sent last, whose connection stays open until its fate is known."""

    connection: Connection
    answers: Answers
    identity: str
    size: int
    sent_at: float
    lost: bool = False
    outcome: PrintOutcome = field(default_factory=lambda: PrintOutcome(0))
    settled: bool = False


class EscPosPrinter(ReceiptPrinter):
    """A printer that speaks ESC/POS, behind any link."""

    def __init__(
        self, name: str, link: Link, profile: Profile, *, reports: bool = True, timings: Timings | None = None
    ) -> None:
        self.name = name
        self.profile = profile
        self.width_dots = profile.width_dots
        self.can_report = reports and link.can_read
        self.abilities: Abilities | None = None
        self._link = link
        self._timings = timings or Timings()
        self._lock = asyncio.Lock()
        self._job: _Job | None = None
        self._asked = False
        self._torn = False
        self._next_identity = 0

    def encode(self, document: Document) -> bytes:
        """This printer's bytes; raises `NotPrintable`."""
        return encode(document, self.profile)

    # ------------------------------------------------------------ status

    async def status(self) -> PrinterStatus:
        """Ask now, on the connection of the job under way or on one of its own."""
        if not self.can_report:
            return PrinterStatus()
        async with self._lock:
            if self._job is not None and not self._job.settled and not self._job.lost:
                try:
                    return await self._ask_about(self._job)
                except PrinterError as error:
                    self._job.lost = True
                    return PrinterStatus(error=str(error))
            return await self._ask_freshly()

    async def _ask_about(self, job: _Job) -> PrinterStatus:
        """Ask on the job's connection; when the question is stuck behind the job's own bytes, on another one."""
        status = await self._ask(job.connection, job.answers)
        return status if status.answered else await self._ask_freshly()

    async def _ask_freshly(self) -> PrinterStatus:
        try:
            connection = await self._link.open()
        except PrinterError as error:
            return PrinterStatus(error=str(error))
        try:
            return await self._ask_and_probe(connection, Answers())
        except PrinterError as error:
            return PrinterStatus(error=str(error))
        finally:
            await connection.close()

    async def _ask_and_probe(self, connection: Connection, answers: Answers) -> PrinterStatus:
        status = await self._ask(connection, answers)
        self._asked = True
        if status.ready and self.abilities is None:
            await self._probe(connection, answers)
        return status

    async def _ask(self, connection: Connection, answers: Answers) -> PrinterStatus:
        printer = await self._real_time(connection, answers, ASK_PRINTER)
        if printer is None:
            lines = await connection.line_status()
            return PrinterStatus() if lines is None else read_line_status(lines)
        offline = await self._real_time(connection, answers, ASK_OFFLINE)
        paper = await self._real_time(connection, answers, ASK_PAPER)
        in_error = offline is not None and offline & 0x40
        error = await self._real_time(connection, answers, ASK_ERROR) if in_error else None
        return read_status(printer, offline, error, paper)

    async def _real_time(self, connection: Connection, answers: Answers, question: bytes) -> int | None:
        answers.real_time.clear()
        await connection.write(question, self._timings.answer)
        deadline = time.monotonic() + self._timings.answer
        while not answers.real_time:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            answers.feed(await connection.read(left))
        return answers.real_time.popleft()

    async def _probe(self, connection: Connection, answers: Answers) -> None:
        """Find out how it confirms, while it is idle. `ESC @` around it: a printer that takes the unknown command for
        text forgets that text again."""
        answers.in_order.clear()
        await connection.write(INIT + ask_process_id(PROBE_ID) + INIT + ASK_IN_ORDER)
        deadline = time.monotonic() + self._timings.probe
        while not answers.in_order or PROBE_ID not in answers.process_ids:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            answers.feed(await connection.read(left))
        found = Abilities(PROBE_ID in answers.process_ids, bool(answers.in_order))
        answers.in_order.clear()
        if found != Abilities() or (await self._ask(connection, answers)).ready:
            self.abilities = found

    # ------------------------------------------------------------ jobs

    async def send(self, payload: bytes, on_first_byte: FirstByte | None = None) -> int:
        """See the base class. The printer's way of confirming is found out here if `status` has not done so."""
        async with self._lock:
            await self._drop_job()
            connection = await self._link.open()
            try:
                answers = await self._prepare(connection)
                if on_first_byte is not None:
                    await on_first_byte()
                connection.restart_count()
                await connection.write(payload, self._timings.stall)
                self._job = await self._sent(connection, answers, len(payload))
            except BaseException as error:
                self._torn = self._torn or (self._job is None and 0 < _accepted(error, connection) < len(payload))
                await connection.close()
                raise
            return len(payload)

    async def _prepare(self, connection: Connection) -> Answers:
        answers = Answers()
        try:
            if self._torn:
                # The last job broke off, perhaps inside an image: zeros complete it as white, elsewhere they are
                # ignored; then everything starts anew.
                await connection.write(_TORN_BAND + INIT, self._timings.stall)
                self._torn = False
            if self.can_report and self.abilities is None and not self._asked:
                await self._ask_and_probe(connection, answers)
        except PrinterError as error:
            raise PrinterUnreachable(str(error)) from error
        connection.restart_count()
        return answers

    async def _sent(self, connection: Connection, answers: Answers, size: int) -> _Job:
        self._next_identity = self._next_identity % 9999 + 1
        identity = f"{self._next_identity:04d}"
        job = _Job(connection, answers, identity, size, time.monotonic(), outcome=PrintOutcome(size))
        answers.in_order.clear()
        abilities = self.abilities or Abilities()
        question = ask_process_id(identity) if abilities.process_id else ASK_IN_ORDER if abilities.in_order else b""
        try:
            if question and self.can_report:
                await connection.write(question, self._timings.stall)
        except PrinterError:
            job.lost = True
        return job

    async def confirm(self, timeout_s: float | None = None) -> PrintOutcome:
        """See the base class; waits on the connection the job was sent on."""
        job = self._job
        if job is None:
            return PrintOutcome(0)
        if timeout_s is None:
            timeout_s = self._timings.confirm + job.size / self._timings.rate
        deadline = time.monotonic() + timeout_s
        next_status = time.monotonic() + self._timings.poll
        while not job.settled:
            async with self._lock:
                try:
                    if job.lost:
                        raise PrinterUnreachable("the connection was lost")
                    if not self.can_report:
                        return await self._settle(job, Tier.T4)
                    job.answers.feed(await job.connection.read(self._timings.poll))
                    tier = self._tier(job)
                    if tier is None and time.monotonic() >= next_status:
                        status = await self._ask_about(job)
                        tier = self._tier(job) or await self._drained_tier(job, status)
                        if tier is None and status.fault is not None:
                            return replace(job.outcome, fault=status.fault)
                        next_status = time.monotonic() + 2 * self._timings.poll
                except PrinterError:
                    return await self._settle(job, None)
                if tier is not None or time.monotonic() >= deadline:
                    return await self._settle(job, tier)
        return job.outcome

    def _tier(self, job: _Job) -> Tier | None:
        if job.identity in job.answers.process_ids:
            return Tier.T1
        abilities = self.abilities or Abilities()
        if abilities.in_order and not abilities.process_id and job.answers.in_order:
            return Tier.T2
        return None

    async def _drained_tier(self, job: _Job, status: PrinterStatus) -> Tier | None:
        """T3, for printers that confirm in no better way: never for one that could and did not."""
        abilities = self.abilities or Abilities()
        settled = time.monotonic() - job.sent_at >= self._timings.settle
        if abilities != Abilities() or not status.ready or not settled:
            return None
        return Tier.T3 if await job.connection.drained() else None

    async def _settle(self, job: _Job, tier: Tier | None) -> PrintOutcome:
        job.settled = True
        job.outcome = replace(job.outcome, tier=tier)
        await job.connection.close()
        return job.outcome

    async def _drop_job(self) -> None:
        job, self._job = self._job, None
        if job is not None and not job.settled:
            await self._settle(job, None)

    async def aclose(self) -> None:
        """Let go of the connection of a job whose fate is still open."""
        async with self._lock:
            await self._drop_job()


def _accepted(error: BaseException, connection: Connection) -> int:
    return error.bytes_sent if isinstance(error, PrinterError) else connection.bytes_sent


def create(settings: PrinterSettings) -> EscPosPrinter:
    """The real member of the registry. Raises `ValueError` for an address or profile that cannot be."""
    return EscPosPrinter(settings.name, link_for(settings.address), profile_for(settings), reports=settings.reports)
