"""The frame every screen shares, and how its buttons, F-keys, scans and refusals find their way.

A screen names its title, its help line, its body and its buttons. A button with the id `next` calls `press_next`; the
F-key written on it does the same. Enter without a focus of its own presses the marked primary, Esc goes one step back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Static

from kiosk import i18n
from kiosk.i18n import tr
from kiosk.rules.refusals import Refusal
from kiosk.screens.ports import ShopPort
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import HelpLine, MessageLine, StatusLine, TitleBar, Tone
from kiosk.widgets.too_small import TooSmall, too_small

if TYPE_CHECKING:
    from kiosk.app import KioskApp
    from kiosk.rules.codes import CodeKind

STYLES = Path(__file__).parent.parent / "styles"
TOO_SMALL = "-too-small"
LOCK_KEY = "f9"
"""Locks wherever it is written on no button and no customer is paying."""
F_KEYS = ("f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10")


class KioskScreen(Screen[None]):
    """A screen with title, help line, body, message line, action row and status line."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("f1", "help", show=False),
        Binding("enter", "primary", show=False),
        *(Binding(key, f"press_key('{key}')", show=False) for key in F_KEYS),
    ]
    covers = False
    """Whether it lies over another screen, to which `Esc` returns."""
    locks_when_idle = True
    """Whether the kiosk may dim and lock here by itself; not while a customer is paying."""
    amended_by: frozenset[str] = frozenset()
    """The ids of the fields and choices that put right what the message line says."""
    swallow_enter = False
    """Whether an Enter that comes next belongs to a code accepted a moment ago and does nothing more."""

    def __init__(self) -> None:
        super().__init__()
        self.language = i18n.current()
        self._holds: set[Callable[[], None]] = set()
        self._focus_hidden: Widget | None = None

    @property
    def kiosk(self) -> KioskApp:
        """The application, with its own type."""
        return cast("KioskApp", self.app)  # pyright: ignore[reportUnknownMemberType]

    @property
    def shop(self) -> ShopPort:
        """The shop this screen works for."""
        return self.kiosk.shop

    # What a screen tells about itself

    def title_text(self) -> str:
        """Where am I."""
        return ""

    def steps(self) -> tuple[Sequence[str], int]:
        """The marks of the steps, and which of them is current (1 is the first)."""
        return (), 0

    def help_text(self) -> str:
        """What this step wants, what to scan; one line."""
        return ""

    def more_help(self) -> Sequence[str]:
        """What F1 shows below the help line."""
        return ()

    def compose_body(self) -> ComposeResult:
        """The widgets between help line and message line."""
        yield from ()

    def action_buttons(self) -> Iterable[ActionButton]:
        """The buttons of the action row; the last one stands at the right edge."""
        return ()

    def first_focus(self) -> Widget | None:
        """What has the focus when the screen appears."""
        return None

    def again(self) -> KioskScreen:
        """A new screen that shows the same: for another language."""
        return type(self)()

    async def flush(self) -> None:
        """Commit what was typed and not yet saved."""

    def changed(self, keys: frozenset[str]) -> None:
        """Something in the shop moved; see `Changes` for the keys."""

    def tick(self) -> None:
        """A second went by."""

    def themed(self) -> None:
        """The colours are other ones now."""

    async def on_scan(self, text: str) -> None:
        """A code was scanned. Outside a sale a vehicle code opens one."""
        await self.kiosk.open_by_scan(text)

    # The frame

    def compose(self) -> ComposeResult:
        self._know_size()
        marks, current = self.steps()
        yield TitleBar(self.title_text(), [tr(step) for step in marks], current)
        yield HelpLine(self.help_text())
        with Vertical(id="body"):
            yield from self.compose_body()
        yield MessageLine()
        yield from self.compose_actions()
        yield StatusLine()

    def _know_size(self) -> None:
        """Carry the size's marks from the first; Textual adds them when all is styled, and styles all of it again."""
        for length, marks in zip(
            self.kiosk.size, (self.kiosk.HORIZONTAL_BREAKPOINTS, self.kiosk.VERTICAL_BREAKPOINTS), strict=True
        ):
            reached = [mark for least, mark in sorted(marks or ()) if length >= least]
            self.add_class(*reached[-1:], update=False)

    def compose_actions(self) -> ComposeResult:
        """The action row: buttons from the left, the last one at the right edge."""
        buttons = list(self.action_buttons())
        for last in buttons[-1:]:
            last.add_class("at-edge", update=False)
        with Horizontal(id="actions"):
            yield from buttons[:-1]
            yield Static(classes="spacer")
            yield from buttons[-1:]

    def on_mount(self) -> None:
        self.kiosk.show_status(self)
        first = self.first_focus()
        if first is not None:
            first.focus()

    async def on_resize(self) -> None:
        """A terminal too small for the kiosk shows a sentence; what it hides is as it was when there is room again."""
        small = too_small(self.kiosk.size)
        if small:
            if not self.has_class(TOO_SMALL):
                self._focus_hidden = self.focused
            if not self.query(TooSmall):
                await self.mount(TooSmall())
            self.query_one(TooSmall).show(self.kiosk.size)
        self.set_class(small, TOO_SMALL)
        if not small and self._focus_hidden is not None:
            self.set_focus(self._focus_hidden)
            self._focus_hidden = None

    def on_unmount(self) -> None:
        """What was still due when the screen went away never happens: nobody waits for it."""
        for release in tuple(self._holds):
            release()

    def hold(self) -> Callable[[], None]:
        """Count something of this screen as in flight; call the answer once it is done. It ends with the screen."""
        in_flight = self.kiosk.hold()

        def release() -> None:
            self._holds.discard(release)
            in_flight()

        self._holds.add(release)
        return release

    def say(self, tone: Tone, text: str) -> None:
        """Put a sentence into the message line; an empty one clears it."""
        self.amended_by = frozenset()
        for line in self.query(MessageLine):
            line.say(tone, text)

    def say_help(self, text: str) -> None:
        """Change what the help line says: the step wants something else now."""
        for line in self.query(HelpLine):
            line.say(text)

    @property
    def quiet(self) -> bool:
        """Whether the message line says nothing."""
        return not any(line.text for line in self.query(MessageLine))

    def says(self, text: str) -> bool:
        """Whether `text` stands in the message line."""
        return any(line.text == text for line in self.query(MessageLine))

    def clear_message(self, text: str) -> None:
        """Clear the message line if it still says `text`."""
        for line in self.query(MessageLine):
            if line.text == text:
                line.say(Tone.PLAIN, "")

    def personal_texts(self) -> Iterable[str]:
        """What is shown of people here, which a dim screen hides; fields hide by themselves (`Field.veil`)."""
        return ()

    def fields(self) -> list[Field]:
        """The labelled inputs of this screen."""
        return list(self.query(Field))

    def judge_typed(self, text: str, wanted: CodeKind) -> bool:
        """Whether the first typing of a code has the shape of `wanted`; if not, say so."""
        from kiosk.screens.code_check import check_typed

        try:
            check_typed(text, wanted, self.shop.clock.now_ms())
        except Refusal as refusal:
            self.kiosk.refuse(refusal)
            return False
        return True

    def do(self, work: Callable[[], Awaitable[None]], group: str) -> None:
        """Do `work` beside everything else; what still runs in the same group is dropped for it."""
        self.run_worker(partial(self.kiosk.guarded, work), exclusive=True, group=group, exit_on_error=False)

    def amended(self, part: str) -> None:
        """Something was typed or chosen there: what the message line missed of it is no longer so."""
        if part in self.amended_by:
            self.say(Tone.PLAIN, "")

    @on(Field.Typed)
    def _amended_by_typing(self, event: Field.Typed) -> None:
        self.amended(event.field.id or "")

    # Buttons and keys

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        event.prevent_default()  # Textual would call this once more for a screen that has one of its own and called it
        handler = getattr(self, f"press_{(event.button.id or '').replace('-', '_')}", None)
        if handler is not None:
            handler()

    def press_help(self) -> None:
        self.action_help()

    def action_press_key(self, key: str) -> None:
        """Press the button on which `key` is written."""
        for button in self.query(ActionButton):
            if button.key == key and button.display:
                button.press()
                return
        if key == LOCK_KEY and self.locks_when_idle:
            self.kiosk.lock()

    def action_primary(self) -> None:
        """Press the marked primary button."""
        for button in self.query(ActionButton):
            if button.has_class("look-primary") and button.display:
                button.press()
                return

    def action_back(self) -> None:
        """Go one step back."""

    def action_help(self) -> None:
        self.kiosk.show_help(self)
