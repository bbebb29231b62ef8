"""One invoice: numbers, amounts, files with their digests; saving a file where people find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from kiosk.i18n import tr
from kiosk.rules.calendar import beijing_text
from kiosk.screens import words
from kiosk.screens.base import KioskScreen
from kiosk.screens.sale_screen import SaleScreen
from kiosk.services.views import Invoice, InvoiceState, Sale
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.facts import facts_table
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.money import yuan

FORMATS = ("pdf", "ofd", "xml")


class InvoiceScreen(SaleScreen):
    """Opened from the paid sale or from the sale list; `back` makes the screen to return to."""

    follows_sale = False

    def __init__(self, sale: Sale, back: Callable[[Sale], KioskScreen]) -> None:
        super().__init__(sale)
        self._back = back

    def again(self) -> KioskScreen:
        return InvoiceScreen(self.sale, self._back)

    def title_text(self) -> str:
        return tr("发票")

    def help_text(self) -> str:
        return tr("点 PDF、OFD 或 XML 选格式，再按「下载」保存到导出文件夹。")

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(self._text(), id="invoice-text", markup=False)
        with Horizontal(classes="choices"):
            for number, kind in enumerate(FORMATS):
                yield ChoiceButton(kind.upper(), kind, chosen=number == 0)

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="esc")
        yield ActionButton(tr("求助"), id="help", key="f1")
        failed = self.sale.invoice is not None and self.sale.invoice.state is InvoiceState.FAILED
        yield ActionButton(tr("重新开票"), id="retry", key="f7", classes="" if failed else "hidden")
        yield ActionButton(tr("下载"), id="save", key="f8", look="primary")

    def paint(self) -> None:
        self.query_one("#invoice-text", Static).update(self._text())
        invoice = self.sale.invoice
        failed = invoice is not None and invoice.state is InvoiceState.FAILED
        self.query_one("#retry").set_class(not failed, "hidden")

    def _text(self) -> Content:
        invoice = self.sale.invoice
        if invoice is None:
            return Content(tr("这张销售单没有发票。"))
        rows = [
            (tr("状态"), state_line(*words.invoice_state(invoice))),
            (tr("抬头"), Content(invoice.title)),
            (tr("发票号码"), Content(invoice.fiscal_number or "—")),
            (tr("开票单号"), Content(invoice.number)),
            (tr("开票时间"), Content(beijing_text(invoice.issued_at_ms) if invoice.issued_at_ms else "—")),
            (tr("金额"), Content(_amounts(invoice))),
        ]
        if invoice.reason:
            rows.append((tr("原因"), Content(invoice.reason)))
        rows += [(one.format.upper(), Content(tr("可以下载"))) for one in invoice.files]
        return facts_table(rows)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not isinstance(event.button, ChoiceButton):
            super().on_button_pressed(event)
            return
        event.stop()
        for choice in self.query(ChoiceButton):
            choice.chosen = choice is event.button

    def press_save(self) -> None:
        chosen = next((one.value for one in self.query(ChoiceButton) if one.chosen), FORMATS[0])

        async def save() -> None:
            folder, operator = self.kiosk.export_directory(), self.kiosk.acting()
            path = await self.shop.invoicing.save_file(self.sale.id, chosen, folder, operator)
            self.say(Tone.GOOD, words.saved(path))

        self.kiosk.command("save", save)

    def press_retry(self) -> None:
        invoice = self.sale.invoice
        if invoice is None:
            return

        async def retry() -> None:
            await self.shop.invoicing.retry(invoice.number, self.kiosk.acting())
            self.say(Tone.GOOD, tr("已重新提交开票，结果会自动显示。"))

        self.kiosk.command("retry", retry)

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.kiosk.command("back", lambda: self.kiosk.show(self._back(self.sale)))


def _amounts(invoice: Invoice) -> str:
    return tr(
        "{total}（不含税 {net}，税额 {tax}）",
        total=yuan(invoice.total_fen),
        net=yuan(invoice.net_fen),
        tax=yuan(invoice.tax_fen),
    )
