"""A slip handed to an idle printer in the very commit that makes it.

Between "paid" and the first byte on the paper's way nothing has to be looked up, asked or written any more: while a
payment is awaited the printer is asked along with the provider, so that the commit which makes the sale paid can take
the slip's job to SENDING itself. Whoever prints is told when that commit is on the medium, and not before. SENDING is
committed before the first byte as ever; when the printer is busy, silent or at fault, the job waits in its queue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FRESH_S = 5.0
"""How long a printer's word that it is ready counts: longer than the longest pause between two questions for a
payment, with each of which it is asked again."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A job that is SENDING already and whose first byte has not left. `job_id` with its bytes, of this sale."""

    job_id: str
    payload: bytes
    sale_id: str


class Handover:
    """Between whoever makes slips, on the store's writing thread, and the one worker that prints them, on the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._take: Callable[[Handed], None] | None = None
        self._offered_at = 0.0
        self._expected: Callable[[], None] = lambda: None

    def listen(self, expected: Callable[[], None]) -> None:
        """Whom to tell that a slip may come soon."""
        self._expected = expected

    def expect(self) -> None:
        """A slip may come soon: the printer should say now whether it is ready. On the loop."""
        self._expected()

    def offer(self, take: Callable[[Handed], None]) -> None:
        """The worker is idle and its printer has just said that it is ready. `take` is called on any thread."""
        with self._lock:
            self._take, self._offered_at = take, time.monotonic()

    def withdraw(self) -> None:
        """The worker has something else to do."""
        with self._lock:
            self._take = None

    def reserve(self) -> Callable[[Handed], None] | None:
        """What to call once the job is committed as SENDING; None: it has to queue. One job an offer."""
        with self._lock:
            take, self._take = self._take, None
            return take if time.monotonic() - self._offered_at <= FRESH_S else None
