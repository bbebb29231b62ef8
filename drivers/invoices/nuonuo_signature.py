"""The request signature of the Nuonuo open platform.

Source: Nuonuo open platform, "API calling instructions", and its published SDK samples: HMAC-SHA1 with the application
secret over a fixed text that ends in the raw body; standard base64; nothing is URL-encoded. The method name, the token
and the tax number are not covered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

SERVICE_PATH = "/open/v1/services"


def nuonuo_signature(secret: str, app_key: str, senid: str, nonce: str, timestamp: str, body: bytes) -> str:
    """The value of ``X-Nuonuo-Sign`` for exactly these bytes. ``timestamp`` is Unix seconds as sent in the query."""
    head = f"a=services&l=v1&p=open&k={app_key}&i={senid}&n={nonce}&t={timestamp}&f="
    digest = hmac.new(secret.encode(), head.encode() + body, hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")
