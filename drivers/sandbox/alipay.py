"""The sandbox's Alipay gateway: one address, the method in a parameter.

Checks every request's parameters, signature and time; answers of the business, errors included, are signed, refusals
of the gateway itself are not. How far a clock may be off is not published; ten minutes stand in, so that a client that
writes any other time than Beijing's is found out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.sandbox import faults as kinds
from drivers.sandbox.alipay_refunds import AlipayRefunds
from drivers.sandbox.alipay_trades import AlipayTrades
from drivers.sandbox.alipay_wire import (
    GatewayRefusal,
    is_signed_by,
    parameters,
    signed_reply,
    signed_text,
    unsigned_reply,
)
from drivers.sandbox.alipay_words import Failed, beijing_ms, yuan
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Circumstances, Reply, Request, json_object
from drivers.sandbox.identity import AlipayKeys
from drivers.sandbox.records import AlipayTrade, Identity

PATH = "/gateway.do"
METHODS = {
    "alipay.trade.precreate": "precreate",
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.cancel": "cancel",
    "alipay.trade.refund": "refund",
    "alipay.trade.fastpay.refund.query": "refund_query",
}
COMPULSORY = ("method", "sign", "sign_type", "app_id", "timestamp", "version", "charset", "biz_content")
MISSING = {"sign": "signature", "sign_type": "signature-type"}
NOTHING_PAID = ("buyer_pay_amount", "invoice_amount", "point_amount", "receipt_amount")
CLOCK_MS = 600_000


class AlipayGateway:
    """Requests in, signed replies out. `answer` runs inside one unit of work."""

    def __init__(self, books: Books, clock: SandboxClock, who: Identity, keys: AlipayKeys) -> None:
        self._books = books
        self._clock = clock
        self._who = who
        self._keys = keys
        self.trades = AlipayTrades(books, clock)
        self.refunds = AlipayRefunds(books, clock, self.trades)

    def endpoint(self, request: Request) -> str | None:
        """The name faults know this request by; None when there is no such address."""
        if request.path != PATH:
            return None
        return METHODS.get(_method(request), "other")

    def instead(self, kind: str, request: Request) -> Reply | None:
        """What a fault answers in place of executing the request, or None."""
        match kind:
            case kinds.HTTP500:
                return Reply(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", "text/html")
            case kinds.HTTP429:
                return unsigned_reply(GatewayRefusal("40005", "isv.app-call-limited", "应用调用次数超限"), 429)
            case kinds.UNAVAILABLE:
                node = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}
                return self._signed(request, node | {"sub_msg": "系统繁忙"})
            case kinds.RETRY_FLAG:
                return self._signed(request, {"code": "10000", "msg": "Success", "retry_flag": "Y"})
            case _:
                return None

    def answer(self, request: Request, around: Circumstances) -> Reply:
        """Execute one request."""
        try:
            sent = parameters(request)
            body = self._check(sent)
            endpoint = METHODS[sent["method"]]
        except GatewayRefusal as refusal:
            return unsigned_reply(refusal)
        try:
            said = {"code": "10000", "msg": "Success"} | self._execute(endpoint, body, around)
        except Failed as failure:
            said = {"code": "40004", "msg": "Business Failed", "sub_code": failure.sub_code, "sub_msg": failure.message}
            if endpoint == "query":  # a query names what was asked for all the same, with nothing paid
                said |= dict.fromkeys(NOTHING_PAID, "0.00") | {k: body[k] for k in ("out_trade_no",) if k in body}
        return self._signed(request, said, spoiled=around.fault == kinds.BAD_SIGNATURE)

    def altered(self, reply: Reply, kind: str) -> Reply:
        """The reply as it is: what a fault does to an answer of Alipay is done before it is signed."""
        return reply

    def _execute(self, endpoint: str, body: Mapping[str, Any], around: Circumstances) -> dict[str, object]:
        match endpoint:
            case "precreate":
                return self.trades.precreate(body)
            case "query":
                answer = self.trades.query(body, around.as_of_ms)
                return self._other_total(answer) if around.fault == kinds.OTHER_TOTAL else answer
            case "close":
                return self.trades.close(body)
            case "cancel":
                return self.trades.cancel(body, poor=around.fault == kinds.NOT_ENOUGH)
            case "refund":
                return self.refunds.request(body, around.fault)
            case _:
                return self.refunds.query(body, around.as_of_ms, around.fault)

    def _other_total(self, answer: dict[str, object]) -> dict[str, object]:
        trade = self._books.get(AlipayTrade, str(answer["out_trade_no"]))
        assert trade is not None
        return answer | {"total_amount": yuan(kinds.other_total(trade.amount_fen))}

    def _signed(self, request: Request, node: Mapping[str, object], *, spoiled: bool = False) -> Reply:
        return signed_reply(self._keys.platform, _method(request), node, spoiled=spoiled)

    def _check(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """The business content of a request that is whole, signed, in time and ours. Raises GatewayRefusal."""
        for name in COMPULSORY:
            if not sent.get(name):
                word = MISSING.get(name, name).replace("_", "-")
                raise GatewayRefusal("40001", f"isv.missing-{word}", f"缺少参数 {name}")
        for name, right in (("sign_type", "RSA2"), ("charset", "utf-8"), ("version", "1.0")):
            if sent[name].lower() != right.lower():
                word = {"sign_type": "signature-type"}.get(name, name)
                raise GatewayRefusal("40002", f"isv.invalid-{word}", f"{name} 不支持")
        if sent.get("format", "JSON").upper() != "JSON":
            raise GatewayRefusal("40002", "isv.invalid-format", "format 不支持")
        if sent["app_id"] != self._who.app_id:
            raise GatewayRefusal("40002", "isv.invalid-app-id", "无效的AppID参数")
        if not is_signed_by(self._keys.app, signed_text(sent), sent["sign"]):
            raise GatewayRefusal(
                "40002", "isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配"
            )
        at = beijing_ms(sent["timestamp"])
        if at is None or abs(self._clock.now_ms() - at) > CLOCK_MS:
            raise GatewayRefusal("40002", "isv.invalid-timestamp", "非法的时间戳参数")
        if sent["method"] not in METHODS:
            if sent["method"].startswith("alipay."):  # it may exist; this application has not been granted it
                raise GatewayRefusal("40006", "isv.insufficient-isv-permissions", "ISV权限不足")
            raise GatewayRefusal("40002", "isv.invalid-method", "不存在的方法名")
        body = json_object(sent["biz_content"].encode())
        if body is None:
            raise GatewayRefusal("40002", "isv.invalid-parameter", "biz_content 不是合法的JSON")
        return body


def _method(request: Request) -> str:
    try:
        return parameters(request).get("method", "")
    except GatewayRefusal:
        return ""
