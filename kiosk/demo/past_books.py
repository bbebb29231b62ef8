"""Writes one finished sale of the demo's past into the store, along every arrow a real sale takes.

The rows carry the times of the past sale; the journal rows carry the time of the seeding, because that is when they
were written. Identifiers follow from the serial, so two shops seeded on one day have the same ones; only the eight
digits of the journal's head in a payment order's number are each store's own, as they must be.
"""

from __future__ import annotations

from hashlib import sha256

from data.models import Customer, Invoice, PaymentOrder, PrintJob, Sale, Tender, Unit
from data.reference import TaxProfile
from data.states import (
    Channel,
    Copy,
    InvoiceKind,
    InvoiceState,
    LineKind,
    PaymentOrderState,
    PrintJobState,
    PrintKind,
    SaleKind,
    SaleState,
    SaleStep,
    TenderKind,
    TenderState,
    UnitKind,
    UnitState,
)
from data.unit_of_work import Tx
from kiosk.demo.models import BATTERY_MODELS, CHARGER_MODELS, VEHICLE_MODELS
from kiosk.demo.past_sales import PastSale
from kiosk.rules.money import format_yuan, split_tax
from kiosk.rules.numbers import InvoiceLetter, invoice_number, payment_number, sale_serial
from kiosk.services.sale_view import SALE_DOCUMENT

PRINTER = "demo"
TIER = "T1"
TEMPLATE = "demo-past"
RECEIVED_BEFORE_MS = 30 * 86_400_000
"""Goods of a past sale had come in a month before."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VEHICLES = {model.model: model for model in VEHICLE_MODELS}
_BATTERIES = {model.model: model for model in BATTERY_MODELS}
_CHARGERS = {model.code: model for model in CHARGER_MODELS}
_INIT = b"\x1b@"
_CUT = b"\n\n\n\x1dV\x00"


class PastBooks:
    """Writes past sales of one terminal; remembers which customers it has written."""

    def __init__(self, terminal: str, series: str, tax: TaxProfile) -> None:
        self._terminal = terminal
        self._series = series
        self._tax = tax
        self._customers: set[str] = set()

    def write(self, tx: Tx, past: PastSale) -> None:
        """One sale, DONE: its goods SOLD, its order PAID, its invoice ISSUED, both slips PRINTED."""
        serial = sale_serial(self._terminal, past.day, tx.next_number(self._series, past.day))
        sale_id = past_id(past.opened_at_ms, f"sale:{serial}")
        self._reserve(tx, past)
        self._order(tx, past, sale_id, serial)
        self._pay(tx, past, sale_id, serial)
        for code in (past.vehicle, *past.batteries):
            tx.move(Unit, code, UnitState.SOLD, expect=UnitState.RESERVED)
        self._invoice(tx, past, sale_id, serial)
        for copy in (Copy.MERCHANT, Copy.CUSTOMER):
            _print(tx, past, serial, copy)

    def _reserve(self, tx: Tx, past: PastSale) -> None:
        received = past.opened_at_ms - RECEIVED_BEFORE_MS
        kinds = [(past.vehicle, UnitKind.VEHICLE, past.model)]
        kinds += [(code, UnitKind.BATTERY, past.battery_model) for code in past.batteries]
        for code, kind, model in kinds:
            tx.create(Unit, code=code, kind=kind, model=model, received_at_ms=received)
            tx.move(Unit, code, UnitState.RESERVED, expect=UnitState.IN_STOCK)

    def _order(self, tx: Tx, past: PastSale, sale_id: str, serial: str) -> None:
        tx.create(
            Sale,
            lines=_lines(past),
            id=sale_id,
            kind=SaleKind.BUNDLE,
            step=SaleStep.COLLECT,
            terminal=self._terminal,
            operator=past.operator,
            opened_at_ms=past.opened_at_ms,
            list_total_fen=past.list_price_fen,
            customer_name=past.customer_name,
            customer_phone=past.customer_phone,
            customer_phone_last4=past.customer_phone[-4:],
            division_code=past.division_code,
            division_text=past.division_text,
            address=past.address,
        )
        tx.move(
            Sale,
            sale_id,
            SaleState.ORDERED,
            expect=SaleState.DRAFT,
            serial=serial,
            business_day=past.day,
            ordered_at_ms=past.ordered_at_ms,
            total_fen=past.price_fen,
        )
        if past.customer_phone not in self._customers:
            self._customers.add(past.customer_phone)
            tx.create(
                Customer,
                id=past_id(past.ordered_at_ms, f"customer:{past.customer_phone}"),
                name=past.customer_name,
                phone=past.customer_phone,
                division_code=past.division_code,
                address=past.address,
                created_at_ms=past.ordered_at_ms,
            )

    def _pay(self, tx: Tx, past: PastSale, sale_id: str, serial: str) -> None:
        tender_id = past_id(past.ordered_at_ms, f"tender:{serial}")
        tx.create(Tender, id=tender_id, sale_id=sale_id, revision=0, kind=TenderKind.WECHAT, amount_fen=past.price_fen)
        number = payment_number(serial, 1, tx.head().hash)
        provider_number = f"4200{_digits(f'payment:{serial}', 24)}"
        tx.create(
            PaymentOrder,
            number=number,
            sale_id=sale_id,
            serial=serial,
            revision=0,
            attempt=1,
            tender_id=tender_id,
            channel=Channel.WECHAT,
            amount_fen=past.price_fen,
            request=f'{{"out_trade_no":"{number}","amount":{{"total":{past.price_fen}}}}}'.encode(),
            created_at_ms=past.ordered_at_ms,
            expires_at_ms=past.ordered_at_ms + 180_000,
        )
        tx.move(PaymentOrder, number, PaymentOrderState.SENT, sent_at_ms=past.ordered_at_ms)
        tx.move(PaymentOrder, number, PaymentOrderState.WAITING, code=f"weixin://wxpay/bizpayurl?pr={number[-8:]}")
        tx.move(
            PaymentOrder,
            number,
            PaymentOrderState.PAID,
            provider_number=provider_number,
            paid_at_ms=past.paid_at_ms,
            answer=f'{{"out_trade_no":"{number}","transaction_id":"{provider_number}"}}'.encode(),
        )
        tx.move(Tender, tender_id, TenderState.SETTLED, settled_at_ms=past.paid_at_ms)
        tx.move(Sale, sale_id, SaleState.PAID, paid_at_ms=past.paid_at_ms)
        tx.move(Sale, sale_id, SaleState.DONE, done_at_ms=past.paid_at_ms)

    def _invoice(self, tx: Tx, past: PastSale, sale_id: str, serial: str) -> None:
        model = _VEHICLES[past.model]
        rate_bp = self._tax.rate_bp(past.day)
        net_fen, tax_fen = split_tax(past.price_fen, rate_bp)
        number = invoice_number(serial, InvoiceLetter.BLUE, 1)
        line = {
            "name": f"*{self._tax.goods_short_name}*{model.name}",
            "tax_code": self._tax.goods_tax_code,
            "quantity": 1,
            "unit": "辆",
            "spec": past.model,
            "rate_bp": rate_bp,
            "net_fen": net_fen,
            "tax_fen": tax_fen,
            "gross_fen": past.price_fen,
        }
        tx.create(
            Invoice,
            lines=[line],
            number=number,
            sale_id=sale_id,
            serial=serial,
            kind=InvoiceKind.BLUE,
            title=past.customer_name,
            net_fen=net_fen,
            tax_fen=tax_fen,
            total_fen=past.price_fen,
            remark=f"整车编码{past.vehicle}",
            request=f'{{"orderNo":"{number}"}}'.encode(),
            created_at_ms=past.paid_at_ms,
        )
        tx.move(Invoice, number, InvoiceState.SENT, attempts=1)
        tx.move(Invoice, number, InvoiceState.ISSUING, provider_serial=_digits(f"provider:{serial}", 20))
        tx.move(
            Invoice,
            number,
            InvoiceState.ISSUED,
            fiscal_number=f"2699{_digits(f'fiscal:{serial}', 16)}",
            issued_at_ms=past.paid_at_ms + 8_000,
        )


def past_id(at_ms: int, seed: str) -> str:
    """A ULID of that time whose random part follows from `seed` (https://github.com/ulid/spec)."""
    number = (at_ms << 80) | int.from_bytes(sha256(seed.encode()).digest()[:10])
    return "".join([_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5)])


