"""A till in a process of its own that sells, and dies by SIGKILL right after the commit it is told.

    python child_till.py SHOP_DIR ANNOUNCEMENT.json [THING.STATE] [--channel C] [--sales N] [--notes FILE]

Run again without a place to die it takes up what it finds and prints `finished SALE_ID` for every sale that is. Its
clock runs faster than the machine's, so that nobody waits for the pauses between two questions.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from data import database
from data.database import select
from data.models import Invoice, PaymentOrder, PrintJob, Refund, Sale
from data.models.base import ascending
from data.states import Channel, InvoiceState, PaymentOrderState, PrintJobState, RefundState, Role, SaleState
from data.store import StoreDamaged, StoreFull
from data.unit_of_work import Touched
from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import ControlFailed, SandboxControl
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.settings import demo_settings
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.clock import Clock
from kiosk.services.views import Operator
from kiosk.services.views import Sale as SaleView
from kiosk.shop import Shop

MODELS = {"sale": Sale, "payment_order": PaymentOrder, "invoice": Invoice, "print_job": PrintJob, "refund": Refund}
CLERK = Operator("1001", "", Role.CLERK)
PATIENCE_S = 120


class QuickClock(Clock):
    """Six seconds a second."""

    SPEED = 6

    def __init__(self) -> None:
        super().__init__()
        self._began_ms, self._began_steady_ms = time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000

    def now_ms(self) -> int:
        return self._began_ms + (super().now_ms() - self._began_ms) * self.SPEED

    def steady_ms(self) -> int:
        return self._began_steady_ms + (super().steady_ms() - self._began_steady_ms) * self.SPEED

    async def wait(self, bell: asyncio.Event, seconds: float | None = None) -> None:
        await super().wait(bell, None if seconds is None else seconds / self.SPEED)


def die_at(place: str):
    def committed(touched: frozenset[Touched]) -> None:
        for one in touched:
            model = MODELS.get(one.thing)
            row = None if model is None else model.find(one.key)
            if row is not None and f"{one.thing}.{row.state}" == place:
                os.kill(os.getpid(), signal.SIGKILL)

    return committed


def note_commits(notes: Path):
    """After each commit, one line: what a power cut from now on may not take back."""
    handle = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def committed(touched: frozenset[Touched]) -> None:
        seq, row_hash = select("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")[0]
        intents = {
            thing: [number for (number,) in select(f"SELECT number FROM {thing}")]
            for thing in ("payment_order", "refund", "invoice")
        }
        intents["outbox"] = [key for (key,) in select("SELECT key FROM outbox")]
        os.write(handle, json.dumps({"seq": seq, "hash": row_hash, "intents": intents}).encode() + b"\n")

    return committed


def set_pragmas(told: list[str]) -> None:
    """Makes every connection of this process another one than the product's: a control that must be found out."""
    changed = {
        name: int(value) if value.isdigit() else value for name, _, value in (one.partition("=") for one in told)
    }
    database.PRAGMAS = {**database.PRAGMAS, **changed}
    database.READ_ONLY_PRAGMAS = {**database.READ_ONLY_PRAGMAS, **changed}


async def open_sale(shop: Shop, number: int) -> SaleView:
    def known() -> list[str]:
        rows = Sale.query().where(Sale.state != SaleState.CANCELLED).order_by(ascending(Sale.id))
        return [row.id for row in rows]

    ids = await shop.store.read(known)
    if len(ids) > number:
        sale = await shop.sales.load(ids[number])
        if sale.state is not SaleState.DRAFT or sale.step == "PRICE":
            return sale
    goods, sales = demo_shop().vehicles[number], shop.sales
    sale = sale if len(ids) > number else await sales.open_bundle(CLERK, goods.vehicle)
    if sale.step == "VEHICLE":
        await sales.choose_colour(sale.id, goods.colours[0], operator=CLERK)
        sale = await sales.start_bundle(sale.id, operator=CLERK)
    if sale.step == "GOODS":
        there = {line.code for line in sale.lines}
        for code in (*goods.batteries, goods.charger or ""):
            if code not in there:
                await sales.add_code(sale.id, code, operator=CLERK)
        await sales.finish_goods(sale.id, operator=CLERK)
    return await sales.submit_customer(sale.id, "王小明", "13800138000", "330106", "文三路 1 号", operator=CLERK)


