"""The code on the screen while the provider is silent, what Home says about it, and what the paid screen names."""

import pytest

from data.states import PaymentOrderState
from kiosk.screens.home import NoticeButton
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import HelpLine
from kiosk.widgets.qr_code import QrCode

from .conftest import COUNTER_BIKE
from .test_parked import painted


def told(one) -> str:
    return one.app.screen.query_one(HelpLine).render().plain.replace("\n", "")


async def test_given_a_code_and_a_silent_provider_then_the_screen_says_that_no_payment_can_be_seen(counter) -> None:
    async with counter() as one:
        await one.collect()
        assert "请顾客扫码" in told(one)
        for target in ("wechat", "alipay", "nuonuo"):
            await one.town.fault(target, "http500")
        await one.until(lambda: "看不到付款" in told(one))
        assert "不要交车" in told(one)
        assert one.app.screen.query_one(QrCode).code
        assert one.app.shop.health.current().network.level in ("ATTENTION", "FAULT")
        for target in ("wechat", "alipay", "nuonuo"):
            await one.town.heal(target)
        await one.until(lambda: "请顾客扫码" in told(one))
        assert one.app.shop.health.current().network.level == "OK"


async def test_given_no_answer_and_no_code_then_nobody_can_have_paid_and_the_old_refusal_goes_with_the_state(
    counter,
) -> None:
    async with counter() as one:
        await one.town.fault("wechat", "http500")
        await one.reach_price(COUNTER_BIKE)
        await one.touch("微信")
        await one.press("f8")
        await one.until(lambda: one.app.screen.sale.payment.state is PaymentOrderState.UNKNOWN)
        text = "".join(painted(one)).replace(" ", "")
        assert "未知" in text
        assert "顾客不可能已付" in text
        assert "钱可能已付" not in text
        assert "不要再次收款" not in text
        assert {"cancel-payment", "switch-channel"} <= {
            button.id for button in one.app.screen.query(ActionButton) if button.display
        }
        await one.press("escape")
        assert one.message.startswith("不能改动")
        await one.town.heal("wechat")
        await one.until(lambda: one.app.screen.sale.payment.code)
        assert one.message == ""


async def test_given_an_open_code_when_parked_then_home_leads_back_to_it_by_its_amount(counter) -> None:
    async with counter() as one:
        await one.collect()
        amount = one.app.screen.sale.payment.amount_fen // 100
        await one.press("f6")
        await one.until(lambda: one.app.screen.query(NoticeButton))
        notice = next(iter(one.app.screen.query(NoticeButton)))
        assert "收款码还开着" in notice.caption
        assert f"¥{amount:,}.00" in notice.caption
        await one.touch(notice.caption)
        assert one.screen == "CollectScreen"


async def test_given_an_earlier_code_paid_after_a_second_one_was_shown_then_the_paid_screen_names_the_first_channel(
    counter,
) -> None:
    async with counter() as one:
        await one.collect()
        code = one.app.screen.sale.payment.code
        await one.press("f5")
        await one.until(lambda: one.showing("PriceScreen"))
        await one.press("f8")
        await one.until(lambda: one.showing("CollectScreen") and one.app.screen.sale.payment.channel == "ALIPAY")
        await one.pay_late(code)
        await one.until(lambda: one.showing("PaidScreen"))
        facts = str(one.app.screen.query_one("#paid-facts").render())
        assert "微信" in facts
        assert "支付宝" not in facts


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
async def test_given_both_channels_then_their_codes_stand_in_the_same_white_field(counter, language) -> None:
    async with counter() as one:
        fields = []
        await one.collect()
        fields.append(one.app.screen.query_one(QrCode).region)
        one.app.request_language(language)
        await one.until(lambda: one.app.screen.language == language)
        await one.press("f5")
        await one.until(lambda: one.showing("PriceScreen"))
        await one.press("f8")
        await one.until(lambda: one.showing("CollectScreen") and one.app.screen.sale.payment.code)
        fields.append(one.app.screen.query_one(QrCode).region)
        assert fields[0] == fields[1]
        assert fields[0].x > 0
        assert fields[0].bottom < one.app.screen.size.height
        one.app.request_language("zh_CN")
        await one.until(lambda: one.app.screen.language == "zh_CN")
