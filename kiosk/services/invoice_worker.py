"""Sees invoices through: hands them in, asks until they are issued, fetches their files, for days if need be.

One task at a time, the one due first. The invoice's number makes handing in harmless to repeat; still a query comes
first after every outcome nobody knows. While the provider does not answer, one question at a time tries whether it is
back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from data.models import Invoice
from data.outbox import Wish
from data.states import InvoiceState
from data.store import Store
from data.unit_of_work import Tx
from drivers.invoices.base import (
    InvoiceAnswer,
    InvoiceDuplicate,
    InvoiceError,
    InvoiceProvider,
    InvoiceRefused,
    InvoiceStatus,
    InvoiceUnknown,
    InvoiceUnreachable,
)
from kiosk.services import invoice_moves as moves
from kiosk.services.changes import Changes
from kiosk.services.channel_watch import ChannelWatch
from kiosk.services.clock import Clock
from kiosk.services.invoice_files import InvoiceFiles
from kiosk.services.invoice_intents import FILES_KIND, InvoiceIntents
from kiosk.services.invoice_moves import Facts

log = logging.getLogger(__name__)

T = TypeVar("T")
S = InvoiceState

POLL_S = (1.0, 2.0, 3.0, 5.0, 5.0, 5.0, 10.0, 10.0, 30.0, 60.0)
"""Pauses between questions about an accepted invoice; the last one stays."""
OUTAGE_S = (1.0, 2.0, 3.0) + (5.0,) * 120 + (30.0,) * 120
"""Pauses while the provider does not answer: about ten minutes of quick ones, an hour of slower ones, then the last."""
OUTAGE_LAST_S = 300.0
IDLE_S = 300.0
STEP_FAILED_S = 30.0
NOT_YET_MS = 3_000
"""A number just handed in may be unknown to queries for a while."""
LOST_MS = 120_000
"""An accepted invoice unknown to queries for this long is handed in again, with the same bytes."""
AGAIN_AFTER_S = (300, 1_800, 7_200, 28_800, 86_400, 86_400)
"""When a failed invoice is tried again by itself."""
WITHOUT_SETTINGS_S = 600
MISMATCH_S = 600
PATIENCE_S = 12.0


class InvoiceWorker:
    """Works off the outbox rows of invoices. `bell` makes it look at once."""

    def __init__(
        self,
        provider: InvoiceProvider,
        store: Store,
        clock: Clock,
        changes: Changes,
        intents: InvoiceIntents,
        files: InvoiceFiles,
        watch: ChannelWatch,
    ) -> None:
        self.bell = asyncio.Event()
        self._provider = provider
        self._store = store
        self._clock = clock
        self._changes = changes
        self._intents = intents
        self._files = files
        self._watch = watch
        self._failures = 0
        self._not_before_ms = 0
        self._handed_in_ms: dict[str, int] = {}
        self._retrying: set[str] = set()
        self._started_ms = clock.now_ms()

    async def run(self) -> None:
        """Work until cancelled; everything that is open is looked at first."""
        self._started_ms = self._clock.now_ms()
        await self._store.write(moves.all_due)
        while True:
            try:
                pause = await self._round()
            except Exception:
                log.exception("an invoice's step failed")
                pause = STEP_FAILED_S
            if pause > 0:
                await self._clock.wait(self.bell, pause)

    async def _round(self) -> float:
        """The task that is due first; returns the pause before the next one."""
        outage_ms = self._not_before_ms - self._clock.steady_ms()
        if outage_ms > 0:
            return outage_ms / 1000
        task = await self._store.read(moves.next_task)
        if task is None:
            return IDLE_S
        wait_ms = task.next_at_ms - self._clock.now_ms()
        if wait_ms > 0:
            return min(wait_ms / 1000, IDLE_S)
        try:
            await self._do(task)
        except InvoiceError as error:
            await self._trouble(task, error)
            return 0
        except Exception as error:
            log.exception("invoice %s: a step failed", task.subject)
            await self._store.write(partial(_put_off, task=task, seconds=STEP_FAILED_S, why=str(error)[:200] or "?"))
        self._failures = 0
        return 0

    async def _do(self, task: Wish) -> None:
        invoice = await self._store.read(lambda: moves.load_invoice(task.subject))
        if invoice is None:
            await self._make(task)
        elif task.kind == FILES_KIND:
            await self._fetch(task, invoice)
        else:
            await self._advance(task, invoice)

    async def _advance(self, task: Wish, invoice: Facts) -> None:
        match invoice.state:
            case S.NEW:
                await self._send_first(task, invoice)
            case S.SENT:
                await self._find_out(task, invoice)
            case S.ISSUING:
                await self._ask_again(task, invoice)
            case S.FAILED if not invoice.final:
                self._retrying.add(invoice.number)
                await self._write(invoice, lambda tx: moves.retry(tx, invoice.number))
            case _:
                await self._write(invoice, lambda tx: moves.finish(tx, task.key))

    # ------------------------------------------------------------ handing in

    async def _make(self, task: Wish) -> None:
        """The row could not be made when the sale was paid: its tax was not known."""

        def make(tx: Tx) -> None:
            sale = moves.sale_of(task.subject)
            why = "its sale is not there" if sale is None else self._intents.create(tx, sale, task.subject)
            if why is not None:
                moves.put_off(tx, task, tx.now_ms + WITHOUT_SETTINGS_S * 1000, why)

        await self._store.write(make)
        self._changes.publish({"invoices", "sales"})

    async def _send_first(self, task: Wish, invoice: Facts) -> None:
        """NEW to SENT with lines and bytes, then hand in. What lacks a setting waits, with that reason."""

        def send(tx: Tx) -> str | None:
            row = Invoice.find(invoice.number)
            why = None if row is None else self._intents.send(tx, row)
            if why is not None:
                moves.put_off(tx, task, tx.now_ms + WITHOUT_SETTINGS_S * 1000, why)
            return why

        if await self._write(invoice, send) is not None:
            return
        sent = await self._store.read(lambda: moves.load_invoice(invoice.number))
        if sent is not None and sent.state is S.SENT:
            await self._hand_in(sent)

    async def _hand_in(self, invoice: Facts) -> None:
        """Exactly the stored bytes. E.g. a second time they are a duplicate, and a query tells what there is."""
        self._handed_in_ms[invoice.number] = self._clock.now_ms()
        try:
            accepted = await self._call(self._provider.issue(invoice.request))
        except InvoiceDuplicate:
            await self._write(invoice, lambda tx: moves.due_at(tx, invoice.number, tx.now_ms + 1000))
            return
        except InvoiceUnreachable:
            del self._handed_in_ms[invoice.number]  # no byte of it left
            raise
        except InvoiceRefused as error:
            if not error.permanent:
                raise
            why = str(error)
            await self._write(invoice, lambda tx: moves.failed(tx, invoice.number, why, None))
            return
        serial = accepted.provider_serial
        await self._write(invoice, lambda tx: moves.accepted(tx, invoice.number, serial, tx.now_ms + _ms(POLL_S[0])))

    # ------------------------------------------------------------ asking

    async def _find_out(self, task: Wish, invoice: Facts) -> None:
        """SENT: nobody knows whether it arrived."""
        answer = await self._call(self._provider.query(invoice.number))
        if answer.status is InvoiceStatus.NOT_FOUND:
            if self._since_handed_in(invoice) < NOT_YET_MS:
                await self._later(task, 2.0, None)
            else:
                await self._hand_in(invoice)
            return
        if answer.status in (InvoiceStatus.FAILED, InvoiceStatus.SIGN_FAILED) and invoice.number in self._retrying:
            self._retrying.discard(invoice.number)
            await self._call(self._provider.retry(invoice.number, invoice.provider_serial or answer.provider_serial))
            serial = answer.provider_serial
            await self._write(invoice, lambda tx: moves.accepted(tx, invoice.number, serial, tx.now_ms + 1000))
            return
        await self._decide(task, invoice, answer)

    async def _ask_again(self, task: Wish, invoice: Facts) -> None:
        """ISSUING: the provider accepted it."""
        answer = await self._call(self._provider.query(invoice.number))
        if answer.status is InvoiceStatus.NOT_FOUND:
            if self._since_handed_in(invoice) < LOST_MS:
                await self._later(task, _poll_s(task), None)
            else:
                await self._hand_in(invoice)
            return
        await self._decide(task, invoice, answer)

    async def _decide(self, task: Wish, invoice: Facts, answer: InvoiceAnswer) -> None:
        match answer.status:
            case InvoiceStatus.ISSUED if answer.total_fen not in (None, invoice.total_fen):
                why = f"MISMATCH: issued over {answer.total_fen} fen"
                log.error("invoice %s: %s, not %s", invoice.number, why, invoice.total_fen)
                await self._later(task, MISMATCH_S, why)
            case InvoiceStatus.ISSUED:
                await self._write(invoice, lambda tx: moves.issued(tx, invoice.number, answer))
            case InvoiceStatus.FAILED | InvoiceStatus.SIGN_FAILED:
                at_ms = self._again_at_ms(invoice)
                await self._write(invoice, lambda tx: moves.failed(tx, invoice.number, answer.reason, at_ms))
            case InvoiceStatus.VOID:
                await self._write(invoice, lambda tx: moves.failed(tx, invoice.number, "VOID", None))
            case _ if invoice.state is S.SENT:
                serial = answer.provider_serial
                await self._write(invoice, lambda tx: moves.accepted(tx, invoice.number, serial, tx.now_ms + 1000))
            case _:
                await self._later(task, _poll_s(task), None)

    async def _fetch(self, task: Wish, invoice: Facts) -> None:
        """Its files. A document that does not come holds up nobody but itself."""
        answer = await self._call(self._provider.query(invoice.number))
        try:
            left = await self._files.fetch(self._provider, invoice.number, answer.files)
        except InvoiceError as error:
            log.warning("invoice %s: %s", invoice.number, error)
            left = str(error)[:200]
        if left is None:
            await self._write(invoice, lambda tx: moves.finish(tx, task.key))
        else:
            await self._write(invoice, partial(_put_off, task=task, seconds=_poll_s(task), why=left))

    # ------------------------------------------------------------ how

    async def _later(self, task: Wish, seconds: float, why: str | None) -> None:
        await self._store.write(partial(_put_off, task=task, seconds=seconds, why=why))
        self._changes.publish({"invoices"})

    async def _trouble(self, task: Wish, error: InvoiceError) -> None:
        """The provider does not answer, or does not take us: the task waits, and so does every other one."""
        pause = OUTAGE_S[self._failures] if self._failures < len(OUTAGE_S) else OUTAGE_LAST_S
        self._failures += 1
        log.warning("invoice %s: %s", task.subject, error)
        why = str(error)[:200]
        invoice = await self._store.read(lambda: moves.load_invoice(task.subject))
        await self._store.write(partial(_put_off, task=task, seconds=pause, why=why))
        self._changes.publish({"invoices", *([f"sale:{invoice.sale_id}"] if invoice else [])})
        self._not_before_ms = self._clock.steady_ms() + _ms(pause)

    async def _call(self, call: Awaitable[T]) -> T:
        """One request, bounded; tells the provider's watch how it went. Raises InvoiceError."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await call
        except TimeoutError:
            error = InvoiceUnknown(f"no answer within {PATIENCE_S:.0f} s")
            self._watch.failed(error)
            raise error from None
        except InvoiceError as error:
            if isinstance(error, InvoiceRefused) and error.permanent:
                self._watch.answered()
            else:
                self._watch.failed(error)
            raise
        self._watch.answered()
        return answer

    def _since_handed_in(self, invoice: Facts) -> int:
        """Milliseconds since its bytes may have left; those of an earlier run count from this run's start."""
        return self._clock.now_ms() - self._handed_in_ms.get(invoice.number, self._started_ms)

    def _again_at_ms(self, invoice: Facts) -> int | None:
        tries = invoice.attempts - 1
        return self._clock.now_ms() + AGAIN_AFTER_S[tries] * 1000 if 0 <= tries < len(AGAIN_AFTER_S) else None

    def retry(self, number: str) -> None:
        """Somebody wants a failed invoice tried again, and its move to SENT is committed."""
        self._retrying.add(number)
        self.bell.set()

    async def _write(self, invoice: Facts, work: Callable[[Tx], T]) -> T:
        result = await self._store.write(work)
        self._changes.publish({"invoices", f"sale:{invoice.sale_id}"})
        return result


def _put_off(tx: Tx, task: Wish, seconds: float, why: str | None) -> None:
    moves.put_off(tx, task, tx.now_ms + _ms(seconds), why)


def _poll_s(task: Wish) -> float:
    return POLL_S[min(task.attempts, len(POLL_S) - 1)]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
