"""Step 3: who buys. Everything typed is saved at once; a returning customer is found by phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from kiosk.i18n import tr
from kiosk.rules.customer import normalise_phone
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens.sale_step import SaleStepScreen
from kiosk.services.views import Sale
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone

ORDER = ("name", "phone", "division", "address")
MATCHES = 20
_BLAMED = {
    Reason.NAME_MISSING: "name",
    Reason.PHONE_MISSING: "phone",
    Reason.PHONE_INVALID: "phone",
    Reason.DIVISION_MISSING: "division",
    Reason.DIVISION_UNKNOWN: "division",
    Reason.ADDRESS_MISSING: "address",
}
"""The field that is to be corrected after a refusal."""


class CustomerScreen(SaleStepScreen):
    """Four fields; Enter goes from one to the next and at last submits."""

    step_number = 3
    BINDINGS = [  # noqa: RUF012  Textual's own form
        Binding("down", "match(1)", show=False),
        Binding("up", "match(-1)", show=False),
    ]

    def __init__(self, sale: Sale) -> None:
        super().__init__(sale)
        known = sale.customer
        typed = sale.typed
        self._start = {
            "name": typed.get("name", known.name if known else ""),
            "phone": typed.get("phone", known.phone if known else ""),
            "division": typed.get("division", known.division if known else ""),
            "address": typed.get("address", known.address if known else ""),
        }
        self._division_code = typed.get("division_code", known.division_code if known else "")
        self._asked_phone = ""
        self._no_match = ""
        """What was said last about a division that there is not."""

    def help_text(self) -> str:
        return tr("四栏都要填，发票开给这个人。输手机号可带出老顾客；行政区划打几个字再选。")

    def more_help(self) -> Sequence[str]:
        return (
            tr("行政区划：输入几个字，例如「西湖」，再从下面点选；↑↓ 加 Enter 也可以选。"),
            tr("Enter 依次走完四栏，最后一栏按 Enter 就提交。"),
            *super().more_help(),
        )

    def compose_body(self) -> ComposeResult:
        yield self.vehicle_line()
        with Grid(id="customer"):
            yield Field(tr("姓名"), id="name", value=self._start["name"], needed=tr("必填"), limit=50, personal=True)
            yield Field(
                tr("手机号码"),
                id="phone",
                value=self._start["phone"],
                needed=tr("必填"),
                limit=32,
                personal=True,
                quick=r"1[3-9]\d{9}",
            )
            yield Field(
                tr("行政区划"), id="division", value=self._start["division"], needed=tr("必填"), limit=60, personal=True
            )
            yield Field(
                tr("详细地址"), id="address", value=self._start["address"], needed=tr("必填"), limit=80, personal=True
            )
        with VerticalScroll(id="matches", can_focus=False):
            yield Grid(id="match-grid")

    def action_buttons(self) -> Iterable[ActionButton]:
        return self.step_buttons(ActionButton(tr("提交"), id="submit", key="f8", look="primary"))

    def first_focus(self) -> Widget | None:
        for name in ORDER:
            if not self._start[name]:
                return self._field(name).input
        return self.query_one("#submit", ActionButton)

    def on_mount(self) -> None:
        super().on_mount()
        if self._start["division"] and not self._division_code:
            self._find(self._start["division"])

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)

    # Typing

    def on_field_typed(self, event: Field.Typed) -> None:
        name = str(event.field.id)
        fields = {name: event.text}
        if name == "division":
            self._division_code = ""
            fields["division_code"] = ""
            self._find(event.text)
        elif name == "phone":
            self._look_up(event.text)
        self.keep(**fields)

    def on_field_left(self, event: Field.Left) -> None:
        """A number or a division that cannot be right is said where it was typed, not at the end."""
        name, text = event.field.id, event.text
        if not text.strip() or not self.is_current:
            return
        try:
            if name == "phone":
                normalise_phone(text)
            elif name == "division" and not self._division_code:
                self.shop.sales.check_division(text)
        except Refusal as refusal:
            self.kiosk.refuse(refusal)

    def on_field_entered(self, event: Field.Entered) -> None:
        name = str(event.field.id)
        if name == "division" and self._matches() and not self._division_code:
            marked = next((one for one in self._matches() if one.has_class("marked")), self._matches()[0])
            self._pick(marked)
        elif name == ORDER[-1]:
            self.press_submit()
        else:
            self._field(ORDER[ORDER.index(name) + 1]).enter()

    def _look_up(self, text: str) -> None:
        """Fill what is empty from the last purchase under this phone."""
        try:
            phone = normalise_phone(text)
        except Refusal:
            return
        if phone == self._asked_phone:
            return
        self._asked_phone = phone

        async def find() -> None:
            found = await self.shop.sales.returning_customer(phone, operator=self.kiosk.acting())
            if found is None:
                return
            given = {"name": found.name, "division": found.division, "address": found.address}
            filled = {name: text for name, text in given.items() if text and not self._field(name).text}
            for name, known in filled.items():
                self._field(name).fill(known)
            if "division" in filled:
                self._division_code = found.division_code
                filled["division_code"] = found.division_code
            if filled:
                self.keep(**filled)
                self.done(tr("老顾客：已带出上次的资料，请核对。"))

        self.kiosk.command("returning", find)

    # Divisions

    def _matches(self) -> list[ChoiceButton]:
        return list(self.query("#match-grid ChoiceButton").results(ChoiceButton))

    def _find(self, text: str) -> None:
        found = self.shop.sales.find_divisions(text, MATCHES) if text.strip() else ()
        choices = [ChoiceButton(one.text, one.code, classes="match") for one in found]
        self.do(partial(self._show, choices), "matches")
        self.clear_message(self._no_match)
        if text.strip() and not found:
            self._no_match = tr("没有匹配「{text}」的行政区划，请换几个字。", text=text)
            self.say(Tone.ATTENTION, self._no_match)

    async def _show(self, choices: list[ChoiceButton]) -> None:
        grid = self.query_one("#match-grid", Grid)
        release = self.hold()
        try:
            async with self.batch():
                await grid.remove_children()
                await grid.mount_all(choices)
            if choices:
                choices[0].add_class("marked")
        finally:
            release()

    def action_match(self, by: int) -> None:
        """Mark the match above or below; the focus stays in the field."""
        matches = self._matches()
        if not matches:
            return
        now = next((number for number, one in enumerate(matches) if one.has_class("marked")), 0)
        target = min(max(now + by, 0), len(matches) - 1)
        matches[now].remove_class("marked")
        matches[target].add_class("marked")
        matches[target].scroll_visible(animate=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not isinstance(event.button, ChoiceButton):
            super().on_button_pressed(event)
            return
        event.stop()
        self._pick(event.button)

    def _pick(self, choice: ChoiceButton) -> None:
        self._division_code = choice.value
        self._field("division").fill(choice.caption)
        self.keep(division=choice.caption, division_code=choice.value)
        self.do(partial(self._show, []), "matches")
        self.amended("division")
        self.clear_message(self._no_match)
        self._field("address").enter()

    # On

    def press_submit(self) -> None:
        async def submit() -> Sale:
            name, phone, division, address = (self._field(one).text for one in ORDER)
            try:
                return await self.shop.sales.submit_customer(
                    self.sale.id, name, phone, self._division_code or division, address, operator=self.kiosk.acting()
                )
            except Refusal as refusal:
                missing = refusal.facts.get("missing", "").split()
                for first in (missing or [_BLAMED.get(refusal.reason, "")])[:1]:
                    if first:
                        self._field(first).correct()
                raise

        self.advance("submit", submit)
