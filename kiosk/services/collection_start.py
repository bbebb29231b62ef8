"""The commit that asks for money: the sale is ordered, its tender opened, its payment order intended with its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from data.models import Customer, PaymentOrder, Sale, SaleLine, Tender
from data.models.base import ascending
from data.states import (
    LIVE_ORDER,
    Channel,
    LineKind,
    PaymentOrderState,
    SaleState,
    SaleStep,
)
from data.unit_of_work import Tx
from drivers.payments.base import OrderIntent, PaymentChannel
from kiosk.rules.calendar import business_day
from kiosk.rules.money import format_yuan
from kiosk.rules.numbers import UNBOUND_TERMINAL, payment_number, sale_serial
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import sale_codes
from kiosk.services.collection_orders import Note
from kiosk.services.refund_facts import PAID, goes_back, wholly_refunded
from kiosk.services.sale_checks import check_goods, find_sale, price_in_limits

SALES = "sale"
"""The series of the sale serials' sequence, one per terminal."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the clerk asked for. operator: the number of who asked."""

    sale_id: str
    channel: Channel
    amount_fen: int
    operator: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a code can be paid, and what the customer reads beside the model's name."""

    order_ms: int
    description: str


def place_order(tx: Tx, asked: Asked, terms: Terms, channel: PaymentChannel) -> str:
    """Order the sale (once) and intend the next payment order of it; returns its number. Nothing has been sent yet.

    Raises Refusal SALE_NOT_FOUND, ORDER_LIVE, PAYMENT_UNKNOWN, LATE_PAYMENT_OPEN, ALREADY_PAID, SALE_FROZEN,
    WRONG_STEP, STORE_FULL, TERMINAL_UNBOUND, AMOUNT_INVALID, BELOW_FLOOR, ABOVE_CEILING.
    """
    if not tx.room:
        raise Refusal(Reason.STORE_FULL)
    sale = find_sale(asked.sale_id)
    check_no_order_open(sale)
    match sale.state:
        case SaleState.DRAFT:
            _order(tx, sale, asked.amount_fen)
        case SaleState.ORDERED:
            if asked.amount_fen != sale.total_fen:
                raise Refusal(Reason.SALE_FROZEN)
        case SaleState.PAID | SaleState.DONE:
            raise Refusal(Reason.ALREADY_PAID)
        case _:
            raise Refusal(Reason.SALE_FROZEN)
    return _intend(tx, asked, terms, channel)


def check_no_order_open(sale: Sale) -> None:
    """Refuse while money may still come in, or came in and is not all back.

    Raises Refusal ORDER_LIVE or PAYMENT_UNKNOWN (number), LATE_PAYMENT_OPEN (number).
    """
    for order in orders_of(sale.id):
        if order.state in LIVE_ORDER:
            unknown = order.state == PaymentOrderState.UNKNOWN
            raise Refusal(Reason.PAYMENT_UNKNOWN if unknown else Reason.ORDER_LIVE, number=order.number)
        unpaid_sale = sale.state in (SaleState.DRAFT, SaleState.ORDERED)
        if unpaid_sale and order.state in PAID and not wholly_refunded(order):
            raise Refusal(Reason.LATE_PAYMENT_OPEN, number=order.number)


def check_money_stays(sale: Sale) -> None:
    """Refuse to hand over what is not paid for any more: somebody chose to give its money back.

    Raises Refusal LATE_PAYMENT_OPEN (number).
    """
    for order in orders_of(sale.id):
        if order.note not in (Note.UNAPPLIED, Note.RETURNED) and goes_back(order):
            raise Refusal(Reason.LATE_PAYMENT_OPEN, number=order.number)


def orders_of(sale_id: str) -> list[PaymentOrder]:
    """Every payment order of a sale, oldest first."""
    rows = PaymentOrder.query().where(PaymentOrder.sale_id == sale_id)
    return list(rows.order_by(ascending(PaymentOrder.attempt)))


