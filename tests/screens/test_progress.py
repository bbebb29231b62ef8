"""What takes longer than 150 ms says that it works, on what and since when; typing goes on meanwhile."""

import asyncio
from types import SimpleNamespace

from kiosk import app as application
from kiosk.demo.catalogue import demo_shop
from kiosk.widgets.frame import GLYPHS, MessageLine, Tone

BIKE = demo_shop().vehicles[1]


async def until(one, told: bool) -> None:
    """Wait for the state of the message line."""
    for _ in range(500):
        if bool(one.message) is told:
            return
        await one.pilot.pause(0.01)
    raise AssertionError(f"the message line says {one.message!r}")


async def test_given_a_service_that_is_slow_then_the_mark_names_the_command_and_goes_and_no_key_is_lost(
    till, monkeypatch
) -> None:
    async with till() as one:
        await one.sign_in()
        sales = one.app.shop.sales
        original, hold = sales.start_bundle, asyncio.Event()

        async def slow(*arguments, **named):
            await hold.wait()
            return await original(*arguments, **named)

        monkeypatch.setattr(sales, "start_bundle", slow)
        await one.scan(BIKE.vehicle)
        await one.touch(BIKE.colours[0])
        await one.pilot.press("f8")
        await until(one, told=True)
        line = one.app.screen.query_one(MessageLine)
        assert line.text == "开始捆绑：处理中，请稍候"
        assert line.tone is Tone.UNDER_WAY
        assert line.render().plain.startswith(GLYPHS[Tone.UNDER_WAY])
        one.app.scan(BIKE.batteries[0])
        hold.set()
        await one.settle()
        assert one.screen == "GoodsScreen"
        assert "处理中" not in one.message
        assert BIKE.batteries[0] in [part.code for part in one.app.screen.sale.lines]


async def test_given_a_command_that_takes_seconds_then_the_mark_counts_them(till, monkeypatch) -> None:
    async with till() as one:
        hold = asyncio.Event()
        now = [100.0]
        monkeypatch.setattr("kiosk.screens.working.time", SimpleNamespace(monotonic=lambda: now[0]))
        one.app.command("save", hold.wait)
        await until(one, told=True)
        assert one.message == "下载：处理中，请稍候"
        now[0] += 7
        one.app._tick()
        assert one.message == "下载：处理中，已 7 秒，请稍候"
        hold.set()
        await one.settle()
        assert one.message == ""


async def test_given_a_quick_command_then_nothing_flickers(till) -> None:
    async with till() as one:
        said = []
        line = one.app.screen.query_one(MessageLine)
        original = line.say
        line.say = lambda tone, text: (said.append(text), original(tone, text))
        one.app.command("quick", lambda: asyncio.sleep(0))
        await one.settle()
        assert set(said) <= {""}
        assert application.BUSY_AFTER_S == 0.15
