"""What the four steps of a sale share: marks, the vehicle's line, parking, cancelling, saving what is typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.timer import Timer
from textual.widgets import Static

from kiosk.i18n import mark, tr
from kiosk.rules.refusals import Refusal
from kiosk.screens import parked, words
from kiosk.screens.sale_screen import SaleScreen
from kiosk.services.views import Sale
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import Tone

STEPS = (mark("整车"), mark("电池"), mark("客户"), mark("结账"))
SAVE_AFTER_S = 0.15
CANCEL_ASKS_S = 5.0


class SaleStepScreen(SaleScreen):
    """One step of an unfinished sale."""

    step_number = 0

    def __init__(self, sale: Sale) -> None:
        super().__init__(sale)
        self._unsaved: dict[str, str] = {}
        self._save_timer: Timer | None = None
        self._saved: Callable[[], None] = lambda: None
        self._cancel_timer: Timer | None = None

    def title_text(self) -> str:
        return tr("捆绑销售")

    def steps(self) -> tuple[Sequence[str], int]:
        return STEPS, self.step_number

    def more_help(self) -> Sequence[str]:
        return (
            tr("挂单：先放一放，回到首页；以后用「取单」接着做。"),
            tr("取消销售：按两次，这一单作废，车和电池回到库存；首页上还能「撤销」。"),
            tr("离开一会儿按 F9 锁定：这一单原样留着，解锁后接着做。"),
        )

    def vehicle_line(self) -> Static:
        """The whole vehicle code with what it is: on every step."""
        return Static(self.vehicle_text(), classes="vehicle-line", markup=False)

    def vehicle_text(self) -> str:
        card = self.sale.vehicle
        if card is None:
            return ""
        parts = [tr("整车 {code}", code=card.code), words.vehicle_name(card), self.sale.colour or ""]
        return "  ".join(part for part in parts if part)

    def step_buttons(self, primary: ActionButton) -> list[ActionButton]:
        """The action row of a step, `primary` last."""
        return [
            ActionButton(tr("上一步"), id="back", key="esc"),
            ActionButton(tr("挂单"), id="park", key="f6"),
            ActionButton(tr("求助"), id="help", key="f1"),
            ActionButton(tr("取消销售"), id="cancel", look="careful"),
            primary,
        ]

    # Saving what is typed

    def keep(self, **fields: str) -> None:
        """Remember typed text and save it soon; nothing typed is lost by a power cut."""
        if not self._unsaved:
            self._saved = self.hold()
        self._unsaved.update(fields)
        if self._save_timer is not None:
            self._save_timer.stop()
        self._save_timer = self.set_timer(SAVE_AFTER_S, self._save_soon)

    def _save_soon(self) -> None:
        self.do(self.flush, "save")

    async def flush(self) -> None:
        if self._save_timer is not None:
            self._save_timer.stop()
            self._save_timer = None
        fields, self._unsaved = self._unsaved, {}
        saved, self._saved = self._saved, lambda: None
        if not fields:
            return
        try:
            await self.shop.sales.keep_typed(self.sale.id, fields, operator=self.kiosk.acting())
        except Refusal as refusal:
            self.kiosk.refuse(refusal)
        except Exception as error:  # noqa: BLE001  typing goes on; what could not be saved is said and logged
            self.kiosk.report(error)
        finally:
            saved()

    # Moving between steps

    def advance(self, name: str, work: Callable[[], Awaitable[Sale]]) -> None:
        """Do `work` after what was typed is saved, and show the step the sale has reached then."""

        async def move() -> None:
            await self.flush()
            await self.kiosk.show_sale(await work())

        self.kiosk.command(name, move)

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.advance("back", lambda: self.shop.sales.step_back(self.sale.id, operator=self.kiosk.acting()))

    def press_park(self) -> None:
        async def park() -> None:
            await self.flush()
            await self.shop.sales.park(self.sale.id, operator=self.kiosk.acting())
            await self.kiosk.go_home(tr(parked.PARKED))

        self.kiosk.command("park", park)

    def press_cancel(self) -> None:
        """The first touch asks on the button itself, the second one within five seconds cancels."""
        button = self.query_one("#cancel", ActionButton)
        if self._cancel_timer is None:
            button.say(tr("确认取消"))
            button.add_class("asking")
            self._cancel_timer = self.set_timer(CANCEL_ASKS_S, self._cancel_no_more)
            return
        self._cancel_no_more()

        async def cancel() -> None:
            await self.flush()
            cancelled = await self.shop.sales.cancel(self.sale.id, self.kiosk.acting())
            await self.kiosk.go_home(tr("销售已取消，车和电池已回到库存。"), cancelled=cancelled)

        self.kiosk.command("cancel", cancel)

    def _cancel_no_more(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer.stop()
            self._cancel_timer = None
        for button in self.query("#cancel").results(ActionButton):
            button.say(tr("取消销售"))
            button.remove_class("asking")

    async def on_scan(self, text: str) -> None:
        """Every scan of a sale finds its place, whatever has the focus; most steps have none and say so."""
        self.apply(await self.shop.sales.add_code(self.sale.id, text, operator=self.kiosk.acting()))

    def done(self, text: str) -> None:
        """Say what just went well."""
        self.say(Tone.GOOD, text)
