"""What waits for a person: late payments, open codes, money on its way back, slips in doubt, failed invoices."""

from __future__ import annotations

from data.queries.waiting import Waiting, WaitingSale, waiting_sales
from data.store import Store
from kiosk.services.refund_facts import OWED_KIND, REFUND_KIND

__all__ = ["Waiting", "WaitingSale", "WaitingSales"]


class WaitingSales:
    """Reads only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def newest(self, limit: int) -> tuple[WaitingSale, ...]:
        """At most `limit` of each kind, money first."""
        return await self._store.read(lambda: waiting_sales(limit, (OWED_KIND, REFUND_KIND)))
