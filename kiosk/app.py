"""The Textual application: one screen at a time, scans before focus, every command counted, nothing to escape into.

Screens give commands; the application runs them one after another, shows that it is busy, words a refusal in the
message line and turns any other error into a reference number. It never shows a traceback.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual._styles_cache import StylesCache
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.widgets import Input

from data.store import StoreDamaged, StoreFull
from drivers.scanners.wedge import Keystroke
from kiosk import i18n, quick_start, trouble
from kiosk.i18n import tr
from kiosk.idle import USUAL, IdleTimes
from kiosk.rules.numbers import is_sale_serial
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import status
from kiosk.screens.base import STYLES, KioskScreen
from kiosk.screens.help import HelpScreen
from kiosk.screens.lock import LockScreen
from kiosk.screens.ports import DemoControls, ShopPort
from kiosk.screens.sign_in import SignInScreen
from kiosk.screens.working import Working
from kiosk.services.operators import Operator
from kiosk.taps import TappedApp
from kiosk.widgets import theme as themes
from kiosk.widgets.field import Field
from kiosk.widgets.frame import StatusLine, Tone
from kiosk.widgets.visible import VisibleText

if TYPE_CHECKING:
    from kiosk.services.views import Sale

BUSY_AFTER_S = 0.15
LEAVE_WITHIN_S = 3.0


class KioskApp(TappedApp, inherit_bindings=False):
    """The shop-floor kiosk on one terminal."""

    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False
    CSS_PATH = STYLES / "base.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012  declared so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave_demo", show=False, priority=True)]

    def __init__(
        self,
        shop: ShopPort,
        *,
        demo: DemoControls | None = None,
        language: str = i18n.SOURCE,
        idle: IdleTimes = USUAL,
    ) -> None:
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        i18n.use(language)
        self.prepare_idle(idle)
        self.prepare_taps()
        super().__init__(shop.clock.now_ms)
        self.animation_level = "none"
        self.shop = shop
        self.demo = demo
        self.operator: Operator | None = None
        self.busy = 0
        """User commands and saves in flight; 0 means that everything a person did is done."""
        self._working = Working()
        self._lanes: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._showing = asyncio.Lock()
        self._scan_number = 0
        self._leave_asked_at = -LEAVE_WITHIN_S
        self._unsubscribe: Callable[[], None] = lambda: None
        self._visible_text = VisibleText()
        for theme in themes.THEMES.values():
            self.register_theme(theme)
        kept = shop.screen.theme
        self.theme = kept if kept in themes.THEMES else themes.DARK

    def get_default_screen(self) -> KioskScreen:
        """The first screen, made to be switched like one that was pushed: Textual expects the callback of those."""
        first = SignInScreen()
        first._push_result_callback(self, None)  # pyright: ignore[reportPrivateUsage]
        return first

    def refresh_css(self, animate: bool = True) -> None:
        """Take the theme's colours over; parse the styles anew when some screen has been styled with others."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What Textual does to every line, and nothing a terminal would obey."""
        return [*super().get_line_filters(), self._visible_text]

    def on_mount(self) -> None:
        trouble.open_log(self.shop.directory)
        self._unsubscribe = self.shop.changes.subscribe(self._changed)
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._start_shop)

    async def on_unmount(self) -> None:
        self._unsubscribe()
        await self.shop.stop()

    def _start_shop(self) -> None:
        """Start the shop's loops once the first screen is painted; what they import would hold it up."""
        quick_start.painted()
        self._compose_screen = None  # Textual would keep the first screen, and all it ever painted, for good
        self._spawn(self.guarded(self.shop.start))

    # Commands

    def command(
        self, name: str, work: Callable[[], Awaitable[None]], *, lane: str = "shop", queued: bool = False
    ) -> None:
        """Do what a person asked for, after what was asked before in the same lane.

        A second call by the same `name` while the first is under way is a double tap and is ignored, unless `queued`.
        """
        if name in self._working and not queued:
            return
        self._working.begin(name)
        self.busy += 1
        self._spawn(self._command(name, work, lane))

    async def _command(self, name: str, work: Callable[[], Awaitable[None]], lane: str) -> None:
        waiting = asyncio.get_running_loop().call_later(BUSY_AFTER_S, self._say_busy)
        try:
            async with self._lanes.setdefault(lane, asyncio.Lock()):
                self.say(Tone.PLAIN, "")
                await self.guarded(work)
        finally:
            waiting.cancel()
            self._working.end(name)
            self.busy -= 1
            self._say_no_longer_busy()

    async def guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`; a refusal becomes its sentence, anything else a reference number."""
        try:
            await work()
        except Refusal as refusal:
            self.refuse(refusal)
        except asyncio.CancelledError:
            raise
        except (StoreFull, StoreDamaged) as error:
            trouble.record(error)
            self.refuse(Refusal(Reason.STORE_FULL if isinstance(error, StoreFull) else Reason.STORE_FAILED))
        except Exception as error:  # noqa: BLE001  the last line of defence of a screen that must stay up
            self.report(error)

    def beside(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what nobody asked for but the shop's own movement wants, outside of every lane."""
        release = self.hold()

        async def do() -> None:
            try:
                await self.guarded(work)
            finally:
                release()

        self._spawn(do())

    def report(self, error: BaseException) -> None:
        """Log an unforeseen error and tell people its number and what it means for the money."""
        reference = trouble.record(error)
        self.say(
            Tone.FAULT,
            tr("不能完成：内部错误 {reference}。已保存的内容和钱款不受影响，请重试或联系支持。", reference=reference),
        )

    def refuse(self, refusal: Refusal) -> None:
        """Word a refusal in the message line."""
        from kiosk.screens import amends, wording

        if refusal.reason is not Reason.NOT_SIGNED_IN or self.operator is not None:
            self.bell()
        self.say(Tone.FAULT, wording.sentence(refusal))
        if isinstance(self.screen, KioskScreen):
            self.screen.amended_by = amends.BY.get(refusal.reason, frozenset())

    def say(self, tone: Tone, text: str) -> None:
        """Put a sentence into the message line of the screen on top."""
        if self.screen_stack and isinstance(self.screen, KioskScreen):
            self.screen.say(tone, text)

    def hold(self) -> Callable[[], None]:
        """Count something as in flight (a save that is due); call the answer once when it is done."""
        self.busy += 1
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                self.busy -= 1

        return release

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _say_busy(self) -> None:
        """Unless something is said already: a slow screen may have told what came of it before it is done itself."""
        screen = self.screen if self.screen_stack else None
        if self._working and isinstance(screen, KioskScreen) and (screen.quiet or screen.says(self._working.told)):
            self._working.told = self._working.sentence()
            screen.say(Tone.UNDER_WAY, self._working.told)

    def _say_no_longer_busy(self) -> None:
        if not self._working and self.screen_stack and isinstance(self.screen, KioskScreen):
            self.screen.clear_message(self._working.told)
            self._working.told = ""

    # Where things are shown

    async def show(self, screen: KioskScreen) -> None:
        """Replace the screen; under the lock it waits until somebody unlocks."""
        async with self._showing:
            await self._show(screen)

    async def _show(self, screen: KioskScreen) -> None:
        if isinstance(self.screen, LockScreen):
            self.screen.underneath = screen
            return
        while isinstance(self.screen, KioskScreen) and self.screen.covers:
            await self.pop_screen()
        await self.switch_screen(screen)  # pyright: ignore[reportUnknownMemberType]
        # Textual 8.2.8 remembers two colours under the widget they belong to: a thousand widgets that are long gone,
        # each with all it ever painted, some megabytes a sale.
        StylesCache.get_inner_outer.cache_clear()

    async def show_sale(self, sale: Sale, *, only_over: KioskScreen | None = None) -> None:
        """Show the step the sale has reached; a screen that shows it already is painted anew.

        With `only_over` nothing happens unless that screen is still on top: a change that came by itself never takes
        a person away from elsewhere.
        """
        from kiosk.screens.routes import screen_for
        from kiosk.screens.sale_screen import SaleScreen

        kind = screen_for(sale)
        async with self._showing:
            top = self.screen
            if only_over is not None and top is not only_over:
                return
            if type(top) is kind and isinstance(top, SaleScreen) and top.sale.id == sale.id:
                top.apply(sale)
            elif kind is not None:
                await self._show(kind(sale))
        if kind is None:
            await self.go_home()

    async def go_home(self, message: str = "", tone: Tone = Tone.GOOD, cancelled: Sale | None = None) -> None:
        """Show Home, with a sentence about what just happened, and the undo of a sale just cancelled."""
        from kiosk.screens.home import HomeScreen

        await self.show(HomeScreen(message, tone, cancelled) if self.operator else SignInScreen())

    def show_help(self, screen: KioskScreen) -> None:
        """Lay the help of `screen` over it."""
        if not screen.covers:
            self.push_screen(HelpScreen(screen.title_text(), screen.help_text(), screen.more_help()))

    def lock(self) -> None:
        """Hide everything behind the PIN of whoever is signed in."""
        if self.operator is not None and not isinstance(self.screen, LockScreen):
            operator = self.operator

            async def lock() -> None:
                await self._save_typed()
                await self.shop.sign_in.lock(operator)
                while isinstance(self.screen, KioskScreen) and self.screen.covers:
                    await self.pop_screen()
                await self.push_screen(LockScreen(operator))

            self.command("lock", lock)

    async def use_language(self, language: str) -> None:
        """Switch the language of every screen now."""
        await self._save_typed()
        i18n.use(language)
        while isinstance(self.screen, HelpScreen):
            await self.pop_screen()
        if isinstance(self.screen, KioskScreen):
            typed = {one.id: one.text for one in self.screen.fields()}
            fresh = self.screen.again()
            await self.switch_screen(fresh)  # pyright: ignore[reportUnknownMemberType]
            for field in fresh.fields():
                if typed.get(field.id) and not field.text:
                    field.input.value = typed[field.id]

    async def _save_typed(self) -> None:
        if isinstance(self.screen, KioskScreen):
            await self.screen.flush()

    def request_language(self, language: str) -> None:
        """Switch the language in its turn. Raises ValueError for one there is not."""
        if language not in i18n.LANGUAGES:
            raise ValueError(f"no such language: {language}")
        self.command("language", lambda: self.use_language(language))

    def request_theme(self, name: str) -> None:
        """Switch the colours of every screen now, and keep that for this terminal."""

        async def use() -> None:
            self.theme = name
            if isinstance(self.screen, KioskScreen):
                self.screen.themed()
            await self.shop.screen.use_theme(name)

        self.command("theme", use)

    def shop_name(self) -> str:
        """What the shop is called."""
        return self.shop.name or tr("电动自行车门店")

    def export_directory(self) -> Path:
        """Where saved files go: people look for them there."""
        return self.shop.directory / "exports"

    # People

    async def signed_in(self, operator: Operator) -> None:
        """Somebody proved who they are."""
        self.operator = operator
        await self.go_home()

    async def unlocked(self, lock: LockScreen) -> None:
        """The operator is back: show what lies below, in the language of now."""
        await self.pop_screen()
        below = lock.underneath
        if below is None and isinstance(self.screen, KioskScreen) and self.screen.language != i18n.current():
            below = self.screen.again()
        if below is not None:
            await self.show(below)

    async def switched(self, operator: Operator) -> None:
        """Another operator took the locked terminal over; open sales stay parked."""
        while isinstance(self.screen, KioskScreen) and (self.screen.covers or isinstance(self.screen, LockScreen)):
            await self.pop_screen()
        await self.signed_in(operator)

    def acting(self) -> Operator:
        """Who is signed in; raises Refusal NOT_SIGNED_IN."""
        if self.operator is None:
            raise Refusal(Reason.NOT_SIGNED_IN)
        return self.operator

    def action_leave_demo(self) -> None:
        """Ctrl+Q twice leaves the demo; in a shop it does nothing."""
        if self.demo is None:
            return
        now = asyncio.get_running_loop().time()
        if now - self._leave_asked_at < LEAVE_WITHIN_S:
            self.exit()
        self._leave_asked_at = now
        self.say(Tone.ATTENTION, tr("再按一次 Ctrl+Q 退出演示。"))

    # Scans

    def scan_dropped(self) -> None:
        self.refuse(Refusal(Reason.SCAN_UNREADABLE))

    def scan_torn(self) -> None:
        self.refuse(Refusal(Reason.SCAN_TORN))

    def swallows(self, stroke: Keystroke) -> bool:
        """What wakes a dim screen, a second press, and an Enter that belonged to a typed code accepted just now."""
        if super().swallows(stroke):
            return True
        screen = self.screen
        if not isinstance(screen, KioskScreen) or not screen.swallow_enter:
            return False
        screen.swallow_enter = False
        return stroke.key == "enter"

    def scan(self, text: str) -> None:
        """A scanner read `text`: the screen that is on top when its turn comes decides what it means."""
        self.wake()
        self.second_presses.forget()
        field = self.focused.parent if isinstance(self.focused, Input) else None
        if isinstance(field, Field) and field.takes(text):
            field.take(text)
            return
        self._scan_number += 1
        self.command(f"scan {self._scan_number}", partial(self._scanned, text), queued=True)

    async def _scanned(self, text: str) -> None:
        if isinstance(self.screen, HelpScreen):
            await self.pop_screen()
        if isinstance(self.screen, KioskScreen):
            await self.screen.on_scan(text)

    async def open_by_scan(self, text: str) -> None:
        """A code scanned outside a sale: a vehicle opens one, a slip's serial shows its sale, all else is refused."""
        if is_sale_serial(text):
            from kiosk.screens.sale_detail import SaleDetailScreen

            sold = await self.shop.lookups.sale_by_serial(text.strip().upper())
            if sold is not None:
                await self.show(SaleDetailScreen(sold))
                return
        await self.show_sale(await self.shop.sales.open_bundle(self.acting(), text))

    # What happens by itself

    def _changed(self, keys: frozenset[str]) -> None:
        if not self.screen_stack:
            return
        screen = self.screen
        if isinstance(screen, KioskScreen) and screen.is_mounted:
            screen.changed(keys)
            if keys & {"health", "printer", "payments", "invoices"}:
                self.show_status(screen)

    def _tick(self) -> None:
        if not self.screen_stack:  # between two screens, or on the way out
            return
        screen = self.screen
        if isinstance(screen, KioskScreen) and screen.is_mounted:
            self.show_status(screen)
            screen.tick()
            if self._working.told:
                self._say_busy()
        self.watch_idle()

    def may_idle(self) -> bool:
        return super().may_idle() and self.operator is not None and not isinstance(self.screen, LockScreen)

    def lock_idle(self) -> None:
        if not self.busy:
            self.lock()

    def show_status(self, screen: KioskScreen) -> None:
        """Paint the status line of `screen`."""
        shown = status.indicators(self.shop.health.current())
        right = status.right_end(self.operator, self.shop.clock.now_ms())
        for line in screen.query(StatusLine):
            line.show(shown, right)

    def _handle_exception(self, error: Exception) -> None:
        """An error outside every command: log it and end with one sentence instead of a traceback.

        Textual has no public hook for this. The service manager starts the kiosk again; the store holds everything.
        """
        if self.is_headless:
            super()._handle_exception(error)
            return
        reference = trouble.record(error)
        told = tr("内部错误 {reference}，详见 kiosk.log。已保存的内容和钱款不受影响。", reference=reference)
        self.exit(return_code=1, message=told)
