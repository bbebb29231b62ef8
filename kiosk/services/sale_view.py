"""From the store's rows to `views.Sale`: the one reader every service and screen sees a sale through.

The functions here read through the store's models, so they run inside `Store.read`, or inside `Store.write` when a
unit of work answers with the sale it has just changed.
"""

from __future__ import annotations

import json
from typing import cast

from data.models import Invoice as InvoiceRow
from data.models import InvoiceFile as InvoiceFileRow
from data.models import PaymentOrder, SaleLine, VehicleModel
from data.models import PrintJob as PrintJobRow
from data.models import Sale as SaleRow
from data.models.base import ascending
from data.queries.payments import refunds_of
from data.states import (
    Channel,
    Copy,
    InvoiceKind,
    InvoiceState,
    LineKind,
    Pairing,
    PaymentOrderState,
    PrintJobState,
    PrintKind,
    SaleKind,
    SaleState,
    SaleStep,
)
from kiosk.rules.customer import mask_name
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import views

SALE_DOCUMENT = "SALE"
"""`print_job.document` of the slips of a sale; their `document_key` is its serial."""

_OPEN = (SaleState.DRAFT.value, SaleState.ORDERED.value, SaleState.PAID.value)


def load_sale(sale_id: str) -> views.Sale:
    """The sale with everything that hangs on it. Raises Refusal SALE_NOT_FOUND."""
    row = SaleRow.find(sale_id)
    if row is None:
        raise Refusal(Reason.SALE_NOT_FOUND, serial=sale_id)
    return sale_of(row)


def load_sale_by_serial(serial: str) -> views.Sale | None:
    """The sale with this serial, or None."""
    row = SaleRow.query().where(SaleRow.serial == serial).get_or_none()
    return None if row is None else sale_of(row)


def sale_of(row: SaleRow) -> views.Sale:
    """The view of a sale's row; reads what belongs to it."""
    lines = lines_of(row.id)
    vehicle = next((line for line in lines if line.kind is LineKind.VEHICLE), None)
    return views.Sale(
        id=row.id,
        serial=row.serial,
        kind=SaleKind(row.kind),
        state=SaleState(row.state),
        step=SaleStep(row.step),
        revision=row.revision,
        late=bool(row.late),
        operator=row.operator,
        opened_at_ms=row.opened_at_ms,
        ordered_at_ms=row.ordered_at_ms,
        paid_at_ms=row.paid_at_ms,
        vehicle=None if vehicle is None else vehicle_card(vehicle.code, vehicle.model),
        colour=None if vehicle is None else vehicle.colour,
        lines=lines,
        customer=_customer(row),
        typed=typed_of(row),
        list_total_fen=row.list_total_fen,
        total_fen=row.total_fen,
        payments=_payments(row.id),
        invoices=_invoices(row.id),
        print_jobs=() if row.serial is None else _print_jobs(row.serial),
        refunds=_refunds(row.id),
    )


def lines_of(sale_id: str) -> tuple[views.Line, ...]:
    """The sale's lines in their order."""
    rows = SaleLine.query().where(SaleLine.sale_id == sale_id).order_by(ascending(SaleLine.position))
    return tuple(
        views.Line(
            position=row.position,
            kind=LineKind(row.kind),
            code=row.code,
            model=row.model,
            name=row.name,
            colour=row.colour,
            list_price_fen=row.list_price_fen,
            price_fen=row.price_fen,
            typed=bool(row.typed),
            pairing_known=row.pairing == Pairing.KNOWN,
            pairing_reason=row.pairing_reason,
        )
        for row in rows
    )


def vehicle_card(code: str, model: str) -> views.VehicleCard | None:
    """What is known of a vehicle of this model; None when the catalogue lost it."""
    row = VehicleModel.find(model)
    if row is None:
        return None
    return views.VehicleCard(
        code=code,
        model=row.model,
        brand=row.brand,
        name=row.name,
        maker=row.maker,
        certificate=row.certificate or "",
        ccc=row.ccc or "",
        chemistry=row.chemistry,
        voltage_v=row.voltage_v,
        battery_count=row.battery_count,
        colours=tuple(cast("list[str]", json.loads(row.colours))),
        list_price_fen=row.list_price_fen,
        floor_price_fen=row.floor_price_fen,
        ceiling_price_fen=row.ceiling_price_fen,
    )


def typed_of(row: SaleRow) -> dict[str, str]:
    """What was typed into the sale's fields and not submitted yet."""
    return cast("dict[str, str]", json.loads(row.typed))


