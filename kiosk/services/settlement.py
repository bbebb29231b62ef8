"""The commit that makes a sale paid, and done.

A verified payment settles its tender, pays the sale, and finishes it: units sold, invoice wished for, two original
slips queued, all in one commit that waits for no provider and no printer. Nothing in it may fail for reasons other than
money: an invoice that cannot be made out yet, or a slip that cannot be drawn yet, becomes a row that says so.

Late payments (the order was already closed): a sale that is still open and unpaid takes the money and waits, flagged,
until the clerk hands the goods over, also when it had gone back to the price; otherwise the money is owed back, and
`RefundService` gives it back by itself. Money that the provider has sent back already pays nothing: the order is
recorded as paid and refunded, and its sale is as unpaid as before.
"""

from __future__ import annotations

from data.chain import JsonValue
from data.models import PaymentOrder, Sale, Tender, Unit
from data.states import LIVE_ORDER, PaymentOrderState, RefundState, SaleState, SaleStep, TenderState, UnitState
from data.unit_of_work import Tx
from drivers.payments.base import QueryAnswer, QueryStatus, RefundAnswer, RefundStatus
from kiosk.rules.refusals import Refusal
from kiosk.services.collection_orders import Note, Order
from kiosk.services.invoice_intents import InvoiceIntents
from kiosk.services.refund_facts import OWED_KIND as OWED_KIND
from kiosk.services.refund_facts import PAID, RefundReason
from kiosk.services.refund_moves import adopt
from kiosk.services.sale_checks import check_goods
from kiosk.services.sale_view import lines_of
from kiosk.services.slips import Slips

_GOES_BACK = (RefundStatus.DONE, RefundStatus.PROCESSING)
_STANDS_AT = {
    RefundStatus.DONE: RefundState.DONE,
    RefundStatus.PROCESSING: RefundState.ACCEPTED,
    RefundStatus.ABNORMAL: RefundState.ABNORMAL,
}
UNIT_KINDS = ("VEHICLE", "BATTERY")


class Settlement:
    """Units of work around the moment money is there. Called inside transactions of the store only."""

    def __init__(self, invoices: InvoiceIntents, slips: Slips) -> None:
        self._invoices = invoices
        self._slips = slips

    def expect(self) -> None:
        """A payment is being asked for: whoever prints makes ready."""
        self._slips.handover.expect()

    def settle(
        self, tx: Tx, order: Order, answer: QueryAnswer, *, refund: RefundAnswer | None = None, finish: bool = True
    ) -> str | None:
        """Book a verified payment whose facts are the order's own; returns what does not fit, None when it is booked.

        Booked at most once: an order that is paid already changes nothing. Without `finish` the sale waits at PAID.
        refund: one of ours that the provider has for it already; over the whole amount, the payment pays nothing.
        """
        if refund is not None and refund.amount_fen == order.amount_fen and refund.status in _GOES_BACK:
            return self.give_back(tx, order, answer, refund=refund)
        row = PaymentOrder.find(order.number)
        sale = Sale.find(order.sale_id)
        if row is None or sale is None:
            return "sale"
        if row.state in PAID:
            return None
        if answer.provider_number is None or _is_another_orders(answer.provider_number, order.number):
            return "provider number"
        open_sale = sale.state == SaleState.ORDERED or _is_ordered_again(tx, sale, order)
        late = row.state == PaymentOrderState.CLOSED
        if open_sale and _owed_fen(sale) != order.amount_fen:
            if not late:
                return "sale total"
            open_sale = False  # it was ordered again at another price: what the old one brought goes back
        returned = answer.status is QueryStatus.PAID_REFUNDED
        note = Note.REFUNDED_THERE if returned else None if open_sale else Note.UNAPPLIED
        paid_at_ms = answer.paid_at_ms or tx.now_ms
        if not _pay(tx, order, row, answer, note):
            return None
        if refund is not None:
            adopt(tx, order.number, refund.amount_fen or 0, RefundReason.AT_PROVIDER, _STANDS_AT[refund.status], refund)
        if not open_sale:
            tx.move(Tender, order.tender_id, TenderState.VOID, expect=TenderState.OPEN)
            tx.enqueue(f"{OWED_KIND}:{order.number}", OWED_KIND, order.number)
            return None
        _give_up_others(tx, sale.id, order.number)
        _settle_tender(tx, order, sale)
        waits = late or returned or not finish
        tx.move(
            Sale,
            sale.id,
            SaleState.PAID,
            expect=SaleState.ORDERED,
            paid_at_ms=max(paid_at_ms, sale.ordered_at_ms or 0),  # providers tell whole seconds
            late=1 if waits else sale.late,
        )
        if not waits:
            self.finish(tx, sale.id)
        return None

    def give_back(self, tx: Tx, order: Order, answer: QueryAnswer, *, refund: RefundAnswer | None = None) -> str | None:
        """Book a verified payment all of which went back at the provider: paid and refunded, the sale as before.

        Returns what does not fit, None when it is booked. refund: the provider's answer about a refund of ours;
        without one the query itself said that nothing is left.
        """
        row = PaymentOrder.find(order.number)
        if row is None:
            return "sale"
        if row.state in PAID:
            return None
        if answer.provider_number is None or _is_another_orders(answer.provider_number, order.number):
            return "provider number"
        called_off = order.noted(Note.CALLED_OFF_PAID)
        if not _pay(tx, order, row, answer, Note.RETURNED):
            return None
        tx.move(Tender, order.tender_id, TenderState.VOID, expect=TenderState.OPEN)
        reason = RefundReason.CALLED_OFF if called_off else RefundReason.AT_PROVIDER
        state = RefundState.DONE if refund is None else _STANDS_AT[refund.status]
        adopt(tx, order.number, order.amount_fen, reason, state, refund)
        said: dict[str, JsonValue] = {"reason": reason.value, "amount_fen": order.amount_fen}
        tx.record("payment_order.RETURNED", "payment_order", order.number, said)
        return None

    def finish(self, tx: Tx, sale_id: str) -> bool:
        """PAID to DONE: goods sold, invoice wished for, slips queued. False when the sale is not PAID."""
        if not tx.move(Sale, sale_id, SaleState.DONE, expect=SaleState.PAID, done_at_ms=tx.now_ms):
            return False
        for line in lines_of(sale_id):
            if line.kind in UNIT_KINDS and line.code:
                tx.move(Unit, line.code, UnitState.SOLD, expect=UnitState.RESERVED)
        self._invoices.wish(tx, sale_id)
        self._slips.queue_originals(tx, sale_id)
        return True


