"""Mistakes are taken back with one touch: a wrong part, a part taken off by mistake, a wrong vehicle."""

import pytest

from data.models import Journal, Unit
from kiosk.demo.catalogue import demo_shop
from kiosk.rules.refusals import Reason, Refusal

BIKE = demo_shop().vehicles[1]
TWO_BATTERIES = next(one for one in demo_shop().vehicles if len(one.batteries) > 1)


def codes(one) -> list[str]:
    return [line.code for line in one.app.screen.sale.lines]


def state_of(one, code: str) -> str:
    return one.app.shop.store.read_now(lambda: Unit.find(code).state)


async def reach_goods(one, bike) -> None:
    await one.sign_in()
    await one.scan(bike.vehicle)
    await one.press("enter", "enter")
    for code in (*bike.batteries, bike.charger):
        await one.scan(code)


async def test_given_a_part_scanned_by_mistake_when_the_undo_key_is_pressed_twice_then_it_is_off_and_back(till) -> None:
    async with till() as one:
        await reach_goods(one, BIKE)
        whole = codes(one)
        await one.press("f7")
        assert codes(one) == whole[:-1]
        assert "撤销" in one.message
        await one.press("f7")
        assert codes(one) == whole
        await one.press("f8")
        assert one.screen == "CustomerScreen"


async def test_given_an_older_line_when_touched_then_it_goes_and_comes_back_in_its_place(till) -> None:
    async with till() as one:
        await reach_goods(one, TWO_BATTERIES)
        whole = codes(one)
        await one.touch("移除")
        assert codes(one) == [whole[0], *whole[2:]]
        assert state_of(one, whole[1]) == "IN_STOCK"
        await one.touch("撤销")
        assert codes(one) == whole
        assert state_of(one, whole[1]) == "RESERVED"


async def test_given_a_part_taken_off_when_another_is_scanned_then_the_undo_means_that_one(till) -> None:
    async with till() as one:
        await reach_goods(one, TWO_BATTERIES)
        whole = codes(one)
        await one.touch("移除")
        await one.scan(whole[1])
        assert set(codes(one)) == set(whole)
        await one.press("f7")
        assert whole[1] not in codes(one)


@pytest.mark.parametrize("colour", [False, True])
async def test_given_the_wrong_vehicle_when_going_back_then_it_is_in_stock_and_can_be_scanned_again(
    till, colour
) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        if colour:
            await one.touch(BIKE.colours[0])
        await one.press("escape")
        assert one.screen == "HomeScreen"
        assert BIKE.vehicle in one.message
        assert await one.app.shop.sales.parked() == ()
        assert state_of(one, BIKE.vehicle) == "IN_STOCK"
        await one.scan(BIKE.vehicle)
        assert one.screen == "VehicleScreen"


async def test_given_goods_on_the_sale_when_going_back_past_its_first_step_then_it_is_parked_not_lost(till) -> None:
    async with till() as one:
        await reach_goods(one, BIKE)
        await one.press("escape")
        assert one.screen == "VehicleScreen"
        other = BIKE.colours[-1]
        await one.touch(other)
        assert one.app.screen.sale.colour == other
        await one.press("escape")
        assert one.screen == "HomeScreen"
        assert [sale.vehicle for sale in await one.app.shop.sales.parked()] == [BIKE.vehicle]


async def test_given_a_sale_cancelled_by_mistake_when_undone_on_home_then_it_goes_on_where_it_was(till) -> None:
    async with till() as one:
        await one.reach_price(BIKE)
        whole = codes(one)
        await one.touch("取消销售")
        assert one.screen == "PriceScreen"
        one.app.second_presses.forget()  # a person's pause
        await one.touch("确认取消")
        assert one.screen == "HomeScreen"
        assert state_of(one, whole[0]) == "IN_STOCK"
        await one.press("f7")
        assert one.screen == "PriceScreen"
        assert codes(one) == whole
        assert one.app.screen.sale.customer.name == "王小明"
        assert {state_of(one, code) for code in whole[:-1]} == {"RESERVED"}
        told = one.app.shop.store.read_now(lambda: Journal.query().where(Journal.kind == "sale.restored").count())
        assert told == 1


async def test_given_a_cancelled_sale_whose_vehicle_was_taken_meanwhile_when_undone_then_it_is_refused(till) -> None:
    async with till() as one:
        await reach_goods(one, BIKE)
        cancelled = one.app.screen.sale.id
        await one.app.shop.sales.cancel(cancelled, one.app.acting())
        await one.app.go_home()
        await one.scan(BIKE.vehicle)
        taken = one.app.screen.sale.id
        with pytest.raises(Refusal) as refused:
            await one.app.shop.sales.restore(cancelled, one.app.acting())
        assert refused.value.reason is Reason.RESERVED_ELSEWHERE
        assert [sale.id for sale in await one.app.shop.sales.parked()] == [taken]


async def test_given_a_screen_with_buttons_of_its_own_when_one_is_touched_then_it_is_pressed_once(
    till, monkeypatch
) -> None:
    async with till() as one:
        await one.reach_price(BIKE)
        pressed: list[str] = []
        monkeypatch.setattr(type(one.app.screen), "press_cancel", lambda _screen: pressed.append("cancel"))
        await one.touch("取消销售")
        assert pressed == ["cancel"]
