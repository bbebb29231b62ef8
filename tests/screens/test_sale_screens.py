"""The sale on the screen, with a real shop behind it."""

import asyncio
from dataclasses import replace

import pytest
from rich.cells import cell_len

from kiosk.demo.catalogue import demo_shop
from kiosk.screens.collect import CollectScreen
from kiosk.services.collection import CollectionService
from kiosk.services.views import Channel, Payment, PaymentOrderState, SaleStep
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import HelpLine
from kiosk.widgets.money import BigAmount, yuan

from .test_parked import painted

BIKE = demo_shop().vehicles[1]
FOUR_BATTERIES = next(one for one in demo_shop().vehicles[:20] if len(one.batteries) == 4)


async def test_given_a_scan_in_the_middle_of_typing_then_it_finds_its_place_and_the_field_is_as_before(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        await one.write("battery-first", "990")
        await one.scan(BIKE.charger)
        assert one.field("battery-first").text == "990"
        assert one.app.screen.sale.lines[-1].code == BIKE.charger
        assert not one.app.screen.query_one("#charger").asking


async def test_given_scans_and_enter_only_then_the_sale_reaches_the_customer(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        for code in (*BIKE.batteries, BIKE.charger):
            await one.scan(code)
        await one.press("enter")
        assert one.screen == "CustomerScreen"
        assert one.app.screen.sale.step is SaleStep.CUSTOMER


async def test_given_a_code_typed_twice_then_it_is_taken_and_an_enter_presses_nothing(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.write("vehicle-first", BIKE.vehicle)
        assert one.field("vehicle-again").display
        await one.write("vehicle-again", "1" * len(BIKE.vehicle))
        assert one.message.startswith("不能")
        assert one.screen == "NewSaleScreen"
        await one.write("vehicle-again", BIKE.vehicle)
        assert one.screen == "VehicleScreen"
        await one.press("enter")
        assert one.app.screen.sale.colour is None
        await one.press("enter")
        assert one.app.screen.sale.colour in BIKE.colours
        assert one.screen == "VehicleScreen"


async def test_given_a_malformed_first_typing_when_entered_then_it_is_refused_and_nothing_is_opened(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.write("vehicle-first", "12345")
        await one.press("enter")
        assert one.message.startswith("不能使用 12345")
        assert await one.app.shop.sales.parked() == ()


async def test_given_a_button_pressed_too_early_then_it_says_why_and_the_step_stays(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.touch("开始捆绑")
        assert one.message.startswith("不能开始：还没有选颜色")
        await one.touch(BIKE.colours[0])
        await one.touch("开始捆绑")
        await one.touch("下一步")
        assert one.message.startswith("不能进入下一步")
        assert one.screen == "GoodsScreen"


async def test_given_a_restart_then_what_was_typed_and_chosen_is_back(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        for code in (*BIKE.batteries, BIKE.charger):
            await one.scan(code)
        await one.press("f8")
        await one.write("name", "王[/]小明")
        await one.write("division", "西湖")
        await one.press("down", "enter")
        chosen = one.field("division").text
        assert chosen == "江西省 南昌市 西湖区"
    async with till() as one:
        await one.sign_in()
        await one.press("f3")
        assert one.screen == "CustomerScreen"
        assert one.field("name").text == "王[/]小明"
        assert one.field("division").text == chosen
        assert not one.app.screen.query(ChoiceButton)


async def test_given_two_quick_touches_when_the_first_is_under_way_then_the_second_is_ignored(till) -> None:
    async with till() as one:
        await one.sign_in()
        runs = []

        async def work() -> None:
            runs.append(len(runs))
            await asyncio.sleep(0.05)

        one.app.command("twice", work)
        one.app.command("twice", work)
        assert one.app.busy == 1
        await one.settle()
        assert runs == [0]


async def test_given_an_unforeseen_error_then_a_number_is_shown_and_found_in_the_log(till, tmp_path) -> None:
    async with till() as one:

        async def fail() -> None:
            raise ZeroDivisionError("boom")

        one.app.command("fail", fail)
        await one.settle()
        reference = one.message.partition("内部错误 ")[2][:6]
        assert "boom" not in one.message
        assert f"reference {reference}" in (tmp_path / "kiosk.log").read_text("utf-8")


async def test_given_a_scan_before_signing_in_or_while_locked_then_it_only_says_a_line(till) -> None:
    async with till() as one:
        await one.scan(BIKE.vehicle)
        assert one.message.startswith("不能在登录前")
        assert one.field("operator").text == ""
        await one.sign_in()
        await one.press("f9")
        await one.scan(BIKE.vehicle)
        assert one.message.startswith("不能在锁定时")
        assert await one.app.shop.sales.parked() == ()


async def test_given_a_pin_typed_as_fast_as_a_scanner_then_it_is_a_pin_all_the_same(till) -> None:
    owner = next(one for one in demo_shop().operators if one.role.lower() == "owner")
    async with till() as one:
        await one.write("operator", owner.number)
        one.field("pin").enter()
        await one.settle()
        await one.scan(owner.pin)
        assert one.screen == "HomeScreen"


async def test_given_a_lock_in_a_sale_when_unlocked_then_the_typing_goes_on_where_it_was(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        await one.write("battery-first", "990PB")
        one.app.lock()
        await one.settle()
        pin = next(operator.pin for operator in demo_shop().operators if operator.number == one.app.operator.number)
        await one.write("pin", pin)
        await one.press("enter")
        assert one.screen == "GoodsScreen"
        assert one.field("battery-first").text == "990PB"


async def test_given_a_lock_when_another_operator_signs_in_over_it_then_the_open_sale_stays_parked(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        one.app.lock()
        await one.settle()
        manager = demo_shop().operators[1]
        await one.write("operator", manager.number)
        await one.write("pin", manager.pin)
        await one.press("enter")
        assert one.screen == "HomeScreen"
        assert one.app.operator.number == manager.number
        assert [sale.vehicle for sale in await one.app.shop.sales.parked()] == [BIKE.vehicle]


async def test_given_another_language_in_the_middle_of_a_sale_then_what_was_typed_stays(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.write("vehicle-first", "999")
        await one.app.use_language("en")
        await one.settle()
        assert one.field("vehicle-first").text == "999"
        assert one.field("vehicle-first").label == "Vehicle code"


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
async def test_every_step_fits_a_small_screen_with_targets_a_finger_can_hit(till, language) -> None:
    async with till(language) as one:
        fits(one)
        await one.sign_in("owner")
        fits(one)
        await one.press("f8")
        fits(one)
        await one.scan(FOUR_BATTERIES.vehicle)
        fits(one)
        await one.press("enter", "enter")
        for code in (*FOUR_BATTERIES.batteries, FOUR_BATTERIES.charger):
            await one.scan(code)
        fits(one)
        await one.press("f7")
        fits(one)
        await one.press("f7", "enter")
        fits(one)
        await one.write("name", "王小明")
        await one.write("phone", "13812345678")
        await one.write("address", "文三路 100 号")
        await one.write("division", "西湖")
        await one.press("enter", "f8")
        assert one.screen == "PriceScreen"
        fits(one)
        await one.press("f6", "f4")
        fits(one)
        await one.press("enter", "enter")
        fits(one)
        await one.press("f8")
        fits(one)


def fits(one) -> None:
    """Nothing to touch lies outside, is too small or shows less than its label; the help line is one line."""
    screen = one.app.screen
    for button in screen.query(ActionButton):
        if button.display and all(parent.display for parent in button.ancestors):
            assert button.region in screen.region, button.caption
            assert button.region.height >= 3, button.caption
            assert button.region.width >= 6, button.caption
            room = button.content_region.width - 2 * button.styles.line_pad
            assert cell_len(button.label.plain) <= room, button.caption
    for field in screen.query(Field):
        if field.display and field.parent.display:
            assert field.region in screen.region, field.label
            assert cell_len(field.label) <= field.region.width - 4, field.label
    for line in screen.query(HelpLine):
        assert cell_len(str(line.content)) <= line.content_region.width * line.content_region.height


async def test_given_a_code_typed_once_when_going_on_then_its_second_typing_is_asked_for(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.touch("开始捆绑")
        assert one.message.startswith("不能开始：还没有车辆")
        await one.write("vehicle-first", BIKE.vehicle)
        await one.touch("开始捆绑")
        assert "请填写「再输一次」" in one.message
        assert one.app.focused is one.field("vehicle-again").input
        await one.write("vehicle-again", BIKE.vehicle[:-1])
        await one.touch("开始捆绑")
        assert "两次输入不一致" in one.message
        await one.write("vehicle-again", BIKE.vehicle)
        await one.press("enter", "enter", "f8")
        for field, code in (("battery", BIKE.batteries[0]), ("charger", BIKE.charger)):
            await one.write(f"{field}-first", code)
            await one.touch("下一步")
            assert "请填写「再输一次」" in one.message
            assert one.app.focused is one.field(f"{field}-again").input
            await one.write(f"{field}-again", code[:-1])
            await one.touch("下一步")
            assert "两次输入不一致" in one.message
            await one.write(f"{field}-first", "")
        assert one.screen == "GoodsScreen"


async def test_given_a_channel_chosen_and_a_price_typed_when_restarted_then_both_are_back(till, monkeypatch) -> None:
    monkeypatch.setattr(CollectionService, "channels", frozenset({Channel.WECHAT, Channel.CASH}))
    async with till() as one:
        await one.reach_price(BIKE)
        await one.write("amount", "2888.5")
        await one.touch("现金")
    async with till() as one:
        await one.sign_in()
        await one.press("f3")
        assert one.field("amount").text == "2888.5"
        assert [choice.caption for choice in one.app.screen.query(ChoiceButton) if choice.chosen] == ["现金"]


async def test_given_an_amount_that_is_none_then_the_check_says_so_in_whole_lines(counter) -> None:
    async with counter() as one:
        await one.reach_price(BIKE)
        verdict = one.app.screen.query_one("#verdict")
        await one.write("amount", "")
        assert verdict.render().plain == "✕ 不能收款：还没有金额"
        await one.write("amount", "abc")
        assert verdict.render().plain == "✕ 不能收款：这不是金额"
        await one.touch("微信")
        await one.press("f8")
        assert one.message.startswith("不能使用金额「abc」")


async def test_given_a_price_out_of_its_limits_then_neither_is_on_the_screen_and_help_tells_both(
    counter,
) -> None:
    async with counter() as one:
        await one.reach_price(BIKE)
        card = one.app.screen.sale.vehicle
        limits = {yuan(card.floor_price_fen), yuan(card.ceiling_price_fen)}
        figures = {limit.removeprefix("¥").removesuffix(".00") for limit in limits}
        await one.touch("微信")
        for amount in ("100", "99999"):
            await one.write("amount", amount)
            await one.press("f8")
            assert one.message
            fits(one)
            assert not any(figure in "".join(painted(one)) for figure in figures)
        await one.press("f1")
        assert all(limit in "".join(painted(one)) for limit in limits)


async def test_given_a_refused_amount_when_typed_again_then_it_is_replaced(counter) -> None:
    async with counter() as one:
        await one.reach_price(BIKE)
        await one.touch("微信")
        await one.write("amount", "1")
        one.app.screen.query_one("#collect").focus()
        await one.press("f8")
        assert "低于底价" in one.message
        await one.press("2", "6", "0", "0")
        assert one.field("amount").text == "2600"


async def test_given_a_button_with_the_focus_when_digits_are_typed_then_they_are_the_new_amount(counter) -> None:
    async with counter() as one:
        await one.reach_price(BIKE)
        await one.touch("微信")
        assert one.app.screen.focused.id == "collect"
        await one.press("2", "6", "5", "0")
        assert one.field("amount").text == "2650"
        assert one.app.screen.query_one(BigAmount).query_one("Digits").value == "2,650.00"


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
@pytest.mark.parametrize("state", ["NEW", "WAITING", "UNKNOWN", "UNKNOWN_SHOWN", "CLOSING", "CLOSED", "MISMATCH"])
async def test_the_code_screen_says_what_to_do_in_every_state_and_helps(till, state, language) -> None:
    async with till(language) as one:
        await one.reach_price(BIKE)
        mismatch = state == "MISMATCH"
        payment = Payment(
            number="1",
            channel=Channel.WECHAT,
            state=PaymentOrderState.WAITING if mismatch else PaymentOrderState(state.removesuffix("_SHOWN")),
            amount_fen=299900,
            code="weixin://wxpay/bizpayurl?pr=abcdefg" if state in ("WAITING", "UNKNOWN_SHOWN") else None,
            expires_at_ms=one.app.shop.clock.now_ms() + 60_000,
            provider_number=None,
            note="MISMATCH:amount" if mismatch else None,
        )
        screen = CollectScreen(replace(one.app.screen.sale, payments=(payment,)))
        screen.follows_sale = False
        screen.reload = lambda: None
        await one.app.show(screen)
        await one.settle()
        told = screen.query_one(HelpLine).render().plain
        assert told.count("\n") < 2
        assert told.replace("\n", "").replace(" ", "") == screen.help_text().replace(" ", "")
        if language == "zh_CN":
            assert ("请顾客扫码" in told) == (state == "WAITING")
            assert ("不要再次收款" in told) == (state == "UNKNOWN_SHOWN")
            meaning = str(screen.query_one("#pay-meaning").render())
            assert ("顾客不可能已付" in meaning) == (state == "UNKNOWN")
            assert ("钱可能已付" in meaning) == (state == "UNKNOWN_SHOWN")
            assert ("不要交车" in told) == mismatch
            assert ("重新收款" in told) == (state == "CLOSED")
        fits(one)
        await one.press("f1")
        assert one.screen == "HelpScreen"
