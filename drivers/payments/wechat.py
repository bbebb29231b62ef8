"""WeChat Pay APIv3, Native: the shop shows a code. For a merchant of its own, or one of a service provider's.

Protocol: WeChat Pay merchant and partner documentation, APIv3: "Native order", "Query by merchant order number", "Close
order", "Refund", "Query one refund". The wire itself is in `drivers.payments.wechat_wire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from drivers.payments.base import (
    Capability,
    Misconfigured,
    OrderIntent,
    QueryAnswer,
    QueryStatus,
    RefundAnswer,
    RefundIntent,
    RefundStatus,
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
from drivers.payments.wechat_wire import AnswerCheck, WeChatSettings, WeChatSigner, is_not_found, json_object
from drivers.payments.wired import WiredChannel
from drivers.wire import WireAnswer, clean_text

__all__ = ["WeChatPay", "WeChatSettings"]

DESCRIPTION_LIMIT = 127
REASON_LIMIT = 80
REFUNDS = "/v3/refund/domestic/refunds"

STATES: Mapping[str, QueryStatus] = {
    "NOTPAY": QueryStatus.UNPAID,
    "SUCCESS": QueryStatus.PAID,
    "REFUND": QueryStatus.PAID_REFUNDED,
    "CLOSED": QueryStatus.CLOSED,
}
REFUND_STATES: Mapping[str, RefundStatus] = {
    "SUCCESS": RefundStatus.DONE,
    "PROCESSING": RefundStatus.PROCESSING,
    "ABNORMAL": RefundStatus.ABNORMAL,
    "CLOSED": RefundStatus.CLOSED,
}


class WeChatPay(WiredChannel):
    """One merchant. ``now_ms`` is the shop's clock: it stamps requests and judges how fresh an answer is.

    With a service provider ``merchant`` is the merchant that is paid and ``app`` the provider's application; that the
    provider itself is the right one is checked here.
    """

    channel = "wechat"
    capabilities = frozenset({Capability.SHOW_CODE, Capability.ORDER_BEFORE_SCAN, Capability.REFUND})

    def __init__(self, settings: WeChatSettings, now_ms: Callable[[], int]) -> None:
        """Raises Misconfigured for addresses that cannot be used; keys are read at the first call."""
        super().__init__(settings.base_url, "WeChat Pay", now_ms)
        if not settings.notify_url.startswith("https://") or "?" in settings.notify_url:
            raise Misconfigured("the notification address must begin with https:// and have no query")
        if not settings.public_keys:
            raise Misconfigured("no public key of WeChat Pay is set")
        if settings.sub_appid and not settings.sub_mchid:
            raise Misconfigured("an application of a sub-merchant is set, but no sub-merchant")
        self.merchant = settings.sub_mchid or settings.mchid
        self.app = settings.appid
        self._settings = settings
        self._signer: WeChatSigner | None = None
        self._check = AnswerCheck()
        self._transactions = "/v3/pay/partner/transactions" if settings.sub_mchid else "/v3/pay/transactions"

    def serialise(self, intent: OrderIntent) -> bytes:
        """The create body: compact UTF-8 JSON without nulls. The expiry is written in Beijing time, whole seconds."""
        return json_bytes(
            {
                **self._parties(with_apps=True),
                "description": needed_text(intent.description, DESCRIPTION_LIMIT, "description"),
                "out_trade_no": checked_order(intent.number),
                "time_expire": beijing(intent.expires_at_ms).isoformat(timespec="seconds"),
                "notify_url": self._settings.notify_url,
                "amount": {"total": order_amount(intent.amount_fen), "currency": "CNY"},
            }
        )

    async def create(self, body: bytes) -> str:
        """The ``code_url``. The same bytes again give a fresh code for the same order; the older code dies."""
        answer = json_object(await self._believed("POST", f"{self._transactions}/native", body))
        return code_to_show(answer.get("code_url"))

    async def query(self, number: str) -> QueryAnswer:
        """The order by our number. An order that is not there is NOT_FOUND with ``verified`` False."""
        parties = "&".join(f"{name}={value}" for name, value in self._parties().items())
        answer = await self._send("GET", f"{self._order(number)}?{parties}")
        if is_not_found(answer):
            return QueryAnswer(
                QueryStatus.NOT_FOUND, number, None, None, None, None, None, None, None, answer.body, verified=False
            )
        raw = self._verified(answer)
        body = json_object(raw)
        if body.get("out_trade_no") != number:
            raise Unverified("the answer is about another order")
        return self._query_answer(body, raw)

    async def close(self, number: str) -> None:
        """Accepted when this returns. WeChat Pay may still have taken the money: query."""
        await self._believed("POST", f"{self._order(number)}/close", json_bytes(self._parties()))

    def serialise_refund(self, intent: RefundIntent) -> bytes:
        """The refund body. It names no channel of the money: it goes back the way it came."""
        return json_bytes(
            {
                **self._sub_merchant(),
                "out_trade_no": checked_order(intent.order_number),
                "out_refund_no": checked_refund(intent.refund_number),
                "reason": needed_text(intent.reason, REASON_LIMIT, "reason"),
                "amount": {"refund": refund_amount(intent), "total": intent.total_fen, "currency": "CNY"},
            }
        )

    async def refund(self, body: bytes) -> RefundAnswer:
        """Accepted, mostly PROCESSING. The same bytes again are the same refund."""
        raw = await self._believed("POST", REFUNDS, body)
        sent = json_object(body)
        return _refund_answer(raw, sent["out_trade_no"], sent["out_refund_no"])

    async def query_refund(self, order_number: str, refund_number: str) -> RefundAnswer:
        """The refund by our number. One that is not there is NOT_FOUND with ``verified`` False."""
        query = "".join(f"?{name}={value}" for name, value in self._sub_merchant().items())
        answer = await self._send("GET", f"{REFUNDS}/{checked_refund(refund_number)}{query}")
        if is_not_found(answer):
            return RefundAnswer(
                RefundStatus.NOT_FOUND, order_number, refund_number, None, None, None, answer.body, verified=False
            )
        return _refund_answer(self._verified(answer), order_number, refund_number)

    def _order(self, number: str) -> str:
        return f"{self._transactions}/out-trade-no/{checked_order(number)}"

    def _sub_merchant(self) -> dict[str, str]:
        return {"sub_mchid": self._settings.sub_mchid} if self._settings.sub_mchid else {}

    def _parties(self, *, with_apps: bool = False) -> dict[str, str]:
        """Who collects, in the words of the direct or of the partner interface."""
        said = self._settings
        if not said.sub_mchid:
            return ({"appid": said.appid} if with_apps else {}) | {"mchid": said.mchid}
        apps = {"sp_appid": said.appid, "sub_appid": said.sub_appid} if with_apps else {}
        parties = apps | {"sp_mchid": said.mchid, "sub_mchid": said.sub_mchid}
        return {name: value for name, value in parties.items() if value}

    def _query_answer(self, body: Mapping[str, Any], raw: bytes) -> QueryAnswer:
        """What the provider says. Raises Unverified when it is another service provider's order."""
        said = self._settings
        if said.sub_mchid and body.get("sp_mchid") != said.mchid:
            raise Unverified("the answer is about an order of another service provider")
        if said.sub_appid and body.get("sub_appid") != said.sub_appid:
            raise Unverified("the answer is about an order of another application")
        amount = _amount(body)
        return QueryAnswer(
            status=STATES.get(clean_text(body.get("trade_state"), 32), QueryStatus.PENDING),
            number=clean_text(body.get("out_trade_no"), 32),
            total_fen=_fen(amount.get("total")),
            currency=text_or_none(amount.get("currency"), 16),
            merchant=text_or_none(body.get("sub_mchid" if said.sub_mchid else "mchid"), 32),
            app=text_or_none(body.get("sp_appid" if said.sub_mchid else "appid"), 32),
            provider_number=text_or_none(body.get("transaction_id"), 64),
            paid_at_ms=time_ms(body.get("success_time")),
            payer_total_fen=_fen(amount.get("payer_total")),
            raw=raw,
        )

    async def _believed(self, method: str, target: str, body: bytes = b"") -> bytes:
        return self._verified(await self._send(method, target, body))

    async def _send(self, method: str, target: str, body: bytes = b"") -> WireAnswer:
        """One attempt, stamped and signed anew."""
        if self._signer is None:
            try:
                self._signer = await asyncio.to_thread(WeChatSigner, self._settings)
            except ValueError as error:
                raise Misconfigured(str(error)) from error
        headers = self._signer.headers(method, target, body, self._now_ms())
        return await self._attempt(method, target, headers, body)

    def _verified(self, answer: WireAnswer) -> bytes:
        """The body of an answer that is believed. Raises what the answer means otherwise."""
        assert self._signer is not None
        return self._check.body(answer, self._signer.public, self._now_ms())


def _refund_answer(raw: bytes, order: str, refund: str) -> RefundAnswer:
    """Raises Unverified when the answer is about another refund."""
    body = json_object(raw)
    if body.get("out_trade_no") != order or body.get("out_refund_no") != refund:
        raise Unverified("the answer is about another refund")
    return RefundAnswer(
        status=REFUND_STATES.get(clean_text(body.get("status"), 32), RefundStatus.PROCESSING),
        order_number=order,
        refund_number=refund,
        amount_fen=_fen(_amount(body).get("refund")),
        provider_number=text_or_none(body.get("refund_id"), 64),
        done_at_ms=time_ms(body.get("success_time")),
        raw=raw,
    )


def _amount(body: Mapping[str, Any]) -> Mapping[str, object]:
    value: object = body.get("amount")
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _fen(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
