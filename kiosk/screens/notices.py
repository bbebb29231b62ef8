"""What needs a person, as rows on Home that lead to the sale: late payments, open codes, refunds, slips in doubt."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.i18n import mark, tr
from kiosk.screens import words
from kiosk.screens.documents import current_jobs
from kiosk.screens.ports import ShopPort
from kiosk.services.views import PrintJobState, Sale
from kiosk.services.waiting import Waiting
from kiosk.widgets.frame import GLYPHS, Tone
from kiosk.widgets.money import yuan

MOST = 2

_TEXTS = {
    Waiting.LATE_PAYMENT: mark("晚到付款 {serial}：请交车"),
    Waiting.CODE_OPEN: mark("收款码还开着 {serial} {amount}：顾客可能正在付"),
    Waiting.WRONG_PAYMENT: mark("付款与应收不符 {serial}：请联系支付平台"),
    Waiting.REFUND_STUCK: mark("退款未成 {serial} {amount}：请店长找支付平台"),
    Waiting.REFUNDING: mark("正在自动退款 {serial} {amount}"),
    Waiting.UNCERTAIN_SLIP: mark("待确认凭条 {serial}：看看是否打出来了"),
    Waiting.FAILED_INVOICE: mark("开票失败 {serial}：请查看原因"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One row: what is the matter, and the sale it leads to."""

    sale_id: str
    text: str
    tone: Tone = Tone.ATTENTION


async def gather(shop: ShopPort) -> tuple[Notice, ...]:
    """The most pressing, at most `MOST`; the rest shows once these are settled."""
    found = await shop.waiting.newest(MOST)
    paid = [Notice(one.id, GLYPHS[Tone.GOOD] + _paid(one), Tone.GOOD) for one in await shop.paid_aside.look()]
    waiting = [
        Notice(
            one.sale_id,
            GLYPHS[Tone.ATTENTION] + tr(_TEXTS[one.why], serial=one.serial, amount=yuan(one.amount_fen)),
        )
        for one in found
    ]
    given_back = [
        Notice(
            one.sale_id,
            GLYPHS[Tone.GOOD] + tr("已自动退款 {serial} {amount}", serial=one.serial, amount=yuan(one.amount_fen)),
            Tone.GOOD,
        )
        for one in shop.refunds.given_back
    ]
    return tuple([*paid[:1], *waiting, *given_back, *paid[1:]][:MOST])


def _paid(sale: Sale) -> str:
    """Money that came in while nobody looked, and how far the papers are."""
    slips = [job.state for job in current_jobs(sale.print_jobs)]
    unprinted = [state for state in slips if state is not PrintJobState.PRINTED]
    return tr(
        "已收款 {code} {amount}：{invoice}，{print}",
        code=sale.vehicle.code if sale.vehicle else sale.serial or "",
        amount=yuan(sale.total_fen or 0),
        invoice=words.invoice_state(sale.invoice)[1],
        print=words.print_word([*unprinted, PrintJobState.PRINTED][0])[1],
    )
