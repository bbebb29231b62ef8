"""A till that can collect by both channels, and what the provider's ledger says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from data.states import Channel
from kiosk.services import views


class Counter:
    """A till with both channels, and the sandbox's ledger as judge."""

    def __init__(self, till: Any, town: Any) -> None:
        self.till = till
        self.town = town

    async def open(self, **changes: Any) -> Any:
        return await self.till.open(**changes)

    async def again(self) -> Any:
        """Leave as a kill would, and open again."""
        await self.till.leave()
        return await self.open()

    async def start(self, sale: views.Sale, channel: Channel) -> views.Sale:
        total = sale.total_fen if sale.total_fen is not None else sale.list_total_fen
        return await self.till.shop.collection.start(sale.id, channel, total, self.till.clerk)

    async def cancel(self, sale: views.Sale) -> views.Sale:
        return await self.till.shop.collection.cancel(sale.id, self.till.clerk)

    async def until(self, sale: views.Sale, reached: Callable[[views.Sale], bool], within: float = 30) -> views.Sale:
        return await self.till.until(sale.id, reached, within)

    async def closed(self, channel: Channel) -> views.Sale:
        """A sale whose first code was given up and is verifiably closed."""
        sale = await self.cancel(await self.till.collected(channel))
        return await self.until(sale, lambda sale: sale.payment.state == "CLOSED")

    async def scan(self, code: str) -> None:
        """The customer's phone reads the code, and the customer has not confirmed yet."""
        await asyncio.to_thread(self.town.control.scan, code)

    async def orders(self) -> list[tuple[str, str]]:
        """Every order as the providers hold it: channel and state."""
        return [(one["channel"], one["state"]) for one in (await self.town.ledger())["orders"]]

    async def paid_twice(self, first: Channel, second: Channel) -> views.Sale:
        """A sale that is done by its second code, and whose first one is paid late after all."""
        sale = await self.closed(first)
        code = sale.payment.code
        sale = await self.start(sale, second)
        await self.town.pay(sale.payment.code)
        await self.till.finished(sale.id)
        await self.town.pay(code, late=True)
        await self.till.advance(16_000)
        return await self.until(sale, lambda sale: sale.payments[0].state == "PAID_LATE")

    async def refunded(self, sale: views.Sale) -> views.Sale:
        """Wait for the sale's refund to be done; the clocks move on to where it is asked for next."""

        def done(sale: views.Sale) -> bool:
            return bool(sale.refunds) and all(refund.state == "DONE" for refund in sale.refunds)

        await self.until(sale, lambda sale: bool(sale.refunds) and sale.refunds[-1].state in ("ACCEPTED", "DONE"))
        await self.till.advance(11_000)
        return await self.until(sale, done)

    async def refunds(self) -> list[tuple[str, int, str]]:
        """Every refund as the providers hold it: number, amount, state."""
        found = (await self.town.ledger())["refunds"]
        return [(one["refund_number"], one["amount_fen"], one["state"]) for one in found]

    async def kept(self) -> int:
        """What the providers hold of the customers' money: paid, less what went back."""
        ledger = await self.town.ledger()
        paid = sum(one["amount_fen"] for one in ledger["orders"] if one["paid_at_ms"] is not None)
        return paid - sum(one["amount_fen"] for one in ledger["refunds"])


@pytest.fixture
def counter(till: Any, town: Any) -> Counter:
    return Counter(till, town)
