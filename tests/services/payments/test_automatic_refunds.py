"""Money that fits no sale goes back by itself: once, under one number, whatever fails or crashes."""

from __future__ import annotations

import asyncio
from typing import Any

import apsw
import pytest

from data.journal import verify
from data.models import Outbox, PaymentOrder, Refund
from data.states import Channel, PaymentOrderState, RefundState, SaleState
from drivers.payments.base import RefundAnswer, RefundIntent
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.settlement import OWED_KIND

S, R = PaymentOrderState, RefundState
ALIPAY, WECHAT = Channel.ALIPAY, Channel.WECHAT


async def wishes(counter: Any) -> list[tuple[str, str]]:
    """Every wish for money to go back: its order and its state."""

    def read() -> list[tuple[str, str]]:
        return [(row.subject, row.state) for row in Outbox.query().where(Outbox.kind == OWED_KIND)]

    return await counter.till.shop.store.read(read)


@pytest.mark.parametrize(("first", "second"), [(WECHAT, ALIPAY), (ALIPAY, WECHAT), (WECHAT, WECHAT)])
async def test_given_two_codes_of_one_sale_are_paid_then_one_settles_and_the_other_goes_back_once(
    counter: Any, first: Channel, second: Channel
) -> None:
    """Case 12: given back once, under one number."""
    await counter.open()
    sale = await counter.refunded(await counter.paid_twice(first, second))
    assert sale.state is SaleState.DONE
    number = sale.payments[0].number
    assert [(refund.number, refund.reason) for refund in sale.refunds] == [(f"{number}R01", "DOUBLE_PAYMENT")]
    assert [one[:2] for one in await counter.refunds()] == [(f"{number}R01", sale.total_fen)]
    assert await counter.kept() == sale.total_fen
    assert await wishes(counter) == [(number, "DONE")]
    assert counter.till.shop.refunds.given_back[0].amount_fen == sale.total_fen
    assert len(sale.invoices) == 1
    await counter.till.leave()
    assert verify(counter.till.directory).code == 0


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
async def test_given_a_cancelled_sale_when_its_code_is_paid_late_then_the_money_goes_back(
    counter: Any, channel: Channel
) -> None:
    shop = await counter.open()
    sale = await counter.closed(channel)
    await shop.sales.cancel(sale.id, counter.till.clerk)
    await counter.town.pay(sale.payment.code, late=True)
    await counter.till.advance(16_000)
    sale = await counter.refunded(sale)
    assert sale.state is SaleState.CANCELLED
    assert sale.refunds[0].reason == "LATE_PAYMENT"
    assert await counter.kept() == 0


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
async def test_given_an_open_unpaid_sale_when_its_code_is_paid_late_then_it_settles_and_waits_for_the_clerk(
    counter: Any, channel: Channel
) -> None:
    shop = await counter.open()
    sale = await counter.closed(channel)
    await counter.town.pay(sale.payment.code, late=True)
    await counter.till.advance(16_000)
    sale = await counter.until(sale, lambda sale: sale.state is SaleState.PAID)
    assert sale.late
    assert sale.refunds == ()
    await shop.collection.hand_over(sale.id, counter.till.clerk)
    done = await counter.till.finished(sale.id)
    assert await counter.kept() == done.total_fen


async def blocked(counter: Any) -> Any:
    """A draft whose goods were changed after its code was closed, and whose code is paid late all the same."""
    shop = counter.till.shop
    sale = await counter.closed(WECHAT)
    sale = await shop.collection.reopen(sale.id, counter.till.clerk)
    charger = sale.lines[-1]
    await shop.sales.remove_line(sale.id, charger.position, operator=counter.till.clerk)
    await counter.town.pay(sale.payment.code, late=True)
    await counter.till.advance(16_000)
    sale = await counter.until(sale, lambda sale: sale.payment.state is S.PAID_LATE)
    return sale, charger


async def test_given_a_sale_blocked_by_a_late_payment_when_it_went_back_then_it_is_collected_again(
    counter: Any,
) -> None:
    shop = await counter.open()
    await counter.town.fault("wechat", "timeout", "refund")
    sale, charger = await blocked(counter)
    clerk = counter.till.clerk
    for work in (
        lambda: shop.collection.start(sale.id, WECHAT, sale.list_total_fen, clerk),
        lambda: shop.sales.cancel(sale.id, clerk),
    ):
        with pytest.raises(Refusal) as refused:
            await work()
        assert refused.value.reason is Reason.LATE_PAYMENT_OPEN
    await counter.town.heal("wechat")
    sale = await counter.refunded(sale)
    await shop.sales.add_code(sale.id, charger.code, operator=clerk)
    await shop.sales.finish_goods(sale.id, operator=clerk)
    customer = sale.customer
    sale = await shop.sales.submit_customer(
        sale.id, customer.name, customer.phone, customer.division_code, customer.address, operator=clerk
    )
    sale = await shop.collection.start(sale.id, ALIPAY, sale.list_total_fen, clerk)
    await counter.town.pay(sale.payment.code)
    done = await counter.till.finished(sale.id)
    assert await counter.kept() == done.total_fen


