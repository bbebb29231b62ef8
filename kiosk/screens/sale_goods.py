"""Step 2: the batteries and the charger that belong to the vehicle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from kiosk.i18n import tr
from kiosk.rules.codes import CodeKind
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens.sale_step import SaleStepScreen
from kiosk.services.views import Line, LineKind, Sale
from kiosk.widgets.button import ActionButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.typed_twice import TypedTwice

KINDS = {"battery": CodeKind.BATTERY, "charger": CodeKind.CHARGER}
"""What is typed into which pair of fields."""


UNDO_KEY = "f7"
FEW_PLACES = 3
"""So many places leave room for a gap before the fields on a low screen."""
MOST_PLACES = 5
"""More places than these leave no room for gaps between them on a low screen."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place the sale has for a battery or the charger: filled, waiting, or just emptied (`gone` was in it).

    `newest` is the line that was added last: the undo key takes it off again. `wide` is a row of its own.
    """

    name: str
    line: Line | None
    newest: bool = False
    gone: Line | None = None
    wide: bool = False


class Slot(Horizontal):
    """Shows a place; a change is painted where it is, because a scan's line must stand there at once."""

    def __init__(self, place: Place) -> None:
        super().__init__(classes="slot")
        self._place = place
        self.set_class(place.wide, "wide")
        self.set_class(place.line is not None, "filled")

    def compose(self) -> ComposeResult:
        yield Static(self._text(), classes="slot-text", markup=False)
        yield RemoveButton(self._place)
        if self._place.gone is not None:
            yield UndoButton(self._place.gone)

    def show(self, place: Place) -> None:
        """Show what is there now."""
        if place == self._place:
            return
        gone, self._place = self._place.gone, place
        self.query_one(".slot-text", Static).update(self._text(), layout=False)
        self.query_one(RemoveButton).show(place)
        self.set_class(place.line is not None, "filled")
        if gone != place.gone:
            self.query(UndoButton).remove()
            if place.gone is not None:
                self.mount(UndoButton(place.gone))

    def _text(self) -> Content:
        line, what = self._place.line, self._place.name
        if line is None and self._place.gone is not None:
            return Content.assemble((f"○ {what}", "$quiet"), f"\n{tr('已移除')}\n", (self._place.gone.code, "$quiet"))
        if line is None:
            return Content.assemble((f"○ {what}", "$quiet"), "\n", (tr("等待扫描"), "$quiet"))
        tone, told = (Tone.GOOD, line.name) if line.pairing_known else (Tone.ATTENTION, tr("厂家未声明匹配"))
        told = told if line.pairing_known else line.pairing_reason or told
        return Content("\n").join([state_line(tone, what), Content(told), Content.styled(line.code, "bold")])


class RemoveButton(ActionButton):
    """Takes one line off the sale again; not to be seen while there is none."""

    def __init__(self, place: Place) -> None:
        super().__init__(tr("移除"), look="careful", classes="remove")
        self.position = 0
        self.show(place)

    def show(self, place: Place) -> None:
        """Be the button of this place's line."""
        self.position = 0 if place.line is None else place.line.position
        self.say(self.caption, key=UNDO_KEY if place.newest else "")
        self.display = place.line is not None


class UndoButton(ActionButton):
    """Brings back what was taken off a moment ago; gone with the next action."""

    def __init__(self, line: Line) -> None:
        super().__init__(tr("撤销"), key=UNDO_KEY, classes="remove")
        self.line = line


