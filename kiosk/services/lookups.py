"""Looking sales up: the list with its search, one sale by its serial or by any code on it.

Pages are cut by place, not by counting, so the millionth sale costs what the first does. Lists are masked.
"""

from __future__ import annotations

from collections.abc import Iterable

from data.models import Invoice, PaymentOrder, PrintJob, SaleLine
from data.models.base import ascending
from data.queries import sales as queries
from data.states import InvoiceKind, InvoiceState, LineKind, PaymentOrderState, PrintJobState, PrintKind, SaleState
from data.store import Store
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.customer import mask_name, mask_phone
from kiosk.rules.refusals import Refusal
from kiosk.rules.text import Use, clean_field, clean_scan, fold_width
from kiosk.services import views
from kiosk.services.sale_reference import SaleReference
from kiosk.services.sale_view import SALE_DOCUMENT, load_sale, load_sale_by_serial

PAGE = 50

_FINISHED = frozenset({PrintJobState.PRINTED, PrintJobState.CANCELLED})


class Lookups:
    """Reads only; works on a store opened beside a running kiosk too."""

    def __init__(self, store: Store, reference: SaleReference | None = None) -> None:
        self._store = store
        self._reference = reference or SaleReference()

    async def sales(
        self,
        search: str = "",
        day: str | None = None,
        state: SaleState | None = None,
        before: views.SaleCursor | views.SaleRow | None = None,
        limit: int = PAGE,
    ) -> tuple[views.SaleRow, ...]:
        """Sales without drafts, newest first, at most `limit`, behind the row or place `before`.

        `search` finds a serial or its beginning, a payment or invoice order number, a phone or its last four digits,
        any code on a line (also scanned with what scanners and certificates put around it), a part of the customer's
        name. `day` is a business date YYYY-MM-DD. Text that is too long finds nothing.
        """
        try:
            text = self._sought(search)
        except Refusal:
            return ()
        place = None if before is None else queries.Place(before.at_ms, before.id)

        def work() -> tuple[views.SaleRow, ...]:
            page = queries.sales_page(search=text or None, day=day, state=state, limit=limit, after=place)
            return _rows(page.rows)

        return await self._store.read(work)

    async def sale_by_serial(self, serial: str) -> views.Sale | None:
        """The sale with this serial, or None."""
        return await self._store.read(lambda: load_sale_by_serial(serial))

    async def sale_by_code(self, text: str) -> views.Sale | None:
        """The sale a scanned text belongs to: its serial (the QR code of a slip), or the code of a thing it sold."""
        try:
            sought = self._sought(text)
        except Refusal:
            return None

        def work() -> views.Sale | None:
            by_serial = load_sale_by_serial(sought)
            if by_serial is not None:
                return by_serial
            if self._kind(sought) not in (CodeKind.VEHICLE, CodeKind.BATTERY):
                return None
            holder = queries.sale_that_holds(sought)
            return None if holder is None else load_sale(holder.id)

        return await self._store.read(work)

    def _sought(self, text: str) -> str:
        """What to look for: a code in its normal form, anything else as it was typed."""
        typed = clean_field(fold_width(text[: Use.CODE.limit]), Use.CODE)
        if not typed:
            return ""
        scanned = classify(typed, self._reference.codes())
        if scanned.kind is not CodeKind.UNKNOWN:
            return scanned.code
        return clean_field(clean_scan(typed), Use.SEARCH)

    def _kind(self, code: str) -> CodeKind:
        return classify(code, self._reference.codes()).kind


def _rows(found: tuple[queries.SaleSummary, ...]) -> tuple[views.SaleRow, ...]:
    """The rows of one page; what hangs on them is read once for all."""
    ids = [row.id for row in found]
    vehicles = {line.sale_id: line for line in SaleLine.query().where(SaleLine.sale_id << ids, _IS_VEHICLE)}
    payments = _payments(ids)
    invoices = _invoices(ids)
    printing = _printing([row.serial for row in found])
    return tuple(
        views.SaleRow(
            id=row.id,
            serial=row.serial,
            at_ms=row.at_ms,
            kind=row.kind,
            state=row.state,
            total_fen=row.total_fen,
            customer_masked=mask_name(row.customer_name or ""),
            phone_masked=mask_phone(row.customer_phone or ""),
            operator=row.operator,
            vehicle=vehicles[row.id].code if row.id in vehicles else "",
            model=vehicles[row.id].name if row.id in vehicles else "",
            payment=payments.get(row.id),
            invoice=invoices.get(row.id),
            printing=printing.get(row.serial),
            late=row.late,
        )
        for row in found
    )


_IS_VEHICLE = SaleLine.kind == LineKind.VEHICLE.value


def _payments(ids: list[str]) -> dict[str, PaymentOrderState]:
    """The newest payment order's state of each sale."""
    orders = PaymentOrder.query().where(PaymentOrder.sale_id << ids).order_by(ascending(PaymentOrder.attempt))
    return {order.sale_id: PaymentOrderState(order.state) for order in orders}


def _invoices(ids: list[str]) -> dict[str, InvoiceState]:
    """The newest blue invoice's state of each sale."""
    blues = (
        Invoice.query()
        .where(Invoice.sale_id << ids, Invoice.kind == InvoiceKind.BLUE.value)
        .order_by(ascending(Invoice.created_at_ms), ascending(Invoice.number))
    )
    return {invoice.sale_id: InvoiceState(invoice.state) for invoice in blues}


def _printing(serials: list[str]) -> dict[str, PrintJobState]:
    """What is left to do of each sale's originals; PRINTED when nothing is."""
    jobs: Iterable[PrintJob] = (
        PrintJob.query()
        .where(
            PrintJob.document == SALE_DOCUMENT,
            PrintJob.document_key << serials,
            PrintJob.kind == PrintKind.ORIGINAL.value,
        )
        .order_by(ascending(PrintJob.id))
    )
    states: dict[str, PrintJobState] = {}
    for job in jobs:
        known = states.get(job.document_key)
        if known is None or known in _FINISHED:
            states[job.document_key] = PrintJobState(job.state)
    return states
