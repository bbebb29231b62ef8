"""Invoices under faults: issued exactly once, retried for days, failures with their reason, files kept whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from data.database import select
from data.states import InvoiceState, PrintJobState, SaleState
from kiosk.rules.refusals import Reason, Refusal
from kiosk.settings import InvoicesSection, NuonuoSection


async def paid(till: Any) -> Any:
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    return await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)


async def issued_there(till: Any) -> list[Any]:
    return [(one["number"], one["status"]) for one in (await till.town.ledger())["invoices"]]


def state_is(*states: InvoiceState) -> Any:
    return lambda sale: sale.invoice is not None and sale.invoice.state in states


async def test_given_the_provider_is_down_for_hours_when_it_is_back_then_one_invoice_is_issued(till: Any) -> None:
    await till.open()
    await till.town.fault("nuonuo", "timeout")
    sale = await paid(till)
    sale = await till.until(
        sale.id,
        lambda sale: (
            all(job.state is PrintJobState.PRINTED for job in sale.print_jobs) and sale.invoice.reason is not None
        ),
    )
    assert sale.invoice.state in (InvoiceState.NEW, InvoiceState.SENT)
    await till.advance(5 * 3_600_000)
    await till.lights(lambda lights: lights.invoices.level == "ATTENTION")
    await till.town.heal("nuonuo")
    sale = await till.until(sale.id, state_is(InvoiceState.ISSUED))
    assert sale.invoice.reason is None
    assert await issued_there(till) == [(sale.invoice.number, "2")]


@pytest.mark.parametrize("endpoint", ["issue", "query", "token", "file"])
@pytest.mark.parametrize("kind", ["drop_after_commit", "http500"])
async def test_given_one_answer_is_lost_when_issuing_then_there_is_one_invoice(
    till: Any, kind: str, endpoint: str
) -> None:
    await till.open()
    await till.town.fault("nuonuo", kind, endpoint, times=2)
    sale = await paid(till)
    sale = await till.finished(sale.id)
    assert await issued_there(till) == [(sale.invoice.number, "2")]


async def test_given_queries_lag_when_issuing_then_there_is_one_invoice(till: Any) -> None:
    await till.open()
    await till.town.fault("nuonuo", "lag")
    sale = await paid(till)
    await till.until(sale.id, state_is(InvoiceState.ISSUING))
    await till.advance(20_000)
    sale = await till.until(sale.id, state_is(InvoiceState.ISSUED))
    assert await issued_there(till) == [(sale.invoice.number, "2")]


async def test_given_the_provider_fails_it_when_retried_then_the_same_number_is_issued(till: Any) -> None:
    await till.open()
    await till.town.fault("nuonuo", "fail")
    sale = await paid(till)
    sale = await till.until(sale.id, state_is(InvoiceState.FAILED))
    number = sale.invoice.number
    assert sale.invoice.reason
    await till.lights(lambda lights: lights.invoices.level == "ATTENTION")
    await till.town.heal("nuonuo")
    assert await till.shop.invoicing.retry(number, till.clerk)
    sale = await till.until(sale.id, state_is(InvoiceState.ISSUED))
    assert sale.invoice.number == number
    assert await issued_there(till) == [(number, "2")]
    assert not await till.shop.invoicing.retry(number, till.clerk)


async def test_given_a_failed_invoice_when_nobody_does_anything_then_it_is_tried_again_by_itself(till: Any) -> None:
    await till.open()
    await till.town.fault("nuonuo", "fail")
    sale = await paid(till)
    sale = await till.until(sale.id, state_is(InvoiceState.FAILED))
    await till.town.heal("nuonuo")
    await till.advance(301_000)
    await till.until(sale.id, state_is(InvoiceState.ISSUED))


async def test_given_many_sales_and_restarts_when_issuing_then_one_token_serves_them_all(till: Any) -> None:
    shop = await till.open()
    await till.finished((await paid(till)).id)
    token = await shop.store.read(lambda: select("SELECT provider, token, fetched_at_ms FROM provider_token"))
    shop = await till.again()
    await till.finished((await paid(till)).id)
    assert await shop.store.read(lambda: select("SELECT provider, token, fetched_at_ms FROM provider_token")) == token


async def test_given_the_tax_code_is_missing_when_paid_then_the_sale_is_done_and_the_invoice_waits_with_the_reason(
    till: Any,
) -> None:
    await till.open(invoices=InvoicesSection(tax_profile="general"))
    sale = await paid(till)
    sale = await till.until(
        sale.id,
        lambda sale: (
            sale.invoice.reason is not None and all(job.state is PrintJobState.PRINTED for job in sale.print_jobs)
        ),
    )
    assert sale.invoice.state is InvoiceState.NEW
    assert "goods_tax_code" in sale.invoice.reason
    await till.again()  # with the settings of the demo
    await till.finished(sale.id)


async def test_given_no_provider_is_set_up_when_paid_then_the_invoice_waits(till: Any) -> None:
    await till.open(nuonuo=NuonuoSection())
    sale = await paid(till)
    assert sale.invoice.state is InvoiceState.NEW
    await till.lights(lambda lights: lights.invoices.level == "OFF")
    await till.until(sale.id, lambda sale: all(job.state is PrintJobState.PRINTED for job in sale.print_jobs))
    await till.again()
    await till.finished(sale.id)


async def test_given_an_issued_invoice_when_its_files_are_saved_then_they_are_what_was_kept(
    till: Any, tmp_path: Path
) -> None:
    shop = await till.open()
    sale = await paid(till)
    with pytest.raises(Refusal) as refused:
        await shop.invoicing.save_file(sale.id, "pdf", tmp_path, till.clerk)
    assert refused.value.reason in (Reason.INVOICE_NOT_ISSUED, Reason.NO_INVOICE_FILE)
    sale = await till.finished(sale.id)
    for kept in sale.invoice.files:
        path = await shop.invoicing.save_file(sale.id, kept.format, tmp_path, till.clerk)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
        assert path.stat().st_size == kept.size
        assert (till.directory / kept.path).read_bytes() == path.read_bytes()
    (till.directory / sale.invoice.files[0].path).write_bytes(b"somebody wrote here")
    with pytest.raises(Refusal) as refused:
        await shop.invoicing.save_file(sale.invoice.number, sale.invoice.files[0].format, tmp_path, till.clerk)
    assert refused.value.reason is Reason.NO_INVOICE_FILE


async def test_given_its_amounts_when_issued_then_the_provider_holds_the_same_fen_and_all_codes(till: Any) -> None:
    shop = await till.open()
    sale = await till.finished((await paid(till)).id)
    line = (await shop.store.read(lambda: select("SELECT net_fen, tax_fen, gross_fen, rate_bp FROM invoice_line")))[0]
    net, tax, gross, rate = line
    assert gross == sale.total_fen
    assert net == (gross * 10_000 * 2 + (10_000 + rate)) // (2 * (10_000 + rate))
    assert net + tax == gross
    ((total, remark),) = await shop.store.read(lambda: select("SELECT total_fen, remark FROM invoice"))
    assert total == gross
    assert all(line.code in remark for line in sale.lines)
    there = (await till.town.ledger())["invoices"][0]
    assert there["total_fen"] == gross
    assert there["tax_fen"] == tax


async def test_given_a_file_that_never_comes_when_issued_then_the_invoice_stays_issued(till: Any) -> None:
    await till.open()
    await till.town.fault("nuonuo", "http500", "file")
    sale = await till.until((await paid(till)).id, state_is(InvoiceState.ISSUED))
    other = await till.until((await paid(till)).id, state_is(InvoiceState.ISSUED))
    assert {len(one.invoice.files) for one in (await till.shop.sales.load(sale.id), other)} == {0}
    await till.town.heal("nuonuo")
    await till.finished(sale.id)
    await till.finished(other.id)
