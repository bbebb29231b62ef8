"""How the outside of the shop is: printer, payment, invoices, network, clock, and what waits for them.

Cheap and event-driven: the loops that talk to the outside leave their last answer with themselves, this service only
reads it. Nothing is asked for the sake of a light, and what has not been asked yet is said to be unknown. How an answer
becomes a light is in `health_lights`, which is loaded with the loops, after the first screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from data.store import Store
from kiosk.services.changes import Changes

if TYPE_CHECKING:
    from kiosk.services.collection import CollectionService
    from kiosk.services.invoicing import InvoicingService
    from kiosk.services.printing import PrintingService


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
NOTHING_ASKED = Health(UNASKED, UNASKED, UNASKED, UNASKED, UNASKED)

_COUNTED = frozenset({"printer", "payments", "invoices", "sales", "outbox"})


class HealthService:
    """Puts the lights together. `current` costs nothing; the counts are read again after a change."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._lights: Callable[[], Health] | None = None
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
        """The lights now; all unknown until `run` looks."""
        return NOTHING_ASKED if self._lights is None else self._lights()

    async def run(self, collection: CollectionService, invoicing: InvoicingService, printing: PrintingService) -> None:
        """Look at what these services know, and count what waits again after every change, until cancelled."""
        from data.queries.attention import Attention, attention
        from kiosk.services.health_lights import lights
        from kiosk.services.settlement import OWED_KIND

        counts = Attention()

        def look() -> Health:
            return lights(collection.facts.values(), invoicing.facts, printing.printers, counts)

        self._lights = look
        changed = asyncio.Event()
        forget = self._changes.subscribe(lambda keys: changed.set() if keys & _COUNTED else None)
        try:
            while True:
                counted = await self._store.read(lambda: attention(OWED_KIND))
                if counted != counts:
                    counts = counted
                    self._changes.publish({"health"})
                await changed.wait()
                changed.clear()
        finally:
            forget()
