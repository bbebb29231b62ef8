"""The sandbox's secrets: drawn once for each directory, kept in files only their owner can read."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.payments.signatures import load_private_key
from drivers.sandbox.books import Books
from drivers.sandbox.records import Identity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

KEY = "identity"
MERCHANT_KEY = "wechat_merchant_key.pem"
PLATFORM_KEY = "wechat_platform_key.pem"
PLATFORM_PUBLIC = "wechat_platform_public_key.pem"
APP_KEY = "alipay_app_key.pem"
ALIPAY_KEY = "alipay_platform_key.pem"
ALIPAY_PUBLIC = "alipay_platform_public_key.pem"
# The seller of Nuonuo's own published sandbox; the other numbers are invented.
TAX_NUMBER = "339902999999789113"


@dataclass(frozen=True, slots=True)
class WeChatKeys:
    """The merchant's public half (to check requests) and the platform's private half (to sign answers)."""

    merchant: RSAPublicKey
    platform: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class AlipayKeys:
    """The application's public half (to check requests) and Alipay's private half (to sign answers)."""

    app: RSAPublicKey
    platform: RSAPrivateKey


def identity(books: Books) -> Identity:
    """Who this sandbox is, drawn on first use."""
    with books.work():
        kept = books.get(Identity, KEY)
        if kept is None:
            kept = Identity(
                mchid="1999000001",
                appid="wxdec0de0000000001",
                serial_no=secrets.token_hex(20).upper(),
                public_key_id="PUB_KEY_ID_01" + "".join(secrets.choice("0123456789") for _ in range(32)),
                apiv3_key=secrets.token_hex(16),
                app_key="SANDBOX" + secrets.token_hex(4).upper(),
                app_secret=secrets.token_hex(8).upper(),
                tax_number=TAX_NUMBER,
            )
            books.put(KEY, kept)
        return kept


def wechat_keys(directory: Path) -> WeChatKeys:
    """Both key pairs, generated on first use (RSA 2048, PKCS#8). Raises ValueError for damaged files, OSError."""
    merchant = _private(directory / MERCHANT_KEY)
    platform = _private(directory / PLATFORM_KEY)
    _publish(platform, directory / PLATFORM_PUBLIC)
    return WeChatKeys(merchant.public_key(), platform)


def alipay_keys(directory: Path) -> AlipayKeys:
    """Both key pairs, as `wechat_keys` does it."""
    app = _private(directory / APP_KEY)
    platform = _private(directory / ALIPAY_KEY)
    _publish(platform, directory / ALIPAY_PUBLIC)
    return AlipayKeys(app.public_key(), platform)


def _publish(key: RSAPrivateKey, path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _private(path: Path) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if not path.exists():
        key = generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(pem)
        draft.replace(path)
    return load_private_key(path.read_bytes())
