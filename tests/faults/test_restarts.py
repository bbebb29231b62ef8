"""Stopped at any point and started again: the ledgers of the outside world are the judges.

One order, one payment, one invoice, one original of each copy, whatever was under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from data.journal import verify
from data.process_lock import StoreHeld
from data.states import Channel, InvoiceState, PaymentOrderState, PrintJobState, SaleState

S = PaymentOrderState


async def never(*_: object, **__: object) -> Any:
    """Where the power goes."""
    await asyncio.get_running_loop().create_future()


def lost(call: Callable[..., Awaitable[Any]], done: asyncio.Event) -> Callable[..., Awaitable[Any]]:
    """The call is made in full, and then the power goes."""

    async def made(*args: Any, **named: Any) -> Any:
        await call(*args, **named)
        done.set()
        await never()

    return made


async def judge(till: Any, sale_id: str) -> None:
    """The sale is finished, and the outside world knows one of everything."""
    done = await till.finished(sale_id)
    ledger = await till.town.ledger()
    assert [order["state"] for order in ledger["orders"]].count("SUCCESS") == 1
    assert [payment.state for payment in done.payments].count(S.PAID) == 1
    assert [invoice["number"] for invoice in ledger["invoices"]] == [done.invoice.number]
    assert till.town.papers == 2
    await till.leave()
    assert verify(till.directory).code == 0


async def pay_shown(till: Any, sale_id: str) -> None:
    sale = await till.until(sale_id, lambda sale: sale.payment.state is S.WAITING)
    await till.town.pay(sale.payment.code)


async def test_given_power_goes_before_the_first_byte_when_back_then_the_same_order_is_sent(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    monkeypatch.setattr(shop.collection, "_follow", lambda *_: None)
    sale = await till.collected()
    assert sale.payment.state is S.NEW
    assert (await till.town.ledger())["orders"] == []
    monkeypatch.undo()
    await till.again()
    await pay_shown(till, sale.id)
    await judge(till, sale.id)


async def test_given_power_goes_after_the_create_when_back_then_it_is_the_same_order(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    channel, created = shop.collection._channels[Channel.WECHAT].driver, asyncio.Event()
    monkeypatch.setattr(channel, "create", lost(channel.create, created))
    sale = await till.collected()
    assert created.is_set()
    assert sale.payment.state is S.SENT
    await till.again()
    await pay_shown(till, sale.id)
    ledger = await till.town.ledger()
    assert len(ledger["orders"]) == 1
    await judge(till, sale.id)


async def test_given_power_goes_when_sent_and_nothing_arrived_when_back_then_it_is_sent_again(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    monkeypatch.setattr(shop.collection._channels[Channel.WECHAT].driver, "create", never)
    sale = await till.collected()
    assert sale.payment.state is S.SENT
    await till.again()
    await pay_shown(till, sale.id)
    await judge(till, sale.id)


async def test_given_it_was_paid_while_the_kiosk_was_off_when_back_then_the_sale_finishes_by_itself(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.leave()
    await till.town.pay(sale.payment.code)
    await till.open()
    await judge(till, sale.id)


async def test_given_power_goes_between_the_paid_answer_and_its_commit_when_back_then_it_is_booked_once(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    sale = await till.collected()
    channel, answered = shop.collection._channels[Channel.WECHAT].driver, asyncio.Event()
    monkeypatch.setattr(channel, "query", lost(channel.query, answered))
    await till.town.pay(sale.payment.code)
    async with asyncio.timeout(10):
        await answered.wait()
    await till.again()
    await judge(till, sale.id)


async def test_given_power_goes_right_after_the_paid_commit_when_back_then_invoice_and_slips_follow(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    sale = await till.collected()
    for task in shop._tasks:  # nobody issues and nobody prints any more
        if task.get_coro().__qualname__.split(".")[0] in ("InvoicingService", "PrintingService"):
            task.cancel()
    await till.town.pay(sale.payment.code)
    sale = await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)
    assert sale.invoice.state is InvoiceState.NEW
    assert [job.state for job in sale.print_jobs] == [PrintJobState.QUEUED] * 2
    await till.again()
    await judge(till, sale.id)


async def test_given_power_goes_after_the_invoice_was_handed_in_when_back_then_it_is_issued_once(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    sale = await till.collected()
    provider, handed_in = shop._provider, asyncio.Event()
    monkeypatch.setattr(provider, "issue", lost(provider.issue, handed_in))
    await till.town.pay(sale.payment.code)
    async with asyncio.timeout(20):
        await handed_in.wait()
    await till.until(sale.id, lambda sale: all(job.state is PrintJobState.PRINTED for job in sale.print_jobs))
    await till.again()
    await judge(till, sale.id)


async def test_given_power_goes_while_a_slip_is_under_way_when_back_then_it_is_uncertain_and_a_person_decides(
    till: Any,
) -> None:
    await till.open()
    sale = await till.collected()
    till.town.printer.fault("paper_out", after_dots=40)
    await till.town.pay(sale.payment.code)
    sale = await till.until(
        sale.id, lambda sale: any(job.state is PrintJobState.SENT and job.error for job in sale.print_jobs)
    )
    await till.leave()
    till.town.printer.heal()
    await till.open()
    sale = await till.until(
        sale.id,
        lambda sale: (
            sorted(job.state.value for job in sale.print_jobs) == ["PRINTED", "UNCERTAIN"]
            and sale.invoice.state is InvoiceState.ISSUED
        ),
    )
    uncertain = next(job for job in sale.print_jobs if job.state is PrintJobState.UNCERTAIN)
    assert await till.shop.printing.resolve(uncertain.id, False, till.clerk)
    assert not await till.shop.printing.resolve(uncertain.id, False, till.clerk)
    sale = await till.until(
        sale.id,
        lambda sale: (
            [job.kind.value for job in sale.print_jobs] == ["ORIGINAL", "ORIGINAL", "DUPLICATE"]
            and sale.print_jobs[-1].state is PrintJobState.PRINTED
        ),
    )
    await till.leave()
    assert verify(till.directory).code == 0


async def test_given_a_code_is_shown_when_restarted_then_it_is_the_same_code_with_its_old_deadline(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.again()
    resumed = await till.shop.sales.load(sale.id)
    assert resumed.payment == sale.payment
    await pay_shown(till, sale.id)
    await judge(till, sale.id)


async def test_given_a_shop_is_open_when_a_second_one_opens_then_it_is_refused_with_its_holder(till: Any) -> None:
    from kiosk.shop import Shop

    shop = await till.open()
    with pytest.raises(StoreHeld) as held:
        Shop.open(shop.settings, till.directory, shop.clock)
    assert str(held.value)