def _digits(seed: str, count: int) -> str:
    return str(int.from_bytes(sha256(seed.encode()).digest()))[:count]


def _lines(past: PastSale) -> list[dict[str, object]]:
    vehicle = _VEHICLES[past.model]
    battery = _BATTERIES[past.battery_model]
    charger = _CHARGERS[past.charger]
    lines: list[dict[str, object]] = [
        {
            "kind": LineKind.VEHICLE,
            "code": past.vehicle,
            "model": past.model,
            "name": vehicle.name,
            "colour": past.colour,
            "list_price_fen": past.list_price_fen,
            "price_fen": past.price_fen,
        }
    ]
    included = [(LineKind.BATTERY, code, battery.model, battery.name) for code in past.batteries]
    included.append((LineKind.CHARGER, past.charger, charger.model, charger.name))
    for kind, code, model, name in included:
        lines.append({"kind": kind, "code": code, "model": model, "name": name, "list_price_fen": 0, "price_fen": 0})
    return lines


def _print(tx: Tx, past: PastSale, serial: str, copy: Copy) -> None:
    job_id = past_id(past.paid_at_ms, f"print:{serial}:{copy}")
    text = f"{serial}\n{past.vehicle}\n{format_yuan(past.price_fen)}\n{copy}"
    payload = _INIT + text.encode("ascii") + _CUT
    tx.create(
        PrintJob,
        id=job_id,
        document=SALE_DOCUMENT,
        document_key=serial,
        copy=copy,
        kind=PrintKind.ORIGINAL,
        printer=PRINTER,
        payload=payload,
        sha256=sha256(payload).hexdigest(),
        template_version=TEMPLATE,
        queued_at_ms=past.paid_at_ms,
        operator=past.operator,
    )
    tx.move(PrintJob, job_id, PrintJobState.SENDING, attempts=1, claimed_at_ms=past.paid_at_ms + 500)
    tx.move(PrintJob, job_id, PrintJobState.SENT, bytes_sent=len(payload), sent_at_ms=past.paid_at_ms + 1_000)
    tx.move(PrintJob, job_id, PrintJobState.PRINTED, tier=TIER, confirmed_at_ms=past.paid_at_ms + 1_500)