async def test_given_a_sale_blocked_by_a_late_payment_when_it_went_back_then_it_can_be_cancelled(counter: Any) -> None:
    shop = await counter.open()
    sale, _ = await blocked(counter)
    sale = await counter.refunded(sale)
    assert (await shop.sales.cancel(sale.id, counter.till.clerk)).state is SaleState.CANCELLED
    assert await counter.kept() == 0


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
@pytest.mark.parametrize("fault", ["drop_after_commit", "timeout", "http500", "bad_signature", "truncated"])
async def test_given_the_refund_call_fails_when_healed_then_one_refund_stands_under_one_number(
    counter: Any, channel: Channel, fault: str
) -> None:
    """Case 23: the same number again, one refund. Case 28 on Alipay, where that answers fund_change N."""
    await counter.open()
    name = channel.value.lower()
    await counter.town.fault(name, fault, "refund")
    sale = await counter.paid_twice(channel, WECHAT)
    await counter.until(sale, lambda sale: bool(sale.refunds) and sale.refunds[0].state is R.UNKNOWN)
    await counter.town.heal(name)
    sale = await counter.refunded(sale)
    assert [one[:2] for one in await counter.refunds()] == [(sale.refunds[0].number, sale.total_fen)]
    assert await counter.kept() == sale.total_fen


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
async def test_given_the_balance_is_short_then_the_same_refund_is_asked_for_again_over_days(
    counter: Any, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 24, NOT_ENOUGH: the same number later."""
    await counter.open()
    name = channel.value.lower()
    await counter.town.fault(name, "not_enough", "refund")
    sale = await counter.paid_twice(channel, WECHAT)
    sale = await counter.until(sale, lambda sale: bool(sale.refunds) and sale.refunds[0].note == "NOT_ENOUGH")
    assert sale.refunds[0].state is R.UNKNOWN
    number = sale.refunds[0].number
    assert await counter.refunds() == []
    driver, tried = counter.till.shop.collection._channels[channel].driver, asyncio.Event()
    refund = driver.refund

    async def again(body: bytes) -> RefundAnswer:
        try:
            return await refund(body)
        finally:
            tried.set()

    monkeypatch.setattr(driver, "refund", again)
    await counter.till.advance(2 * 86_400_000)
    await asyncio.wait_for(tried.wait(), 20)
    await counter.until(sale, lambda sale: sale.refunds[0].note == "NOT_ENOUGH")
    await counter.town.heal(name)
    await counter.till.advance(2 * 86_400_000)
    sale = await counter.refunded(sale)
    assert [refund.number for refund in sale.refunds] == [number]
    assert await counter.kept() == sale.total_fen


async def test_given_a_refund_the_provider_cannot_make_then_it_waits_for_a_person_and_is_not_tried_again(
    counter: Any,
) -> None:
    """Case 24, ABNORMAL: for a person."""
    shop = await counter.open()
    await counter.town.fault("wechat", "abnormal", "refund_query")
    sale = await counter.paid_twice(WECHAT, ALIPAY)
    await counter.until(sale, lambda sale: bool(sale.refunds) and sale.refunds[0].state in (R.ACCEPTED, R.ABNORMAL))
    await counter.till.advance(11_000)
    sale = await counter.until(sale, lambda sale: sale.refunds[0].state is R.ABNORMAL)
    await counter.till.advance(86_400_000)
    await counter.again()
    waiting = await counter.till.shop.waiting.newest(5)
    assert [(one.sale_id, one.why) for one in waiting] == [(sale.id, "REFUND_STUCK")]
    assert (await counter.town.ledger())["refunds"][0]["requests"] == 1
    assert shop is not counter.till.shop


async def test_given_a_refund_that_is_on_its_way_for_days_then_it_stays_open_and_is_done_in_the_end(
    counter: Any,
) -> None:
    """Case 24, PROCESSING for days."""
    await counter.open()
    await counter.town.fault("wechat", "processing")
    sale = await counter.paid_twice(WECHAT, ALIPAY)
    await counter.until(sale, lambda sale: bool(sale.refunds) and sale.refunds[0].state is R.ACCEPTED)
    await counter.till.advance(3 * 86_400_000)
    waiting = await counter.till.shop.waiting.newest(5)
    assert [(one.sale_id, one.why) for one in waiting] == [(sale.id, "REFUNDING")]
    await counter.town.heal("wechat")
    await counter.till.advance(3_600_000)
    await counter.until(sale, lambda sale: sale.refunds[0].state is R.DONE)
    assert await counter.till.shop.waiting.newest(5) == ()


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
@pytest.mark.parametrize("answered", [False, True])
async def test_given_a_kill_around_the_refund_call_when_restarted_then_one_refund_stands(
    counter: Any, monkeypatch: pytest.MonkeyPatch, channel: Channel, answered: bool
) -> None:
    """Case 23 with a kill. Killed before its first byte left, or after the provider had executed it."""
    shop = await counter.open()
    driver = shop.collection._channels[channel].driver
    refund, reached = driver.refund, asyncio.Event()

    async def dies(body: bytes) -> RefundAnswer:
        if answered:
            await refund(body)
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(driver, "refund", dies)
    sale = await counter.paid_twice(channel, WECHAT)
    await asyncio.wait_for(reached.wait(), 20)
    assert (await shop.sales.load(sale.id)).refunds[0].state is R.SENT
    await counter.again()
    sale = await counter.refunded(sale)
    assert [one[:2] for one in await counter.refunds()] == [(sale.refunds[0].number, sale.total_fen)]
    assert len(sale.refunds) == 1


async def test_given_a_kill_at_every_commit_of_a_refund_then_there_is_never_a_second_one(counter: Any) -> None:
    """Left and opened again after each write of the refund's way: the store alone carries it on."""
    await counter.open()
    await counter.town.fault("wechat", "timeout", "refund", times=1)
    sale = await counter.paid_twice(WECHAT, ALIPAY)
    for _ in range(6):
        await counter.again()
        sale = await counter.till.shop.sales.load(sale.id)
        assert len(sale.refunds) <= 1
    sale = await counter.refunded(sale)
    assert [one[1] for one in await counter.refunds()] == [sale.total_fen]


async def test_given_a_coupon_when_the_money_goes_back_then_the_refund_is_over_the_orders_total(counter: Any) -> None:
    """Case 14: the refund is computed on the total."""
    shop = await counter.open()
    sale = await counter.closed(WECHAT)
    await shop.sales.cancel(sale.id, counter.till.clerk)
    await counter.town.pay(sale.payment.code, late=True, coupon_fen=500)
    await counter.till.advance(16_000)
    sale = await counter.refunded(sale)
    assert sale.refunds[0].amount_fen == sale.total_fen


async def test_given_the_channel_is_off_when_money_is_owed_then_it_waits_and_goes_back_once_it_is_on(
    counter: Any,
) -> None:
    from kiosk.settings import WeChatSection

    await counter.open()
    await counter.town.fault("wechat", "timeout", "refund")
    sale = await counter.paid_twice(WECHAT, ALIPAY)
    await counter.till.leave()
    await counter.town.heal("wechat")
    shop = await counter.open(wechat=WeChatSection())
    assert WECHAT not in shop.collection.channels
    await counter.again()
    sale = await counter.refunded(sale)
    assert await counter.kept() == sale.total_fen


async def test_given_a_payment_refunded_there_by_ours_when_the_store_was_put_back_then_it_is_found_and_not_repeated(
    counter: Any,
) -> None:
    """The provider knows R01 of the order; a store restored from before that adopts it instead of sending it again."""
    shop = await counter.open()
    sale = await counter.till.collected(WECHAT)
    driver = shop.collection._channels[WECHAT].driver
    await counter.town.fault("wechat", "timeout", "query")
    await counter.town.pay(sale.payment.code)
    number = sale.payment.number
    intent = RefundIntent(number, f"{number}R01", sale.total_fen, sale.total_fen, "asked for by the lost store")
    await driver.refund(driver.serialise_refund(intent))
    await counter.town.heal("wechat")
    await counter.until(sale, lambda sale: sale.payment.state in (S.PAID, S.PAID_LATE))
    sale = await counter.refunded(sale)
    assert sale.state is SaleState.ORDERED
    assert len(await counter.refunds()) == 1


async def test_given_an_altered_refund_when_the_journal_is_verified_then_the_replay_finds_it(counter: Any) -> None:
    await counter.open()
    await counter.refunded(await counter.paid_twice(WECHAT, ALIPAY))
    await counter.till.leave()
    assert verify(counter.till.directory).code == 0
    somebody = apsw.Connection(str(counter.till.directory / "store.db"))
    for (name,) in somebody.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        somebody.execute(f"DROP TRIGGER {name}")
    somebody.execute("UPDATE refund SET amount_fen = amount_fen - 1")
    somebody.close()
    assert verify(counter.till.directory).code == 14


async def test_given_no_refund_then_the_books_and_the_ledger_hold_none(counter: Any) -> None:
    await counter.open()
    sale = await counter.till.collected(ALIPAY)
    await counter.town.pay(sale.payment.code)
    await counter.till.finished(sale.id)
    assert await counter.till.shop.store.read(lambda: (Refund.query().count(), PaymentOrder.query().count())) == (0, 1)
    assert await counter.refunds() == []
