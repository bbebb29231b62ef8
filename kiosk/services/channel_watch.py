"""How a provider answered lately: what the health line and the collect screen say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from drivers.invoices.base import InvoiceError, InvoiceMisconfigured, InvoiceRefused, InvoiceUnreachable
from drivers.payments.base import Misconfigured, PaymentError, Refused, Unreachable, Unverified
from kiosk.services.clock import Clock

CLOCK_TOLERANCE_MS = 300_000
"""WeChat Pay refuses requests, and we refuse answers, whose time is further away than this."""


class Trouble(StrEnum):
    """What is wrong with a provider, as far as its answers tell."""

    UNREACHABLE = "UNREACHABLE"  # no connection can be made
    NO_ANSWER = "NO_ANSWER"  # it does not answer, or with a server error
    UNVERIFIED = "UNVERIFIED"  # it answers, but its signature does not hold
    REFUSED = "REFUSED"  # it does not take our requests: credentials, permissions, limits
    CLOCK = "CLOCK"  # its clock and ours are more than five minutes apart
    MISCONFIGURED = "MISCONFIGURED"  # our settings cannot work
    OFF = "OFF"  # not set up


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of a provider now. asked False: it was not asked since the start, so nothing is known.

    answered_ms: when it gave its last usable answer; None when it gave none since the start.
    """

    asked: bool
    trouble: Trouble | None
    since_ms: int | None
    detail: str
    clock_offset_ms: int | None
    answered_ms: int | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """The provider's time, and what our clocks were when it said so."""

    told_ms: int
    steady_ms: int
    clock_offset_ms: int


class ChannelWatch:
    """Collects how calls to one provider went. `on_change` is called when what there is to say changed."""

    def __init__(self, clock: Clock, on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._facts = ChannelFacts(False, None, None, "", None)
        self._seen: _Reading | None = None

    @property
    def facts(self) -> ChannelFacts:
        """What is known now."""
        return replace(self._facts, clock_offset_ms=self.clock_offset_ms)

    @property
    def clock_is_off(self) -> bool:
        """Whether our clock is too far from the provider's to do business."""
        offset_ms = self.clock_offset_ms
        return offset_ms is not None and abs(offset_ms) > CLOCK_TOLERANCE_MS

    @property
    def heard_steady_ms(self) -> int:
        """When the provider's time was heard last, in steady time; 0 when it never was."""
        return 0 if self._seen is None else self._seen.steady_ms

    def answered(self, date_offset_ms: int | None = None) -> None:
        """A call got an answer that can be used; date_offset_ms: the provider's clock minus ours."""
        self._hear(date_offset_ms)
        self._set(ChannelFacts(True, None, None, "", None, self._clock.now_ms()))

    def failed(self, error: PaymentError | InvoiceError, date_offset_ms: int | None = None) -> None:
        """A call did not. A refusal that is about one order (not 401, 403) is a good answer of a healthy provider."""
        if isinstance(error, Refused) and error.status not in (401, 403):
            self.answered(date_offset_ms)
            return
        self._hear(date_offset_ms)
        trouble = _trouble(error)
        if trouble in (Trouble.UNVERIFIED, Trouble.REFUSED) and self.clock_is_off:
            trouble = Trouble.CLOCK
        since = self._facts.since_ms if self._facts.trouble is not None else None
        heard = self._facts.answered_ms
        self._set(ChannelFacts(True, trouble, since or self._clock.now_ms(), str(error), None, heard))

    def _hear(self, date_offset_ms: int | None) -> None:
        if date_offset_ms is not None:
            clock = self._clock
            self._seen = _Reading(clock.now_ms() + date_offset_ms, clock.steady_ms(), clock.offset_ms)

    @property
    def clock_offset_ms(self) -> int | None:
        """The provider's clock, run on by our steady one, minus our clock of now: a clock put right is seen at once.

        None when it was never heard, or our clock was advanced since (a demonstration moves the provider's as well).
        """
        seen = self._seen
        if seen is None or seen.clock_offset_ms != self._clock.offset_ms:
            return None
        return seen.told_ms + self._clock.steady_ms() - seen.steady_ms - self._clock.now_ms()

    def _set(self, facts: ChannelFacts) -> None:
        told, self._facts = self._facts, facts
        if (told.asked, told.trouble, told.since_ms) != (facts.asked, facts.trouble, facts.since_ms):
            self._on_change()


def _trouble(error: PaymentError | InvoiceError) -> Trouble:
    match error:
        case Unreachable() | InvoiceUnreachable():
            return Trouble.UNREACHABLE
        case Unverified():
            return Trouble.UNVERIFIED
        case Misconfigured() | InvoiceMisconfigured():
            return Trouble.MISCONFIGURED
        case Refused() | InvoiceRefused():
            return Trouble.REFUSED
        case _:
            return Trouble.NO_ANSWER
