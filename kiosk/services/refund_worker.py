"""Sees refunds through: sends them, asks until the money is back, over days if need be.

One task at a time, the one due first. A refund keeps its number and its bytes on every try, so that the provider makes
one refund of them; after every outcome nobody knows a query comes first. What the provider cannot give back waits for
a person and is never tried blindly.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from data.models import PaymentOrder
from data.states import Channel, RefundState
from data.store import Store
from data.unit_of_work import Tx
from drivers.payments.base import Capability, PaymentError, RefundAnswer, RefundStatus, Refused
from kiosk.rules.refusals import Refusal
from kiosk.services import refund_moves as moves
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.collection_orders import Note
from kiosk.services.open_channels import OpenChannel, OpenChannels
from kiosk.services.refund_facts import LOST_MS, OUTAGE_S, POLL_S, REFUSED_S, Going, RefundNote, pause_s
from kiosk.services.refund_moves import Task
from kiosk.services.refund_start import place_owed_refund

log = logging.getLogger(__name__)

T = TypeVar("T")
S = RefundState

IDLE_S = 300.0
STEP_FAILED_S = 30.0
CHANNEL_OFF_S = 60.0
MISMATCH_S = 600.0


class RefundWorker:
    """Works off the outbox rows of refunds. `bell` makes it look at once; `on_done` hears of each one that is done."""

    def __init__(
        self, store: Store, clock: Clock, changes: Changes, channels: OpenChannels, on_done: Callable[[Going], None]
    ) -> None:
        self.bell = asyncio.Event()
        self._store = store
        self._clock = clock
        self._changes = changes
        self._channels = channels
        self._on_done = on_done

    async def run(self) -> None:
        """Work until cancelled; everything that is open is looked at first."""
        await self._store.write(moves.all_due)
        while True:
            try:
                pause = await self._round()
            except Exception:
                log.exception("a refund's step failed")
                pause = STEP_FAILED_S
            if pause > 0:
                await self._clock.wait(self.bell, pause)

    async def _round(self) -> float:
        """The task that is due first; returns the pause before the next one."""
        task = await self._store.read(moves.next_task)
        if task is None:
            return IDLE_S
        wait_ms = task.wish.next_at_ms - self._clock.now_ms()
        if wait_ms > 0:
            return min(wait_ms / 1000, IDLE_S)
        try:
            await self._do(task)
        except Exception:
            log.exception("the refund of %s: a step failed", task.order)
            await self._store.write(lambda tx: moves.put_off(tx, task, STEP_FAILED_S, "a step failed"))
        return 0

    async def _do(self, task: Task) -> None:
        order = await self._store.read(lambda: _order_facts(task.order))
        one = None if order is None else self._channels.get(order[0])
        if order is None or one is None or not one.can(Capability.REFUND):
            await self._store.write(lambda tx: moves.put_off(tx, task, CHANNEL_OFF_S, "CHANNEL_OFF"))
            return
        refund = task.refund
        if refund is None:
            await self._intend(task, one, order[1])
            return
        match refund.state:
            case S.NEW:
                await self._send(task, refund, one)
            case S.SENT:  # found so at a start: nobody knows whether the bytes arrived
                await self._write(refund, lambda tx: moves.to_unknown(tx, task, 0, None))
            case S.UNKNOWN | S.ACCEPTED:
                await self._ask(task, refund, one)
            case S.DONE:
                await self._write(refund, lambda tx: moves.finish(tx, task))
            case S.ABNORMAL:
                await self._write(refund, lambda tx: moves.wait_for_a_person(tx, task, S.ABNORMAL))

    async def _intend(self, task: Task, one: OpenChannel, note: str | None) -> None:
        """The refund with its number and bytes; what the rules refuse, or a person has begun, waits for a person."""
        if note is not None and note.startswith(Note.REFUNDED_THERE):
            await self._store.write(lambda tx: moves.wait_for_a_person(tx, task, Note.REFUNDED_THERE))
            return

        def intend(tx: Tx) -> None:
            if place_owed_refund(tx, task.order, one.driver) is None:
                moves.finish(tx, task)

        try:
            await self._store.write(intend)
        except Refusal as refusal:
            why = str(refusal)
            log.error("payment order %s cannot be refunded by itself: %s", task.order, why)
            await self._store.write(lambda tx: moves.wait_for_a_person(tx, task, why))
        self._changes.publish({"payments", "sales"})

    async def _send(self, task: Task, refund: Going, one: OpenChannel) -> None:
        """Commit SENT, then hand over exactly the stored bytes. The same bytes again can only give the same refund."""
        if not await self._write(refund, lambda tx: moves.to_sent(tx, refund)):
            return
        tries = task.wish.attempts
        try:
            answer = await one.ask(one.driver.refund(refund.request))
        except Refused as error:
            note = RefundNote.NOT_ENOUGH if error.code == "NOT_ENOUGH" else f"{RefundNote.REFUSED}:{error.code}"
            log.warning("refund %s: %s", refund.number, error)
            pause = pause_s(REFUSED_S, tries)
            await self._write(refund, lambda tx: moves.to_unknown(tx, task, pause, note))
        except PaymentError:
            pause = pause_s(OUTAGE_S, tries)
            await self._write(refund, lambda tx: moves.to_unknown(tx, task, pause, None))
        else:
            await self._take(task, refund, answer, sent=True)

    async def _ask(self, task: Task, refund: Going, one: OpenChannel) -> None:
        """UNKNOWN or ACCEPTED: only a query says what became of it."""
        try:
            answer = await one.ask(one.driver.query_refund(refund.order, refund.number))
        except PaymentError as error:
            pause, why = pause_s(OUTAGE_S, task.wish.attempts), str(error)[:200]
            await self._write(refund, lambda tx: moves.put_off(tx, task, pause, why))
            return
        if answer.status is not RefundStatus.NOT_FOUND:
            await self._take(task, refund, answer, sent=False)
        elif refund.state is S.UNKNOWN:
            await self._send(task, refund, one)
        elif self._clock.now_ms() - (refund.sent_at_ms or 0) < LOST_MS:
            pause = pause_s(POLL_S, task.wish.attempts)
            await self._write(refund, lambda tx: moves.put_off(tx, task, pause, None))
        else:
            await self._write(refund, lambda tx: moves.to_unknown(tx, task, 0, None))

    async def _take(self, task: Task, refund: Going, answer: RefundAnswer, *, sent: bool) -> None:
        """Act on an answer about this refund; one that cannot be believed, or is about another, changes nothing."""
        tries = task.wish.attempts
        differs = _difference(refund, answer)
        if differs is not None or not answer.verified or answer.status is RefundStatus.NOT_FOUND:
            note = None if differs is None else f"{RefundNote.MISMATCH}:{differs}"
            if note is not None:
                log.error("refund %s: its %s differs at the provider", refund.number, differs)
            pause = pause_s(OUTAGE_S, tries) if note is None else MISMATCH_S
            later = moves.to_unknown if sent else moves.put_off
            await self._write(refund, lambda tx: later(tx, task, pause, note))
            return
        match answer.status:
            case RefundStatus.DONE:
                if await self._write(refund, lambda tx: moves.to_done(tx, task, answer)):
                    self._on_done(refund)
            case RefundStatus.PROCESSING if refund.state is S.ACCEPTED:
                await self._write(refund, lambda tx: moves.put_off(tx, task, pause_s(POLL_S, tries + 1), None))
            case RefundStatus.PROCESSING:
                await self._write(refund, lambda tx: moves.to_accepted(tx, task, answer, POLL_S[0]))
            case _:
                note = RefundNote.CLOSED if answer.status is RefundStatus.CLOSED else None
                log.error("refund %s: the provider says %s", refund.number, answer.status)
                await self._write(refund, lambda tx: moves.to_abnormal(tx, task, answer, note))

    async def _write(self, refund: Going, work: Callable[[Tx], T]) -> T:
        result = await self._store.write(work)
        self._changes.publish({f"sale:{refund.sale_id}", "sales", "payments"})
        return result


def _order_facts(number: str) -> tuple[Channel, str | None] | None:
    """Channel and note of a payment order."""
    row = PaymentOrder.find(number)
    return None if row is None else (Channel(row.channel), row.note)


def _difference(refund: Going, answer: RefundAnswer) -> str | None:
    """Which fact of an answer is not this refund's, or None."""
    if answer.order_number != refund.order or answer.refund_number != refund.number:
        return "number"
    return "amount" if answer.amount_fen not in (None, refund.amount_fen) else None
