"""A slip is handed to an idle printer with the commit that makes the sale paid, and to nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from data.models import PrintJob
from data.states import PrintJobState, SaleState
from kiosk.services import print_handover
from kiosk.services.print_handover import Handed, Handover

S = PrintJobState


class Idle(Handover):
    """A printer that is always idle and ready, as far as whoever makes slips knows."""

    def __init__(self, take: Callable[[Handed], None]) -> None:
        super().__init__()
        self._always = take

    def reserve(self) -> Callable[[Handed], None] | None:
        return self._always


async def paid(till: Any) -> Any:
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    return await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)


def journal_of(job_id: str) -> list[tuple[int, str]]:
    from data.database import select

    return select("SELECT seq, kind FROM journal WHERE thing = 'print_job' AND thing_key = ? ORDER BY seq", job_id)


async def test_given_an_idle_printer_when_paid_then_the_first_slip_is_sending_before_the_second_is_even_queued(
    till: Any,
) -> None:
    handed: list[Handed] = []
    await till.open()
    till.shop._services.slips.handover = Idle(handed.append)
    sale = await paid(till)
    first, second = sale.print_jobs
    assert [one.job_id for one in handed] == [first.id, second.id]
    stored = await till.shop.store.read(lambda: bytes(PrintJob.find(first.id).payload))
    assert handed[0] == Handed(first.id, stored, sale.id)
    told = await till.shop.store.read(lambda: journal_of(first.id))
    later = await till.shop.store.read(lambda: journal_of(second.id))
    assert [kind for _, kind in told] == ["print_job.QUEUED", "print_job.SENDING"]
    assert told[1][0] < later[0][0]  # one commit: the journal's rows of it stand together


async def test_given_a_printer_that_fails_after_the_handing_over_when_paid_then_the_slips_wait_and_print_once(
    till: Any,
) -> None:
    await till.open()
    await till.town.fault("printer", "paper_out")
    await till.lights(lambda lights: lights.printer.level == "FAULT")
    worker = till.shop.printing._workers[0]
    loop = asyncio.get_running_loop()
    till.shop._services.slips.handover = Idle(lambda handed: loop.call_soon_threadsafe(worker._receive, handed))
    sale = await till.until((await paid(till)).id, lambda sale: {job.state for job in sale.print_jobs} == {S.HELD})
    assert till.town.papers == 0
    await till.town.heal("printer")
    sale = await till.until(sale.id, lambda sale: [job.state for job in sale.print_jobs] == [S.PRINTED, S.PRINTED])
    assert till.town.papers == 2


async def test_given_a_job_was_handed_over_when_the_shop_is_left_before_a_byte_then_it_queues_and_prints_as_original(
    till: Any,
) -> None:
    handed: list[Handed] = []
    await till.open()
    till.shop._services.slips.handover = Idle(handed.append)
    sale = await paid(till)
    worker = till.shop.printing._workers[0]
    worker._handed.extend(handed)  # taken, and the loop ends before the worker's turn
    await till.again()
    sale = await till.until(sale.id, lambda sale: [job.state for job in sale.print_jobs] == [S.PRINTED, S.PRINTED])
    assert till.town.papers == 2


async def test_given_a_killed_shop_when_a_slip_was_handed_over_then_nobody_knows_and_it_is_uncertain(till: Any) -> None:
    await till.open()
    till.shop._services.slips.handover = Idle(lambda handed: None)
    sale = await paid(till)
    await till.again()
    sale = await till.until(sale.id, lambda sale: [job.state for job in sale.print_jobs] == [S.UNCERTAIN] * 2)
    assert till.town.papers == 0


def test_given_one_offer_when_reserved_twice_then_the_second_one_queues() -> None:
    handover = Handover()
    handover.offer(lambda handed: None)
    assert handover.reserve() is not None
    assert handover.reserve() is None


def test_given_a_withdrawn_or_stale_offer_when_reserved_then_the_job_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    handover = Handover()
    handover.offer(lambda handed: None)
    handover.withdraw()
    assert handover.reserve() is None
    handover.offer(lambda handed: None)
    later = time.monotonic() + print_handover.FRESH_S + 0.1
    monkeypatch.setattr(print_handover.time, "monotonic", lambda: later)
    assert handover.reserve() is None
