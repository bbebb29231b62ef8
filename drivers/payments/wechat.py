"""WeChat Pay APIv3, Native (the shop shows a code), for a merchant of its own, in public-key mode.

Protocol: WeChat Pay merchant documentation, APIv3: "Native order", "Query by merchant order number", "Close order",
"Signature generation/verification", "WeChat Pay public key". Only answers with status 200 or 204 and a good signature
are believed; error answers are never signed reliably and never move an order to a final state.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, cast

from drivers.payments.base import (
    Capability,
    Misconfigured,
    OrderIntent,
    OutcomeUnknown,
    PaymentChannel,
    PaymentError,
    QueryAnswer,
    QueryStatus,
    Refused,
    Unreachable,
    Unverified,
)
from drivers.payments.signatures import (
    load_private_key,
    load_public_key,
    sign,
    verify,
    wechat_answer_message,
    wechat_request_message,
)
from drivers.wire import NoAnswer, NotConnected, Wire, WireAnswer, checked_url, clean_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

BEIJING = timezone(timedelta(hours=8))
FRESH_MS = 300_000
DESCRIPTION_LIMIT = 127
NUMBER = re.compile(r"[0-9A-Z]{6,32}")
CODE_TEXT = re.compile(r"[!-~]{1,512}")
USER_AGENT = "ebike-kiosk"

STATES: Mapping[str, QueryStatus] = {
    "NOTPAY": QueryStatus.UNPAID,
    "SUCCESS": QueryStatus.PAID,
    "REFUND": QueryStatus.PAID_REFUNDED,
    "CLOSED": QueryStatus.CLOSED,
}
NOT_FOUND = frozenset({"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"})
# Error codes that say "this call was not executed". Their spelling changed over the years (ORDERNOTEXIST became
# ORDER_NOT_EXIST), so they are compared without underscores. A code that is not here leaves the outcome unknown.
NOT_EXECUTED: Mapping[str, str] = {
    code.replace("_", ""): code
    for code in (
        "PARAM_ERROR",
        "INVALID_REQUEST",
        "APPID_MCHID_NOT_MATCH",
        "MCH_NOT_EXISTS",
        "ORDER_CLOSED",
        "ORDER_PAID",
        "SIGN_ERROR",
        "OUT_TRADE_NO_USED",
        "NO_AUTH",
        "RULE_LIMIT",
        "ACCOUNT_ERROR",
        "TRADE_ERROR",
        "NOT_ENOUGH",
        *NOT_FOUND,
    )
}


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """What a merchant has from WeChat Pay.

    serial_no: of the merchant's API certificate. public_keys: key number (``PUB_KEY_ID_...`` or a certificate's serial
    number) to PEM; the first one is asked for, all are believed. notify_url: any https address of the merchant's own,
    without query; it is compulsory on the wire, calls to it are never relied on.
    """

    base_url: str
    mchid: str
    appid: str
    serial_no: str
    private_key_pem: bytes = field(repr=False)
    public_keys: Mapping[str, bytes] = field(repr=False)
    apiv3_key: str = field(repr=False)
    notify_url: str


@dataclass(frozen=True, slots=True)
class _Keys:
    private: RSAPrivateKey
    public: Mapping[str, RSAPublicKey]


class WeChatPay(PaymentChannel):
    """One merchant. ``now_ms`` is the shop's clock: it stamps requests and judges how fresh an answer is."""

    channel = "wechat"
    capabilities = frozenset({Capability.SHOW_CODE, Capability.ORDER_BEFORE_SCAN})

    def __init__(self, settings: WeChatSettings, now_ms: Callable[[], int]) -> None:
        """Raises Misconfigured for addresses that cannot be used; keys are read at the first call."""
        try:
            self._base = checked_url(settings.base_url, "the address of WeChat Pay")
        except ValueError as error:
            raise Misconfigured(str(error)) from error
        if not settings.notify_url.startswith("https://") or "?" in settings.notify_url:
            raise Misconfigured("the notification address must begin with https:// and have no query")
        if not settings.public_keys:
            raise Misconfigured("no public key of WeChat Pay is set")
        self.merchant = settings.mchid
        self.app = settings.appid
        self.last_date_offset_ms = None
        self._settings = settings
        self._now_ms = now_ms
        self._wire = Wire()
        self._keys: _Keys | None = None
        self._seen: dict[tuple[str, str], int] = {}

    def serialise(self, intent: OrderIntent) -> bytes:
        """The create body: compact UTF-8 JSON without nulls. The expiry is written in Beijing time, whole seconds."""
        description = clean_text(intent.description, DESCRIPTION_LIMIT)
        while len(description.encode()) > DESCRIPTION_LIMIT:  # the limit is not said to be characters: keep both
            description = description[:-1]
        if not description:
            raise ValueError("the description is empty")
        if intent.amount_fen < 1:
            raise ValueError("the amount must be at least 1 fen")
        expires = datetime.fromtimestamp(intent.expires_at_ms // 1000, BEIJING)
        return _json_bytes(
            {
                "appid": self.app,
                "mchid": self.merchant,
                "description": description,
                "out_trade_no": _checked_number(intent.number),
                "time_expire": expires.isoformat(timespec="seconds"),
                "notify_url": self._settings.notify_url,
                "amount": {"total": intent.amount_fen, "currency": "CNY"},
            }
        )

    async def create(self, body: bytes) -> str:
        """The ``code_url``. The same bytes again give a fresh code for the same order; the older code dies."""
        answer = _object(await self._believed("POST", "/v3/pay/transactions/native", body))
        code = answer.get("code_url")
        if not isinstance(code, str) or not CODE_TEXT.fullmatch(code):
            raise OutcomeUnknown("the answer carries no code")
        return code

    async def query(self, number: str) -> QueryAnswer:
        """The order by our number. An order that is not there is NOT_FOUND with ``verified`` False."""
        target = f"/v3/pay/transactions/out-trade-no/{_checked_number(number)}?mchid={self.merchant}"
        answer = await self._send("GET", target)
        if answer.status == 404:
            failure = _failure(answer)
            if isinstance(failure, Refused) and failure.code in NOT_FOUND:
                return _not_found(number, answer.body)
        body = self._verified(answer)
        found = _query_answer(_object(body), body)
        if found.number != number:
            raise Unverified("the answer is about another order")
        return found

    async def close(self, number: str) -> None:
        """Accepted when this returns. WeChat Pay may still have taken the money: query."""
        target = f"/v3/pay/transactions/out-trade-no/{_checked_number(number)}/close"
        await self._believed("POST", target, _json_bytes({"mchid": self.merchant}))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def _believed(self, method: str, target: str, body: bytes = b"") -> bytes:
        return self._verified(await self._send(method, target, body))

    async def _send(self, method: str, target: str, body: bytes = b"") -> WireAnswer:
        """Sign and send one attempt; the bytes signed are the bytes sent."""
        if self._keys is None:
            self._keys = await asyncio.to_thread(self._load_keys)
        timestamp = str(self._now_ms() // 1000)
        nonce = secrets.token_hex(16).upper()
        signature = sign(self._keys.private, wechat_request_message(method, target, timestamp, nonce, body))
        headers = {
            "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{self.merchant}",nonce_str="{nonce}",'
            f'signature="{signature}",timestamp="{timestamp}",serial_no="{self._settings.serial_no}"',
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Wechatpay-Serial": next(iter(self._settings.public_keys)),
        }
        try:
            answer = await self._wire.send(method, self._base + target, headers, body)
        except NotConnected as error:
            raise Unreachable(str(error)) from error
        except NoAnswer as error:
            raise OutcomeUnknown(str(error)) from error
        date_ms = answer.date_ms()
        if date_ms is not None:
            self.last_date_offset_ms = date_ms - self._now_ms()
        return answer

    def _verified(self, answer: WireAnswer) -> bytes:
        """The body of a 200 or 204 whose signature is good, fresh and new. Raises what the answer means otherwise."""
        if answer.status not in (200, 204):
            raise _failure(answer)
        stamp = answer.headers.get("wechatpay-timestamp", "")
        nonce = answer.headers.get("wechatpay-nonce", "")
        signature = answer.headers.get("wechatpay-signature", "")
        serial = answer.headers.get("wechatpay-serial", "")
        if not (stamp and nonce and signature and serial):
            raise Unverified("the answer is not signed")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Unverified("the answer's time cannot be read")
        now = self._now_ms()
        if abs(now - int(stamp) * 1000) > FRESH_MS:
            raise Unverified("the answer's time is more than five minutes from ours")
        assert self._keys is not None
        key = self._keys.public.get(serial)
        if key is None:
            raise Unverified(f"the answer is signed with the unknown key {clean_text(serial, 64)}")
        if not verify(key, wechat_answer_message(stamp, nonce, answer.body), signature):
            raise Unverified("the answer's signature is wrong")
        self._seen = {seen: at for seen, at in self._seen.items() if abs(now - at) <= 2 * FRESH_MS}
        if (stamp, nonce) in self._seen:
            raise Unverified("the answer has been seen before")
        self._seen[stamp, nonce] = now
        return answer.body

    def _load_keys(self) -> _Keys:
        try:
            return _Keys(
                load_private_key(self._settings.private_key_pem),
                {serial: load_public_key(pem) for serial, pem in self._settings.public_keys.items()},
            )
        except ValueError as error:
            raise Misconfigured(str(error)) from error


def _checked_number(number: str) -> str:
    if not NUMBER.fullmatch(number):
        raise ValueError(f"{number!r} is not an order number")
    return number


def _json_bytes(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object(body: bytes) -> dict[str, Any]:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("the answer cannot be read") from error
    if not isinstance(value, dict):
        raise OutcomeUnknown("the answer cannot be read")
    return cast("dict[str, Any]", value)


def _failure(answer: WireAnswer) -> PaymentError:
    """What an answer other than 200 and 204 means."""
    try:
        body = _object(answer.body)
    except OutcomeUnknown:
        return OutcomeUnknown(f"status {answer.status} without a readable reason")
    sent = clean_text(body.get("code"), 64)
    code = NOT_EXECUTED.get(sent.replace("_", "").upper())
    message = clean_text(body.get("message"), 120)
    if code is not None and 400 <= answer.status < 500 and answer.status != 429:
        return Refused(code, message, answer.status)
    return OutcomeUnknown(f"status {answer.status} {sent}: {message}")


def _not_found(number: str, raw: bytes) -> QueryAnswer:
    return QueryAnswer(QueryStatus.NOT_FOUND, number, None, None, None, None, None, None, None, raw=raw, verified=False)


def _query_answer(body: Mapping[str, Any], raw: bytes) -> QueryAnswer:
    amount_value: object = body.get("amount")
    amount = cast("dict[str, object]", amount_value) if isinstance(amount_value, dict) else {}
    return QueryAnswer(
        status=STATES.get(clean_text(body.get("trade_state"), 32), QueryStatus.PENDING),
        number=clean_text(body.get("out_trade_no"), 32),
        total_fen=_fen(amount.get("total")),
        currency=_text(amount.get("currency"), 16),
        merchant=_text(body.get("mchid"), 32),
        app=_text(body.get("appid"), 32),
        provider_number=_text(body.get("transaction_id"), 64),
        paid_at_ms=_time_ms(body.get("success_time")),
        payer_total_fen=_fen(amount.get("payer_total")),
        raw=raw,
    )


def _fen(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object, limit: int) -> str | None:
    return clean_text(value, limit) or None


def _time_ms(value: object) -> int | None:
    """RFC 3339 to epoch ms; a time without zone is Beijing's."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=BEIJING)).timestamp() * 1000)
