"""One request's way between the wire and the side that answers it, through the fault in force.

Faults act out here: what was executed is executed, whatever happens to the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from drivers.sandbox import faults as kinds
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Circumstances, Reply, Request, Side

TIMEOUT_HOLD_S = 0.5  # short: what matters is that the answer never comes
TICK_S = 0.05


class Passage:
    """``stopping``: set when the sandbox ends; a held request ends with it."""

    def __init__(
        self,
        books: Books,
        clock: SandboxClock,
        faults: kinds.Faults,
        sides: Mapping[str, Side],
        stopping: threading.Event,
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._sides = sides
        self._stopping = stopping
        self._latest: dict[tuple[str, str], Reply] = {}

    def answer(self, request: Request, origin: str, client_gone: Callable[[], bool]) -> Reply | None:
        """Answer one request; None: end the connection without an answer. origin: how this sandbox is reached."""
        for target, side in self._sides.items():
            endpoint = side.endpoint(request)
            if endpoint is None:
                continue
            heals = self._faults.heals(target)  # before the fault is taken, so that no heal is missed
            kind = self._faults.take(target, endpoint)
            if kind == kinds.NEVER:
                while not (client_gone() or self._faults.heals(target) != heals or self._stopping.wait(TICK_S)):
                    pass
                return None
            return self._under(kind, request, (target, endpoint), origin)
        if self._faults.take("network", kinds.ANY):
            return None
        return Reply(404, b"not found", "text/plain")

    def _under(self, kind: str, request: Request, place: tuple[str, str], origin: str) -> Reply | None:
        side = self._sides[place[0]]
        if kind == kinds.DOWN:
            return None
        if kind == kinds.TIMEOUT:
            self._stopping.wait(TIMEOUT_HOLD_S)
            return None
        if kind == kinds.HTML502:
            return Reply(502, b"<html><head><title>502 Bad Gateway</title></head></html>", "text/html")
        if kind == kinds.REPLAY and place in self._latest:
            return self._latest[place]
        instead = side.instead(kind, request)
        if instead is not None:
            return instead
        with self._books.work():
            as_of = self._clock.now_ms() - (kinds.LAG_MS if kind == kinds.LAG else 0)
            reply = side.answer(request, Circumstances(as_of, origin, kind))
        if kind in ("", kinds.REPLAY) and reply.signed:
            self._latest[place] = reply
        if kind == kinds.DROP_AFTER_COMMIT:
            return None
        if kind == kinds.TRUNCATED:
            return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.content_type, reply.headers)
        return side.altered(reply, kind)
