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
one_channel = pytest.mark.parametrize("desk", [Channel.WECHAT], ids=["wechat"], indirect=True)


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


async def test_given_power_goes_before_the_first_byte_when_back_then_the_same_order_is_sent(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 3: the intent is kept, nothing was sent; never shown as paid, sent with its own number."""
    shop = await desk.open()
    monkeypatch.setattr(shop.collection, "_follow", lambda *_: None)
    sale = await desk.start(await desk.till.priced())
    assert sale.payment.state is S.NEW
    assert await desk.orders() == []
    monkeypatch.undo()
    await desk.again()
    done = await desk.paid_and_done(sale)
    assert [payment.number for payment in done.payments] == [sale.payment.number]


async def test_given_power_goes_before_the_first_byte_when_back_too_late_then_it_is_closed_unsent(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 3, an hour later: its time is over, so it is never sent; the next try is another order."""
    shop = await desk.open()
    monkeypatch.setattr(shop.collection, "_follow", lambda *_: None)
    sale = await desk.start(await desk.till.priced())
    monkeypatch.undo()
    await desk.till.advance(3_600_000)
    await desk.again()
    sale = await desk.until(sale, lambda sale: sale.payment.state is S.CLOSED)
    assert await desk.orders() == []
    await desk.paid_and_done(await desk.start(sale))


async def test_given_power_goes_after_the_create_when_back_then_it_is_the_same_order(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases 1 and 3: it exists there, its code was never shown here."""
    await desk.open()
    created = asyncio.Event()
    monkeypatch.setattr(desk.driver, "create", lost(desk.driver.create, created))
    sale = await desk.start(await desk.till.priced())
    await created.wait()
    assert (await desk.load(sale)).payment.state is S.SENT
    await desk.again()
    await desk.paid_and_done(sale)
    assert [(order["number"], order["creates"]) for order in await desk.orders()] == [(sale.payment.number, 2)]


async def test_given_power_goes_when_sent_and_nothing_arrived_when_back_then_it_is_sent_again(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases 2 and 3: SENT is kept, the bytes never arrived."""
    await desk.open()
    monkeypatch.setattr(desk.driver, "create", never)
    sale = await desk.start(await desk.till.priced())
    sale = await desk.until(sale, lambda sale: sale.payment.state is S.SENT)
    await desk.again()
    await desk.paid_and_done(sale)
    assert [order["number"] for order in await desk.orders()] == [sale.payment.number]


async def test_given_it_was_paid_while_the_kiosk_was_off_when_back_then_the_sale_finishes_by_itself(desk: Any) -> None:
    """Case 4: paid there, not known here."""
    await desk.open()
    sale = await desk.collected()
    await desk.till.leave()
    await desk.pay(sale)
    await desk.open()
    await desk.done(sale)


async def test_given_power_goes_between_the_paid_answer_and_its_commit_when_back_then_it_is_booked_once(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 4, at the worst moment."""
    await desk.open()
    sale = await desk.collected()
    answered = asyncio.Event()
    monkeypatch.setattr(desk.driver, "query", lost(desk.driver.query, answered))
    await desk.pay(sale)
    await desk.till.advance(5_000)
    async with asyncio.timeout(30):
        await answered.wait()
    assert (await desk.load(sale)).state is SaleState.ORDERED
    await desk.again()
    done = await desk.done(sale)
    assert [payment.state for payment in done.payments] == [S.PAID]


async def test_given_a_close_is_under_way_when_power_goes_then_it_is_closed_when_back(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up, the close or the calling off made, its answer lost with the power."""
    await desk.open()
    sale = await desk.collected()
    made, call = asyncio.Event(), "cancel" if desk.begins_with_scan else "close"
    monkeypatch.setattr(desk.driver, call, lost(getattr(desk.driver, call), made))
    await desk.cancel(sale)
    async with asyncio.timeout(30):
        await made.wait()
    await desk.again()
    sale = await desk.until(sale, lambda sale: sale.payment.state is S.CLOSED)
    await desk.paid_and_done(await desk.start(sale, desk.other))


async def test_given_power_goes_right_after_the_paid_commit_when_back_then_invoice_and_slips_follow(desk: Any) -> None:
    """Case 5: paid is kept, nothing of the fulfilment has begun: it is done once."""
    shop = await desk.open()
    sale = await desk.collected()
    for task in shop._tasks:  # nobody issues and nobody prints any more
        if task.get_coro().__qualname__.split(".")[0] in ("InvoicingService", "PrintingService"):
            task.cancel()
    await desk.pay(sale)
    sale = await desk.done(sale)
    assert sale.invoice.state is InvoiceState.NEW
    assert [job.state for job in sale.print_jobs] == [PrintJobState.QUEUED] * 2
    await desk.again()
    sale = await desk.until(sale, lambda sale: sale.invoice.state is InvoiceState.ISSUED)
    assert desk.town.papers == 2


async def test_given_a_code_is_shown_when_restarted_then_it_is_the_same_code_with_its_old_deadline(desk: Any) -> None:
    """A restart asks for nothing new."""
    await desk.open()
    sale = await desk.collected()
    await desk.again()
    resumed = await desk.load(sale)
    assert resumed.payment == sale.payment
    await desk.paid_and_done(sale)


@one_channel
async def test_given_power_goes_after_the_invoice_was_handed_in_when_back_then_it_is_issued_once(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 5, in the middle of the fulfilment."""
    shop = await desk.open()
    sale = await desk.collected()
    provider, handed_in = shop._provider, asyncio.Event()
    monkeypatch.setattr(provider, "issue", lost(provider.issue, handed_in))
    await desk.pay(sale)
    async with asyncio.timeout(30):
        await handed_in.wait()
    await desk.until(sale, lambda sale: [job.state for job in sale.print_jobs] == [PrintJobState.PRINTED] * 2)
    await desk.again()
    sale = await desk.until(sale, lambda sale: sale.invoice.state is InvoiceState.ISSUED)
    assert [one["number"] for one in (await desk.town.ledger())["invoices"]] == [sale.invoice.number]


async def test_given_power_goes_while_a_slip_is_under_way_when_back_then_it_is_uncertain_and_a_person_decides(
    till: Any,
) -> None:
    """Case 5, the uncertain paper: never printed again by itself."""
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


async def test_given_a_shop_is_open_when_a_second_one_opens_then_it_is_refused_with_its_holder(till: Any) -> None:
    """Case 35, two app instances: one store, one process."""
    from kiosk.shop import Shop

    shop = await till.open()
    with pytest.raises(StoreHeld) as held:
        Shop.open(shop.settings, till.directory, shop.clock)
    assert str(held.value)
