"""Slips from stored facts to print jobs: what stands on them, for whom, and in which bytes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from data.models import Operator, Outlet, PaymentOrder, PrintJob, Sale, Terminal
from data.models.base import ascending
from data.states import Copy, PaymentOrderState, PrintJobState, PrintKind, SaleState
from data.unit_of_work import Tx
from drivers.printers.base import Document
from kiosk.papers.facts import Duplicate, SaleSlipFacts, SlipCopy, SlipLine, SlipPayment
from kiosk.papers.sale_slip import TEMPLATE_VERSION, sale_slip
from kiosk.rules.customer import mask_name, mask_phone
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import for_paper
from kiosk.services import print_moves as moves
from kiosk.services.collection_orders import Note
from kiosk.services.print_handover import Handed, Handover
from kiosk.services.sale_view import SALE_DOCUMENT, lines_of

log = logging.getLogger(__name__)

Encode = Callable[[Document], bytes]

_PAID = (PaymentOrderState.PAID, PaymentOrderState.PAID_LATE)
_DRAWN_STATES = (PrintJobState.SENDING, PrintJobState.SENT, PrintJobState.PRINTED, PrintJobState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """The head of a slip. Empty texts are taken from the outlet the sale's terminal is bound to."""

    name: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Press:
    """The printer slips are made for. `encode` is None until its driver is loaded."""

    printer: str
    language: str
    width_dots: int
    encode: Encode | None = None


@dataclass(frozen=True, slots=True)
class SlipBytes:
    """A slip as the printer gets it, and a name for its file."""

    name: str
    payload: bytes
    width_dots: int


@dataclass(frozen=True, slots=True)
class _Made:
    """A new job, and its bytes when it could be drawn."""

    id: str
    payload: bytes | None


