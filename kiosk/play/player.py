"""Does the steps of a script, one after another, on a running application in a running world."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.sandbox.remote import ControlFailed, SandboxControl
from kiosk.play import steps as say
from kiosk.play.camera import UnreadableCode, read_code
from kiosk.play.child import Child, ChildEnded
from kiosk.play.picture import save
from kiosk.play.stage_client import StageLost
from kiosk.play.steps import Action, Step
from kiosk.play.store_check import ask
from kiosk.play.text import Area, Control, NoSuchControl, pick, shows, shows_amount

_APPEAR_S: Final = 3.0
_PAY_S: Final = 10.0
_REFUSE_S: Final = 1.0
_SQL_S: Final = 2.0
_POLL_S: Final = 0.1
_MOST_NOTCHES: Final = 200


class StepFailed(Exception):  # noqa: N818  the script's own word
    """The step did not come true. The message says why, in one sentence."""


@dataclass(slots=True)
class Player:
    """The person, the scanner, the customer and the bad luck of one script."""

    child: Child
    world: SandboxControl
    data: Path
    _photo: str | None = None
    """The code the customer's phone photographed last without paying it."""

    def do(self, step: Step) -> None:
        """Do one step. Raises StepFailed."""
        try:
            self._do(step.action)
        except (NoSuchControl, ChildEnded, ControlFailed) as finding:
            raise StepFailed(str(finding)) from None
        except OSError as error:
            raise StepFailed(f"{error.strerror or error}") from error
        except StepFailed:
            raise
        except Exception as error:  # a defect of ours must not lose the report of what was played
            raise StepFailed(f"play itself failed, please report it: {type(error).__name__}: {error}") from error

    def _do(self, action: Action) -> None:
        match action:
            case say.SignIn(number, pin):
                self._sign_in(number, pin)
            case say.ScanText(text):
                self.child.scan(text)
            case say.Choose(label, nth):
                self._touch(lambda controls: pick(controls, label, nth))
            case say.Fill(label, nth, text):
                self._fill(lambda controls: pick(_fields(controls), label, nth), text)
            case say.Type(text):
                self.child.type(text)
            case say.Press(key):
                self.child.press(key)
            case say.Expect(text, within_s):
                self._expect(text, within_s)
            case say.Refuse(text):
                self._refuse(text)
            case say.Pay(amount_fen):
                self.world.pay(self._photographed(amount_fen))
            case say.Photograph():
                self._photo = self._photographed(None)
            case say.PayLate():
                self._pay_late()
            case say.Wait(seconds):
                time.sleep(seconds)
            case say.Shot(path):
                self._let_the_frame_end()
                save(self.child.terminal.cells(), Path(path))
            case say.Sql(query, value):
                self._sql(query, value)
            case say.NotBuilt(name):
                raise StepFailed(f"not built yet: {name}")
            case _:
                self._change_circumstances(action)

    def _change_circumstances(self, action: Action) -> None:
        match action:
            case say.SetFault(target, kind, endpoint):
                self.world.fault(target, kind, endpoint)
            case say.Heal(target):
                self.world.heal(target)
            case say.Advance(ms, untouched):
                self._advance(ms, untouched)
            case say.Kill():
                self.child.kill()
                self.child.start()
            case say.Restart():
                stopped = self.child.stop()
                self.child.start()
                if not stopped:
                    raise StepFailed("the application did not stop when asked and had to be killed")
            case say.Lang(language):
                self._language(language)
            case _:
                raise AssertionError(action)

    # What a person does

    def _sign_in(self, number: str, pin: str) -> None:
        self._fill(lambda controls: _by_id(controls, "operator", "操作员"), number)
        self._fill(lambda controls: _by_id(controls, "pin", "PIN"), pin)
        self._touch(lambda controls: _by_id(controls, "sign-in", "登录"))

    def _touch(self, choose: Callable[[list[Control]], Control]) -> None:
        control = self._reach(choose)
        self.child.click(*control.visible.middle)

    def _fill(self, choose: Callable[[list[Control]], Control], text: str) -> None:
        self._touch(choose)
        self.child.retype(text)

    def _reach(self, choose: Callable[[list[Control]], Control]) -> Control:
        """Find the control, waiting a moment for it to appear, and scroll to it."""
        control = self._find(choose)
        for _ in range(_MOST_NOTCHES):
            if not control.visible.empty and _near(control):
                return control
            scroll = control.scroll
            if scroll is None or scroll.empty:
                break
            before = control.area
            self.child.wheel(*scroll.middle, down=control.area.y > scroll.y)
            control = self._find(choose)
            if control.area == before:
                break
        if not control.visible.empty:
            return control
        raise NoSuchControl(f"{control.label!r} is there but cannot be scrolled into view.")

    def _find(self, choose: Callable[[list[Control]], Control]) -> Control:
        deadline = time.monotonic() + _APPEAR_S
        while True:
            try:
                return choose(self.child.controls())
            except NoSuchControl:
                if time.monotonic() > deadline:
                    raise
            self.child.terminal.wait_change(_POLL_S)

    # What the screen shows

    def _areas(self) -> list[Area]:
        try:
            return self.child.stage.texts()
        except (StageLost, ChildEnded):
            return []

    def _shows(self, text: str) -> bool:
        return shows(self.child.terminal.cells(), [], text) or shows(self.child.terminal.cells(), self._areas(), text)

    def _expect(self, text: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not self._shows(text):
            rest = deadline - time.monotonic()
            if rest <= 0:
                raise StepFailed(f"{text!r} did not appear within {within_s:g} seconds")
            self.child.terminal.wait_change(min(rest, _POLL_S))

    def _refuse(self, text: str) -> None:
        self._let_the_frame_end()
        deadline = time.monotonic() + _REFUSE_S
        while True:
            if self._shows(text):
                raise StepFailed(f"{text!r} is visible")
            rest = deadline - time.monotonic()
            if rest <= 0:
                return
            self.child.terminal.wait_change(min(rest, _POLL_S))

    def _let_the_frame_end(self) -> None:
        """A frame that is half written shows neither what was there nor what is."""
        with contextlib.suppress(ChildEnded):
            self.child.settle(committed=False)

    # What the customer does

    def _pay_late(self) -> None:
        if self._photo is None:
            raise StepFailed("no code was photographed before; 'photograph' does that")
        self.world.pay(self._photo, late=True)

    def _photographed(self, amount_fen: int | None) -> str:
        """The text of the code on the screen, once it can be read and the amount stands beside it."""
        deadline = time.monotonic() + _PAY_S
        while True:
            cells = self.child.terminal.cells()
            try:
                code = read_code(cells)
                if amount_fen is None or shows_amount(cells, amount_fen):
                    return code
                why = f"the screen does not show the amount {amount_fen // 100}.{amount_fen % 100:02d}"
            except UnreadableCode as finding:
                why = str(finding)
            if time.monotonic() > deadline:
                raise StepFailed(why)
            self.child.terminal.wait_change(_POLL_S)

    # What happens around

    def _advance(self, ms: int, untouched: bool) -> None:
        self.world.advance(ms)
        self.child.clock_offset_ms += ms
        with contextlib.suppress(StageLost):
            self.child.stage.advance(ms, untouched=untouched)
            self.child.settle()

    def _language(self, language: str) -> None:
        try:
            self.child.stage.language(language)
        except ValueError as error:
            raise StepFailed(str(error)) from None
        except StageLost as lost:
            raise StepFailed(str(lost)) from None
        self.child.language = language
        self.child.settle()

    def _sql(self, query: str, value: str) -> None:
        """Background work may be about to commit: a wrong answer is asked for again for a moment."""
        deadline = time.monotonic() + _SQL_S
        while True:
            try:
                answer = ask(self.data, query)
            except ValueError as error:
                raise StepFailed(str(error)) from None
            if answer == value:
                return
            if time.monotonic() > deadline:
                raise StepFailed(f"the store answers {answer!r}, not {value!r}")
            time.sleep(_POLL_S)


def _fields(controls: list[Control]) -> list[Control]:
    return [control for control in controls if control.kind == "field"]


def _by_id(controls: list[Control], name: str, label: str) -> Control:
    """A control of the sign-in screen, whatever the language."""
    for control in controls:
        if control.id == name and control.enabled:
            return control
    return pick(controls, label, None)


def _near(control: Control) -> bool:
    """Whether the middle of what is visible is the middle of the control, or as much as fits: no sliver at an edge."""
    whole = min(control.area.height, control.scroll.height if control.scroll else control.area.height)
    return control.visible.height >= whole
