"""The lines round every screen: how text folds, and what the status line keeps when room is scarce."""

import pytest
from rich.cells import cell_len
from textual.content import Content

from data.states import Role
from kiosk import i18n
from kiosk.screens import status
from kiosk.services import health
from kiosk.services.health import Level, Reason
from kiosk.services.views import Operator
from kiosk.widgets.frame import GLYPHS, RightEnd, StatusLine, status_line
from kiosk.widgets.prose import fold

LIGHTS = {
    "well": health.Indicator(Level.OK),
    "faulty": health.Indicator(Level.FAULT, Reason.UNVERIFIED, 0, 12),
    "low": health.Indicator(Level.ATTENTION, Reason.PAPER_LOW, 0, 3),
}


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("不能采用，请重来", 8, ["不能采", "用，请重", "来"]),
        ("● 不能采用请重来", 8, ["● 不能采", "用请重来"]),
        ("one two three", 7, ["one two", "three"]),
        ("看（内容）吧", 5, ["看", "（内", "容）", "吧"]),
        ("码 990PB48 不对", 8, ["码", "990PB48", "不对"]),
        ("990PB48SYNTH", 8, ["990PB48S", "YNTH"]),
        ("一\n\n二", 8, ["一", "", "二"]),
    ],
)
def test_text_folds_as_people_write_it(text: str, width: int, lines: list[str]) -> None:
    assert fold(Content(text), width).plain.split("\n") == lines


def told(light: health.Indicator, language: str, width: int = 80) -> str:
    now = health.Health(printer=light, payment=light, invoices=light, network=light, clock=light)
    i18n.use(language)
    try:
        right = status.right_end(Operator("1001", "亚历山大·谢尔盖耶维奇", Role.CLERK), 0)
        return status_line(status.indicators(now), right, width).plain
    finally:
        i18n.use(i18n.SOURCE)


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
@pytest.mark.parametrize("light", list(LIGHTS))
def test_every_light_keeps_glyph_and_name_at_80_columns_in_every_language(light: str, language: str) -> None:
    line = told(LIGHTS[light], language)
    assert cell_len(line) == 80
    assert "…" not in line
    assert sum(line.count(glyph.strip()) for glyph in GLYPHS.values() if glyph) == (4 if light == "well" else 5)
    assert "1001" in line
    assert line.rstrip().endswith("08:00")


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
def test_given_one_trouble_then_its_word_stands_and_those_for_what_is_well_yield(language: str) -> None:
    well, bad = LIGHTS["well"], health.Indicator(Level.FAULT, Reason.NO_ANSWER)
    i18n.use(language)
    try:
        lights = status.indicators(health.Health(printer=bad, payment=well, invoices=well, network=well, clock=well))
        line = status_line(lights, RightEnd("1001 王小明  12:00", "1001  12:00"), 80).plain
        word = i18n.tr("无应答")
    finally:
        i18n.use(i18n.SOURCE)
    assert word in line
    assert "…" not in line


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
def test_given_a_full_disk_then_that_is_said_first_and_a_disk_with_room_says_nothing(language: str) -> None:
    well, full = LIGHTS["well"], health.Indicator(Level.FAULT, Reason.FULL)
    right = RightEnd("1001 王小明  12:00", "1001  12:00")
    i18n.use(language)
    try:
        lines = [
            status_line(status.indicators(health.Health(well, well, well, well, well, disk)), right, 80).plain
            for disk in (full, well)
        ]
        name, word = i18n.tr("磁盘"), i18n.tr("已满")
    finally:
        i18n.use(i18n.SOURCE)
    assert lines[0].index(name) < lines[0].index(word) < 20
    assert name not in lines[1]


async def test_the_first_frame_of_a_screen_shows_every_light(till) -> None:
    async with till() as one:
        for key in ("", "f8"):
            if key:
                await one.sign_in()
                one.app.screen.action_press_key(key)
                await one.settle()
            line = one.app.screen.query_one(StatusLine)
            assert line.render().plain.count("打印机") == 1
