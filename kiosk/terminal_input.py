"""The terminal as a till needs it: keys carry the time at which they were read, and a stray byte is no end.

Textual's own input thread (8.2.8) reads, decodes, parses and hands on key by key. On a busy machine each of these steps
waits for the interpreter, so that a scanner's keys are read in lumps, long after they came, and stamped later still. It
also decodes strictly and dies of a byte that is not UTF-8 (Textualize/textual issue 6456), which a misconfigured
scanner sends. Here the thread does nothing but read and stamp; everything else is done on the event loop.
"""

from __future__ import annotations

import codecs
import os
import select
import termios
import time
import tty
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_READ_SIZE: Final = 4096
_LOOK_UP_S: Final = 0.1
"""How often the thread looks whether it is to end."""


class StampedParser:
    """Bytes of a terminal into messages, each with the time of the read that completed it."""

    def __init__(self, *, debug: bool = False) -> None:
        self._parser = XTermParser(debug)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._read_at = 0.0

    def feed(self, data: bytes, read_at: float) -> Iterable[Message]:
        """Take what one read gave. What was begun and not ended for a while before it stands alone."""
        if read_at - self._read_at >= constants.ESCAPE_DELAY:
            yield from self.give_up()
            if rest := self._decoder.decode(b"", final=True):
                yield from self._stamped(self._parser.feed(rest))
        self._read_at = read_at
        if text := self._decoder.decode(data):
            yield from self._stamped(self._parser.feed(text))

    @property
    def waits(self) -> bool:
        """Whether an Escape came that may be the beginning of a longer sequence."""
        return self._parser._timeout_time is not None  # pyright: ignore[reportPrivateUsage]  Textual does not tell

    @property
    def patience_s(self) -> float:
        """How long to wait for the rest of that sequence, from now."""
        return max(0.0, self._read_at + constants.ESCAPE_DELAY - time.monotonic())

    def give_up(self) -> Iterable[Message]:
        """No more comes of that sequence: what there is of it are keys."""
        if self.waits:
            self._parser._timeout_time = 0.0  # pyright: ignore[reportPrivateUsage]
            yield from self._stamped(self._parser.tick())

    def _stamped(self, messages: Iterable[Message]) -> Iterable[Message]:
        for message in messages:
            message.time = self._read_at
            yield message


class TillTerminal(LinuxDriver):
    """Textual's terminal with such an input thread."""

    _reading = False
    _unread: deque[tuple[bytes, float]]
    _parser: StampedParser

    def run_input_thread(self) -> None:
        """Read and stamp, until the application leaves the terminal or nobody is at its other end.

        A thread that gives the interpreter away, as system calls do, waits for it, on a busy machine for many
        milliseconds. Only the waiting for input does so here.
        """
        self._unread = deque()
        self._parser = StampedParser(debug=self._debug)
        read = self._reader()
        while not self.exit_event.is_set():
            if not select.select([self.fileno], [], [], _LOOK_UP_S)[0]:
                continue
            self._reading = True
            data = read()
            if not data:
                break
            self._unread.append((data, time.monotonic()))
            self._reading = False
            if len(self._unread) == 1:  # else the loop has been woken and takes this too
                self._loop.call_soon_threadsafe(self._take)
        self._reading = False

    def _reader(self) -> Callable[[], bytes]:
        """How to read what there is without giving the interpreter away: by the C library itself.

        For that no read may ever wait, so the terminal is told that it need not have a single byte.
        """
        if not self.input_tty:
            return partial(os.read, self.fileno, _READ_SIZE)
        import ctypes

        attributes = termios.tcgetattr(self.fileno)
        attributes[tty.CC][termios.VMIN] = attributes[tty.CC][termios.VTIME] = 0
        termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        library, buffer = ctypes.PyDLL(None), ctypes.create_string_buffer(_READ_SIZE)

        def read() -> bytes:
            return ctypes.string_at(buffer, max(0, library.read(self.fileno, buffer, _READ_SIZE)))

        return read

    @property
    def holds_input(self) -> bool:
        """Whether something was typed that has not been handed to the application yet. Call it on the loop."""
        if self._reading or self._unread or self._parser.waits:
            return True
        return bool(select.select([self.fileno], [], [], 0)[0])

    def send_message(self, message: Message) -> None:
        """Hand `message` to the application: on the loop already."""
        self._app.post_message(message)

    def _take(self) -> None:
        while self._unread:
            for message in self._parser.feed(*self._unread.popleft()):
                self.process_message(message)
        if self._parser.waits:
            self._loop.call_later(self._parser.patience_s, self._end_sequence)

    def _end_sequence(self) -> None:
        """The rest of a sequence did not come in time, unless it is here by now or a later Escape waits."""
        if self._unread or not self._parser.waits:
            return
        if self._parser.patience_s > 0:
            self._loop.call_later(self._parser.patience_s, self._end_sequence)
            return
        for message in self._parser.give_up():
            self.process_message(message)
