"""A terminal without a window: runs a program on a pseudo-terminal and keeps its screen in a terminal emulator.

The emulator is pyte. It does not know the kitty keyboard protocol, mode queries or application commands, so those are
taken out of the stream before it sees them; two of them matter here: the kitty push tells how Escape must be sent, and
an application command of our own (`APC kiosk;N ST`, painted by the application when asked) proves that everything
written before it has reached the screen.
"""

import codecs
import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyte
from pyte.screens import Char
from wcwidth import wcwidth

_SEQUENCE: Final = re.compile(
    r"\x1b\[(?P<csi>[0-?]*)(?P<mid>[ -/]*)(?P<end>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[P_^X](?P<text>[^\x1b]*)\x1b\\"
    r"|\x1b(?![\[\]P_^X])[ -/]*[0-~]",
    re.DOTALL,
)
_MARK: Final = re.compile(r"kiosk;(\d+)")
_ALTERNATE_SCREEN: Final = "?1049"
_QUERIES: Final = frozenset("cn")
_PAINTING_MODES: Final = frozenset({"?7", "?25"})


@dataclass(frozen=True, slots=True)
class ScreenCell:
    """What one cell shows. A wide character stands in its left cell; its right cell holds the empty text."""

    text: str
    foreground: str
    background: str
    bold: bool
    reverse: bool


class _Screen(pyte.Screen):
    """pyte's screen, deaf to what must not be answered or stored."""

    def draw(self, data: str) -> None:
        # pyte drops the rest of a run at a zero-width character that combines with nothing (a joiner, a selector).
        super().draw("".join(one for one in data if wcwidth(one) > 0 or unicodedata.combining(one)))

    def set_title(self, param: str) -> None:
        pass

    def set_icon_name(self, param: str) -> None:
        pass

    def report_device_attributes(self, mode: int = 0, **kwargs: bool) -> None:
        pass

    def report_device_status(self, mode: int) -> None:
        pass


class Terminal:
    """One program on one pseudo-terminal of a fixed size, for as long as it lives."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        columns: int,
        rows: int,
        mirror: Callable[[bytes], None] | None = None,
    ) -> None:
        """Start the program. `mirror` gets what it paints, from another thread: nothing that a terminal would answer,
        and nothing that switches the reporting of mouse or keys on.
        """
        self.columns = columns
        self.rows = rows
        self.kitty = False
        self.changed = threading.Condition()
        self._mirror = mirror
        self._screen = _Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pending = ""
        self._mark = 0
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        try:
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and arguments
                list(command), stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name="play-terminal", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether the program still lives."""
        return self.process.poll() is None

    def write(self, data: bytes) -> None:
        """Send input. Input to a program that has ended is lost, as on a real terminal."""
        view = memoryview(data)
        with contextlib.suppress(OSError):
            while view:
                view = view[os.write(self._master, view) :]

    def wait_mark(self, mark: int, timeout_s: float) -> bool:
        """Wait until everything the application wrote before that mark is on the screen; False when it never comes."""
        with self.changed:
            return self.changed.wait_for(lambda: self._mark >= mark or not self._reader.is_alive(), timeout_s)

    def wait_change(self, timeout_s: float) -> None:
        """Wait for output, or for the time to pass."""
        with self.changed:
            self.changed.wait(timeout_s)

    def cells(self) -> list[list[ScreenCell]]:
        """The screen, row by row."""
        with self.changed:
            return [self._row(y) for y in range(self.rows)]

    def lines(self) -> list[str]:
        """The screen's text, one string a row."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.cells()]

    def kill(self) -> None:
        """End the program at once, with everything in its session that shares its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._gone(5.0)

    def stop(self, timeout_s: float) -> bool:
        """Ask the program to end in order; False when it had to be killed."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while self.running and time.monotonic() < deadline:
            self.wait_change(0.02)
        if self.running:
            self.kill()
            return False
        self._gone(1.0)
        return True

    def _gone(self, timeout_s: float) -> None:
        self.process.wait(timeout_s)
        self._reader.join(timeout_s)

    def _row(self, y: int) -> list[ScreenCell]:
        row = self._screen.buffer[y]
        cells = [_cell(row[x]) for x in range(self.columns)]
        for x, cell in enumerate(cells):
            # A narrow character written over one half of a wide one erases the other half on a real terminal.
            right_lost = _is_wide(cell.text) and x + 1 < self.columns and cells[x + 1].text != ""
            left_lost = not cell.text and (x == 0 or not _is_wide(cells[x - 1].text))
            if right_lost or left_lost:
                cells[x] = replace(cell, text=" ")
        return cells

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                with self.changed:
                    self._feed(self._decode(data))
                    self.changed.notify_all()
        except OSError:
            pass  # the program has ended
        os.close(self._master)
        with self.changed:
            self.changed.notify_all()

    def _feed(self, text: str) -> None:
        text = self._pending + text
        self._pending = ""
        position = 0
        while (escape := text.find("\x1b", position)) >= 0:
            self._paint(text[position:escape])
            match = _SEQUENCE.match(text, escape)
            if match is None:
                self._pending = text[escape:]
                return
            self._sequence(match)
            position = match.end()
        self._paint(text[position:])

    def _paint(self, text: str) -> None:
        self._stream.feed(text)
        if self._mirror is not None and text:
            self._mirror(text.encode())

    def _sequence(self, match: re.Match[str]) -> None:
        if match["csi"] is not None:
            parameters, end = match["csi"], match["end"]
            if end == "u" and parameters[:1] in {">", "<"}:
                self.kitty = parameters[:1] == ">"
            elif parameters[:1] in {"<", "=", ">"} or match["mid"] or end in _QUERIES:
                pass
            elif parameters.startswith(_ALTERNATE_SCREEN):
                self._paint("\x1b[2J\x1b[H")
            elif parameters[:1] != "?" or (end in "hl" and parameters in _PAINTING_MODES):
                self._paint(match[0])
        elif match["text"] is not None:
            if mark := _MARK.fullmatch(match["text"]):
                self._mark = int(mark[1])
        elif match["osc"] is None:
            self._paint(match[0])


def _cell(char: Char) -> ScreenCell:
    return ScreenCell(char.data, char.fg, char.bg, char.bold, char.reverse)


def _is_wide(text: str) -> bool:
    return bool(text) and wcwidth(text[0]) == 2
