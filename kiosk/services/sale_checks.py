"""What must hold of a stored sale before it goes on; judged inside the store, by the rules.

The rules themselves are pure; here the rows they judge are found.
"""

from __future__ import annotations

from data.models import PaymentOrder, Sale
from data.states import LIVE_ORDER, LineKind, PaymentOrderState, SaleState
from kiosk.rules import bundle
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import sale_codes
from kiosk.services.collection_orders import Note
from kiosk.services.refund_facts import wholly_refunded
from kiosk.services.sale_view import lines_of, vehicle_card


def price_in_limits(sale_id: str, price_fen: int) -> int:
    """The price, when the limits of the sale's vehicle allow it; runs inside the store.

    Raises Refusal SALE_NOT_FOUND, NO_VEHICLE, AMOUNT_INVALID, BELOW_FLOOR, ABOVE_CEILING.
    """
    find_sale(sale_id)
    line = next((line for line in lines_of(sale_id) if line.kind is LineKind.VEHICLE), None)
    if line is None:
        raise Refusal(Reason.NO_VEHICLE)
    card = vehicle_card(line.code, line.model)
    if card is None:
        return bundle.check_price(price_fen, None, None)
    return bundle.check_price(price_fen, card.floor_price_fen, card.ceiling_price_fen)


def find_sale(sale_id: str) -> Sale:
    """The sale's row. Raises Refusal SALE_NOT_FOUND."""
    sale = Sale.find(sale_id)
    if sale is None:
        raise Refusal(Reason.SALE_NOT_FOUND, serial=sale_id)
    return sale


def frozen(sale: Sale) -> Refusal:
    """The refusal for a sale that is no draft any more."""
    return Refusal(Reason.SALE_FROZEN, state=sale.state, serial=sale.serial or "")


def check_goods(sale: Sale) -> None:
    """Check that the bundle is complete.

    Raises Refusal BATTERIES_MISSING (have, need), CHARGER_MISSING, PAIRING_REASON_MISSING (code).
    """
    lines = sale_codes.lines_of(sale)
    count = {kind: sum(1 for line in lines if line.kind == kind) for kind in (LineKind.BATTERY, LineKind.CHARGER)}
    facts = sale_codes.vehicle_facts(sale_codes.vehicle_line(lines))
    bundle.check_goods(facts, count[LineKind.BATTERY], count[LineKind.CHARGER])
    for line in lines:
        bundle.check_reason(bundle.Pairing(line.pairing), line.pairing_reason or "", line.code)


def check_unpaid(sale: Sale) -> None:
    """Check that no payment can be lost by cancelling: none is live, and all that was paid is wholly refunded.

    Raises Refusal ALREADY_PAID, PAYMENT_UNKNOWN (number), ORDER_LIVE (number), LATE_PAYMENT_OPEN (number).
    """
    if sale.state in (SaleState.PAID, SaleState.DONE):
        raise Refusal(Reason.ALREADY_PAID, serial=sale.serial or "")
    for order in PaymentOrder.query().where(PaymentOrder.sale_id == sale.id):
        if order.state == PaymentOrderState.UNKNOWN:
            raise Refusal(Reason.PAYMENT_UNKNOWN, number=order.number)
        if order.state in LIVE_ORDER:
            raise Refusal(Reason.ORDER_LIVE, number=order.number)
        if wholly_refunded(order):
            continue
        if order.state == PaymentOrderState.PAID_LATE or order.note == Note.RETURNED:
            raise Refusal(Reason.LATE_PAYMENT_OPEN, number=order.number)
        if order.state == PaymentOrderState.PAID:
            raise Refusal(Reason.ALREADY_PAID, number=order.number)
