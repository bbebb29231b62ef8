"""取单: the open sales of this terminal; choosing one brings it back at the step it had reached."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.widget import Widget

from kiosk.i18n import tr
from kiosk.screens import parked
from kiosk.screens.base import STYLES, KioskScreen
from kiosk.services.views import ParkedSale
from kiosk.widgets.button import ActionButton
from kiosk.widgets.paged_list import PagedList


class OpenSalesScreen(KioskScreen):
    """The newest first, one screenful at a time."""

    CSS_PATH = STYLES / "lists.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._parked: tuple[ParkedSale, ...] = ()
        self._first = 0

    def title_text(self) -> str:
        return tr("取单")

    def help_text(self) -> str:
        return tr("点一张未完成的销售单，接着做。")

    def compose_body(self) -> ComposeResult:
        yield PagedList(id="open-sales", empty=tr("没有未完成的销售单。"))

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="esc")
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(tr("打开"), id="open", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one(PagedList)

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._look)

    def changed(self, keys: frozenset[str]) -> None:
        if "sales" in keys:
            self._look()

    def _look(self) -> None:
        self.do(self._load, "load")

    async def _load(self) -> None:
        release = self.hold()
        try:
            self._parked = tuple(reversed(await self.shop.sales.parked()))
        finally:
            release()
        self._show()

    def _show(self) -> None:
        pages = self.query_one(PagedList)
        now_ms = self.shop.clock.now_ms()
        pages.show([parked.row(one, now_ms) for one in self._parked[self._first : self._first + pages.page_size]])

    def on_paged_list_turn(self, event: PagedList.Turn) -> None:
        size = self.query_one(PagedList).page_size
        target = self._first + event.by * size
        if 0 <= target < len(self._parked):
            self._first = target
            self._show()

    def on_paged_list_chosen(self, event: PagedList.Chosen) -> None:
        async def take() -> None:
            await self.kiosk.show_sale(await self.shop.sales.load(event.key))

        self.kiosk.command("take", take)

    def press_open(self) -> None:
        self.query_one(PagedList).action_choose()

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.kiosk.command("back", self.kiosk.go_home)
