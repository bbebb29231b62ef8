"""One sale as the books hold it: goods, payment, invoice and slips. People appear masked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from kiosk.i18n import tr
from kiosk.rules.calendar import beijing_text
from kiosk.rules.customer import mask_name, mask_phone
from kiosk.screens import words
from kiosk.screens.base import KioskScreen
from kiosk.screens.documents import InvoicePanel, SlipPanel, current_jobs
from kiosk.screens.sale_screen import SaleScreen
from kiosk.services.views import Copy, Payment, PaymentOrderState, Sale, SaleState
from kiosk.widgets.button import ActionButton
from kiosk.widgets.facts import facts_table
from kiosk.widgets.frame import Tone
from kiosk.widgets.money import yuan


class SaleDetailScreen(SaleScreen):
    """Reading, and what a person may still settle: an uncertain slip, a file to save, an open sale to go on with."""

    follows_sale = False

    def title_text(self) -> str:
        return f"{tr('销售单')} {self.sale.serial or ''}"

    def help_text(self) -> str:
        return tr("「查看发票」看发票并下载；「保存凭条」把凭条存成图片。")

    def more_help(self) -> Sequence[str]:
        return (tr("待确认的凭条：看看打印机出纸口，出来了按「已打出」，没有就按「打印副本」。"),)

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="facts"):
            yield Static(self._standing(), id="sale-standing", markup=False)
            with VerticalScroll(can_focus=False):
                yield Static(self._goods(), id="sale-goods", markup=False)
        with Grid(id="documents"):
            yield InvoicePanel(self.sale.invoice)
            for job in current_jobs(self.sale.print_jobs):
                yield SlipPanel(job)

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="esc")
        yield ActionButton(tr("求助"), id="help", key="f1")
        if self.sale.paid_at_ms is not None:
            yield ActionButton(tr("保存凭条"), id="save-slip", key="f6")
        if self.sale.state in {SaleState.ORDERED, SaleState.PAID, SaleState.DRAFT}:
            yield ActionButton(tr("继续办理"), id="go-on", key="f7")
        yield ActionButton(tr("查看发票"), id="view", key="f5", look="primary")

    def paint(self) -> None:
        self.query_one("#sale-standing", Static).update(self._standing())
        self.query_one("#sale-goods", Static).update(self._goods())
        self.query_one(InvoicePanel).show(self.sale.invoice)
        for panel, job in zip(self.query(SlipPanel), current_jobs(self.sale.print_jobs), strict=False):
            panel.show(job)

    def _standing(self) -> Content:
        sale = self.sale
        rows: list[tuple[str, str | Content]] = [
            (tr("状态"), words.sale_state(sale.state) + (f"  {tr('晚到付款')}" if sale.late else "")),
            (tr("实收"), Content.styled(yuan(sale.total_fen or 0), "bold $accent")),
        ]
        if sale.customer is not None:
            rows += [(tr("客户"), mask_name(sale.customer.name)), (tr("电话"), mask_phone(sale.customer.phone))]
        if sale.paid_at_ms is not None:
            rows.append((tr("付款"), beijing_text(sale.paid_at_ms)[5:]))
        return facts_table(rows)

    def _goods(self) -> Content:
        """First the money that came in and what went back of it, last the tries that came to nothing."""
        settled = [one for one in self.sale.payments if one.returned or one.state is PaymentOrderState.PAID]
        rows = [self._payment(one) for one in settled]
        for refund in self.sale.refunds:
            word = f"{words.refund_state(refund.state)[1]}  {yuan(refund.amount_fen)}"
            rows.append((tr("退款"), f"{word}  {refund.number}"))
        rows += [(words.line_kind(line.kind), f"{line.code}  {line.colour or line.name}") for line in self.sale.lines]
        rows += [self._payment(one) for one in self.sale.payments if one not in settled]
        return facts_table(rows)

    def _payment(self, payment: Payment) -> tuple[str, str]:
        """The word before the long number: what it came to is never the part that does not fit."""
        word = tr("已退款") if payment.returned else words.payment_state(payment.state)[1]
        return words.channel(payment.channel), f"{word}  {payment.number}"

    def press_save_slip(self) -> None:
        async def save() -> None:
            folder, operator = self.kiosk.export_directory(), self.kiosk.acting()
            path = await self.shop.printing.save_slip(self.sale.id, Copy.CUSTOMER, folder, operator)
            self.say(Tone.GOOD, words.saved(path))

        self.kiosk.command("save-slip", save)

    def press_view(self) -> None:
        from kiosk.screens.invoice import InvoiceScreen

        self.kiosk.command("view", lambda: self.kiosk.show(InvoiceScreen(self.sale, back=_back)))

    def press_go_on(self) -> None:
        self.kiosk.command("go-on", lambda: self.kiosk.show_sale(self.sale))

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        from kiosk.screens.sale_list import SaleListScreen

        self.kiosk.command("back", lambda: self.kiosk.show(SaleListScreen()))


def _back(sale: Sale) -> KioskScreen:
    return SaleDetailScreen(sale)
