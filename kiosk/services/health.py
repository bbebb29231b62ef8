"""How the outside of the shop is: printer, payment, invoices, network, clock, and what waits for them.

Cheap and event-driven: the loops that talk to the outside leave their last answer with themselves, this service only
reads it. Nothing is asked for the sake of a light, and what has not been asked yet is said to be unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from data.queries.attention import Attention, attention
from data.store import Store
from drivers.printers.base import Fault, Paper
from kiosk.services.changes import Changes
from kiosk.services.channel_watch import CLOCK_TOLERANCE_MS, ChannelFacts, Trouble
from kiosk.services.collection import CollectionService
from kiosk.services.invoicing import InvoicingService
from kiosk.services.printer_worker import PrinterFacts
from kiosk.services.printing import PrintingService
from kiosk.services.settlement import OWED_KIND

SLOW_CLOCK_MS = 60_000


class Level(StrEnum):
    """How much it matters."""

    OK = "OK"
    UNKNOWN = "UNKNOWN"  # not asked yet, or it never says
    ATTENTION = "ATTENTION"  # work goes on, somebody should look
    FAULT = "FAULT"  # work waits for it
    OFF = "OFF"  # not set up


class Reason(StrEnum):
    """Why a level is what it is."""

    NONE = "NONE"
    NOT_ASKED = "NOT_ASKED"
    NOT_SET_UP = "NOT_SET_UP"
    PAPER_OUT = "PAPER_OUT"
    PAPER_LOW = "PAPER_LOW"
    COVER_OPEN = "COVER_OPEN"
    OFFLINE = "OFFLINE"
    ERROR = "ERROR"
    NO_ANSWER = "NO_ANSWER"
    UNREACHABLE = "UNREACHABLE"
    UNVERIFIED = "UNVERIFIED"
    REFUSED = "REFUSED"
    MISCONFIGURED = "MISCONFIGURED"
    CLOCK_WRONG = "CLOCK_WRONG"
    UNCERTAIN = "UNCERTAIN"  # papers nobody saw come out
    FAILED = "FAILED"  # invoices that failed
    MONEY_OPEN = "MONEY_OPEN"  # payments that fit no sale, or wait for the clerk


@dataclass(frozen=True, slots=True)
class Indicator:
    """One light. `waiting` counts what waits for it, `troubled` what needs a person; since_ms: how long already."""

    level: Level
    reason: Reason = Reason.NONE
    waiting: int = 0
    troubled: int = 0
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Every light."""

    printer: Indicator
    payment: Indicator
    invoices: Indicator
    network: Indicator
    clock: Indicator


UNASKED = Indicator(Level.UNKNOWN, Reason.NOT_ASKED)

_SEVERITY = (Level.OFF, Level.OK, Level.UNKNOWN, Level.ATTENTION, Level.FAULT)
_TROUBLES = {
    Trouble.UNREACHABLE: Reason.UNREACHABLE,
    Trouble.NO_ANSWER: Reason.NO_ANSWER,
    Trouble.UNVERIFIED: Reason.UNVERIFIED,
    Trouble.REFUSED: Reason.REFUSED,
    Trouble.CLOCK: Reason.CLOCK_WRONG,
    Trouble.MISCONFIGURED: Reason.MISCONFIGURED,
}
_FAULTS = {
    Fault.PAPER_OUT: Reason.PAPER_OUT,
    Fault.COVER_OPEN: Reason.COVER_OPEN,
    Fault.OFFLINE: Reason.OFFLINE,
    Fault.ERROR: Reason.ERROR,
}
_COUNTED = frozenset({"printer", "payments", "invoices", "sales", "outbox"})


class HealthService:
    """Puts the lights together. `current` costs nothing; the counts are read again after a change."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        collection: CollectionService,
        invoicing: InvoicingService,
        printing: PrintingService,
    ) -> None:
        self._store = store
        self._changes = changes
        self._collection = collection
        self._invoicing = invoicing
        self._printing = printing
        self._counts = Attention()
        self._warnings: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be loaded at the start, a sentence each: drivers, keys, settings."""
        return self._warnings

    def warn(self, sentence: str) -> None:
        """Remember something that could not be loaded; the shop goes on without it."""
        self._warnings += (sentence,)
        self._changes.publish({"health"})

    def current(self) -> Health:
        """The lights now."""
        counts = self._counts
        return Health(
            printer=_printer(self._printing.printers, counts),
            payment=_payment(self._collection.facts.values(), counts),
            invoices=_invoices(self._invoicing.facts, counts),
            network=_network([*self._collection.facts.values(), self._invoicing.facts]),
            clock=_clock(self._collection.facts.values()),
        )

    async def run(self) -> None:
        """Count again after every change, until cancelled."""
        changed = asyncio.Event()
        forget = self._changes.subscribe(lambda keys: changed.set() if keys & _COUNTED else None)
        try:
            while True:
                counts = await self._store.read(lambda: attention(OWED_KIND))
                if counts != self._counts:
                    self._counts = counts
                    self._changes.publish({"health"})
                await changed.wait()
                changed.clear()
        finally:
            forget()


