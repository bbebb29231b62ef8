"""Run a sandbox as a process: announce it on the first line, answer until SIGTERM, end with 0."""

from __future__ import annotations

import signal
import sqlite3
import sys
from pathlib import Path

from drivers.sandbox.books import SandboxHeld
from drivers.sandbox.server import Sandbox


def serve(directory: Path, port: int = 0) -> int:
    """Blocks until SIGTERM or SIGINT; call it on the main thread.

    Returns the exit code: 0 done, 2 the directory or port cannot be used, 3 another sandbox holds the directory or its
    books are damaged. Every error is one sentence on stderr.
    """
    # Held back and waited for, not handled: a handler that sets an event can meet the thread holding the event's lock.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
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
    signal.sigwait(ends)
    sandbox.stop()
    return 0


def _fail(code: int, sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
