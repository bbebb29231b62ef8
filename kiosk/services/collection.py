"""Collecting: from 收款 to a sale that is done, whatever the network, the provider or the power does meanwhile.

Every payment order is followed by its own task (`collection_follow`), which commits before it acts and decides by
verified answers only. A call here changes the store and wakes the follower; it waits briefly for the result, and the
screen learns the rest through `Changes`. Calling twice makes one order: the store allows one live order a sale.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from data.models import Sale
from data.queries.payments import live_orders, watched_orders
from data.states import LIVE_ORDER, Channel, PaymentOrderState, SaleState, SaleStep
from data.store import Store
from data.unit_of_work import Tx
from drivers.payments.base import PaymentChannel
from kiosk.rules.money import parse_yuan
from kiosk.rules.permissions import Command, require
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import collection_moves as moves
from kiosk.services import views
from kiosk.services.changes import Changes
from kiosk.services.channel_watch import ChannelFacts
from kiosk.services.clock import Clock
from kiosk.services.clock_sanity import ClockSanity
from kiosk.services.collection_follow import OrderFollower
from kiosk.services.collection_orders import watches_of
from kiosk.services.collection_start import Asked, Terms, check_money_stays, check_no_order_open, orders_of, place_order
from kiosk.services.open_channels import OpenChannel, OpenChannels
from kiosk.services.sale_view import load_sale
from kiosk.services.settlement import Settlement

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_S = 2.5
"""How long a command waits for the provider before it returns with the state there is."""

MADE_UP_FOR_MS = 30 * 86_400_000
"""Orders closed longer ago than this are not watched any more, even when the kiosk was off meanwhile."""
_SETTLED_ENOUGH = (PaymentOrderState.NEW, PaymentOrderState.SENT)


class CollectionService:
    """Places, follows, gives up and settles payment orders. `channels` are added when their drivers are loaded."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        changes: Changes,
        channels: OpenChannels,
        settlement: Settlement,
        terms: Terms,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._settlement = settlement
        self._terms = terms
        self._channels = channels
        self.sanity = ClockSanity(clock, channels, lambda: store.newest_ms, lambda: changes.publish({"health"}))
        """Whether the clock can be believed; collecting asks it first."""
        self._followers: dict[str, tuple[OrderFollower, asyncio.Task[None]]] = {}

    # ------------------------------------------------------------ channels

    def add_channel(self, channel: Channel, driver: PaymentChannel) -> None:
        """From now on this channel can collect."""
        self._channels.add(channel, driver)

    def channels_ready(self) -> None:
        """Every channel that is set up has been added; until then a command for a missing one waits a little."""
        self._channels.ready.set()

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that can collect now."""
        return frozenset(self._channels)

    @property
    def facts(self) -> Mapping[Channel, ChannelFacts]:
        """How each channel's provider answered lately."""
        return {channel: one.watch.facts for channel, one in self._channels.items()}

    # ------------------------------------------------------------ commands

    async def start(
        self, sale_id: str, channel: Channel | None, amount: str | int, operator: views.Operator
    ) -> views.Sale:
        """收款: order the sale and ask for the money. `amount` is what was typed, or fen.

        Returns when the provider answered, or shortly after with the order still on its way. On an ordered sale whose
        earlier orders are closed it is the next attempt, of the same amount. Raises Refusal NOT_PERMITTED, NO_CHANNEL,
        CHANNEL_OFF, CLOCK_INSANE, AMOUNT_MISSING, AMOUNT_INVALID, BELOW_FLOOR, ABOVE_CEILING, ORDER_LIVE,
        PAYMENT_UNKNOWN, LATE_PAYMENT_OPEN, ALREADY_PAID, SALE_FROZEN, WRONG_STEP, STORE_FULL, TERMINAL_UNBOUND.
        """
        require(operator.role, Command.COLLECT)
        amount_fen = amount if isinstance(amount, int) else parse_yuan(amount)
        if channel is None:
            raise Refusal(Reason.NO_CHANNEL)
        one = await self._open(channel)
        await self.sanity.check(one.watch, ANSWER_S)
        asked = Asked(sale_id, channel, amount_fen, operator.number)
        terms = self._terms
        number = await self._write(sale_id, lambda tx: place_order(tx, asked, terms, one.driver))
        self._follow(number, channel)
        await self._until(sale_id, lambda sale: _state_of(sale, number) not in _SETTLED_ENOUGH)
        return await self._load(sale_id)

    async def cancel(self, sale_id: str, operator: views.Operator) -> views.Sale:
        """取消收款: give up the live order: query, close, query, until it is verifiably closed, or was paid after all.

        Returns then, or shortly after with the order still CLOSING or UNKNOWN; it is followed on. Without a live order
        nothing changes. Raises Refusal NOT_PERMITTED, SALE_NOT_FOUND.
        """
        require(operator.role, Command.COLLECT)
        await self._load(sale_id)
        who = operator.number

        def give_up(tx: Tx) -> str | None:
            for order in orders_of(sale_id):
                if order.state in LIVE_ORDER:
                    if moves.give_up(tx, order.number):
                        tx.record("sale.GIVE_UP", "sale", sale_id, {"operator": who, "number": order.number})
                    return order.number
            return None

        number = await self._write(sale_id, give_up)
        if number is not None:
            self._wake(number)
            await self._until(sale_id, lambda sale: _state_of(sale, number) not in LIVE_ORDER)
        return await self._load(sale_id)

    async def reopen(self, sale_id: str, operator: views.Operator) -> views.Sale:
        """Back to the price step as the next revision of the same serial, when every order is verifiably closed.

        Raises Refusal NOT_PERMITTED, SALE_NOT_FOUND, ORDER_LIVE, PAYMENT_UNKNOWN, LATE_PAYMENT_OPEN, ALREADY_PAID,
        SALE_FROZEN.
        """
        require(operator.role, Command.COLLECT)

        def back(tx: Tx) -> None:
            sale = Sale.find(sale_id)
            if sale is None:
                raise Refusal(Reason.SALE_NOT_FOUND, serial=sale_id)
            check_no_order_open(sale)
            if sale.state == SaleState.DRAFT:
                return
            if sale.state in (SaleState.PAID, SaleState.DONE):
                raise Refusal(Reason.ALREADY_PAID)
            revision = sale.revision + 1
            if not tx.move(
                Sale, sale_id, SaleState.DRAFT, expect=SaleState.ORDERED, revision=revision, step=SaleStep.PRICE
            ):
                raise Refusal(Reason.SALE_FROZEN)

        await self._write(sale_id, back)
        return await self._load(sale_id)

    async def hand_over(self, sale_id: str, operator: views.Operator) -> views.Sale:
        """The clerk hands the goods of a flagged sale over: PAID to DONE. Doing it twice does it once.

        Raises Refusal NOT_PERMITTED, SALE_NOT_FOUND, SALE_FROZEN when the sale is not paid, LATE_PAYMENT_OPEN (number)
        when its money goes back.
        """
        require(operator.role, Command.COLLECT)
        who = operator.number

        def finish(tx: Tx) -> None:
            sale = Sale.find(sale_id)
            if sale is None:
                raise Refusal(Reason.SALE_NOT_FOUND, serial=sale_id)
            if sale.state == SaleState.DONE:
                return
            check_money_stays(sale)
            if not self._settlement.finish(tx, sale_id):
                raise Refusal(Reason.SALE_FROZEN)
            tx.record("sale.HAND_OVER", "sale", sale_id, {"operator": who})

        await self._write(sale_id, finish)
        return await self._load(sale_id)

    # ------------------------------------------------------------ background

    async def run(self) -> None:
        """Follow every order that is not final, and watch the closed ones, until cancelled. Twice is once."""
        try:
            for number, channel in await self._store.read(lambda: _unfinished(self._clock.now_ms())):
                self._follow(number, channel)
            await asyncio.get_running_loop().create_future()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End every follower; what is open stays open and is taken up by the next `run`."""
        tasks = [task for _, task in self._followers.values()]
        self._followers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, channel: Channel) -> OpenChannel:
        if channel not in self._channels:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await self._channels.ready.wait()
        if channel not in self._channels:
            raise Refusal(Reason.CHANNEL_OFF, channel=channel.value)
        return self._channels[channel]

    def _follow(self, number: str, channel: Channel) -> None:
        """One follower an order; an order whose channel is off waits until it is on again."""
        known = self._followers.get(number)
        if known is not None and not known[1].done():
            known[0].bell.set()
            return
        one = self._channels.get(channel)
        if one is None:
            log.error("payment order %s: channel %s is off, nobody can ask for it", number, channel)
            return
        follower = OrderFollower(number, self._store, self._clock, self._changes, one, self._settlement)
        task = asyncio.create_task(follower.run(), name=f"payment order {number}")
        self._followers[number] = (follower, task)
        task.add_done_callback(lambda done: self._forget(number, done))

    def _forget(self, number: str, task: asyncio.Task[None]) -> None:
        known = self._followers.get(number)
        if known is not None and known[1] is task:
            del self._followers[number]

    def _wake(self, number: str) -> None:
        if number in self._followers:
            self._followers[number][0].bell.set()

    async def _until(self, sale_id: str, reached: Callable[[views.Sale], bool]) -> None:
        """Wait a little for the sale to get there."""
        moved = asyncio.Event()
        forget = self._changes.subscribe(lambda keys: moved.set() if f"sale:{sale_id}" in keys else None)
        try:
            async with asyncio.timeout(ANSWER_S):
                while not reached(await self._load(sale_id)):
                    await moved.wait()
                    moved.clear()
        except TimeoutError:
            pass
        finally:
            forget()

    async def _load(self, sale_id: str) -> views.Sale:
        return await self._store.read(lambda: load_sale(sale_id))

    async def _write(self, sale_id: str, work: Callable[[Tx], T]) -> T:
        result = await self._store.write(work)
        self._changes.publish({f"sale:{sale_id}", "sales", "payments"})
        return result


def _state_of(sale: views.Sale, number: str) -> PaymentOrderState:
    return next(payment.state for payment in sale.payments if payment.number == number)


def _unfinished(now_ms: int) -> list[tuple[str, Channel]]:
    """Every order that needs somebody: live, or closed and not watched to the end."""
    closed = [order for order in watched_orders(now_ms - MADE_UP_FOR_MS) if order.watches_done < watches_of(order)]
    online = (Channel.WECHAT, Channel.ALIPAY)
    return [(order.number, order.channel) for order in (*live_orders(), *closed) if order.channel in online]
