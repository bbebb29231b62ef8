"""Two programs on one shop: one has it, the other says who, and looking is always possible."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data.store import Store
from kiosk.demo.seeding import seed
from kiosk.play.terminal import Terminal
from kiosk.services.clock import Clock

RACE = """
import pathlib, sys, time
from data.store import Store, StoreHeld
print("ready", flush=True)
sys.stdin.readline()
try:
    store = Store.open(pathlib.Path(sys.argv[1]), now_ms=lambda: time.time_ns() // 1_000_000)
except StoreHeld as held:
    print("held", held, flush=True)
else:
    print("open", flush=True)
    sys.stdin.readline()
    store.close()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    clock = Clock()
    store = Store.open(tmp_path / "shop", now_ms=clock.now_ms)
    seed(store, clock, past=3)
    store.close()
    return tmp_path / "shop"


def racer(shop: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RACE, str(shop)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def kiosk(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    command = [sys.executable, "-m", "kiosk", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.mark.parametrize("fresh", [False, True], ids=["a shop", "an empty directory"])
def test_given_several_started_in_the_same_moment_then_one_opens_and_the_others_say_who(
    shop: Path, tmp_path: Path, fresh: bool
) -> None:
    where = tmp_path / "new" if fresh else shop
    children = [racer(where) for _ in range(4)]
    for child in children:
        go(child)
    answers = [hear(child) for child in children]
    (winner,) = [child for child, answer in zip(children, answers, strict=True) if answer == "open"]
    others = [answer for answer in answers if answer != "open"]
    assert len(others) == 3
    assert all(
        f"held by process {winner.pid} since" in answer or "held by another process" in answer for answer in others
    )
    for child in children:
        child.communicate("\n", timeout=30)
    assert kiosk("journal", "verify", "--data", str(where)).returncode == 0


def test_given_a_holder_that_was_killed_then_it_holds_up_nobody(shop: Path) -> None:
    first = racer(shop)
    go(first)
    assert hear(first) == "open"
    first.send_signal(signal.SIGKILL)
    first.communicate()
    second = racer(shop)
    go(second)
    assert hear(second) == "open"
    second.communicate("\n", timeout=30)


def test_given_a_running_program_then_a_second_kiosk_ends_with_exit_3_and_look_ups_work(shop: Path) -> None:
    holder = racer(shop)
    go(holder)
    assert hear(holder) == "open"

    command = [sys.executable, "-m", "kiosk", "run", "--data", str(shop)]
    second = Terminal(command, dict(os.environ) | {"TERM": "xterm-256color"}, 120, 10)
    assert second.process.wait(30) == 3
    second.wait_mark(1, 2)
    assert f"held by process {holder.pid} since" in " ".join("".join(second.lines()).split())

    rows = kiosk("sales", "--data", str(shop), "--json")
    assert rows.returncode == 0, rows.stderr
    sales = json.loads(rows.stdout)
    assert len(sales) == 3
    assert kiosk("sale", sales[0]["serial"], "--data", str(shop), "--json").returncode == 0
    assert kiosk("journal", "verify", "--data", str(shop)).returncode == 0
    holder.communicate("\n", timeout=30)
    assert holder.returncode == 0