class GoodsScreen(SaleStepScreen):
    """Any scan finds its place here, whatever has the focus; typed codes are typed twice."""

    step_number = 2

    def __init__(self, sale: Sale) -> None:
        super().__init__(sale)
        self._painted: tuple[Line, ...] = ()
        self._newest = ""
        """The code that was added last on this screen."""
        self._gone: Line | None = None
        """What was taken off last; the next action forgets it."""

    def help_text(self) -> str:
        missing = self._missing()
        if missing:
            return tr("请扫描：{missing}。扫码不分先后。", missing=tr("、").join(missing))
        if self._unpaired() is not None:
            return tr("有一件没有厂家匹配声明：填写配对原因，再按「下一步」。")
        return tr("电池和充电器齐了，按「下一步」。")

    def more_help(self) -> Sequence[str]:
        return (
            tr("电池码在电池铭牌上，24 位；充电器码是型号代码，13 位，横线可以不输。"),
            tr("扫错了按「移除」拿掉，按「撤销」又回来。▲ 表示厂家没有声明这两件可以配对，要写明原因。"),
            *super().more_help(),
        )

    def compose_body(self) -> ComposeResult:
        yield self.vehicle_line()
        places = list(self._places())
        self.set_class(len(places) <= FEW_PLACES, "roomy", update=False)
        self.set_class(len(places) > MOST_PLACES, "crowded", update=False)
        with VerticalScroll(id="slots-scroll", can_focus=False), Grid(id="slots"):
            yield from (Slot(place) for place in places)
        typed = self.sale.typed
        with Horizontal(id="codes"):
            yield TypedTwice(tr("电池码"), id="battery", value=typed.get("battery", ""))
            yield TypedTwice(tr("充电器码"), id="charger", value=typed.get("charger", ""))
            yield Field(tr("配对原因"), id="reason", value=typed.get("reason", ""), limit=100)

    def action_buttons(self) -> Iterable[ActionButton]:
        return self.step_buttons(ActionButton(tr("下一步"), id="next", key="f8", look="primary"))

    def first_focus(self) -> Widget | None:
        return self._wanted()

    def on_mount(self) -> None:
        self._painted = self.sale.lines
        super().on_mount()
        self._show_reason()

    # What is there and what is missing

    def _of(self, kind: LineKind) -> list[Line]:
        return [line for line in self.sale.lines if line.kind is kind]

    def _missing(self) -> list[str]:
        card = self.sale.vehicle
        need = card.battery_count if card is not None else 0
        have = len(self._of(LineKind.BATTERY))
        missing = [tr("电池 {number} 块", number=need - have)] if have < need else []
        return missing if self._of(LineKind.CHARGER) else [*missing, tr("充电器")]

    def _unpaired(self) -> Line | None:
        return next((one for one in self.sale.lines if not one.pairing_known and not one.pairing_reason), None)

    def _places(self) -> Iterable[Place]:
        batteries, gone = self._of(LineKind.BATTERY), self._gone
        need = max(self.sale.vehicle.battery_count if self.sale.vehicle else 0, len(batteries))
        for number in range(need):
            name = tr("电池 {number}/{need}", number=number + 1, need=need)
            if number < len(batteries):
                yield self._filled(name, batteries[number], wide=need == 1)
            else:
                first = number == len(batteries) and gone is not None and gone.kind is LineKind.BATTERY
                yield Place(name, None, gone=gone if first else None, wide=need == 1)
        charger = next(iter(self._of(LineKind.CHARGER)), None)
        if charger is not None:
            yield self._filled(tr("充电器"), charger, wide=True)
        else:
            yield Place(tr("充电器"), None, gone=gone if gone and gone.kind is LineKind.CHARGER else None, wide=True)

    def _filled(self, name: str, line: Line, *, wide: bool) -> Place:
        return Place(name, line, newest=self._gone is None and line.code == self._newest, wide=wide)

    def _wanted(self) -> Widget:
        """What the next thing to do is at: the field of what is missing, the reason, or the primary button."""
        card = self.sale.vehicle
        if card is not None and len(self._of(LineKind.BATTERY)) < card.battery_count:
            return self.query_one("#battery", TypedTwice).first.input
        if not self._of(LineKind.CHARGER):
            return self.query_one("#charger", TypedTwice).first.input
        if self._unpaired() is not None:
            return self.query_one("#reason", Field).input
        return self.query_one("#next", ActionButton)

    def paint(self) -> None:
        if self.sale.lines != self._painted:
            self._painted = self.sale.lines
            self._show_places()
        self._show_reason()
        self.say_help(self.help_text())

    def _show_places(self) -> None:
        """In the slots that stand there, which the scan before may not have mounted yet; else in new ones."""
        places, slots = list(self._places()), list(self.query(Slot))
        if len(slots) == len(places) and all(slot.children for slot in slots):
            for slot, place in zip(slots, places, strict=True):
                slot.show(place)
        else:
            self.do(self._refill, "slots")

    async def _refill(self) -> None:
        grid = self.query_one("#slots", Grid)
        async with self.batch():
            await grid.remove_children()
            await grid.mount_all(Slot(place) for place in self._places())

    def _show_reason(self) -> None:
        """The reason shares its row with the codes: while one of those is typed twice there is no room for it."""
        asking = any(pair.asking for pair in self.query(TypedTwice))
        self.query_one("#reason", Field).display = self._unpaired() is not None and not asking

    # Codes

    async def on_scan(self, text: str) -> None:
        await self._add(text, typed=False)

    async def _add(self, text: str, *, typed: bool) -> None:
        sale = await self.shop.sales.add_code(self.sale.id, text, operator=self.kiosk.acting(), typed=typed)
        known = {line.code for line in self.sale.lines}
        self._newest = next((line.code for line in sale.lines if line.code not in known), "")
        self._gone = None
        self.apply(sale)
        for pair in self.query(TypedTwice):
            if not typed and self._newest and pair.stands_for(self._newest):
                pair.clear()
                self.keep(**{str(pair.id): ""})
        self.done(tr("已添加。") + self.help_text())
        focused = self.focused
        typing = any(field.input is focused and field.text for field in self.fields())
        if typed or not typing:
            self._wanted().focus()

    def on_typed_twice_began(self, event: TypedTwice.Began) -> None:
        for pair in self.query(TypedTwice):
            if pair is not event.pair and event.text:
                pair.fold()
        self._show_reason()
        self.keep(**{str(event.pair.id): event.text})

    def on_typed_twice_first(self, event: TypedTwice.First) -> None:
        if self.judge_typed(event.text, KINDS[str(event.pair.id)]) and event.entered:
            event.pair.again.enter()

    def on_typed_twice_differs(self, event: TypedTwice.Differs) -> None:
        from kiosk.screens.code_check import told_apart

        if not event.pair.taken_back:  # typed fast, it is told of more than once
            self.kiosk.refuse(told_apart(event.pair))

    def on_typed_twice_skipped(self, event: TypedTwice.Skipped) -> None:
        wanted = self._wanted()
        if wanted is event.pair.first.input:
            self.query_one("#next", ActionButton).focus()
        else:
            wanted.focus()

    def on_typed_twice_agreed(self, event: TypedTwice.Agreed) -> None:
        pair, text = event.pair, event.text

        async def accept() -> None:
            await self._accept(pair, text)
            self.swallow_enter = True

        self.kiosk.command("accept", accept)

    async def _accept(self, pair: TypedTwice, text: str) -> None:
        await self._add(text, typed=True)
        pair.clear()
        self._show_reason()
        self.keep(**{str(pair.id): ""})

    async def _finish_typing(self) -> bool:
        """A part is missing while its code stands typed in a field: say what that lacks, or take it."""
        from kiosk.screens.code_check import check_typed_twice

        for pair in self.query(TypedTwice):
            if pair.first.text.strip():
                for other in self.query(TypedTwice):
                    if other is not pair:
                        other.fold()
                check_typed_twice(pair, KINDS[str(pair.id)], self.shop.clock.now_ms())
                await self._accept(pair, pair.first.text)
                return True
        return False

    # Pairing, undo, on

    def on_field_typed(self, event: Field.Typed) -> None:
        if event.field.id == "reason":
            self.keep(reason=event.text)

    def on_field_entered(self, event: Field.Entered) -> None:
        if event.field.id == "reason":
            self.kiosk.command("reason", self._give_reason)

    async def _give_reason(self) -> None:
        field, line = self.query_one("#reason", Field), self._unpaired()
        if line is not None and field.text.strip():
            sale = await self.shop.sales.give_pairing_reason(
                self.sale.id, line.position, field.text, operator=self.kiosk.acting()
            )
            field.fill("")
            self.keep(reason="")
            self.apply(sale)
            self._wanted().focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        button = event.button
        if isinstance(button, RemoveButton):
            event.stop()
            self.kiosk.command("remove", partial(self._remove, button.position))
        elif isinstance(button, UndoButton):
            event.stop()
            self.kiosk.command("undo", partial(self._bring_back, button.line))
        else:
            super().on_button_pressed(event)

    async def _remove(self, position: int) -> None:
        gone = next((line for line in self.sale.lines if line.position == position), None)
        sale = await self.shop.sales.remove_line(self.sale.id, position, operator=self.kiosk.acting())
        self._gone = gone
        self.apply(sale)
        self.done(tr("已移除，按「撤销」可以恢复。"))
        self._wanted().focus()

    async def _bring_back(self, line: Line) -> None:
        sale = await self.shop.sales.bring_back(self.sale.id, line, operator=self.kiosk.acting())
        self._newest, self._gone = line.code, None
        self.apply(sale)
        self.done(tr("已恢复。") + self.help_text())
        self._wanted().focus()

    def press_next(self) -> None:
        async def finish() -> Sale:
            await self._give_reason()
            try:
                return await self.shop.sales.finish_goods(self.sale.id, operator=self.kiosk.acting())
            except Refusal as refusal:
                self._wanted().focus()
                missing = refusal.reason in {Reason.BATTERIES_MISSING, Reason.CHARGER_MISSING}
                if missing and await self._finish_typing():
                    return await self.shop.sales.finish_goods(self.sale.id, operator=self.kiosk.acting())
                raise

        self.advance("next", finish)
