"""How the invoice and the slips of a sale stand: one panel each, brought up to date in place."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button

from kiosk.i18n import tr
from kiosk.screens import words
from kiosk.screens.base import KioskScreen
from kiosk.services.views import Copy, Invoice, InvoiceState, PrintJob, PrintJobState, PrintKind
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import state_line
from kiosk.widgets.prose import Prose


def current_jobs(jobs: Sequence[PrintJob]) -> list[PrintJob]:
    """The newest job of each copy, the merchant's first: an older one has been replaced by its duplicate."""
    newest: dict[Copy, PrintJob] = {}
    for job in jobs:
        newest[job.copy] = job
    return [newest[copy] for copy in Copy if copy in newest]


class InvoicePanel(Vertical):
    """The invoice's state, its number once there is one, the reason when it failed."""

    def __init__(self, invoice: Invoice | None) -> None:
        super().__init__(classes="document")
        self._invoice = invoice
        self.border_title = tr("发票")

    def compose(self) -> ComposeResult:
        yield Prose(_invoice_text(self._invoice))

    def show(self, invoice: Invoice | None) -> None:
        """Show how the invoice stands now."""
        if invoice != self._invoice:
            self._invoice = invoice
            self.query_one(Prose).update(_invoice_text(invoice))


class SlipPanel(Vertical):
    """One copy of the slip; when nobody knows whether it came out, the two answers a person can give."""

    def __init__(self, job: PrintJob) -> None:
        super().__init__(classes="document")
        self._job = job
        self.border_title = words.copy(job.copy)

    def compose(self) -> ComposeResult:
        yield Prose(_slip_text(self._job))
        with Horizontal(classes="resolve"):
            yield ActionButton(tr("已打出"), id="printed")
            yield ActionButton(tr("打印副本"), id="duplicate")

    def on_mount(self) -> None:
        self._offer()

    def show(self, job: PrintJob) -> None:
        """Show how the copy stands now."""
        if job != self._job:
            self._job = job
            self.query_one(Prose).update(_slip_text(job))
            self._offer()

    def _offer(self) -> None:
        for row in self.query(".resolve"):
            row.display = self._job.state is PrintJobState.UNCERTAIN

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        screen, job, printed = self.screen, self._job, event.button.id == "printed"
        if not isinstance(screen, KioskScreen):
            return

        async def resolve() -> None:
            await screen.shop.printing.resolve(job.id, printed, screen.kiosk.acting())

        screen.kiosk.command(f"resolve {job.id}", resolve)


def _invoice_text(invoice: Invoice | None) -> Content:
    parts = [state_line(*words.invoice_state(invoice))]
    if invoice is not None:
        if invoice.state is InvoiceState.ISSUED and invoice.fiscal_number:
            parts.append(Content(invoice.fiscal_number))
            parts.append(Content(tr("抬头 {title}", title=invoice.title)))
        elif invoice.state is InvoiceState.FAILED:
            parts.append(Content(invoice.reason or ""))
            parts.append(Content.styled(tr("钱已收到，只差发票。"), "$quiet"))
        elif invoice.reason or invoice.attempts > 1:
            parts.append(Content.styled(tr("平台暂时不通，会一直自动重试，不用等。"), "$quiet"))
    return Content("\n").join(parts)


def _slip_text(job: PrintJob) -> Content:
    tone, word = words.print_word(job.state)
    if job.kind is PrintKind.DUPLICATE:
        word = f"{word}  {tr('副本')}"
    cause = words.print_cause(job)
    return Content("\n").join([state_line(tone, word), *([Content(cause)] if cause else [])])
