"""Whether this machine's time can be believed. Without a battery-backed clock it often cannot, and money waits then.

A provider's `Date` decides when there is one: five minutes apart is too far, because WeChat Pay refuses such requests
and we refuse such answers. Before any has been heard, a clock is doubted that is more than ten minutes behind the
newest journal row, or stands before the day this program was made. While it is doubted, the providers are asked for
their time with a query for an order that cannot exist; so the doubt ends by itself, and so does a lock once the clock
is put right: readings are carried on by steady time, and every question is answered for this very moment.

Selling goes on meanwhile. The journal's own times never run back (`Tx`); what it wrote under a clock that was behind is
flagged there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from data.states import Channel
from drivers.payments.base import PaymentError
from kiosk.rules.calendar import beijing_text
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.channel_watch import CLOCK_TOLERANCE_MS, ChannelWatch
from kiosk.services.clock import Clock
from kiosk.services.open_channels import OpenChannel

log = logging.getLogger(__name__)

MADE_MS: Final = 1_793_462_400_000
"""2026-11-01 in Beijing: no honest clock stands before the days this program was made in. Raised with a release."""
BEHIND_JOURNAL_MS: Final = 600_000
NO_ORDER: Final = "CLOCK0000000000000000000"
"""An order number nobody gives: asking for it changes nothing and is answered with the provider's time."""

LOOK_EVERY_S: Final = 1.0
ASK_EVERY_S: Final = 20.0


class Doubt(StrEnum):
    """What the clock does not fit."""

    PROVIDER = "PROVIDER"
    JOURNAL = "JOURNAL"
    PROGRAM = "PROGRAM"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of the clock at one moment. doubt None: it is believed.

    theirs_ms: the time of what it does not fit; slow_ms: how far it is behind the providers, None when none was heard.
    """

    doubt: Doubt | None
    ours_ms: int
    theirs_ms: int
    slow_ms: int | None

    def refusal(self) -> Refusal:
        """Why nothing can be collected."""
        ours, theirs = (beijing_text(at_ms)[:16] for at_ms in (self.ours_ms, self.theirs_ms))
        return Refusal(Reason.CLOCK_INSANE, against=(self.doubt or Doubt.PROVIDER).value, ours=ours, theirs=theirs)


class ClockSanity:
    """Judges the clock.

    `newest_ms` is the time of the newest journal row; `on_change` is called when doubt comes or goes.
    """

    def __init__(
        self,
        clock: Clock,
        channels: Mapping[Channel, OpenChannel],
        newest_ms: Callable[[], int],
        on_change: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._channels = channels
        self._newest_ms = newest_ms
        self._on_change = on_change
        self._bell = asyncio.Event()

    def judge(self, own: ChannelWatch | None = None) -> Verdict:
        """What is thought of the clock now. own: the watch of the provider that is about to judge our time itself."""
        now_ms = self._clock.now_ms()
        slow_ms = self._slow_ms(own)
        if slow_ms is not None:
            doubt = Doubt.PROVIDER if abs(slow_ms) > CLOCK_TOLERANCE_MS else None
            return Verdict(doubt, now_ms, now_ms + slow_ms, slow_ms)
        if self._newest_ms() - now_ms > BEHIND_JOURNAL_MS:
            return Verdict(Doubt.JOURNAL, now_ms, self._newest_ms(), None)
        if now_ms < MADE_MS:
            return Verdict(Doubt.PROGRAM, now_ms, MADE_MS, None)
        return Verdict(None, now_ms, now_ms, None)

    async def check(self, own: ChannelWatch, patience_s: float) -> None:
        """Raises Refusal CLOCK_INSANE (against, ours, theirs) while the clock is doubted; asks the providers first."""
        if self.judge(own).doubt is None:
            return
        try:
            async with asyncio.timeout(patience_s):
                await self._ask()
        except TimeoutError:
            pass
        verdict = self.judge(own)
        if verdict.doubt is not None:
            raise verdict.refusal()

    async def run(self) -> None:
        """Watch the clock, and ask the providers for the time while it is doubted, until cancelled."""
        told: Doubt | None = None
        asked_ms: int | None = None
        while True:
            verdict = self.judge()
            if verdict.doubt != told:
                told = verdict.doubt
                if told is not None:
                    log.warning("the clock is wrong: %s", verdict.refusal())
                self._on_change()
            due = asked_ms is None or self._clock.steady_ms() - asked_ms >= ASK_EVERY_S * 1000
            if told is None:
                asked_ms = None
            elif due:
                asked_ms = self._clock.steady_ms()
                await self._ask()
                continue
            await self._clock.wait(self._bell, LOOK_EVERY_S)

    def _slow_ms(self, own: ChannelWatch | None) -> int | None:
        """How far the clock is behind: by the own provider's word, else by the latest one heard of any."""
        if own is not None and (offset_ms := own.clock_offset_ms) is not None:
            return offset_ms
        watches = [one.watch for one in self._channels.values()]
        heard = [watch for watch in watches if watch.clock_offset_ms is not None]
        return max(heard, key=lambda watch: watch.heard_steady_ms).clock_offset_ms if heard else None

    async def _ask(self) -> None:
        await asyncio.gather(*(_ask_time(one) for one in self._channels.values()))


async def _ask_time(one: OpenChannel) -> None:
    """Its watch hears the time from whatever is answered."""
    with contextlib.suppress(PaymentError):
        await one.ask(one.driver.query(NO_ORDER))
