"""One process per store: an advisory lock on ``store.lock`` that says who holds it.

The lock is ``flock``'s: the kernel drops it when the process ends, however it ends. The text inside is only for
people, and for knowing at the next start whether the last one ended by closing the store.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import msgspec

LOCK_FILE: Final = "store.lock"
_BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store."""

    pid: int
    since_ms: int
    terminal: str | None = None

    @property
    def text(self) -> str:
        since = datetime.fromtimestamp(self.since_ms / 1000, UTC).astimezone(_BEIJING)
        terminal = f", terminal {self.terminal}" if self.terminal else ""
        return f"process {self.pid} since {since:%Y-%m-%d %H:%M}{terminal}"


class StoreHeld(Exception):  # noqa: N818 - a state of the store, worded so everywhere
    """Another process has the store open; ``holder`` says which one, since when, as which terminal."""

    def __init__(self, directory: Path, who: Holder | None) -> None:
        self.directory = directory
        self.who = who
        self.holder = who.text if who is not None else "another process"
        super().__init__(f"the store in {directory} is held by {self.holder}")


class ProcessLock:
    """Held from construction to ``release``; who holds it stands there after ``name``.

    Raises StoreHeld when another process has it.
    """

    def __init__(self, directory: Path, now_ms: int) -> None:
        self._handle = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            who = _read(self._handle)
            os.close(self._handle)
            raise StoreHeld(directory, who) from problem
        self.ended_badly = _read(self._handle) is not None
        """Whether the last holder never released: power cut, crash or kill."""
        self._since_ms = now_ms

    def name(self, terminal: str | None) -> None:
        """Writes down who holds it."""
        text = msgspec.json.encode(Holder(os.getpid(), self._since_ms, terminal))
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text, 0)
        os.fsync(self._handle)

    def release(self, *, clean: bool) -> None:
        """Lets the lock go; ``clean`` says that the store was closed in order."""
        if clean:
            os.ftruncate(self._handle, 0)
            os.fsync(self._handle)
        os.close(self._handle)


def _read(handle: int) -> Holder | None:
    text = os.pread(handle, 4096, 0)
    try:
        return msgspec.json.decode(text, type=Holder)
    except msgspec.MsgspecError:
        return None
