"""HTTP as the payment and invoice drivers use it: one attempt, exact bytes, bounded time and size.

No retries, no redirects, no proxies from the environment: whoever calls decides what a lost answer means. Connections
(``drivers.http_line``) are imported at the first call, on a thread, because the first screen must not wait for them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    import h11

    from drivers.http_line import Line, Place

CONNECT_SECONDS = 4.0
WHOLE_CALL_SECONDS = 15.0  # each read is limited, too; this limits a provider that dribbles
ANSWER_LIMIT = 1 << 20
_PLAIN_IN_TARGETS = "!$%&'()*+,/:;=?@[]~"


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
        self._idle: dict[Place, list[Line]] = {}
        self._loaded: set[bool] = set()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, limit: int = ANSWER_LIMIT
    ) -> WireAnswer:
        """One attempt. Raises NotConnected, or NoAnswer (also for an answer larger than ``limit`` bytes)."""
        tls = url.startswith("https:")
        if tls not in self._loaded:
            await asyncio.to_thread(_load, tls)
            self._loaded.add(tls)
        from drivers.http_line import LineError

        try:
            async with asyncio.timeout(WHOLE_CALL_SECONDS):
                place, request = _request(method, url, {"Accept-Encoding": "identity", **headers}, body)
                line = await self._line(place)
                answer = WireAnswer(*await line.exchange(request, body, limit))
                self._idle.setdefault(place, []).append(line)
                return answer
        except LineError as error:
            raise NoAnswer(f"no answer: {clean_text(str(error), 120) or type(error).__name__}") from error
        except TimeoutError as error:
            raise NoAnswer("no answer in time") from error

    async def aclose(self) -> None:
        """Close every connection that is at rest."""
        idle, self._idle = self._idle, {}
        for line in (line for lines in idle.values() for line in lines):
            line.close()

    async def _line(self, place: Place) -> Line:
        """One at rest, or a new one. Raises NotConnected."""
        from drivers.http_line import Line

        kept = self._idle.pop(place, [])
        fresh = [line for line in kept if line.fresh]
        for line in kept:
            if line not in fresh:
                line.close()
        if fresh:
            line = fresh.pop()
            self._idle[place] = fresh
            return line
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await Line.open(place)
        except (OSError, UnicodeError) as error:  # TimeoutError and ssl's errors among them
            raise NotConnected(f"no connection: {clean_text(str(error), 120) or type(error).__name__}") from error


def _load(tls: bool) -> None:
    """Import what a call needs, and for https read whom to trust: too long for the loop the first time."""
    from drivers import http_line

    if tls:
        http_line.trust()


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[Place, h11.Request]:
    """Where it goes and what is said there. Raises NotConnected for what cannot be said."""
    import h11

    from drivers.http_line import Place

    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not a web address")
        tls = parts.scheme == "https"
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
        port = parts.port or (443 if tls else 80)
        named = f"[{host}]" if ":" in host else host
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PLAIN_IN_TARGETS)
        said = {"Host": named if parts.port is None else f"{named}:{port}", **headers}
        if body or method != "GET":
            said["Content-Length"] = str(len(body))
        return Place(host, port, tls), h11.Request(method=method, target=target, headers=list(said.items()))
    except (ValueError, h11.LocalProtocolError) as error:
        raise NotConnected(f"no request: {clean_text(str(error), 120) or type(error).__name__}") from error
