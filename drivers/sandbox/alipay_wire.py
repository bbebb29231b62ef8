"""Alipay's wire as its gateway sees it: parameters in, one signed JSON node out.

Written for the sandbox alone, from the Alipay documentation ("Signature generation and verification", "Public error
codes"), and not shared with the kiosk's client: one mistake made twice would go unseen.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from drivers.sandbox.exchange import Reply, Request

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

CONTENT_TYPE = "text/html;charset=utf-8"  # as the real gateway says, although the body is JSON


class GatewayRefusal(Exception):  # noqa: N818  an answer of the gateway
    """The gateway refused a request before any business was done; such answers carry no signature."""

    def __init__(self, code: str, sub_code: str, sub_message: str) -> None:
        super().__init__(sub_message)
        self.code = code
        self.sub_code = sub_code
        self.sub_message = sub_message


def parameters(request: Request) -> dict[str, str]:
    """Every parameter, from the address and the form together, decoded. Raises GatewayRefusal for one sent twice."""
    sent = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        sent += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    found = dict(sent)
    if len(found) != len(sent):
        raise GatewayRefusal("40002", "isv.invalid-parameter", "参数重复")
    return found


def signed_text(sent: Mapping[str, str]) -> bytes:
    """What a request signs: every parameter but ``sign`` that is not empty, in ASCII order, values not encoded."""
    names = sorted(name for name, value in sent.items() if name != "sign" and value)
    return "&".join(f"{name}={sent[name]}" for name in names).encode()


def is_signed_by(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """RSA2: RSASSA-PKCS1-v1_5 with SHA-256, in base64. False for anything unreadable."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def signed_reply(key: RSAPrivateKey, method: str, node: Mapping[str, object], *, spoiled: bool = False) -> Reply:
    """``{"alipay_..._response": NODE, "sign": ...}``, signed over the source of NODE, where every slash is escaped.

    spoiled: the signature is one over something else.
    """
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    source = json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    message = b"something else" if spoiled else source.encode()
    signature = base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode()
    name = method.replace(".", "_") + "_response"
    return Reply(200, f'{{"{name}":{source},"sign":"{signature}"}}'.encode(), CONTENT_TYPE, signed=True)


def unsigned_reply(refusal: GatewayRefusal, status: int = 200) -> Reply:
    """``{"error_response": ...}``: nobody has signed it."""
    messages = {"40001": "Missing Required Arguments", "40002": "Invalid Arguments", "40005": "Call Limited"}
    node = {
        "code": refusal.code,
        "msg": messages.get(refusal.code, "Insufficient Permissions"),
        "sub_code": refusal.sub_code,
        "sub_msg": refusal.sub_message,
    }
    return Reply(status, json.dumps({"error_response": node}, ensure_ascii=False).encode(), CONTENT_TYPE)
