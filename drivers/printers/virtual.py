"""A receipt printer without hardware: a TCP server that behaves like one and keeps its paper as files.

It answers real-time status at once, executes everything else in order, stops when its paper is out, its cover open or
it is off line, holds what it received and goes on when that is healed. Each cut leaves `paper/NNNN.bin` (the bytes up
to and including the cut) and `paper/NNNN.png` (what they look like). Faults survive a restart; the receive buffer does
not, as in a real printer. Used by the demo, by tests and by shops that try the kiosk without a printer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path

from drivers.printers.commands import Parser, Token
from drivers.printers.raster import Canvas, png

_ONLY_QUESTIONS = re.compile(rb"(?:\x10\x04[\x01-\x04])+")


class VirtualFault(StrEnum):
    """What can be wrong with it. STALL: it neither reads nor answers, though the connection stands."""

    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    STALL = "stall"


class VirtualPrinter:
    """One virtual printer. All methods belong to the event loop it was started in.

    `dots_per_second` is the speed of the paper (2000 is 250 mm/s; None prints at once).
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        width_dots: int = 576,
        dots_per_second: int | None = 2000,
        buffer_bytes: int = 65536,
    ) -> None:
        self.directory = directory
        self.paper = directory / "paper"
        self.host = host
        self.port = port
        self.width_dots = width_dots
        self.drawer_kicks = 0
        self.slips = 0
        self._dots_per_second = dots_per_second
        self._buffer_bytes = buffer_bytes
        self._faults: set[VirtualFault] = set()
        self._dots_left: int | None = None  # until the paper ends, when that is planned
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._subscribers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._printing = asyncio.Event()
        self._received = asyncio.Condition()
        self._ejected = asyncio.Condition()
        self._buffer: deque[tuple[bytes, asyncio.StreamWriter]] = deque()
        self._buffered = 0
        self._parser = Parser()
        self._canvas = Canvas(width_dots)
        self._page = bytearray()
        self._pulse_disabled = False

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin to listen; `port` then tells where. Raises `OSError` when the port is taken."""
        self.paper.mkdir(parents=True, exist_ok=True)
        self.slips = max((int(path.stem) for path in self.paper.glob("*.bin") if path.stem.isdigit()), default=0)
        self._faults = self._stored_faults()
        self._apply_faults()
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._spawn(self._work())

    async def stop(self) -> None:
        """Switch it off: connections close, what it held is lost."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._server = None

    async def __aenter__(self) -> VirtualPrinter:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ faults

    @property
    def faults(self) -> frozenset[VirtualFault]:
        """What is wrong now."""
        return frozenset(self._faults)

    def fault(self, kind: VirtualFault | str, *, after_dots: int = 0) -> None:
        """Break it, at once or (paper only) after that many more dots. Raises `ValueError` for an unknown kind."""
        kind = VirtualFault(kind)
        if after_dots and kind is VirtualFault.PAPER_OUT:
            self._dots_left = after_dots
            return
        self._faults.add(kind)
        self._changed()

    def heal(self, kind: VirtualFault | str | None = None) -> None:
        """Mend one fault or all; printing goes on with what was received."""
        self._dots_left = None
        self._faults = set() if kind is None else self._faults - {VirtualFault(kind)}
        self._changed()

    def _changed(self) -> None:
        self._apply_faults()
        _replace(self.directory / "faults.json", json.dumps(sorted(self._faults)).encode())
        for writer in tuple(self._subscribers):
            self._answer(writer, self._automatic_status())

    def _apply_faults(self) -> None:
        stalled = VirtualFault.STALL in self._faults
        _set(self._flowing, not stalled)
        _set(self._printing, not self._faults)

    def _stored_faults(self) -> set[VirtualFault]:
        try:
            return {VirtualFault(kind) for kind in json.loads((self.directory / "faults.json").read_bytes())}
        except (OSError, ValueError, TypeError):
            return set()

    # ------------------------------------------------------------ receiving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        tail = b""
        try:
            while True:
                await self._flowing.wait()
                data = await reader.read(4096)
                await self._flowing.wait()
                if not data:
                    return
                tail = self._real_time(tail + data, writer)
                if self._buffered >= self._buffer_bytes and _ONLY_QUESTIONS.fullmatch(data):
                    continue  # answered; a question needs no room
                async with self._received:
                    await self._received.wait_for(lambda: self._buffered < self._buffer_bytes)
                    self._buffer.append((data, writer))
                    self._buffered += len(data)
                    self._received.notify_all()
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._writers.discard(writer)
            self._subscribers.discard(writer)
            writer.close()

    def _real_time(self, data: bytes, writer: asyncio.StreamWriter) -> bytes:
        """Obey real-time commands wherever they stand, as printers do; returns the bytes that may begin another."""
        at = data.find(b"\x10")
        while at >= 0:
            command = data[at : at + 5]
            if len(command) < 5 and b"\x10\x14\x01"[: len(command)] == command[:3]:
                return command
            if command[:2] == b"\x10\x04":
                if len(command) < 3:
                    return command
                if command[2] in (1, 2, 3, 4):
                    self._answer(writer, bytes([self._status_byte(command[2])]))
            if command[:3] == b"\x10\x14\x01" and not self._pulse_disabled:
                self.drawer_kicks += 1
            at = data.find(b"\x10", at + 1)
        return b""

    def _answer(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if VirtualFault.STALL not in self._faults and not writer.is_closing():
            writer.write(data)

    def _status_byte(self, question: int) -> int:
        cover, paper = VirtualFault.COVER_OPEN in self._faults, VirtualFault.PAPER_OUT in self._faults
        match question:
            case 1:
                return 0x12 | (0x08 if self._faults else 0)
            case 2:
                return 0x12 | (0x04 if cover else 0) | (0x20 if paper else 0)
            case 4:
                return 0x12 | (0x6C if paper else 0)
            case _:
                return 0x12

    def _automatic_status(self) -> bytes:
        cover, paper = VirtualFault.COVER_OPEN in self._faults, VirtualFault.PAPER_OUT in self._faults
        first = 0x10 | (0x08 if self._faults else 0) | (0x20 if cover else 0)
        return bytes([first, 0, 0x0F if paper else 0, 0])

    # ------------------------------------------------------------ printing

    async def _work(self) -> None:
        while True:
            async with self._received:
                await self._received.wait_for(lambda: bool(self._buffer))
                data, writer = self._buffer[0]
            for token in self._parser.feed(data):
                await self._printing.wait()
                await self._execute(token, writer)
            async with self._received:
                self._buffer.popleft()
                self._buffered -= len(data)
                self._received.notify_all()

    async def _execute(self, token: Token, writer: asyncio.StreamWriter) -> None:
        match token.name:
            case "DLE EOT" | "DLE ENQ" | "DLE DC4":
                return  # done when they arrived
            case "GS r":
                self._answer(writer, b"\x00")
                return
            case "GS a":
                self._subscribe(writer, bool(token.params[0]))
                return
            case "GS (" if token.params[:1] == b"H":
                if token.data[:2] == b"\x30\x30" and len(token.data) == 6:
                    self._answer(writer, b"\x37\x22" + token.data[2:] + b"\x00")
                return
            case "GS (" if token.params[:1] == b"D":
                self._pulse_disabled = token.data[1:3] == b"\x01\x00"
            case "ESC p":
                self.drawer_kicks += 1
            case "ESC @":
                self._subscribers.discard(writer)
                self._pulse_disabled = False
                if not self._canvas.rows:
                    self._page.clear()
            case "NUL" if not self._canvas.rows:
                return
            case _:
                pass
        before = len(self._canvas.rows)
        cuts = self._canvas.cuts
        self._canvas.apply(token)
        self._page += token.raw
        await self._feed(len(self._canvas.rows) - before)
        if self._canvas.cuts > cuts:
            await self._eject()

    def _subscribe(self, writer: asyncio.StreamWriter, wanted: bool) -> None:
        if not wanted:
            self._subscribers.discard(writer)
            return
        self._subscribers.add(writer)
        self._answer(writer, self._automatic_status())

    async def _feed(self, dots: int) -> None:
        """The paper moves; it may come to its planned end."""
        if self._dots_per_second and dots:
            await asyncio.sleep(dots / self._dots_per_second)
        if self._dots_left is not None:
            self._dots_left -= dots
            if self._dots_left <= 0:
                self._dots_left = None
                self.fault(VirtualFault.PAPER_OUT)
        await self._printing.wait()

    async def _eject(self) -> None:
        rows, page = self._canvas.take(), bytes(self._page)
        self._page.clear()
        number = self.slips + 1
        await asyncio.to_thread(self._keep, number, rows, page)
        async with self._ejected:
            self.slips = number
            self._ejected.notify_all()

    def _keep(self, number: int, rows: list[int], page: bytes) -> None:
        _replace(self.paper / f"{number:04d}.png", png(rows, self.width_dots))
        _replace(self.paper / f"{number:04d}.bin", page)

    async def wait_for_slip(self, number: int, timeout_s: float = 10.0) -> Path:
        """The `.bin` of the slip with that number (from 1) once it is cut. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s), self._ejected:
            await self._ejected.wait_for(lambda: self.slips >= number)
        return self.paper / f"{number:04d}.bin"


def _set(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()


def _replace(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(data)
    beside.replace(path)
