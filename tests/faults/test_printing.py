"""Slips under faults: held with a cause, printed once when healed, uncertain when nobody can know; sales go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data.states import Copy, PrintJobState, SaleState
from kiosk.settings import PrinterSection

S = PrintJobState


async def paid(till: Any) -> Any:
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    return await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)


def jobs_are(*states: PrintJobState) -> Any:
    return lambda sale: [job.state for job in sale.print_jobs] == list(states)


@pytest.mark.parametrize("fault", ["paper_out", "cover_open", "offline", "stall"])
async def test_given_the_printer_cannot_when_paid_then_both_slips_are_held_with_the_cause_and_print_once_when_healed(
    till: Any, fault: str
) -> None:
    await till.open()
    await till.town.fault("printer", fault)
    sale = await paid(till)
    sale = await till.until(sale.id, jobs_are(S.HELD, S.HELD))
    cause = "no_answer" if fault == "stall" else fault
    assert {job.error for job in sale.print_jobs} == {cause}
    second = await paid(till)  # a dead printer stops no sale
    assert second.state is SaleState.DONE
    await till.lights(lambda lights: lights.printer.level == "FAULT")
    await till.lights(lambda lights: lights.printer.waiting == 4)
    await till.town.heal("printer")
    sale = await till.until(sale.id, jobs_are(S.PRINTED, S.PRINTED), within=10)
    await till.until(second.id, jobs_are(S.PRINTED, S.PRINTED))
    assert {job.tier for job in sale.print_jobs} == {"T1"}
    assert till.town.papers == 4


async def test_given_the_paper_ends_inside_a_slip_when_reloaded_then_it_completes_as_the_original(till: Any) -> None:
    await till.open()
    till.town.printer.fault("paper_out", after_dots=40)
    sale = await paid(till)
    sale = await till.until(sale.id, lambda sale: sale.print_jobs[0].state is S.SENT and sale.print_jobs[0].error)
    assert sale.print_jobs[0].error == "paper_out"
    assert sale.print_jobs[1].state is not S.SENT
    till.town.printer.heal()
    await till.until(sale.id, jobs_are(S.PRINTED, S.PRINTED))
    assert till.town.papers == 2


async def test_given_no_printer_is_set_up_when_paid_then_the_slips_wait_for_one(till: Any) -> None:
    await till.open(printers=())
    sale = await till.until((await paid(till)).id, jobs_are(S.HELD, S.HELD))
    assert {job.error for job in sale.print_jobs} == {"no_answer"}
    await till.again()
    await till.until(sale.id, jobs_are(S.PRINTED, S.PRINTED))


async def test_given_a_printer_that_tells_nothing_when_paid_then_the_slips_are_printed_as_far_as_anybody_knows(
    till: Any, tmp_path: Path
) -> None:
    await till.open(printers=(PrinterSection(name="archive", address=f"file:{tmp_path / 'out.bin'}"),))
    sale = await till.until((await paid(till)).id, jobs_are(S.PRINTED, S.PRINTED))
    assert {job.tier for job in sale.print_jobs} == {"T4"}


async def test_given_an_uncertain_slip_when_the_operator_saw_it_then_it_is_printed_and_no_second_paper_comes(
    till: Any,
) -> None:
    await till.open()
    till.town.printer.fault("paper_out", after_dots=40)
    sale = await paid(till)
    await till.until(sale.id, lambda sale: sale.print_jobs[0].state is S.SENT and sale.print_jobs[0].error)
    await till.leave()
    till.town.printer.heal()
    await till.open()
    sale = await till.until(sale.id, jobs_are(S.UNCERTAIN, S.PRINTED))
    await till.lights(lambda lights: lights.printer.troubled == 1)
    papers = till.town.papers
    assert await till.shop.printing.resolve(sale.print_jobs[0].id, True, till.clerk)
    sale = await till.until(sale.id, jobs_are(S.PRINTED, S.PRINTED))
    assert sale.print_jobs[0].tier == "OPERATOR"
    assert till.town.papers == papers


async def test_given_a_slip_cannot_be_drawn_when_paid_then_the_sale_is_done_and_it_is_drawn_later(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await till.open()

    def broken(*_: object) -> bytes:
        raise RuntimeError("no glyphs")

    with monkeypatch.context() as patched:
        patched.setattr("kiosk.services.slips.sale_slip", broken)
        sale = await till.until((await paid(till)).id, lambda sale: all(job.error for job in sale.print_jobs))
        assert sale.state is SaleState.DONE
    await till.until(sale.id, jobs_are(S.PRINTED, S.PRINTED))


async def test_given_a_paid_sale_when_its_slip_is_saved_then_it_is_a_picture_and_nothing_is_counted(
    till: Any, tmp_path: Path
) -> None:
    await till.open()
    sale = await till.finished((await paid(till)).id)
    path = await till.shop.printing.save_slip(sale.id, Copy.CUSTOMER, tmp_path, till.clerk)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert len((await till.shop.sales.load(sale.id)).print_jobs) == 2
    assert till.town.papers == 2