def _pay(tx: Tx, order: Order, row: PaymentOrder, answer: QueryAnswer, note: Note | None) -> bool:
    """To PAID, or PAID_LATE when it was closed, with the provider's proof."""
    late = row.state == PaymentOrderState.CLOSED
    return tx.move(
        PaymentOrder,
        order.number,
        PaymentOrderState.PAID_LATE if late else PaymentOrderState.PAID,
        expect=row.state,
        provider_number=answer.provider_number,
        paid_at_ms=answer.paid_at_ms or tx.now_ms,
        answer=answer.raw,
        note=note,
    )


def _is_ordered_again(tx: Tx, sale: Sale, order: Order) -> bool:
    """Whether a draft that went back to the price takes the money of its closed order: it stands as ordered again.

    Only while its goods are complete and the money is what they cost then; a price typed since is not agreed yet.
    """
    if sale.state != SaleState.DRAFT or sale.serial is None or sale.total_fen != order.amount_fen:
        return False
    try:
        check_goods(sale)
    except Refusal:
        return False
    if sum(line.price_fen for line in lines_of(sale.id)) != order.amount_fen:
        return False
    moved = tx.move(
        Sale, sale.id, SaleState.ORDERED, expect=SaleState.DRAFT, ordered_at_ms=tx.now_ms, step=SaleStep.COLLECT
    )
    if moved:
        sale.state = SaleState.ORDERED
    return moved


def _settle_tender(tx: Tx, order: Order, sale: Sale) -> None:
    """The order's own tender; a late payment's was void already, so it gets one of its own."""
    if tx.move(Tender, order.tender_id, TenderState.SETTLED, expect=TenderState.OPEN, settled_at_ms=tx.now_ms):
        return
    tender_id = tx.new_id()
    tx.create(
        Tender,
        id=tender_id,
        sale_id=sale.id,
        revision=sale.revision,
        kind=order.channel.value,
        amount_fen=order.amount_fen,
    )
    tx.move(Tender, tender_id, TenderState.SETTLED, expect=TenderState.OPEN, settled_at_ms=tx.now_ms)


def _owed_fen(sale: Sale) -> int:
    """What the sale still wants: its total less what is settled."""
    settled = Tender.query().where((Tender.sale_id == sale.id) & (Tender.state == TenderState.SETTLED))
    return (sale.total_fen or 0) - sum(tender.amount_fen for tender in settled)


def _is_another_orders(provider_number: str, number: str) -> bool:
    other = PaymentOrder.query().where(PaymentOrder.provider_number == provider_number).get_or_none()
    return other is not None and other.number != number


def _give_up_others(tx: Tx, sale_id: str, number: str) -> None:
    """The sale is paid: whatever else is still open for it is closed as soon as the provider lets us."""
    for other in list(PaymentOrder.query().where(PaymentOrder.sale_id == sale_id)):
        if other.number != number and other.state in LIVE_ORDER:
            if other.note != Note.CALLED_OFF_PAID:  # it is given up already, and its money is on its way back
                tx.change(PaymentOrder, other.number, note=Note.GIVING_UP)
            tx.move(Tender, other.tender_id, TenderState.VOID, expect=TenderState.OPEN)
