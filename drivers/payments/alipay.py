"""Alipay, ``gateway.do`` with RSA2: the shop shows a code (``alipay.trade.precreate``).

Protocol: Alipay open platform documentation of ``alipay.trade.precreate``, ``query``, ``close``, ``cancel``, ``refund``
and ``fastpay.refund.query``. A trade does not exist before its code is scanned: until then a query says so, and only
`Alipay.cancel` can call the code off. Only a node with a good signature is believed, and only when it is about the
order that was asked for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from drivers.payments.alipay_wire import (
    NO_TRADE,
    OK,
    AlipayKeys,
    AlipaySettings,
    failure,
    load_keys,
    signed_request,
    verified_node,
)
from drivers.payments.base import (
    CancelOutcome,
    Capability,
    Misconfigured,
    OrderIntent,
    OutcomeUnknown,
    QueryAnswer,
    QueryStatus,
    RefundAnswer,
    RefundIntent,
    RefundStatus,
    Refused,
    Unverified,
)
from drivers.payments.fields import (
    beijing,
    checked_order,
    checked_refund,
    code_to_show,
    json_bytes,
    needed_text,
    order_amount,
    refund_amount,
    text_or_none,
    time_ms,
)
from drivers.payments.wired import WiredChannel
from drivers.wire import clean_text

__all__ = ["Alipay", "AlipaySettings"]

TEXT_LIMIT = 256
NOT_IN_A_SUBJECT = str.maketrans("/=&", "   ")
"""Alipay asks for subjects without these (documentation of ``alipay.trade.precreate``, ``subject``)."""
FORM = "application/x-www-form-urlencoded;charset=utf-8"
YUAN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")

STATES: Mapping[str, QueryStatus] = {
    "WAIT_BUYER_PAY": QueryStatus.UNPAID,
    "TRADE_SUCCESS": QueryStatus.PAID,
    "TRADE_FINISHED": QueryStatus.PAID,  # paid, and too long ago to be refunded
    "TRADE_CLOSED": QueryStatus.CLOSED,  # or wholly refunded: see `Alipay._query_answer`
}


class Alipay(WiredChannel):
    """One application of one merchant. ``now_ms`` is the shop's clock: it stamps requests, in Beijing's time."""

    channel = "alipay"
    capabilities = frozenset({Capability.SHOW_CODE, Capability.CANCEL, Capability.REFUND})

    def __init__(self, settings: AlipaySettings, now_ms: Callable[[], int]) -> None:
        """Raises Misconfigured for an address that cannot be used; keys are read at the first call."""
        super().__init__(settings.gateway, "Alipay", now_ms)
        if "?" in settings.gateway:
            raise Misconfigured("the address of Alipay must have no query")
        if not settings.app_id:
            raise Misconfigured("no application number of Alipay is set")
        if settings.notify_url and not settings.notify_url.startswith("https://"):
            raise Misconfigured("the notification address must begin with https://")
        self.merchant = settings.seller
        self.app = settings.app_id
        self._settings = settings
        self._keys: AlipayKeys | None = None

    def serialise(self, intent: OrderIntent) -> bytes:
        """The ``biz_content`` of the create call.

        Paying ends at ``time_expire``, whenever the code is scanned; the code itself dies in whole minutes after it was
        made, at the earliest when paying ends.
        """
        minutes = max(1, -(-(intent.expires_at_ms - self._now_ms()) // 60_000))
        content: dict[str, object] = {
            "out_trade_no": checked_order(intent.number),
            "total_amount": _yuan(order_amount(intent.amount_fen)),
            "subject": needed_text(intent.description.translate(NOT_IN_A_SUBJECT), TEXT_LIMIT, "description"),
            "time_expire": beijing(intent.expires_at_ms).strftime("%Y-%m-%d %H:%M:%S"),
            "qr_code_timeout_express": f"{minutes}m",
        }
        if self.merchant:
            content["seller_id"] = self.merchant
        return json_bytes(content)

    async def create(self, body: bytes) -> str:
        """The ``qr_code``. No trade comes of it before the customer scans it."""
        node = await self._done("alipay.trade.precreate", body)
        _check_about(node, order=_sent(body, "out_trade_no"))
        return code_to_show(node.get("qr_code"))

    async def query(self, number: str) -> QueryAnswer:
        """The trade by our number. NOT_FOUND: nobody has scanned its code yet; verified when it names our number."""
        node, raw = await self._ask("alipay.trade.query", json_bytes({"out_trade_no": checked_order(number)}))
        if node.get("code") == OK:
            _check_about(node, order=number)
            return self._query_answer(node, raw)
        refusal = failure(node)
        if not (isinstance(refusal, Refused) and refusal.code == NO_TRADE):
            raise refusal
        named = node.get("out_trade_no")
        if named is not None:
            _check_about(node, order=number)
        return QueryAnswer(
            QueryStatus.NOT_FOUND, number, None, None, None, None, None, None, None, raw, verified=named is not None
        )

    async def close(self, number: str) -> None:
        """Accepted when this returns. A trade that nobody has scanned is Refused ``ORDER_NOT_EXIST``: `cancel` it."""
        node = await self._done("alipay.trade.close", json_bytes({"out_trade_no": checked_order(number)}))
        _check_about(node, order=number)

    async def cancel(self, number: str) -> CancelOutcome:
        """Call it off, scanned or not. Alipay accepts this for any number, so only a query says what is left."""
        node = await self._done("alipay.trade.cancel", json_bytes({"out_trade_no": checked_order(number)}))
        if node.get("retry_flag") == "Y":
            raise OutcomeUnknown("Alipay asks for the same call again")
        _check_about(node, order=number)
        match node.get("action"):
            case None | "" | "close":
                return CancelOutcome.CLOSED
            case "refund":
                return CancelOutcome.REFUNDED
            case other:
                raise OutcomeUnknown(f"called off with the unknown action {clean_text(other, 16)}")

    def serialise_refund(self, intent: RefundIntent) -> bytes:
        """The ``biz_content`` of the refund call."""
        return json_bytes(
            {
                "out_trade_no": checked_order(intent.order_number),
                "out_request_no": checked_refund(intent.refund_number),
                "refund_amount": _yuan(refund_amount(intent)),
                "refund_reason": needed_text(intent.reason, TEXT_LIMIT, "reason"),
            }
        )

    async def refund(self, body: bytes) -> RefundAnswer:
        """DONE when money moved now; PROCESSING otherwise, also when an earlier try had moved it: `query_refund`.

        Alipay's ``refund_fee`` adds up every refund of the order, so no amount is told.
        """
        node, raw = await self._done_with_text("alipay.trade.refund", body)
        order = _sent(body, "out_trade_no")
        _check_about(node, order=order)
        moved = node.get("fund_change") == "Y"
        return RefundAnswer(
            status=RefundStatus.DONE if moved else RefundStatus.PROCESSING,
            order_number=order,
            refund_number=_sent(body, "out_request_no"),
            amount_fen=None,
            provider_number=None,
            done_at_ms=time_ms(node.get("gmt_refund_pay")) if moved else None,
            raw=raw,
        )

    async def query_refund(self, order_number: str, refund_number: str) -> RefundAnswer:
        """DONE by ``refund_status``, or where there is none by the amount. Ask 10 s after `refund` at the earliest.

        An answer that says nothing of a refund is NOT_FOUND with ``verified`` False.
        """
        content = {
            "out_trade_no": checked_order(order_number),
            "out_request_no": checked_refund(refund_number),
            "query_options": ["gmt_refund_pay"],
        }
        node, raw = await self._ask("alipay.trade.fastpay.refund.query", json_bytes(content))
        if node.get("code") != OK:
            refusal = failure(node)
            if not (isinstance(refusal, Refused) and refusal.code == NO_TRADE):
                raise refusal
        status = clean_text(node.get("refund_status"), 32)
        amount = _fen(node.get("refund_amount"))
        if node.get("code") != OK or not (status or amount):
            return RefundAnswer(
                RefundStatus.NOT_FOUND, order_number, refund_number, None, None, None, raw, verified=False
            )
        _check_about(node, order=order_number, refund=refund_number)
        done = status in ("", "REFUND_SUCCESS")
        return RefundAnswer(
            status=RefundStatus.DONE if done else RefundStatus.PROCESSING,
            order_number=order_number,
            refund_number=refund_number,
            amount_fen=amount,
            provider_number=None,
            done_at_ms=time_ms(node.get("gmt_refund_pay")),
            raw=raw,
        )

    async def _done(self, method: str, body: bytes) -> dict[str, Any]:
        return (await self._done_with_text(method, body))[0]

    async def _done_with_text(self, method: str, body: bytes) -> tuple[dict[str, Any], bytes]:
        """The node of a call that was executed, and the whole answer. Raises what any other answer means."""
        node, raw = await self._ask(method, body)
        if node.get("code") != OK:
            raise failure(node)
        return node, raw

    async def _ask(self, method: str, body: bytes) -> tuple[dict[str, Any], bytes]:
        """One attempt, stamped and signed anew; the verified node, whatever its code, and the whole answer."""
        if self._keys is None:
            try:
                self._keys = await asyncio.to_thread(load_keys, self._settings)
            except ValueError as error:
                raise Misconfigured(str(error)) from error
        query, form = signed_request(self._settings, self._keys, method, body, self._now_ms())
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        answer = await self._attempt("POST", f"?{query}", headers, form)
        if answer.status != 200:
            raise OutcomeUnknown(f"status {answer.status}")
        return verified_node(method, answer.body, self._keys), answer.body

    def _query_answer(self, node: Mapping[str, Any], raw: bytes) -> QueryAnswer:
        """A closed trade with a time of payment was paid and has gone back as a whole."""
        status = STATES.get(clean_text(node.get("trade_status"), 32), QueryStatus.PENDING)
        if status is QueryStatus.CLOSED and node.get("send_pay_date"):
            status = QueryStatus.REFUNDED
        return QueryAnswer(
            status=status,
            number=clean_text(node.get("out_trade_no"), 64),
            total_fen=_fen(node.get("total_amount")),
            currency=text_or_none(node.get("trans_currency"), 16),
            merchant=text_or_none(node.get("seller_id"), 32) if self.merchant else None,
            app=None,
            provider_number=text_or_none(node.get("trade_no"), 64),
            paid_at_ms=time_ms(node.get("send_pay_date")),
            payer_total_fen=_fen(node.get("buyer_pay_amount")),
            raw=raw,
        )


def _check_about(node: Mapping[str, Any], *, order: str, refund: str | None = None) -> None:
    if node.get("out_trade_no") != order or (refund is not None and node.get("out_request_no") != refund):
        raise Unverified("the answer is about another order")


def _sent(body: bytes, name: str) -> str:
    """A number out of bytes that `serialise` or `serialise_refund` made."""
    value: object = json.loads(body)[name]
    assert isinstance(value, str)
    return value


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _fen(value: object) -> int | None:
    """Yuan, as a text or a number with at most two decimals, to fen; None for anything else. Never through a float."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return int(Decimal(text) * 100) if isinstance(text, str) and YUAN.fullmatch(text) else None
