"""A code is on the screen: what an answer must be before it moves anything, and what happens while there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from data.states import Channel, PaymentOrderState, RefundState, SaleState
from drivers.payments.base import QueryAnswer, QueryStatus, RefundIntent
from kiosk.rules.numbers import refund_number
from kiosk.services.collection_orders import Note, load_order

S = PaymentOrderState
wechat_only = pytest.mark.parametrize("desk", [Channel.WECHAT], ids=["wechat"], indirect=True)
alipay_only = pytest.mark.parametrize("desk", [Channel.ALIPAY], ids=["alipay"], indirect=True)


def is_at(*states: PaymentOrderState) -> Any:
    return lambda sale: sale.payment is not None and sale.payment.state in states


async def waits(desk: Any, sale: Any) -> None:
    """Nothing settled, nothing was given up, the same one order."""
    now = await desk.load(sale)
    assert (now.state, now.payment.state, len(now.payments)) == (SaleState.ORDERED, S.WAITING, 1)


async def refunded_at_the_provider(desk: Any, sale: Any, fen: int, nth: int = 99) -> None:
    """Somebody gives money back at the provider's own pages: a refund this shop never intended."""
    number = sale.payment.number
    intent = RefundIntent(number, refund_number(number, nth), fen, sale.total_fen, "商家退款")
    await desk.driver.refund(desk.driver.serialise_refund(intent))


async def test_given_the_network_goes_after_the_code_when_the_customer_pays_then_it_is_found(desk: Any) -> None:
    """Case 6: still to be paid here, no second order, and paid when the network is back."""
    await desk.open()
    sale = await desk.collected()
    await desk.town.fault("network", "down")
    await desk.pay(sale)
    await desk.till.lights(lambda lights: lights.payment.level == "FAULT")
    await desk.asked()
    await waits(desk, sale)
    with pytest.raises(Exception, match="ORDER_LIVE"):
        await desk.start(sale, desk.other)
    await desk.town.heal("network")
    done = await desk.done(sale)
    assert [payment.state for payment in done.payments] == [S.PAID]


async def test_given_queries_that_lag_when_paid_then_nothing_is_said_to_have_failed(desk: Any) -> None:
    """Case 10: fifteen seconds behind; the order waits on, and is paid within its time."""
    await desk.open()
    sale = await desk.collected()
    await desk.till.advance(20_000)
    await desk.fault("lag")
    await desk.pay(sale)
    await desk.asked(3)
    await waits(desk, sale)
    done = await desk.done(sale)
    assert [payment.state for payment in done.payments] == [S.PAID]
    assert not done.late


async def test_given_queries_that_lag_when_paid_in_the_last_second_then_it_is_paid_all_the_same(desk: Any) -> None:
    """Cases 7 and 10 together: given up by the clock while the query does not know of the payment yet."""
    await desk.open()
    sale = await desk.collected()
    await desk.till.advance(170_000)
    await desk.fault("lag")
    await desk.pay(sale)
    await desk.till.advance(15_000)
    await desk.cancel(sale)
    sale = await desk.until(sale, lambda sale: sale.state in (SaleState.PAID, SaleState.DONE))
    assert sale.payment.state in (S.PAID, S.PAID_LATE)
    await desk.heal()


SPOILT = {
    "total": lambda answer: replace(answer, total_fen=answer.total_fen and answer.total_fen - 1),
    "no total": lambda answer: replace(answer, total_fen=None),
    "currency": lambda answer: replace(answer, currency="USD"),
    "merchant": lambda answer: replace(answer, merchant="1900000000"),
    "app": lambda answer: replace(answer, app="wxsomebodyelse"),
    "no provider number": lambda answer: replace(answer, provider_number=None),
    "unverified": lambda answer: replace(answer, verified=False),
}


