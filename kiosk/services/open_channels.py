"""The payment channels that can be used now: each one's driver, and what is known of how its provider answers.

Collecting and giving back ask through the same `OpenChannel`, so that one light tells how the provider is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from data.states import Channel
from drivers.payments.base import Capability, OutcomeUnknown, PaymentChannel, PaymentError
from kiosk.services.channel_watch import ChannelWatch
from kiosk.services.clock import Clock

T = TypeVar("T")

PATIENCE_S = 6.0
"""Longest wait for one answer; then the outcome is unknown and has to be asked for."""


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """One channel with its driver and its watch."""

    driver: PaymentChannel
    watch: ChannelWatch

    def can(self, capability: Capability) -> bool:
        """Whether the channel can do that."""
        return capability in self.driver.capabilities

    async def ask(self, call: Awaitable[T]) -> T:
        """One request, bounded. Raises PaymentError; tells the watch how it went."""
        driver, watch = self.driver, self.watch
        driver.last_date_offset_ms = None  # what is there afterwards was said by now
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await call
        except TimeoutError:
            error = OutcomeUnknown(f"no answer within {PATIENCE_S:.0f} s")
            watch.failed(error)
            raise error from None
        except PaymentError as error:
            watch.failed(error, driver.last_date_offset_ms)
            raise
        watch.answered(driver.last_date_offset_ms)
        return answer


class OpenChannels(Mapping[Channel, OpenChannel]):
    """Channels are added when their drivers are loaded; `on_change` hears when what is known of one changed."""

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._open: dict[Channel, OpenChannel] = {}
        self.ready = asyncio.Event()
        """Every channel that is set up has been added."""

    def add(self, channel: Channel, driver: PaymentChannel) -> None:
        """From now on this channel can be used."""
        self._open[channel] = OpenChannel(driver, ChannelWatch(self._clock, self._on_change))

    def __getitem__(self, channel: Channel) -> OpenChannel:
        return self._open[channel]

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)
