"""How Alipay's ``gateway.do`` is spoken: requests signed, answers verified, failures put into our words.

Protocol: Alipay open platform documentation, "request signature" and "verification of answers", RSA2. A request signs
its parameters unencoded, sorted, without the empty ones. An answer signs its node *as it stands in the text*: Alipay
writes ``/`` as ``\\/``, so a node that was parsed and written again verifies nothing, and counting braces goes wrong
at the first brace inside a text. The answer carries neither time nor nonce: whether it is about our order is all that
ties it to a question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from drivers.payments.alipay_certificates import certificate_number
from drivers.payments.base import OutcomeUnknown, PaymentError, Refused, Unverified
from drivers.payments.fields import beijing
from drivers.payments.signatures import is_certificate, load_private_key, load_public_key, sign, verify
from drivers.wire import clean_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

OK = "10000"
BODY_FIELD = "biz_content"
NO_TRADE = "ORDER_NOT_EXIST"
# Sub codes for which all channels share a word; any other is passed on as Alipay spells it.
SHARED_WORDS: Mapping[str, str] = {
    "ACQ.TRADE_NOT_EXIST": NO_TRADE,
    "ACQ.TRADE_HAS_SUCCESS": "ORDER_PAID",
    "ACQ.TRADE_HAS_CLOSE": "ORDER_CLOSED",
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": "NOT_ENOUGH",
}
# Gateway codes that say "this call was not executed", and the HTTP status that says the same. Anything else, also
# 10003 (in process), 20000 (unavailable) and 40005 (too often), leaves the outcome unknown.
NOT_EXECUTED: Mapping[str, int] = {"20001": 401, "40001": 400, "40002": 400, "40003": 400, "40004": 400, "40006": 403}
_WHITE = " \t\r\n"
_SIGNATURE_FAULTS = ("isv.invalid-signature", "isv.invalid-app-id")


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    """What a merchant has from Alipay.

    gateway: the address of ``gateway.do``. private_key_pem: the application's key, public_key_pem: Alipay's; both also
    as base64 without armour. In certificate mode app_cert_sn and root_cert_sn are set
    (`drivers.payments.alipay_certificates`) and public_key_pem is Alipay's certificate. seller: the number of the
    account that is paid, where it is not the application's own. notify_url: calls to it are never relied on.
    """

    gateway: str
    app_id: str
    private_key_pem: bytes = field(repr=False)
    public_key_pem: bytes = field(repr=False)
    seller: str = ""
    notify_url: str = ""
    app_cert_sn: str = ""
    root_cert_sn: str = ""


@dataclass(frozen=True, slots=True)
class AlipayKeys:
    """Both keys, read. certificate: the number Alipay's answers must name; empty without certificate mode."""

    private: RSAPrivateKey
    public: RSAPublicKey
    certificate: str


def load_keys(settings: AlipaySettings) -> AlipayKeys:
    """Read the keys. Raises ValueError when one cannot be used, or when certificate mode lacks a part."""
    by_certificate = bool(settings.app_cert_sn)
    if by_certificate != bool(settings.root_cert_sn) or by_certificate != is_certificate(settings.public_key_pem):
        raise ValueError(
            "certificate mode of Alipay needs three certificates: the application's, Alipay's and Alipay's root"
        )
    return AlipayKeys(
        load_private_key(settings.private_key_pem),
        load_public_key(settings.public_key_pem),
        certificate_number(settings.public_key_pem) if by_certificate else "",
    )


