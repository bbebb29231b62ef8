"""Step 4: the price, the shop's check of it, and how the customer pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from kiosk.i18n import tr
from kiosk.rules.customer import mask_name, mask_phone
from kiosk.rules.money import format_yuan, parse_yuan
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import amends, words
from kiosk.screens.sale_step import SaleStepScreen
from kiosk.services.views import Channel, LineKind, Sale
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.facts import facts_table
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.money import BigAmount, yuan
from kiosk.widgets.prose import Prose

DIGITS = frozenset("0123456789")
ABOUT_THE_AMOUNT = frozenset({Reason.AMOUNT_MISSING, Reason.AMOUNT_INVALID, Reason.BELOW_FLOOR, Reason.ABOVE_CEILING})
"""Refusals after which the amount is typed anew."""


class PriceScreen(SaleStepScreen):
    """A channel button only selects; 収款 sends. Nothing is frozen before that.

    The customer looks on: the limits of the price are told in help only.
    """

    step_number = 4

    def __init__(self, sale: Sale) -> None:
        super().__init__(sale)
        start = sale.total_fen if sale.total_fen is not None else sale.list_total_fen
        self._amount = sale.typed.get("amount", format_yuan(start))
        self._channel = _chosen(sale)

    def help_text(self) -> str:
        return tr("核对实际销售金额，选收款渠道，按「收款」显示收款码。")

    def more_help(self) -> Sequence[str]:
        return (
            self._limits(),
            tr("点渠道只是选中它，按「收款」才会向顾客收钱。"),
            *super().more_help(),
        )

    def compose_body(self) -> ComposeResult:
        yield self.vehicle_line()
        with Horizontal(classes="columns"):
            with Vertical(classes="column"):
                yield Static(self._summary(), classes="summary", markup=False)
            with Vertical(classes="column money"):
                yield Static(tr("应收"), classes="quiet", markup=False)
                yield BigAmount(self._fen() or 0, id="amount-large")
                yield Field(tr("实际销售金额"), id="amount", value=self._amount, limit=32, quick=r"\d{1,7}(\.\d{0,2})?")
                yield Prose(self._verdict(), id="verdict")
        with Horizontal(id="channels", classes="choices"):
            yield from self._choices()

    def action_buttons(self) -> Iterable[ActionButton]:
        return self.step_buttons(ActionButton(tr("收款"), id="collect", key="f8", look="primary"))

    def first_focus(self) -> Widget | None:
        return self.query_one("#amount", Field).input

    def _channels(self) -> list[Channel]:
        """What is built and switched on, in the order of the store's list."""
        return [channel for channel in Channel if channel in self.shop.collection.channels]

    def _choices(self) -> Iterable[ChoiceButton]:
        for channel in self._channels():
            yield ChoiceButton(words.channel(channel), channel.value, chosen=channel is self._channel)

    def changed(self, keys: frozenset[str]) -> None:
        super().changed(keys)
        shown = [choice.value for choice in self.query(ChoiceButton)]
        if shown != [channel.value for channel in self._channels()]:
            self.do(self._offer, "channels")

    async def _offer(self) -> None:
        """Channels are loaded after the first screen, so they may come while this one stands."""
        row = self.query_one("#channels", Horizontal)
        await row.remove_children()
        await row.mount_all(self._choices())

    def _summary(self) -> Content:
        goods = [line for line in self.sale.lines if line.kind is not LineKind.VEHICLE]
        rows = [(words.line_kind(line.kind), line.code) for line in goods]
        customer = self.sale.customer
        if customer is not None:
            rows.append((tr("客户"), f"{mask_name(customer.name)} {mask_phone(customer.phone)}"))
            rows.append((tr("地区"), customer.division))
        rows.append((tr("标价"), yuan(self.sale.list_total_fen)))
        return facts_table(rows)

    # The amount

    def _fen(self) -> int | None:
        try:
            return parse_yuan(self._amount)
        except Refusal:
            return None

    def _limits(self) -> str:
        card = self.sale.vehicle
        if card is None:
            return tr("实际销售金额要在底价和上限之间。")
        floor, ceiling = yuan(card.floor_price_fen), yuan(card.ceiling_price_fen)
        return tr("实际销售金额要在底价 {floor} 和上限 {ceiling} 之间。", floor=floor, ceiling=ceiling)

    def _verdict(self) -> Content:
        """The shop's check in a word. What to do about it is the refusal's sentence, so that nothing stands twice."""
        card = self.sale.vehicle
        if card is None:
            return Content("")
        fen = self._fen()
        if not self._amount.strip():
            return state_line(Tone.FAULT, tr("不能收款：还没有金额"))
        if fen is None:
            return state_line(Tone.FAULT, tr("不能收款：这不是金额"))
        if fen < card.floor_price_fen:
            return state_line(Tone.FAULT, tr("不能收款：低于底价"))
        if fen > card.ceiling_price_fen:
            return state_line(Tone.FAULT, tr("不能收款：高于上限"))
        return state_line(Tone.GOOD, tr("可以收款"))

    def on_key(self, event: events.Key) -> None:
        """Digits typed while a button has the focus are a new amount."""
        if event.character in DIGITS:
            event.stop()
            field, digit = self.query_one("#amount", Field), event.character or ""
            self.set_focus(field.input)
            # In the input's own turn: the focus that is on its way there selects all of the text once more.
            field.input.call_later(lambda: field.input.replace(digit, 0, len(field.input.value)))

    def on_field_typed(self, event: Field.Typed) -> None:
        self._amount = event.text
        self.keep(amount=event.text)
        self.query_one(BigAmount).show(self._fen() or 0)
        self.query_one("#verdict", Prose).update(self._verdict())

    def on_field_entered(self, event: Field.Entered) -> None:
        self.press_collect()

    # The channel

    def _select(self, channel: Channel) -> None:
        self._channel = channel
        self.amended(amends.CHANNEL)
        self.keep(channel=channel.value)
        for choice in self.query(ChoiceButton):
            choice.chosen = choice.value == channel.value

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if not isinstance(event.button, ChoiceButton):
            super().on_button_pressed(event)
            return
        event.stop()
        self._select(Channel(event.button.value))
        self.query_one("#collect", ActionButton).focus()

    def press_collect(self) -> None:
        channel, amount = self._channel, self._amount

        async def collect() -> Sale:
            if channel is None:
                # A single channel is still chosen: what is learned today holds when there are several.
                for choice in list(self.query(ChoiceButton))[:1]:
                    choice.focus()
                raise Refusal(Reason.NO_CHANNEL)
            try:
                return await self.shop.collection.start(self.sale.id, channel, amount, self.kiosk.acting())
            except Refusal as refusal:
                if refusal.reason in ABOUT_THE_AMOUNT:
                    self.query_one("#amount", Field).correct()
                raise

        self.advance("collect", collect)


def _chosen(sale: Sale) -> Channel | None:
    """The channel that was chosen here and not sent yet, else the one the last code was on."""
    kept = sale.typed.get("channel", "")
    if kept in set(Channel):
        return Channel(kept)
    return sale.payment.channel if sale.payment is not None else None
