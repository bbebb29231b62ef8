"""Scans at awkward moments and from awkward keyboards: each finds its place, or is refused; none is half taken."""

import asyncio

import pytest
from textual import events

from kiosk.demo.catalogue import demo_shop

BIKE, OTHER = demo_shop().vehicles[1:3]
BATTERY = BIKE.batteries[0]


def burst(app, text: str) -> None:
    for character in text:
        app.post_message(events.Key(character, character))
    app.post_message(events.Key("enter", "\r"))


async def test_given_a_command_in_flight_then_scans_wait_and_are_done_in_order(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        gate = asyncio.Event()
        one.app.command("slow", gate.wait)
        burst(one.app, BIKE.charger)
        burst(one.app, BATTERY)
        await one.pilot.pause(0.05)
        assert len(one.app.screen.sale.lines) == 1
        gate.set()
        await one.settle()
        assert [line.code for line in one.app.screen.sale.lines] == [BIKE.vehicle, BIKE.charger, BATTERY]


async def test_given_the_lock_then_a_scan_neither_opens_nor_types(till) -> None:
    async with till() as one:
        await one.sign_in()
        one.app.lock()
        await one.settle()
        await one.scan(BIKE.vehicle)
        assert one.screen == "LockScreen"
        assert one.field("pin").text == ""
        assert one.message.startswith("不能在锁定时使用扫描")
        assert await one.app.shop.sales.parked() == ()


async def test_given_help_over_the_screen_then_a_scan_counts_below_it(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.press("f1")
        await one.scan(BIKE.vehicle)
        assert one.screen == "VehicleScreen"


@pytest.mark.parametrize(
    "typed",
    [BATTERY.swapcase(), "".join(chr(ord(character) + 0xFEE0) for character in BATTERY)],
    ids=["Caps Lock", "full width"],
)
async def test_given_caps_lock_or_a_full_width_input_method_then_the_battery_is_the_same(till, typed: str) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await one.press("enter", "enter")
        await one.scan(typed)
        assert one.app.screen.sale.lines[-1].code == BATTERY


@pytest.mark.parametrize(
    "typed",
    [
        "".join(character for character in BATTERY if character.isdigit()),
        BIKE.vehicle[1:],
        f"http+--mv.cqccms.com.cn-x.action_vinCode^{OTHER.vehicle}9",
        f"httpÖ--example.invalid-cert_cert_ins_id´{OTHER.vehicle}",
    ],
    ids=["letters eaten by an input method", "a fragment", "a layout", "another layout"],
)
async def test_given_what_is_left_of_a_code_then_it_is_refused_and_opens_nothing(till, typed: str) -> None:
    async with till() as one:
        await one.sign_in()
        await one.scan(typed)
        assert one.screen == "HomeScreen"
        assert one.message.startswith("不能")
        assert await one.app.shop.sales.parked() == ()
