"""A payment that comes to light after its order was closed settles an open sale, flagged, or is owed back."""

from __future__ import annotations

from typing import Any

import pytest

from data.models import Outbox
from data.states import Channel, PaymentOrderState, SaleState
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.collection_orders import Note
from kiosk.services.settlement import OWED_KIND

S = PaymentOrderState


async def closed(till: Any) -> Any:
    sale = await till.collected()
    code = sale.payment.code
    sale = await till.shop.collection.cancel(sale.id, till.clerk)
    assert sale.payment.state is S.CLOSED
    return sale, code


async def owed(till: Any) -> list[str]:
    return await till.shop.store.read(lambda: [row.subject for row in Outbox.query().where(Outbox.kind == OWED_KIND)])


async def test_given_an_open_unpaid_sale_when_a_late_payment_is_found_then_it_waits_for_the_clerk(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(sale.id, lambda sale: sale.state is SaleState.PAID)
    assert sale.late
    assert sale.payment.state is S.PAID_LATE
    assert sale.invoices == ()
    assert sale.print_jobs == ()
    with pytest.raises(Refusal) as refused:
        await till.shop.collection.start(sale.id, Channel.WECHAT, sale.total_fen, till.clerk)
    assert refused.value.reason is Reason.ALREADY_PAID
    await till.shop.collection.hand_over(sale.id, till.clerk)
    await till.shop.collection.hand_over(sale.id, till.clerk)
    done = await till.finished(sale.id)
    assert done.state is SaleState.DONE
    assert await owed(till) == []


async def test_given_a_second_code_is_shown_when_the_first_is_paid_late_then_the_second_is_closed(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    sale = await till.shop.collection.start(sale.id, Channel.WECHAT, sale.total_fen, till.clerk)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(
        sale.id, lambda sale: [payment.state for payment in sale.payments] == [S.PAID_LATE, S.CLOSED]
    )
    assert sale.state is SaleState.PAID
    assert sale.late
    states = [order["state"] for order in (await till.town.ledger())["orders"]]
    assert states == ["SUCCESS", "CLOSED"]


async def test_given_both_codes_are_paid_when_found_then_one_settles_and_the_other_is_owed_back(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    sale = await till.shop.collection.start(sale.id, Channel.WECHAT, sale.total_fen, till.clerk)
    second = sale.payment
    await till.town.pay(second.code)
    sale = await till.until(sale.id, lambda sale: sale.state is SaleState.DONE)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(sale.id, lambda sale: sale.payments[0].state is S.PAID_LATE)
    assert sale.payments[0].note == Note.UNAPPLIED
    assert not sale.late
    assert await owed(till) == [sale.payments[0].number]
    done = await till.finished(sale.id)
    assert len(done.invoices) == 1


async def test_given_a_cancelled_sale_when_a_late_payment_is_found_then_it_is_kept_open_and_shown(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    await till.shop.sales.cancel(sale.id, till.clerk)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(sale.id, lambda sale: sale.payment.state is S.PAID_LATE)
    assert sale.state is SaleState.CANCELLED
    assert await owed(till) == [sale.payment.number]


async def test_given_a_reopened_sale_when_the_old_code_is_paid_late_then_it_waits_for_the_clerk(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    sale = await till.shop.collection.reopen(sale.id, till.clerk)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(sale.id, lambda sale: sale.state is SaleState.PAID)
    assert sale.late
    await till.shop.collection.hand_over(sale.id, till.clerk)
    assert (await till.finished(sale.id)).state is SaleState.DONE
    assert await owed(till) == []


async def test_given_a_reopened_sale_without_its_goods_when_the_old_code_is_paid_then_no_new_order_is_placed(
    till: Any,
) -> None:
    await till.open()
    sale, code = await closed(till)
    sale = await till.shop.collection.reopen(sale.id, till.clerk)
    charger = sale.lines[-1]
    await till.shop.sales.remove_line(sale.id, charger.position, operator=till.clerk)
    await till.town.pay(code, late=True)
    await till.advance(16_000)
    sale = await till.until(sale.id, lambda sale: sale.payment.state is S.PAID_LATE)
    assert sale.state is SaleState.DRAFT
    with pytest.raises(Refusal) as refused:
        await till.shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, till.clerk)
    assert refused.value.reason is Reason.LATE_PAYMENT_OPEN


async def test_given_the_kiosk_was_off_when_the_watch_was_due_then_it_is_made_up_for(till: Any) -> None:
    await till.open()
    sale, code = await closed(till)
    await till.leave()
    await till.town.pay(code, late=True)
    till.offset_ms += 3_600_000
    till.town.control.advance(3_600_000)
    await till.open()
    await till.until(sale.id, lambda sale: sale.payment.state is S.PAID_LATE)
