"""销售单: what was sold, newest first, a screenful at a time; search by number, phone, any code, day, state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget

from kiosk.i18n import mark, tr
from kiosk.rules.calendar import beijing_text, business_day
from kiosk.screens import words
from kiosk.screens.base import STYLES, KioskScreen
from kiosk.services.views import InvoiceState, PrintJobState, SaleRow, SaleState
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import TitleBar, Tone
from kiosk.widgets.money import yuan
from kiosk.widgets.paged_list import ListRow, PagedList

SEARCH_AFTER_S = 0.2
STATES: tuple[SaleState | None, ...] = (None, SaleState.DONE, SaleState.ORDERED, SaleState.PAID, SaleState.CANCELLED)
ALL = mark("全部")


class SaleListScreen(KioskScreen):
    """Pages are read from the store as they are turned; personal data is masked."""

    CSS_PATH = STYLES / "lists.tcss"

    def __init__(self, search: str = "") -> None:
        super().__init__()
        self._search = search
        self._today = False
        self._state: SaleState | None = None
        self._rows: tuple[SaleRow, ...] = ()
        self._before: list[SaleRow | None] = [None]
        self._more = False
        self._timer: Timer | None = None
        self._searched: Callable[[], None] = lambda: None

    def again(self) -> KioskScreen:
        return SaleListScreen(self._search)

    def title_text(self) -> str:
        return tr("销售单")

    def help_text(self) -> str:
        return tr("输入流水号、手机号或任意编码查找；扫描凭条上的码也可以。点一行打开。")

    def more_help(self) -> Sequence[str]:
        return (tr("PageUp、PageDown 翻页；「今天」只看今天，「状态」轮换要看的状态。"),)

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="search-row"):
            yield Field(tr("查找"), id="search", value=self._search, limit=64, personal=True)
            yield ActionButton(tr("今天"), id="today", key="f6")
            yield ActionButton(self._state_label(), id="state", key="f7")
        yield PagedList(id="sales", empty=tr("没有符合的销售单。"))

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="esc")
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(tr("上一页"), id="previous", key="f3")
        yield ActionButton(tr("下一页"), id="following", key="f4")
        yield ActionButton(tr("打开"), id="open", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one("#search", Field).input

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._look)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._look)

    def changed(self, keys: frozenset[str]) -> None:
        if keys & {"sales", "payments", "invoices", "printer"}:
            self._look()

    def _state_label(self) -> str:
        return f"{tr('状态')} {words.sale_state(self._state) if self._state else tr(ALL)}"

    # Loading

    def _look(self) -> None:
        self.do(self._load, "load")

    async def _load(self) -> None:
        pages = self.query_one(PagedList)
        day = business_day(self.shop.clock.now_ms()) if self._today else None
        release = self.hold()
        try:
            size = pages.page_size
            found = await self.shop.lookups.sales(
                search=self._search, day=day, state=self._state, before=self._before[-1], limit=size + 1
            )
        finally:
            release()
        self._rows, self._more = found[:size], len(found) > size
        pages.show([_row(one) for one in self._rows])
        self.query_one(TitleBar).say(self.title_text(), self._place(size))

    def _place(self, size: int) -> str:
        """Which sales these are, which page of them, and whether there are more; the last page knows how many."""
        state = words.sale_state(self._state) if self._state else tr(ALL)
        which = " · ".join([state, *([tr("今天")] if self._today else []), *([tr("查找")] if self._search else [])])
        page = len(self._before)
        if self._more:
            return tr("{which} · 第 {page} 页，后面还有", which=which, page=page)
        return tr(
            "{which} · 第 {page} 页，共 {count} 张", which=which, page=page, count=size * (page - 1) + len(self._rows)
        )

    def _from_the_top(self) -> None:
        self._before = [None]
        self._look()

    def on_field_typed(self, event: Field.Typed) -> None:
        self._search = event.text
        if self._timer is not None:
            self._timer.stop()
        self._searched()  # the search that was due is not made any more
        self._searched = self.hold()
        self._timer = self.set_timer(SEARCH_AFTER_S, self._search_now)

    def _search_now(self) -> None:
        self._searched()
        self._from_the_top()

    def on_field_entered(self, event: Field.Entered) -> None:
        self.query_one(PagedList).focus()

    def on_paged_list_turn(self, event: PagedList.Turn) -> None:
        if event.by > 0:
            self.press_following()
        else:
            self.press_previous()

    def press_following(self) -> None:
        if self._rows and self._more:
            self._before.append(self._rows[-1])
            self._look()

    def press_previous(self) -> None:
        if len(self._before) > 1:
            self._before.pop()
            self._look()

    def press_today(self) -> None:
        self._today = not self._today
        button = self.query_one("#today", ActionButton)
        button.set_class(self._today, "chosen")
        button.say(f"✓ {tr('今天')}" if self._today else tr("今天"))
        self._from_the_top()

    def press_state(self) -> None:
        self._state = STATES[(STATES.index(self._state) + 1) % len(STATES)]
        self.query_one("#state", ActionButton).say(self._state_label())
        self._from_the_top()

    # Opening

    def on_paged_list_chosen(self, event: PagedList.Chosen) -> None:
        self._open(event.key)

    def press_open(self) -> None:
        self.query_one(PagedList).action_choose()

    def _open(self, serial: str) -> None:
        from kiosk.screens.sale_detail import SaleDetailScreen

        async def show() -> None:
            sale = await self.shop.lookups.sale_by_serial(serial)
            if sale is not None:
                await self.kiosk.show(SaleDetailScreen(sale))

        self.kiosk.command("open", show)

    async def on_scan(self, text: str) -> None:
        """A slip's code, or the code of anything that was sold, finds its sale; a vehicle in stock opens a new one."""
        from kiosk.screens.sale_detail import SaleDetailScreen

        found = await self.shop.lookups.sale_by_code(text)
        if found is not None:
            await self.kiosk.show(SaleDetailScreen(found))
        else:
            await self.kiosk.open_by_scan(text)

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.kiosk.command("back", self.kiosk.go_home)


def _row(one: SaleRow) -> ListRow:
    tone, word = _standing(one)
    return ListRow(
        key=one.serial,
        head=f"{one.serial}  {one.customer_masked}",
        head_right=f"{word}  {yuan(one.total_fen)}",
        detail=f"{one.model}  {one.vehicle}",
        detail_right=f"{one.phone_masked}  {beijing_text(one.at_ms)[:16]}",
        tone=tone,
    )


def _standing(one: SaleRow) -> tuple[Tone, str]:
    """What somebody should know about the sale at a glance: first what needs a person."""
    if one.late and one.state is SaleState.PAID:
        return Tone.ATTENTION, tr("晚到付款")
    if one.printing is PrintJobState.UNCERTAIN:
        return Tone.ATTENTION, tr("待确认")
    if one.invoice is InvoiceState.FAILED:
        return Tone.FAULT, tr("开票失败")
    if one.invoice not in {None, InvoiceState.ISSUED, InvoiceState.WITHDRAWN}:
        return Tone.ATTENTION, tr("开票中")
    if one.state is SaleState.DONE:
        return Tone.GOOD, words.sale_state(one.state)
    return Tone.PLAIN, words.sale_state(one.state)
