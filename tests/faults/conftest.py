"""Where faults are tried on money: a till that collects by one channel, and the ledgers of the world as the judge.

`desk` exists once for each channel. Its `until` moves the kiosk's and the world's clock on while nothing happens, so
that nobody waits for the pauses between two questions; what stands when a test ends is judged without being asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from data.database import select
from data.journal import verify
from data.models import PaymentOrder
from data.states import Channel, PaymentOrderState, SaleState
from kiosk.services import collection, open_channels, views
from kiosk.services.collection_orders import order_of, watch_pause_s

LOOK_S = 0.1
PATIENCE_S = 60.0
PAID_ORDER = ("PAID", "PAID_LATE")
LIVE_ORDER = ("NEW", "SENT", "WAITING", "CLOSING", "UNKNOWN")
BACK = ("SUCCESS", "REFUND_SUCCESS")
"""How the providers call a refund whose money is back."""

Reached = Callable[[views.Sale], bool]


def payment_is(*states: PaymentOrderState) -> Reached:
    """The newest order of the sale is there."""
    return lambda sale: sale.payment is not None and sale.payment.state in states


class Desk:
    """A till collecting by `channel`, in its town. `fault` and `heal` are about that channel's provider."""

    def __init__(self, till: Any, town: Any, channel: Channel) -> None:
        self.till = till
        self.town = town
        self.channel = channel
        self.other = Channel.ALIPAY if channel is Channel.WECHAT else Channel.WECHAT
        self.provider = channel.lower()
        self.judged = False

    @property
    def shop(self) -> Any:
        return self.till.shop

    @property
    def driver(self) -> Any:
        """The channel's driver: tests stand at its door when a fault has to hit one moment."""
        return self.shop.collection._channels[self.channel].driver

    @property
    def begins_with_scan(self) -> bool:
        return self.channel is Channel.ALIPAY

    # ------------------------------------------------------------ the shop

    async def open(self, **changes: Any) -> Any:
        return await self.till.open(**changes)

    async def again(self) -> None:
        """Leave as a kill would, and open again."""
        await self.till.again()

    async def collected(self) -> views.Sale:
        """A sale whose code is on the screen, if nothing is in its way."""
        sale = await self.start(await self.till.priced())
        return await self.until(sale, lambda sale: sale.payment.state not in ("NEW", "SENT"))

    async def start(self, sale: views.Sale, channel: Channel | None = None) -> views.Sale:
        total = sale.total_fen if sale.total_fen is not None else sale.list_total_fen
        return await self.shop.collection.start(sale.id, channel or self.channel, total, self.till.clerk)

    async def cancel(self, sale: views.Sale) -> views.Sale:
        return await self.shop.collection.cancel(sale.id, self.till.clerk)

    async def load(self, sale: views.Sale) -> views.Sale:
        return await self.shop.sales.load(sale.id)

    async def closed(self, sale: views.Sale) -> views.Sale:
        """Given up, and verifiably so."""
        return await self.until(await self.cancel(sale), payment_is(PaymentOrderState.CLOSED))

    async def until(
        self, sale: views.Sale, reached: Reached, step_ms: int = 1_000, within: float = PATIENCE_S
    ) -> views.Sale:
        """The sale once it got there. While it does not move, all clocks go on by `step_ms`."""
        moved = asyncio.Event()
        forget = self.shop.changes.subscribe(lambda keys: moved.set() if f"sale:{sale.id}" in keys else None)
        found = await self.load(sale)
        try:
            async with asyncio.timeout(within):
                while not reached(found):
                    try:
                        async with asyncio.timeout(LOOK_S):
                            await moved.wait()
                    except TimeoutError:
                        await self.till.advance(step_ms)
                    moved.clear()
                    found = await self.load(sale)
        except TimeoutError:
            raise AssertionError(
                f"never reached; now {found.state} {found.payments} {found.refunds} {found.invoices} {found.print_jobs}"
            ) from None
        finally:
            forget()
        return found

    async def asked(self, times: int = 2) -> None:
        """Until that many queries from now on were answered, or failed: what came of all but the last is committed."""
        driver, heard, left = self.driver, asyncio.Event(), times
        query = driver.query

        async def listening(number: str) -> Any:
            nonlocal left
            try:
                return await query(number)
            finally:
                left -= 1
                if left <= 0:
                    heard.set()

        driver.query = listening
        try:
            await self._pass_time(heard.is_set, heard)
        finally:
            driver.query = query

    async def _pass_time(self, over: Callable[[], bool], moved: asyncio.Event, step_ms: int = 1_000) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not over():
                try:
                    async with asyncio.timeout(LOOK_S):
                        await moved.wait()
                except TimeoutError:
                    await self.till.advance(step_ms)

    async def done(self, sale: views.Sale) -> views.Sale:
        return await self.until(sale, lambda sale: sale.state is SaleState.DONE)

    async def paid_and_done(self, sale: views.Sale) -> views.Sale:
        """The customer pays the code that is shown, and everything else follows."""
        sale = await self.until(sale, payment_is(PaymentOrderState.WAITING))
        await self.pay(sale)
        return await self.done(sale)

    # ------------------------------------------------------------ the world

    async def pay(self, sale: views.Sale, **how: Any) -> None:
        """The customer's phone pays the newest code of the sale."""
        assert sale.payment is not None
        await self.town.pay(sale.payment.code, **how)

    async def scan(self, sale: views.Sale) -> None:
        """The customer's phone reads the code, and the customer has not confirmed yet."""
        assert sale.payment is not None
        await self.scan_code(sale.payment.code)

    async def scan_code(self, code: str) -> None:
        await asyncio.to_thread(self.town.control.scan, code)

    async def fault(self, kind: str, endpoint: str | None = None, times: int | None = None) -> None:
        await self.town.fault(self.provider, kind, endpoint, times)

    async def heal(self) -> None:
        await self.town.heal(self.provider)

    async def orders(self) -> list[dict[str, Any]]:
        """Every order as the providers hold it."""
        return (await self.town.ledger())["orders"]

    async def refunds(self) -> list[dict[str, Any]]:
        """Every refund as the providers hold it."""
        return (await self.town.ledger())["refunds"]

    async def on_slips(self, number: str) -> bool:
        """Whether the printed slips name that payment order."""
        await self.at_rest()
        slips = [path.read_bytes() for path in self.town.printer.paper.glob("*.bin")]
        assert slips
        return any(number.encode() in slip for slip in slips)

    # ------------------------------------------------------------ the judge

    async def at_rest(self) -> None:
        """Until nothing is under way any more: refunds, invoices, slips, orders."""
        moved = asyncio.Event()
        forget = self.shop.changes.subscribe(lambda _: moved.set())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while open_still := await self.shop.store.read(_under_way):
                    try:
                        async with asyncio.timeout(LOOK_S):
                            await moved.wait()
                    except TimeoutError:
                        await self.till.advance(5_000)
                    moved.clear()
        except TimeoutError:
            raise AssertionError(f"still under way: {open_still}") from None
        finally:
            forget()

    async def looked_back(self) -> None:
        """Until every look at a closed order that is due by now has been made."""
        now_ms = self.shop.clock.now_ms()

        def due() -> list[str]:
            rows = PaymentOrder.query().where(PaymentOrder.state == PaymentOrderState.CLOSED)
            return [row.number for row in rows if watch_pause_s(order_of(row), now_ms) == 0]

        async with asyncio.timeout(PATIENCE_S):
            while await self.shop.store.read(due):
                await self.till.advance(1_000)

    async def judge(self) -> None:
        """Everything at rest: what the shop says and what the world holds are the same, and nobody is a fen short.

        At most one charge a sale is kept, and only a paid sale keeps one; no order is live here or there; at most one
        invoice, each original once; the journal is whole. The shop is left.
        """
        self.judged = True
        await self.at_rest()
        ledger = await self.town.ledger()
        books = await self.shop.store.read(_books)
        now_ms = self.shop.clock.now_ms()
        papers = self.town.papers
        await self.till.leave()
        _judge(ledger, books, now_ms)
        printed = Counter(job["state"] for job in books["print_job"])
        assert printed["PRINTED"] <= papers <= printed["PRINTED"] + printed["UNCERTAIN"]
        verdict = verify(self.till.directory)
        assert verdict.code == 0, verdict


