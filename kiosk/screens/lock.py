"""The lock: shop name, clock, what is wrong with devices, and the fields of the sign-in screen.

The operator who locked is filled in: their PIN brings back what they were doing. Another operator signs in over it;
the open sale stays parked and is on Home.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Digits, Static

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
        self.underneath: KioskScreen | None = None
        """What to show after unlocking when the screen below is no longer the right one."""

    def again(self) -> KioskScreen:
        fresh = LockScreen(self._operator)
        fresh.underneath = self.underneath
        return fresh

    def title_text(self) -> str:
        return tr("已锁定")

    def help_text(self) -> str:
        return tr("输入 PIN 回到原来的画面；换人就改操作员编号，未完成的销售单会保留。")

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
        yield ActionButton(tr("登录"), id="sign-in", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one("#pin", Field).input

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#operator", Field).fill(self._operator.number)
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

    def press_sign_in(self) -> None:
        number, pin = self.query_one("#operator", Field).text, self.query_one("#pin", Field)

        async def sign_in() -> None:
            typed = pin.text
            pin.fill("")
            pin.enter()
            operator = await self.sign_in(number, typed)
            if operator.number == self._operator.number:
                await self.kiosk.unlocked(self)
            else:
                await self.kiosk.switched(operator)

        self.kiosk.command("sign-in", sign_in)
