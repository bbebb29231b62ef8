"""The vehicle opens the sale: what is accepted, what is refused, and that a refusal leaves nothing behind."""

from dataclasses import dataclass, replace

from data.models import Sale, Unit
from data.states import SaleState, SaleStep, UnitState
from kiosk.rules.calendar import DAY_MS, business_day
from kiosk.rules.refusals import Reason
from kiosk.services.sale import SaleService
from kiosk.services.sale_reference import SaleReference


@dataclass(frozen=True)
class Ban:
    """A ban of the tests' own."""

    kind: str
    valid_from: str
    chemistries: tuple[str, ...] = ()
    name: str = "test-ban"
    goods_zh: str = "试验品"
    goods_en: str = "test goods"
    valid_to: str = ""
    editions: tuple[str, ...] = ()
    without_ccc: bool = False


def state_of(shop, code):
    return shop.store.read_now(lambda: Unit.find(code).state)


def count_sales(shop):
    return shop.store.read_now(lambda: Sale.query().count())


async def test_given_a_vehicle_in_stock_when_scanned_then_a_draft_holds_it_with_its_card(shop, clerk):
    vehicle = shop.demo.vehicles[0]
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    assert (sale.state, sale.step, sale.serial) == (SaleState.DRAFT, SaleStep.VEHICLE, None)
    assert sale.vehicle.code == vehicle.vehicle
    assert sale.vehicle.colours == vehicle.colours
    assert sale.vehicle.list_price_fen == sale.list_total_fen == vehicle.price_fen
    assert sale.colour is None
    assert state_of(shop, vehicle.vehicle) == UnitState.RESERVED


async def test_given_the_url_of_a_certificate_when_scanned_then_it_works_like_the_bare_code(shop, clerk):
    code = shop.demo.vehicles[0].vehicle
    sale = await shop.sales.open_bundle(clerk, f"http://mv.cqccms.com.cn/x.action?vinCode={code}")
    assert sale.vehicle.code == code


async def test_given_codes_that_open_no_sale_when_scanned_then_each_says_why_and_nothing_changes(shop, clerk, refused):
    first = shop.demo.vehicles[0]
    before = count_sales(shop)
    cases = [
        (Reason.UNKNOWN_VEHICLE, shop.demo.unknown_vehicle),
        (Reason.ALREADY_SOLD, shop.demo.sold_vehicle),
        (Reason.SALE_BANNED, shop.demo.banned_vehicle),
        (Reason.WRONG_KIND, first.batteries[0]),
        (Reason.WRONG_KIND, first.charger),
        (Reason.UNKNOWN_CODE, "HELLO"),
        (Reason.SCAN_UNREADABLE, "12\x0034"),
        (Reason.SCAN_UNREADABLE, " "),
    ]
    for reason, text in cases:
        await refused(reason, shop.sales.open_bundle(clerk, text))
    assert count_sales(shop) == before
    assert state_of(shop, shop.demo.banned_vehicle) == UnitState.IN_STOCK


async def test_given_a_parked_sale_when_its_vehicle_is_scanned_again_then_the_refusal_names_that_sale(
    shop, clerk, refused
):
    vehicle = shop.demo.vehicles[0]
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    await shop.sales.park(sale.id, operator=clerk)
    refusal = await refused(Reason.RESERVED_ELSEWHERE, shop.sales.open_bundle(clerk, vehicle.vehicle))
    assert refusal.facts["sale"] == sale.id
    assert refusal.facts["vehicle"] == vehicle.vehicle
    assert refusal.facts["operator"] == "1001"


async def test_given_one_colour_only_when_started_then_it_must_still_be_chosen(shop, clerk, refused):
    vehicle = next(one for one in shop.demo.vehicles if len(one.colours) == 1)
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    await refused(Reason.NO_COLOUR, shop.sales.start_bundle(sale.id, operator=clerk))
    await refused(Reason.UNKNOWN_COLOUR, shop.sales.choose_colour(sale.id, "透明", operator=clerk))
    chosen = await shop.sales.choose_colour(sale.id, vehicle.colours[0], operator=clerk)
    assert chosen.colour == vehicle.colours[0]
    assert (await shop.sales.start_bundle(sale.id, operator=clerk)).step is SaleStep.GOODS


async def test_given_a_second_press_when_started_then_it_goes_no_further(shop, clerk):
    sale = await shop.at_goods(shop.demo.vehicles[0])
    assert (await shop.sales.start_bundle(sale.id, operator=clerk)).step is SaleStep.GOODS