def is_finished(sale: SaleView) -> bool:
    printed = {PrintJobState.PRINTED, PrintJobState.UNCERTAIN}
    return (
        sale.state is SaleState.DONE
        and sale.invoice is not None
        and sale.invoice.state is InvoiceState.ISSUED
        and len(sale.invoice.files) == 3
        and all(job.state in printed for job in sale.print_jobs)
    )


async def sell(shop: Shop, control: SandboxControl, told: argparse.Namespace, number: int) -> str:
    sale = await open_sale(shop, number)
    if sale.state is SaleState.DRAFT:
        sale = await shop.collection.start(sale.id, told.channel, sale.list_total_fen, CLERK)
    moved = asyncio.Event()
    forget = shop.changes.subscribe(lambda keys: moved.set())
    try:
        while not (is_finished(sale) and (not told.twice or await money_is_back(shop, control, sale))):
            sale = await shop.sales.load(await collect(shop, control, told, sale))
            if sale.refunds or (sale.invoice is not None and sale.invoice.state is InvoiceState.ISSUING):
                await asyncio.to_thread(control.advance, 1_000)  # the other side takes its time
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await moved.wait()
            moved.clear()
            sale = await shop.sales.load(sale.id)
    finally:
        forget()
    return sale.id


async def collect(shop: Shop, control: SandboxControl, told: argparse.Namespace, sale: SaleView) -> str:
    """What clerk and customer do next about the money. With `--twice` the first code is given up and another shown."""
    payment = sale.payment
    if payment is None:
        return sale.id
    if told.twice and len(sale.payments) == 1:
        if payment.state is PaymentOrderState.WAITING:
            await shop.collection.cancel(sale.id, CLERK)
        elif payment.state is PaymentOrderState.CLOSED and sale.state is SaleState.ORDERED:
            await shop.collection.start(sale.id, told.channel, payment.amount_fen, CLERK)
    elif payment.state is PaymentOrderState.WAITING and payment.code is not None:
        await pay(control, payment.code)
    return sale.id


async def money_is_back(shop: Shop, control: SandboxControl, sale: SaleView) -> bool:
    """The customer pays the code that was given up, too; that money has to go back, once."""
    orders = "SELECT code, state FROM payment_order WHERE sale_id = ? ORDER BY attempt"
    found = await shop.store.read(lambda: select(orders, sale.id))
    if found[0][1] == PaymentOrderState.CLOSED:
        await pay(control, found[0][0], late=True)
    return any(refund.state is RefundState.DONE for refund in sale.refunds)


async def pay(control: SandboxControl, code: str, *, late: bool = False) -> None:
    try:
        await asyncio.to_thread(control.pay, code, late=late)
    except ControlFailed as failed:
        if failed.reason != "ALREADY_PAID":
            raise


async def work(shop: Shop, control: SandboxControl, told: argparse.Namespace) -> None:
    await shop.start()
    for number in range(told.sales):
        async with asyncio.timeout(told.patience):
            print("finished", await insist(lambda: sell(shop, control, told, number)), flush=True)  # noqa: B023
    await shop.stop()


async def insist(work: Callable[[], Awaitable[str]]) -> str:
    """A clerk who is told that something could not be saved presses the button again."""
    while True:
        try:
            return await work()
        except (StoreFull, StoreDamaged, Refusal) as problem:
            if isinstance(problem, Refusal) and problem.reason is not Reason.STORE_FULL:
                raise
            print("refused:", problem, flush=True)
            await asyncio.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("announcement", type=Path)
    parser.add_argument("place", nargs="?", help="THING.STATE: die after the commit that brought something there")
    parser.add_argument("--channel", type=Channel, default=Channel.WECHAT)
    parser.add_argument("--sales", type=int, default=1)
    parser.add_argument("--twice", action="store_true", help="give the first code up; it is paid late, beside another")
    parser.add_argument("--notes", type=Path, help="write down every commit in this file")
    parser.add_argument("--pragma", action="append", default=[], help="NAME=VALUE instead of the product's")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds for one sale")
    told = parser.parse_args()
    set_pragmas(told.pragma)
    announcement = told.announcement.read_text("utf-8")
    shop = Shop.open(demo_settings(announcement), told.directory, QuickClock())
    if told.place is not None:
        shop.store.on_commit.insert(0, die_at(told.place))
    if told.notes is not None:
        shop.store.on_commit.insert(0, note_commits(told.notes))
    control = SandboxControl(Announcement.from_json(announcement).control)
    asyncio.run(work(shop, control, told))


if __name__ == "__main__":
    main()
