"""Giving money back: on request, and by itself when it fits no sale. Once per number, whatever crashes."""

from __future__ import annotations

from dataclasses import dataclass

from data.models import PaymentOrder
from data.states import Channel
from data.store import Store
from data.unit_of_work import Tx
from drivers.payments.base import Capability
from kiosk.rules.money import parse_yuan
from kiosk.rules.permissions import Command, require
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field
from kiosk.services import views
from kiosk.services.changes import Changes
from kiosk.services.clock import Clock
from kiosk.services.open_channels import OpenChannels
from kiosk.services.refund_facts import Going
from kiosk.services.refund_start import Asked, place_refund
from kiosk.services.refund_worker import RefundWorker
from kiosk.services.sale_view import load_sale

TOLD_FOR_MS = 600_000
"""How long an automatic refund that is done is still told on Home."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money that went back by itself a moment ago."""

    sale_id: str
    serial: str
    amount_fen: int
    at_ms: int


class RefundService:
    """Intends refunds and runs the worker that sees them through."""

    def __init__(self, store: Store, clock: Clock, changes: Changes, channels: OpenChannels) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._channels = channels
        self._worker = RefundWorker(store, clock, changes, channels, self._remember)
        self._given_back: tuple[GivenBack, ...] = ()

    async def request(self, order: str, amount: str | int, reason: str, operator: views.Operator) -> views.Sale:
        """Give back `amount` (what was typed, or fen) of a paid order, the way it came; `order` is its number.

        Returns with the refund on its way; `Changes` tells the rest. Raises Refusal NOT_PERMITTED, CHANNEL_OFF,
        REFUND_UNPAID (number), AMOUNT_MISSING, AMOUNT_INVALID, REFUND_TOO_MUCH (left, yuan), REFUND_TOO_MANY (limit:
        the 51st part), REFUND_TOO_OLD (limit: days), REFUND_REASON_MISSING, TEXT_TOO_LONG, TEXT_MALFORMED.
        """
        require(operator.role, Command.REFUND)
        amount_fen = amount if isinstance(amount, int) else parse_yuan(amount)
        why = clean_field(reason, Use.REASON)
        if not why:
            raise Refusal(Reason.REFUND_REASON_MISSING)
        found = await self._store.read(lambda: _channel_and_sale(order))
        if found is None:
            raise Refusal(Reason.REFUND_UNPAID, number=order)
        channel, sale_id = found
        one = self._channels.get(channel)
        if one is None or not one.can(Capability.REFUND):
            raise Refusal(Reason.CHANNEL_OFF, channel=channel.value)
        asked = Asked(order, amount_fen, why, operator.number)

        def intend(tx: Tx) -> views.Sale:
            place_refund(tx, asked, one.driver)
            return load_sale(sale_id)

        sale = await self._store.write(intend)
        self._changes.publish({f"sale:{sale_id}", "sales", "payments"})
        self._worker.bell.set()
        return sale

    @property
    def given_back(self) -> tuple[GivenBack, ...]:
        """What went back by itself in the last minutes, newest first."""
        since = self._clock.now_ms() - TOLD_FOR_MS
        return tuple(one for one in self._given_back if one.at_ms >= since)

    async def run(self) -> None:
        """See every refund through, and give back what is owed, until cancelled."""
        worker = self._worker
        forget = self._changes.subscribe(lambda keys: worker.bell.set() if keys & {"outbox", "health"} else None)
        try:
            await worker.run()
        finally:
            forget()

    def _remember(self, refund: Going) -> None:
        if refund.by_itself:
            told = GivenBack(refund.sale_id, refund.serial, refund.amount_fen, self._clock.now_ms())
            self._given_back = (told, *self.given_back)


def _channel_and_sale(order: str) -> tuple[Channel, str] | None:
    row = PaymentOrder.find(order)
    return None if row is None else (Channel(row.channel), row.sale_id)
