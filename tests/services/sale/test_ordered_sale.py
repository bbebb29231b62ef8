"""A sale that is ordered: what may still happen to it, and that money can never be lost by cancelling."""

import pytest

from data.models import PaymentOrder, Sale, Tender, Unit
from data.states import PaymentOrderState, SaleState, TenderState
from kiosk.rules.refusals import Reason

SERIAL = "DEMO0199010100001"
NUMBER = f"{SERIAL}0100000000"


@pytest.fixture
async def ordered(shop):
    """A sale with one payment order that has not left yet."""
    sale = await shop.at_price(shop.demo.vehicles[0])

    def order(tx):
        tx.move(
            Sale,
            sale.id,
            SaleState.ORDERED,
            serial=SERIAL,
            business_day="2099-01-01",
            ordered_at_ms=tx.now_ms,
            total_fen=sale.list_total_fen,
        )
        tx.create(Tender, id="T", sale_id=sale.id, revision=0, kind="WECHAT", amount_fen=sale.list_total_fen)
        tx.create(
            PaymentOrder,
            number=NUMBER,
            sale_id=sale.id,
            serial=SERIAL,
            revision=0,
            attempt=1,
            tender_id="T",
            channel="WECHAT",
            amount_fen=sale.list_total_fen,
            request=b"{}",
            created_at_ms=tx.now_ms,
        )

    shop.store.write_now(order)
    return await shop.sales.load(sale.id)


def move_order(shop, *states, **changes):
    for state in states:
        shop.store.write_now(lambda tx, state=state: tx.move(PaymentOrder, NUMBER, state, **changes))


async def test_given_a_live_order_when_cancelled_then_it_is_refused_until_verified_closed(
    shop, clerk, ordered, refused
):
    refusal = await refused(Reason.ORDER_LIVE, shop.sales.cancel(ordered.id, clerk))
    assert refusal.facts == {"number": NUMBER}
    move_order(shop, PaymentOrderState.SENT, PaymentOrderState.UNKNOWN)
    await refused(Reason.PAYMENT_UNKNOWN, shop.sales.cancel(ordered.id, clerk))
    move_order(shop, PaymentOrderState.CLOSED)
    gone = await shop.sales.cancel(ordered.id, clerk)
    assert gone.state is SaleState.CANCELLED
    tender, unit = shop.store.read_now(lambda: (Tender.find("T").state, Unit.find(ordered.vehicle.code).state))
    assert (tender, unit) == (TenderState.VOID, "IN_STOCK")


async def test_given_a_late_payment_when_cancelled_then_it_is_refused(shop, clerk, ordered, refused):
    move_order(shop, PaymentOrderState.CLOSED)
    move_order(
        shop, PaymentOrderState.PAID_LATE, paid_at_ms=1, provider_number="4200000000000000000000000001", answer=b"{}"
    )
    await refused(Reason.LATE_PAYMENT_OPEN, shop.sales.cancel(ordered.id, clerk))


async def test_given_an_ordered_sale_when_scanned_or_changed_then_it_is_frozen_and_whole(shop, clerk, ordered, refused):
    battery, vehicle = shop.demo.vehicles[1].batteries[0], shop.demo.vehicles[1].vehicle
    refusal = await refused(Reason.WRONG_STEP, shop.sales.add_code(ordered.id, battery, operator=clerk))
    assert refusal.facts["step"] == "COLLECT"
    await refused(Reason.SECOND_VEHICLE, shop.sales.add_code(ordered.id, vehicle, operator=clerk))
    await refused(Reason.SALE_FROZEN, shop.sales.remove_line(ordered.id, 2, operator=clerk))
    await refused(Reason.SALE_FROZEN, shop.sales.step_back(ordered.id, operator=clerk))
    await shop.sales.keep_typed(ordered.id, {"amount": "1"}, operator=clerk)
    assert await shop.sales.load(ordered.id) == ordered


async def test_given_an_ordered_sale_when_parked_then_it_is_found_again(shop, clerk, ordered):
    await shop.sales.park(ordered.id, operator=clerk)
    shop.reopen()
    (parked,) = await shop.sales.parked()
    assert (parked.id, parked.serial, parked.state) == (ordered.id, SERIAL, SaleState.ORDERED)
