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
    async with asyncio.timeout(60):
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
