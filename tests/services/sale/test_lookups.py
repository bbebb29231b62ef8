"""Finding sales: newest first, page by page, by everything that is written on them, masked."""

import pytest

from data.states import InvoiceState, PaymentOrderState, PrintJobState, SaleState
from kiosk.services.lookups import Lookups


@pytest.fixture
def lookups(shop):
    return Lookups(shop.store)


@pytest.fixture
def past(shop):
    from kiosk.demo.catalogue import past_sales
    from kiosk.rules.calendar import business_day

    return list(past_sales(3, business_day(shop.clock.now_ms())))


async def test_given_past_sales_when_listed_then_newest_first_masked_and_with_their_states(lookups, past):
    rows = await lookups.sales()
    assert [row.vehicle for row in rows] == [sale.vehicle for sale in reversed(past)]
    row = rows[0]
    assert row.state is SaleState.DONE
    assert (row.payment, row.invoice, row.printing) == (
        PaymentOrderState.PAID,
        InvoiceState.ISSUED,
        PrintJobState.PRINTED,
    )
    assert row.customer_masked == past[-1].customer_name[0] + "*" * (len(past[-1].customer_name) - 1)
    assert row.phone_masked == past[-1].customer_phone[:3] + "****" + past[-1].customer_phone[-4:]
    assert row.total_fen == past[-1].price_fen


async def test_given_pages_of_one_when_turned_then_every_sale_comes_once(lookups, past):
    seen, before = [], None
    while page := await lookups.sales(before=before, limit=1):
        seen.append(page[0].serial)
        before = page[0].cursor
    assert seen == [row.serial for row in await lookups.sales()]
    assert await lookups.sales(before=(await lookups.sales())[-1]) == ()


async def test_given_anything_written_on_a_sale_when_searched_then_it_is_found(lookups, past):
    wanted = past[1]
    serial = next(row.serial for row in await lookups.sales() if row.vehicle == wanted.vehicle)
    sale = await lookups.sale_by_serial(serial)
    for text in (
        serial,
        serial.lower(),
        wanted.vehicle,
        f"https://example.invalid/?vinCode={wanted.vehicle}",
        wanted.batteries[0],
        wanted.customer_phone,
        f"+86 {wanted.customer_phone}",
        wanted.customer_phone[-4:],
        wanted.customer_name,
        sale.payments[0].number,
        sale.invoices[0].number,
    ):
        assert serial in [row.serial for row in await lookups.sales(search=text)], text
    assert await lookups.sales(search="没有这个人") == ()
    assert await lookups.sales(search="x" * 5000) == ()


async def test_given_day_or_state_when_filtered_then_only_those(lookups, past):
    day = past[0].day
    assert len(await lookups.sales(day=day)) == sum(sale.day == day for sale in past)
    assert await lookups.sales(state=SaleState.CANCELLED) == ()
    assert await lookups.sales(day="2001-01-01") == ()


async def test_given_a_draft_when_listed_then_it_is_not_there(shop, lookups, clerk):
    await shop.sales.open_bundle(clerk, shop.demo.vehicles[0].vehicle)
    assert len(await lookups.sales()) == 3
    assert await lookups.sales(search=shop.demo.vehicles[0].vehicle) == ()


async def test_given_a_slips_code_or_a_sold_unit_when_scanned_then_its_sale_is_found(shop, lookups, past):
    serial = (await lookups.sales())[0].serial
    assert (await lookups.sale_by_code(f" {serial}\r")).serial == serial
    assert (await lookups.sale_by_code(past[-1].batteries[0])).serial == serial
    assert await lookups.sale_by_code(past[-1].charger) is None
    assert await lookups.sale_by_code(shop.demo.vehicles[0].vehicle) is None
    assert await lookups.sale_by_code("\x00") is None
    assert await lookups.sale_by_serial("nothing") is None
