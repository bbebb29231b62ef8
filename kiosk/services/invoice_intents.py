"""The wish for an invoice, committed with the sale that is paid, and made out when it is sent.

The row is there from that commit on, with its amounts. Lines and bytes are made when it is about to be sent; while a
setting is missing or the provider is off it waits as NEW, with the reason.
"""

from __future__ import annotations

import logging

from data.models import Invoice, Sale
from data.states import InvoiceKind, InvoiceState, InvoiceWish
from data.unit_of_work import Tx
from drivers.invoices.base import InvoiceLine, InvoiceProvider, InvoiceRequest
from kiosk.rules.numbers import InvoiceLetter, invoice_number
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.invoice_terms import TaxTerms, amounts_of, lines_for, remark_of
from kiosk.services.sale_view import load_sale

log = logging.getLogger(__name__)

OUTBOX_KIND = "invoice"
FILES_KIND = "invoice_files"
NO_TITLE = "个人"
"""Title of a buyer who gave no name (State Taxation Administration: an individual's invoice)."""


def outbox_key(number: str) -> str:
    """The outbox row that sees an invoice through."""
    return f"{OUTBOX_KIND}:{number}"


def files_key(number: str) -> str:
    """The outbox row that fetches an issued invoice's files."""
    return f"{FILES_KIND}:{number}"


class InvoiceIntents:
    """Makes out invoices inside transactions. `provider` is set when its driver is loaded."""

    def __init__(self, terms: TaxTerms) -> None:
        self._terms = terms
        self.provider: InvoiceProvider | None = None

    def wish(self, tx: Tx, sale_id: str) -> None:
        """The blue invoice of a sale that was paid, if it wants one now and has none, and the outbox row for it.

        Never fails for what the invoice needs: what is missing is its reason.
        """
        sale = Sale.find(sale_id)
        if sale is None or sale.serial is None or sale.invoice_wish != InvoiceWish.NOW:
            return
        if Invoice.query().where((Invoice.sale_id == sale_id) & (Invoice.kind == InvoiceKind.BLUE)).exists():
            return
        number = invoice_number(sale.serial, InvoiceLetter.BLUE, 1)
        tx.enqueue(outbox_key(number), OUTBOX_KIND, number)
        self.create(tx, sale, number)

    def create(self, tx: Tx, sale: Sale, number: str) -> str | None:
        """The row of a wished invoice; returns why there cannot be one yet: its tax is not known for that day."""
        view = load_sale(sale.id)
        try:
            net, tax = amounts_of(view, self._terms, _paid_ms(sale))
        except LookupError as error:
            log.error("invoice %s: %s", number, error)
            return str(error)
        tx.create(
            Invoice,
            number=number,
            sale_id=sale.id,
            serial=sale.serial,
            kind=InvoiceKind.BLUE,
            title=sale.customer_name or NO_TITLE,
            net_fen=net,
            tax_fen=tax,
            total_fen=net + tax,
            remark=remark_of(sale.serial or "", view.lines),
            created_at_ms=tx.now_ms,
            next_at_ms=tx.now_ms,
        )
        return None

    def send(self, tx: Tx, row: Invoice) -> str | None:
        """NEW to SENT, with lines and exact bytes; returns why it cannot be made out, None when it may be sent."""
        sale = Sale.find(row.sale_id)
        try:
            if sale is None or row.total_fen != sale.total_fen:
                raise ValueError("the invoice's total is not the sale's")
            lines = lines_for(load_sale(sale.id), self._terms, _paid_ms(sale))
            request = self._serialise(row, lines, _paid_ms(sale))
        except (Refusal, ValueError, LookupError) as error:
            return str(error)[:200]
        tx.move(
            Invoice,
            row.number,
            InvoiceState.SENT,
            expect=InvoiceState.NEW,
            lines=[_told(line) for line in lines],
            request=request,
            attempts=row.attempts + 1,
            reason=None,
        )
        return None

    def _serialise(self, row: Invoice, lines: tuple[InvoiceLine, ...], paid_at_ms: int) -> bytes:
        if self.provider is None:
            raise Refusal(Reason.INVOICE_SETTINGS_MISSING, missing="nuonuo.app_key")
        return self.provider.serialise(
            InvoiceRequest(
                order_no=row.number,
                ordered_at_ms=paid_at_ms,
                title=row.title,
                tax_number=row.tax_number or "",
                natural_person=not row.tax_number,
                remark=row.remark,
                lines=lines,
            )
        )


def _paid_ms(sale: Sale) -> int:
    return sale.paid_at_ms or sale.ordered_at_ms or sale.opened_at_ms


def _told(line: InvoiceLine) -> dict[str, object]:
    return {
        "name": line.name,
        "tax_code": line.tax_code,
        "quantity": line.quantity,
        "unit": line.unit,
        "spec": line.spec,
        "rate_bp": line.rate_bp,
        "net_fen": line.net_fen,
        "tax_fen": line.tax_fen,
        "gross_fen": line.gross_fen,
    }
