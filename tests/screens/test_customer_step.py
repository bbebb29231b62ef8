"""Who buys: what is needed is marked from the first, and all that lacks is named at once."""

import pytest

from kiosk.demo.catalogue import demo_shop

BIKE = demo_shop().vehicles[1]


async def reach_customer(one) -> None:
    await one.sign_in()
    await one.scan(BIKE.vehicle)
    await one.press("enter", "enter")
    for code in (*BIKE.batteries, BIKE.charger):
        await one.scan(code)
    await one.press("f8")


async def test_given_empty_fields_when_submitted_then_all_are_named_at_once_and_the_first_is_in_focus(till) -> None:
    async with till() as one:
        await reach_customer(one)
        assert one.field("address").border_subtitle == "必填"
        await one.write("name", "王小明")
        assert one.field("name").border_subtitle == ""
        await one.press("f8")
        assert one.message == "不能提交：还缺手机号码、行政区划、详细地址，请填写。"
        assert one.app.focused is one.field("phone").input


@pytest.mark.parametrize("text", ["x杭", "西湖"])
async def test_given_a_division_that_names_none_or_several_when_left_then_it_is_refused_there(till, text) -> None:
    async with till() as one:
        await reach_customer(one)
        await one.write("division", text)
        await one.press("tab")
        assert one.message.startswith(f"不能确定行政区划「{text}」")
        await one.write("division", "330106")
        assert not one.message.startswith("不能")
