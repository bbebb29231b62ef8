"""The signatures of the payment channels: RSASSA-PKCS1-v1_5 with SHA-256, and AEAD_AES_256_GCM.

WeChat Pay APIv3 signs a request as ``METHOD\\n/path?query\\nseconds\\nnonce\\nbody\\n`` and an answer as
``seconds\\nnonce\\nbody\\n`` (WeChat Pay documentation, "Signature generation" and "Signature verification").
Bodies are bytes here, never text: what was sent is what was signed.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


def wechat_request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a WeChat Pay request signs. ``target`` is the path with its query, as sent."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def wechat_answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a WeChat Pay answer signs; the body of a 204 is empty and signed all the same."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def load_private_key(text: bytes) -> RSAPrivateKey:
    """An RSA private key, PKCS#8 or PKCS#1, not encrypted: PEM, or its base64 alone as Alipay's tools give it.

    Raises ValueError.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

    try:
        if _is_pem(text):
            key = load_pem_private_key(text, password=None)
        else:
            key = load_der_private_key(_bare(text), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the private key is not a readable PEM file without password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key is not an RSA key")
    return key


def load_public_key(text: bytes) -> RSAPublicKey:
    """An RSA public key: PEM, alone or inside an X.509 certificate, or its base64 alone. Raises ValueError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

    try:
        if is_certificate(text):
            key = x509.load_pem_x509_certificate(text).public_key()
        elif _is_pem(text):
            key = load_pem_public_key(text)
        else:
            key = load_der_public_key(_bare(text))
    except (ValueError, TypeError) as error:
        raise ValueError("the public key is neither a readable PEM key nor a certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the public key is not an RSA key")
    return key


def is_certificate(text: bytes) -> bool:
    """Whether this is an X.509 certificate in PEM rather than a key."""
    return b"BEGIN CERTIFICATE" in text


def _is_pem(text: bytes) -> bool:
    return b"-----BEGIN" in text


def _bare(text: bytes) -> bytes:
    """The DER inside base64 without armour, in one line or in many."""
    return base64.b64decode(b"".join(text.split()), validate=True)


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """The signature over ``message`` in base64."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode("ascii")


def verify(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether ``signature`` (base64) is by ``key`` over exactly ``message``. False for anything unreadable."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def decrypt_aead(key: bytes, nonce: str, associated: str, ciphertext: str) -> bytes:
    """Open what WeChat Pay seals with the APIv3 key (AES-GCM, the 16-byte tag last, base64). Raises ValueError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(nonce.encode(), base64.b64decode(ciphertext, validate=True), associated.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise ValueError("the sealed text does not open with this key") from error
