"""Keys from the terminal on a busy machine: late hands do not tear a scan apart."""

import time

from drivers.scanners.wedge import LATE_GAP
from kiosk.demo.catalogue import demo_shop
from kiosk.terminal_input import WholeReads

BIKE = demo_shop().vehicles[1]
LONGER_THAN_A_PAUSE = LATE_GAP + 0.05


def test_everything_of_one_read_has_its_time_however_late_it_is_handed_on() -> None:
    begun = time.monotonic()
    messages = WholeReads().feed("999\r\x1b[I")
    stamps = []
    for message in messages:
        assert WholeReads.under_way
        stamps.append(message.time)
        while time.monotonic() <= stamps[-1]:
            pass  # the clock goes on while the thread is put aside
    assert not WholeReads.under_way
    assert len(stamps) == 5
    assert len(set(stamps)) == 1
    assert stamps[0] >= begun


async def test_given_an_input_thread_put_aside_in_the_middle_of_a_read_then_the_scan_is_whole(till) -> None:
    async with till() as one:
        await one.sign_in()
        for message in WholeReads().feed(BIKE.vehicle + "\r"):
            one.app.post_message(message)
            await one.pilot.pause(LONGER_THAN_A_PAUSE if message.character == BIKE.vehicle[2] else None)
        await one.settle()
        assert one.screen == "VehicleScreen"
        assert one.app.screen.sale.vehicle.code == BIKE.vehicle


async def test_given_a_read_that_ends_without_enter_then_it_is_typing_after_a_pause(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        for message in WholeReads().feed("12345678"):
            one.app.post_message(message)
        while one.field("vehicle-first").text != "12345678":
            await one.pilot.pause()
