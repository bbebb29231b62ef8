"""A clerk made of keys, scans and touches: sells on the real application, through its terminal only.

Where to touch and when the application is at rest it learns as `kiosk play` does, over the local socket of the stage;
what is measured never goes that way.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import SandboxControl
from kiosk.bench.room import Room
from kiosk.bench.wire import NeverPainted, Wire
from kiosk.demo.world_process import WorldProcess
from kiosk.play.stage_client import StageClient
from kiosk.play.text import Control

if TYPE_CHECKING:
    from kiosk.demo.catalogue import DemoVehicle

_FOCUS_REPORT: Final = b"\x1b[I"
_SETTLE_S: Final = 30.0
_PERSON_S: Final = 0.2
"""Between typing and a scan: closer together they would be taken for one."""
KEYS: Final = {"f8": b"\x1b[19~", "f6": b"\x1b[17~", "f9": b"\x1b[20~", "enter": b"\r"}


@dataclass(frozen=True, slots=True)
class Noted:
    """What the application noted of itself; moments in nanoseconds."""

    commits: tuple[tuple[int, frozenset[str]], ...]
    lags: tuple[tuple[int, float], ...]
    """(moment, milliseconds late)"""


class World:
    """The demo's outside world, with its controls. `announcement` may name another printer than its own."""

    def __init__(self, directory: Path) -> None:
        self._process = WorldProcess.start(directory)
        self.announcement: dict[str, Any] = json.loads(self._process.announcement)
        self.control = SandboxControl(Announcement.from_json(self._process.announcement).control)

    def stop(self) -> None:
        """End it."""
        self._process.stop()


class Clerk:
    """One run of the application on one shop, and what can be done with it."""

    def __init__(self, room: Room, shop: Path, announcement: dict[str, Any], *, sync_ms: int = 0) -> None:
        self._report = shop / "bench-report.json"
        socket = shop / "bench.sock"
        world = shop / "bench-world.json"
        world.write_text(json.dumps(announcement), encoding="utf-8")
        paths = (("--data", shop), ("--world", world), ("--stage", socket), ("--report", self._report))
        command = [sys.executable, "-m", "kiosk.bench.observed", "--sync-ms", str(sync_ms)]
        self.wire = Wire([*command, *(str(part) for pair in paths for part in pair)], room.environment)
        self._focus = self._marks = self._customers = 0
        self._typed_at = 0.0
        deadline = time.monotonic() + _SETTLE_S
        while (stage := StageClient.connect(socket)) is None:
            if time.monotonic() > deadline or self.wire.process.poll() is not None:
                self.wire.end()
                raise NeverPainted("the application showed no first screen")
            time.sleep(0.02)
        self._stage = stage
        self.rest()

    def end(self) -> Noted:
        """End the application in order; what it noted."""
        self._stage.close()
        self.wire.end()
        told = json.loads(self._report.read_text("ascii"))
        return Noted(
            tuple((moment, frozenset(things)) for moment, things in told["commits"]),
            tuple((moment, late / 1e6) for moment, late in told["lags"]),
        )

    def rest(self, *, committed: bool = True) -> None:
        """Wait until everything so far is handled (and committed) and painted."""
        self.wire.write(_FOCUS_REPORT)
        self._focus += 1
        self._marks += 1
        self._stage.settle(self._focus, self._marks, _SETTLE_S, committed=committed)
        self.wire.painted(f"\x1b_kiosk;{self._marks}\x1b\\")

    # What hands do

    def press(self, key: str) -> None:
        """An F-key or Enter, and wait for what comes of it."""
        self._keep_apart()
        self.wire.write(KEYS[key])
        self.rest()

    def touch(self, label: str) -> None:
        """Touch the control with this label: the exact one, else the only one that contains it."""
        control = self._find(label)
        x, y, width, height = control.visible.x, control.visible.y, control.visible.width, control.visible.height
        at = f"{x + (width - 1) // 2 + 1};{y + (height - 1) // 2 + 1}"
        self.wire.write(f"\x1b[<0;{at}M\x1b[<0;{at}m".encode())
        self.rest()

    def type(self, text: str) -> None:
        """Type into the focus, in one go."""
        self.wire.write(text.encode())
        self._typed_at = time.monotonic()
        self.rest()

    def scan(self, code: str) -> int:
        """A scanner's write: the code and Enter. Returns the moment before it, without waiting for anything."""
        self._keep_apart()
        return self.wire.write(code.encode() + b"\r")

    # What a sale is made of

    def sign_in(self, number: str, pin: str) -> None:
        """From the sign-in screen to Home."""
        self.touch("操作员")
        self.type(number)
        self.touch("PIN")
        self.type(pin)
        self.press("f8")

    def open_sale(self, goods: DemoVehicle) -> None:
        """Scan the vehicle at Home, choose its first colour, go on to the goods."""
        self.scan(goods.vehicle)
        self.rest()
        self.touch(goods.colours[0])
        self.press("f8")

    def fill_in_customer(
        self, *, watched: Callable[[str], None] | None = None, pause: Callable[[], None] = lambda: None
    ) -> None:
        """From the customer step to the price, with a `pause` before each field. `watched` types where it is given."""
        self._customers += 1  # a known one would be filled in from the phone
        for label, text in (("姓名", "王小明"), ("手机号码", f"138{self._customers:08d}"), ("详细地址", "文三路 1 号")):
            pause()
            self.touch(label)
            (watched or self.type)(text)
        pause()
        self.touch("行政区划")
        self.type("西湖")
        self.touch("浙江省 杭州市 西湖区")
        self.press("f8")

    def ask_for_money(self) -> None:
        """From the price step to the code."""
        self.touch("微信")
        self.press("f8")

    def _find(self, label: str) -> Control:
        wanted = label.replace(" ", "")
        told = [one for one in self._stage.controls() if one.enabled and not one.visible.empty]
        plain = [(one, _plain(one.label)) for one in told]
        found = [one for one, text in plain if text == wanted] or [one for one, text in plain if wanted in text]
        if not found:
            raise NeverPainted(f"there is nothing to touch with {label!r} among {[text for _, text in plain]}")
        return found[0]

    def _keep_apart(self) -> None:
        rest = self._typed_at + _PERSON_S - time.monotonic()
        if rest > 0:
            time.sleep(rest)


def _plain(label: str) -> str:
    words = label.replace("✓", " ").split()
    return "".join(word for word in words if not (word[0] == "F" and word[1:].isdigit()) and word != "Esc")
