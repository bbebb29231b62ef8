"""A program on a pseudo-terminal, its output kept raw, every part with the moment at which it was read.

Moments are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

LONGEST_S: Final = 60.0
_END_S: Final = 15.0


class NeverPainted(Exception):  # noqa: N818  an event
    """What was waited for did not appear, or the program ended before it did."""


class Wire:
    """One program on a terminal of 80x24 of its own. `begun` is the moment before its process was made."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._told = bytearray()
        self._ends: list[int] = []
        self._moments: list[int] = []
        self._changed = threading.Condition()
        self._over = False
        self.begun = time.monotonic_ns()
        try:
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and files
                list(command),
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
                env=dict(environment),
            )
        finally:
            os.close(theirs)
        self._reader = threading.Thread(target=self._read, name="bench-wire", daemon=True)
        self._reader.start()

    @property
    def here(self) -> int:
        """How many bytes were painted so far: what comes next is waited for from here."""
        with self._changed:
            return len(self._told)

    def write(self, data: bytes) -> int:
        """Send input; returns the moment before its first byte left."""
        moment = time.monotonic_ns()
        os.write(self._ours, data)
        return moment

    def painted(self, text: str | bytes, since: int = 0, within_s: float = LONGEST_S) -> int:
        """Wait until `text` stands in what was painted from `since` on; returns the moment its last byte was read.

        Raises NeverPainted.
        """
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + within_s
        with self._changed:
            while (at := self._told.find(wanted, since)) < 0:
                left = deadline - time.monotonic()
                if left <= 0 or self._over:
                    shown = bytes(self._told[-2000:]).decode(errors="replace")
                    why = "the program ended" if self._over else f"{within_s:.0f} s went by"
                    raise NeverPainted(f"{wanted!r} was not painted: {why}; last: {shown!r}")
                self._changed.wait(left)
            return self._moments[bisect_left(self._ends, at + len(wanted))]

    def cpu_s(self) -> float:
        """CPU seconds of the program's process so far, all threads, as the kernel counts them."""
        return time.clock_gettime((~self.process.pid << 3) | 2)  # its clock's id as clock_getcpuclockid(3) makes it

    def memory_mb(self) -> float:
        """Megabytes (10^6) of the program's resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:  # noqa: PTH123  one line of /proc
            line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024 / 1e6

    def end(self) -> None:
        """End the program in order, at last by force."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(_END_S)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the program has ended
            while data := os.read(self._ours, 65536):
                moment = time.monotonic_ns()
                with self._changed:
                    self._told += data
                    self._ends.append(len(self._told))
                    self._moments.append(moment)
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()
        os.close(self._ours)
