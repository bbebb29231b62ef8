"""Payment orders as the collection sees them: their frozen facts, how an answer is judged, when to ask again.

Pure decisions; the moves themselves are in `collection_moves`, the asking is in `collection_follow`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from data.models import PaymentOrder
from data.states import Channel, PaymentOrderState
from drivers.payments.base import PaymentChannel, QueryAnswer, QueryStatus

CURRENCY = "CNY"
QUICK_S, QUICK_UNTIL_MS, SLOW_S = 2.0, 60_000, 3.0
"""A shown code is asked for every 2 s in the first minute (WeChat Pay, Native: query guide), then every 3 s; every 3 s
from the first where orders begin with the scan (Alipay, precreate: 3 to 6 s)."""
BACK_OFF_S = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
"""Pauses while the provider does not answer; the last one stays."""
WATCH_AFTER_MS = (15_000, 60_000, 300_000, 1_800_000)
"""A closed order is asked for again this long after: a payment may land between the last query and the close."""
UNSCANNED_EVERY_MS, UNSCANNED_LONGER_MS = 60_000, 600_000
"""An order that was called off before anybody scanned it is asked for every minute until its code cannot be paid any
more, and ten minutes longer: nobody has proved that calling off kills a code (STATES.md, Switching channel)."""
IN_FLIGHT_MS = 30_000
"""Longer than a request of ours can still be under way, and than a provider's queries lag."""


class Watched(Protocol):
    """What tells how long a closed order is watched."""

    @property
    def expires_at_ms(self) -> int | None: ...
    @property
    def watch_from_ms(self) -> int | None: ...
    @property
    def note(self) -> str | None: ...


class Note(StrEnum):
    """Why an order is not simply on its way; the word stands in the order's `note`, more may follow after a colon."""

    GIVING_UP = "GIVING_UP"  # the clerk or the clock gave it up; closed as soon as that can be verified
    REFUSED = "REFUSED"  # the provider did not take the order: its code and text follow
    NOT_SENT = "NOT_SENT"  # closed here before its first byte left
    MISMATCH = "MISMATCH"  # it says paid, but not what we asked for: which fact differs follows
    REFUNDED_THERE = "REFUNDED_THERE"  # paid, and a refund was asked for at the provider, not here
    UNAPPLIED = "UNAPPLIED"  # paid, but its sale could not take it any more: the money is owed back
    UNSCANNED = "UNSCANNED"  # called off, and closed, before anybody had scanned its code
    CALLED_OFF_PAID = "CALLED_OFF_PAID"  # calling it off met a payment and sent it back; which one, a query says
    RETURNED = "RETURNED"  # paid, and all of it went back at the provider: the sale is unpaid


@dataclass(frozen=True, slots=True)
class Order:
    """What a payment order is, at the moment of reading."""

    number: str
    sale_id: str
    revision: int
    tender_id: str
    channel: Channel
    state: PaymentOrderState
    amount_fen: int
    request: bytes
    code: str | None
    expires_at_ms: int
    created_at_ms: int
    sent_at_ms: int | None
    watch_from_ms: int | None
    watches_done: int
    note: str | None

    @property
    def giving_up(self) -> bool:
        """Whether somebody wants it closed."""
        return self.noted(Note.GIVING_UP) or self.noted(Note.CALLED_OFF_PAID)

    @property
    def refused(self) -> bool:
        """Whether the provider refused to take it."""
        return self.noted(Note.REFUSED)

    def noted(self, note: Note) -> bool:
        """Whether the note is this one."""
        return self.note is not None and self.note.partition(":")[0] == note


def load_order(number: str) -> Order | None:
    """The order with this number. On a thread of the store."""
    row = PaymentOrder.find(number)
    return None if row is None else order_of(row)


def order_of(row: PaymentOrder) -> Order:
    """The facts of a row."""
    return Order(
        number=row.number,
        sale_id=row.sale_id,
        revision=row.revision,
        tender_id=row.tender_id,
        channel=Channel(row.channel),
        state=PaymentOrderState(row.state),
        amount_fen=row.amount_fen,
        request=bytes(row.request or b""),
        code=row.code,
        expires_at_ms=row.expires_at_ms or 0,
        created_at_ms=row.created_at_ms,
        sent_at_ms=row.sent_at_ms,
        watch_from_ms=row.watch_from_ms,
        watches_done=row.watches_done,
        note=row.note,
    )


def difference(order: Order, answer: QueryAnswer, channel: PaymentChannel) -> str | None:
    """Which fact of a paid answer is not ours, or None. The total must be there; the rest where the answer has it.

    `total` is compared, never what the payer gave after coupons.
    """
    checks = {
        "number": answer.number == order.number,
        "total": answer.total_fen == order.amount_fen,
        "currency": answer.currency in (None, CURRENCY),
        "merchant": answer.merchant in (None, channel.merchant),
        "app": answer.app in (None, channel.app),
    }
    return next((fact for fact, same in checks.items() if not same), None)


def paid(answer: QueryAnswer) -> bool:
    """Whether the provider, verifiably, says that money was given for the order."""
    return answer.verified and answer.status in (QueryStatus.PAID, QueryStatus.PAID_REFUNDED)


def returned(order: Order, answer: QueryAnswer) -> bool:
    """Whether the provider, verifiably, says that money was given for the order and that all of it went back.

    After a calling off that met a payment, every closed answer means that.
    """
    if not answer.verified:
        return False
    called_off = order.noted(Note.CALLED_OFF_PAID) and answer.provider_number is not None
    also = (QueryStatus.CLOSED, QueryStatus.PAID_REFUNDED) if called_off else ()
    return answer.status in (QueryStatus.REFUNDED, *also)


def closed(order: Order, answer: QueryAnswer) -> bool:
    """Whether the provider, verifiably, says that the order can never be paid any more."""
    return answer.verified and answer.status is QueryStatus.CLOSED and answer.number == order.number


def poll_pause_s(order: Order, now_ms: int, *, quick: bool = True) -> float:
    """Until the next question about a shown code; a little uneven, so that many kiosks do not ask in step."""
    since = now_ms - (order.sent_at_ms or order.created_at_ms)
    pause = QUICK_S if quick and since < QUICK_UNTIL_MS else SLOW_S
    return pause * random.uniform(0.9, 1.1)  # noqa: S311  no secret


def back_off_s(failures: int) -> float:
    """Until the next question after this many failures in a row."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]


def watches_of(order: Watched) -> int:
    """How many times a closed order is asked for."""
    return len(_watch_times(order))


def watches_due(order: Order, now_ms: int) -> int:
    """How many of the watches after closing are due by now."""
    since = now_ms - (order.watch_from_ms or now_ms)
    return sum(after <= since for after in _watch_times(order))


def watch_pause_s(order: Order, now_ms: int) -> float | None:
    """Until the next watch of a closed order; 0 when one is due, None when all are done or nothing was ever sent."""
    times = _watch_times(order)
    if order.watch_from_ms is None or order.watches_done >= len(times):
        return None
    return max(0, order.watch_from_ms + times[order.watches_done] - now_ms) / 1000


def _watch_times(order: Watched) -> tuple[int, ...]:
    """How long after its closing an order is asked for, by what stands in its row and does not change any more."""
    if (order.note or "").partition(":")[0] != Note.UNSCANNED or order.watch_from_ms is None:
        return WATCH_AFTER_MS
    last = max(0, (order.expires_at_ms or 0) - order.watch_from_ms) + UNSCANNED_LONGER_MS
    return tuple(sorted({*WATCH_AFTER_MS, *range(UNSCANNED_EVERY_MS, last, UNSCANNED_EVERY_MS), last}))
