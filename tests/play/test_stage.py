"""The application's side of play, on a small application in a real terminal: controls, idleness, input through keys."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.play.child import FOCUS_REPORT
from kiosk.play.stage_client import StageClient
from kiosk.play.terminal import Terminal
from kiosk.play.text import Control, pick, shows

PROGRAM = """
import asyncio, sys
from pathlib import Path
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import Button, OptionList, Static
from kiosk.stage import Stage
from kiosk.widgets.field import Field

class Small(App):
    CSS = "#list { height: 8; } OptionList { height: 4; } Field { height: 3; border: solid white; }"
    moved = 0
    busy = 0
    def compose(self):
        yield Field("姓名", id="name")
        yield Static("", id="echo")
        with VerticalScroll(id="list"):
            for number in range(12):
                yield Button(f"第{number}行 ¥1,0{number:02d}.00", id=f"row-{number}", disabled=number == 3)
        yield OptionList(*(f"[选项] {number}" for number in range(9)), markup=False)
    async def on_ready(self):
        self.stage = Stage(self, lambda: ["a press"] * self.busy, self.advance, self.speak)
        await self.stage.listen(Path(sys.argv[1]))
    def on_app_focus(self):
        self.stage.focus_reported()
    def advance(self, ms, untouched):
        self.moved += ms
    def speak(self, language):
        raise ValueError(f"no {language}")
    def echo(self, text):
        self.query_one("#echo", Static).update(text)
    def on_field_typed(self, event):
        self.echo(f"typed {event.text}")
    async def on_button_pressed(self, event):
        self.busy += 1
        if event.button.id == "row-2":
            return
        asyncio.get_running_loop().call_later(0.4, self.finish, event.button.id)
    def finish(self, name):
        self.busy -= 1
        self.echo(f"pressed {name} {self.moved}")
    def on_option_list_option_selected(self, event):
        self.echo(f"option {event.option_index}")

Small().run()
"""


class Session:
    """The small application with a hand on its keyboard."""

    def __init__(self, terminal: Terminal, stage: StageClient) -> None:
        self.terminal = terminal
        self.stage = stage
        self.sent = 0
        self.mark = 0

    def send(self, data: bytes) -> None:
        self.sent += 1
        self.terminal.write(data + FOCUS_REPORT)
        self.settle()

    def settle(self) -> None:
        self.mark += 1
        assert self.stage.settle(self.sent, self.mark, 10, committed=True) == []
        assert self.terminal.wait_mark(self.mark, 10)

    def click(self, control: Control) -> None:
        x, y = control.visible.middle
        self.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode())

    def scroll_to(self, label: str) -> Control:
        while (control := pick(self.stage.controls(), label, None)).visible.height < control.area.height:
            assert control.scroll is not None
            x, y = control.scroll.middle
            self.send(f"\x1b[<65;{x + 1};{y + 1}M".encode())
        return control

    def shows(self, text: str) -> bool:
        return shows(self.terminal.cells(), self.stage.texts(), text)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Session]:
    socket = tmp_path / "s"
    environment = dict(os.environ) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    terminal = Terminal([sys.executable, "-c", PROGRAM, str(socket)], environment, 60, 24)
    while (stage := StageClient.connect(socket)) is None:
        assert terminal.running, terminal.lines()
        terminal.wait_change(0.05)
    session = Session(terminal, stage)
    session.settle()
    yield session
    stage.close()
    terminal.kill()


def test_given_keys_when_the_step_returns_then_they_are_on_the_screen(small: Session) -> None:
    small.click(pick(small.stage.controls(), "姓名", None))
    for character in "ab王":
        small.send(character.encode())
        assert small.shows("typed")
    assert small.shows("typed ab王")


def test_given_a_command_in_flight_when_the_step_returns_then_it_is_done(small: Session) -> None:
    small.stage.advance(250)
    small.click(pick(small.stage.controls(), "第1行", None))
    assert small.shows("pressed row-1 250")


def test_given_a_command_that_never_ends_when_the_time_is_over_then_it_is_named_and_the_screen_is_whole(
    small: Session,
) -> None:
    x, y = pick(small.stage.controls(), "第2行", None).visible.middle
    small.terminal.write(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode() + FOCUS_REPORT)
    assert small.stage.settle(1, 7, 0.5, committed=True) == ["a press"]
    assert small.terminal.wait_mark(7, 10)
    assert small.stage.settle(1, 8, 10, committed=False) == []


def test_given_controls_out_of_view_then_they_are_told_with_their_scrolling_region(small: Session) -> None:
    assert pick(small.stage.controls(), "第9行", None).visible.empty
    small.click(small.scroll_to("第9行"))
    assert small.shows("pressed row-9")


def test_disabled_controls_options_and_unknown_languages_are_told_as_they_are(small: Session) -> None:
    controls = small.stage.controls()
    assert not next(one for one in controls if one.id == "row-3").enabled
    assert pick(controls, "[选项] 2", None).kind == "option"
    small.click(small.scroll_to("[选项] 6"))
    assert small.shows("option 6")
    with pytest.raises(ValueError, match="no tlh"):
        small.stage.language("tlh")
