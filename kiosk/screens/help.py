"""Help: what the step below wants, in a few lines, and which keys there are everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from kiosk.i18n import tr
from kiosk.screens import status
from kiosk.screens.base import KioskScreen
from kiosk.widgets.button import ActionButton
from kiosk.widgets.prose import Prose


class HelpScreen(KioskScreen):
    """Lies over the screen it explains; Esc or the button returns. A scan returns too and counts below."""

    covers = True

    def __init__(self, title: str, first: str, more: Sequence[str]) -> None:
        super().__init__()
        self._title, self._first, self._more = title, first, more

    def again(self) -> KioskScreen:
        return HelpScreen(self._title, self._first, self._more)

    def title_text(self) -> str:
        return f"{tr('求助')} · {self._title}"

    def help_text(self) -> str:
        return self._first

    def compose_body(self) -> ComposeResult:
        lines = [
            *self._more,
            "",
            tr("扫描：任何时候直接扫码，光标在哪里都可以，扫到的码会自己找到位置。"),
            tr("触摸：点按钮或行；文字框点一下再输入。"),
            tr("键盘：Tab 换到下一处，Enter 按下标出的主按钮，Esc 退回一步，F1 求助。"),
            tr("底部一行是设备和服务的状态：● 正常  ▲ 注意  ✕ 故障  ○ 未接。打印机故障不影响收款。"),
            status.clock_sentence(self.shop.health.current().clock, self.shop.clock.now_ms()),
            tr("做到一半的销售单都会保存，挂单、断电、重启之后用「取单」取回。"),
        ]
        with VerticalScroll(can_focus=False):
            yield Prose("\n".join(lines), classes="prose")

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="f8", look="primary")

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.kiosk.pop_screen()
