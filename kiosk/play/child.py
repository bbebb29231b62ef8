"""The application under play: started on a pseudo-terminal, killed, started again; input in, screen out.

Input is acknowledged: after each write a focus report (`CSI I`) is sent, and the call returns when the application has
counted it, is idle and has painted; see `kiosk/stage.py`. A call that gave up waiting for that says so in `overdue`.

What a person types is written in one go: without an Enter in its rhythm it can be no scan, and the application has
handed all of it on before the call returns. Keys that end a scan keep their distance from it. Two touches of one place,
and two presses of one key, are as far apart as a person's who has seen what came of the first.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from kiosk.play.keys import encode
from kiosk.play.stage_client import StageClient, StageLost
from kiosk.play.terminal import Terminal
from kiosk.play.text import Control
from kiosk.second_press import HELD_KEY_S, SECOND_TAP_S, same_place

FOCUS_REPORT: Final = b"\x1b[I"
TYPING_GAP_S: Final = 0.06
"""Between two characters typed one by one, so that they are no burst."""
ENTER_GAP_S: Final = 0.2
"""From the last typed character to a key that would end a scan, or to a scan: a person's distance."""
SAME_CODE_GAP_S: Final = 0.35
LONGEST_WRITE: Final = 64
"""Characters typed in one go: far less than a scan may be long, and one read of the terminal."""
_ENDINGS: Final = frozenset({"enter", "return", "tab", "ctrl+j"})
_CLEARING: Final = ("end", "ctrl+u", "ctrl+k")
_SETTLE_S: Final = 20.0
_PAINT_S: Final = 5.0
_START_S: Final = 90.0
_STOP_S: Final = 15.0


class ChildEnded(Exception):  # noqa: N818  an event, not a defect
    """The application is not running."""


