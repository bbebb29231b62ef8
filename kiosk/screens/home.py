"""Home: what can be done here, what is still open, what needs somebody."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.widgets import Button, Static

from kiosk import i18n
from kiosk.i18n import tr
from kiosk.rules.permissions import Command, may
from kiosk.screens import notices, parked
from kiosk.screens.base import STYLES, KioskScreen
from kiosk.services.views import ParkedSale, Sale, SaleState
from kiosk.widgets import theme as themes
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import Tone
from kiosk.widgets.paged_list import PagedList


class NoticeButton(ActionButton):
    """Leads to the sale that waits for somebody."""

    def __init__(self, notice: notices.Notice) -> None:
        super().__init__(notice.text, classes=f"notice {notice.tone.value}")
        self.sale_id = notice.sale_id


class HomeScreen(KioskScreen):
    """Buttons for what is built, and nothing else; below them what waits: for somebody, or for its customer."""

    CSS_PATH = STYLES / "lists.tcss"

    def __init__(self, message: str = "", tone: Tone = Tone.GOOD, cancelled: Sale | None = None) -> None:
        """With `cancelled`, the sale just given up can be brought back until this screen is left."""
        super().__init__()
        self._message, self._tone, self._cancelled = message, tone, cancelled
        self._parked: tuple[ParkedSale, ...] = ()
        self._notices: tuple[notices.Notice, ...] = ()

    def title_text(self) -> str:
        return self.kiosk.shop_name()

    def help_text(self) -> str:
        return tr("扫描整车编码就能开始一单；也可以点下面的按钮。")

    def more_help(self) -> Sequence[str]:
        return (
            tr("捆绑销售：整车、电池、充电器一起卖，收款后自动开票、打印凭条。"),
            tr("取单：继续一张没做完的销售单。销售单：查询做过的销售、发票和凭条。"),
        )

    def compose_body(self) -> ComposeResult:
        with Grid(id="tiles"):
            yield ActionButton(tr("捆绑销售"), id="bundle", key="f8", look="primary", classes="tile")
            yield ActionButton(tr("销售单"), id="sales", key="f4", classes="tile")
            yield ActionButton(tr("锁定"), id="lock", key="f9", classes="tile")
            yield ActionButton(tr("取单"), id="open-sales", key="f3", classes="tile hidden")
        if self._cancelled is not None and self._cancelled.vehicle is not None:
            undo = tr("撤销取消 {code}", code=self._cancelled.vehicle.code)
            yield ActionButton(undo, id="undo", key="f7", classes="notice")
        yield Vertical(id="notices")
        with Vertical(classes="invitation"):
            yield Static(tr("请扫描整车编码"), classes="large", markup=False)
        yield Static("", id="parked-heading", classes="quiet hidden", markup=False)
        yield PagedList(id="parked")

    def compose_actions(self) -> ComposeResult:
        """What concerns the screen itself, from the left; leaving stands apart at the edge."""
        with Horizontal(id="actions"):
            yield ActionButton(tr("求助"), id="help", key="f1")
            yield ActionButton(i18n.LANGUAGES[i18n.following(i18n.current())], id="language", key="f2")
            yield ActionButton(self._theme_label(), id="theme", key="f5")
            yield Static(classes="spacer")
            if self._may_leave():
                yield ActionButton(tr("退出演示"), id="leave-demo", look="careful", classes="at-edge")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(PagedList).display = False
        if self._message:
            self.say(self._tone, self._message)
        self._look()

    def on_screen_resume(self) -> None:
        self._look()

    def changed(self, keys: frozenset[str]) -> None:
        if keys & {"sales", "payments", "printer", "invoices"}:
            self._look()

    def tick(self) -> None:
        self._show_parked()

    def _look(self) -> None:
        self.do(self._load, "load")

    async def _load(self) -> None:
        """The newest open sale first: it is the one whose customer comes back."""
        waiting = tuple(reversed(await self.shop.sales.parked()))
        found = await notices.gather(self.shop)
        button = self.query_one("#open-sales", ActionButton)
        button.set_class(not waiting, "hidden")
        button.say(tr("取单（{count} 单）", count=len(waiting)))
        self._parked = waiting
        self.query_one("#parked-heading").set_class(not waiting, "hidden")
        self.query_one(PagedList).display = bool(waiting)
        self.query_one(".invitation").display = not waiting and not found
        if any(one.tone is Tone.GOOD for one in found):
            # It may be the very sale that is paid now, and is no longer among the open ones.
            self.clear_message(tr(parked.PARKED))
        if found != self._notices:
            self._notices = found
            box = self.query_one("#notices", Vertical)
            await box.remove_children()
            await box.mount_all(NoticeButton(one) for one in found)
            box.set_class(bool(found), "some")
        self._show_parked()

    def on_paged_list_resized(self) -> None:
        self._show_parked()

    def _show_parked(self) -> None:
        """As many open sales as there is room for; 取单 has them all. A screen that has gone shows none."""
        for rows in self.query(PagedList):
            if self._parked and rows.size.height:
                now_ms = self.shop.clock.now_ms()
                shown = [parked.row(one, now_ms) for one in self._parked[: rows.page_size]]
                rows.show(shown)
                self.query_one("#parked-heading", Static).update(_heading(len(self._parked), len(shown)))

    def on_paged_list_chosen(self, event: PagedList.Chosen) -> None:
        async def resume() -> None:
            await self.kiosk.show_sale(await self.shop.sales.load(event.key))

        self.kiosk.command("resume", resume)

    def _may_leave(self) -> bool:
        operator = self.kiosk.operator
        return self.kiosk.demo is not None and operator is not None and may(operator.role.value, Command.LEAVE_DEMO)

    # Buttons

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not isinstance(event.button, NoticeButton):
            super().on_button_pressed(event)
            return
        event.stop()
        sale_id = event.button.sale_id

        async def open_sale() -> None:
            from kiosk.screens.sale_detail import SaleDetailScreen

            sale = await self.shop.sales.load(sale_id)
            if sale.state is SaleState.CANCELLED:
                await self.kiosk.show(SaleDetailScreen(sale))
            else:
                await self.kiosk.show_sale(sale)

        self.kiosk.command("notice", open_sale)

    def press_undo(self) -> None:
        cancelled = self._cancelled
        if cancelled is None:
            return

        async def restore() -> None:
            await self.kiosk.show_sale(await self.shop.sales.restore(cancelled.id, self.kiosk.acting()))

        self.kiosk.command("undo", restore)

    def press_bundle(self) -> None:
        from kiosk.screens.sale_vehicle import NewSaleScreen

        self.kiosk.command("bundle", lambda: self.kiosk.show(NewSaleScreen()))

    def press_open_sales(self) -> None:
        from kiosk.screens.open_sales import OpenSalesScreen

        async def take() -> None:
            parked = await self.shop.sales.parked()
            if len(parked) == 1:
                await self.kiosk.show_sale(await self.shop.sales.load(parked[0].id))
            else:
                await self.kiosk.show(OpenSalesScreen())

        self.kiosk.command("open-sales", take)

    def press_sales(self) -> None:
        from kiosk.screens.sale_list import SaleListScreen

        self.kiosk.command("sales", lambda: self.kiosk.show(SaleListScreen()))

    def press_lock(self) -> None:
        self.kiosk.lock()

    def press_language(self) -> None:
        self.kiosk.request_language(i18n.following(i18n.current()))

    def press_theme(self) -> None:
        self.kiosk.request_theme(themes.other(self.kiosk.theme))

    def themed(self) -> None:
        self.query_one("#theme", ActionButton).say(self._theme_label())

    def _theme_label(self) -> str:
        return tr("亮色") if self.kiosk.theme == themes.DARK else tr("暗色")

    def press_leave_demo(self) -> None:
        self.kiosk.exit()


def _heading(count: int, shown: int) -> str:
    if count == shown:
        return tr("未完成的销售单 {count} 张，点一张接着做：", count=count)
    return tr("未完成的销售单 {count} 张，最近的 {shown} 张；其余按「取单」：", count=count, shown=shown)
