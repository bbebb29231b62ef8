"""How WeChat Pay APIv3 is spoken: requests signed, answers verified, failures put into our words.

Protocol: WeChat Pay merchant documentation, APIv3: "Signature generation", "Signature verification", "WeChat Pay public
key". Only answers with status 200 or 204 and a good signature are believed; error answers are never signed reliably and
never move an order to a final state.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from drivers.payments.base import OutcomeUnknown, PaymentError, Refused, Unverified
from drivers.payments.signatures import (
    load_private_key,
    load_public_key,
    sign,
    verify,
    wechat_answer_message,
    wechat_request_message,
)
from drivers.wire import WireAnswer, clean_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

FRESH_MS = 300_000
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
        "USER_ACCOUNT_ABNORMAL",
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

    sub_mchid: the merchant that is paid, when ``mchid``, ``appid`` and the keys are its service provider's; sub_appid:
    that merchant's own application, where it has one.
    """

    base_url: str
    mchid: str
    appid: str
    serial_no: str
    private_key_pem: bytes = field(repr=False)
    public_keys: Mapping[str, bytes] = field(repr=False)
    apiv3_key: str = field(repr=False)
    notify_url: str
    sub_mchid: str = ""
    sub_appid: str = ""


class WeChatSigner:
    """Signs for one merchant. Loading its key is slow: make it off the event loop."""

    def __init__(self, settings: WeChatSettings) -> None:
        """Raises ValueError when a key cannot be used."""
        self._settings = settings
        self._private: RSAPrivateKey = load_private_key(settings.private_key_pem)
        self.public: Mapping[str, RSAPublicKey] = {
            serial: load_public_key(pem) for serial, pem in settings.public_keys.items()
        }

    def headers(self, method: str, target: str, body: bytes, now_ms: int) -> dict[str, str]:
        """One attempt's headers; what is signed is what is sent."""
        stamp, nonce = str(now_ms // 1000), secrets.token_hex(16).upper()
        signature = sign(self._private, wechat_request_message(method, target, stamp, nonce, body))
        return {
            "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{self._settings.mchid}",nonce_str="{nonce}",'
            f'signature="{signature}",timestamp="{stamp}",serial_no="{self._settings.serial_no}"',
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": next(iter(self._settings.public_keys)),
        }


class AnswerCheck:
    """Believes an answer once: 200 or 204, a good signature by a known key, fresh, and not seen before."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def body(self, answer: WireAnswer, keys: Mapping[str, RSAPublicKey], now_ms: int) -> bytes:
        """The body of an answer that is believed. Raises what the answer means otherwise."""
        if answer.status not in (200, 204):
            raise failure(answer)
        stamp = answer.headers.get("wechatpay-timestamp", "")
        nonce = answer.headers.get("wechatpay-nonce", "")
        signature = answer.headers.get("wechatpay-signature", "")
        serial = answer.headers.get("wechatpay-serial", "")
        if not (stamp and nonce and signature and serial):
            raise Unverified("the answer is not signed")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Unverified("the answer's time cannot be read")
        if abs(now_ms - int(stamp) * 1000) > FRESH_MS:
            raise Unverified("the answer's time is more than five minutes from ours")
        key = keys.get(serial)
        if key is None:
            raise Unverified(f"the answer is signed with the unknown key {clean_text(serial, 64)}")
        if not verify(key, wechat_answer_message(stamp, nonce, answer.body), signature):
            raise Unverified("the answer's signature is wrong")
        self._seen = {seen: at for seen, at in self._seen.items() if abs(now_ms - at) <= 2 * FRESH_MS}
        if (stamp, nonce) in self._seen:
            raise Unverified("the answer has been seen before")
        self._seen[stamp, nonce] = now_ms
        return answer.body


def failure(answer: WireAnswer) -> PaymentError:
    """What an answer other than 200 and 204 means."""
    try:
        body = json_object(answer.body)
    except OutcomeUnknown:
        return OutcomeUnknown(f"status {answer.status} without a readable reason")
    sent = clean_text(body.get("code"), 64)
    code = NOT_EXECUTED.get(sent.replace("_", "").upper())
    message = clean_text(body.get("message"), 120)
    if code is not None and 400 <= answer.status < 500 and answer.status != 429:
        return Refused(code, message, answer.status)
    return OutcomeUnknown(f"status {answer.status} {sent}: {message}")


def is_not_found(answer: WireAnswer) -> bool:
    """Whether the answer says, unsigned as all errors are, that there is no such thing."""
    if answer.status != 404:
        return False
    refusal = failure(answer)
    return isinstance(refusal, Refused) and refusal.code in NOT_FOUND


def json_object(body: bytes) -> dict[str, Any]:
    """The object a body says. Raises OutcomeUnknown."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("the answer cannot be read") from error
    if not isinstance(value, dict):
        raise OutcomeUnknown("the answer cannot be read")
    return cast("dict[str, Any]", value)
