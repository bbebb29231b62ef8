"""Starts and steers the demo's outside world: a child process with the sandbox and the virtual printer.

`kiosk demo` starts it for itself; `kiosk play` starts it once, so that it outlives the application it kills.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, cast

_ANSWER_S = 20.0


class WorldError(Exception):
    """The world cannot be started, or refuses what was asked of it. One sentence."""


class WorldHeld(WorldError):  # noqa: N818  a state
    """Another program runs a world on that directory."""


class WorldProcess:
    """The running child. `announcement` is what it told about itself; it ends with this process, or on `stop`."""

    def __init__(self, process: subprocess.Popen[bytes], announcement: dict[str, Any], lock: int) -> None:
        self._process = process
        self._lock = lock
        self.announcement = announcement

    @classmethod
    def start(cls, directory: Path) -> "WorldProcess":
        """Start the world whose state is kept in `directory`. Raises WorldError, and WorldHeld when it runs already."""
        directory.mkdir(parents=True, exist_ok=True)
        lock = _lock(directory / "world.lock")
        with (directory / "world.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [sys.executable, "-m", "kiosk.demo.world", str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            announcement = cast("dict[str, Any]", json.loads(line))
        except ValueError:
            process.kill()
            process.wait()
            os.close(lock)
            raise WorldError(f"The demo's sandbox did not start; {directory / 'world.log'} says why.") from None
        return cls(process, announcement, lock)

    def stop(self) -> None:
        """End it in order, at last by force."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        os.close(self._lock)


def _lock(path: Path) -> int:
    """Two worlds on one ledger would overwrite each other."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise WorldHeld(f"Another program is playing the demo in {path.parent.parent}.") from None
    return lock


class WorldControl:
    """The control addresses of an announced world."""

    def __init__(self, announcement: dict[str, Any]) -> None:
        self._urls = cast("dict[str, str]", announcement["control"])

    def pay(self, code: str) -> dict[str, Any]:
        """The customer's phone pays the code. Raises WorldError with the provider's reason."""
        return self._post("pay_url", {"code": code})

    def fault(self, target: str, kind: str, endpoint: str | None) -> None:
        """Break something until it is healed. Raises WorldError."""
        self._post("fault_url", {"target": target, "kind": kind} | ({"endpoint": endpoint} if endpoint else {}))

    def heal(self, target: str) -> None:
        """Repair it. Raises WorldError."""
        self._post("fault_url", {"target": target, "heal": True})

    def clock_offset_ms(self) -> int:
        """How far the world's clock is ahead of the real one. Raises WorldError."""
        return int(_answer(urllib.request.Request(self._urls["clock_url"]))["offset_ms"])  # noqa: S310  loopback

    def advance(self, ms: int) -> None:
        """Move the world's clock. Raises WorldError."""
        self._post("clock_url", {"advance_ms": ms})

    def _post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(body).encode()
        return _answer(
            urllib.request.Request(self._urls[name], data, {"Content-Type": "application/json"})  # noqa: S310  loopback
        )


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_S) as response:
            return cast("dict[str, Any]", json.loads(response.read() or b"{}"))
    except urllib.error.HTTPError as error:
        raise WorldError(f"The sandbox refused: {_reason(error)}") from None
    except (OSError, ValueError) as error:
        raise WorldError(f"The sandbox does not answer: {error}") from None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        told = json.loads(error.read())
    except (OSError, ValueError):
        return f"status {error.code}"
    if isinstance(told, dict):
        told = cast("dict[str, Any]", told)
        for name in ("error", "message", "reason"):
            if name in told:
                return str(told[name])
    return str(told)
