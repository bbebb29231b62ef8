"""The moves of blue invoices and of the outbox rows that see them through, as units of work of the store."""

from __future__ import annotations

from dataclasses import dataclass

from data import outbox
from data.models import Invoice, Sale
from data.outbox import Wish
from data.states import InvoiceState
from data.unit_of_work import Tx
from drivers.invoices.base import InvoiceAnswer
from kiosk.services.invoice_intents import FILES_KIND, OUTBOX_KIND, files_key, outbox_key

S = InvoiceState


@dataclass(frozen=True, slots=True)
class Facts:
    """What an invoice is at the moment of reading."""

    number: str
    sale_id: str
    state: InvoiceState
    final: bool
    total_fen: int
    request: bytes
    provider_serial: str
    attempts: int
    reason: str | None


def next_task() -> Wish | None:
    """The task that is due first, now or later. Its subject is the invoice's number."""
    return outbox.first(OUTBOX_KIND, FILES_KIND)


def load_invoice(number: str) -> Facts | None:
    """The invoice with this number."""
    row = Invoice.find(number)
    if row is None:
        return None
    return Facts(
        number=row.number,
        sale_id=row.sale_id,
        state=S(row.state),
        final=bool(row.final),
        total_fen=row.total_fen,
        request=bytes(row.request or b""),
        provider_serial=row.provider_serial or "",
        attempts=row.attempts,
        reason=row.reason,
    )


def sale_of(number: str) -> Sale | None:
    """The sale an invoice order's number belongs to: its serial stands in front."""
    return Sale.query().where(Sale.serial == number[:-3]).get_or_none()


def all_due(tx: Tx) -> None:
    """At a start everything open is looked at once."""
    outbox.hurry_all(tx, OUTBOX_KIND, FILES_KIND)


def put_off(tx: Tx, task: Wish, at_ms: int, why: str | None) -> None:
    """Not done yet: again at that time. The invoice shows when, and why."""
    outbox.later(tx, task.key, at_ms, why)
    invoice = load_invoice(task.subject)
    if task.kind == OUTBOX_KIND and invoice is not None and invoice.state in (S.NEW, S.SENT, S.ISSUING):
        tx.change(Invoice, task.subject, next_at_ms=at_ms)
        if why is not None and invoice.reason != why:
            tx.change(Invoice, task.subject, reason=why)


def finish(tx: Tx, key: str) -> None:
    """Nothing more to do for it."""
    outbox.done(tx, key)


def due_at(tx: Tx, number: str, at_ms: int) -> None:
    """(Re)open the invoice's task for that time."""
    outbox.again(tx, outbox_key(number), OUTBOX_KIND, number, at_ms)


def accepted(tx: Tx, number: str, provider_serial: str, next_at_ms: int) -> None:
    """The provider has it: issuing, and asked for from now on."""
    invoice = load_invoice(number)
    if invoice is not None and invoice.state is S.FAILED and not invoice.final:
        tx.move(Invoice, number, S.SENT, expect=S.FAILED, reason=None)
    serial = provider_serial or (invoice.provider_serial if invoice else "")
    if not tx.move(
        Invoice, number, S.ISSUING, expect=S.SENT, provider_serial=serial or None, next_at_ms=next_at_ms, reason=None
    ):
        tx.change(Invoice, number, expect=S.ISSUING, next_at_ms=next_at_ms)
    due_at(tx, number, next_at_ms)


def issued(tx: Tx, number: str, answer: InvoiceAnswer) -> None:
    """Issued: its number and time are known; its files are wished for."""
    accepted(tx, number, answer.provider_serial, tx.now_ms)
    if tx.move(
        Invoice,
        number,
        S.ISSUED,
        expect=S.ISSUING,
        fiscal_number=answer.fiscal_number,
        issued_at_ms=answer.issued_at_ms or tx.now_ms,
        next_at_ms=None,
        reason=None,
    ):
        tx.enqueue(files_key(number), FILES_KIND, number)
    finish(tx, outbox_key(number))


def failed(tx: Tx, number: str, reason: str, again_at_ms: int | None) -> None:
    """Not issued, with the reason; tried again at that time, None: only when somebody asks for it."""
    tx.move(Invoice, number, S.FAILED, expect=(S.SENT, S.ISSUING), reason=reason[:200] or "?", next_at_ms=again_at_ms)
    if again_at_ms is None:
        finish(tx, outbox_key(number))
    else:
        due_at(tx, number, again_at_ms)


def retry(tx: Tx, number: str) -> bool:
    """FAILED to SENT under the same number, before a byte leaves. False when it has not failed, or for good."""
    invoice = load_invoice(number)
    if invoice is None or invoice.final:
        return False
    if not tx.move(Invoice, number, S.SENT, expect=S.FAILED, attempts=invoice.attempts + 1, reason=None):
        return False
    due_at(tx, number, tx.now_ms)
    return True
