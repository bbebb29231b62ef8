"""The sandbox's own controls: the customer's phone, the faults, the clock and the ledger. They work during any fault.

* ``POST pay_url {"code", "amount_fen"?, "coupon_fen"?, "late"?}`` pays the order behind a code's text
  (``code_url`` and ``qr_code``, the providers' own names for it, do as well). 200 with
  ``{"paid": true, "channel", "number", "amount_fen", "provider_number"}``; otherwise 4xx with
  ``{"paid": false, "reason", "message"}``, reason one of CODE_UNKNOWN CODE_DEAD CODE_EXPIRED ORDER_CLOSED ALREADY_PAID
  AMOUNT_DIFFERS COUPON_INVALID NOT_CLOSED BAD_REQUEST.
* ``POST fault_url {"target", "kind", "endpoint"?, "times"?}`` or ``{"target", "heal": true}``; ``GET`` lists them.
* ``GET clock_url``; ``POST clock_url {"advance_ms"}``. Both answer ``{"offset_ms", "now_ms"}``.
* ``GET ledger_url``: ``{"orders": […], "refunds": […], "invoices": […]}``, everything, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Reply, Request, json_object, json_reply
from drivers.sandbox.faults import ANY, Faults
from drivers.sandbox.nuonuo import NuonuoGateway
from drivers.sandbox.nuonuo_invoices import issued_at_ms
from drivers.sandbox.records import Billed, Order, Refund
from drivers.sandbox.wechat import WeChatGateway
from drivers.sandbox.wechat_orders import NotPaid

PAY_PATH = "/control/pay"
FAULT_PATH = "/control/fault"
LEDGER_PATH = "/control/ledger"
CLOCK_PATH = "/control/clock"
CODE_NAMES = ("code", "code_url", "qr_code")  # the latter as the providers' own answers call it
MOST_ADVANCE_MS = 20 * 366 * 86_400_000


class BadRequest(Exception):  # noqa: N818  an answer
    """A control was used wrongly; the message says how."""


class Control:
    """Requests in, JSON out."""

    def __init__(
        self, books: Books, clock: SandboxClock, faults: Faults, wechat: WeChatGateway, nuonuo: NuonuoGateway
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._wechat = wechat
        self._nuonuo = nuonuo

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
                    return json_reply(self._ledger())
                case _:
                    return json_reply({"error": "there is no such control"}, 404)
        except BadRequest as error:
            return json_reply({"error": str(error)}, 400)

    def _pay(self, body: Mapping[str, Any]) -> Reply:
        code = next((body[name] for name in CODE_NAMES if name in body), None)
        late = body.get("late", False)
        try:
            amount, coupon = _whole(body, "amount_fen"), _whole(body, "coupon_fen") or 0
            if not isinstance(code, str) or not isinstance(late, bool):
                raise BadRequest("code must be the text of the code, late true or false")
            with self._books.work():
                order = self._wechat.orders.pay(code, amount, coupon, late=late)
        except BadRequest as error:
            return json_reply({"paid": False, "reason": "BAD_REQUEST", "message": str(error)}, 400)
        except NotPaid as refusal:
            return json_reply({"paid": False, "reason": refusal.reason, "message": refusal.message}, refusal.status)
        return json_reply(
            {
                "paid": True,
                "channel": "wechat",
                "number": order.number,
                "amount_fen": order.amount_fen,
                "provider_number": order.transaction_id,
            }
        )

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

    def _ledger(self) -> dict[str, object]:
        with self._books.work():
            now = self._clock.now_ms()
            return {
                "orders": [self._order(order, now) for order in self._books.all(Order)],
                "refunds": [self._refund(refund, now) for refund in self._books.all(Refund)],
                "invoices": [self._invoice(billed, now) for billed in self._books.all(Billed)],
            }

    def _order(self, order: Order, now: int) -> dict[str, object]:
        return {
            "channel": "wechat",
            "number": order.number,
            "state": self._wechat.orders.state(order, now),
            "amount_fen": order.amount_fen,
            "payer_total_fen": order.payer_total_fen if order.paid_at_ms is not None else None,
            "description": order.description,
            "code": order.code,
            "creates": order.creates,
            "created_at_ms": order.created_at_ms,
            "expires_at_ms": order.expires_at_ms,
            "paid_at_ms": order.paid_at_ms,
            "closed_at_ms": order.closed_at_ms,
            "provider_number": order.transaction_id or None,
        }

    def _refund(self, refund: Refund, now: int) -> dict[str, object]:
        return {
            "channel": "wechat",
            "refund_number": refund.refund_number,
            "number": refund.number,
            "state": self._wechat.refunds.state(refund, now),
            "amount_fen": refund.amount_fen,
            "reason": refund.reason,
            "requests": refund.requests,
            "created_at_ms": refund.created_at_ms,
            "provider_number": refund.refund_id,
        }

    def _invoice(self, billed: Billed, now: int) -> dict[str, object]:
        status = self._nuonuo.invoices.status(billed, now)
        return {
            "provider": "nuonuo",
            "kind": "blue",
            "number": billed.order_no,
            "status": status,
            "provider_serial": billed.serial,
            "fiscal_number": billed.fiscal_number if status == "2" else None,
            "title": billed.title,
            "tax_number": billed.buyer_tax_number,
            "net_fen": billed.net_fen,
            "tax_fen": billed.tax_fen,
            "total_fen": billed.total_fen,
            "lines": [msgspec.to_builtins(line) for line in billed.lines],
            "created_at_ms": billed.created_at_ms,
            "issued_at_ms": issued_at_ms(billed) if status == "2" else None,
            "retries": len(billed.retry_days),
            "duplicates_refused": billed.duplicates_refused,
        }


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