def request_message(parameters: Mapping[str, str]) -> bytes:
    """What a request signs: every parameter that is not empty, ``sign`` apart, sorted, unencoded."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if parameters[name]).encode()


def signed_request(
    settings: AlipaySettings, keys: AlipayKeys, method: str, body: bytes, now_ms: int
) -> tuple[str, bytes]:
    """One attempt: the query of its address and its form.

    As in Alipay's own SDKs only ``biz_content`` is in the form: the gateway must know the charset before it reads it.
    """
    common = {
        "app_id": settings.app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": beijing(now_ms).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        "notify_url": settings.notify_url,
        "app_cert_sn": settings.app_cert_sn,
        "alipay_root_cert_sn": settings.root_cert_sn,
    }
    common = {name: value for name, value in common.items() if value}
    signature = sign(keys.private, request_message(common | {BODY_FIELD: body.decode()}))
    return urlencode(common | {"sign": signature}), urlencode({BODY_FIELD: body}).encode()


def verified_node(method: str, body: bytes, keys: AlipayKeys) -> dict[str, Any]:
    """What a good signature vouches for. A number with a point is its text, with all its digits.

    Raises Unverified (``error_response``, no signature, a wrong one, an unknown certificate), OutcomeUnknown.
    """
    text, spans = _members(body)
    name = f"{method.replace('.', '_')}_response"
    if name not in spans or "sign" not in spans:
        said = _object(text[slice(*spans.get(name) or spans.get("error_response") or (0, 0))])
        raise Unverified(f"the answer is not signed: {failure(said)}")
    signature = _text_at(text, spans["sign"])
    if keys.certificate:
        named = _text_at(text, spans["alipay_cert_sn"]) if "alipay_cert_sn" in spans else ""
        if named != keys.certificate:
            raise Unverified(f"the answer is signed with the unknown certificate {clean_text(named, 64) or '(none)'}")
    node = text[slice(*spans[name])]
    if not verify(keys.public, node.encode(), signature):
        raise Unverified("the answer's signature is wrong")
    return _object(node)


def failure(node: Mapping[str, Any]) -> PaymentError:
    """What a node other than ``10000`` means."""
    code = clean_text(node.get("code"), 16)
    sub_code = clean_text(node.get("sub_code"), 64)
    said = " ".join(filter(None, (code, sub_code, clean_text(node.get("sub_msg") or node.get("msg"), 120))))
    status = NOT_EXECUTED.get(code)
    # 40004 is a business answer: without its own reason, or with a fault of Alipay's system, it says nothing
    open_still = code == "40004" and (not sub_code.startswith("ACQ.") or sub_code.endswith("SYSTEM_ERROR"))
    if status is None or open_still:
        return OutcomeUnknown(said or "the answer carries no code")
    if sub_code in _SIGNATURE_FAULTS:
        status = 401
    return Refused(SHARED_WORDS.get(sub_code, sub_code or code), said, status)


def _members(body: bytes) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text of an answer, and where the value of each member of its outermost object begins and ends in it.

    Raises OutcomeUnknown for anything but one JSON object, also for one that names a member twice.
    """
    decoder = json.JSONDecoder()
    spans: dict[str, tuple[int, int]] = {}
    try:
        text = body.decode()
        at = _after(text, 0, "{")
        while text[at] != "}":
            if spans:
                at = _after(text, at, ",")
            name, at = decoder.raw_decode(text, at)
            begin = _after(text, at, ":")
            _, at = decoder.raw_decode(text, begin)
            if not isinstance(name, str) or name in spans:
                raise ValueError
            spans[name] = (begin, at)
            at = _past_white(text, at)
        if text[at + 1 :].strip(_WHITE):
            raise ValueError
    except (ValueError, IndexError, RecursionError) as error:
        raise OutcomeUnknown("the answer cannot be read") from error
    return text, spans


def _after(text: str, at: int, mark: str) -> int:
    """Where the next thing begins after ``mark``, which must be the next thing itself."""
    at = _past_white(text, at)
    if text[at] != mark:
        raise ValueError
    return _past_white(text, at + 1)


def _past_white(text: str, at: int) -> int:
    while text[at] in _WHITE:
        at += 1
    return at


def _object(text: str) -> dict[str, Any]:
    """The object a text says; an empty one where it says none. Numbers with a point stay the text they are."""
    value: object = json.loads(text, parse_float=str) if text else None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _text_at(text: str, span: tuple[int, int]) -> str:
    value: object = json.loads(text[slice(*span)])
    return value if isinstance(value, str) else ""
