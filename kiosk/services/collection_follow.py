"""One payment order on its way to PAID or CLOSED: it is sent, asked for, given up, and watched after closing.

One follower per order, one request at a time. Whatever it does it reads from the store first and commits before it
goes on, so it may be stopped at any point and started again: that *is* the restart. Sent bytes are never guessed
about; only a verified answer to a query settles or closes an order.

Where the order exists before anybody scans (`Capability.ORDER_BEFORE_SCAN`) giving up is query, close, query. Where it
begins with the scan, "no such order" is what a shown code looks like: giving it up is query, call off, query, and once
it was scanned close, so that a race ends as paid and never as money that silently went back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from data.states import PaymentOrderState
from data.store import Store, StoreDamaged, StoreFull
from data.unit_of_work import Tx
from drivers.payments.base import (
    CancelOutcome,
    Capability,
    OutcomeUnknown,
    PaymentError,
    QueryAnswer,
    QueryStatus,
    RefundAnswer,
    RefundStatus,
    Refused,
)
from kiosk.rules.numbers import refund_number
from kiosk.services import collection_moves as moves
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.collection_orders import (
    IN_FLIGHT_MS,
    Note,
    Order,
    back_off_s,
    closed,
    difference,
    load_order,
    paid,
    poll_pause_s,
    returned,
    watch_pause_s,
    watches_due,
)
from kiosk.services.open_channels import OpenChannel
from kiosk.services.settlement import Settlement

log = logging.getLogger(__name__)

T = TypeVar("T")

TOO_LATE_TO_SEND_MS = 20_000
"""An unsent order with less than this left to pay is not sent any more."""
CLOSE_AGAIN_MS = 10_000
"""A close that was accepted is repeated only when queries still say unpaid after this."""
VERIFY_PAUSE_S = 0.5
HOPELESS_S = 30.0

_LIVE_SENT = (
    PaymentOrderState.SENT,
    PaymentOrderState.WAITING,
    PaymentOrderState.CLOSING,
    PaymentOrderState.UNKNOWN,
)


class OrderFollower:
    """Follows one order until nothing more can come of it. `bell` wakes it: something about its order changed."""

    def __init__(
        self,
        number: str,
        store: Store,
        clock: Clock,
        changes: Changes,
        channel: OpenChannel,
        settlement: Settlement,
    ) -> None:
        self.bell = asyncio.Event()
        self._number = number
        self._store = store
        self._clock = clock
        self._changes = changes
        self._channel = channel.driver
        self._ask = channel.ask
        self._begins_with_scan = not channel.can(Capability.ORDER_BEFORE_SCAN) and channel.can(Capability.CANCEL)
        self._tells_refunds = channel.can(Capability.REFUND)
        self._settlement = settlement
        self._failures = 0
        self._close_accepted_ms: int | None = None
        self._called_off = False

    async def run(self) -> None:
        """Step by step until the order needs nobody. A failing step is logged and tried again."""
        while True:
            try:
                order = await self._store.read(lambda: load_order(self._number))
                if order is None:
                    return
                pause = await self._step(order)
            except Exception:
                log.exception("payment order %s: a step failed", self._number)
                self._failures += 1
                pause = back_off_s(self._failures)
            if pause is None:
                return
            if pause > 0:
                await self._clock.wait(self.bell, pause)

    async def _step(self, order: Order) -> float | None:
        """One step; returns the pause before the next one, None when there is none."""
        match order.state:
            case PaymentOrderState.NEW:
                return await self._send_first(order)
            case PaymentOrderState.SENT:  # found so at a start: nobody knows whether the bytes arrived
                await self._write(order, lambda tx: moves.to_unknown(tx, order.number, None))
                return 0
            case PaymentOrderState.WAITING:
                return await self._wait_for_payment(order)
            case PaymentOrderState.CLOSING:
                return await self._close(order)
            case PaymentOrderState.UNKNOWN:
                return await self._find_out(order)
            case PaymentOrderState.CLOSED:
                return await self._look_back(order)
            case PaymentOrderState.PAID | PaymentOrderState.PAID_LATE:
                return None

    # ------------------------------------------------------------ sending

    async def _send_first(self, order: Order) -> float:
        """NEW: no byte ever left, SENT would be committed."""
        if order.giving_up or self._clock.now_ms() > order.expires_at_ms - TOO_LATE_TO_SEND_MS:
            await self._write(order, lambda tx: moves.close_unsent(tx, order.number))
            return 0
        return await self._send(order, PaymentOrderState.NEW)

    async def _send(self, order: Order, state: PaymentOrderState) -> float:
        """Commit SENT, then hand over exactly the stored bytes. The same bytes again can only give the same order."""
        if not await self._write(order, lambda tx: moves.to_sent(tx, order.number, state)):
            return 0
        try:
            code = await self._ask(self._channel.create(order.request))
        except PaymentError as error:
            note = f"{Note.REFUSED}:{error}" if isinstance(error, Refused) else None
            await self._write(order, lambda tx: moves.to_unknown(tx, order.number, note))
            return 0 if isinstance(error, Refused) else self._failed()
        self._failures = 0
        await self._write(order, lambda tx: moves.to_waiting(tx, order.number, code))
        return 0

    # ------------------------------------------------------------ asking

    async def _wait_for_payment(self, order: Order) -> float | None:
        """WAITING: the code is on the screen."""
        now = self._clock.now_ms()
        if order.giving_up or now >= order.expires_at_ms:
            await self._write(order, lambda tx: moves.to_closing(tx, order.number))
            return 0
        left_s = (order.expires_at_ms - now) / 1000
        self._settlement.expect()
        try:
            answer = await self._ask(self._channel.query(order.number))
        except PaymentError:
            return min(self._failed(), left_s)
        self._failures = 0
        if (decided := await self._decided(order, answer)) is not None:
            return decided
        return min(self._poll_pause_s(order), left_s)

    async def _find_out(self, order: Order) -> float | None:
        """UNKNOWN: only a query says what became of it."""
        try:
            answer = await self._ask(self._channel.query(order.number))
        except PaymentError:
            return self._failed()
        if (decided := await self._decided(order, answer)) is not None:
            return decided
        now = self._clock.now_ms()
        over = order.giving_up or order.refused or now >= order.expires_at_ms
        unscanned = answer.status is QueryStatus.NOT_FOUND and answer.verified and self._begins_with_scan
        if answer.status is QueryStatus.UNPAID or (unscanned and order.code is not None):
            if over:
                await self._write(order, lambda tx: moves.to_closing(tx, order.number))
                return 0
            if order.code is None:
                return await self._send(order, PaymentOrderState.UNKNOWN)
            await self._write(order, lambda tx: moves.to_waiting(tx, order.number, order.code or ""))
            return 0
        if answer.status is QueryStatus.NOT_FOUND and order.code is None:
            return await self._not_there(order, now)
        self._failures += 1
        return back_off_s(self._failures)

    async def _not_there(self, order: Order, now: int) -> float:
        """No such order, and its code was never shown, so nobody can have paid it.

        Within its time the same bytes are sent again, also when it is given up: what exists can be closed verifiably,
        and what would begin with a scan is called off instead.
        One that the provider refused, or whose time is over and none of whose requests can still arrive, is closed.
        """
        quiet = now - (order.sent_at_ms or order.created_at_ms) >= IN_FLIGHT_MS
        if order.refused or (now >= order.expires_at_ms and quiet):
            await self._write(order, lambda tx: moves.to_closed(tx, order.number))
            return 0
        if order.giving_up and self._begins_with_scan:
            await self._write(order, lambda tx: moves.to_closing(tx, order.number))
            return 0
        if now < order.expires_at_ms:
            return await self._send(order, PaymentOrderState.UNKNOWN)
        self._failures += 1
        return back_off_s(self._failures)

    async def _look_back(self, order: Order) -> float | None:
        """CLOSED: a payment may still come to light."""
        pause = watch_pause_s(order, self._clock.now_ms())
        if pause is None or pause > 0:
            return pause
        try:
            answer = await self._ask(self._channel.query(order.number))
        except PaymentError:
            return self._failed()
        self._failures = 0
        if await self._decided(order, answer) == 0:
            return 0
        done = watches_due(order, self._clock.now_ms())
        await self._write(order, lambda tx: moves.watched(tx, order.number, done))
        return 0

    # ------------------------------------------------------------ giving up

    async def _close(self, order: Order) -> float | None:
        """CLOSING: query, close or call off, query again, until the answer is CLOSED, or no such order, or PAID."""
        try:
            answer = await self._ask(self._channel.query(order.number))
        except PaymentError:
            await self._write(order, lambda tx: moves.to_unknown(tx, order.number, Note.GIVING_UP))
            return self._failed()
        self._failures = 0
        if (decided := await self._decided(order, answer)) is not None:
            return decided
        if answer.status is QueryStatus.NOT_FOUND and answer.verified and self._begins_with_scan:
            return await self._call_off(order)
        if answer.status is not QueryStatus.UNPAID:
            return self._poll_pause_s(order)
        now = self._clock.now_ms()
        if self._close_accepted_ms is not None and now - self._close_accepted_ms < CLOSE_AGAIN_MS:
            return VERIFY_PAUSE_S * 2
        try:
            await self._ask(self._channel.close(order.number))
        except PaymentError:
            return self._failed()  # refused, too: it may have been paid this moment, the next query says
        self._failures = 0
        self._close_accepted_ms = now
        return 0

    async def _call_off(self, order: Order) -> float:
        """Nobody has scanned the code. Called off, and still no such order: closed, and watched."""
        if self._called_off:
            await self._write(order, lambda tx: moves.to_closed(tx, order.number, Note.UNSCANNED))
            return 0
        try:
            outcome = await self._ask(self._channel.cancel(order.number))
        except PaymentError:
            return self._failed()  # whatever it did, the next query says
        self._failures = 0
        if outcome is CancelOutcome.CLOSED:
            self._called_off = True
            return 0
        await self._write(order, lambda tx: moves.annotate(tx, order.number, Note.CALLED_OFF_PAID))
        return VERIFY_PAUSE_S

    # ------------------------------------------------------------ deciding

    async def _decided(self, order: Order, answer: QueryAnswer) -> float | None:
        """Act on an answer that settles or closes the order; returns the pause, None when it does neither."""
        settlement = self._settlement
        if returned(order, answer):
            return await self._book(order, answer, lambda tx, finish: settlement.give_back(tx, order, answer))
        if order.noted(Note.CALLED_OFF_PAID):
            return self._poll_pause_s(order)  # what it says is older than the calling off
        if closed(order, answer) and order.state in _LIVE_SENT:
            await self._write(order, lambda tx: moves.to_closed(tx, order.number))
            return 0
        if not paid(answer):
            return None
        try:
            refund = await self._own_refund(order, answer)
        except OutcomeUnknown:
            return self._failed()
        return await self._book(
            order, answer, lambda tx, finish: settlement.settle(tx, order, answer, refund=refund, finish=finish)
        )

    async def _own_refund(self, order: Order, answer: QueryAnswer) -> RefundAnswer | None:
        """The refund of ours that a paid order already has there, as after a store was put back from a backup."""
        if answer.status is not QueryStatus.PAID_REFUNDED or not self._tells_refunds:
            return None
        try:
            found = await self._ask(self._channel.query_refund(order.number, refund_number(order.number, 1)))
        except Refused:
            return None
        there = (RefundStatus.DONE, RefundStatus.PROCESSING, RefundStatus.ABNORMAL)
        return found if found.verified and found.status in there and found.amount_fen is not None else None

    async def _book(self, order: Order, answer: QueryAnswer, work: Callable[[Tx, bool], str | None]) -> float:
        """Book money whose facts are the order's own; other money settles nothing, and that is said."""
        differs = difference(order, answer, self._channel)
        if differs is None:
            differs = await self._settle(order, work)
        if differs is None:
            return 0
        note = f"{Note.MISMATCH}:{differs}"
        if order.note != note:
            log.error("payment order %s is paid, but its %s differs: it settles nothing", order.number, differs)
            await self._write(order, lambda tx: moves.annotate(tx, order.number, note))
        return HOPELESS_S

    async def _settle(self, order: Order, work: Callable[[Tx, bool], str | None]) -> str | None:
        """Book the payment; should anything but the money stand in the way, the sale is paid and waits for a person."""
        try:
            return await self._write(order, lambda tx: work(tx, True))
        except (StoreDamaged, StoreFull):  # the medium failed, not the sale: asked for and booked again
            raise
        except Exception:
            log.exception("payment order %s: paid, but its sale cannot be finished", order.number)
        return await self._write(order, lambda tx: work(tx, False))

    def _poll_pause_s(self, order: Order) -> float:
        return poll_pause_s(order, self._clock.now_ms(), quick=not self._begins_with_scan)

    def _failed(self) -> float:
        self._failures += 1
        return back_off_s(self._failures)

    async def _write(self, order: Order, work: Callable[[Tx], T]) -> T:
        result = await self._store.write(work)
        self._changes.publish({f"sale:{order.sale_id}", "payments"})
        return result
