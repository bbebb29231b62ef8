"""Who wants to know that something in the shop changed.

A commit, a poll or a device publishes short keys; screens and loops subscribe and load afresh what they show. Keys:
`sale:<id>`, `sales`, `payments`, `invoices`, `printer`, `operators`, `health`. A key says *that*, never *what*: the
store is the only truth.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Listener = Callable[[frozenset[str]], None]

_GROUPS = {
    "sale": "sales",
    "payment_order": "payments",
    "tender": "payments",
    "invoice": "invoices",
    "invoice_file": "invoices",
    "print_job": "printer",
    "operator": "operators",
}


def keys_of(touched: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The keys of the rows a commit touched, each given as (thing, key)."""
    keys: set[str] = set()
    for thing, key in touched:
        keys.add(_GROUPS.get(thing, thing))
        if thing == "sale":
            keys.add(f"sale:{key}")
    return frozenset(keys)


class Changes:
    """Publishes keys to listeners on the event loop. `publish` may be called by any thread, before `bind` too."""

    def __init__(self) -> None:
        self._listeners: dict[int, Listener] = {}
        self._next = 0
        self._pending: set[str] = set()
        self._scheduled = False
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which listeners are called. What was published before is delivered now."""
        with self._lock:
            self._loop = loop
            self._schedule()

    def publish(self, keys: Iterable[str]) -> None:
        """Tell everybody that these moved. Keys published close together arrive together, once."""
        with self._lock:
            self._pending.update(keys)
            self._schedule()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(keys)` on the loop after each change; returns what ends that. Needs a running loop."""
        if self._loop is None:
            self.bind(asyncio.get_running_loop())
        number = self._next
        self._next += 1
        self._listeners[number] = listener

        def unsubscribe() -> None:
            self._listeners.pop(number, None)

        return unsubscribe

    def _schedule(self) -> None:
        """With the lock held: one delivery on the loop for all that is pending."""
        if self._pending and not self._scheduled and self._loop is not None and not self._loop.is_closed():
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            keys = frozenset(self._pending)
            self._pending.clear()
            self._scheduled = False
        for listener in tuple(self._listeners.values()):
            try:
                listener(keys)
            except Exception:
                log.exception("a listener failed for %s", sorted(keys))
