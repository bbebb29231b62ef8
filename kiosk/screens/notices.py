"""What needs a person, as rows on Home that lead to the sale: late payments, slips nobody knows about."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.i18n import tr
from kiosk.screens.ports import ShopPort
from kiosk.services.views import SaleState
from kiosk.widgets.frame import GLYPHS, Tone

MOST = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """One row: what is the matter, and the sale it leads to."""

    sale_id: str
    text: str
    tone: Tone


async def gather(shop: ShopPort) -> tuple[Notice, ...]:
    """The newest notices, at most `MOST`; the rest shows once these are settled."""
    late = [one for one in await shop.sales.parked() if one.state is SaleState.PAID]
    found = [_notice(one.id, tr("晚到付款：{vehicle}，请交车", vehicle=one.vehicle)) for one in late]
    return tuple(found[:MOST])


def _notice(sale_id: str, text: str) -> Notice:
    return Notice(sale_id, f"{GLYPHS[Tone.ATTENTION]}{text}", Tone.ATTENTION)
