"""A code typed twice differently: where the two part is told, and the second typing is asked for afresh."""

from kiosk.demo.catalogue import demo_shop
from kiosk.widgets.typed_twice import TypedTwice

BIKE = next(one for one in demo_shop().vehicles[:20] if len(one.batteries) == 4)
CODE = BIKE.batteries[0]
OTHER = CODE[:-1] + ("7" if CODE[-1] != "7" else "8")


async def typed_differently(one) -> None:
    await one.sign_in()
    await one.scan(BIKE.vehicle)
    await one.press("enter", "enter")
    await one.write("battery-first", CODE)
    await one.write("battery-again", OTHER)


async def test_given_two_typings_that_differ_then_the_place_is_told_and_the_second_is_empty_and_in_focus(till) -> None:
    async with till() as one:
        await typed_differently(one)
        assert f"第 {len(CODE)} 位起是 {CODE[-1]} 和 {OTHER[-1]}" in one.message
        assert one.field("battery-again").text == ""
        assert one.app.focused is one.field("battery-again").input
        told = one.message
        await one.press("enter")  # the habit after the last character
        assert one.message == told
        await one.write("battery-again", CODE)
        assert [line.code for line in one.app.screen.sale.lines][1:] == [CODE]


async def test_given_a_typed_pair_when_the_same_code_is_scanned_then_the_pair_has_gone(till) -> None:
    async with till() as one:
        await typed_differently(one)
        await one.scan(CODE)
        assert one.message.startswith("已添加")
        assert one.field("battery-first").text == ""
        assert not one.app.screen.query_one("#battery", TypedTwice).asking


async def test_given_a_typed_pair_when_another_code_is_scanned_then_the_typing_stays(till) -> None:
    async with till() as one:
        await typed_differently(one)
        await one.scan(BIKE.batteries[1])
        assert one.field("battery-first").text == CODE
