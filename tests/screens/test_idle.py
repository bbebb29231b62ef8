"""Nobody at the kiosk: dim and masked, a touch or key that only wakes, a scan that counts, and the lock."""

import pytest
from textual import events

from kiosk.demo.catalogue import demo_shop
from kiosk.idle import DARKNESS, cover
from kiosk.screens.help import HelpScreen
from kiosk.widgets.button import ActionButton

BIKE = demo_shop().vehicles[0]
DIM_S, LOCK_S = 61, 301


def painted(one):
    """The screen's lines as they are sent to the terminal, and every colour in them."""
    width, height = one.app.size
    strips = [list(strip) for strip in one.app.screen._compositor.render_strips()]
    assert len(strips) == height
    text = "\n".join("".join(segment.text for segment in strip)[:width] for strip in strips)
    styles = {segment.style for strip in strips for segment in strip if segment.style is not None}
    lights = [sum(style.color.get_truecolor()) for style in styles if style.color and not style.color.is_default]
    return text, max(lights)


async def untouched(one, seconds):
    one.app.leave_untouched(seconds)
    await one.settle()


async def finger(one, label):
    """Touch a button the way a terminal reports it, through the application."""
    button = next(one for one in one.app.screen.query(ActionButton) if one.caption == label)
    at = {"x": button.region.x + 2, "y": button.region.y + 1, "delta_x": 0, "delta_y": 0, "button": 1}
    for kind in (events.MouseDown, events.MouseUp):
        one.app.post_message(kind(None, **at, shift=False, meta=False, ctrl=False))
    await one.settle()


async def test_given_nobody_signed_in_when_nobody_comes_then_nothing_dims_or_locks(till):
    async with till() as one:
        await untouched(one, LOCK_S)
        assert not one.app.dim
        assert one.screen == "SignInScreen"


async def test_given_a_customer_on_the_screen_when_it_dims_then_people_are_hidden_and_the_rest_stays(till):
    async with till() as one:
        await one.reach_price(BIKE)
        await one.press("escape")
        assert one.screen == "CustomerScreen"
        before, bright = painted(one)
        assert "王小明" in before
        assert "13812345678" in before
        await untouched(one, DIM_S)
        assert one.app.dim
        dark, light = painted(one)
        for text in ("王小明", "13812345678", "文三路"):
            assert text not in dark
        assert BIKE.vehicle in dark
        assert light <= bright * (1 - DARKNESS) + 3
        await one.press("x")
        assert painted(one) == (before, bright)
        assert one.field("name").text == "王小明"


async def test_given_a_dim_screen_when_a_button_is_touched_then_it_only_wakes(till):
    async with till() as one:
        await one.sign_in()
        await untouched(one, DIM_S)
        await finger(one, "锁定")
        assert (one.app.dim, one.screen) == (False, "HomeScreen")
        await finger(one, "锁定")
        assert one.screen == "LockScreen"


async def test_given_a_dim_screen_when_it_is_scanned_at_then_it_wakes_and_the_scan_counts(till):
    async with till() as one:
        await one.sign_in()
        await untouched(one, DIM_S)
        await one.scan(BIKE.vehicle)
        assert (one.app.dim, one.screen) == (False, "VehicleScreen")


async def test_given_longer_when_nobody_comes_then_it_locks_and_the_pin_brings_back_what_was_there(till):
    async with till() as one:
        await one.sign_in()
        await one.scan(BIKE.vehicle)
        await untouched(one, DIM_S)
        await untouched(one, LOCK_S - DIM_S)
        assert (one.app.dim, one.screen) == (False, "LockScreen")
        await one.write("pin", demo_shop().operators[0].pin)
        await one.press("enter")
        assert one.screen == "VehicleScreen"


async def test_given_a_touch_in_between_when_time_goes_on_then_it_is_counted_from_the_touch(till):
    async with till() as one:
        await one.sign_in()
        await untouched(one, DIM_S - 2)
        await one.press("tab")
        await untouched(one, DIM_S - 2)
        assert not one.app.dim


async def test_given_help_over_a_code_that_can_be_paid_when_nobody_comes_then_it_does_not_lock(till, monkeypatch):
    async with till() as one:
        await one.sign_in()
        monkeypatch.setattr(type(one.app.screen), "locks_when_idle", False)  # as the code screen while it can be paid
        await one.press("f1")
        assert isinstance(one.app.screen, HelpScreen)
        await untouched(one, LOCK_S)
        assert (one.app.dim, one.screen) == (False, "HelpScreen")


@pytest.mark.parametrize(
    ("line", "hidden", "covered"),
    [
        ("姓名 王小明 138", ["王小明"], "姓名 ＊＊＊ 138"),
        ("Anna Li, Anna", ["Anna Li"], "*******, Anna"),
        ("nothing", ["", "x"], "nothing"),
    ],
)
def test_what_is_hidden_keeps_its_place(line, hidden, covered):
    assert cover(line, hidden) == covered
