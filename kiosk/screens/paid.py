"""Paid: the invoice and both copies of the slip side by side until 完成. Nothing here waits for them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from kiosk.i18n import tr
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import words
from kiosk.screens.documents import InvoicePanel, SlipPanel, current_jobs
from kiosk.screens.sale_step import STEPS, SaleStepScreen
from kiosk.services.views import SaleState
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.money import BigAmount, yuan


class PaidScreen(SaleStepScreen):
    """The sale is done in the books already; a flagged late payment waits for 交车."""

    step_number = len(STEPS) + 1

    def title_text(self) -> str:
        return tr("捆绑销售")

    def help_text(self) -> str:
        if self._late() and any(payment.refunded_there for payment in self.sale.payments):
            return tr("支付平台上这笔付款有退款：先核对钱还在不在，再交车。")
        if self._late():
            return tr("这笔付款是关闭之后才到的：钱已收到，请确认交车。")
        return tr("收款完成。发票和凭条自动办理，不用等，可以按「完成」。")

    def compose_body(self) -> ComposeResult:
        yield self.vehicle_line()
        with Horizontal(classes="paid-head"):
            with Vertical(classes="paid-word"):
                yield Static(state_line(Tone.GOOD, tr("已支付")), classes="large", markup=False)
                yield Static(self._facts(), id="paid-facts", markup=False)
            yield BigAmount(self.sale.total_fen or 0)
        with Grid(id="documents"):
            yield InvoicePanel(self.sale.invoice)
            for job in current_jobs(self.sale.print_jobs):
                yield SlipPanel(job)

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(tr("挂单"), id="park", key="f6", classes="" if self._late() else "hidden")
        yield ActionButton(tr("查看发票"), id="view", key="f5")
        if self._late():
            yield ActionButton(tr("交车"), id="hand-over", key="f8", look="primary")
        else:
            yield ActionButton(tr("完成"), id="finish", key="f8", look="primary")

    def on_mount(self) -> None:
        super().on_mount()
        self.shop.paid_aside.seen(self.sale.id)

    def first_focus(self) -> Widget | None:
        return None

    def _late(self) -> bool:
        return self.sale.state is SaleState.PAID

    def _facts(self) -> Content:
        payment = self.sale.settling
        channel = words.channel(payment.channel) if payment else ""
        parts = [channel, tr("流水号 {serial}", serial=self.sale.serial or "")]
        if self._late():
            parts.append(tr("晚到付款"))
        parts += [f"{words.refund_state(one.state)[1]}  {yuan(one.amount_fen)}" for one in self.sale.refunds[-1:]]
        return Content("\n").join(Content(part) for part in parts)

    def paint(self) -> None:
        self.query_one("#paid-facts", Static).update(self._facts())
        self.query_one(InvoicePanel).show(self.sale.invoice)
        self.do(self._slips, "slips")

    async def _slips(self) -> None:
        """Bring the panels in line with the jobs; a duplicate adds one."""
        jobs = current_jobs(self.sale.print_jobs)
        panels = list(self.query(SlipPanel))
        for panel, job in zip(panels, jobs, strict=False):
            panel.show(job)
        if len(jobs) > len(panels):
            await self.query_one("#documents", Grid).mount_all(SlipPanel(job) for job in jobs[len(panels) :])

    async def on_scan(self, text: str) -> None:
        """The sale is paid and takes nothing more; what finishes it comes before the next one."""
        raise Refusal(Reason.SALE_PAID, code=text, button=tr("交车") if self._late() else tr("完成"))

    def action_back(self) -> None:
        if self._late():
            self.press_park()
        else:
            self.press_finish()

    def press_finish(self) -> None:
        self.kiosk.command("finish", self.kiosk.go_home)

    def press_hand_over(self) -> None:
        async def hand_over() -> None:
            await self.shop.collection.hand_over(self.sale.id, self.kiosk.acting())
            await self.kiosk.go_home(tr("已交车，销售完成。"))

        self.kiosk.command("hand-over", hand_over)

    def press_view(self) -> None:
        from kiosk.screens.invoice import InvoiceScreen

        self.kiosk.command("view", lambda: self.kiosk.show(InvoiceScreen(self.sale, back=PaidScreen)))
