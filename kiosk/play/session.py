"""One run of `kiosk play`: brings up world and application, does the steps, reports, and takes everything down."""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wcwidth import wcswidth

from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import SandboxControl
from kiosk.demo.template import copy_seeded
from kiosk.demo.world_process import WorldError, WorldHeld, WorldProcess
from kiosk.play.child import Child, ChildEnded
from kiosk.play.player import Player, StepFailed
from kiosk.play.steps import Step
from kiosk.services.clock import Clock

_STORE_HELD = 3
_ENTER_SCREEN = b"\x1b[?1049h\x1b[2J"
_LEAVE_SCREEN = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class WorldDown(Exception):  # noqa: N818  a finding, not a defect
    """The demo could not be brought up. One sentence. `held`: another program is using the shop, or it is damaged."""

    def __init__(self, why: str, *, held: bool = False) -> None:
        super().__init__(why)
        self.held = held


@dataclass(frozen=True, slots=True)
class Done:
    """One step's end: `why` is None when it came true. `ms` is how long it took; `overdue` names what was still under
    way in the application when the step stopped waiting for it.
    """

    step: Step
    why: str | None
    ms: int
    overdue: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole run: every step done, the last one failed if any, and the screen then."""

    steps: tuple[Done, ...]
    screen: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every step came true."""
        return all(done.why is None for done in self.steps)

    def document(self, script: str) -> dict[str, Any]:
        """The run as `--json` prints it."""
        told = [
            {"line": done.step.line, "step": done.step.text, "ok": done.why is None, "ms": done.ms}
            | ({"why": done.why} if done.why is not None else {})
            | ({"overdue": list(done.overdue)} if done.overdue else {})
            for done in self.steps
        ]
        return {"script": script, "ok": self.passed, "steps": told} | (
            {} if self.passed else {"screen": list(self.screen)}
        )


@dataclass(frozen=True, slots=True)
class Stagehand:
    """How a script is run: on which shop, screen size and language. `data` None is a fresh and temporary shop."""

    data: Path | None
    columns: int
    rows: int
    language: str
    show: bool

    def run(self, steps: Sequence[Step], told: Callable[[Done], None]) -> Outcome:
        """Do the steps until one fails; `told` hears of each as it ends. Raises WorldDown."""
        with contextlib.ExitStack() as stack:
            work = Path(stack.enter_context(_temporary()))
            data = self.data if self.data is not None else work / "shop"
            data.mkdir(parents=True, exist_ok=True)
            try:
                world = WorldProcess.start(data / "world")
            except WorldError as error:
                raise WorldDown(str(error), held=isinstance(error, WorldHeld)) from None
            stack.callback(world.stop)
            if self.data is None:
                copy_seeded(data, Clock())  # where that cannot be done, the application seeds its shop itself
            world_file = work / "world.json"
            world_file.write_text(world.announcement, encoding="utf-8")
            control = SandboxControl(Announcement.from_json(world.announcement).control)
            mirror = stack.enter_context(_mirror()) if self.show else None
            child = Child(
                *(data, world_file, work / "stage", self.columns, self.rows, self.language),
                control.offset_ms(),
                mirror,
            )
            stack.callback(_stop, child)
            return self._play(child, Player(child, control, data), steps, told)

    def _play(self, child: Child, player: Player, steps: Sequence[Step], told: Callable[[Done], None]) -> Outcome:
        if not steps:
            return Outcome((), ())
        try:
            child.start()
        except ChildEnded as ended:
            raise WorldDown(
                _with_screen(str(ended), child), held=child.terminal.process.poll() == _STORE_HELD
            ) from None
        finished: list[Done] = []
        for step in steps:
            began = time.monotonic()
            why = None
            try:
                player.do(step)
            except StepFailed as failure:
                why = str(failure) + _ending(child)
            overdue, child.overdue = tuple(child.overdue), []
            finished.append(Done(step, why, round((time.monotonic() - began) * 1000), overdue))
            told(finished[-1])
            if why is not None:
                return Outcome(tuple(finished), tuple(child.terminal.lines()))
        return Outcome(tuple(finished), ())


def _stop(child: Child) -> None:
    with contextlib.suppress(ChildEnded):
        child.stop()


def _ending(child: Child) -> str:
    """How the application ended, when it did."""
    code = child.terminal.process.poll()
    return "" if code is None else f" (the application has ended, exit code {code})"


def _with_screen(why: str, child: Child) -> str:
    """The reason and what the application printed, on one line."""
    rows = child.terminal.lines()
    # A row that is full goes on in the next one.
    said = " ".join("".join(row if wcswidth(row) == child.columns else f"{row}\n" for row in rows).split())
    return f"{why}: {said}" if said else why


@contextmanager
def _temporary() -> Generator[str]:
    """A short path (socket names hold about 100 bytes), removed at the end whatever is in it."""
    directory = tempfile.mkdtemp(prefix="kiosk-play-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _mirror() -> Generator[Callable[[bytes], None]]:
    """Shows the application's output on the user's own terminal while it plays."""
    try:
        terminal = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        terminal = os.dup(sys.stderr.fileno())

    def show(data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(terminal, data)

    show(_ENTER_SCREEN)
    try:
        yield show
    finally:
        show(_LEAVE_SCREEN)
        os.close(terminal)
