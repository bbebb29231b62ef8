"""Scans through a real pseudo-terminal on a machine that has other things to do: whole or refused, never a wrong code.

`KIOSK_BURSTS` sets how many codes are scanned in each round; 40 tell more than the few of an everyday run.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from data.reference import code_rules
from kiosk.demo.catalogue import demo_shop
from kiosk.play.terminal import Terminal
from kiosk.rules.codes import CodeKind, classify

BURSTS = int(os.environ.get("KIOSK_BURSTS", "12"))
PATIENCE_S = 60.0
URL = "http://mv.cqccms.com.cn/incoc/GSViewEbike!viewCocEbike.action?vinCode="
CHARGERS = [vehicle.charger for vehicle in demo_shop().vehicles if vehicle.charger]
VEHICLES = [vehicle.vehicle for vehicle in demo_shop().vehicles[:40]]
BATTERIES = [battery for vehicle in demo_shop().vehicles[:40] for battery in vehicle.batteries]
IN_THE_BOOKS = {*VEHICLES, *BATTERIES, *CHARGERS}

PROGRAM = """
import asyncio, json, sys, time
from textual.widgets import Button, Input
from kiosk.scan_keys import ScanningApp

class Listening(ScanningApp):
    BINDINGS = [("a", "acted"), ("f8", "acted"), ("ctrl+q", "acted"), ("tab", "acted")]
    def compose(self):
        yield Input(id="field")
        yield Button("submit")
    def tell(self, what, text):
        print(json.dumps([what, text]), file=told, flush=True)
    def on_ready(self):
        self.query_one(Input).focus()
        if "blocked" in sys.argv:
            self.set_interval(0.5, self.block)
        self.tell("ready", "")
    def block(self):
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            pass
    def scan(self, text):
        self.tell("scan", text)
    def scan_dropped(self):
        self.tell("dropped", "")
    def on_input_submitted(self, event):
        self.tell("submitted", event.value)
        event.input.value = ""
    def on_button_pressed(self):
        self.tell("pressed", "")
    def action_acted(self):
        self.tell("acted", "")

told = open(sys.argv[1], "a")
Listening(lambda: 0).run()
"""


class Listener:
    """The small application on its terminal, and the scanner before it."""

    def __init__(self, terminal: Terminal, told: Path) -> None:
        self.terminal, self._told = terminal, told

    def told(self) -> list[list[str]]:
        return [json.loads(line) for line in self._told.read_text("utf-8").splitlines()]

    def scans(self) -> list[str]:
        return [text for what, text in self.told() if what == "scan"]

    def wait(self, what: str, text: str = "") -> None:
        """Wait until the application has told that."""
        deadline = time.monotonic() + PATIENCE_S
        while [what, text] not in self.told():
            assert self.terminal.running, self.terminal.lines()
            assert time.monotonic() < deadline, self.told()
            self.terminal.wait_change(0.02)

    def type(self, text: str, gap: float | None) -> None:
        """As a scanner types: in one write, or key by key."""
        if gap is None:
            self.terminal.write(text.encode())
            return
        for character in text:
            self.terminal.write(character.encode())
            time.sleep(gap)

    def finish(self) -> None:
        """One more scan, after a pause in which everything held is handed on, and wait for it."""
        time.sleep(0.6)
        self.terminal.write(b"LAST-OF-THIS-ROUND\r")
        self.wait("scan", "LAST-OF-THIS-ROUND")


@contextmanager
def listening(directory: Path, *how: str) -> Iterator[Listener]:
    told = directory / "told"
    told.touch()
    environment = dict(os.environ) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    terminal = Terminal([sys.executable, "-c", PROGRAM, str(told), *how], environment, 80, 24)
    try:
        one = Listener(terminal, told)
        one.wait("ready")
        yield one
    finally:
        terminal.kill()


@contextmanager
def hogs() -> Iterator[None]:
    """Two programs for each core that want all of it."""
    with ExitStack() as running:
        for _ in range(2 * (os.cpu_count() or 1)):
            hog = running.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            running.callback(hog.kill)
        yield


def accepted(scans: list[str]) -> list[str]:
    """What of it a shop would take for one of its goods: the shape of a code, and in the books."""
    judged = [classify(text, code_rules()) for text in scans]
    return [one.code for one in judged if one.kind is not CodeKind.UNKNOWN and one.code in IN_THE_BOOKS]


def in_order(found: list[str], sent: list[str]) -> bool:
    rest = iter(sent)
    return all(one in rest for one in found)


def test_no_piece_of_a_code_in_the_books_is_another_one() -> None:
    for code in IN_THE_BOOKS | {URL + VEHICLES[0]}:
        pieces = {code[start:end] for start in range(len(code)) for end in range(start + 6, len(code) + 1)} - {code}
        assert set(accepted(sorted(pieces))) <= ({VEHICLES[0]} if code.startswith("http") else set())


@pytest.mark.parametrize("how", ["quiet", "blocked"])
def test_given_one_write_a_code_then_every_scan_arrives_whole_and_in_order(tmp_path: Path, how: str) -> None:
    sent = (VEHICLES + BATTERIES)[:BURSTS]
    with listening(tmp_path, how) as one:
        for text in sent:
            one.type(text + "\r", None)
        one.wait("scan", sent[-1])
        assert one.scans() == sent
        assert [what for what, _ in one.told()] == ["ready", *["scan"] * len(sent)]


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.01])
@pytest.mark.parametrize("how", ["quiet", "blocked"])
def test_given_a_machine_with_no_time_then_no_wrong_code_is_accepted(tmp_path: Path, how: str, gap: float) -> None:
    sent = [code for pair in zip(VEHICLES, BATTERIES, strict=False) for code in pair][:BURSTS]
    with listening(tmp_path, how) as one, hogs():
        for text in sent:
            one.type(text + "\r", gap)
        one.finish()
        assert in_order(accepted(one.scans()), sent), one.told()
        assert not {"acted", "pressed"} & {what for what, _ in one.told()}


def test_suffixes_strange_bytes_and_a_url_through_a_terminal(tmp_path: Path) -> None:
    code, other = VEHICLES[:2]
    with listening(tmp_path) as one:
        for suffix in ("\n", "\r\n", "\t", "\r\r"):
            one.type(code + suffix, None)
            one.type(other + suffix, None)
        one.terminal.write(b"\xff\xfe" + bytes([0xC3]))  # no text at all: the application lives on
        one.finish()
        one.type("\x02" + code + "\x03\r", None)
        one.type(f"{URL}{other}\r", None)
        one.type("01069\x1d11\x11\x03\x1d10\r", None)
        one.type(code[:9] + "\x1b[19~" + code[9:] + "\r", None)
        one.wait("dropped")
        one.terminal.write("".join(f"\x1b[{ord(mark)};;{ord(mark)}u" for mark in code).encode() + b"\x1b[13u")
        shifted = "".join(
            f"\x1b[57441;2u\x1b[{ord(mark.lower())};2;{ord(mark)}u" if mark.isupper() else mark for mark in BATTERIES[0]
        )
        one.terminal.write(shifted.encode() + b"\r")
        one.wait("scan", BATTERIES[0])
        assert one.scans() == [
            *[code, other] * 4,
            "LAST-OF-THIS-ROUND",
            code + "\x03",
            URL + other,
            "01069\x1d11\x11\x03\x1d10",
            code,
            BATTERIES[0],
        ]
        assert {what for what, _ in one.told()} == {"ready", "scan", "dropped"}
