"""Terminals of other sizes, other fonts and no colours; what a key costs on a slow line; lists of any length."""

import fcntl
import os
import re
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from kiosk import i18n
from kiosk.demo.catalogue import demo_shop
from kiosk.play.terminal import Terminal
from kiosk.widgets.frame import GLYPHS, Tone
from kiosk.widgets.paged_list import ROW_HEIGHT, ListRow, PagedList

BIKE = demo_shop().vehicles[1]


async def test_given_a_terminal_that_grows_then_the_same_step_is_shown_and_what_was_typed_stands(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.write("vehicle-first", "9990")
        for size in ((132, 43), (80, 24)):
            await one.pilot.resize_terminal(*size)
            await one.settle()
            assert one.screen == "NewSaleScreen"
            assert one.field("vehicle-first").text == "9990"
            for button in one.app.screen.query("#actions ActionButton"):
                assert button.region in one.app.screen.region


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
@pytest.mark.parametrize("size", [(79, 24), (80, 23), (40, 12), (20, 6)])
async def test_given_a_terminal_that_is_too_small_then_it_says_so_and_nothing_is_lost(till, language, size) -> None:
    async with till(language) as one:
        await one.sign_in()
        await one.press("f8")
        await one.write("vehicle-first", "9990")
        await one.pilot.resize_terminal(*size)
        await one.settle()
        frame = " ".join(strip.text for strip in one.app.screen._compositor.render_strips())
        assert f"{size[0]} × {size[1]}" in re.sub(r"\s+", " ", frame)
        assert [widget for widget in one.app.screen.children if widget.display] == [*one.app.screen.query("TooSmall")]
        await one.scan(BIKE.vehicle)  # a scan finds its place all the same
        await one.pilot.resize_terminal(80, 24)
        await one.settle()
        assert one.screen == "VehicleScreen"
        assert one.app.screen.query_one("#start").region in one.app.screen.region


async def test_given_a_terminal_too_small_for_a_while_then_the_focus_and_the_typing_are_where_they_were(till) -> None:
    async with till() as one:
        await one.sign_in()
        await one.touch("捆绑销售")
        await one.write("vehicle-first", "9990")
        await one.pilot.resize_terminal(60, 20)
        await one.settle()
        await one.pilot.resize_terminal(80, 24)
        await one.settle()
        assert one.field("vehicle-first").text == "9990"
        assert one.app.focused is one.field("vehicle-first").input


class Pages(App[None]):
    """A list of very many rows, of which it is handed what it asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = [ListRow(str(number), f"第 {number} 行", "●", "", "") for number in range(100_000)]
        self.handed = 0
        self.first = 0
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield PagedList()

    def on_ready(self) -> None:
        self.show()

    def show(self) -> None:
        pages = self.query_one(PagedList)
        page = self.rows[self.first : self.first + pages.page_size]
        self.handed += len(page)
        pages.show(page)

    def on_paged_list_turn(self, event: PagedList.Turn) -> None:
        self.first = max(0, self.first + event.by * self.query_one(PagedList).page_size)
        self.show()

    def on_paged_list_chosen(self, event: PagedList.Chosen) -> None:
        self.chosen.append(event.key)


async def test_given_a_hundred_thousand_rows_then_a_page_costs_a_page_and_one_tap_chooses_once() -> None:
    app = Pages()
    async with app.run_test(size=(80, 24)) as pilot:
        pages = app.query_one(PagedList)
        assert app.handed == pages.page_size == 24 // ROW_HEIGHT
        await pilot.click(pages, offset=(5, 2 * ROW_HEIGHT + 1))
        assert app.chosen == ["2"]
        for _ in range(3):
            await pilot.press("pagedown")
        assert app.handed == 4 * pages.page_size
        await pilot.click(pages, offset=(5, 0))
        assert app.chosen == ["2", str(3 * pages.page_size)]
        assert len(pages._rows) == pages.page_size


class Kiosk:
    """The real application on a real terminal, whose every painted byte is counted."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.painted = 0
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        command = [sys.executable, "-c", PROGRAM, str(directory)]
        self.terminal = Terminal(
            command, kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | environment, 80, 24, self._count
        )

    def _count(self, data: bytes) -> None:
        self.painted += len(data)

    def resize(self, columns: int, rows: int) -> None:
        with self.terminal.changed:
            self.terminal.columns, self.terminal.rows = columns, rows
            self.terminal._screen.resize(rows, columns)
        fcntl.ioctl(self.terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.terminal.process.pid, signal.SIGWINCH)

    def wait(self, text: str) -> None:
        """Wait until it is on the screen."""
        for _ in range(3_000):
            if text in "".join(self.terminal.lines()):
                return
            assert self.terminal.running, self.terminal.lines()
            self.terminal.wait_change(0.02)
        raise AssertionError(self.terminal.lines())


PROGRAM = """
import sys
from pathlib import Path
from data.store import Store
from kiosk.app import KioskApp
from kiosk.demo.seeding import seed
from kiosk.services.clock import Clock
from kiosk.settings import Settings
from kiosk.shop import Shop
directory, clock = Path(sys.argv[1]), Clock()
store = Store.open(directory, now_ms=clock.now_ms)
seed(store, clock, past=0)
store.close()
KioskApp(Shop.open(Settings(), directory, clock)).run()
"""


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    one = Kiosk(tmp_path)
    one.wait("登录")
    yield one
    one.terminal.kill()


def test_a_digit_key_costs_no_more_than_400_bytes_on_the_line(kiosk: Kiosk) -> None:
    kiosk.terminal.write(b"1")
    kiosk.wait("1")
    costs = []
    typed = "1"
    for digit in "234567890":
        before = kiosk.painted
        typed += digit
        kiosk.terminal.write(digit.encode())
        kiosk.wait(typed)
        costs.append(kiosk.painted - before)
    # What paints by itself, the clock and what is still to be painted first, falls on few of them.
    assert sorted(costs)[len(costs) // 2] <= 400, costs


def test_given_a_real_terminal_resized_larger_and_too_small_then_it_is_whole_or_says_so(kiosk: Kiosk) -> None:
    kiosk.resize(132, 43)
    kiosk.wait("登录")
    kiosk.resize(60, 15)
    kiosk.wait("屏幕太小")
    assert "登录" not in "".join(kiosk.terminal.lines())
    kiosk.resize(80, 24)
    kiosk.wait("登录")


def test_given_no_color_then_everything_is_said_by_glyph_and_word(tmp_path: Path) -> None:
    one = Kiosk(tmp_path, NO_COLOR="1")
    try:
        one.wait("登录")
        one.wait("打印机")
        colours = {cell.foreground for row in one.terminal.cells() for cell in row if cell.text.strip()}
        assert all(len(set(re.findall("..", name))) == 1 for name in colours if re.fullmatch("[0-9a-f]{6}", name))
        status = one.terminal.lines()[-1]
        assert any(glyph.strip() in status for glyph in GLYPHS.values() if glyph)
    finally:
        one.terminal.kill()


def test_signs_that_some_fonts_draw_two_cells_wide_are_followed_by_a_space() -> None:
    for tone in Tone:
        assert GLYPHS[tone] in {""} or GLYPHS[tone].endswith(" ")
    package = Path(i18n.__file__).parent
    for source in [*package.glob("screens/*.py"), *package.glob("widgets/*.py"), *package.glob("locales/*/*/*.po")]:
        for found in re.finditer("[●▲✕○▶✓№℃①②③](?=[^ ])", source.read_text("utf-8")):
            rest = source.read_text("utf-8")[found.start() : found.start() + 12]
            assert re.match(r".[\"'{。」…）)\\]", rest) or "_GLYPHS" in source.read_text("utf-8"), (source.name, rest)
