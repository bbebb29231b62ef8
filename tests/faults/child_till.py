"""A till in a process of its own that sells one bike, and dies by SIGKILL right after the commit it is told.

    python child_till.py SHOP_DIR ANNOUNCEMENT.json [THING.STATE]

Run again without a place to die it takes up what it finds and prints `finished SALE_ID` when the sale is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from data.models import Invoice, PaymentOrder, PrintJob, Sale
from data.states import Channel, InvoiceState, PaymentOrderState, PrintJobState, Role, SaleState
from data.unit_of_work import Touched
from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import ControlFailed, SandboxControl
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.settings import demo_settings
from kiosk.services.clock import Clock
from kiosk.services.views import Operator
from kiosk.services.views import Sale as SaleView
from kiosk.shop import Shop

MODELS = {"sale": Sale, "payment_order": PaymentOrder, "invoice": Invoice, "print_job": PrintJob}
CLERK = Operator("1001", "", Role.CLERK)


def die_at(place: str):
    def committed(touched: frozenset[Touched]) -> None:
        for one in touched:
            model = MODELS.get(one.thing)
            row = None if model is None else model.find(one.key)
            if row is not None and f"{one.thing}.{row.state}" == place:
                os.kill(os.getpid(), signal.SIGKILL)

    return committed


async def open_sale(shop: Shop) -> SaleView:
    def newest() -> str | None:
        rows = list(Sale.query().where(Sale.state != SaleState.CANCELLED))
        return rows[-1].id if rows else None

    known = await shop.store.read(newest)
    if known is not None:
        return await shop.sales.load(known)
    goods, sales = demo_shop().vehicles[0], shop.sales
    sale = await sales.open_bundle(CLERK, goods.vehicle)
    await sales.choose_colour(sale.id, goods.colours[0], operator=CLERK)
    await sales.start_bundle(sale.id, operator=CLERK)
    for code in (*goods.batteries, goods.charger or ""):
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


async def sell(shop: Shop, control: SandboxControl) -> str:
    await shop.start()
    sale = await open_sale(shop)
    if sale.state is SaleState.DRAFT:
        sale = await shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, CLERK)
    moved = asyncio.Event()
    shop.changes.subscribe(lambda keys: moved.set())
    async with asyncio.timeout(40):
        while not is_finished(sale):
            payment = sale.payment
            if payment is not None and payment.state is PaymentOrderState.WAITING and payment.code is not None:
                try:
                    await asyncio.to_thread(control.pay, payment.code)
                except ControlFailed as failed:
                    if failed.reason != "ALREADY_PAID":
                        raise
            await moved.wait()
            moved.clear()
            sale = await shop.sales.load(sale.id)
    await shop.stop()
    return sale.id


def main() -> None:
    directory, announcement = Path(sys.argv[1]), Path(sys.argv[2]).read_text("utf-8")
    shop = Shop.open(demo_settings(announcement), directory, Clock())
    if len(sys.argv) > 3:
        shop.store.on_commit.insert(0, die_at(sys.argv[3]))
    print("finished", asyncio.run(sell(shop, SandboxControl(Announcement.from_json(announcement).control))), flush=True)


if __name__ == "__main__":
    main()
