"""An order that is given up is closed verifiably, or turns out to be paid; until then no other code is shown."""

from __future__ import annotations

from typing import Any

import pytest

from data.states import Channel, PaymentOrderState, RefundState, SaleState, SaleStep
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.collection_orders import Note

S = PaymentOrderState
alipay_only = pytest.mark.parametrize("desk", [Channel.ALIPAY], ids=["alipay"], indirect=True)


def is_at(*states: PaymentOrderState) -> Any:
    return lambda sale: sale.payment is not None and sale.payment.state in states


async def scanned(desk: Any) -> Any:
    """A sale whose code a phone has read, so that there is an order to close on every channel."""
    sale = await desk.collected()
    await desk.scan(sale)
    return sale


async def test_given_an_unpaid_code_when_its_time_is_over_then_it_is_verifiably_closed(desk: Any) -> None:
    """The clock gives up as the clerk does; the next try has the next number."""
    await desk.open()
    sale = await scanned(desk)
    await desk.till.advance(600_000)
    sale = await desk.until(sale, is_at(S.CLOSED))
    assert sale.state is SaleState.ORDERED
    assert [order["state"] for order in await desk.orders()] == ["TRADE_CLOSED" if desk.begins_with_scan else "CLOSED"]
    again = await desk.start(sale)
    assert again.payment.number[:19] == f"{sale.serial}02"
    await desk.paid_and_done(again)


async def test_given_a_closed_code_when_reopened_then_the_sale_is_a_draft_of_the_next_revision(desk: Any) -> None:
    """Only a closed order lets the sale go back to its price."""
    shop = await desk.open()
    sale = await desk.collected()
    serial = sale.serial
    with pytest.raises(Refusal) as refused:
        await shop.collection.reopen(sale.id, desk.till.clerk)
    assert refused.value.reason is Reason.ORDER_LIVE
    sale = await desk.closed(sale)
    sale = await shop.collection.reopen(sale.id, desk.till.clerk)
    assert (sale.state, sale.step, sale.revision, sale.serial) == (SaleState.DRAFT, SaleStep.PRICE, 1, serial)
    sale = await shop.collection.start(sale.id, desk.channel, sale.vehicle.floor_price_fen, desk.till.clerk)
    assert (sale.serial, sale.total_fen) == (serial, sale.vehicle.floor_price_fen)
    done = await desk.paid_and_done(sale)
    assert done.invoice.total_fen == sale.total_fen


async def test_given_nobody_answers_when_giving_up_then_it_stays_unknown_and_closes_when_somebody_does(
    desk: Any,
) -> None:
    """Case 11, the other half: while the first order is not verifiably closed, neither channel shows a second code."""
    shop = await desk.open()
    sale = await desk.collected()
    await desk.fault("timeout")
    await desk.cancel(sale)
    sale = await desk.until(sale, is_at(S.UNKNOWN))
    for collect in (
        desk.start(sale, desk.other),
        desk.start(sale),
        shop.collection.reopen(sale.id, desk.till.clerk),
        shop.sales.cancel(sale.id, desk.till.clerk),
    ):
        with pytest.raises(Refusal) as refused:
            await collect
        assert refused.value.reason in (Reason.PAYMENT_UNKNOWN, Reason.ORDER_LIVE)
    assert len(await desk.orders()) == 1
    await desk.heal()
    sale = await desk.until(sale, is_at(S.CLOSED))
    await desk.paid_and_done(await desk.start(sale, desk.other))


async def test_given_another_channel_when_the_customer_changes_their_mind_then_the_first_is_closed_before_the_second(
    desk: Any,
) -> None:
    """Case 11: closed, verified, and only then the second code; the first cannot be paid any more."""
    await desk.open()
    sale = await scanned(desk)
    first = sale.payment.code
    with pytest.raises(Refusal) as refused:
        await desk.start(sale, desk.other)
    assert refused.value.reason is Reason.ORDER_LIVE
    sale = await desk.closed(sale)
    with pytest.raises(Exception, match="closed"):
        await desk.town.pay(first)
    sale = await desk.start(sale, desk.other)
    done = await desk.paid_and_done(sale)
    assert [(payment.channel, payment.state) for payment in done.payments] == [
        (desk.channel, S.CLOSED),
        (desk.other, S.PAID),
    ]