def _printer(printers: Iterable[PrinterFacts], counts: Attention) -> Indicator:
    lights = [_one_printer(facts) for facts in printers]
    worst = _worst(lights) if lights else UNASKED
    level, reason = worst.level, worst.reason
    if counts.uncertain and level in (Level.OK, Level.UNKNOWN):
        level, reason = Level.ATTENTION, Reason.UNCERTAIN
    return Indicator(level, reason, counts.printing, counts.uncertain)


def _one_printer(facts: PrinterFacts) -> Indicator:
    if not facts.can_report:
        return Indicator(Level.UNKNOWN, Reason.NONE)
    if facts.status is None:
        return UNASKED
    if facts.status.fault is not None:
        return Indicator(Level.FAULT, _FAULTS[facts.status.fault])
    if not facts.status.answered:
        return Indicator(Level.FAULT, Reason.NO_ANSWER)
    if facts.status.paper is Paper.NEAR_END:
        return Indicator(Level.ATTENTION, Reason.PAPER_LOW)
    return Indicator(Level.OK)


def _provider(facts: ChannelFacts) -> Indicator:
    if facts.trouble is Trouble.OFF:
        return Indicator(Level.OFF, Reason.NOT_SET_UP)
    if facts.trouble is not None:
        return Indicator(Level.FAULT, _TROUBLES[facts.trouble], since_ms=facts.since_ms)
    return Indicator(Level.OK) if facts.asked else UNASKED


def _payment(channels: Iterable[ChannelFacts], counts: Attention) -> Indicator:
    lights = [_provider(facts) for facts in channels]
    worst = _worst(lights) if lights else Indicator(Level.OFF, Reason.NOT_SET_UP)
    level, reason = worst.level, worst.reason
    if counts.open_money and level is not Level.FAULT:
        level, reason = Level.ATTENTION, Reason.MONEY_OPEN
    return Indicator(level, reason, counts.unknown_payments, counts.open_money, worst.since_ms)


def _invoices(facts: ChannelFacts, counts: Attention) -> Indicator:
    light = _provider(facts)
    level, reason = light.level, light.reason
    if level is Level.FAULT:
        level = Level.ATTENTION  # sales go on; invoices are made up for
    if counts.failed_invoices:
        level, reason = Level.ATTENTION, Reason.FAILED
    return Indicator(level, reason, counts.invoicing, counts.failed_invoices, light.since_ms)


def _network(providers: list[ChannelFacts]) -> Indicator:
    """Down when nobody can be reached; unknown until somebody was asked. One silent provider is not the network."""
    asked = [facts for facts in providers if facts.asked]
    if not asked:
        return UNASKED
    silent = [facts for facts in asked if facts.trouble in (Trouble.UNREACHABLE, Trouble.NO_ANSWER)]
    if len(silent) < len(asked):
        return Indicator(Level.OK)
    since = min((facts.since_ms for facts in silent if facts.since_ms is not None), default=None)
    return Indicator(Level.FAULT, Reason.UNREACHABLE, since_ms=since)


def _clock(channels: Iterable[ChannelFacts]) -> Indicator:
    """By the providers' clocks, which are the only ones we hear of."""
    offsets = [abs(facts.clock_offset_ms) for facts in channels if facts.clock_offset_ms is not None]
    if not offsets:
        return UNASKED
    if max(offsets) > CLOCK_TOLERANCE_MS:
        return Indicator(Level.FAULT, Reason.CLOCK_WRONG)
    return Indicator(Level.ATTENTION, Reason.CLOCK_WRONG) if max(offsets) > SLOW_CLOCK_MS else Indicator(Level.OK)


def _worst(lights: list[Indicator]) -> Indicator:
    return max(lights, key=lambda light: _SEVERITY.index(light.level))
