"""What stands beside a selling application: a bare one, the tap before its printer, the beat of an idle loop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from kiosk.bench.room import Room
from kiosk.bench.tap import FLOOR
from kiosk.bench.wire import Wire

_PATIENCE_S: Final = 15.0


def key_to_paint(plain: Wire) -> float:
    """Milliseconds from a key to what the bare application paints for it."""
    here = plain.here
    begun = plain.write(b"x")
    return (plain.painted("key ", here) - begun) / 1e6


def _start(room: Room, module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-m", f"kiosk.bench.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=room.environment,
    )


class Tap:
    """Stands before a printer; `first_bytes` are the moments at which its jobs began to arrive."""

    def __init__(self, room: Room, host: str, port: int) -> None:
        self._process = _start(room, "tap", host, str(port))
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.first_bytes: list[int] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="bench-tap", daemon=True)
        self._reader.start()

    def wait_for(self, count: int) -> bool:
        """Wait until so many jobs have begun; False when they never do."""
        with self._more:
            return self._more.wait_for(lambda: len(self.first_bytes) >= count, _PATIENCE_S)

    def floor_ms(self, directory: Path) -> float:
        """From before a bare synced write to the first byte of a bare socket write arriving here."""
        before = len(self.first_bytes)
        handle = os.open(directory / "floor.bin", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as way:
                way.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                begun = time.monotonic_ns()
                os.write(handle, bytes(4096))
                os.fsync(handle)
                way.sendall(FLOOR + bytes(511))
                if not self.wait_for(before + 1):
                    raise TimeoutError("the floor's byte never arrived")
        finally:
            os.close(handle)
        with self._more:
            return (self.first_bytes.pop() - begun) / 1e6

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        self._reader.join(_PATIENCE_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._more:
                self.first_bytes.append(int(line))
                self._more.notify_all()


class IdleLoop:
    """The beat of a loop that does nothing else, at the same time on the same machine."""

    def __init__(self, room: Room) -> None:
        self._process = _start(room, "beat")

    def stop(self) -> tuple[float, ...]:
        """End it; its lags in milliseconds."""
        told, _errors = self._process.communicate("", _PATIENCE_S)
        return tuple(json.loads(told))