def _order(tx: Tx, sale: Sale, amount_fen: int) -> None:
    """DRAFT to ORDERED: serial, lines, price and customer freeze."""
    if sale.step not in (SaleStep.PRICE, SaleStep.COLLECT):
        raise Refusal(Reason.WRONG_STEP)
    if sale.terminal == UNBOUND_TERMINAL:
        raise Refusal(Reason.TERMINAL_UNBOUND)
    check_goods(sale)
    price_in_limits(sale.id, amount_fen)
    lines = sale_codes.lines_of(sale)
    vehicle = sale_codes.vehicle_line(lines)
    rest = amount_fen - sum(line.price_fen for line in lines if line is not vehicle)
    if rest <= 0:
        raise Refusal(Reason.AMOUNT_INVALID, text=format_yuan(amount_fen, grouped=True))
    priced = [sale_codes.facts_of(line) | ({"price_fen": rest} if line is vehicle else {}) for line in lines]
    sale_codes.write_lines(tx, sale.id, priced)
    _remember_customer(tx, sale)
    day = sale.business_day or business_day(tx.now_ms)
    serial = sale.serial or sale_serial(sale.terminal, day, tx.next_number(f"{SALES}:{sale.terminal}", day))
    tx.move(
        Sale,
        sale.id,
        SaleState.ORDERED,
        expect=SaleState.DRAFT,
        serial=serial,
        business_day=day,
        ordered_at_ms=tx.now_ms,
        list_total_fen=sum(line.list_price_fen for line in lines),
        total_fen=amount_fen,
        step=SaleStep.COLLECT,
    )


def _intend(tx: Tx, asked: Asked, terms: Terms, channel: PaymentChannel) -> str:
    sale = Sale.find(asked.sale_id)
    assert sale is not None
    assert sale.serial is not None
    tender_id = tx.new_id()
    tx.create(
        Tender,
        id=tender_id,
        sale_id=sale.id,
        revision=sale.revision,
        kind=asked.channel.value,
        amount_fen=asked.amount_fen,
    )
    attempt = 1 + max((order.attempt for order in orders_of(sale.id)), default=0)
    number = payment_number(sale.serial, attempt, tx.head().hash)
    expires_at_ms = tx.now_ms + terms.order_ms
    intent = OrderIntent(number, asked.amount_fen, _description(sale, terms), expires_at_ms)
    tx.create(
        PaymentOrder,
        number=number,
        sale_id=sale.id,
        serial=sale.serial,
        revision=sale.revision,
        attempt=attempt,
        tender_id=tender_id,
        channel=asked.channel.value,
        amount_fen=asked.amount_fen,
        request=channel.serialise(intent),
        expires_at_ms=expires_at_ms,
        created_at_ms=tx.now_ms,
    )
    tx.record("sale.COLLECT", "sale", sale.id, {"operator": asked.operator, "number": number})
    return number


def _description(sale: Sale, terms: Terms) -> str:
    vehicle = SaleLine.query().where((SaleLine.sale_id == sale.id) & (SaleLine.kind == LineKind.VEHICLE)).get_or_none()
    return f"{terms.description} {vehicle.model}" if vehicle is not None else terms.description


def _remember_customer(tx: Tx, sale: Sale) -> None:
    """Who buys is found by phone the next time."""
    if not sale.customer_phone or not sale.customer_name:
        return
    name, division, address = sale.customer_name, sale.division_code, sale.address
    known = Customer.query().where(Customer.phone == sale.customer_phone).get_or_none()
    if known is None:
        tx.create(
            Customer,
            id=tx.new_id(),
            name=name,
            phone=sale.customer_phone,
            division_code=division,
            address=address,
            created_at_ms=tx.now_ms,
        )
    elif (known.name, known.division_code, known.address) != (name, division, address):
        tx.change(Customer, known.id, name=name, division_code=division, address=address)