class Slips:
    """Makes print jobs inside transactions of the store."""

    def __init__(self, shop: ShopFacts, press: Press) -> None:
        self._shop = shop
        self._press = press
        self.handover = Handover()

    def load(self, encode: Encode) -> None:
        """From now on slips can be drawn at once."""
        self._press = replace(self._press, encode=encode)

    def queue_originals(self, tx: Tx, sale_id: str) -> None:
        """The merchant's and the customer's original of a sale that is done, each its own job, drawn if possible.

        The first goes to the printer with this commit when it is idle and ready.
        """
        sale = Sale.find(sale_id)
        if sale is None or sale.serial is None:
            return
        anchor = anchor_of(tx)
        for copy in (Copy.MERCHANT, Copy.CUSTOMER):
            job = self._create(tx, sale, copy, PrintKind.ORIGINAL, 0, sale.operator, None, anchor)
            if job.payload is not None and (take := self.handover.reserve()) is not None:
                moves.claim(tx, job.id)
                tx.committed.append(partial(take, Handed(job.id, job.payload, sale_id)))

    def queue_duplicate(self, tx: Tx, job: PrintJob, operator: str, reason: str) -> str | None:
        """A further, marked paper of the same document and copy; returns the new job's id."""
        sale = Sale.query().where(Sale.serial == job.document_key).get_or_none()
        if sale is None:
            return None
        earlier = PrintJob.query().where(
            (PrintJob.document == job.document)
            & (PrintJob.document_key == job.document_key)
            & (PrintJob.copy == job.copy)
            & (PrintJob.kind == PrintKind.DUPLICATE)
        )
        number = earlier.count() + 1
        copy = Copy(job.copy or Copy.CUSTOMER)
        return self._create(tx, sale, copy, PrintKind.DUPLICATE, number, operator, reason, anchor_of(tx)).id

    def draw(self, tx: Tx, job_id: str) -> bool:
        """Draw a job that could not be drawn when it was queued. False when it still cannot; `error` says why."""
        job = PrintJob.find(job_id)
        sale = None if job is None else Sale.query().where(Sale.serial == job.document_key).get_or_none()
        if job is None or sale is None:
            return False
        if job.payload is not None:
            return True
        payload, error = self._payload(sale, Copy(job.copy or Copy.CUSTOMER), job.copy_no, anchor_of(tx))
        if payload is None:
            tx.change(PrintJob, job_id, error=error)
            return False
        tx.change(PrintJob, job_id, payload=payload, sha256=hashlib.sha256(payload).hexdigest(), error=None)
        return True

    def picture_bytes(self, tx: Tx, sale_id: str, copy: Copy) -> SlipBytes:
        """The original's bytes, drawn anew when they are not stored. Raises Refusal SALE_NOT_FOUND, SALE_FROZEN."""
        sale = Sale.find(sale_id)
        if sale is None or sale.serial is None:
            raise Refusal(Reason.SALE_NOT_FOUND, serial=sale_id)
        if sale.state not in (SaleState.PAID, SaleState.DONE):
            raise Refusal(Reason.SALE_FROZEN, serial=sale.serial)
        job = _original(sale.serial, copy)
        payload = bytes(job.payload) if job is not None and job.payload is not None else None
        if payload is None or job is None or not job.template_version.isdigit():
            payload, _error = self._payload(sale, copy, 0, anchor_of(tx))
        if payload is None:
            raise Refusal(Reason.PRINTER_NOT_READY, printer=self._press.printer, why="not_drawn")
        return SlipBytes(f"{sale.serial}-{copy.value.lower()}", payload, self._press.width_dots)

    def facts(self, sale: Sale, copy: Copy, copy_no: int, anchor: str) -> SaleSlipFacts:
        """What stands on the slip of a paid sale."""
        terminal = Terminal.find(sale.terminal)
        outlet = None if terminal is None or terminal.outlet is None else Outlet.find(terminal.outlet)
        operator = Operator.find(sale.operator)
        return SaleSlipFacts(
            shop_name=for_paper(self._shop.name or (outlet.name if outlet else "")),
            shop_address=for_paper(self._shop.address or (outlet.address if outlet else "")),
            shop_phone=for_paper(self._shop.phone or (outlet.phone if outlet else "")),
            terminal=sale.terminal,
            serial=sale.serial or "",
            operator=for_paper(operator.name if operator else sale.operator),
            paid_at_ms=sale.paid_at_ms or sale.opened_at_ms,
            lines=tuple(
                SlipLine(line.kind.value, for_paper(line.name), line.code, for_paper(line.colour or ""), line.price_fen)
                for line in lines_of(sale.id)
            ),
            total_fen=sale.total_fen or 0,
            payments=_payments(sale.id),
            customer_name=for_paper(mask_name(sale.customer_name or "")),
            customer_phone=mask_phone(sale.customer_phone or ""),
            anchor=anchor,
            duplicate=Duplicate(copy_no, _first_printed_ms(sale.serial or "", copy)) if copy_no else None,
        )

    def _create(
        self,
        tx: Tx,
        sale: Sale,
        copy: Copy,
        kind: PrintKind,
        copy_no: int,
        operator: str,
        reason: str | None,
        anchor: str,
    ) -> _Made:
        payload, error = self._payload(sale, copy, copy_no, anchor)
        job_id = tx.new_id()
        tx.create(
            PrintJob,
            id=job_id,
            document=SALE_DOCUMENT,
            document_key=sale.serial,
            copy=copy.value,
            kind=kind.value,
            copy_no=copy_no,
            printer=self._press.printer,
            state=PrintJobState.QUEUED.value,
            payload=payload,
            sha256=None if payload is None else hashlib.sha256(payload).hexdigest(),
            template_version=str(TEMPLATE_VERSION),
            queued_at_ms=tx.now_ms,
            operator=operator,
            reason=reason,
            error=error,
        )
        return _Made(job_id, payload)

    def _payload(self, sale: Sale, copy: Copy, copy_no: int, anchor: str) -> tuple[bytes | None, str | None]:
        """The bytes, or why there are none yet. A slip never stops the commit around it."""
        if self._press.encode is None:
            return None, None
        try:
            facts = self.facts(sale, copy, copy_no, anchor)
            document = sale_slip(facts, SlipCopy(copy.value), self._press.language, self._press.width_dots)
            return self._press.encode(document), None
        except Exception as error:
            log.exception("the slip of %s cannot be drawn", sale.serial)
            return None, f"{type(error).__name__}: {error}"[:200]


def anchor_of(tx: Tx) -> str:
    """The journal's head as slips show it: `seq·hash12`."""
    head = tx.head()
    return f"{head.seq}·{head.hash[:12]}"


def _payments(sale_id: str) -> tuple[SlipPayment, ...]:
    rows = PaymentOrder.query().where(PaymentOrder.sale_id == sale_id).order_by(ascending(PaymentOrder.attempt))
    return tuple(
        SlipPayment(row.channel, row.amount_fen, row.number, row.provider_number or "")
        for row in rows
        if row.state in _PAID and row.note not in (Note.UNAPPLIED, Note.RETURNED)
    )


def _original(serial: str, copy: Copy) -> PrintJob | None:
    return (
        PrintJob.query()
        .where(
            (PrintJob.document == SALE_DOCUMENT)
            & (PrintJob.document_key == serial)
            & (PrintJob.copy == copy)
            & (PrintJob.kind == PrintKind.ORIGINAL)
        )
        .get_or_none()
    )


def _first_printed_ms(serial: str, copy: Copy) -> int | None:
    """When the original of this copy first went to the printer, as far as anybody knows."""
    original = _original(serial, copy)
    if original is None or original.state not in _DRAWN_STATES:
        return None
    return original.sent_at_ms or original.first_byte_at_ms
