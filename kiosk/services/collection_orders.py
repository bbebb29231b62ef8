"""Payment orders as the collection sees them: their frozen facts, how an answer is judged, when to ask again.

Pure decisions; the moves themselves are in `collection_moves`, the asking is in `collection_follow`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from data.models import PaymentOrder
from data.states import Channel, PaymentOrderState
from drivers.payments.base import PaymentChannel, QueryAnswer, QueryStatus

CURRENCY = "CNY"
QUICK_S, QUICK_UNTIL_MS, SLOW_S = 2.0, 60_000, 3.0
"""A shown code is asked for every 2 s in the first minute (WeChat Pay, Native: query guide), then every 3 s."""
BACK_OFF_S = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0)
"""Pauses while the provider does not answer; the last one stays."""
WATCH_AFTER_MS = (15_000, 60_000, 300_000, 1_800_000)
"""A closed order is asked for again this long after: a payment may land between the last query and the close."""
IN_FLIGHT_MS = 30_000
"""Longer than a request of ours can still be under way, and than a provider's queries lag."""


class Note(StrEnum):
    """Why an order is not simply on its way; the word stands in the order's `note`, more may follow after a colon."""

    GIVING_UP = "GIVING_UP"  # the clerk or the clock gave it up; closed as soon as that can be verified
    REFUSED = "REFUSED"  # the provider did not take the order: its code and text follow
    NOT_SENT = "NOT_SENT"  # closed here before its first byte left
    MISMATCH = "MISMATCH"  # it says paid, but not what we asked for: which fact differs follows
    REFUNDED_THERE = "REFUNDED_THERE"  # paid, and a refund was asked for at the provider, not here
    UNAPPLIED = "UNAPPLIED"  # paid, but its sale could not take it any more: the money is owed back


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
        return self.noted(Note.GIVING_UP)

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


def closed(order: Order, answer: QueryAnswer) -> bool:
    """Whether the provider, verifiably, says that the order can never be paid any more."""
    return answer.verified and answer.status is QueryStatus.CLOSED and answer.number == order.number


def poll_pause_s(order: Order, now_ms: int) -> float:
    """Until the next question about a shown code; a little uneven, so that many kiosks do not ask in step."""
    since = now_ms - (order.sent_at_ms or order.created_at_ms)
    pause = QUICK_S if since < QUICK_UNTIL_MS else SLOW_S
    return pause * random.uniform(0.9, 1.1)  # noqa: S311  no secret


def back_off_s(failures: int) -> float:
    """Until the next question after this many failures in a row."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]


def watches_due(order: Order, now_ms: int) -> int:
    """How many of the watches after closing are due by now."""
    since = now_ms - (order.watch_from_ms or now_ms)
    return sum(after <= since for after in WATCH_AFTER_MS)


def watch_pause_s(order: Order, now_ms: int) -> float | None:
    """Until the next watch of a closed order; 0 when one is due, None when all are done or nothing was ever sent."""
    if order.watch_from_ms is None or order.watches_done >= len(WATCH_AFTER_MS):
        return None
    return max(0, order.watch_from_ms + WATCH_AFTER_MS[order.watches_done] - now_ms) / 1000
