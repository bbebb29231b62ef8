"""Keys from the terminal on a busy machine: late hands do not tear a scan apart, stray bytes are no end."""

import time

import pytest
from textual import events

from drivers.scanners.wedge import LATE_GAP
from kiosk.demo.catalogue import demo_shop
from kiosk.terminal_input import StampedParser

BIKE, OTHER = demo_shop().vehicles[1:3]
LONGER_THAN_A_PAUSE = LATE_GAP + 0.05


def read(*reads: tuple[bytes, float]) -> list[events.Key]:
    parser = StampedParser()
    messages = [message for data, at in reads for message in parser.feed(data, at)]
    messages += parser.give_up()
    return [message for message in messages if isinstance(message, events.Key)]


def test_everything_of_one_read_has_its_time_however_late_it_is_parsed() -> None:
    keys = read((b"999\r", 7.0), (b"1", 7.3))
    assert [(key.key, key.time) for key in keys] == [("9", 7.0)] * 3 + [("enter", 7.0), ("1", 7.3)]


def test_given_half_a_character_at_the_end_of_a_read_then_it_is_whole_with_the_next() -> None:
    first, second = "王".encode()[:2], "王".encode()[2:]
    assert [key.character for key in read((b"a" + first, 1.0), (second + b"b", 1.01))] == ["a", "王", "b"]


@pytest.mark.parametrize("stray", [b"\xff", b"\xc3", b"\x80\x81", b"\xed\xa0\x80", b"\xf8\x88"])
def test_given_bytes_that_are_no_text_then_the_keys_round_them_arrive(stray: bytes) -> None:
    keys = read((b"12" + stray + b"34\r", 1.0))
    assert [key.key for key in keys if key.character and key.character.isascii()] == ["1", "2", "3", "4", "enter"]


def test_given_an_escape_pressed_alone_before_a_key_then_they_are_two_keys_even_when_both_wait() -> None:
    assert [key.key for key in read((b"\x1b", 1.0), (b"a", 2.0))] == ["escape", "a"]
    assert [key.key for key in read((b"\x1b", 1.0), (b"[A", 1.01))] == ["up"]


def test_given_an_escape_inside_a_code_then_what_follows_keeps_the_time_of_its_read() -> None:
    assert {key.time for key in read((b"9995\x1b22600000018\r", 3.0))} == {3.0}


def test_given_half_a_character_and_nothing_more_then_the_next_scan_does_not_begin_with_it() -> None:
    keys = read((b"\xc3", 1.0), (b"9\r", 2.0))
    assert [(key.character, key.time) for key in keys] == [("\ufffd", 1.0), ("9", 2.0), ("\r", 2.0)]


async def test_given_an_input_thread_put_aside_in_the_middle_of_a_read_then_the_scan_is_whole(till) -> None:
    async with till() as one:
        await one.sign_in()
        for message in StampedParser().feed(f"{BIKE.vehicle}\r".encode(), time.monotonic()):
            one.app.post_message(message)
            await one.pilot.pause(LONGER_THAN_A_PAUSE if message.character == BIKE.vehicle[2] else None)
        await one.settle()
        assert one.screen == "VehicleScreen"
        assert one.app.screen.sale.vehicle.code == BIKE.vehicle


async def test_given_a_read_that_ends_without_enter_then_it_is_typing_after_a_pause(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        for message in StampedParser().feed(b"12345678", time.monotonic()):
            one.app.post_message(message)
        while one.field("vehicle-first").text != "12345678":
            await one.pilot.pause()


async def test_given_an_escape_inside_a_scanned_code_then_it_is_refused_and_no_key_of_it_acts(till) -> None:
    async with till() as one:
        await one.sign_in()
        for message in read((BIKE.vehicle[:9].encode() + b"\x1b[19~" + BIKE.vehicle[9:].encode() + b"\r", 1.0)):
            one.app.post_message(message)  # in the middle, what a terminal sends for F8
        await one.settle()
        assert one.screen == "HomeScreen"
        assert one.message.startswith("不能识别这次扫描")
        assert await one.app.shop.sales.parked() == ()
