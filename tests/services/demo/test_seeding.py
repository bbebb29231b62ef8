"""The demo shop in a store: whole, deterministic, its journal verifies, and no other shop is ever touched."""

from collections import Counter

import pytest

from data.journal import verify
from data.models import Invoice, Operator, PaymentOrder, PrintJob, Sale, Shift, Terminal, Unit
from data.states import Role
from data.store import Store
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.codes import demo_codes
from kiosk.demo.seeding import PAST_SALES, NotADemoShop, is_demo, seed
from kiosk.rules.calendar import business_day
from kiosk.services import views
from kiosk.services.clock import Clock
from kiosk.services.sale import SaleService
from kiosk.services.sign_in import SignInService

CLERK = views.Operator("1001", "陈晓禾", Role.CLERK)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The demo shop as people get it; the tests of this module only read it."""
    clock = Clock()
    store = Store.open(tmp_path_factory.mktemp("demo") / "shop", now_ms=clock.now_ms)
    assert seed(store, clock)
    yield store, clock
    store.close()


@pytest.fixture
def empty(tmp_path):
    clock = Clock()
    store = Store.open(tmp_path / "shop", now_ms=clock.now_ms)
    yield store, clock
    store.close()


def test_given_a_seeded_shop_when_counted_then_every_past_sale_is_whole(whole):
    store, _ = whole

    def count():
        return (
            Counter(row.state for row in Sale.query(Sale.state)),
            Counter(row.state for row in PaymentOrder.query(PaymentOrder.state)),
            Counter(row.state for row in Invoice.query(Invoice.state)),
            Counter((row.kind, row.copy, row.state) for row in PrintJob.query()),
        )

    sales, orders, invoices, jobs = store.read_now(count)
    assert sales == {"DONE": PAST_SALES}
    assert orders == {"PAID": PAST_SALES}
    assert invoices == {"ISSUED": PAST_SALES}
    assert jobs == {
        ("ORIGINAL", "MERCHANT", "PRINTED"): PAST_SALES,
        ("ORIGINAL", "CUSTOMER", "PRINTED"): PAST_SALES,
    }


def test_given_a_seeded_shop_when_its_serials_are_read_then_they_are_gapless_and_none_is_todays(whole):
    store, clock = whole
    today = business_day(clock.now_ms())
    serials = store.read_now(lambda: [(row.business_day, row.serial) for row in Sale.query()])
    by_day: dict[str, list[int]] = {}
    for day, serial in serials:
        assert day < today
        assert serial.startswith("DEMO01" + day[2:].replace("-", ""))
        by_day.setdefault(day, []).append(int(serial[-5:]))
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in by_day.values())


def test_given_a_seeded_shop_when_its_journal_is_verified_then_it_is_whole(whole):
    store, _ = whole
    assert verify(store.directory).code == 0


def test_given_a_seeded_shop_when_seeded_again_then_nothing_happens(whole):
    store, clock = whole
    assert is_demo(store)
    assert not seed(store, clock)


def test_given_a_seeded_shop_when_looked_at_then_it_is_bound_enrolled_and_open(whole):
    store, _ = whole
    terminal, shifts, operators = store.read_now(
        lambda: (Terminal.find("DEMO01"), list(Shift.query()), list(Operator.query()))
    )
    assert (terminal.state, terminal.outlet) == ("ACTIVE", "DEMO")
    assert [shift.state for shift in shifts] == ["OPEN"]
    assert {one.role for one in operators} == {"CLERK", "MANAGER", "OWNER", "SUPPORT"}


async def test_given_a_seeded_shop_when_everybody_signs_in_then_their_pins_fit(whole):
    store, clock = whole
    sign_in = SignInService(store, clock)
    for one in demo_codes(store).operators:
        assert (await sign_in.sign_in(one.number, one.pin)).role.value.lower() == one.role


def test_given_a_fresh_shop_when_codes_are_listed_then_at_least_forty_without_a_gap(whole):
    store, _ = whole
    codes = demo_codes(store)
    assert len(codes.vehicles) >= 40
    assert [one.vehicle for one in codes.vehicles] == [one.vehicle for one in demo_shop().vehicles]
    for one in codes.vehicles[:20]:
        assert one.colours
        assert one.batteries
        assert None not in (one.charger, one.incompatible_battery, one.wrong_charger)
    assert None not in (codes.sold_vehicle, codes.banned_vehicle, codes.unknown_vehicle)


async def test_given_every_listed_vehicle_when_bundled_as_listed_then_the_goods_are_complete(empty):
    store, clock = empty
    seed(store, clock, past=1)
    sales = SaleService(store, clock, "DEMO01")
    for one in demo_codes(store).vehicles:
        sale = await sales.open_bundle(CLERK, one.vehicle)
        assert sale.vehicle.list_price_fen == one.price_fen
        await sales.choose_colour(sale.id, one.colours[-1], operator=CLERK)
        await sales.start_bundle(sale.id, operator=CLERK)
        for code in (*one.batteries, one.charger):
            await sales.add_code(sale.id, code, operator=CLERK)
        done = await sales.finish_goods(sale.id, operator=CLERK)
        assert all(line.pairing_known for line in done.lines)
    assert demo_codes(store).vehicles == ()


async def test_given_a_vehicle_taken_when_codes_are_listed_then_only_it_is_gone(empty):
    store, clock = empty
    seed(store, clock, past=1)
    first, *rest = demo_codes(store).vehicles
    await SaleService(store, clock, "DEMO01").open_bundle(CLERK, first.vehicle)
    assert list(demo_codes(store).vehicles) == rest


def test_given_two_shops_seeded_on_one_day_when_compared_then_their_facts_are_the_same(tmp_path):
    def facts(name):
        clock = Clock()
        store = Store.open(tmp_path / name, now_ms=clock.now_ms)
        seed(store, clock, past=30)
        try:
            return store.read_now(
                lambda: (
                    sorted((row.id, row.serial, row.customer_phone, row.total_fen) for row in Sale.query()),
                    sorted((row.number, row.fiscal_number, row.tax_fen) for row in Invoice.query()),
                    sorted((row.number[:-8], row.provider_number) for row in PaymentOrder.query()),
                    sorted((row.id, row.sha256) for row in PrintJob.query()),
                    sorted((row.code, row.state) for row in Unit.query()),
                )
            )
        finally:
            store.close()

    assert facts("one") == facts("two")


def test_given_a_real_shop_when_seeding_is_asked_for_then_it_is_refused_and_unchanged(empty):
    store, clock = empty
    store.write_now(lambda tx: tx.create(Terminal, number="A00001"))
    with pytest.raises(NotADemoShop, match="holds a real shop"):
        seed(store, clock)
    assert store.read_now(lambda: (Unit.query().count(), Operator.query().count())) == (0, 0)
    assert not is_demo(store)
