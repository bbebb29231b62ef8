"""Sales that were paid while nobody looked: parked with a live code, or left so by a power cut.

Kept in memory: what was ordered is noted whenever somebody asks, what is done the next time was paid in between.
"""

from __future__ import annotations

from data.states import SaleState
from data.store import Store
from kiosk.services import views
from kiosk.services.clock import Clock
from kiosk.services.sale_view import load_sale, parked_sales

TOLD_FOR_MS = 30 * 60 * 1000


class PaidAside:
    """Reads only. Which sales of one terminal are done without anybody having seen it."""

    def __init__(self, store: Store, clock: Clock, terminal: str) -> None:
        self._store = store
        self._clock = clock
        self._terminal = terminal
        self._ordered: frozenset[str] = frozenset()
        self._paid: tuple[str, ...] = ()

    async def look(self) -> tuple[views.Sale, ...]:
        """Those paid unseen in the last half hour, newest first, as they are now."""
        before = self._ordered | frozenset(self._paid)

        def work() -> tuple[frozenset[str], tuple[views.Sale, ...]]:
            ordered = frozenset(one.id for one in parked_sales(self._terminal) if one.state is SaleState.ORDERED)
            gone = [load_sale(one) for one in before - ordered]
            return ordered, tuple(one for one in gone if one.state is SaleState.DONE)

        ordered, done = await self._store.read(work)
        since = self._clock.now_ms() - TOLD_FOR_MS
        recent = sorted(
            (one for one in done if one.id in self._unseen and (one.paid_at_ms or 0) >= since),
            key=lambda one: one.paid_at_ms or 0,
            reverse=True,
        )
        self._ordered = ordered
        self._paid = tuple(one.id for one in recent)
        return tuple(recent)

    def seen(self, sale_id: str) -> None:
        """Somebody looks at the paid sale: nothing is left to tell."""
        self._ordered -= {sale_id}
        self._paid = tuple(one for one in self._paid if one != sale_id)

    @property
    def _unseen(self) -> frozenset[str]:
        return self._ordered | frozenset(self._paid)
