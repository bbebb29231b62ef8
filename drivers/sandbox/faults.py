"""Faults on request: what goes wrong between a kiosk and its providers, for as long as wanted."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import msgspec

from drivers.sandbox.books import Books
from drivers.sandbox.records import Fault

ANY = "*"
TIMEOUT = "timeout"  # the request never arrives: not executed, no answer
DROP_AFTER_COMMIT = "drop_after_commit"  # executed, the answer is lost
HTTP500 = "http500"  # not executed, an answer that proves nothing
BAD_SIGNATURE = "bad_signature"  # executed, the answer's signature is wrong (Nuonuo: the request's is said to be)
LAG = "lag"  # queries answer as of 15 s ago
NEVER = "never"  # not executed, never answered
FAIL = "fail"  # Nuonuo only: invoices handed in meanwhile are accepted and then fail
DOWN = "down"  # the network: every connection to a provider ends without an answer

COMMON = frozenset({TIMEOUT, DROP_AFTER_COMMIT, HTTP500, BAD_SIGNATURE, LAG, NEVER})
KINDS: Mapping[str, frozenset[str]] = {"wechat": COMMON, "nuonuo": COMMON | {FAIL}, "network": frozenset({DOWN})}
ENDPOINTS: Mapping[str, frozenset[str]] = {
    "wechat": frozenset({"create", "query", "close", "refund", "refund_query"}),
    "nuonuo": frozenset({"token", "issue", "query", "retry", "file"}),
    "network": frozenset(),
}
LAG_MS = 15_000


class Faults:
    """The faults in force; they survive a restart."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._heals: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._guard = threading.Lock()

    def put(self, target: str, kind: str, endpoint: str = ANY, times: int | None = None) -> None:
        """Start a fault, in place of the target's earlier one for that endpoint. Raises ValueError, in words."""
        if target not in KINDS:
            raise ValueError(f"no target {target!r} here; targets: {', '.join(KINDS)}")
        if kind not in KINDS[target]:
            raise ValueError(f"{target} has no fault {kind!r}; faults: {', '.join(sorted(KINDS[target]))}")
        if endpoint != ANY and endpoint not in ENDPOINTS[target]:
            known = ", ".join(sorted(ENDPOINTS[target])) or "none"
            raise ValueError(f"{target} has no endpoint {endpoint!r}; endpoints: {known}")
        if times is not None and times < 1:
            raise ValueError("times must be at least 1")
        fault = Fault(target, endpoint, kind, times)
        with self._books.work():
            self._books.put(fault.key, fault)

    def heal(self, target: str) -> None:
        """End every fault of a target. Raises ValueError for an unknown target."""
        if target not in KINDS:
            raise ValueError(f"no target {target!r} here; targets: {', '.join(KINDS)}")
        with self._books.work():
            for fault in self._books.all(Fault):
                if fault.target == target:
                    self._books.drop(Fault, fault.key)
        with self._guard:
            self._heals[target] += 1

    def listing(self) -> list[Fault]:
        """Every fault in force."""
        with self._books.work():
            return self._books.all(Fault)

    def take(self, target: str, endpoint: str) -> Fault | None:
        """The fault that hits this request, counted down; the network's comes first."""
        with self._books.work():
            for key in (f"network/{ANY}", f"{target}/{endpoint}", f"{target}/{ANY}"):
                fault = self._books.get(Fault, key)
                if fault is None:
                    continue
                if fault.times == 1:
                    self._books.drop(Fault, key)
                elif fault.times is not None:
                    self._books.put(key, msgspec.structs.replace(fault, times=fault.times - 1))
                return fault
        return None

    def heals(self, target: str) -> int:
        """How often the target has been healed: a held request ends when this changes."""
        with self._guard:
            return self._heals[target]
