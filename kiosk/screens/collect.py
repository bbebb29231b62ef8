"""The code on the screen: the customer pays, the shop waits, and an unknown result is said to be unknown."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from kiosk.i18n import mark, tr
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import words
from kiosk.screens.sale_step import SaleStepScreen
from kiosk.screens.wording import minutes
from kiosk.services.views import Channel, Payment, PaymentOrderState, Sale
from kiosk.widgets.button import ActionButton
from kiosk.widgets.frame import GLYPHS, HelpLine, MessageLine, StatusLine, TitleBar, Tone, state_line
from kiosk.widgets.money import BigAmount, yuan
from kiosk.widgets.prose import Prose
from kiosk.widgets.qr_code import QrCode

_HELP = {
    PaymentOrderState.NEW: mark("请稍候，收款码马上就到。"),
    PaymentOrderState.WAITING: mark("请顾客扫码付款，付完自动开票打印。"),
    PaymentOrderState.UNKNOWN: mark("不要再次收款：正在查询结果，查清会自动显示。"),
    PaymentOrderState.CLOSING: mark("正在关闭这个码，请稍候，先不要再收款。"),
    PaymentOrderState.CLOSED: mark("没有收到钱：「重新收款」或「返回」。"),
}
"""What to do now, by the state of the payment."""
_CAN_BE_GIVEN_UP = (PaymentOrderState.WAITING, PaymentOrderState.UNKNOWN, PaymentOrderState.CLOSING)
_BUSY = (PaymentOrderState.NEW, PaymentOrderState.SENT, PaymentOrderState.UNKNOWN, PaymentOrderState.CLOSING)
"""States in which the shop waits for the provider's answer, and says for how long already."""
LANE = "collect"
"""Collecting talks to the provider and may take long: it holds up no other command."""


