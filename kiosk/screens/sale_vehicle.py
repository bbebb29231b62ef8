"""Step 1: which vehicle, which colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from kiosk.i18n import tr
from kiosk.rules.codes import CodeKind
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import words
from kiosk.screens.base import KioskScreen
from kiosk.screens.sale_step import STEPS, SaleStepScreen
from kiosk.services.views import Sale, VehicleCard
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.facts import facts_table
from kiosk.widgets.money import BigAmount
from kiosk.widgets.typed_twice import TypedTwice


class NewSaleScreen(KioskScreen):
    """Before there is a sale: waits for a vehicle code. Nothing is stored until one is accepted."""

    CSS_PATH = SaleStepScreen.CSS_PATH

    def title_text(self) -> str:
        return tr("捆绑销售")

    def steps(self) -> tuple[Sequence[str], int]:
        return STEPS, 1

    def help_text(self) -> str:
        return tr("扫描车架上或合格证上的整车编码；扫不出来就手工输入两遍。")

    def more_help(self) -> Sequence[str]:
        return (
            tr("整车编码是 15 位数字，在车架钢印、合格证和合格证二维码上。"),
            tr("手工输入没有校验位，所以要输入两遍，两遍相同才采用。"),
        )

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="invitation"):
            yield Static(tr("请扫描整车编码"), classes="large", markup=False)
            yield Static(tr("或者在下面输入"), classes="quiet", markup=False)
        yield TypedTwice(tr("整车编码"), id="vehicle")

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(tr("返回"), id="back", key="esc")
        yield ActionButton(tr("求助"), id="help", key="f1")
        yield ActionButton(tr("开始捆绑"), id="start", key="f8", look="primary")

    def first_focus(self) -> Widget | None:
        return self.query_one(TypedTwice).first.input

    def on_typed_twice_first(self, event: TypedTwice.First) -> None:
        if self.judge_typed(event.text, CodeKind.VEHICLE) and event.entered:
            event.pair.again.enter()

    def on_typed_twice_differs(self, event: TypedTwice.Differs) -> None:
        from kiosk.screens.code_check import told_apart

        if not event.pair.taken_back:  # typed fast, it is told of more than once
            self.kiosk.refuse(told_apart(event.pair))

    def on_typed_twice_skipped(self, event: TypedTwice.Skipped) -> None:
        self.query_one("#start", ActionButton).focus()

    def on_typed_twice_agreed(self, event: TypedTwice.Agreed) -> None:
        self.kiosk.command("accept", partial(self._accept, event.text, swallow_enter=True))

    async def _accept(self, text: str, *, swallow_enter: bool = False) -> None:
        sale = await self.shop.sales.open_bundle(self.kiosk.acting(), text, typed=True)
        await self.kiosk.show(VehicleScreen(sale, swallow_enter=swallow_enter))

    def press_start(self) -> None:
        """Too early, whatever stands here: say what is missing. What agrees was refused and is refused again."""
        from kiosk.screens.code_check import check_typed_twice

        async def start() -> None:
            pair = self.query_one(TypedTwice)
            if not pair.first.text.strip():
                pair.first.enter()
                raise Refusal(Reason.NO_VEHICLE)
            check_typed_twice(pair, CodeKind.VEHICLE, self.shop.clock.now_ms())
            await self._accept(pair.first.text)

        self.kiosk.command("start", start)

    def press_back(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        self.kiosk.command("back", self.kiosk.go_home)


class VehicleScreen(SaleStepScreen):
    """The vehicle is known: its card, and the colours to choose from. A single colour is chosen all the same."""

    step_number = 1

    def __init__(self, sale: Sale, *, swallow_enter: bool = False) -> None:
        super().__init__(sale)
        self.swallow_enter = swallow_enter

    def help_text(self) -> str:
        if self.sale.colour is None:
            return tr("核对车辆，点选颜色，再按「开始捆绑」。")
        return tr("核对车辆和颜色，按「开始捆绑」。")

    def compose_body(self) -> ComposeResult:
        card = self.sale.vehicle
        if card is None:
            return
        with Horizontal(classes="card"):
            with Vertical(classes="card-facts"):
                yield self.vehicle_line()
                yield Static(_facts(card), markup=False)
            with Vertical(classes="card-price"):
                yield Static(tr("标价"), classes="quiet", markup=False)
                yield BigAmount(card.list_price_fen)
        yield Static(tr("颜色"), classes="quiet heading", markup=False)
        with Grid(id="colours", classes="choices"):
            for colour in card.colours:
                yield ChoiceButton(colour, colour, chosen=colour == self.sale.colour)

    def action_buttons(self) -> Iterable[ActionButton]:
        return self.step_buttons(ActionButton(tr("开始捆绑"), id="start", key="f8", look="primary"))

    def more_help(self) -> Sequence[str]:
        return (
            tr("扫错了车按「上一步」：车放回库存，再扫对的；已有电池或充电器就挂单，什么都不会丢。"),
            *super().more_help(),
        )

    def first_focus(self) -> Widget | None:
        if self.sale.colour is not None:
            return self.query_one("#start", ActionButton)
        return next(iter(self.query(ChoiceButton)), None)

    def paint(self) -> None:
        for choice in self.query(ChoiceButton):
            choice.chosen = choice.value == self.sale.colour
        self.say_help(self.help_text())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not isinstance(event.button, ChoiceButton):
            super().on_button_pressed(event)
            return
        event.stop()
        colour = event.button.value

        async def choose() -> None:
            if self.sale.colour != colour:
                self.apply(await self.shop.sales.choose_colour(self.sale.id, colour, operator=self.kiosk.acting()))
            self.query_one("#start", ActionButton).focus()

        self.kiosk.command(f"colour {colour}", choose)

    def press_start(self) -> None:
        self.advance("start", lambda: self.shop.sales.start_bundle(self.sale.id, operator=self.kiosk.acting()))

    def action_back(self) -> None:
        """Before the first step there is no sale: a vehicle alone goes back to stock. One with goods is parked."""
        if len(self.sale.lines) > 1:
            self.press_park()
            return

        async def give_back() -> None:
            await self.flush()
            cancelled = await self.shop.sales.cancel(self.sale.id, self.kiosk.acting())
            code = self.sale.vehicle.code if self.sale.vehicle else ""
            await self.kiosk.go_home(tr("整车 {code} 已放回库存，可以重新扫描。", code=code), cancelled=cancelled)

        self.kiosk.command("back", give_back)


def _facts(card: VehicleCard) -> Content:
    power = {"voltage": card.voltage_v, "chemistry": words.chemistry(card.chemistry), "count": card.battery_count}
    rows = (
        (tr("车型"), f"{words.vehicle_name(card)} ({card.model})"),
        (tr("厂家"), card.maker),
        (tr("合格证"), card.certificate),
        ("CCC", card.ccc),
        (tr("配置"), tr("{voltage}V {chemistry}  电池 {count} 块", **power)),
    )
    return facts_table(rows)
