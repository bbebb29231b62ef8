"""Who buys, for how much; what is typed is kept; stepping, parking and restarts lose nothing."""

import os
import signal
import subprocess
import sys
import textwrap

from data.journal import verify
from data.models import Customer, Journal
from data.states import SaleStep
from kiosk.rules.refusals import Reason


async def at_customer(shop, clerk):
    sale = await shop.with_goods(shop.demo.vehicles[0])
    return await shop.sales.finish_goods(sale.id, operator=clerk)


async def test_given_the_customer_when_submitted_then_it_is_normalised_and_the_price_is_next(shop, clerk):
    sale = await at_customer(shop, clerk)
    done = await shop.sales.submit_customer(
        sale.id, " 王 小满 ", "+86 154-0000-0001", "330106", "示范路1号", operator=clerk
    )
    assert done.step is SaleStep.PRICE
    assert (done.customer.name, done.customer.phone) == ("王 小满", "15400000001")
    assert (done.customer.division_code, done.customer.division) == ("330106", "浙江省 杭州市 西湖区")


async def test_given_a_customer_with_a_fault_when_submitted_then_it_says_which_field(shop, clerk, refused):
    sale = await at_customer(shop, clerk)
    good = {"name": "王小满", "phone": "15400000001", "division_code": "330106", "address": "示范路1号"}
    cases = [
        (Reason.NAME_MISSING, {"name": " "}),
        (Reason.PHONE_MISSING, {"phone": ""}),
        (Reason.PHONE_INVALID, {"phone": "12345678901"}),
        (Reason.DIVISION_MISSING, {"division_code": ""}),
        (Reason.DIVISION_UNKNOWN, {"division_code": "999999"}),
        (Reason.ADDRESS_MISSING, {"address": ""}),
        (Reason.TEXT_TOO_LONG, {"name": "王" * 51}),
    ]
    for reason, fault in cases:
        await refused(reason, shop.sales.submit_customer(sale.id, **{**good, **fault}, operator=clerk))
    assert await shop.sales.load(sale.id) == sale


async def test_given_an_earlier_step_when_the_customer_is_submitted_then_it_is_refused(shop, clerk, refused):
    sale = await shop.at_goods(shop.demo.vehicles[0])
    await refused(
        Reason.WRONG_STEP,
        shop.sales.submit_customer(sale.id, "王小满", "15400000001", "330106", "示范路1号", operator=clerk),
    )


async def test_given_a_customer_of_the_past_when_their_phone_is_typed_then_they_are_found(shop, clerk):
    row = shop.store.read_now(lambda: next(iter(Customer.query().limit(1))))
    found = await shop.sales.returning_customer(f"+86 {row.phone[:3]} {row.phone[3:]}", operator=clerk)
    assert (found.name, found.phone, found.division_code) == (row.name, row.phone, row.division_code)
    assert found.division
    assert await shop.sales.returning_customer("15499999999", operator=clerk) is None
    assert await shop.sales.returning_customer("154", operator=clerk) is None


async def test_given_a_few_characters_when_a_division_is_looked_for_then_counties_are_found(shop):
    found = shop.sales.find_divisions("西湖")
    assert ("330106", "浙江省 杭州市 西湖区") in [(one.code, one.text) for one in found]
    assert shop.sales.find_divisions("") == ()