def _under_way() -> list[tuple[str, str]]:
    live = ", ".join(f"'{state}'" for state in LIVE_ORDER)
    return [
        (key, state)
        for query in (
            f"SELECT number, state FROM payment_order WHERE state IN ({live})",
            "SELECT number, state FROM refund WHERE state NOT IN ('DONE', 'ABNORMAL')",
            "SELECT key, kind FROM outbox WHERE state = 'OPEN' AND kind = 'owed_refund' AND next_at_ms < 9e13",
            "SELECT number, state FROM invoice WHERE state NOT IN ('ISSUED', 'FAILED', 'WITHDRAWN')",
            "SELECT id, state FROM print_job WHERE state NOT IN ('PRINTED', 'UNCERTAIN', 'CANCELLED')",
        )
        for key, state in select(query)
    ]


def _books() -> dict[str, list[dict[str, Any]]]:
    wanted = {
        "sale": "id, serial, state, total_fen",
        "payment_order": "number, sale_id, state, amount_fen, code, note",
        "tender": "sale_id, state, amount_fen",
        "refund": "number, payment_order, state, amount_fen",
        "invoice": "number, sale_id, state, final, total_fen",
        "print_job": "document_key, copy, kind, state",
        "unit": "code, state",
    }
    return {
        table: [dict(zip(columns.split(", "), row, strict=True)) for row in select(f"SELECT {columns} FROM {table}")]
        for table, columns in wanted.items()
    }


