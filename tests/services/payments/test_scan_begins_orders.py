"""Where orders begin with the scan: a shown code waits, an unscanned one is called off, a scanned one is closed."""

from __future__ import annotations

from typing import Any

import pytest

from data.states import Channel, PaymentOrderState, SaleState
from drivers.payments.base import CancelOutcome
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.collection_orders import Note

S = PaymentOrderState
ALIPAY, WECHAT = Channel.ALIPAY, Channel.WECHAT


async def test_given_a_code_nobody_scanned_when_given_up_then_it_is_called_off_and_watched_to_its_end(
    counter: Any,
) -> None:
    await counter.open()
    sale = await counter.closed(ALIPAY)
    assert sale.payment.note == Note.UNSCANNED
    follower = counter.till.shop.collection._followers[sale.payment.number]
    await counter.till.advance(sale.payment.expires_at_ms - counter.till.shop.clock.now_ms() + 599_000)
    assert not follower[1].done()
    assert (await counter.till.shop.sales.load(sale.id)).payment.state is S.CLOSED
    assert await counter.kept() == 0


async def test_given_a_scanned_code_when_given_up_then_it_is_closed_and_not_called_off(
    counter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await counter.open()
    sale = await counter.till.collected(ALIPAY)
    driver = shop.collection._channels[ALIPAY].driver

    async def never(number: str) -> CancelOutcome:
        raise AssertionError(f"{number} was called off")

    monkeypatch.setattr(driver, "cancel", never)
    await counter.scan(sale.payment.code)
    sale = await counter.cancel(sale)
    sale = await counter.until(sale, lambda sale: sale.payment.state is S.CLOSED)
    assert await counter.orders() == [("alipay", "TRADE_CLOSED")]
    assert sale.payment.note is None


async def pays_before_it_is_called_off(counter: Any, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    driver = counter.till.shop.collection._channels[ALIPAY].driver
    cancel = driver.cancel

    async def too_late(number: str) -> CancelOutcome:
        await counter.town.pay(code)
        monkeypatch.setattr(driver, "cancel", cancel)
        return await cancel(number)

    monkeypatch.setattr(driver, "cancel", too_late)


async def test_given_an_order_paid_and_sent_back_when_the_sale_is_cancelled_then_it_is_and_its_goods_are_free(
    counter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await counter.open()
    sale = await counter.till.collected(ALIPAY)
    await pays_before_it_is_called_off(counter, monkeypatch, sale.payment.code)
    await counter.cancel(sale)
    await counter.until(sale, lambda sale: sale.payment.state is S.PAID)
    cancelled = await shop.sales.cancel(sale.id, counter.till.clerk)
    assert cancelled.state is SaleState.CANCELLED
    other = await shop.sales.open_bundle(counter.till.clerk, sale.vehicle.code)
    assert other.vehicle.code == sale.vehicle.code


async def test_given_nobody_answers_when_a_code_is_given_up_then_it_stays_unknown_until_somebody_does(
    counter: Any,
) -> None:
    shop = await counter.open()
    sale = await counter.till.collected(ALIPAY)
    await counter.town.fault("alipay", "timeout")
    await counter.cancel(sale)
    sale = await counter.until(sale, lambda sale: sale.payment.state is S.UNKNOWN)
    with pytest.raises(Refusal) as refused:
        await shop.collection.reopen(sale.id, counter.till.clerk)
    assert refused.value.reason is Reason.PAYMENT_UNKNOWN
    await counter.town.heal("alipay")
    await counter.until(sale, lambda sale: sale.payment.state is S.CLOSED)


@pytest.mark.parametrize("fault", ["http500", "bad_signature", "truncated"])
async def test_given_answers_that_prove_nothing_when_given_up_then_nothing_is_closed_until_healed(
    counter: Any, fault: str
) -> None:
    await counter.open()
    sale = await counter.till.collected(ALIPAY)
    await counter.town.fault("alipay", fault)
    await counter.cancel(sale)
    sale = await counter.until(sale, lambda sale: sale.payment.state is S.UNKNOWN)
    await counter.town.heal("alipay")
    await counter.until(sale, lambda sale: sale.payment.state is S.CLOSED)


async def test_given_a_kill_while_a_code_is_called_off_then_the_restart_closes_it(counter: Any) -> None:
    await counter.open()
    sale = await counter.till.collected(ALIPAY)
    await counter.town.fault("alipay", "never", "cancel")
    sale = await counter.cancel(sale)
    assert sale.payment.state in (S.CLOSING, S.UNKNOWN)
    await counter.till.leave()
    await counter.town.heal("alipay")
    await counter.open()
    await counter.until(sale, lambda sale: sale.payment.state is S.CLOSED)


async def test_given_a_called_off_order_that_was_paid_when_an_earlier_one_settles_then_its_money_goes_back_once(
    counter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await counter.open()
    sale = await counter.closed(WECHAT)
    first = sale.payment.code
    sale = await counter.start(sale, ALIPAY)
    driver = shop.collection._channels[ALIPAY].driver
    query, cancel, code = driver.query, driver.cancel, sale.payment.code

    async def meets_a_payment(number: str) -> CancelOutcome:
        await counter.town.pay(code)
        older = await query(number)

        async def lags(number: str) -> Any:
            return older

        monkeypatch.setattr(driver, "query", lags)
        return await cancel(number)

    monkeypatch.setattr(driver, "cancel", meets_a_payment)
    await counter.cancel(sale)
    await counter.until(sale, lambda sale: sale.payment.note == Note.CALLED_OFF_PAID)
    await counter.town.pay(first, late=True)
    await counter.till.advance(16_000)
    await counter.until(sale, lambda sale: sale.state is SaleState.PAID)
    shop.collection._followers[sale.payment.number][0].bell.set()
    await counter.till.advance(10_000)
    monkeypatch.setattr(driver, "query", query)
    sale = await counter.until(sale, lambda sale: sale.payment.state is S.PAID)
    assert sale.payment.note == Note.RETURNED
    assert [refund.reason for refund in sale.refunds] == ["CALLED_OFF"]
    assert await counter.kept() == sale.total_fen
