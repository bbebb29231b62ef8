"""Dates are Beijing's wherever the machine thinks it is: business days, serials, lists, screens."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kiosk.rules.calendar import DAY_MS, beijing_text, business_day, day_bounds, parse_day
from kiosk.services.lookups import Lookups

ZONES = ["UTC", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata"]
SVG_TEXT = "{http://www.w3.org/2000/svg}text"
MIDNIGHT = 1_795_190_400_000  # 2026-11-21 00:00:00 in Beijing
PLACES = {
    "UTC": "2026-11-20 16:00",
    "America/New_York": "2026-11-20 11:00",
    "Pacific/Kiritimati": "2026-11-21 06:00",
    "Asia/Kolkata": "2026-11-20 21:30",
}


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine stands in this zone, or is set to it."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_given_a_zone_when_dates_are_told_then_they_are_beijings(zone: str) -> None:
    assert time.strftime("%Y-%m-%d %H:%M", time.localtime(MIDNIGHT // 1000)) == PLACES[zone]  # the zone is in force
    assert (beijing_text(MIDNIGHT), beijing_text(MIDNIGHT - 1)) == ("2026-11-21 00:00:00", "2026-11-20 23:59:59")
    assert (business_day(MIDNIGHT), business_day(MIDNIGHT - 1)) == ("2026-11-21", "2026-11-20")
    assert day_bounds(parse_day("2026-11-21")) == (MIDNIGHT, MIDNIGHT + DAY_MS)


async def test_given_a_sale_before_midnight_and_one_after_then_each_belongs_to_its_beijing_day(
    zone: str, till: Any
) -> None:
    now_ms = int(time.time() * 1000)
    till.offset_ms = day_bounds(business_day(now_ms))[1] - now_ms - 20_000  # twenty seconds to midnight in Beijing
    await asyncio.to_thread(till.town.control.advance, till.offset_ms)
    await till.open()
    before = await till.collected()
    today = business_day(till.shop.clock.now_ms())
    await till.town.pay(before.payment.code)
    before = await till.finished(before.id)
    await till.advance(60_000)
    tomorrow = business_day(till.shop.clock.now_ms())
    assert tomorrow != today
    after = await till.collected()
    assert before.serial == f"DEMO01{today.replace('-', '')[2:]}00001"
    assert after.serial == f"DEMO01{tomorrow.replace('-', '')[2:]}00001"
    lookups = Lookups(till.shop.store)
    assert [row.serial for row in await lookups.sales(day=today)] == [before.serial]
    assert [row.serial for row in await lookups.sales(day=tomorrow)] == [after.serial]


STORY = """
sign_in 1001 274913
press f1
expect 本机时间 {day}
shot screen.svg
"""


@pytest.mark.parametrize("elsewhere", ["America/New_York", "Pacific/Kiritimati"])
def test_given_a_kiosk_in_another_zone_when_it_is_played_then_screen_and_look_ups_say_beijings_time(
    tmp_path: Path, elsewhere: str
) -> None:
    def kiosk(*arguments: str, script: str = "") -> str:
        command = [sys.executable, "-m", "kiosk", *arguments, "--data", "shop"]
        environment = os.environ | {"TZ": elsewhere}
        done = subprocess.run(
            command,
            input=script,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment,
        )
        return done.stdout

    began_ms = int(time.time() * 1000)
    script = STORY.format(
        day=beijing_text(began_ms)[:8]
    )  # the month: the story may begin before midnight and end after
    told = json.loads(kiosk("play", "-", "--json", script=script))
    assert told["ok"], told["steps"][-1]
    ended_ms = int(time.time() * 1000) + 60_000
    clocks = {beijing_text(at_ms)[11:16] for at_ms in range(began_ms, ended_ms, 20_000)}
    shown = "".join(
        text for line in ElementTree.parse(tmp_path / "screen.svg").iter(SVG_TEXT) for text in line.itertext()
    )
    assert any(clock in shown for clock in clocks), clocks
    (newest,) = json.loads(kiosk("sales", "--limit", "1", "--json"))
    assert beijing_text(newest["at_ms"])[:16] in kiosk("sales", "--limit", "1")
