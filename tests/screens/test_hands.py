"""What hands do besides typing: double taps, arrow keys, Ctrl+A, scans that come late, a phone held to the scanner."""

import pytest
from textual import events

from kiosk.demo.catalogue import demo_shop
from kiosk.widgets.button import ActionButton, ChoiceButton

BIKE = demo_shop().vehicles[1]


def touch(app, place: tuple[int, int], at: float) -> None:
    """As the terminal tells it: pressed and released, at that moment."""
    for kind in (events.MouseDown, events.MouseUp):
        event = kind(None, *place, 0, 0, 1, False, False, False)
        event.time = at
        app.post_message(event)


def type_at(app, text: str, at: float, gap: float) -> None:
    for number, character in enumerate(text):
        event = events.Key(character, character)
        event.time = at + number * gap
        app.post_message(event)


async def test_given_a_button_tapped_twice_then_what_comes_up_there_is_pressed_by_a_later_tap_only(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        button = one.app.screen.query_one("#cancel", ActionButton)
        place = (button.region.x + 2, button.region.y + 1)
        for at, asking in ((100.0, True), (100.2, True), (100.5, True)):
            touch(one.app, place, at)
            await one.settle()
            assert (one.screen, button.has_class("asking")) == ("VehicleScreen", asking)
        touch(one.app, place, 101.0)
        await one.settle()
        assert one.screen == "HomeScreen"


async def test_given_two_colours_then_arrows_go_between_them_and_space_chooses(till) -> None:
    bike = next(one for one in demo_shop().vehicles if len(one.colours) > 2)
    async with till() as one:
        await one.sign_in()
        await one.scan(bike.vehicle)
        await one.press("right", "right", "left", "right", "space")
        chosen = [choice.value for choice in one.app.screen.query(ChoiceButton) if choice.chosen]
        assert chosen == [bike.colours[2]]


async def test_given_a_refusal_for_what_is_missing_then_it_goes_with_that_field_or_choice_and_no_other(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        for code in (*BIKE.batteries, BIKE.charger):
            await one.scan(code)
        await one.press("f8", "f8")
        assert "姓名" in one.message
        await one.write("address", "文三路")
        assert one.message == ""  # it named all four
        await one.write("phone", "1381234567")
        assert one.message == ""
        await one.write("address", "文三路 1 号")
        assert "手机号码" in one.message
        await one.write("phone", "13812345678")
        assert one.message == ""
        await one.write("division", "西湖")
        one.field("division").enter()
        await one.press("enter", "f8")
        assert "姓名" in one.message
        await one.write("address", "文三路 2 号")
        assert "姓名" in one.message
        await one.write("name", "王小明")
        assert one.message == ""
        await one.press("f8", "f8")
        assert "收款渠道" in one.message
        one.app.screen.amended("channels")
        assert one.message == ""


async def test_given_ctrl_a_in_a_field_then_what_is_typed_replaces_all_of_it(till) -> None:
    async with till() as one:
        await one.write("operator", "99")
        one.app.screen.query_one("#operator").input.action_end()
        await one.press("ctrl+a", "7")
        assert one.field("operator").text == "7"
        await one.press("ctrl+a", "backspace")
        assert one.field("operator").text == ""


@pytest.mark.parametrize("late", [0.2, 0.9])
async def test_given_a_scan_whose_enter_comes_late_then_it_presses_nothing_and_is_told(till, late: float) -> None:
    async with till() as one:
        await one.sign_in()
        one.app.screen.query_one("#bundle", ActionButton).focus()
        type_at(one.app, BIKE.vehicle, 100.0, 0.01)
        await one.settle()
        end = events.Key("enter", "\r")
        end.time = 100.0 + 0.01 * len(BIKE.vehicle) + late
        one.app.post_message(end)
        await one.settle()
        assert one.screen == "HomeScreen"
        assert one.message == "不能采用：扫码没有读完整，请重扫。"
        await one.press("enter")
        assert one.screen == "NewSaleScreen"


@pytest.mark.parametrize("code", ["134567890123456789", "281234567890123456", "301234567890123456789012"])
async def test_given_a_customers_payment_code_then_the_customer_is_to_scan_ours(till, code: str) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(code)
        assert one.message.startswith("不能扫顾客的付款码")
        assert await one.app.shop.sales.parked() == ()