def parked_sales(terminal: str) -> tuple[views.ParkedSale, ...]:
    """The terminal's open sales, oldest first. PAID ones are late payments that wait for the clerk."""
    rows = (
        SaleRow.query()
        .where(SaleRow.terminal == terminal, SaleRow.state << _OPEN)
        .order_by(ascending(SaleRow.opened_at_ms), ascending(SaleRow.id))
    )
    found: list[views.ParkedSale] = []
    for sale in rows:
        vehicle = next((line for line in lines_of(sale.id) if line.kind is LineKind.VEHICLE), None)
        found.append(
            views.ParkedSale(
                id=sale.id,
                serial=sale.serial,
                state=SaleState(sale.state),
                step=SaleStep(sale.step),
                vehicle="" if vehicle is None else vehicle.code,
                model="" if vehicle is None else vehicle.name,
                customer_masked=mask_name(sale.customer_name or ""),
                opened_at_ms=sale.opened_at_ms,
                operator=sale.operator,
                amount_fen=sale.list_total_fen if sale.total_fen is None else sale.total_fen,
                payment=_last_payment(sale.id),
            )
        )
    return tuple(found)


def _last_payment(sale_id: str) -> PaymentOrderState | None:
    payments = _payments(sale_id)
    return payments[-1].state if payments else None


def _customer(row: SaleRow) -> views.Customer | None:
    if row.customer_name is None and row.customer_phone is None:
        return None
    return views.Customer(
        name=row.customer_name or "",
        phone=row.customer_phone or "",
        division_code=row.division_code or "",
        division=row.division_text or "",
        address=row.address or "",
    )


def _payments(sale_id: str) -> tuple[views.Payment, ...]:
    rows = PaymentOrder.query().where(PaymentOrder.sale_id == sale_id).order_by(ascending(PaymentOrder.attempt))
    return tuple(
        views.Payment(
            number=row.number,
            channel=Channel(row.channel),
            state=PaymentOrderState(row.state),
            amount_fen=row.amount_fen,
            code=row.code,
            expires_at_ms=row.expires_at_ms or 0,
            provider_number=row.provider_number,
            note=row.note,
        )
        for row in rows
    )


def _refunds(sale_id: str) -> tuple[views.Refund, ...]:
    return tuple(
        views.Refund(
            number=row.number,
            payment=row.payment_order,
            state=row.state,
            amount_fen=row.amount_fen,
            reason=row.reason,
            operator=row.operator,
            created_at_ms=row.created_at_ms,
            done_at_ms=row.done_at_ms,
            provider_number=row.provider_number,
            note=row.note,
        )
        for row in refunds_of(sale_id)
    )


def _invoices(sale_id: str) -> tuple[views.Invoice, ...]:
    rows = (
        InvoiceRow.query()
        .where(InvoiceRow.sale_id == sale_id)
        .order_by(ascending(InvoiceRow.created_at_ms), ascending(InvoiceRow.number))
    )
    return tuple(
        views.Invoice(
            number=row.number,
            kind=InvoiceKind(row.kind),
            state=InvoiceState(row.state),
            title=row.title,
            net_fen=row.net_fen,
            tax_fen=row.tax_fen,
            total_fen=row.total_fen,
            fiscal_number=row.fiscal_number,
            issued_at_ms=row.issued_at_ms,
            reason=row.reason,
            attempts=row.attempts,
            next_at_ms=row.next_at_ms,
            files=_files(row.number),
        )
        for row in rows
    )


def _files(invoice: str) -> tuple[views.InvoiceFile, ...]:
    rows = InvoiceFileRow.query().where(InvoiceFileRow.invoice == invoice).order_by(ascending(InvoiceFileRow.format))
    return tuple(views.InvoiceFile(format=row.format, path=row.path, sha256=row.sha256, size=row.size) for row in rows)


def _print_jobs(serial: str) -> tuple[views.PrintJob, ...]:
    rows = (
        PrintJobRow.query()
        .where(PrintJobRow.document == SALE_DOCUMENT, PrintJobRow.document_key == serial)
        .order_by(ascending(PrintJobRow.queued_at_ms), ascending(PrintJobRow.id))
    )
    return tuple(
        views.PrintJob(
            id=row.id,
            document=row.document,
            copy=Copy(row.copy or Copy.CUSTOMER),
            kind=PrintKind(row.kind),
            state=PrintJobState(row.state),
            tier=row.tier,
            error=row.error,
        )
        for row in rows
    )
