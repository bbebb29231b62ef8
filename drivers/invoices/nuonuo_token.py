"""Access tokens of the Nuonuo open platform for an application of the shop's own ("self-use").

The platform counts token requests: at most 50 in 30 days for one application (Nuonuo open platform, "Obtaining the
access token"). So a token is kept in a cache that outlives the process, is used until an hour before it ends, and
requests that came to nothing are rationed here as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from drivers.invoices.base import InvoiceRefused, InvoiceUnreachable, Token, TokenCache
from drivers.wire import NoAnswer, NotConnected, Wire, clean_text

HOUR_MS = 3_600_000
EARLY_MS = HOUR_MS
LIMITS = ((HOUR_MS, 12), (24 * HOUR_MS, 24))  # (within, at most): fruitless requests of this process
RENEW_AFTER_MS = 10 * 60_000  # a token the platform rejects is not replaced more often than this


class TokenSource:
    """Hands out a valid token and asks for a new one as rarely as it can."""

    def __init__(
        self, url: str, app_key: str, app_secret: str, cache: TokenCache, wire: Wire, now_ms: Callable[[], int]
    ) -> None:
        self._url = url
        self._form = urlencode(
            {"client_id": app_key, "client_secret": app_secret, "grant_type": "client_credentials"}
        ).encode("ascii")
        self._cache = cache
        self._wire = wire
        self._now_ms = now_ms
        self._asking = asyncio.Lock()
        self._fruitless: list[int] = []
        self._rejected = ""

    async def get(self) -> str:
        """A token to send. Raises InvoiceUnreachable (no token now) or InvoiceRefused (bad credentials, limit used)."""
        async with self._asking:
            kept = await self._cache.get()
            if kept is not None and self._usable(kept):
                return kept.value
            token = await self._request()
            await self._cache.put(token)
            self._rejected = ""
            self._fruitless.clear()
            return token.value

    def reject(self, value: str) -> None:
        """The platform did not accept this token: the next `get` asks for another one."""
        self._rejected = value

    def _usable(self, token: Token) -> bool:
        now = self._now_ms()
        if token.value == self._rejected and now - token.obtained_at_ms >= RENEW_AFTER_MS:
            return False
        if token.expires_at_ms is None:
            return True
        early = min(EARLY_MS, (token.expires_at_ms - token.obtained_at_ms) // 4)
        return token.obtained_at_ms - EARLY_MS <= now < token.expires_at_ms - early

    async def _request(self) -> Token:
        now = self._now_ms()
        self._fruitless = [at for at in self._fruitless if abs(now - at) < LIMITS[-1][0]]
        for within, most in LIMITS:
            if sum(abs(now - at) < within for at in self._fruitless) >= most:
                raise InvoiceUnreachable("too many requests for an access token came to nothing; waiting")
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Accept": "application/json"}
        try:
            answer = await self._wire.send("POST", self._url, headers, self._form, limit=65_536)
        except NotConnected as error:
            raise InvoiceUnreachable(str(error)) from error
        except NoAnswer as error:
            self._fruitless.append(now)
            raise InvoiceUnreachable(f"no access token: {error}") from error
        self._fruitless.append(now)  # forgotten again as soon as a token is there
        try:
            value: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise InvoiceUnreachable(f"no access token: status {answer.status}")
        body = cast("dict[str, Any]", value)
        token = body.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable() and token:
            return Token(token, now, _expiry(now, body.get("expires_in")))
        code = clean_text(body.get("error"), 32)
        if code:
            raise InvoiceRefused(code, clean_text(body.get("error_description"), 120), permanent=False)
        raise InvoiceUnreachable(f"no access token: status {answer.status}")


def _expiry(now: int, sent: object) -> int:
    """``expires_in`` comes as text or number; without a readable one, the documented 24 hours."""
    try:
        seconds = int(cast("Any", sent))
    except (TypeError, ValueError):
        seconds = 86_400
    return now + max(60, seconds) * 1000
