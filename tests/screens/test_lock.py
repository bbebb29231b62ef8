"""Wrong PINs tell themselves apart; the lock lets another operator in without a try of the one who locked."""

import pytest

from data.models.shop import Operator
from kiosk.demo.catalogue import demo_shop

CLERK, MANAGER = demo_shop().operators[:2]
BIKE = demo_shop().vehicles[1]


def wrong_pins(one, number: str) -> int:
    return one.app.shop.store.read_now(lambda: Operator.find(number).failed_attempts)


async def test_given_wrong_pins_then_each_says_which_try_it_was_and_how_many_are_left(till) -> None:
    async with till() as one:
        told = []
        for _ in range(5):
            await one.write("operator", CLERK.number)
            await one.write("pin", "000000")
            await one.press("f8")
            told.append(one.message)
        assert "第 2 次，再错 3 次将锁定 30 秒" in told[1]
        assert len(set(told)) == 5
        assert told[4].startswith("不能登录：尝试次数过多，请等 0:")


async def test_given_a_colleague_who_types_their_number_where_the_pin_is_asked_then_no_try_is_burnt(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.press("f9")
        for text in (MANAGER.number, MANAGER.pin):
            one.app.focused.value = text
            await one.press("enter")
        assert one.app.operator.number == MANAGER.number
        assert wrong_pins(one, CLERK.number) == 0


async def test_given_the_same_number_typed_again_as_pin_then_it_is_tried_as_one(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.press("f9")
        for _ in range(2):
            await one.write("pin", CLERK.number)
            await one.press("enter")
        assert one.message.startswith("不能登录")
        assert wrong_pins(one, CLERK.number) == 1


async def test_given_the_button_for_somebody_else_then_number_and_pin_are_asked_in_their_order(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.press("f9")
        await one.touch("换人")
        assert one.app.focused is one.field("operator").input
        for text in (MANAGER.number, MANAGER.pin):
            one.app.focused.value = text
            await one.press("enter")
        assert one.app.operator.number == MANAGER.number


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_given_a_sale_on_the_screen_when_locked_by_key_then_it_is_as_it_was_after_unlocking(till, steps) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        if steps:
            await one.press("enter", "enter")
        if steps > 1:
            for code in (*BIKE.batteries, BIKE.charger):
                await one.scan(code)
            await one.press("f8")
            await one.write("name", "王小明")
        before = one.screen
        await one.press("f9")
        assert one.screen == "LockScreen"
        await one.write("pin", CLERK.pin)
        await one.press("enter")
        assert one.screen == before
        if steps > 1:
            assert one.field("name").text == "王小明"


async def test_given_another_language_on_the_lock_then_the_screen_below_speaks_it_too(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.press("f9")
        await one.touch("换人")
        await one.press("f2")
        assert one.field("operator").text == ""
        assert one.app.focused is one.field("operator").input
        await one.write("operator", CLERK.number)
        await one.write("pin", CLERK.pin)
        await one.press("enter")
        assert one.screen == "HomeScreen"
        assert one.app.screen.language == "en"
