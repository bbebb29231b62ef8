"""One HTTP/1.1 connection on the running loop; h11 writes requests and reads answers.

Written on asyncio's own transports: a full HTTP client would be the largest thing in the kiosk's memory, for requests
of one kind. Imported at the first call only.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple, cast

import certifi
import h11

READ_SECONDS: Final = 8.0
"""Between two parts of an answer."""
IDLE_SECONDS: Final = 5.0
"""A connection unused for longer is not used again: the other side may be closing it just now."""


class Place(NamedTuple):
    """Where a connection leads to."""

    host: str
    port: int
    tls: bool


class LineError(Exception):
    """No complete answer came, or it was larger than allowed."""


@cache
def trust() -> ssl.SSLContext:
    """Whom TLS trusts: the delivered certificates and nobody else. One for all; takes milliseconds and megabytes."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class Line(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self._machine = h11.Connection(h11.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._heard = asyncio.Event()
        self._lost = False
        self._idle_since = 0.0

    @classmethod
    async def open(cls, place: Place) -> Line:
        """Connect. Raises OSError; not one byte of a request has left then."""
        _transport, line = await asyncio.get_running_loop().create_connection(
            cls, place.host, place.port, ssl=trust() if place.tls else None, happy_eyeballs_delay=0.25
        )
        return line

    @property
    def fresh(self) -> bool:
        """Whether another exchange may go over it."""
        unused = asyncio.get_running_loop().time() - self._idle_since
        return not self._lost and self._machine.our_state is h11.IDLE and unused < IDLE_SECONDS and self._silent

    @property
    def _silent(self) -> bool:
        """Whether the other side has said nothing, its end above all, that the loop has not come to read yet."""
        assert self._transport is not None
        watch = select.poll()
        watch.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not watch.poll(0)

    def close(self) -> None:
        """Now; whatever is under way fails."""
        self._lost = True
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: h11.Request, body: bytes, limit: int) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (names in lower case) and body. Raises LineError, TimeoutError; the connection ends then."""
        try:
            answered = await self._exchange(request, body, limit)
        except h11.RemoteProtocolError as error:
            self.close()
            raise LineError(str(error)) from error
        except BaseException:
            self.close()
            raise
        both_done = self._machine.our_state is h11.DONE and self._machine.their_state is h11.DONE
        if both_done and self._machine.trailing_data == (b"", False):  # more would answer whoever asks next
            self._machine.start_next_cycle()
            self._idle_since = asyncio.get_running_loop().time()
        else:
            self.close()
        return answered

    async def _exchange(self, request: h11.Request, body: bytes, limit: int) -> tuple[int, Mapping[str, str], bytes]:
        said = [self._machine.send(request), self._machine.send(h11.Data(data=body)) if body else b""]
        said.append(self._machine.send(h11.EndOfMessage()))
        assert self._transport is not None
        self._transport.write(b"".join(part for part in said if part))
        event = await self._event()
        while isinstance(event, h11.InformationalResponse):
            event = await self._event()
        if not isinstance(event, h11.Response):
            raise LineError("the connection ended without an answer")
        parts: list[bytes] = []
        size = 0
        while isinstance(part := await self._event(), h11.Data):
            size += len(part.data)
            if size > limit:
                raise LineError(f"the answer is larger than {limit} bytes")
            parts.append(bytes(part.data))
        return event.status_code, _headers(event), b"".join(parts)

    async def _event(self) -> object:
        while (event := self._machine.next_event()) is h11.NEED_DATA:
            if self._lost:
                raise LineError("the connection was lost")
            self._heard.clear()
            async with asyncio.timeout(READ_SECONDS):
                await self._heard.wait()
        return event

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it for writing."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """For the exchange under way; what nobody asked for is no answer to whoever asks next."""
        if self._machine.our_state is h11.IDLE:
            self.close()
            return
        self._machine.receive_data(data)
        self._heard.set()

    def eof_received(self) -> None:
        """An answer without a length is complete now, any other one is not."""
        self._lost = True
        self._machine.receive_data(b"")
        self._heard.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits learns it."""
        self._lost = True
        self._heard.set()


def _headers(answer: h11.Response) -> dict[str, str]:
    """A name that comes twice has both values, joined with a comma (RFC 9110, section 5.3)."""
    told: dict[str, str] = {}
    for name, value in answer.headers:
        key, text = name.decode("ascii"), value.decode("latin-1")
        told[key] = f"{told[key]}, {text}" if key in told else text
    return told
