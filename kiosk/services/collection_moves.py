"""The moves of payment orders, each one unit of work inside a transaction of the store.

Every move names the states it expects; False says that somebody else moved the order meanwhile, and nothing changed.
"""

from __future__ import annotations

from data.models import PaymentOrder, Tender
from data.states import PaymentOrderState, TenderState
from data.unit_of_work import Tx
from kiosk.services.collection_orders import WATCH_AFTER_MS, Note, load_order

S = PaymentOrderState


def to_sent(tx: Tx, number: str, expect: PaymentOrderState) -> bool:
    """Before the first byte of a try: NEW, or UNKNOWN after a query that found no order or no code."""
    return tx.move(PaymentOrder, number, S.SENT, expect=expect, sent_at_ms=tx.now_ms)


def to_waiting(tx: Tx, number: str, code: str) -> bool:
    """A code to show; an order that is given up meanwhile goes on to CLOSING and shows none."""
    order = load_order(number)
    if order is None or not tx.move(PaymentOrder, number, S.WAITING, expect=(S.SENT, S.UNKNOWN), code=code):
        return False
    if order.giving_up:
        tx.move(PaymentOrder, number, S.CLOSING, expect=S.WAITING)
    elif order.note is not None:
        tx.change(PaymentOrder, number, note=None)
    return True


def to_unknown(tx: Tx, number: str, note: str | None) -> bool:
    """Nobody knows what the provider did. A note of None leaves the one there is."""
    order = load_order(number)
    if order is not None and order.noted(Note.CALLED_OFF_PAID):
        note = None
    if not tx.move(PaymentOrder, number, S.UNKNOWN, expect=(S.SENT, S.WAITING, S.CLOSING)):
        return False
    return note is None or tx.change(PaymentOrder, number, note=note)


def to_closing(tx: Tx, number: str) -> bool:
    """Somebody, or the clock, gave it up: from here on it is closed as soon as the provider lets us."""
    order = load_order(number)
    if order is None:
        return False
    note = order.note if order.refused or order.giving_up else Note.GIVING_UP
    return tx.move(PaymentOrder, number, S.CLOSING, expect=(S.WAITING, S.UNKNOWN), note=note)


def to_closed(tx: Tx, number: str, note: Note | None = None) -> bool:
    """It can never be paid any more, verifiably; its tender is void and watching begins."""
    order = load_order(number)
    if order is None:
        return False
    if order.state is S.WAITING:
        tx.move(PaymentOrder, number, S.CLOSING, expect=S.WAITING)
    kept = order.note if order.refused else note
    if not tx.move(
        PaymentOrder, number, S.CLOSED, expect=(S.SENT, S.CLOSING, S.UNKNOWN), watch_from_ms=tx.now_ms, note=kept
    ):
        return False
    tx.move(Tender, order.tender_id, TenderState.VOID, expect=TenderState.OPEN)
    return True


def close_unsent(tx: Tx, number: str) -> bool:
    """No byte of it ever left: it is closed here, and nothing needs watching."""
    order = load_order(number)
    if order is None or not tx.move(
        PaymentOrder, number, S.CLOSED, expect=S.NEW, note=Note.NOT_SENT, watches_done=len(WATCH_AFTER_MS)
    ):
        return False
    tx.move(Tender, order.tender_id, TenderState.VOID, expect=TenderState.OPEN)
    return True


def give_up(tx: Tx, number: str) -> bool:
    """The clerk gives it up: what was not sent closes here, a shown code is taken away, the rest is noted."""
    order = load_order(number)
    if order is None:
        return False
    match order.state:
        case S.NEW:
            return close_unsent(tx, number)
        case S.WAITING:
            return to_closing(tx, number)
        case S.SENT | S.UNKNOWN if not order.refused and not order.giving_up:
            tx.change(PaymentOrder, number, note=Note.GIVING_UP)
            return True
        case _:
            return False


def annotate(tx: Tx, number: str, note: str) -> None:
    """Remember why it is stuck; its state stays."""
    tx.change(PaymentOrder, number, note=note)
    tx.record("payment_order.NOTED", "payment_order", number, {"note": note})


def watched(tx: Tx, number: str, done: int) -> None:
    """Count a look at a closed order that found nothing."""
    tx.change(PaymentOrder, number, watches_done=done)
