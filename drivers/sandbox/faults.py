"""Faults on request: what goes wrong between a kiosk and its providers, for as long as wanted."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import msgspec

from drivers.sandbox.books import Books
from drivers.sandbox.records import Fault

ANY = "*"
# The request is not executed.
TIMEOUT = "timeout"  # it never arrives: no answer
NEVER = "never"  # no answer for as long as anybody waits
HTTP500 = "http500"  # an answer that proves nothing
HTTP429 = "http429"  # too many requests
HTML502 = "html502"  # a page of some gateway on the way
STATUS202 = "status202"  # WeChat Pay: signed, and neither a success nor a refusal
UNAVAILABLE = "unavailable"  # Alipay: 20000, signed, the outcome is unknown
RETRY_FLAG = "retry_flag"  # Alipay: cancel did nothing and asks to be called again
REPLAY = "replay"  # the endpoint's latest signed answer once more; while there is none, the request is executed
NOT_ENOUGH = "not_enough"  # the seller's balance does not cover the refund
# The request is executed.
DROP_AFTER_COMMIT = "drop_after_commit"  # the answer is lost
BAD_SIGNATURE = "bad_signature"  # the answer's signature is wrong (Nuonuo, not executed: the request's is said to be)
UNKNOWN_SERIAL = "unknown_serial"  # WeChat Pay: the answer names a key nobody knows
TRUNCATED = "truncated"  # the answer ends in its middle
LAG = "lag"  # queries answer as of 15 s ago
OTHER_TOTAL = "other_total"  # queries answer, signed, with an amount that is one fen off
PROCESSING = "processing"  # refunds are accepted and do not come through while this stands
ABNORMAL = "abnormal"  # WeChat Pay: refunds are accepted and turn ABNORMAL while this stands; Alipay refuses them
FAIL = "fail"  # Nuonuo: invoices handed in meanwhile are accepted and then fail
DOWN = "down"  # the network: every connection to a provider ends without an answer

COMMON = frozenset({TIMEOUT, DROP_AFTER_COMMIT, HTTP500, BAD_SIGNATURE, LAG, NEVER, HTML502, TRUNCATED})
PAYMENT = COMMON | {HTTP429, REPLAY, OTHER_TOTAL, NOT_ENOUGH, PROCESSING, ABNORMAL}
KINDS: Mapping[str, frozenset[str]] = {
    "wechat": PAYMENT | {STATUS202, UNKNOWN_SERIAL},
    "alipay": PAYMENT | {UNAVAILABLE, RETRY_FLAG},
    "nuonuo": COMMON | {FAIL},
    "network": frozenset({DOWN}),
}
ENDPOINTS: Mapping[str, frozenset[str]] = {
    "wechat": frozenset({"create", "query", "close", "refund", "refund_query"}),
    "alipay": frozenset({"precreate", "query", "close", "cancel", "refund", "refund_query"}),
    "nuonuo": frozenset({"token", "issue", "query", "retry", "file"}),
    "network": frozenset(),
}
ALIASES: Mapping[tuple[str, str], str] = {("alipay", "create"): "precreate"}
CONCERNS: Mapping[str, frozenset[str]] = {
    OTHER_TOTAL: frozenset({"query"}),
    NOT_ENOUGH: frozenset({"refund", "cancel"}),
    PROCESSING: frozenset({"refund", "refund_query"}),
    ABNORMAL: frozenset({"refund", "refund_query"}),
    RETRY_FLAG: frozenset({"cancel"}),
}
"""Faults that mean something for these endpoints only; every other request passes them by."""
LAG_MS = 15_000


class Faults:
    """The faults in force; they survive a restart."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._heals: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._guard = threading.Lock()

    def put(self, target: str, kind: str, endpoint: str = ANY, times: int | None = None) -> None:
        """Start a fault, in place of the target's earlier one for that endpoint. Raises ValueError, in words."""
        _check_target(target)
        endpoint = ALIASES.get((target, endpoint), endpoint)
        if kind not in KINDS[target]:
            raise ValueError(f"{target} has no fault {kind!r}; faults: {', '.join(sorted(KINDS[target]))}")
        known = ENDPOINTS[target] & CONCERNS.get(kind, ENDPOINTS[target])
        if endpoint != ANY and endpoint not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{target} has no endpoint {endpoint!r} for {kind}; endpoints: {listed}")
        if times is not None and times < 1:
            raise ValueError("times must be at least 1")
        fault = Fault(target, endpoint, kind, times)
        with self._books.work():
            self._books.put(fault.key, fault)

    def heal(self, target: str) -> None:
        """End every fault of a target. Raises ValueError for an unknown target."""
        _check_target(target)
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

    def take(self, target: str, endpoint: str) -> str:
        """The kind of fault that hits this request, counted down, or empty; the network's comes first."""
        with self._books.work():
            fault = self._hitting(target, endpoint)
            if fault is None:
                return ""
            if fault.times == 1:
                self._books.drop(Fault, fault.key)
            elif fault.times is not None:
                self._books.put(fault.key, msgspec.structs.replace(fault, times=fault.times - 1))
            return fault.kind

    def standing(self, target: str, endpoint: str) -> str:
        """The kind of fault that would hit such a request now, or empty; nothing is counted."""
        with self._books.work():
            fault = self._hitting(target, endpoint)
        return fault.kind if fault else ""

    def heals(self, target: str) -> int:
        """How often the target has been healed: a held request ends when this changes."""
        with self._guard:
            return self._heals[target]

    def _hitting(self, target: str, endpoint: str) -> Fault | None:
        for key in (f"network/{ANY}", f"{target}/{endpoint}", f"{target}/{ANY}"):
            fault = self._books.get(Fault, key)
            if fault is not None and endpoint in CONCERNS.get(fault.kind, {endpoint}):
                return fault
        return None


def other_total(fen: int) -> int:
    """The amount `OTHER_TOTAL` tells in place of the right one."""
    return fen - 1 if fen > 1 else 2


def _check_target(target: str) -> None:
    if target not in KINDS:
        raise ValueError(f"no target {target!r} here; targets: {', '.join(KINDS)}")
