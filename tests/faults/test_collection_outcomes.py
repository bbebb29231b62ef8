"""Money under faults: one order at a time, one payment, unknown stays unknown, only verified answers decide."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from data.journal import verify
from data.states import Channel, PaymentOrderState, SaleState, SaleStep
from drivers.payments.base import QueryAnswer, QueryStatus
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import views
from kiosk.services.collection_orders import Note, load_order

S = PaymentOrderState


def state_is(*states: PaymentOrderState) -> Any:
    return lambda sale: sale.payment is not None and sale.payment.state in states


async def orders(till: Any) -> list[tuple[str, str]]:
    return [(order["number"], order["state"]) for order in (await till.town.ledger())["orders"]]


async def start(till: Any, sale: views.Sale) -> views.Sale:
    return await till.shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, till.clerk)


async def test_given_a_double_tap_when_collecting_then_there_is_one_order(till: Any) -> None:
    await till.open()
    sale = await till.priced()
    results = await asyncio.gather(*(start(till, sale) for _ in range(4)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refusal)]
    assert len(refused) == 3
    assert {refusal.reason for refusal in refused} <= {Reason.ORDER_LIVE, Reason.PAYMENT_UNKNOWN}
    assert len(await orders(till)) == 1


async def test_given_the_create_never_arrives_when_healed_then_the_same_order_gets_its_code(till: Any) -> None:
    await till.open()
    await till.town.fault("wechat", "timeout", "create")
    sale = await start(till, await till.priced())
    sale = await till.until(sale.id, state_is(S.UNKNOWN))
    number = sale.payment.number
    with pytest.raises(Refusal) as refused:
        await start(till, sale)
    assert refused.value.reason in (Reason.PAYMENT_UNKNOWN, Reason.ORDER_LIVE)
    await till.town.heal("wechat")
    sale = await till.until(sale.id, state_is(S.WAITING))
    assert sale.payment.number == number
    assert await orders(till) == [(number, "NOTPAY")]


async def test_given_the_answer_to_create_is_lost_when_asked_again_then_one_order_has_a_fresh_code(till: Any) -> None:
    await till.open()
    await till.town.fault("wechat", "drop_after_commit", "create", times=1)
    sale = await start(till, await till.priced())
    sale = await till.until(sale.id, state_is(S.WAITING))
    found = (await till.town.ledger())["orders"]
    assert [(order["number"], order["creates"]) for order in found] == [(sale.payment.number, 2)]
    assert found[0]["code"] == sale.payment.code
    await till.town.pay(sale.payment.code)
    await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)


@pytest.mark.parametrize("kind", ["bad_signature", "http500"])
async def test_given_answers_that_prove_nothing_when_collecting_then_no_code_is_shown_until_healed(
    till: Any, kind: str
) -> None:
    await till.open()
    await till.town.fault("wechat", kind)
    sale = await start(till, await till.priced())
    sale = await till.until(sale.id, state_is(S.UNKNOWN))
    assert sale.payment.code is None
    await till.lights(lambda lights: lights.payment.level == "FAULT")
    await till.town.heal("wechat")
    sale = await till.until(sale.id, state_is(S.WAITING))
    assert len(await orders(till)) == 1


async def test_given_the_network_goes_after_the_code_when_the_customer_pays_then_it_is_found(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.town.fault("network", "down")
    await till.town.pay(sale.payment.code)
    await till.lights(lambda lights: lights.payment.level == "FAULT")
    sale = await till.shop.sales.load(sale.id)
    assert sale.payment.state is S.WAITING
    await till.town.heal("network")
    done = await till.finished(sale.id)
    assert [payment.state for payment in done.payments] == [S.PAID]


async def test_given_an_unpaid_code_when_its_time_is_over_then_it_is_verifiably_closed(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.advance(600_000)
    sale = await till.until(sale.id, state_is(S.CLOSED), within=10)
    assert sale.state is SaleState.ORDERED
    assert await orders(till) == [(sale.payment.number, "CLOSED")]
    again = await start(till, sale)
    assert again.payment.number[:19] == f"{sale.serial}02"
    assert again.payment.state is S.WAITING


async def test_given_a_cancelled_code_when_reopened_then_the_sale_is_a_draft_of_the_next_revision(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    serial = sale.serial
    with pytest.raises(Refusal) as refused:
        await till.shop.collection.reopen(sale.id, till.clerk)
    assert refused.value.reason is Reason.ORDER_LIVE
    sale = await till.shop.collection.cancel(sale.id, till.clerk)
    assert sale.payment.state is S.CLOSED
    sale = await till.shop.collection.reopen(sale.id, till.clerk)
    assert (sale.state, sale.step, sale.revision, sale.serial) == (SaleState.DRAFT, SaleStep.PRICE, 1, serial)
    sale = await till.shop.collection.start(sale.id, Channel.WECHAT, sale.vehicle.floor_price_fen, till.clerk)
    assert sale.serial == serial
    assert sale.total_fen == sale.vehicle.floor_price_fen
    await till.town.pay(sale.payment.code)
    done = await till.finished(sale.id)
    assert done.invoice.total_fen == sale.total_fen


async def test_given_nobody_answers_when_cancelling_then_it_stays_unknown_and_closes_when_somebody_does(
    till: Any,
) -> None:
    await till.open()
    sale = await till.collected()
    await till.town.fault("wechat", "timeout")
    await till.shop.collection.cancel(sale.id, till.clerk)
    sale = await till.until(sale.id, state_is(S.UNKNOWN))
    with pytest.raises(Refusal) as refused:
        await till.shop.collection.reopen(sale.id, till.clerk)
    assert refused.value.reason is Reason.PAYMENT_UNKNOWN
    await till.town.heal("wechat")
    await till.until(sale.id, state_is(S.CLOSED))
    assert [state for _, state in await orders(till)] == ["CLOSED"]


async def test_given_the_close_is_answered_before_the_query_knows_when_it_lags_then_it_is_closed_only_after(
    till: Any,
) -> None:
    await till.open()
    sale = await till.collected()
    await till.advance(20_000)
    await till.town.fault("wechat", "lag")
    sale = await till.shop.collection.cancel(sale.id, till.clerk)
    assert sale.payment.state is S.CLOSING
    await till.advance(16_000)
    sale = await till.until(sale.id, state_is(S.CLOSED))
    assert [state for _, state in await orders(till)] == ["CLOSED"]


async def test_given_the_payment_lands_before_the_close_when_cancelling_then_the_sale_is_paid(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    sale = await till.collected()
    channel = shop.collection._channels[Channel.WECHAT].driver
    close = channel.close

    async def too_late(number: str) -> None:
        await till.town.pay(sale.payment.code)
        await close(number)

    monkeypatch.setattr(channel, "close", too_late)
    await shop.collection.cancel(sale.id, till.clerk)
    done = await till.finished(sale.id)
    assert done.payment.state is S.PAID
    assert not done.late


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: replace(answer, total_fen=answer.total_fen and answer.total_fen - 1),
        lambda answer: replace(answer, total_fen=None),
        lambda answer: replace(answer, currency="USD"),
        lambda answer: replace(answer, merchant="1900000000"),
        lambda answer: replace(answer, app="wxsomebodyelse"),
        lambda answer: replace(answer, provider_number=None),
        lambda answer: replace(answer, verified=False),
    ],
    ids=["total", "no total", "currency", "merchant", "app", "no provider number", "unverified"],
)
async def test_given_a_paid_answer_that_is_not_ours_when_it_comes_then_nothing_settles(
    till: Any, monkeypatch: pytest.MonkeyPatch, spoil: Any
) -> None:
    shop = await till.open()
    channel = shop.collection._channels[Channel.WECHAT].driver
    query, answered = channel.query, asyncio.Event()

    async def spoilt(number: str) -> QueryAnswer:
        answer = await query(number)
        if answer.status == "PAID":
            answered.set()
            return spoil(answer)
        return answer

    monkeypatch.setattr(channel, "query", spoilt)  # before the first query is under way
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    async with asyncio.timeout(20):
        await answered.wait()
        follower = shop.collection._followers[sale.payment.number][0]
        follower.bell.set()
    sale = await till.shop.sales.load(sale.id)
    assert sale.state is SaleState.ORDERED
    assert sale.payment.state is S.WAITING
    monkeypatch.setattr(channel, "query", query)
    follower.bell.set()
    await till.until(sale.id, lambda sale: sale.state is SaleState.DONE, within=40)


async def test_given_a_refund_made_at_the_provider_when_first_seen_then_the_sale_waits_for_a_person(
    till: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await till.open()
    channel = shop.collection._channels[Channel.WECHAT].driver
    query = channel.query

    async def refunded(number: str) -> QueryAnswer:
        answer = await query(number)
        return replace(answer, status=QueryStatus.PAID_REFUNDED) if answer.status == "PAID" else answer

    monkeypatch.setattr(channel, "query", refunded)
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    sale = await till.until(sale.id, lambda sale: sale.state is SaleState.PAID)
    assert sale.late
    assert sale.payment.note == Note.REFUNDED_THERE
    assert sale.print_jobs == ()


async def test_given_the_kiosks_clock_is_wrong_when_the_provider_says_so_then_collecting_waits_until_it_is_right(
    till: Any,
) -> None:
    shop = await till.open()
    sale = await till.collected()
    assert sale.payment.state is S.WAITING
    await asyncio.to_thread(till.town.control.advance, 3_600_000)  # the world's clock, not ours
    await till.lights(lambda lights: lights.clock.level == "FAULT")
    other = await till.priced()
    with pytest.raises(Refusal) as refused:
        await start(till, other)
    assert refused.value.reason is Reason.CLOCK_INSANE
    shop.clock.advance(3_600_000)
    await till.until(sale.id, state_is(S.CLOSED))  # its time is over by now
    assert (await start(till, other)).payment.state is S.WAITING


async def test_given_a_coupon_when_the_customer_pays_less_then_the_sale_is_paid_in_full(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.town.pay(sale.payment.code, coupon_fen=500)
    done = await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)
    assert done.payment.amount_fen == done.total_fen


async def test_given_a_total_that_is_not_the_orders_when_paid_then_the_sale_never_settles(till: Any) -> None:
    """The order's amount is compared with what the sale still wants, whatever the provider says."""
    shop = await till.open()
    sale = await till.collected()
    order = await shop.store.read(lambda: load_order(sale.payment.number))
    wrong = replace(order, amount_fen=order.amount_fen + 1)
    answer = QueryAnswer(
        QueryStatus.PAID,
        order.number,
        wrong.amount_fen,
        "CNY",
        None,
        None,
        "4200TEST",
        shop.clock.now_ms(),
        None,
        b"{}",
    )
    settlement = shop.collection._settlement
    assert await shop.store.write(lambda tx: settlement.settle(tx, wrong, answer)) == "sale total"
    assert (await shop.sales.load(sale.id)).state is SaleState.ORDERED


async def test_given_a_finished_sale_when_the_journal_is_verified_then_it_is_whole(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    await till.town.pay(sale.payment.code)
    await till.finished(sale.id)
    await till.leave()
    assert verify(till.directory).code == 0
