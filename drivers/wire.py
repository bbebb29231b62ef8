"""HTTP as the payment and invoice drivers use it: one attempt, exact bytes, bounded time and size.

No retries, no redirects, no proxies from the environment: whoever calls decides what a lost answer means. httpx is
imported at the first call, on a thread, because the first screen must not wait for it.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

    import httpx

READ_SECONDS = 8.0
CONNECT_SECONDS = 4.0
WHOLE_CALL_SECONDS = 15.0  # httpx limits each read; this limits a provider that dribbles
ANSWER_LIMIT = 1 << 20


class NotConnected(Exception):  # noqa: N818  named by what happened
    """No connection was made; not one byte of the request left."""


class NoAnswer(Exception):  # noqa: N818  named by what happened
    """The request may have arrived; no complete answer came back."""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """A complete answer. Header names are lower case; ``body`` is exactly what was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def date_ms(self) -> int | None:
        """The Date header as UTC epoch ms (whole seconds), or None. One that names no zone is GMT (RFC 9110, 5.6.7)."""
        try:
            said = parsedate_to_datetime(self.headers.get("date", ""))
            return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, TypeError, OverflowError):
            return None


def is_loopback(host: str | None) -> bool:
    """True for 127.0.0.0/8, ::1 and the name localhost."""
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str, what: str) -> str:
    """``url`` without a trailing slash. Raises ValueError unless it is https, or http to this machine itself."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        raise ValueError(f"{what} is not a plain web address")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return url.rstrip("/")
    raise ValueError(f"{what} must begin with https://")


def clean_text(text: object, limit: int) -> str:
    """Text for or from a provider: one line, no control or format characters, at most ``limit`` characters."""
    if not isinstance(text, str):
        return ""
    spaced = "".join(" " if c.isspace() else c for c in text[: limit * 4])
    kept = "".join(c for c in spaced if not unicodedata.category(c).startswith("C") or _is_new_ideograph(c))
    return " ".join(kept.split())[:limit].rstrip()


def _is_new_ideograph(character: str) -> bool:
    """Whether it is a rare character of people's names that is newer than this Python's tables (planes 2 and 3)."""
    code = ord(character)
    return 0x20000 <= code <= 0x3FFFD and code & 0xFFFF < 0xFFFE


class Wire:
    """One pool of connections. Use it inside one event loop only, and `aclose` it there."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, limit: int = ANSWER_LIMIT
    ) -> WireAnswer:
        """One attempt. Raises NotConnected, or NoAnswer (also for an answer larger than ``limit`` bytes)."""
        client = await self._opened()
        import httpx

        try:
            async with asyncio.timeout(WHOLE_CALL_SECONDS):
                request = client.build_request(
                    method, url, headers={"Accept-Encoding": "identity", **headers}, content=body if body else None
                )
                answer = await client.send(request, stream=True)
                try:
                    return WireAnswer(answer.status_code, _lower(answer.headers), await _read(answer, limit))
                finally:
                    await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NotConnected(f"no connection: {clean_text(str(error), 120) or type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(f"no answer: {clean_text(str(error), 120) or type(error).__name__}") from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {WHOLE_CALL_SECONDS:.0f} s") from error

    async def aclose(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _opened(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_new_client)
            return self._client


def _new_client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        verify=_trusted(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
    )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom to believe over TLS: one for all providers, because each one holds megabytes of certificates."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _read(answer: httpx.Response, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > limit:
            raise NoAnswer(f"the answer is larger than {limit} bytes")
        parts.append(part)
    return b"".join(parts)
