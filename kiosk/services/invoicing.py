"""Invoices: issued by themselves once a sale is paid, retried for days, kept with their files, never issued twice."""

from __future__ import annotations

from pathlib import Path

from data.models import Invoice, Sale
from data.states import InvoiceKind, InvoiceState
from data.store import Store
from data.unit_of_work import Tx
from drivers.invoices.base import InvoiceProvider
from kiosk.rules.permissions import Command, require
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import invoice_moves as moves
from kiosk.services import views
from kiosk.services.changes import Changes
from kiosk.services.channel_watch import ChannelFacts, ChannelWatch, Trouble
from kiosk.services.clock import Clock
from kiosk.services.invoice_files import InvoiceFiles
from kiosk.services.invoice_intents import InvoiceIntents
from kiosk.services.invoice_worker import InvoiceWorker

OFF = ChannelFacts(False, Trouble.OFF, None, "", None)


class InvoicingService:
    """Runs the worker, retries on request, hands out files."""

    def __init__(self, store: Store, clock: Clock, changes: Changes, intents: InvoiceIntents) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._intents = intents
        self._files = InvoiceFiles(store)
        self._watch = ChannelWatch(clock, lambda: changes.publish({"health", "invoices"}))
        self._worker: InvoiceWorker | None = None
        self._on = False

    @property
    def facts(self) -> ChannelFacts:
        """How the provider answered lately."""
        return self._watch.facts if self._on else OFF

    def open(self, provider: InvoiceProvider) -> None:
        """The provider's driver is loaded: invoices can be made out."""
        self._intents.provider = provider
        self._on = True

    async def run(self) -> None:
        """See every wished invoice through until cancelled; without a provider they wait."""
        provider = self._intents.provider
        if provider is None:
            return
        worker = InvoiceWorker(
            provider, self._store, self._clock, self._changes, self._intents, self._files, self._watch
        )
        self._worker = worker
        forget = self._changes.subscribe(lambda keys: worker.bell.set() if keys & {"invoices", "sales"} else None)
        try:
            await worker.run()
        finally:
            forget()
            self._worker = None

    async def retry(self, number: str, operator: views.Operator) -> bool:
        """Try a failed invoice again under its own number. False when it has not failed, or has failed for good.

        Raises Refusal NOT_PERMITTED.
        """
        require(operator.role, Command.RETRY_INVOICE)

        def again(tx: Tx) -> tuple[bool, str | None]:
            invoice = moves.load_invoice(number)
            return moves.retry(tx, number), None if invoice is None else invoice.sale_id

        done, sale_id = await self._store.write(again)
        if done and self._worker is not None:
            self._worker.retry(number)
        self._changes.publish({"invoices", *([f"sale:{sale_id}"] if sale_id else [])})
        return done

    async def save_file(self, key: str, form: str, to: Path, operator: views.Operator) -> Path:
        """Save a file (`pdf`, `ofd`, `xml`) of an invoice; `key` is its number, or its sale's id or serial.

        Raises Refusal NOT_PERMITTED, INVOICE_NOT_ISSUED, NO_INVOICE_FILE; OSError.
        """
        require(operator.role, Command.SAVE_INVOICE)
        number = await self._store.read(lambda: _number_of(key))
        if number is None:
            raise Refusal(Reason.INVOICE_NOT_ISSUED, number=key)
        return await self._files.save(number, form, to)


def _number_of(key: str) -> str | None:
    if Invoice.find(key) is not None:
        return key
    sale = Sale.find(key) or Sale.query().where(Sale.serial == key).get_or_none()
    if sale is None:
        return None
    rows = list(Invoice.query().where((Invoice.sale_id == sale.id) & (Invoice.kind == InvoiceKind.BLUE)))
    rows.sort(key=lambda row: (row.state == InvoiceState.ISSUED, row.number))
    return rows[-1].number if rows else None
