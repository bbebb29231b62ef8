"""The sandbox's WeChat Pay gateway: APIv3 on its real wire.

Checks every request's signature, time (300 s), nonce and key, and signs every answer with status 2xx, a 204's empty
body included. Error answers carry no signature, so that nobody learns to rely on one.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from drivers.payments.signatures import sign, verify, wechat_answer_message, wechat_request_message
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Reply, Request, json_object, json_reply
from drivers.sandbox.identity import WeChatKeys
from drivers.sandbox.records import Identity, Nonce
from drivers.sandbox.wechat_orders import Failed, WeChatOrders, has_null, param_error
from drivers.sandbox.wechat_refunds import WeChatRefunds

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_MS = 300_000
CREATE = "/v3/pay/transactions/native"
ORDER = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)(/close)?")
REFUND = "/v3/refund/domestic/refunds"
FIELD = re.compile(r'([a-z_]+)="([^"]*)"')


class WeChatGateway:
    """Requests in, signed replies out. `answer` runs inside one unit of work."""

    def __init__(self, books: Books, clock: SandboxClock, who: Identity, keys: WeChatKeys) -> None:
        self._books = books
        self._clock = clock
        self._who = who
        self._keys = keys
        self.orders = WeChatOrders(books, clock, who)
        self.refunds = WeChatRefunds(books, clock)

    def endpoint(self, request: Request) -> str | None:
        """The name faults know this request by; None when there is no such address."""
        order = ORDER.fullmatch(request.path)
        match request.method:
            case "POST" if request.path == CREATE:
                return "create"
            case "POST" if order and order[2]:
                return "close"
            case "GET" if order and not order[2]:
                return "query"
            case "POST" if request.path == REFUND:
                return "refund"
            case "GET" if request.path.startswith(f"{REFUND}/"):
                return "refund_query"
            case _:
                return None

    def answer(self, request: Request, as_of_ms: int) -> Reply:
        """Execute one request. Queries answer as of ``as_of_ms``."""
        try:
            self._check_signature(request)
            return self._signed(self._execute(request, as_of_ms))
        except Failed as failure:
            return json_reply({"code": failure.code, "message": failure.message}, failure.status)

    def spoiled(self, reply: Reply) -> Reply:
        """The same reply with a signature over something else."""
        wrong = sign(self._keys.platform, wechat_answer_message("0", "spoiled", reply.body))
        headers = tuple((k, wrong if k == "Wechatpay-Signature" else v) for k, v in reply.headers)
        return Reply(reply.status, reply.body, reply.content_type, headers)

    def _execute(self, request: Request, as_of_ms: int) -> Reply:
        order = ORDER.fullmatch(request.path)
        match self.endpoint(request):
            case "create":
                return json_reply({"code_url": self.orders.create(_body(request))})
            case "query" if order:
                if request.query("mchid") != self._who.mchid:
                    raise Failed(404, "ORDER_NOT_EXIST", "订单不存在")
                return json_reply(self.orders.query(order[1], as_of_ms))
            case "close" if order:
                if _body(request).get("mchid") != self._who.mchid:
                    raise param_error("商户号与请求头不一致")
                self.orders.close(order[1])
                return Reply(204)
            case "refund":
                return json_reply(self.refunds.request(_body(request)))
            case "refund_query":
                return json_reply(self.refunds.query(request.path.removeprefix(f"{REFUND}/"), as_of_ms))
            case _:
                raise Failed(404, "RESOURCE_NOT_EXISTS", "请求的地址不存在")

    def _check_signature(self, request: Request) -> None:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        fields = dict(FIELD.findall(rest))
        stamp, nonce = fields.get("timestamp", ""), fields.get("nonce_str", "")
        if scheme != SCHEME or not re.fullmatch(r"\d{1,12}", stamp) or not 0 < len(nonce) <= 64:
            raise _sign_error("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if fields.get("mchid") != self._who.mchid or fields.get("serial_no") != self._who.serial_no:
            raise _sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        now = self._clock.now_ms()
        if abs(now - int(stamp) * 1000) > FRESH_MS:
            raise _sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        message = wechat_request_message(request.method, request.target, stamp, nonce, request.body)
        if not verify(self._keys.merchant, message, fields.get("signature", "")):
            raise _sign_error("签名错误，请检查后再试")
        for used in self._books.all(Nonce):
            if now - used.at_ms > 2 * FRESH_MS:
                self._books.drop(Nonce, used.nonce)
        if self._books.get(Nonce, nonce) is not None:
            raise _sign_error("Http头Authorization中的nonce_str重复")
        self._books.put(nonce, Nonce(nonce, now))
        if request.headers.get("wechatpay-serial") != self._who.public_key_id:
            raise param_error("Http头Wechatpay-Serial有误")
        if "application/json" not in request.headers.get("accept", ""):
            raise param_error("Http头Accept必须包含application/json")

    def _signed(self, reply: Reply) -> Reply:
        stamp, nonce = str(self._clock.now_ms() // 1000), secrets.token_hex(16)
        signature = sign(self._keys.platform, wechat_answer_message(stamp, nonce, reply.body))
        headers = (
            ("Wechatpay-Timestamp", stamp),
            ("Wechatpay-Nonce", nonce),
            ("Wechatpay-Signature", signature),
            ("Wechatpay-Signature-Type", SCHEME),
            ("Wechatpay-Serial", self._who.public_key_id),
            ("Request-ID", f"{secrets.token_hex(16).upper()}-0"),
        )
        return Reply(reply.status, reply.body, reply.content_type, headers)


def _body(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise param_error("Http头Content-Type必须为application/json")
    body = json_object(request.body)
    if body is None or has_null(body):
        raise param_error("请求体不是合法的JSON，或包含null")
    return body


def _sign_error(message: str) -> Failed:
    return Failed(401, "SIGN_ERROR", message)


def server_error() -> Reply:
    """What a gateway in trouble answers."""
    return Reply(500, json.dumps({"code": "SYSTEM_ERROR", "message": "系统繁忙，请稍后重试"}).encode())
