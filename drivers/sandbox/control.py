"""The sandbox's own controls: the customer's phone, the faults, the clock and the ledger. They work during any fault.

* ``POST pay_url {"code", "amount_fen"?, "coupon_fen"?, "late"?, "scan_only"?}`` pays the order behind a code's text, of
  either channel (``code_url`` and ``qr_code``, the providers' own names for it, do as well). 200 with
  ``{"paid": true, "channel", "number", "amount_fen", "provider_number"}``; otherwise 4xx with
  ``{"paid": false, "reason", "message"}``, reason one of CODE_UNKNOWN CODE_DEAD CODE_EXPIRED ORDER_CLOSED ALREADY_PAID
  AMOUNT_DIFFERS COUPON_INVALID NOT_CLOSED BAD_REQUEST. ``"scan_only": true``: the phone reads the code and shows the
  amount, and the customer has not confirmed yet; 200 with ``"paid": false`` and the same facts.
* ``POST fault_url {"target", "kind", "endpoint"?, "times"?}`` or ``{"target", "heal": true}``; ``GET`` lists them.
  Targets, kinds and endpoints: `drivers.sandbox.faults`.
* ``GET clock_url``; ``POST clock_url {"advance_ms"}``. Both answer ``{"offset_ms", "now_ms"}``.
* ``GET ledger_url``: ``{"orders": […], "refunds": […], "invoices": […]}``, everything, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

import msgspec

from drivers.sandbox.alipay_trades import CODE_PREFIX
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Reply, Request, json_object, json_reply
from drivers.sandbox.faults import ANY, Faults
from drivers.sandbox.ledger import Ledger
from drivers.sandbox.phone import Handled, NotPaid, Tender

PAY_PATH = "/control/pay"
FAULT_PATH = "/control/fault"
LEDGER_PATH = "/control/ledger"
CLOCK_PATH = "/control/clock"
CODE_NAMES = ("code", "code_url", "qr_code")  # the latter as the providers' own answers call it
MOST_ADVANCE_MS = 20 * 366 * 86_400_000


class BadRequest(Exception):  # noqa: N818  an answer
    """A control was used wrongly; the message says how."""


class Wallet(Protocol):
    """What a phone can do with the codes of one channel; both raise NotPaid and change nothing then."""

    def scan(self, code: str) -> Handled:
        """Read the code and show the amount."""
        ...

    def pay(self, code: str, tender: Tender) -> Handled:
        """Read the code and pay."""
        ...


class Control:
    """Requests in, JSON out."""

    def __init__(
        self,
        books: Books,
        clock: SandboxClock,
        faults: Faults,
        ledger: Ledger,
        wechat: Wallet,
        alipay: Wallet,
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._ledger = ledger
        self._wechat = wechat
        self._alipay = alipay

    def answer(self, request: Request) -> Reply:
        """Do what was asked; a wrong use is 400 with one sentence and changes nothing."""
        try:
            match request.method, request.path:
                case "POST", "/control/pay":
                    return self._pay(_body(request))
                case "POST", "/control/fault":
                    return self._fault(_body(request))
                case "GET", "/control/fault":
                    return self._fault_list()
                case "POST", "/control/clock":
                    advance = _whole(_body(request), "advance_ms")
                    if advance is None or not 0 <= advance <= MOST_ADVANCE_MS:
                        raise BadRequest("advance_ms must be a whole number, not negative")
                    self._clock.advance(advance)
                    return self._clock_reply()
                case "GET", "/control/clock":
                    return self._clock_reply()
                case "GET", "/control/ledger":
                    return json_reply(self._ledger.rows())
                case _:
                    return json_reply({"error": "there is no such control"}, 404)
        except BadRequest as error:
            return json_reply({"error": str(error)}, 400)

    def _pay(self, body: Mapping[str, Any]) -> Reply:
        code = next((body[name] for name in CODE_NAMES if name in body), None)
        late, scan_only = body.get("late", False), body.get("scan_only", False)
        try:
            amount, coupon = _whole(body, "amount_fen"), _whole(body, "coupon_fen") or 0
            if not isinstance(code, str) or not isinstance(late, bool) or not isinstance(scan_only, bool):
                raise BadRequest("code must be the text of the code, late and scan_only true or false")
            wallet = self._alipay if code.startswith(CODE_PREFIX) else self._wechat
            with self._books.work():
                handled = wallet.scan(code) if scan_only else wallet.pay(code, Tender(amount, coupon, late))
        except BadRequest as error:
            return json_reply({"paid": False, "reason": "BAD_REQUEST", "message": str(error)}, 400)
        except NotPaid as refusal:
            return json_reply({"paid": False, "reason": refusal.reason, "message": refusal.message}, refusal.status)
        return json_reply({"paid": not scan_only} | asdict(handled))

    def _fault(self, body: Mapping[str, Any]) -> Reply:
        target = body.get("target")
        if not isinstance(target, str):
            raise BadRequest("target is missing")
        try:
            if body.get("heal") is True:
                self._faults.heal(target)
            else:
                kind, endpoint = body.get("kind"), body.get("endpoint") or ANY
                if not isinstance(kind, str) or not isinstance(endpoint, str):
                    raise BadRequest("kind and endpoint must be text")
                self._faults.put(target, kind, endpoint, _whole(body, "times"))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return self._fault_list()

    def _fault_list(self) -> Reply:
        return json_reply({"faults": [msgspec.to_builtins(fault) for fault in self._faults.listing()]})

    def _clock_reply(self) -> Reply:
        return json_reply({"offset_ms": self._clock.offset_ms, "now_ms": self._clock.now_ms()})


def _body(request: Request) -> dict[str, Any]:
    body = json_object(request.body)
    if body is None:
        raise BadRequest("the body must be one JSON object")
    return body


def _whole(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise BadRequest(f"{name} must be a whole number")
