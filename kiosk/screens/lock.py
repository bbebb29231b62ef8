"""The lock: shop name, clock, what is wrong with devices, and the fields of the sign-in screen.

The operator who locked is filled in: their PIN brings back what they were doing. Another operator signs in over it
with 换人, or by typing their number where the PIN is asked, as people do who take the screen for the sign-in; the open
sale stays parked and is on Home.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Digits, Static

from kiosk import i18n
from kiosk.i18n import tr
from kiosk.rules.calendar import beijing
from kiosk.screens import status
from kiosk.screens.base import KioskScreen
from kiosk.screens.sign_in_wait import PinScreen
from kiosk.services.operators import Operator
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.keypad import Keypad


class LockScreen(PinScreen):
    """Covers everything; what lies below stays as it was, a payment code goes on being watched."""

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self._operator = operator
        self._number = operator.number
        """What stands in the operator field when the screen appears."""
        self._moved = ""
        """The number that was typed as a PIN a moment ago; typed there again, it is tried as one."""
        self.underneath: KioskScreen | None = None
        """What to show after unlocking when the screen below is no longer the right one."""

    def again(self) -> KioskScreen:
        fresh = LockScreen(self._operator)
        fresh.underneath = self.underneath
        fresh._number = self.query_one("#operator", Field).text
        return fresh

    def title_text(self) -> str:
        return tr("已锁定")

    def help_text(self) -> str:
        return tr("输入 PIN 回到原来的画面；别人来用请按「换人」，未完成的销售单会保留。")

    def more_help(self) -> Sequence[str]:
        return (tr("锁定期间收款、开票和打印都照常进行。"),)

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="columns"):
            with Vertical(classes="column"):
                yield Static(self.kiosk.shop_name(), classes="shop-name", markup=False)
                yield Digits("", id="lock-clock")
                yield Static("", id="lock-troubles", markup=False)
                yield Field(tr("操作员"), id="operator", limit=32, quick=r"\d{1,11}")
                yield Field("PIN", id="pin", secret=True, limit=64, quick=r"\d{1,11}")
            with Vertical(classes="column pad-column"):
                yield Keypad("pin")

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(i18n.LANGUAGES[i18n.following(i18n.current())], id="language", key="f2")
        yield ActionButton(tr("换人"), id="switch", key="f4")
        yield ActionButton(tr("登录"), id="sign-in", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one("#pin" if self._number else "#operator", Field).input

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#operator", Field).fill(self._number)
        self.tick()

    def tick(self) -> None:
        super().tick()
        self.query_one("#lock-clock", Digits).update(beijing(self.shop.clock.now_ms()).strftime("%H:%M"))
        troubles = [one for one in status.indicators(self.shop.health.current()) if one.tone in status.TROUBLES]
        told = self.query_one("#lock-troubles", Static)
        if troubles:
            told.update(state_line(troubles[0].tone, "  ".join(f"{one.name} {one.word}" for one in troubles)))
        else:
            told.update(state_line(Tone.GOOD, tr("设备和服务正常")))

    async def on_scan(self, text: str) -> None:
        self.say(Tone.FAULT, tr("不能在锁定时使用扫描：请先输入 PIN 解锁。"))

    def on_field_entered(self, event: Field.Entered) -> None:
        if event.field.id == "operator":
            self.query_one("#pin", Field).enter()
        else:
            self.press_sign_in()

    def press_language(self) -> None:
        self.kiosk.request_language(i18n.following(i18n.current()))

    def press_switch(self) -> None:
        """Somebody else: the number is theirs to type, and nothing of what stood there counts against anybody."""
        number = self.query_one("#operator", Field)
        number.fill("")
        self.query_one("#pin", Field).fill("")
        number.enter()
        self.say(Tone.PLAIN, tr("请输入您的操作员编号，再输入 PIN。"))

    async def _takes_number(self, typed: str) -> bool:
        """Whether what was typed as PIN is an operator's number: it goes where it belongs and no PIN is tried."""
        if typed == self._moved or not await self.shop.sign_in.is_number(typed):
            self._moved = ""
            return False
        self._moved = typed
        self.query_one("#operator", Field).fill(typed)
        self.say(Tone.ATTENTION, tr("{number} 是操作员编号，已填到「操作员」，请输入 PIN。", number=typed))
        return True

    def press_sign_in(self) -> None:
        number, pin = self.query_one("#operator", Field), self.query_one("#pin", Field)

        async def sign_in() -> None:
            typed = pin.text
            pin.fill("")
            pin.enter()
            if await self._takes_number(typed):
                return
            operator = await self.sign_in(number.text, typed)
            if operator.number == self._operator.number:
                await self.kiosk.unlocked(self)
            else:
                await self.kiosk.switched(operator)

        self.kiosk.command("sign-in", sign_in)
