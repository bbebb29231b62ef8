"""The sandbox's WeChat Pay gateway: APIv3 on its real wire, for a merchant and for a service provider acting for one.

Checks every request's signature, time (300 s), nonce and key, and signs every answer with status 2xx, a 204's empty
body included. Error answers carry no signature, so that nobody learns to rely on one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from drivers.payments.signatures import sign, verify, wechat_answer_message, wechat_request_message
from drivers.sandbox import faults as kinds
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Circumstances, Reply, Request, json_object, json_reply
from drivers.sandbox.identity import WeChatKeys
from drivers.sandbox.records import Identity, Nonce
from drivers.sandbox.wechat_orders import Failed, WeChatOrders, has_null, param_error
from drivers.sandbox.wechat_refunds import WeChatRefunds

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_MS = 300_000
CREATE = re.compile(r"/v3/pay/(partner/)?transactions/native")
ORDER = re.compile(r"/v3/pay/(partner/)?transactions/out-trade-no/([^/]+)(/close)?")
REFUND = "/v3/refund/domestic/refunds"
PARTNER = "/v3/pay/partner/"
PARTY_FIELDS = ("mchid", "sp_mchid", "sub_mchid")
UNKNOWN_KEY = "PUB_KEY_ID_0199999999999999999999999999999999"
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
            case "POST" if CREATE.fullmatch(request.path):
                return "create"
            case "POST" if order and order[3]:
                return "close"
            case "GET" if order and not order[3]:
                return "query"
            case "POST" if request.path == REFUND:
                return "refund"
            case "GET" if request.path.startswith(f"{REFUND}/"):
                return "refund_query"
            case _:
                return None

    def instead(self, kind: str, request: Request) -> Reply | None:
        """What a fault answers in place of executing the request, or None."""
        match kind:
            case kinds.HTTP500:
                return json_reply({"code": "SYSTEM_ERROR", "message": "系统繁忙，请稍后重试"}, 500)
            case kinds.HTTP429:
                return json_reply({"code": "FREQUENCY_LIMITED", "message": "频率超限"}, 429)
            case kinds.STATUS202:
                return self._signed(json_reply({"code": "USER_PAYING", "message": "用户支付中，请稍后查询"}, 202))
            case _:
                return None

    def answer(self, request: Request, around: Circumstances) -> Reply:
        """Execute one request."""
        try:
            self._check_signature(request)
            return self._signed(self._execute(request, around))
        except Failed as failure:
            return json_reply({"code": failure.code, "message": failure.message}, failure.status)

    def altered(self, reply: Reply, kind: str) -> Reply:
        """What a fault makes of an answer: a signature over something else, or a key nobody knows."""
        if kind == kinds.BAD_SIGNATURE:
            wrong = sign(self._keys.platform, wechat_answer_message("0", "spoiled", reply.body))
            return _with_header(reply, "Wechatpay-Signature", wrong)
        if kind == kinds.UNKNOWN_SERIAL:
            return _with_header(reply, "Wechatpay-Serial", UNKNOWN_KEY)
        return reply

    def _execute(self, request: Request, around: Circumstances) -> Reply:
        order = ORDER.fullmatch(request.path)
        match self.endpoint(request):
            case "create":
                partner = request.path.startswith(PARTNER)
                return json_reply({"code_url": self.orders.create(_body(request), partner=partner)})
            case "query" if order:
                party = self._party({name: request.query(name) for name in PARTY_FIELDS}, partner=bool(order[1]))
                if party is None:
                    raise Failed(404, "ORDER_NOT_EXIST", "订单不存在")
                return json_reply(self.orders.query(order[2], party, around.as_of_ms, around.fault))
            case "close" if order:
                party = self._party(_body(request), partner=bool(order[1]))
                if party is None:
                    raise param_error("商户号与请求头不一致")
                self.orders.close(order[2], party)
                return Reply(204)
            case "refund":
                return json_reply(self.refunds.request(_body(request), around.fault))
            case "refund_query":
                number, sub_mchid = request.path.removeprefix(f"{REFUND}/"), request.query("sub_mchid")
                return json_reply(self.refunds.query(number, sub_mchid, around.as_of_ms, around.fault))
            case _:
                raise Failed(404, "RESOURCE_NOT_EXISTS", "请求的地址不存在")

    def _party(self, said: Mapping[str, object], *, partner: bool) -> str | None:
        """The sub-merchant a call is made for, empty for the merchant itself; None when they are not ours."""
        if not partner:
            return "" if said.get("mchid") == self._who.mchid else None
        ours = (said.get("sp_mchid"), said.get("sub_mchid")) == (self._who.mchid, self._who.sub_mchid)
        return self._who.sub_mchid if ours else None

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
        return Reply(reply.status, reply.body, reply.content_type, headers, signed=True)


def _body(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise param_error("Http头Content-Type必须为application/json")
    body = json_object(request.body)
    if body is None or has_null(body):
        raise param_error("请求体不是合法的JSON，或包含null")
    return body


def _sign_error(message: str) -> Failed:
    return Failed(401, "SIGN_ERROR", message)


def _with_header(reply: Reply, name: str, value: str) -> Reply:
    headers = tuple((known, value if known == name else old) for known, old in reply.headers)
    return Reply(reply.status, reply.body, reply.content_type, headers)
