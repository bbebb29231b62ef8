"""Starts the demo's outside world: a child process with the sandbox and the virtual printer.

`kiosk demo` starts it for itself; `kiosk play` starts it once, so that it outlives the application it kills.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path


class WorldError(Exception):
    """The world cannot be started. One sentence."""


class WorldHeld(WorldError):  # noqa: N818  a state
    """Another program runs a world on that directory."""


class WorldProcess:
    """The running child. `announcement` is the line it told about itself; it ends with this process, or on `stop`."""

    def __init__(self, process: subprocess.Popen[bytes], announcement: str, lock: int) -> None:
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
        line = process.stdout.readline().decode()
        if not line.startswith("{"):
            process.kill()
            process.wait()
            os.close(lock)
            raise WorldError(f"The demo's sandbox did not start; {directory / 'world.log'} says why.")
        return cls(process, line, lock)

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
