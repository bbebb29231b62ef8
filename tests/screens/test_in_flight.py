"""What counts as in flight ends: an idle kiosk locks itself, and whoever waits for the screen is not kept waiting."""

import pytest

from kiosk.demo.catalogue import demo_shop

BIKE, OTHER = demo_shop().vehicles[1:3]
FINDS_NOTHING = "9" * 30


@pytest.mark.parametrize("code", [BIKE.vehicle, FINDS_NOTHING])
async def test_given_a_search_begun_by_the_first_key_of_a_scan_then_nothing_stays_in_flight(till, code) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("销售单")
        await one.scan(code)
        assert one.app.busy == 0
        assert one.screen == ("VehicleScreen" if code == BIKE.vehicle else "SaleListScreen")


async def test_given_a_search_that_is_due_when_the_list_is_left_then_nothing_stays_in_flight(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("销售单")
        for _ in range(2):
            await one.pilot.press("1", "3", "8")
        await one.press("escape")
        assert one.screen == "HomeScreen"
        assert one.app.busy == 0


async def test_given_typing_that_is_not_saved_when_the_sale_is_replaced_then_nothing_stays_in_flight(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.touch(BIKE.colours[0])
        await one.touch("开始捆绑")
        one.field("battery-first").enter()
        await one.pilot.press("9", "9")
        await one.app.go_home()
        await one.settle()
        assert one.screen == "HomeScreen"
        assert one.app.busy == 0
