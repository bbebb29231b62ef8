"""A sandbox's controls from another process: what a script, a test or a training session does to the outside world."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from drivers.sandbox.announcement import ControlAccess

SECONDS = 10


class ControlFailed(Exception):  # noqa: N818  an answer, not a defect
    """The sandbox did not do it, or is not there. reason: a word for scripts, e.g. CODE_EXPIRED."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Payment:
    """What the customer's phone paid."""

    channel: str
    number: str
    amount_fen: int
    provider_number: str


class SandboxControl:
    """Blocking calls; each raises ControlFailed."""

    def __init__(self, access: ControlAccess) -> None:
        self._access = access

    def pay(self, code: str, *, amount_fen: int | None = None, coupon_fen: int = 0, late: bool = False) -> Payment:
        """Pay the order behind the text of a code, as a customer's phone would."""
        body = {"code": code, "amount_fen": amount_fen, "coupon_fen": coupon_fen, "late": late}
        paid = self._call("POST", self._access.pay_url, body)
        return Payment(paid["channel"], paid["number"], paid["amount_fen"], paid["provider_number"])

    def scan(self, code: str) -> None:
        """Read a code as a phone does and show the amount; the customer has not confirmed yet."""
        self._call("POST", self._access.pay_url, {"code": code, "scan_only": True})

    def fault(self, target: str, kind: str, endpoint: str | None = None, times: int | None = None) -> None:
        """Start a fault; it lasts until `heal`, or for ``times`` requests."""
        body = {"target": target, "kind": kind, "endpoint": endpoint, "times": times}
        self._call("POST", self._access.fault_url, body)

    def heal(self, target: str) -> None:
        """End every fault of a target."""
        self._call("POST", self._access.fault_url, {"target": target, "heal": True})

    def advance(self, ms: int) -> int:
        """Move the sandbox's clock forward; its offset from the machine's."""
        return int(self._call("POST", self._access.clock_url, {"advance_ms": ms})["offset_ms"])

    def offset_ms(self) -> int:
        """How far the sandbox's clock is ahead of the machine's."""
        return int(self._call("GET", self._access.clock_url)["offset_ms"])

    def ledger(self) -> Mapping[str, list[dict[str, Any]]]:
        """Every order, refund and invoice, as the ledger address answers."""
        return self._call("GET", self._access.ledger_url)

    def _call(self, method: str, url: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, parts.path, sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value: object = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlFailed("NO_SANDBOX", "the sandbox does not answer") from error
        finally:
            connection.close()
        if not isinstance(value, dict):
            raise ControlFailed("NO_SANDBOX", "the sandbox's answer cannot be read")
        found = cast("dict[str, Any]", value)
        if answer.status != 200:
            message = found.get("message") or found.get("error") or f"status {answer.status}"
            raise ControlFailed(str(found.get("reason", "BAD_REQUEST")), str(message))
        return found
