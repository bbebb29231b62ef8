"""A payment that comes to light after its order was closed settles an open sale, flagged, or goes back by itself."""

from __future__ import annotations

from typing import Any

import pytest

from data.states import PaymentOrderState, RefundState, SaleState
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.collection_orders import Note
from kiosk.services.refund_facts import SYSTEM, RefundReason

S = PaymentOrderState


async def closed(desk: Any) -> tuple[Any, str]:
    """A sale whose code was given up, and that code."""
    sale = await desk.collected()
    return await desk.closed(sale), sale.payment.code


def went_back(reason: RefundReason) -> Any:
    """One automatic refund, done."""
    told = [(RefundState.DONE, reason, SYSTEM)]
    return lambda sale: [(one.state, one.reason, one.operator) for one in sale.refunds] == told


async def test_given_an_open_unpaid_sale_when_a_late_payment_is_found_then_it_waits_for_the_clerk(desk: Any) -> None:
    """Case 9, the customer is there: the money counts, flagged; handing over twice hands over once."""
    shop = await desk.open()
    sale, code = await closed(desk)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, lambda sale: sale.state is SaleState.PAID)
    assert (sale.late, sale.payment.state, sale.invoices, sale.print_jobs) == (True, S.PAID_LATE, (), ())
    assert await shop.waiting.newest(5)
    with pytest.raises(Refusal) as refused:
        await desk.start(sale, desk.other)
    assert refused.value.reason is Reason.ALREADY_PAID
    await shop.collection.hand_over(sale.id, desk.till.clerk)
    await shop.collection.hand_over(sale.id, desk.till.clerk)
    done = await desk.done(sale)
    assert done.refunds == ()


async def test_given_a_second_code_is_shown_when_the_first_is_paid_late_then_the_second_is_closed(desk: Any) -> None:
    """Cases 9 and 11: the other channel's code dies with the payment of the first."""
    await desk.open()
    sale, code = await closed(desk)
    sale = await desk.start(sale, desk.other)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, lambda sale: [payment.state for payment in sale.payments] == [S.PAID_LATE, S.CLOSED])
    assert (sale.state, sale.late) == (SaleState.PAID, True)


@pytest.mark.parametrize("second", ["same", "other"])
async def test_given_both_codes_are_paid_when_found_then_one_settles_and_the_other_goes_back_once(
    desk: Any, second: str
) -> None:
    """Case 12: both orders of a sale are paid; one is fulfilled, the other given back, once, also over a restart."""
    await desk.open()
    sale, code = await closed(desk)
    sale = await desk.start(sale, desk.channel if second == "same" else desk.other)
    sale = await desk.paid_and_done(sale)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, lambda sale: sale.payments[0].state is S.PAID_LATE)
    assert (sale.payments[0].note, sale.late) == (Note.UNAPPLIED, False)
    await desk.again()
    sale = await desk.until(sale, went_back(RefundReason.DOUBLE_PAYMENT))
    refunds = await desk.refunds()
    assert [(one["number"], one["amount_fen"]) for one in refunds] == [(sale.payments[0].number, sale.total_fen)]
    assert len(sale.invoices) == 1


async def test_given_a_cancelled_sale_when_a_late_payment_is_found_then_it_goes_back_by_itself(desk: Any) -> None:
    """Case 9, the customer is gone: refunded automatically, once."""
    await desk.open()
    sale, code = await closed(desk)
    await desk.shop.sales.cancel(sale.id, desk.till.clerk)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, went_back(RefundReason.LATE_PAYMENT))
    assert (sale.state, sale.payment.state) == (SaleState.CANCELLED, S.PAID_LATE)
    assert len(await desk.refunds()) == 1


async def test_given_a_reopened_sale_when_the_old_code_is_paid_late_then_it_waits_for_the_clerk(desk: Any) -> None:
    """Case 9, back at the price meanwhile: it stands as ordered again, with the price the customer paid."""
    await desk.open()
    sale, code = await closed(desk)
    sale = await desk.shop.collection.reopen(sale.id, desk.till.clerk)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, lambda sale: sale.state is SaleState.PAID)
    assert sale.late
    await desk.shop.collection.hand_over(sale.id, desk.till.clerk)
    assert (await desk.done(sale)).refunds == ()


async def test_given_a_reopened_sale_without_its_goods_when_the_old_code_is_paid_then_it_goes_back_before_a_new_one(
    desk: Any,
) -> None:
    """Case 9, the goods are other ones now: no new order while the money is on its way back."""
    await desk.open()
    sale, code = await closed(desk)
    sale = await desk.shop.collection.reopen(sale.id, desk.till.clerk)
    await desk.shop.sales.remove_line(sale.id, sale.lines[-1].position, operator=desk.till.clerk)
    await desk.fault("timeout", "refund")
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    sale = await desk.until(sale, lambda sale: sale.payment.state is S.PAID_LATE)
    assert sale.state is SaleState.DRAFT
    with pytest.raises(Refusal) as refused:
        await desk.start(sale)
    assert refused.value.reason is Reason.LATE_PAYMENT_OPEN
    await desk.heal()
    await desk.until(sale, went_back(RefundReason.LATE_PAYMENT))


@pytest.mark.parametrize("second", ["shown", "paid"])
async def test_given_a_sale_ordered_again_at_another_price_when_the_old_code_is_paid_then_its_money_goes_back(
    desk: Any, second: str
) -> None:
    """Cases 9 and 12: the old price pays nothing; it goes back, and the new code is paid or given up on its own."""
    shop = await desk.open()
    sale, code = await closed(desk)
    sale = await shop.collection.reopen(sale.id, desk.till.clerk)
    sale = await shop.collection.start(sale.id, desk.other, sale.vehicle.floor_price_fen, desk.till.clerk)
    if second == "paid":
        await desk.paid_and_done(sale)
    await desk.town.pay(code, late=True)
    await desk.till.advance(16_000)
    reason = RefundReason.DOUBLE_PAYMENT if second == "paid" else RefundReason.LATE_PAYMENT
    sale = await desk.until(sale, went_back(reason))
    assert (sale.payments[0].state, sale.payments[0].note) == (S.PAID_LATE, Note.UNAPPLIED)
    if second == "shown":
        await desk.paid_and_done(sale)


async def test_given_the_kiosk_was_off_when_the_watch_was_due_then_it_is_made_up_for(desk: Any) -> None:
    """Case 9 over a restart: whoever was off for an hour looks back at once."""
    await desk.open()
    sale, code = await closed(desk)
    await desk.till.leave()
    await desk.town.pay(code, late=True)
    desk.till.offset_ms += 3_600_000
    desk.town.control.advance(3_600_000)
    await desk.open()
    await desk.until(sale, lambda sale: sale.payment.state is S.PAID_LATE)