def _judge(ledger: Mapping[str, Any], books: Mapping[str, list[dict[str, Any]]], now_ms: int) -> None:
    ours = {order["number"]: order for order in books["payment_order"]}
    there = {order["number"]: order for order in ledger["orders"]}
    assert set(there) <= set(ours), "the world has an order nobody intended"

    charged = {number for number, order in there.items() if order["paid_at_ms"] is not None}
    booked = {number for number, order in ours.items() if order["state"] in PAID_ORDER}
    assert booked == charged, "a payment is not booked, or one is that never was"

    live = [order for order in ours.values() if order["state"] in LIVE_ORDER]
    assert not live, "an order of ours is still live"
    for number, order in there.items():
        never_shown = ours[number]["code"] is None
        over = order["state"] == "NOT_SCANNED" and (never_shown or order["expires_at_ms"] <= now_ms)
        assert order["state"] not in ("NOTPAY", "WAIT_BUYER_PAY", "NOT_SCANNED") or over, "it can still be paid"

    went_back = Counter[str]()
    for refund in ledger["refunds"]:
        assert refund["state"] in BACK, refund
        went_back[refund["number"]] += refund["amount_fen"]
    given_back = Counter[str]()
    for refund in books["refund"]:
        assert refund["state"] == "DONE", refund
        given_back[refund["payment_order"]] += refund["amount_fen"]
    for number in charged:
        if not str(ours[number]["note"]).startswith("REFUNDED_THERE"):
            assert given_back[number] == went_back[number], "what went back is not what we say"

    for sale in books["sale"]:
        orders = [number for number, order in ours.items() if order["sale_id"] == sale["id"]]
        kept = [there[one]["amount_fen"] - went_back[one] for one in orders if one in charged]
        kept = [fen for fen in kept if fen]
        settled = sum(
            tender["amount_fen"]
            for tender in books["tender"]
            if tender["sale_id"] == sale["id"] and tender["state"] == "SETTLED"
        )
        assert len(kept) <= 1, "charged twice"
        if sale["state"] in ("PAID", "DONE"):
            assert settled == sale["total_fen"]
            known = any(ours[one]["note"] or given_back[one] for one in orders if one in charged)
            assert kept == [sale["total_fen"]] or known, "paid, and the money is not there"
        else:
            assert (settled, kept) == (0, []), "money is kept for a sale that is not paid"
        of_sale = [one for one in ledger["invoices"] if one["number"].startswith(sale["serial"] or "-")]
        standing = [one for one in books["invoice"] if one["sale_id"] == sale["id"] and one["state"] != "WITHDRAWN"]
        assert len(of_sale) <= 1
        assert len([one for one in standing if not one["final"]]) == (1 if sale["state"] == "DONE" else 0)
        assert {one["number"] for one in of_sale} <= {one["number"] for one in standing}
        originals = Counter(
            job["copy"]
            for job in books["print_job"]
            if job["kind"] == "ORIGINAL" and job["document_key"] == sale["serial"]
        )
        assert originals == (Counter(MERCHANT=1, CUSTOMER=1) if sale["state"] == "DONE" else Counter())


@pytest.fixture(params=[Channel.WECHAT, Channel.ALIPAY], ids=str.lower)
async def desk(
    request: pytest.FixtureRequest, till: Any, town: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(collection, "ANSWER_S", 0.5)  # how long a command waits with its answer: nothing depends on it
    monkeypatch.setattr(open_channels, "PATIENCE_S", 2.0)
    here = Desk(till, town, Channel(request.param))
    yield here
    if till._open and not here.judged:
        await here.judge()
