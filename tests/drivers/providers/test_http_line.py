"""The connection under every provider: what a lost, late or broken one means, and that nothing is sent twice."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.wire import NoAnswer, NotConnected, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """A server of one kind of answer; `heard` is every request in full, `connections` how many were made."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.heard: list[bytes] = []
        self.connections = 0
        self.gone = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower()[:15] == b"content-length:"
                    ),
                    0,
                )
                self.heard.append(head + await reader.readexactly(size))
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.gone.set()


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[tuple[Peer, str]]:
    told = Peer(answer)
    server = await asyncio.start_server(told, "127.0.0.1", 0)
    async with server:
        yield told, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def says(*parts: bytes, end: bool = False, reset: bool = False) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            raise ConnectionResetError
        if end:
            writer.write_eof()
            await reader.read()  # until the caller has closed, too
            raise ConnectionResetError

    return answer


async def test_given_two_calls_when_the_connection_is_kept_then_both_go_over_one() -> None:
    async with peer(says(OK)) as (other, address):
        wire = Wire()
        first = await wire.send("POST", f"{address}/a?b=1", {"X-One": "1"}, b"{}")
        second = await wire.send("GET", f"{address}/c", {})
        await wire.aclose()
    assert (first.status, first.body, second.body) == (200, b"ok", b"ok")
    assert other.connections == 1
    assert other.heard[0].startswith(b"POST /a?b=1 HTTP/1.1\r\n")
    assert other.heard[0].endswith(b"\r\n\r\n{}")


async def test_given_calls_at_once_then_no_answer_goes_to_another_call() -> None:
    async def echo(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = other.heard[-1].split(b" ")[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async with peer(echo) as (other, address):
        wire = Wire()
        answers = await asyncio.gather(*(wire.send("GET", f"{address}/{n}", {}) for n in range(8)))
        await wire.aclose()
    assert [one.body for one in answers] == [b"/%d" % n for n in range(8)]


async def test_given_a_kept_connection_the_other_side_closed_then_the_next_call_makes_a_new_one() -> None:
    async with peer(says(OK, end=True)) as (other, address):
        wire = Wire()
        await wire.send("GET", address, {})
        await other.gone.wait()
        assert (await wire.send("GET", address, {})).body == b"ok"
        await wire.aclose()
    assert other.connections == 2


async def test_given_bytes_nobody_asked_for_then_they_answer_no_later_call() -> None:
    async with peer(says(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")) as (other, address):
        wire = Wire()
        assert (await wire.send("GET", address, {})).body == b"ok"
        await asyncio.wait_for(other.gone.wait(), 10)
        assert (await wire.send("GET", address, {})).body == b"ok"
        await wire.aclose()
    assert other.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        says(end=True),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", end=True),
        says(b"HTTP/1.1 200 OK\r\n\r\npart", reset=True),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", end=True),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
        says(b"SSH-2.0\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b"x" * 99),
    ],
)
async def test_given_no_complete_answer_then_it_may_have_arrived_and_is_not_sent_again(answer: Answer) -> None:
    async with peer(answer) as (other, address):
        wire = Wire()
        with pytest.raises(NoAnswer):
            await wire.send("POST", address, {}, b"pay", limit=50)
        await wire.aclose()
    assert len(other.heard) == 1


async def test_given_an_answer_without_a_length_when_the_other_side_ends_then_it_is_complete() -> None:
    async with peer(says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\nx: b\r\n\r\nok", end=True)) as (
        _,
        address,
    ):
        answer = await Wire().send("GET", address, {})
    assert (answer.body, answer.headers["x"]) == (b"ok", "a, b")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://127.0.0.1:1/", {}),
        ("https://{peer}/", {}),
        ("http://{peer}/", {"X": "a\r\nY: b"}),
        ("http://{peer}/", {"X": "名"}),
        ("ftp://{peer}/", {}),
        ("http://127.0.0.1:99999/", {}),
        ("http://" + "a" * 70 + ".invalid/", {}),
    ],
)
async def test_given_what_cannot_be_said_or_connected_then_nothing_left(url: str, headers: dict[str, str]) -> None:
    async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        raise ConnectionResetError

    async with peer(hang_up) as (other, address):
        with pytest.raises(NotConnected):
            await Wire().send("POST", url.replace("{peer}", address.removeprefix("http://")), headers, b"pay")
    assert not [head for head in other.heard if b"pay" in head]


async def test_given_an_address_in_chinese_then_it_is_escaped_and_what_is_escaped_stays() -> None:
    async with peer(says(OK)) as (other, address):
        await Wire().send("GET", f"{address}/发票?a=%2F b", {})
    assert other.heard[0].startswith(b"GET /%E5%8F%91%E7%A5%A8?a=%2F%20b HTTP/1.1\r\n")
