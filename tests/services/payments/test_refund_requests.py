"""Refunds somebody asks for: in parts, never more than was paid, refused locally where no provider need be asked."""

from __future__ import annotations

from typing import Any

import pytest

from data.models import PaymentOrder
from data.states import Channel, RefundState, Role
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.refund_start import MOST_PARTS
from kiosk.services.views import Operator
from kiosk.settings import WeChatSection

ALIPAY, WECHAT = Channel.ALIPAY, Channel.WECHAT
MANAGER = Operator(number="1002", name="店长", role=Role.MANAGER)
DAY_MS = 86_400_000


async def sold(counter: Any, channel: Channel) -> Any:
    sale = await counter.till.collected(channel)
    await counter.town.pay(sale.payment.code)
    return await counter.till.finished(sale.id)


async def refused(counter: Any, order: str, amount: str | int, operator: Operator = MANAGER) -> Refusal:
    with pytest.raises(Refusal) as found:
        await counter.till.shop.refunds.request(order, amount, "退货", operator)
    return found.value


async def all_done(counter: Any, sale: Any, count: int) -> Any:
    await counter.till.advance(11_000)
    return await counter.until(
        sale, lambda sale: [refund.state for refund in sale.refunds] == [RefundState.DONE] * count
    )


@pytest.mark.parametrize("channel", [WECHAT, ALIPAY])
async def test_given_a_paid_order_when_refunded_in_parts_then_each_has_its_number_and_no_more_goes_back(
    counter: Any, channel: Channel
) -> None:
    """Case 25: no more than is left."""
    shop = await counter.open()
    sale = await sold(counter, channel)
    order = sale.payment.number
    told = await shop.refunds.request(order, "100.00", "优惠差价", MANAGER)
    assert [(refund.number, refund.amount_fen, refund.operator) for refund in told.refunds] == [
        (f"{order}R01", 10_000, "1002")
    ]
    await counter.until(sale, lambda sale: sale.refunds[0].state in (RefundState.ACCEPTED, RefundState.DONE))
    sale = await all_done(counter, sale, 1)
    rest = sale.total_fen - 10_000
    too_much = await refused(counter, order, rest + 1)
    assert too_much.reason is Reason.REFUND_TOO_MUCH
    await shop.refunds.request(order, rest, "退货", MANAGER)
    await counter.until(sale, lambda sale: sale.refunds[-1].state in (RefundState.ACCEPTED, RefundState.DONE))
    sale = await all_done(counter, sale, 2)
    assert await counter.kept() == 0
    assert (await refused(counter, order, 1)).reason is Reason.REFUND_TOO_MUCH
    assert shop.refunds.given_back == ()


async def test_given_fifty_parts_when_one_more_is_asked_for_then_it_is_refused(counter: Any) -> None:
    """Case 25: the 51st part."""
    shop = await counter.open()
    sale = await sold(counter, WECHAT)
    await counter.town.fault("wechat", "timeout", "refund")
    for _ in range(MOST_PARTS):
        await shop.refunds.request(sale.payment.number, 1, "退货", MANAGER)
    assert (await refused(counter, sale.payment.number, 1)).reason is Reason.REFUND_TOO_MANY


async def test_given_a_payment_of_more_than_a_year_ago_when_a_refund_is_asked_for_then_it_is_refused(
    counter: Any,
) -> None:
    """Case 25: after a year."""
    await counter.open()
    sale = await sold(counter, WECHAT)
    await counter.till.advance(365 * DAY_MS + 60_000)
    assert (await refused(counter, sale.payment.number, 1)).reason is Reason.REFUND_TOO_OLD


async def test_given_an_order_nobody_paid_when_a_refund_is_asked_for_then_it_is_refused(counter: Any) -> None:
    await counter.open()
    sale = await counter.till.collected(WECHAT)
    assert (await refused(counter, sale.payment.number, 1)).reason is Reason.REFUND_UNPAID
    assert (await refused(counter, "DEMO01261121000010100000000", 1)).reason is Reason.REFUND_UNPAID


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (0, Reason.AMOUNT_INVALID),
        (-5, Reason.AMOUNT_INVALID),
        ("", Reason.AMOUNT_MISSING),
        ("x", Reason.AMOUNT_INVALID),
    ],
)
async def test_given_no_amount_when_a_refund_is_asked_for_then_it_is_refused(
    counter: Any, amount: str | int, reason: Reason
) -> None:
    await counter.open()
    sale = await sold(counter, WECHAT)
    assert (await refused(counter, sale.payment.number, amount)).reason is reason


async def test_given_a_clerk_or_no_reason_or_a_channel_that_is_off_then_no_refund_is_intended(counter: Any) -> None:
    shop = await counter.open()
    sale = await sold(counter, WECHAT)
    number = sale.payment.number
    assert (await refused(counter, number, 1, counter.till.clerk)).reason is Reason.NOT_PERMITTED
    with pytest.raises(Refusal) as found:
        await shop.refunds.request(number, 1, "  ", MANAGER)
    assert found.value.reason is Reason.REFUND_REASON_MISSING
    await counter.till.leave()
    await counter.open(wechat=WeChatSection())
    assert (await refused(counter, number, 1)).reason is Reason.CHANNEL_OFF
    found_order = await counter.till.shop.store.read(lambda: PaymentOrder.find(number))
    assert found_order is not None
    assert (await counter.till.shop.sales.load(sale.id)).refunds == ()


async def test_given_a_late_payment_whose_money_goes_back_when_handed_over_then_it_is_refused_and_nothing_is_issued(
    counter: Any,
) -> None:
    shop = await counter.open()
    sale = await counter.closed(WECHAT)
    await counter.town.pay(sale.payment.code, late=True)
    await counter.till.advance(16_000)
    sale = await counter.until(sale, lambda sale: sale.state == "PAID")
    await counter.town.fault("wechat", "never", "refund")
    await shop.refunds.request(sale.payment.number, sale.total_fen, "顾客不要了", MANAGER)
    for _ in ("on its way", "back"):
        with pytest.raises(Refusal) as found:
            await shop.collection.hand_over(sale.id, counter.till.clerk)
        assert found.value.reason is Reason.LATE_PAYMENT_OPEN
        await counter.town.heal("wechat")
        await counter.till.advance(60_000)
        sale = await counter.until(sale, lambda sale: bool(sale.refunds))
    assert sale.invoices == ()
    assert sale.print_jobs == ()


async def test_given_part_of_a_late_payment_went_back_when_handed_over_then_the_sale_is_done(counter: Any) -> None:
    shop = await counter.open()
    sale = await counter.closed(WECHAT)
    await counter.town.pay(sale.payment.code, late=True)
    await counter.till.advance(16_000)
    sale = await counter.until(sale, lambda sale: sale.state == "PAID")
    await shop.refunds.request(sale.payment.number, 100, "优惠差价", MANAGER)
    await shop.collection.hand_over(sale.id, counter.till.clerk)
    await counter.till.finished(sale.id)