class CollectScreen(SaleStepScreen):
    """The code stands only while it can be paid; the moment its state leaves WAITING it is gone, and in its place
    stands what became of it, what that means for the money and what may be done.

    换渠道 gives the code up and goes back to the price only once it is verifiably closed; was it paid meanwhile, the
    sale is shown as paid.
    """

    step_number = 4

    def __init__(self, sale: Sale) -> None:
        super().__init__(sale)
        self._switching = False
        self._busy_since_ms: int | None = None

    def again(self) -> CollectScreen:
        same = CollectScreen(self.sale)
        same._switching, same._busy_since_ms = self._switching, self._busy_since_ms
        return same

    @property
    def locks_when_idle(self) -> bool:  # type: ignore[override]
        payment = self.sale.payment
        return payment is None or payment.state is not PaymentOrderState.WAITING

    def help_text(self) -> str:
        payment = self._payment()
        if payment is None:
            return ""
        if payment.mismatch:
            return tr("付款与应收不符：不要交车，请联系支付平台核对。")
        if payment.returned:
            return tr("请告诉顾客：钱会原路退回，不用再找别人。")
        if payment.state is PaymentOrderState.UNKNOWN and not payment.code:
            return tr("请稍候：还没有收款码，正在自动重试。")
        blind_ms = self._blind_ms(payment)
        if blind_ms is not None:
            told = tr("看不到付款（已 {seconds} 秒）：不要交车，连上会自动显示。", seconds=blind_ms // 1000)
            return f"{GLYPHS[Tone.ATTENTION]}{told}"
        return tr(_HELP.get(payment.state, _HELP[PaymentOrderState.NEW]))

    def more_help(self) -> Sequence[str]:
        return (
            tr("待支付：等顾客付款。未知：正在向支付平台查询，不要再次收款。"),
            tr("取消收款：先向平台确认没有付款，再关闭这个码，不会重复收钱。"),
            tr("换渠道：先确认这个码没有付款并关闭，再回到收款渠道；顾客已付就显示已支付。"),
            tr("挂单：收款照常进行，回到首页。"),
        )

    # What is shown

    def compose(self) -> ComposeResult:
        self._know_size()
        marks, current = self.steps()
        yield TitleBar(self.title_text(), [tr(step) for step in marks], current)
        with Horizontal(id="collect"):
            with Vertical(id="code-side"):
                yield QrCode(self._code(), id="code")
                with Vertical(id="no-code"):
                    yield Prose(id="standing")
                    yield Prose(id="pay-meaning")
            with Vertical(id="collect-side"):
                yield HelpLine(self.help_text())
                yield Static(self.vehicle_text(), classes="vehicle-line", markup=False)
                yield BigAmount(self._amount())
                yield Static("", id="pay-state", markup=False)
                yield Static("", classes="spacer")
                yield MessageLine()
                with Horizontal(classes="pay-buttons"):
                    yield ActionButton(tr("挂单"), id="park", key="f6")
                    yield ActionButton(tr("返回"), id="reopen", key="esc")
                    yield ActionButton(tr("取消收款"), id="cancel-payment", key="f7", look="careful")
                    yield ActionButton(tr("换渠道"), id="switch-channel", key="f5")
                    yield ActionButton(tr("求助"), id="help", key="f1")
                    if self.kiosk.demo is not None:
                        yield ActionButton(tr("演示付款"), id="demo-pay", key="f9")
                    # A row of its own below: a new code must not come up where 取消收款 was touched.
                    yield ActionButton(tr("重新收款"), id="again", key="f8", look="primary")
        yield StatusLine()

    def first_focus(self) -> Widget | None:
        return None

    def on_mount(self) -> None:
        super().on_mount()
        self.paint()

    def vehicle_text(self) -> str:
        card = self.sale.vehicle
        if card is None:
            return ""
        return f"{card.code}\n{words.vehicle_name(card)}  {self.sale.colour or ''}".rstrip()

    def _payment(self) -> Payment | None:
        return self.sale.payment

    def _code(self) -> str:
        payment = self._payment()
        return payment.code or "" if payment and payment.state is PaymentOrderState.WAITING else ""

    def _amount(self) -> int:
        payment = self._payment()
        return payment.amount_fen if payment else self.sale.total_fen or 0

    def paint(self) -> None:
        payment = self._payment()
        if payment is None:
            return
        self.query_one("#code", QrCode).show(self._code())
        self.query_one("#no-code").display = not self._code()
        self.query_one(BigAmount).show(payment.amount_fen)
        self.query_one("#pay-meaning", Prose).update(self._meaning(payment))
        over = _over(payment)
        self.query_one("#park").display = not over
        self.query_one("#cancel-payment").display = payment.state in _CAN_BE_GIVEN_UP and not self._switching
        self.query_one("#switch-channel").display = (
            self._others() != () and not self._switching and (over or payment.state in _CAN_BE_GIVEN_UP)
        )
        self.query_one("#reopen").display = over
        self.query_one("#again").display = over
        for button in self.query("#demo-pay"):
            button.display = payment.state is PaymentOrderState.WAITING
        self.tick()

    def tick(self) -> None:
        payment = self._payment()
        if payment is None:
            return
        tone, word = self._standing(payment)
        channel = words.channel(payment.channel)
        if payment.state is PaymentOrderState.WAITING:
            left_s = max(0, payment.expires_at_ms - self.shop.clock.now_ms()) // 1000
            shown = state_line(tone, f"{channel}  {word}  {minutes(left_s)}")
        else:
            shown = Content(channel)
        self.query_one("#pay-state", Static).update(shown)
        self.query_one("#standing", Prose).update(state_line(tone, f"{word}{self._busy_for(payment)}"))
        self.say_help(self.help_text())
        self.query_one(HelpLine).set_class(self._blind_ms(payment) is not None, "attention")

    def _busy_for(self, payment: Payment) -> str:
        """How long the shop has been waiting for an answer, as this screen has seen it."""
        if payment.state not in _BUSY:
            self._busy_since_ms = None
            return ""
        now = self.shop.clock.steady_ms()
        self._busy_since_ms = now if self._busy_since_ms is None else self._busy_since_ms
        return "  " + tr("已 {seconds} 秒", seconds=str((now - self._busy_since_ms) // 1000))

    def _blind_ms(self, payment: Payment) -> int | None:
        """For how long a code has been on the screen whose payment could not be seen; None when it would be seen."""
        facts = self.shop.collection.facts.get(payment.channel)
        if payment.state is not PaymentOrderState.WAITING or facts is None or facts.trouble is None:
            return None
        now = self.shop.clock.now_ms()
        return max(0, now - (facts.since_ms or now))

    def _standing(self, payment: Payment) -> tuple[Tone, str]:
        """The state of the payment as the customer should understand it."""
        if not payment.returned:
            return words.payment_state(payment.state)
        back = self.sale.given_back_fen(payment) >= payment.amount_fen
        return (Tone.ATTENTION, tr("已退款")) if back else (Tone.ATTENTION, tr("退款中"))

    def _meaning(self, payment: Payment) -> str:
        """What the state means for the money and what to do."""
        if payment.returned:
            return tr("顾客付的 {amount} 已原路退回，本单没有收款。", amount=yuan(payment.amount_fen))
        if self._switching and payment.state in _CAN_BE_GIVEN_UP:
            return tr("正在换渠道：先确认这个码没有付款，再关闭它。")
        return "\n".join(_meaning(payment))

    def apply(self, sale: Sale) -> None:
        before = self._payment()
        super().apply(sale)
        payment = self._payment()
        if before is not None and payment is not None and before.state is not payment.state:
            self._forget_refusal()
        if self._switching and payment is not None and _over(payment):
            self._switching = False
            if payment.returned:
                self.paint()  # the customer is told first
            else:
                self._back_to_channels()

    def _forget_refusal(self) -> None:
        """A refusal was about the state that has just gone."""
        for line in self.query(MessageLine):
            if line.tone is Tone.FAULT:
                line.say(Tone.PLAIN, "")

    # What can be done

    def action_back(self) -> None:
        payment = self._payment()
        if payment is not None and _over(payment):
            self.press_reopen()
        else:
            self.kiosk.refuse(Refusal(Reason.ORDER_LIVE))

    def press_cancel_payment(self) -> None:
        async def cancel() -> None:
            await self.kiosk.show_sale(await self.shop.collection.cancel(self.sale.id, self.kiosk.acting()))

        self.kiosk.command("cancel-payment", cancel, lane=LANE)

    def press_switch_channel(self) -> None:
        payment = self._payment()
        if payment is None or self._switching:
            return
        if _over(payment):
            self._back_to_channels()
            return
        self._switching = True
        self.paint()

        async def give_up() -> None:
            """`apply` goes on once it is closed, whenever that is."""
            try:
                await self.shop.collection.cancel(self.sale.id, self.kiosk.acting())
            except Refusal:
                self._switching = False
                raise

        self.kiosk.command("switch-channel", give_up, lane=LANE)

    def _others(self) -> tuple[Channel, ...]:
        """The channels beside the one of this code."""
        payment = self._payment()
        mine = None if payment is None else payment.channel
        return tuple(channel for channel in Channel if channel in self.shop.collection.channels and channel is not mine)

    def _back_to_channels(self) -> None:
        """To the price step; the only other channel is chosen already, and 收款 still sends."""
        others = self._others()

        async def reopen() -> Sale:
            sale = await self.shop.collection.reopen(self.sale.id, self.kiosk.acting())
            if len(others) == 1:
                kept = {"channel": others[0].value}
                await self.shop.sales.keep_typed(sale.id, kept, operator=self.kiosk.acting())
                sale = await self.shop.sales.load(sale.id)
            return sale

        self.advance("reopen", reopen)

    def press_again(self) -> None:
        payment = self._payment()
        if payment is None:
            return

        async def again() -> None:
            sale = await self.shop.collection.start(
                self.sale.id, payment.channel, payment.amount_fen, self.kiosk.acting()
            )
            await self.kiosk.show_sale(sale)

        self.kiosk.command("again", again, lane=LANE)

    def press_reopen(self) -> None:
        async def reopen() -> Sale:
            return await self.shop.collection.reopen(self.sale.id, self.kiosk.acting())

        self.advance("reopen", reopen)

    def press_demo_pay(self) -> None:
        demo, code = self.kiosk.demo, self._code()
        if demo is None or not code:
            return

        async def pay() -> None:
            await demo.pay(code)
            self.done(tr("演示：顾客已付款，等待支付平台的结果。"))

        self.kiosk.command("demo-pay", pay, lane=LANE)


def _over(payment: Payment) -> bool:
    """Whether nothing can come of this payment any more, and it pays nothing."""
    return payment.state is PaymentOrderState.CLOSED or payment.returned


def _meaning(payment: Payment) -> tuple[str, ...]:
    """What the state means for the money and what may be done, a paragraph each."""
    match payment.state:
        case PaymentOrderState.NEW | PaymentOrderState.SENT:
            return (tr("正在向支付平台要收款码。"),)
        case PaymentOrderState.UNKNOWN if not payment.code:
            nobody = tr("没有出过码，顾客不可能已付。")
            if payment.giving_up:
                return (nobody, tr("正在取消：支付平台应答后关闭。"))
            allowed = tr("收款码来了会自动显示；也可以「换渠道」或「取消收款」，支付平台应答后才能关闭。")
            return (nobody, allowed)
        case PaymentOrderState.UNKNOWN:
            told = tr("钱可能已付，也可能没付。")
            return (told, tr("不要交车。查清之前，「换渠道」和「取消收款」也要等支付平台应答。"))
        case PaymentOrderState.CLOSING:
            return (tr("正在向支付平台确认没有付款。"),)
        case PaymentOrderState.CLOSED:
            return (tr("这个码不能再付款。"),)
        case _:
            return ()
