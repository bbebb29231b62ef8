"""An open sale as a row: which vehicle, for whom, how far it came, since when. On Home and under 取单."""

from __future__ import annotations

from typing import Final

from kiosk.i18n import mark, tr
from kiosk.screens import words
from kiosk.services.views import ParkedSale, SaleState, SaleStep
from kiosk.widgets.frame import Tone
from kiosk.widgets.money import yuan
from kiosk.widgets.paged_list import ListRow

PARKED: Final = mark("已挂单，用「取单」可以继续。")
"""What Home says of a sale just put aside."""
_STEPS: Final = tuple(step for step in SaleStep if step is not SaleStep.COLLECT)
_MINUTE_MS: Final = 60_000


def row(sale: ParkedSale, now_ms: int) -> ListRow:
    """The row of one open sale."""
    draft = sale.state is SaleState.DRAFT
    return ListRow(
        key=sale.id,
        head=f"{sale.vehicle}  {sale.model}",
        head_right=_step(sale.step) if draft else _standing(sale),
        detail=sale.customer_masked or tr("还没有填客户"),
        detail_right=f"{yuan(sale.amount_fen)}  {sale.operator}  {how_long(now_ms - sale.opened_at_ms)}",
        tone=Tone.PLAIN if draft else Tone.ATTENTION,
    )


def how_long(past_ms: int) -> str:
    """How long ago something was, as roughly as people say it."""
    minutes = max(0, past_ms) // _MINUTE_MS
    if minutes < 1:
        return tr("刚刚")
    if minutes < 60:
        return tr("{count} 分钟前", count=minutes)
    if minutes < 24 * 60:
        return tr("{count} 小时前", count=minutes // 60)
    return tr("{count} 天前", count=minutes // (24 * 60))


def _standing(sale: ParkedSale) -> str:
    """What became of its code; a late payment is told by the sale's own state."""
    if sale.state is SaleState.ORDERED and sale.payment is not None:
        return words.payment_state(sale.payment)[1]
    return words.sale_state(sale.state)


def _step(step: SaleStep) -> str:
    """The step an unfinished sale has reached, counted as the marks in the title count it."""
    number = _STEPS.index(step) + 1 if step in _STEPS else len(_STEPS)
    return f"{number}/{len(_STEPS)} {words.sale_step(step)}"
