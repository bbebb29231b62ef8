"""Signing in: operator number or phone, PIN, by keys or by touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from kiosk import i18n
from kiosk.i18n import tr
from kiosk.screens.sign_in_wait import PinScreen
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone
from kiosk.widgets.keypad import Keypad


class SignInScreen(PinScreen):
    """The first screen. Scanning here is harmless."""

    def title_text(self) -> str:
        return tr("登录")

    def help_text(self) -> str:
        return tr("输入操作员编号或手机号，再输入 PIN。")

    def more_help(self) -> Sequence[str]:
        return (
            tr("操作员编号和 PIN 由店主发放；忘记 PIN 请找店主。"),
            tr("Enter 从「操作员」到「PIN」，再到登录。右边的数字键可以用手点。"),
        )

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="columns"):
            with Vertical(classes="column"):
                yield Static(self.kiosk.shop_name(), classes="shop-name", markup=False)
                yield Static(tr("电动自行车门店终端"), classes="quiet", markup=False)
                yield Field(tr("操作员"), id="operator", limit=32, quick=r"\d{1,11}")
                yield Field("PIN", id="pin", secret=True, limit=64, quick=r"\d{1,11}")
            with Vertical(classes="column pad-column"):
                yield Keypad("operator")

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(i18n.LANGUAGES[i18n.following(i18n.current())], id="language", key="f2")
        yield ActionButton(tr("登录"), id="sign-in", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one("#operator", Field).input

    async def on_scan(self, text: str) -> None:
        self.say(Tone.FAULT, tr("不能在登录前使用扫描：请先输入操作员和 PIN 登录。"))

    def on_field_entered(self, event: Field.Entered) -> None:
        if event.field.id == "operator":
            self.query_one("#pin", Field).enter()
        else:
            self.press_sign_in()

    def press_language(self) -> None:
        self.kiosk.request_language(i18n.following(i18n.current()))

    def press_sign_in(self) -> None:
        number, pin = self.query_one("#operator", Field), self.query_one("#pin", Field)

        async def sign_in() -> None:
            typed = pin.text
            pin.fill("")
            pin.enter()
            await self.kiosk.signed_in(await self.sign_in(number.text, typed))

        self.kiosk.command("sign-in", sign_in)