async def test_given_an_open_sale_when_another_vehicle_is_scanned_then_it_is_refused_at_every_step(
    shop, clerk, refused
):
    vehicle, other = shop.demo.vehicles[:2]
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    await refused(Reason.SECOND_VEHICLE, shop.sales.add_code(sale.id, other.vehicle, operator=clerk))
    await refused(Reason.DUPLICATE_CODE, shop.sales.add_code(sale.id, vehicle.vehicle, operator=clerk))
    await shop.sales.choose_colour(sale.id, vehicle.colours[0], operator=clerk)
    await shop.sales.start_bundle(sale.id, operator=clerk)
    refusal = await refused(Reason.SECOND_VEHICLE, shop.sales.add_code(sale.id, other.vehicle, operator=clerk))
    assert refusal.facts == {"code": other.vehicle, "vehicle": vehicle.vehicle}
    assert state_of(shop, other.vehicle) == UnitState.IN_STOCK


async def test_given_support_when_it_scans_or_cancels_then_it_is_not_permitted(shop, clerk, support, refused):
    vehicle = shop.demo.vehicles[0]
    await refused(Reason.NOT_PERMITTED, shop.sales.open_bundle(support, vehicle.vehicle))
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    await refused(Reason.NOT_PERMITTED, shop.sales.choose_colour(sale.id, vehicle.colours[0], operator=support))
    await refused(Reason.NOT_PERMITTED, shop.sales.keep_typed(sale.id, {"name": "王"}, operator=support))
    await refused(Reason.NOT_PERMITTED, shop.sales.park(sale.id, operator=support))
    await refused(Reason.NOT_PERMITTED, shop.sales.cancel(sale.id, support))


async def test_given_another_operator_when_they_go_on_with_a_sale_then_it_is_theirs(shop, clerk, manager):
    vehicle = shop.demo.vehicles[0]
    sale = await shop.sales.open_bundle(clerk, vehicle.vehicle)
    taken = await shop.sales.choose_colour(sale.id, vehicle.colours[0], operator=manager)
    assert (sale.operator, taken.operator) == ("1001", "1002")


async def test_given_a_ban_from_tomorrow_when_the_business_day_turns_then_the_vehicle_is_refused(shop, clerk, refused):
    ban = Ban("VEHICLE", business_day(shop.clock.now_ms() + DAY_MS))
    sales = SaleService(shop.store, shop.clock, "DEMO01", SaleReference(bans=lambda: (ban,)))
    first, second = shop.demo.vehicles[:2]
    await sales.open_bundle(clerk, first.vehicle)
    shop.clock.advance(DAY_MS)
    refusal = await refused(Reason.SALE_BANNED, sales.open_bundle(clerk, second.vehicle))
    assert refusal.facts == {
        "code": second.vehicle,
        "rule": "test-ban",
        "goods": "试验品",
        "goods_en": "test goods",
        "since": ban.valid_from,
    }


async def test_given_bans_on_batteries_and_chargers_when_scanned_then_only_banned_chemistry_is_refused(
    shop, clerk, refused
):
    lead = next(one for one in shop.demo.vehicles if len(one.batteries) > 2)
    lithium = shop.demo.vehicles[0]
    battery_ban = Ban("BATTERY", "2020-01-01", ("LFP",))
    bans = (battery_ban, replace(battery_ban, kind="CHARGER"))
    sales = SaleService(shop.store, shop.clock, "DEMO01", SaleReference(bans=lambda: bans))
    sale = await shop.at_goods(lithium)
    await refused(Reason.SALE_BANNED, sales.add_code(sale.id, lithium.batteries[0], operator=clerk))
    await refused(Reason.SALE_BANNED, sales.add_code(sale.id, lithium.charger, operator=clerk))
    other = await shop.at_goods(lead)
    await sales.add_code(other.id, lead.batteries[0], operator=clerk)
    await sales.add_code(other.id, lead.charger, operator=clerk)


async def test_given_an_unbound_terminal_when_a_vehicle_is_scanned_then_it_cannot_sell(shop, clerk, refused):
    sales = SaleService(shop.store, shop.clock, "000000")
    await refused(Reason.TERMINAL_UNBOUND, sales.open_bundle(clerk, shop.demo.vehicles[0].vehicle))
