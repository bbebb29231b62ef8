"""SIGKILL right after each commit of a sale: what is found afterwards finishes by itself, with one of everything."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from data.database import select
from data.journal import verify

CHILD = Path(__file__).with_name("child_till.py")

PLACES = (
    "payment_order.NEW",
    "payment_order.SENT",
    "payment_order.WAITING",
    "sale.DONE",
    "invoice.SENT",
    "invoice.ISSUING",
    "invoice.ISSUED",
    "print_job.SENDING",
    "print_job.SENT",
    "print_job.PRINTED",
)


async def run(till: Any, *place: str) -> tuple[int, str]:
    told = till.directory.parent / "world.json"
    told.write_text(json.dumps(till.town.announcement), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CHILD), str(till.directory), str(told), *place),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(180):
        output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode()


@pytest.mark.parametrize("place", PLACES)
async def test_given_a_kill_after_a_commit_when_started_again_then_the_sale_finishes_with_one_of_everything(
    till: Any, place: str
) -> None:
    await till.open(start=False)  # seeds
    await till.leave()
    code, output = await run(till, place)
    assert code == -signal.SIGKILL, output
    code, output = await run(till)
    assert code == 0, output

    ledger = await till.town.ledger()
    assert [order["state"] for order in ledger["orders"]] == ["SUCCESS"]
    assert [invoice["status"] for invoice in ledger["invoices"]] == ["2"]
    assert verify(till.directory).code == 0
    shop = await till.open(start=False)

    def rows() -> tuple[list[Any], list[Any], list[Any]]:
        orders = select("SELECT number, state FROM payment_order")
        jobs = select("SELECT copy, kind, state FROM print_job ORDER BY id")
        units = select("SELECT state, COUNT(*) FROM unit WHERE state <> 'IN_STOCK' GROUP BY state")
        return orders, jobs, units

    orders, jobs, units = await shop.store.read(rows)
    assert orders == [(ledger["orders"][0]["number"], "PAID")]
    assert [job[:2] for job in jobs] == [("MERCHANT", "ORIGINAL"), ("CUSTOMER", "ORIGINAL")]
    uncertain = sum(job[2] == "UNCERTAIN" for job in jobs)
    assert uncertain == (1 if place in ("print_job.SENDING", "print_job.SENT") else uncertain)
    assert uncertain <= 1
    assert 2 - uncertain <= till.town.papers <= 2
    assert [state for state, _ in units] == ["SOLD"]


MONEY_BACK = (
    ("WECHAT", "payment_order.CLOSING"),
    ("WECHAT", "payment_order.CLOSED"),
    ("WECHAT", "payment_order.PAID_LATE"),
    ("WECHAT", "refund.NEW"),
    ("WECHAT", "refund.SENT"),
    ("WECHAT", "refund.DONE"),
    ("ALIPAY", "payment_order.WAITING"),
    ("ALIPAY", "payment_order.CLOSING"),
    ("ALIPAY", "payment_order.PAID_LATE"),
    ("ALIPAY", "refund.SENT"),
)


@pytest.mark.parametrize(("channel", "place"), MONEY_BACK)
async def test_given_a_sale_paid_twice_and_a_kill_when_started_again_then_one_payment_goes_back_once(
    till: Any, channel: str, place: str
) -> None:
    await till.open(start=False)
    await till.leave()
    twice = ("--twice", "--channel", channel)
    code, output = await run(till, place, *twice)
    assert code == -signal.SIGKILL, output
    code, output = await run(till, *twice)
    assert code == 0, output

    ledger = await till.town.ledger()
    (refund,) = ledger["refunds"]
    paid = [order for order in ledger["orders"] if order["paid_at_ms"] is not None]
    assert len(paid) == 2
    assert {order["amount_fen"] for order in paid} == {refund["amount_fen"]}
    assert [invoice["status"] for invoice in ledger["invoices"]] == ["2"]
    assert till.town.papers <= 2
    assert verify(till.directory).code == 0
    shop = await till.open(start=False)
    orders = "SELECT state FROM payment_order ORDER BY attempt"
    states = await shop.store.read(lambda: (select(orders), select("SELECT number, state FROM refund")))
    assert states == ([("PAID_LATE",), ("PAID",)], [(refund["refund_number"], "DONE")])
