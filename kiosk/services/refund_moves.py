"""The moves of refunds, each inside one unit of work of the store, and of the wishes that keep them going.

Every move names the states it expects; False says that somebody else moved the refund meanwhile, and nothing changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from data import outbox
from data.models import PaymentOrder, Refund
from data.outbox import Wish
from data.queries.payments import open_refunds
from data.states import RefundState
from data.unit_of_work import Tx
from drivers.payments.base import RefundAnswer
from kiosk.rules.numbers import refund_number
from kiosk.services.refund_facts import (
    OWED_KIND,
    REFUND_KIND,
    SYSTEM,
    Going,
    RefundReason,
    load_refund,
    owed_refund_of,
    refunds_of,
)

S = RefundState
NOBODY_ASKS_MS = 253_402_300_799_000
"""The end of the year 9999: a wish that waits for a person and not for a time."""


@dataclass(frozen=True, slots=True)
class Task:
    """A wish for money to go back. refund: None when an owed one has not been intended yet."""

    wish: Wish
    refund: Going | None

    @property
    def order(self) -> str:
        """The payment order."""
        return self.wish.subject


def next_task() -> Task | None:
    """The wish that is due first, now or later."""
    wish = outbox.first(OWED_KIND, REFUND_KIND)
    if wish is None:
        return None
    if wish.kind == REFUND_KIND:
        return Task(wish, load_refund(wish.key.removeprefix(f"{REFUND_KIND}:")))
    owed = owed_refund_of(wish.subject)
    return Task(wish, None if owed is None else load_refund(owed.number))


def all_due(tx: Tx) -> None:
    """After a start: every open refund has an open wish, and what waits for a time is due at once."""
    for row in open_refunds():
        owed = owed_refund_of(row.payment_order)
        of_owed = owed is not None and owed.number == row.number
        key = f"{OWED_KIND}:{row.payment_order}" if of_owed else f"{REFUND_KIND}:{row.number}"
        if outbox.wish(key) is None:
            outbox.again(tx, key, OWED_KIND if of_owed else REFUND_KIND, row.payment_order, tx.now_ms)
    outbox.hurry_all(tx, OWED_KIND, REFUND_KIND, before_ms=NOBODY_ASKS_MS)


def to_sent(tx: Tx, refund: Going) -> bool:
    """Before the first byte of a try: NEW, or UNKNOWN after a query that found no such refund."""
    return tx.move(Refund, refund.number, S.SENT, expect=(S.NEW, S.UNKNOWN), sent_at_ms=tx.now_ms)


def to_unknown(tx: Tx, task: Task, pause_s: float, note: str | None) -> bool:
    """Nobody knows what the provider did, or it refused: asked for again after the pause. None leaves the note."""
    put_off(tx, task, pause_s, note)
    refund = task.refund
    if refund is None or not tx.move(Refund, refund.number, S.UNKNOWN, expect=(S.SENT, S.ACCEPTED)):
        return False
    return note is None or tx.change(Refund, refund.number, note=note)


def to_accepted(tx: Tx, task: Task, answer: RefundAnswer, pause_s: float) -> bool:
    """The provider took it; the money is on its way."""
    refund = task.refund
    if refund is None or not tx.move(
        Refund,
        refund.number,
        S.ACCEPTED,
        expect=(S.SENT, S.UNKNOWN),
        note=None,
        provider_number=_provider_number(refund, answer),
    ):
        return False
    wish = task.wish
    outbox.again(tx, wish.key, wish.kind, wish.subject, tx.now_ms + round(pause_s * 1000))
    return True


def to_done(tx: Tx, task: Task, answer: RefundAnswer) -> bool:
    """The money is back, and so is the wish fulfilled."""
    refund = task.refund
    if refund is None or not tx.move(
        Refund,
        refund.number,
        S.DONE,
        expect=(S.SENT, S.ACCEPTED, S.UNKNOWN),
        note=None,
        done_at_ms=answer.done_at_ms or tx.now_ms,
        answer=answer.raw,
        provider_number=_provider_number(refund, answer),
    ):
        return False
    return outbox.done(tx, task.wish.key)


def to_abnormal(tx: Tx, task: Task, answer: RefundAnswer, note: str | None) -> bool:
    """The provider cannot give it back this way: its wish waits for a person, and nothing is tried again."""
    refund = task.refund
    wait_for_a_person(tx, task, S.ABNORMAL)
    return refund is not None and tx.move(
        Refund,
        refund.number,
        S.ABNORMAL,
        expect=(S.SENT, S.ACCEPTED, S.UNKNOWN),
        note=note,
        answer=answer.raw,
        provider_number=_provider_number(refund, answer),
    )


def finish(tx: Tx, task: Task) -> None:
    """Nothing is left to do."""
    outbox.done(tx, task.wish.key)


def put_off(tx: Tx, task: Task, pause_s: float, why: str | None) -> None:
    """Not now."""
    outbox.later(tx, task.wish.key, tx.now_ms + round(pause_s * 1000), why)


def wait_for_a_person(tx: Tx, task: Task, why: str) -> None:
    """The wish stays open, and no time makes it due."""
    outbox.later(tx, task.wish.key, NOBODY_ASKS_MS, why)


def adopt(
    tx: Tx, order: str, amount_fen: int, reason: RefundReason, state: RefundState, found: RefundAnswer | None
) -> None:
    """Book a refund that the provider has already: its order has just become PAID or PAID_LATE.

    `found` is the provider's own answer about it, when there was one; what is not DONE yet is followed from here on.
    """
    number = refund_number(order, len(refunds_of(order)) + 1)
    row = PaymentOrder.find(order)
    tx.create(
        Refund,
        number=number,
        payment_order=order,
        amount_fen=amount_fen,
        reason=reason,
        operator=SYSTEM,
        provider_number=None if found is None else found.provider_number,
        created_at_ms=tx.now_ms,
    )
    tx.move(Refund, number, S.SENT, expect=S.NEW, sent_at_ms=tx.now_ms)
    answer = found.raw if found is not None else None if row is None else row.answer
    if state is S.DONE:
        done_at_ms = (found.done_at_ms if found is not None else None) or tx.now_ms
        tx.move(Refund, number, state, expect=S.SENT, done_at_ms=done_at_ms, answer=answer)
        return
    tx.move(Refund, number, state, expect=S.SENT, answer=answer)
    key = f"{REFUND_KIND}:{number}"
    tx.enqueue(key, REFUND_KIND, order, at_ms=NOBODY_ASKS_MS if state is S.ABNORMAL else tx.now_ms)


def _provider_number(refund: Going, answer: RefundAnswer) -> str | None:
    """The provider's own number, which it may tell with any answer and which never changes."""
    return refund.provider_number or answer.provider_number
