"""What the kiosk is busy with, for the message line: which command, and for how long already."""

from __future__ import annotations

import time
from typing import Final

from kiosk.i18n import mark, tr

_NAMES: Final = {
    "accept": mark("添加"),
    "again": mark("重新收款"),
    "back": mark("返回"),
    "bundle": mark("捆绑销售"),
    "cancel": mark("取消销售"),
    "cancel-payment": mark("取消收款"),
    "collect": mark("收款"),
    "demo-pay": mark("演示付款"),
    "finish": mark("完成"),
    "hand-over": mark("交车"),
    "lock": mark("锁定"),
    "next": mark("下一步"),
    "open-sales": mark("取单"),
    "park": mark("挂单"),
    "remove": mark("移除"),
    "retry": mark("重新开票"),
    "sales": mark("销售单"),
    "save": mark("下载"),
    "save-slip": mark("保存凭条"),
    "scan": mark("扫描"),
    "sign-in": mark("登录"),
    "start": mark("开始捆绑"),
    "submit": mark("提交"),
    "undo": mark("撤销"),
    "view": mark("查看"),
}
"""What people call each command: the word on its button."""


class Working:
    """The commands under way and since when; the oldest is the one that is told."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self.told = ""
        """The sentence that stands in the message line because of them."""

    def __contains__(self, name: str) -> bool:
        return name in self._since

    def __bool__(self) -> bool:
        return bool(self._since)

    @property
    def names(self) -> tuple[str, ...]:
        """The commands under way, the oldest first."""
        return tuple(self._since)

    def begin(self, name: str) -> None:
        """A command is under way."""
        self._since[name] = time.monotonic()

    def end(self, name: str) -> None:
        """It is done."""
        self._since.pop(name, None)

    def sentence(self) -> str:
        """Which command runs, and its seconds once there is one; empty when none runs."""
        for name, since in self._since.items():
            what = tr(_NAMES.get(name.split(" ")[0], mark("操作")))
            seconds = int(time.monotonic() - since)
            if seconds:
                return tr("{what}：处理中，已 {seconds} 秒，请稍候", what=what, seconds=seconds)
            return tr("{what}：处理中，请稍候", what=what)
        return ""
