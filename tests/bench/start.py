"""How long `kiosk run` takes to its first usable screen, beside a bare Textual application in the same run.

    python tests/bench/start.py [--runs 15] [--store DIR] [--as-is]

Each run starts the kiosk of a seeded store, then a Textual application of one line, on a pseudo-terminal of 80x24, and
stops the clocks when the first screen has been written to it: the sign-in screen with its last button, the focus in its
first field. Wall time counts from before the process is made; CPU time is the kernel's, of all threads of the process
alone. The kiosk is ended in order after each run, so that none begins by checking a store that a crash left behind.
Runs alternate because machines are not even; the ratio is the kiosk's CPU time to the bare application's, pair by pair.

Both run from byte code, as what pip installed does; one start of each beforehand makes it and is not counted. `--as-is`
keeps the environment's word about byte code, which costs a checkout that may write none the compiling of all sources.
Without `--store` a demo shop of today is seeded into a temporary directory.

Prints one JSON document, times in milliseconds:
{"runs", "kiosk": {"wall_ms": {"min", "p50"}, "cpu_ms": {"min", "p50"}}, "bare": {the same},
 "cpu_ratio": {"min", "p50"}}
where `cpu_ratio.min` is of the two minima and `cpu_ratio.p50` the middle one of the pairs.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

KIOSK_READY = "登录 F8".encode()
BARE_READY = b"READY-MARK"
BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("READY-MARK")

Bare().run()
"""
LONGEST_S = 30.0
SETTLE_S = 0.5
"""Before a kiosk is told to end: what it starts after its first screen takes the other core meanwhile."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds from before the process was made to its first screen, and its CPU seconds by then."""

    wall: float
    cpu: float


def start(command: list[str], ready: bytes, environment: dict[str, str]) -> Start:
    """Start `command` on a terminal of its own, wait for `ready`, end it. Raises RuntimeError when that never comes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    begun = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    )
    os.close(theirs)
    try:
        written = b""
        while ready not in written:
            left = begun + LONGEST_S - time.perf_counter()
            if left <= 0 or not select.select([ours], [], [], left)[0]:
                raise RuntimeError(f"no first screen within {LONGEST_S:.0f} s")
            written += _read(ours, command)
        cpu = time.clock_gettime(_cpu_clock(child.pid))
        wall = time.perf_counter() - begun
        _drain(ours, SETTLE_S)
        child.send_signal(signal.SIGTERM)
        while child.poll() is None and time.perf_counter() - begun < LONGEST_S:
            _drain(ours, 0.02)
        return Start(wall, cpu)
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def _cpu_clock(process: int) -> int:
    """The clock of a process's CPU time, as clock_getcpuclockid(3) makes it on Linux."""
    return (~process << 3) | 2


def _read(terminal: int, command: list[str]) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        raise RuntimeError(f"{' '.join(command[:4])} ended before its first screen") from None


def _drain(terminal: int, seconds: float) -> None:
    """Read what comes for so long; whoever writes to a terminal nobody reads stands still."""
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:
                return


def seed(directory: Path) -> None:
    """A demo shop of today; the kiosk runs it as it runs any shop."""
    from kiosk.demo.template import copy_seeded
    from kiosk.services.clock import Clock

    if not copy_seeded(directory, Clock()):
        raise RuntimeError(f"no shop could be seeded into {directory}")


def environment_of(byte_code: Path | None) -> dict[str, str]:
    """What both applications run in; `byte_code` is where theirs is kept, None leaves that as it is."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    if byte_code is not None:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(byte_code)
    return environment


def told(starts: list[Start]) -> dict[str, dict[str, float]]:
    return {
        name: {"min": round(min(values) * 1000, 1), "p50": round(statistics.median(values) * 1000, 1)}
        for name, values in (
            ("wall_ms", [one.wall for one in starts]),
            ("cpu_ms", [one.cpu for one in starts]),
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from start to the first usable screen.")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--store", type=Path, help="a seeded store; a temporary one otherwise")
    parser.add_argument("--as-is", action="store_true", help="leave byte code to the environment")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as room:
        store = arguments.store or Path(room, "shop")
        if arguments.store is None:
            seed(store)
        environment = environment_of(None if arguments.as_is else Path(room, "byte-code"))
        kiosk = [sys.executable, "-m", "kiosk", "run", "--data", str(store)]
        bare = [sys.executable, "-c", BARE]
        pairs = [
            (start(kiosk, KIOSK_READY, environment), start(bare, BARE_READY, environment))
            for _ in range(arguments.runs + 1)
        ][1:]
    shop, plain = [one for one, _ in pairs], [other for _, other in pairs]
    lowest = min(one.cpu for one in shop) / min(one.cpu for one in plain)
    middle = statistics.median(one.cpu / other.cpu for one, other in pairs)
    answer = {
        "runs": len(pairs),
        "kiosk": told(shop),
        "bare": told(plain),
        "cpu_ratio": {"min": round(lowest, 2), "p50": round(middle, 2)},
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