async def test_given_the_price_when_checked_then_floor_and_ceiling_hold_and_nothing_changes(shop, refused):
    sale = await shop.at_price(shop.demo.vehicles[0])
    card = sale.vehicle
    assert await shop.sales.check_price(sale.id, "2,999.00") == 299900
    assert await shop.sales.check_price(sale.id, str(card.floor_price_fen // 100)) == card.floor_price_fen
    below = await refused(Reason.BELOW_FLOOR, shop.sales.check_price(sale.id, str(card.floor_price_fen // 100 - 1)))
    assert below.facts["limit"] == f"{card.floor_price_fen // 100:,}.00"
    await refused(Reason.ABOVE_CEILING, shop.sales.check_price(sale.id, str(card.ceiling_price_fen // 100 + 1)))
    await refused(Reason.AMOUNT_INVALID, shop.sales.check_price(sale.id, "29x9"))
    await refused(Reason.AMOUNT_INVALID, shop.sales.check_price(sale.id, "0"))
    await refused(Reason.AMOUNT_MISSING, shop.sales.check_price(sale.id, ""))
    assert await shop.sales.load(sale.id) == sale


async def test_given_steps_back_and_forth_when_taken_then_nothing_is_lost(shop, clerk):
    sale = await shop.at_price(shop.demo.vehicles[0])
    await shop.sales.keep_typed(sale.id, {"amount": "2990"}, operator=clerk)
    for step in (SaleStep.CUSTOMER, SaleStep.GOODS, SaleStep.VEHICLE, SaleStep.VEHICLE):
        assert (await shop.sales.step_back(sale.id, operator=clerk)).step is step
    await shop.sales.start_bundle(sale.id, operator=clerk)
    again = await shop.sales.finish_goods(sale.id, operator=clerk)
    assert (again.lines, again.customer) == (sale.lines, sale.customer)
    assert again.typed == {"amount": "2990"}


async def test_given_typed_fields_when_kept_then_they_merge_survive_a_restart_and_clear_when_submitted(shop, clerk):
    sale = await at_customer(shop, clerk)
    await shop.sales.keep_typed(sale.id, {"name": "王", "phone": "154"}, operator=clerk)
    await shop.sales.keep_typed(sale.id, {"name": "王小", "amount": "2990", "phone": ""}, operator=clerk)
    shop.reopen()
    assert (await shop.sales.load(sale.id)).typed == {"name": "王小", "phone": "", "amount": "2990"}
    done = await shop.sales.submit_customer(sale.id, "王小满", "15400000001", "330106", "示范路1号", operator=clerk)
    assert done.typed == {"amount": "2990"}


async def test_given_typing_when_kept_then_the_journal_does_not_grow(shop, clerk):
    sale = await at_customer(shop, clerk)
    rows = shop.store.read_now(lambda: Journal.query().count())
    await shop.sales.keep_typed(sale.id, {"name": "王小满", "address": "示范路1号"}, operator=clerk)
    assert shop.store.read_now(lambda: Journal.query().count()) == rows


async def test_given_a_parked_sale_when_the_shop_restarts_then_it_is_listed_masked_and_whole(shop, clerk):
    sale = await shop.at_price(shop.demo.vehicles[0])
    await shop.sales.park(sale.id, operator=clerk)
    shop.reopen()
    (parked,) = await shop.sales.parked()
    assert (parked.id, parked.step, parked.vehicle) == (sale.id, SaleStep.PRICE, shop.demo.vehicles[0].vehicle)
    assert parked.customer_masked == "王**"
    assert await shop.sales.load(sale.id) == sale


async def test_given_a_sale_that_is_unknown_or_cancelled_when_worked_on_then_it_is_refused(shop, clerk, refused):
    await refused(Reason.SALE_NOT_FOUND, shop.sales.load("nothing"))
    await refused(Reason.SALE_NOT_FOUND, shop.sales.step_back("nothing", operator=clerk))
    sale = await shop.at_goods(shop.demo.vehicles[0])
    await shop.sales.cancel(sale.id, clerk)
    refusal = await refused(Reason.SALE_FROZEN, shop.sales.step_back(sale.id, operator=clerk))
    assert refusal.facts["state"] == "CANCELLED"
    await shop.sales.keep_typed(sale.id, {"name": "王"}, operator=clerk)
    assert (await shop.sales.load(sale.id)).typed == {}


def test_given_a_kill_right_after_an_accepted_scan_when_reopened_then_the_scan_is_there(tmp_path):
    program = textwrap.dedent("""
        import asyncio, os, signal, sys
        from pathlib import Path
        from data.states import Role
        from data.store import Store
        from kiosk.demo.catalogue import demo_shop
        from kiosk.demo.seeding import seed
        from kiosk.services import views
        from kiosk.services.clock import Clock
        from kiosk.services.sale import SaleService

        clock = Clock()
        store = Store.open(Path(sys.argv[1]), now_ms=clock.now_ms)
        if sys.argv[2] == "sell":
            seed(store, clock, past=1)
        sales = SaleService(store, clock, "DEMO01")
        clerk = views.Operator("1001", "", Role.CLERK)

        async def sell():
            vehicle = demo_shop().vehicles[0]
            sale = await sales.open_bundle(clerk, vehicle.vehicle)
            await sales.choose_colour(sale.id, vehicle.colours[0], operator=clerk)
            await sales.start_bundle(sale.id, operator=clerk)
            await sales.add_code(sale.id, vehicle.batteries[0], operator=clerk)
            await sales.keep_typed(sale.id, {"name": "half"}, operator=clerk)
            os.kill(os.getpid(), signal.SIGKILL)

        async def look():
            (parked,) = await sales.parked()
            sale = await sales.load(parked.id)
            print(sale.step, len(sale.lines), sale.typed["name"])

        asyncio.run(sell() if sys.argv[2] == "sell" else look())
        store.close()
    """)

    def run(what):
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "shop"), what],
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ),
        )

    killed = run("sell")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert run("look").stdout.split() == ["GOODS", "2", "half"]


async def test_given_sales_worked_on_in_every_way_when_the_journal_is_verified_then_it_tells_the_tables(
    shop, clerk, manager
):
    first, second, third = shop.demo.vehicles[:3]
    priced = await shop.at_price(first)
    await shop.sales.keep_typed(priced.id, {"amount": "1"}, operator=clerk)
    await shop.sales.step_back(priced.id, operator=manager)
    await shop.sales.remove_line(priced.id, 2, operator=manager)
    await shop.sales.park(priced.id, operator=manager)
    await shop.sales.cancel((await shop.with_goods(second)).id, clerk)
    await shop.sales.open_bundle(clerk, third.vehicle)
    assert verify(shop.directory).code == 0
    shop.reopen()
    assert verify(shop.directory).code == 0
