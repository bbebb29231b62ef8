"""The sandbox's Nuonuo gateway: token address, service address, document downloads.

Gateway error codes from the Nuonuo open platform documentation. Its tolerance for clocks is not published; ten minutes
stand in. Answers are not signed, so the fault ``bad_signature`` makes the gateway say that the *request's* is wrong.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from urllib.parse import parse_qs

from drivers.invoices.nuonuo_signature import SERVICE_PATH, nuonuo_signature
from drivers.sandbox import faults as kinds
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.exchange import Circumstances, Reply, Request, json_object, json_reply
from drivers.sandbox.nuonuo_invoices import BillingError, NuonuoInvoices
from drivers.sandbox.records import Identity, TokenGrant

TOKEN_PATH = "/accessToken"  # noqa: S105 - an address
FILES_PATH = "/nuonuo-files"
TOKEN_LIFE_MS = 24 * 3_600_000
TOKEN_REQUESTS = 50
TOKEN_WINDOW_MS = 30 * 86_400_000
CLOCK_MS = 600_000
PREFIX = "nuonuo.OpeMplatform."
METHODS = {f"{PREFIX}requestBillingNew": "issue", f"{PREFIX}queryInvoiceResult": "query", f"{PREFIX}reInvoice": "retry"}
# They exist on the platform; this account has not been granted them.
NOT_GRANTED = re.compile(r"nuonuo\.(OpeMplatform|ElectronInvoice|electronInvoice|speedBilling)\.[A-Za-z]+")
FILE = re.compile(re.escape(FILES_PATH) + r"/([0-9a-f]{24})\.(pdf|ofd|xml)")


class GatewayError(Exception):
    """An error of the gateway, before any business was done."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NuonuoGateway:
    """Requests in, replies out. `answer` runs inside one unit of work."""

    def __init__(self, books: Books, clock: SandboxClock, who: Identity) -> None:
        self._books = books
        self._clock = clock
        self._who = who
        self.invoices = NuonuoInvoices(books, clock, who)

    def endpoint(self, request: Request) -> str | None:
        """The name faults know this request by; None when there is no such address."""
        if request.method == "POST" and request.path == TOKEN_PATH:
            return "token"
        if request.method == "POST" and request.path == SERVICE_PATH:
            return METHODS.get(request.headers.get("method", ""), "other")
        if request.method == "GET" and FILE.fullmatch(request.path):
            return "file"
        return None

    def instead(self, kind: str, request: Request) -> Reply | None:
        """What a fault answers in place of executing the request, or None."""
        if kind == kinds.HTTP500:
            return server_error()
        if kind == kinds.BAD_SIGNATURE and self.endpoint(request) not in ("token", "file"):
            return json_reply({"code": "070601", "describe": "签名不匹配"})
        return None

    def altered(self, reply: Reply, kind: str) -> Reply:
        """The reply as it is: answers of Nuonuo carry no signature."""
        return reply

    def answer(self, request: Request, around: Circumstances) -> Reply:
        """Execute one request."""
        match self.endpoint(request):
            case "token":
                return self._token(request)
            case "file":
                return self._file(request)
            case _:
                return self._service(request, around)

    def _token(self, request: Request) -> Reply:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _token_error("070315", "Incorrect contentType")
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        now = self._clock.now_ms()
        if form.get("client_id") != self._who.app_key:
            return _token_error("070304", "Incorrect clientId")
        if form.get("client_secret") != self._who.app_secret:
            return _token_error("070305", "Incorrect clientSecret")
        if form.get("grant_type") != "client_credentials":
            return _token_error("070307", "Incorrect appType")
        grants = [grant for grant in self._books.all(TokenGrant) if now - grant.at_ms < TOKEN_WINDOW_MS]
        if len(grants) >= TOKEN_REQUESTS:
            return _token_error("070306", "Call limit exceeded")
        value = secrets.token_hex(16)
        self._books.put(value, TokenGrant(value, now))
        return json_reply({"access_token": value, "expires_in": str(TOKEN_LIFE_MS // 1000)})

    def _service(self, request: Request, around: Circumstances) -> Reply:
        fails = around.fault == kinds.FAIL
        try:
            self._check(request)
            body = json_object(request.body)
            if body is None:
                raise GatewayError("0201", "请求参数为空或格式错误")
            method = METHODS.get(request.headers.get("method", ""))
            result: object = ""
            describe = "成功"
            if method == "issue":
                result, describe = self.invoices.issue(body, fails=fails), "开票提交成功"
            elif method == "query":
                result, describe = self.invoices.query(body, around.as_of_ms, around.origin + FILES_PATH), "获取成功"
            elif method == "retry":
                self.invoices.retry(body, fails=fails)
                describe = "重试提交成功"
            elif NOT_GRANTED.fullmatch(request.headers.get("method", "")):
                raise GatewayError("070302", "该应用未授权此API")
            else:
                raise GatewayError("070501", "API不存在")
        except (GatewayError, BillingError) as error:
            return json_reply({"code": error.code, "describe": error.message})
        return json_reply({"code": "E0000", "describe": describe, "result": result})

    def _check(self, request: Request) -> None:
        senid, nonce = request.query("senid"), request.query("nonce")
        stamp, key = request.query("timestamp"), request.query("appkey")
        if len(senid) != 32 or not re.fullmatch(r"[1-9]\d{4,8}", nonce) or not re.fullmatch(r"\d{1,12}", stamp):
            raise GatewayError("0201", "公共参数缺失或格式错误")
        if key != self._who.app_key:
            raise GatewayError("070101", "获取app密钥失败或appkey无效")
        right = nuonuo_signature(self._who.app_secret, key, senid, nonce, stamp, request.body)
        if not hmac.compare_digest(right.encode(), request.headers.get("x-nuonuo-sign", "").encode()):
            raise GatewayError("070601", "签名不匹配")
        now = self._clock.now_ms()
        if abs(now - int(stamp) * 1000) > CLOCK_MS:
            raise GatewayError("070601", "验签失败")
        grant = self._books.get(TokenGrant, request.headers.get("accesstoken", ""))
        if grant is None or now - grant.at_ms >= TOKEN_LIFE_MS:
            raise GatewayError("070301", "accessToken与appKey不匹配或已失效")
        if request.headers.get("usertax") != self._who.tax_number:
            raise GatewayError("070401", "税号与accessToken不匹配")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise GatewayError("0201", "Content-Type错误")

    def _file(self, request: Request) -> Reply:
        from drivers.sandbox.documents import document

        found = FILE.fullmatch(request.path)
        billed = self.invoices.issued(found[1]) if found else None
        if found is None or billed is None:
            return Reply(404, b"not found", "text/plain")
        content, content_type = document(billed, found[2])
        return Reply(200, content, content_type)


def _token_error(code: str, message: str) -> Reply:
    return Reply(200, json.dumps({"error": code, "error_description": message}).encode())


def server_error() -> Reply:
    """What a gateway in trouble answers."""
    return Reply(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", "text/html")
