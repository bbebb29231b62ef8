"""A payment that comes after its code was closed: the screen shows it, Home leads to it, 交车 finishes it."""

from dataclasses import replace

import pytest

from data.states import Channel, SaleState
from drivers.payments.base import QueryStatus
from kiosk import i18n
from kiosk.screens.home import NoticeButton
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.frame import StatusLine

from .conftest import COUNTER_BIKE as BIKE


async def test_given_a_late_payment_on_the_closed_code_then_hand_over_finishes_it_with_invoice_and_slips(counter):
    async with counter() as one:
        await one.collect()
        sale_id, code = one.app.screen.sale.id, one.app.screen.sale.payment.code
        await one.press("f7")
        await one.until(lambda: one.app.screen.sale.payment.state == "CLOSED")
        await one.pay_late(code)
        await one.until(lambda: one.showing("PaidScreen"))
        assert one.app.screen.sale.state is SaleState.PAID
        await one.press("f6")
        notice = next(iter(one.app.screen.query(NoticeButton)))
        assert "晚到付款" in notice.caption
        await one.touch(notice.caption)
        assert one.screen == "PaidScreen"
        await one.scan(BIKE.vehicle)
        assert "请先按「交车」" in one.message
        await one.touch("交车")
        assert one.screen == "HomeScreen"
        assert one.message.startswith("已交车")
        sale = await one.finished(sale_id)
        assert sale.state is SaleState.DONE
        await one.press("f4", "escape")
        assert not one.app.screen.query(NoticeButton)


async def test_given_a_late_payment_after_going_back_to_the_price_then_it_pays_the_sale_all_the_same(counter):
    async with counter() as one:
        await one.collect()
        sale_id, code = one.app.screen.sale.id, one.app.screen.sale.payment.code
        await one.press("f7")
        await one.until(lambda: one.app.screen.sale.payment.state == "CLOSED")
        await one.touch("返回")
        assert one.screen == "PriceScreen"
        await one.write("amount", "1")
        await one.pay_late(code)
        await one.until(lambda: one.showing("PaidScreen"))
        await one.touch("交车")
        sale = await one.finished(sale_id)
        assert sale.state is SaleState.DONE
        assert sale.late


async def test_given_the_channel_button_is_tapped_twice_then_one_code_is_closed_and_the_other_channel_is_chosen(
    counter,
):
    async with counter() as one:
        await one.collect()
        button = one.app.screen.query_one("#switch-channel")
        button.press()
        button.press()
        await one.until(lambda: one.showing("PriceScreen"))
        sale = await one.app.shop.sales.load(one.app.screen.sale.id)
        assert [payment.state for payment in sale.payments] == ["CLOSED"]
        chosen = [choice.value for choice in one.app.screen.query(ChoiceButton) if choice.chosen]
        assert chosen == ["ALIPAY"]
        await one.press("f8")
        await one.until(lambda: one.showing("CollectScreen") and one.app.screen.sale.payment.code)
        sale = one.app.screen.sale
        assert [(payment.channel, payment.state) for payment in sale.payments] == [
            ("WECHAT", "CLOSED"),
            ("ALIPAY", "WAITING"),
        ]


async def test_given_the_provider_is_silent_when_switching_then_the_screen_says_so_and_offers_no_second_order(counter):
    async with counter() as one:
        await one.collect()
        await one.town.fault("wechat", "timeout")
        await one.press("f5")
        await one.until(lambda: one.app.screen.sale.payment.state == "UNKNOWN")
        assert one.showing("CollectScreen")
        shown = {button.id for button in one.app.screen.query(ActionButton) if button.display}
        assert not shown & {"again", "reopen", "switch-channel", "cancel-payment"}
        assert "正在换渠道" in str(one.app.screen.query_one("#pay-meaning").render())
        await one.town.heal("wechat")
        await one.until(lambda: one.showing("PriceScreen"))


async def test_given_calling_off_met_a_payment_when_switching_then_the_customer_is_told_that_it_went_back(
    counter, monkeypatch
):
    async with counter() as one:
        await one.reach_price(BIKE)
        await one.touch("支付宝")
        await one.press("f8")
        await one.until(lambda: one.app.screen.sale.payment.code)
        driver = one.app.shop.collection._channels["ALIPAY"].driver
        cancel, code = driver.cancel, one.app.screen.sale.payment.code

        async def too_late(number):
            await one.town.pay(code)
            monkeypatch.setattr(driver, "cancel", cancel)
            return await cancel(number)

        monkeypatch.setattr(driver, "cancel", too_late)
        await one.press("f5")
        await one.until(lambda: one.app.screen.sale.payment.returned)
        await one.settle()
        assert one.showing("CollectScreen")
        told = str(one.app.screen.query_one("#pay-meaning").render())
        assert "已原路退回" in told
        assert "¥" in told
        shown = {button.id for button in one.app.screen.query(ActionButton) if button.display}
        assert {"again", "reopen", "switch-channel"} <= shown


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
async def test_given_the_code_screen_at_its_least_size_then_every_button_is_whole(counter, language):
    async with counter() as one:
        one.app.demo = object()  # the demo's own button makes it one more
        await one.collect()
        one.app.request_language(language)
        await one.until(lambda: one.app.screen.language == language)
        bottom = one.app.screen.query_one(StatusLine).region.y
        buttons = [button for button in one.app.screen.query(ActionButton) if button.display]
        assert len(buttons) == 5
        assert all(button.region.height == 3 and button.region.bottom <= bottom for button in buttons)
        await one.settle()
        one.app.request_language(i18n.SOURCE)
        await one.until(lambda: one.app.screen.language == i18n.SOURCE)


async def test_given_a_refund_at_the_provider_before_it_was_booked_then_the_screen_says_to_check_the_money_first(
    counter, monkeypatch
):
    async with counter() as one:
        await one.collect()
        driver = one.app.shop.collection._channels[Channel.WECHAT].driver
        query = driver.query

        async def refunded(number):
            answer = await query(number)
            return replace(answer, status=QueryStatus.PAID_REFUNDED) if answer.status == "PAID" else answer

        monkeypatch.setattr(driver, "query", refunded)
        await one.town.pay(one.app.screen.sale.payment.code)
        await one.until(lambda: one.showing("PaidScreen"))
        assert "先核对钱还在不在" in one.app.screen.help_text()
        assert "钱已收到" not in one.app.screen.help_text()