@dataclass(slots=True)
class Child:
    """One shop's application on a screen of fixed size. `start` brings it up; state lives in `data`."""

    data: Path
    world_file: Path
    socket: Path
    columns: int
    rows: int
    language: str
    clock_offset_ms: int
    mirror: Callable[[bytes], None] | None = None
    _terminal: Terminal | None = None
    _stage: StageClient | None = None
    _focus_sent: int = 0
    _marks: int = 0
    _typed_at: float = field(default=0.0)
    _scanned: tuple[str, float] = ("", 0.0)
    _pressed: tuple[str | tuple[int, int], float] = ("", 0.0)
    overdue: list[str] = field(default_factory=list[str])
    """What was still under way when a call stopped waiting for it. Whoever tells it empties it."""

    @property
    def terminal(self) -> Terminal:
        """The terminal of the current run; of the last one when the application has ended."""
        if self._terminal is None:
            raise ChildEnded("the application was never started")
        return self._terminal

    @property
    def stage(self) -> StageClient:
        """The stage of the running application. Raises ChildEnded."""
        if self._stage is None:
            raise ChildEnded("the application has ended")
        return self._stage

    def start(self) -> None:
        """Start and wait for the first usable screen. Raises ChildEnded when it does not come up."""
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()
        self._terminal = Terminal(self._command(), self._environment(), self.columns, self.rows, self.mirror)
        self._focus_sent = self._marks = 0
        deadline = time.monotonic() + _START_S
        while (stage := StageClient.connect(self.socket)) is None:
            if not self._terminal.running:
                raise ChildEnded("the application did not start")
            if time.monotonic() > deadline:
                raise ChildEnded(f"the application showed no screen within {_START_S:.0f} seconds")
            self._terminal.wait_change(0.02)
        self._stage = stage
        while not any(control.enabled and not control.visible.empty for control in stage.controls()):
            if time.monotonic() > deadline:
                raise ChildEnded("the application's first screen has nothing to touch")
            self._terminal.wait_change(0.05)
        self.settle()

    def kill(self) -> None:
        """SIGKILL."""
        self._let_go()
        self.terminal.kill()

    def stop(self) -> bool:
        """Orderly stop; False when it had to be killed."""
        self._let_go()
        return self.terminal.stop(_STOP_S) if self._terminal is not None else True

    def type(self, text: str) -> None:
        """Type, and return when all of it has reached the focus."""
        for part in _parts(text):
            self._pace(TYPING_GAP_S if part.isprintable() else ENTER_GAP_S)
            self.send(part.encode())
            if part.isprintable():
                self._typed_at = time.monotonic()

    def retype(self, text: str) -> None:
        """Empty the field that has the focus and type."""
        clearing = b"".join(encode(key, kitty=self.terminal.kitty) for key in _CLEARING)
        self.send(clearing, committed=not text)
        self.type(text)

    def press(self, key: str) -> None:
        """Press one key; never so soon after typing that the two could pass for a scan."""
        if key == self._pressed[0]:
            self._wait_since(self._pressed[1], HELD_KEY_S)
        data = encode(key, kitty=self.terminal.kitty)
        types = data.decode().isprintable()
        if types or key in _ENDINGS:
            self._pace(TYPING_GAP_S if types else ENTER_GAP_S)
        self.send(data)
        self._pressed = (key, time.monotonic())
        if types:
            self._typed_at = time.monotonic()

    def scan(self, text: str) -> None:
        """One write of the whole text and a carriage return, as a keyboard-wedge scanner sends it.

        The same text again waits until it is another scan: a code held before a scanner counts once.
        """
        self._pace(ENTER_GAP_S)
        scanned, at = self._scanned
        if text == scanned:
            time.sleep(max(0.0, at + SAME_CODE_GAP_S - time.monotonic()))
        self.send(text.encode() + b"\r")
        self._scanned = (text, time.monotonic())

    def click(self, x: int, y: int) -> None:
        """Press and release the left button over a cell: SGR mouse reports, cells counted from 1."""
        place, at = self._pressed
        if not isinstance(place, str) and same_place(place, (x, y)):
            self._wait_since(at, SECOND_TAP_S)
        self.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode())
        self._pressed = ((x, y), time.monotonic())

    def wheel(self, x: int, y: int, down: bool) -> None:
        """Turn the wheel one notch over a cell."""
        self.send(f"\x1b[<{65 if down else 64};{x + 1};{y + 1}M".encode())

    def controls(self) -> list[Control]:
        """What can be touched now. Raises ChildEnded."""
        try:
            return self.stage.controls()
        except StageLost as lost:
            raise self._ended(lost) from None

    def send(self, data: bytes, *, committed: bool = True) -> None:
        """Write input and return when it is handled and (unless more is coming at once) committed.

        Raises ChildEnded when nobody is there to read.
        """
        self.stage  # noqa: B018  raises when the application has ended
        self._focus_sent += 1
        self.terminal.write(data + FOCUS_REPORT)
        self.settle(committed=committed)

    def settle(self, *, committed: bool = True) -> None:
        """Wait until the application is idle and its screen is complete. An application that ends meanwhile is idle."""
        stage = self.stage
        self._marks += 1
        try:
            self.overdue += stage.settle(self._focus_sent, self._marks, _SETTLE_S, committed=committed)
        except StageLost as lost:
            ended = self._ended(lost)
            if self.terminal.running:
                raise ended from None
            return
        if not self.terminal.wait_mark(self._marks, _PAINT_S):
            self.overdue.append("the screen's last lines")

    def _pace(self, gap_s: float) -> None:
        self._wait_since(self._typed_at, gap_s)

    def _wait_since(self, moment: float, gap_s: float) -> None:
        rest = moment + gap_s - time.monotonic()
        if rest > 0:
            time.sleep(rest)

    def _ended(self, lost: StageLost) -> ChildEnded:
        """Let the stage go and give the process the moment it needs to be seen as ended."""
        self._let_go()
        deadline = time.monotonic() + _STOP_S
        while self.terminal.running and time.monotonic() < deadline:
            self.terminal.wait_change(0.02)
        return ChildEnded(str(lost))

    def _let_go(self) -> None:
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kiosk", "demo"),
            *("--data", str(self.data)),
            *("--world", str(self.world_file)),
            *("--stage", str(self.socket)),
            *("--lang", self.language),
            *("--clock-offset", str(self.clock_offset_ms)),
        ]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "TMUX", "TERM"))}
        kept.pop("NO_COLOR", None)
        return kept | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COLUMNS": str(self.columns),
            "LINES": str(self.rows),
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        }


def _parts(text: str) -> Iterator[str]:
    """The text in pieces that may be written at once; what types nothing, such as a tab, is a piece of its own."""
    for printable, run in groupby(text, str.isprintable):
        characters = "".join(run)
        size = LONGEST_WRITE if printable else 1
        yield from (characters[start : start + size] for start in range(0, len(characters), size))