async def test_given_the_payment_lands_before_the_close_when_giving_up_then_the_sale_is_paid(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 7: unpaid, says the query; the close is refused; the next query says paid."""
    await desk.open()
    sale = await scanned(desk)
    driver = desk.driver
    close = driver.close

    async def too_late(number: str) -> None:
        monkeypatch.setattr(driver, "close", close)
        await desk.pay(sale)
        await close(number)

    monkeypatch.setattr(driver, "close", too_late)
    await desk.cancel(sale)
    done = await desk.done(sale)
    assert (done.payment.state, done.late, done.refunds) == (S.PAID, False, ())


async def test_given_the_close_is_answered_before_the_query_knows_when_it_lags_then_it_is_closed_only_after(
    desk: Any,
) -> None:
    """Case 8: accepted, and the query still says unpaid: not closed yet."""
    await desk.open()
    sale = await scanned(desk)
    await desk.till.advance(20_000)
    await desk.fault("lag")
    await desk.cancel(sale)
    sale = await desk.until(sale, is_at(S.CLOSING))
    await desk.asked(3)
    assert (await desk.load(sale)).payment.state is S.CLOSING
    await desk.until(sale, is_at(S.CLOSED))
    await desk.heal()
    assert [order["state"] for order in await desk.orders()] == ["TRADE_CLOSED" if desk.begins_with_scan else "CLOSED"]


async def test_given_an_answer_that_is_neither_yes_nor_no_when_closing_then_only_the_query_decides(desk: Any) -> None:
    """Case 18: WeChat Pay's 202, Alipay's 20000: no success. The order is not closed by it, and is paid after all."""
    await desk.open()
    sale = await scanned(desk)
    await desk.fault("unavailable" if desk.begins_with_scan else "status202", "close")
    await desk.cancel(sale)
    await desk.asked(3)
    assert (await desk.load(sale)).payment.state is S.CLOSING
    await desk.pay(sale)
    done = await desk.done(sale)
    assert done.payment.state is S.PAID


async def test_given_an_answer_that_is_neither_yes_nor_no_when_creating_then_no_code_is_shown(desk: Any) -> None:
    """Case 18 at the create: the number is asked for, and used again."""
    await desk.open()
    await desk.fault("unavailable" if desk.begins_with_scan else "status202", "create")
    sale = await desk.until(await desk.collected(), is_at(S.UNKNOWN))
    assert (sale.payment.code, await desk.orders()) == (None, [])
    await desk.heal()
    done = await desk.paid_and_done(sale)
    assert [payment.number for payment in done.payments] == [sale.payment.number]


@pytest.mark.parametrize("kind", ["http429", "html502", "drop_after_commit", "bad_signature"])
async def test_given_a_close_whose_answer_proves_nothing_when_giving_up_then_it_closes_all_the_same(
    desk: Any, kind: str
) -> None:
    """Cases 16 and 19 at the close: asked for, and closed again when need be, until the query says closed."""
    await desk.open()
    sale = await scanned(desk)
    await desk.fault(kind, "close", times=2)
    sale = await desk.closed(sale)
    assert len(sale.payments) == 1


@alipay_only
@pytest.mark.parametrize("answer", ["heard", "lost"])
async def test_given_calling_off_meets_a_payment_then_it_is_paid_and_refunded_and_the_clerk_collects_again(
    desk: Any, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Case 27: cancel answers action=refund, or its answer is lost: recorded as paid and refunded, the sale unpaid."""
    await desk.open()
    sale = await desk.collected()
    driver = desk.driver
    cancel = driver.cancel

    async def too_late(number: str) -> Any:
        monkeypatch.setattr(driver, "cancel", cancel)
        await desk.pay(sale)
        return await cancel(number)

    if answer == "lost":
        await desk.fault("drop_after_commit", "cancel", times=1)
    monkeypatch.setattr(driver, "cancel", too_late)
    await desk.cancel(sale)
    sale = await desk.until(sale, is_at(S.PAID))
    assert (sale.state, sale.payment.note) == (SaleState.ORDERED, Note.RETURNED)
    assert [(one.state, one.amount_fen) for one in sale.refunds] == [(RefundState.DONE, sale.total_fen)]
    done = await desk.paid_and_done(await desk.start(sale, desk.other))
    assert [payment.state for payment in done.payments] == [S.PAID, S.PAID]
    assert [await desk.on_slips(payment.number) for payment in done.payments] == [False, True]


@alipay_only
@pytest.mark.parametrize("kind", ["retry_flag", "unavailable", "timeout", "drop_after_commit", "bad_signature"])
async def test_given_a_calling_off_that_is_not_sure_then_it_is_repeated_until_it_is(desk: Any, kind: str) -> None:
    """Cases 18 and 19 at Alipay's cancel: retry_flag Y, 20000, no answer: called off again, and closed once."""
    await desk.open()
    sale = await desk.collected()
    await desk.fault(kind, "cancel", times=2)
    sale = await desk.closed(sale)
    assert sale.payment.note == Note.UNSCANNED
    assert [order["state"] for order in await desk.orders()] == ["CANCELLED"]


@alipay_only
async def test_given_a_code_nobody_scans_for_100_s_when_it_is_paid_then_the_sale_is_done(desk: Any) -> None:
    """Case 26: TRADE_NOT_EXIST is waiting, not failed."""
    await desk.open()
    sale = await desk.collected()
    for _ in range(5):
        await desk.till.advance(20_000)
        await desk.asked()
        assert (await desk.load(sale)).payment.state is S.WAITING
    assert [order["state"] for order in await desk.orders()] == ["NOT_SCANNED"]
    await desk.paid_and_done(sale)
