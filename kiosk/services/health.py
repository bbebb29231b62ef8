"""How the outside of the shop is: printer, payment, invoices, network, clock, and what waits for them.

Cheap and event-driven: the loops that talk to the outside leave their last answer with themselves, this service only
reads it. Nothing is asked for the sake of a light, and what has not been asked yet is said to be unknown. How an answer
becomes a light is in `health_lights`, which is loaded with the loops, after the first screen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from data.store import Store, StoreDamaged
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
    FULL = "FULL"  # the medium: nothing new begins until there is room
    MONEY_OPEN = "MONEY_OPEN"  # payments that fit no sale, or wait for the clerk


@dataclass(frozen=True, slots=True)
class Indicator:
    """One light. `waiting` counts what waits for it, `troubled` what needs a person; since_ms: how long already.

    slow_ms: only of the clock, how far it is behind the providers' (negative: ahead); None when none was heard.
    """

    level: Level
    reason: Reason = Reason.NONE
    waiting: int = 0
    troubled: int = 0
    since_ms: int | None = None
    slow_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Every light."""

    printer: Indicator
    payment: Indicator
    invoices: Indicator
    network: Indicator
    clock: Indicator
    disk: Indicator = Indicator(Level.OK)


UNASKED = Indicator(Level.UNKNOWN, Reason.NOT_ASKED)
NOTHING_ASKED = Health(UNASKED, UNASKED, UNASKED, UNASKED, UNASKED)

ROOM_AGAIN_S = 10.0
"""How often a full medium is looked at again."""

_COUNTED = frozenset({"printer", "payments", "invoices", "sales", "outbox"})


class HealthService:
    """Puts the lights together. `current` costs nothing; the counts are read again after a change."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._lights: Callable[[], Health] | None = None
        self._warnings: tuple[str, ...] = ()
        store.on_room.append(lambda: changes.publish({"health"}))

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
        now = NOTHING_ASKED if self._lights is None else self._lights()
        return now if self._store.room else replace(now, disk=Indicator(Level.FAULT, Reason.FULL))

    async def run(self, collection: CollectionService, invoicing: InvoicingService, printing: PrintingService) -> None:
        """Look at what these services know, and count what waits again after every change, until cancelled."""
        from data.queries.attention import Attention, attention
        from kiosk.services.health_lights import lights
        from kiosk.services.refund_facts import OWED_KIND, REFUND_KIND

        counts = Attention()

        def look() -> Health:
            clock = collection.sanity.judge()
            return lights(collection.facts.values(), invoicing.facts, printing.printers, counts, clock)

        self._lights = look
        changed = asyncio.Event()
        forget = self._changes.subscribe(lambda keys: changed.set() if keys & _COUNTED else None)
        try:
            while True:
                counted = await self._store.read(lambda: attention((OWED_KIND, REFUND_KIND)))
                if counted != counts:
                    counts = counted
                    self._changes.publish({"health"})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if self._store.room else ROOM_AGAIN_S):
                        await changed.wait()
                changed.clear()
                if not self._store.room:
                    with contextlib.suppress(StoreDamaged):  # whoever works on it says so
                        await self._store.write(lambda tx: None)  # a unit of work looks for room first
        finally:
            forget()