async def test_given_a_paid_answer_that_is_not_ours_when_it_comes_then_nothing_settles(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 13: one fact that differs is enough; each is tried on one order, which is paid by the honest answer."""
    await desk.open()
    driver = desk.driver
    query = driver.query
    wrong = "total"

    async def spoilt(number: str) -> QueryAnswer:
        answer = await query(number)
        return SPOILT[wrong](answer) if answer.status == "PAID" else answer

    monkeypatch.setattr(driver, "query", spoilt)  # before the first query is under way
    sale = await desk.collected()
    await desk.pay(sale)
    for fact in SPOILT:
        wrong = fact
        await desk.asked(3)
        await waits(desk, sale)
    assert (await desk.load(sale)).payment.note.startswith(Note.MISMATCH)
    monkeypatch.setattr(driver, "query", query)
    await desk.done(sale)


async def test_given_a_signed_answer_with_another_total_when_paid_then_it_freezes_and_is_told(desk: Any) -> None:
    """Case 13 on the wire: one fen off, signed. No goods leave; the order says why; a person is called."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("other_total", "query")
    await desk.pay(sale)
    sale = await desk.until(sale, lambda sale: sale.payment.mismatch)
    await waits(desk, sale)
    assert sale.payment.note == f"{Note.MISMATCH}:total"
    assert await desk.shop.waiting.newest(5)
    await desk.heal()
    await desk.done(sale)


async def test_given_a_total_that_is_not_the_orders_when_paid_then_the_sale_never_settles(desk: Any) -> None:
    """Case 13, the second lock: what the sale still wants is compared too, whatever the provider says."""
    shop = await desk.open()
    sale = await desk.collected()
    order = await shop.store.read(lambda: load_order(sale.payment.number))
    wrong = replace(order, amount_fen=order.amount_fen + 1)
    now, fen = shop.clock.now_ms(), wrong.amount_fen
    answer = QueryAnswer(QueryStatus.PAID, order.number, fen, "CNY", None, None, "4200TEST", now, None, b"{}")
    settlement = shop.collection._settlement
    assert await shop.store.write(lambda tx: settlement.settle(tx, wrong, answer)) == "sale total"
    await waits(desk, sale)
    await desk.paid_and_done(sale)


async def test_given_a_coupon_when_the_customer_pays_less_then_the_sale_is_paid_in_full(desk: Any) -> None:
    """Case 14: the order's total counts, not what the payer gave."""
    await desk.open()
    sale = await desk.collected()
    await desk.pay(sale, coupon_fen=500)
    done = await desk.done(sale)
    assert done.payment.amount_fen == done.total_fen
    assert [order["payer_total_fen"] for order in await desk.orders()] == [done.total_fen - 500]


@wechat_only
async def test_given_a_part_went_back_at_the_provider_when_first_seen_then_the_sale_waits_for_a_person(
    desk: Any,
) -> None:
    """Case 15, WeChat Pay: REFUND was paid; how much is left is not for the shop to guess."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("never", "query")
    await desk.pay(sale)
    await refunded_at_the_provider(desk, sale, 500)
    await desk.heal()
    sale = await desk.until(sale, lambda sale: sale.state is SaleState.PAID)
    assert (sale.late, sale.payment.note, sale.print_jobs) == (True, Note.REFUNDED_THERE, ())
    await desk.till.advance(5_000)  # the provider's own time to give it back


async def test_given_our_own_refund_is_there_already_when_first_seen_then_it_is_taken_over(desk: Any) -> None:
    """Case 15, looked up: the whole amount went back under our number, as after a store from a backup; sale unpaid."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("never", "query")
    await desk.pay(sale)
    await refunded_at_the_provider(desk, sale, sale.total_fen, nth=1)
    await desk.heal()
    sale = await desk.until(sale, is_at(S.PAID))
    assert (sale.state, sale.payment.note) == (SaleState.ORDERED, Note.RETURNED)
    sale = await desk.until(sale, lambda sale: [one.state for one in sale.refunds] == [RefundState.DONE])
    await desk.paid_and_done(await desk.start(sale))


@alipay_only
async def test_given_all_of_it_went_back_at_the_provider_when_first_seen_then_it_is_refunded_and_not_unpaid(
    desk: Any,
) -> None:
    """Case 29: TRADE_CLOSED with a time of payment."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("never", "query")
    await desk.pay(sale)
    await refunded_at_the_provider(desk, sale, sale.total_fen)
    await desk.heal()
    sale = await desk.until(sale, is_at(S.PAID))
    assert (sale.state, sale.payment.note) == (SaleState.ORDERED, Note.RETURNED)
    assert [(one.state, one.amount_fen) for one in sale.refunds] == [(RefundState.DONE, sale.total_fen)]
    await desk.paid_and_done(await desk.start(sale))


async def test_given_answers_that_prove_nothing_when_the_customer_has_paid_then_nothing_moves_until_healed(
    desk: Any,
) -> None:
    """Cases 16 and 19 while waiting: asked on and on, slower, and the shop goes on working meanwhile."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("http500", "query")
    await desk.pay(sale)
    for kind in ("http429", "html502", "truncated", "bad_signature", "drop_after_commit", "timeout", "never"):
        await desk.fault(kind, "query")
        await desk.asked()
        await waits(desk, sale)
    await desk.till.lights(lambda lights: lights.payment.level == "FAULT")
    other = await desk.till.priced()  # a whole other sale, while an answer never comes
    assert other.customer is not None
    await desk.heal()
    done = await desk.done(sale)
    assert [order["number"] for order in await desk.orders()] == [done.payment.number]


async def test_given_an_old_answer_again_when_the_customer_has_paid_then_it_changes_nothing(desk: Any) -> None:
    """Case 16, the replay: yesterday's good answer proves nothing about now."""
    await desk.open()
    sale = await desk.collected()
    await desk.scan(sale)
    await desk.asked()
    await desk.fault("replay", "query")
    await desk.pay(sale)
    await desk.till.advance(10_000)
    await desk.asked()
    await waits(desk, sale)
    await desk.heal()
    await desk.done(sale)


async def test_given_another_orders_paid_answer_when_replayed_then_the_sale_is_not_paid(desk: Any) -> None:
    """Case 16, the replay of another sale's payment."""
    await desk.open()
    await desk.paid_and_done(await desk.collected())
    sale = await desk.collected()
    await desk.fault("replay", "query")
    await desk.asked(3)
    await waits(desk, sale)
    await desk.heal()
    await desk.paid_and_done(sale)


@wechat_only
async def test_given_a_key_nobody_knows_when_answered_then_nothing_is_believed_and_it_is_told(desk: Any) -> None:
    """Case 17: Wechatpay-Serial unknown: unverified, no crash, the light says so."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault("unknown_serial")
    await desk.pay(sale)
    await desk.asked()
    await waits(desk, sale)
    await desk.till.lights(lambda lights: (lights.payment.level, lights.payment.reason) == ("FAULT", "UNVERIFIED"))
    await desk.heal()
    await desk.done(sale)


async def test_given_any_description_when_paid_then_the_signatures_hold(desk: Any) -> None:
    """Case 30: braces, quotes, slashes and emoji in what the customer reads."""
    shop = await desk.open()
    section = msgspec.structs.replace(shop.settings.collection, description='{"} \\ / &= 😀 电动车')
    await desk.till.again(collection=section)
    sale = await desk.collected()
    await desk.paid_and_done(sale)
    assert [sign in (await desk.orders())[0]["description"] for sign in '{"}\\😀'] == [True] * 5


async def test_given_a_price_with_one_decimal_when_paid_then_it_is_the_same_fen_everywhere(desk: Any) -> None:
    """Case 31: yuan are texts with two decimals on the wire, fen inside; nothing is ever a float."""
    shop = await desk.open()
    sale = await desk.till.priced()
    typed = f"{sale.vehicle.floor_price_fen // 100 + 1}.3"
    fen = (sale.vehicle.floor_price_fen // 100 + 1) * 100 + 30
    sale = await shop.collection.start(sale.id, desk.channel, typed, desk.till.clerk)
    done = await desk.paid_and_done(sale)
    assert (done.total_fen, done.invoice.total_fen) == (fen, fen)
    assert [order["amount_fen"] for order in await desk.orders()] == [fen]
