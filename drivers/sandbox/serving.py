"""Run a sandbox as a process: announce it on the first line, answer until SIGTERM, end with 0."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
from pathlib import Path
from types import FrameType

from drivers.sandbox.books import SandboxHeld
from drivers.sandbox.server import Sandbox


def serve(directory: Path, port: int = 0) -> int:
    """Blocks until SIGTERM or SIGINT; call it on the main thread.

    Returns the exit code: 0 done, 2 the directory or port cannot be used, 3 another sandbox holds the directory or its
    books are damaged. Every error is one sentence on stderr.
    """
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        sandbox = Sandbox(directory, port)
    except SandboxHeld as error:
        return _fail(3, str(error))
    except (sqlite3.Error, ValueError) as error:
        return _fail(3, f"the sandbox's files in {directory} are damaged: {error}")
    except (OSError, OverflowError) as error:
        return _fail(2, f"the sandbox cannot use {directory} or port {port}: {error}")
    sandbox.start()
    sys.stdout.write(sandbox.announcement().to_json() + "\n")
    sys.stdout.flush()
    ended.wait()
    sandbox.stop()
    return 0


def _fail(code: int, sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
