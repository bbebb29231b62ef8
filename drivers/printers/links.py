"""Ways to a printer: TCP port 9100, a device file, an ordinary file. No wait is endless, none blocks the loop.

A connection counts the bytes the operating system accepted, because that number decides whether a job that failed may
be sent again as the original (none) or is uncertain (some).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import select
import socket
import struct
import termios
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from drivers.printers.base import PrinterFailed, PrinterStalled, PrinterUnreachable

CONNECT_S = 3.0
STALL_S = 5.0
"""How long a printer may accept nothing before it counts as stalled."""

_CHUNK = 4096
_LPGETSTATUS = 0x060B  # <linux/lp.h>
_Result = TypeVar("_Result")


class Connection(ABC):
    """An open way to a printer. `bytes_sent` counts what was accepted since it was opened or `restart_count`."""

    def __init__(self) -> None:
        self.bytes_sent: int = 0

    def restart_count(self) -> None:
        """Count from here: what follows is the job."""
        self.bytes_sent = 0

    @abstractmethod
    async def write(self, data: bytes, stall_s: float = STALL_S) -> None:
        """Hand over all bytes. Raises `PrinterStalled` or `PrinterFailed` with the count."""

    @abstractmethod
    async def read(self, timeout_s: float) -> bytes:
        """What came in, empty after the time-out. Raises `PrinterFailed` when the other side is gone."""

    async def drained(self) -> bool:
        """True when nothing handed over still waits on this side, as far as the system tells."""
        return True

    async def line_status(self) -> int | None:
        """The parallel-port style status lines of a USB printer, None where there are none."""
        return None

    @abstractmethod
    async def close(self) -> None:
        """Let go; never raises, never waits for the printer."""


class Link(ABC):
    """Where a printer is. `can_read` False: it never tells anything back."""

    can_read = True

    @abstractmethod
    async def open(self) -> Connection:
        """Connect. Raises `PrinterUnreachable`."""


def link_for(address: str) -> Link:
    """The link for an address: `tcp://HOST[:PORT]`, `file:PATH`, or a device's path. Raises `ValueError`."""
    if address.startswith("tcp://"):
        host, colon, port = address.removeprefix("tcp://").rstrip("/").rpartition(":")
        if not colon:
            host, port = port, "9100"
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{address!r} is not a printer address like tcp://192.168.1.50:9100")
        return TcpLink(host.strip("[]"), int(port))
    if address.startswith("file:"):
        return FileLink(Path(address.removeprefix("file:")))
    if address.startswith("/"):
        return DeviceLink(Path(address))
    raise ValueError(f"{address!r} is not a printer address: tcp://HOST:PORT, /dev/usb/lp0 or file:PATH")


# ---------------------------------------------------------------- TCP


class TcpLink(Link):
    """A printer or print server on the network; a fresh connection for each job."""

    def __init__(self, host: str, port: int = 9100, connect_s: float = CONNECT_S) -> None:
        self.host = host
        self.port = port
        self.connect_s = connect_s

    async def open(self) -> Connection:
        """Connect within `connect_s`."""
        try:
            async with asyncio.timeout(self.connect_s):
                reader, writer = await asyncio.open_connection(self.host, self.port)
        except (OSError, TimeoutError) as error:
            raise PrinterUnreachable(f"no connection to {self.host}:{self.port}: {error or 'time-out'}") from error
        return _TcpConnection(reader, writer)


class _TcpConnection(Connection):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._reader = reader
        self._writer = writer
        # With high water at 0 the transport's own buffer is empty whenever drain() returns, so that
        # "written minus buffered" is what the operating system took.
        writer.transport.set_write_buffer_limits(high=0)

    async def write(self, data: bytes, stall_s: float = STALL_S) -> None:
        for at in range(0, len(data), _CHUNK):
            chunk = data[at : at + _CHUNK]
            before = self.bytes_sent
            if self._writer.is_closing():
                raise PrinterFailed("the printer closed the connection", self.bytes_sent)
            self._writer.write(chunk)
            try:
                await self._drain(stall_s)
            except (OSError, TimeoutError) as error:
                accepted = len(chunk) - self._writer.transport.get_write_buffer_size()
                self.bytes_sent = before + accepted
                self._writer.transport.abort()  # the rest of the chunk must not leave later
                if isinstance(error, TimeoutError):
                    raise PrinterStalled("the printer accepts no more data", self.bytes_sent) from error
                raise PrinterFailed(f"the connection broke: {error}", self.bytes_sent) from error
            self.bytes_sent = before + len(chunk)

    async def _drain(self, stall_s: float) -> None:
        """Wait for the chunk; the time-out starts anew whenever some of it is accepted."""
        left = self._writer.transport.get_write_buffer_size()
        while True:
            try:
                async with asyncio.timeout(stall_s):
                    await self._writer.drain()
                return
            except TimeoutError:
                now = self._writer.transport.get_write_buffer_size()
                if now >= left:
                    raise
                left = now

    async def read(self, timeout_s: float) -> bytes:
        try:
            async with asyncio.timeout(timeout_s):
                data = await self._reader.read(4096)
        except TimeoutError:
            return b""
        except OSError as error:
            raise PrinterFailed(f"the connection broke: {error}", self.bytes_sent) from error
        if not data:
            raise PrinterFailed("the printer closed the connection", self.bytes_sent)
        return data

    async def drained(self) -> bool:
        """True when the printer's side acknowledged every byte."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return False
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        return struct.unpack("i", waiting)[0] == 0

    async def close(self) -> None:
        transport = self._writer.transport
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            self._writer.close()


# ---------------------------------------------------------------- device file


class DeviceLink(Link):
    """A printer behind a character device, above all /dev/usb/lp* of usblp. Opened without blocking, never reset."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self) -> Connection:
        """Open the device in a thread of its own."""
        thread = ThreadPoolExecutor(1, "printer")
        loop = asyncio.get_running_loop()
        try:
            handle = await loop.run_in_executor(thread, self._open)
        except OSError as error:
            thread.shutdown(wait=False)
            raise PrinterUnreachable(f"{self.path} cannot be opened: {error.strerror or error}") from error
        return _DeviceConnection(handle, thread)

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


class _DeviceConnection(Connection):
    def __init__(self, handle: int, thread: ThreadPoolExecutor) -> None:
        super().__init__()
        self._handle = handle
        self._thread = thread

    async def _run(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def write(self, data: bytes, stall_s: float = STALL_S) -> None:
        await self._run(self._write, data, stall_s)

    def _write(self, data: bytes, stall_s: float) -> None:
        view = memoryview(data)
        while view:
            if not self._wait(select.POLLOUT, stall_s):
                raise PrinterStalled("the printer accepts no more data", self.bytes_sent)
            try:
                count = os.write(self._handle, view[:_CHUNK])
            except BlockingIOError:
                continue
            except OSError as error:
                raise PrinterFailed(f"the printer is gone: {error.strerror or error}", self.bytes_sent) from error
            self.bytes_sent += count
            view = view[count:]

    def _wait(self, events: int, timeout_s: float) -> bool:
        poller = select.poll()
        poller.register(self._handle, events)
        found = poller.poll(timeout_s * 1000)
        if any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, event in found):
            raise PrinterFailed("the printer is gone", self.bytes_sent)
        return bool(found)

    async def read(self, timeout_s: float) -> bytes:
        return await self._run(self._read, timeout_s)

    def _read(self, timeout_s: float) -> bytes:
        if not self._wait(select.POLLIN, timeout_s):
            return b""
        try:
            return os.read(self._handle, 4096)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PrinterFailed(f"the printer is gone: {error.strerror or error}", self.bytes_sent) from error

    async def drained(self) -> bool:
        """True when the driver takes the next byte: usblp does so once its last transfer is complete."""
        return await self._run(self._drained)

    def _drained(self) -> bool:
        try:
            waiting = fcntl.ioctl(self._handle, termios.TIOCOUTQ, struct.pack("i", 0))
            return struct.unpack("i", waiting)[0] == 0
        except OSError as error:
            return error.errno in (errno.ENOTTY, errno.EINVAL) and self._wait(select.POLLOUT, 0)

    async def line_status(self) -> int | None:
        return await self._run(self._line_status)

    def _line_status(self) -> int | None:
        try:
            return struct.unpack("i", fcntl.ioctl(self._handle, _LPGETSTATUS, struct.pack("i", 0)))[0]
        except OSError:
            return None

    async def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            self._thread.submit(os.close, handle)
            self._thread.shutdown(wait=False)


# ---------------------------------------------------------------- ordinary file


class FileLink(Link):
    """Jobs appended to a file, safe on disk before `write` returns; a file tells nothing back."""

    can_read = False

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self) -> Connection:
        """Open for appending, in a thread."""
        try:
            handle = await asyncio.to_thread(
                os.open, self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise PrinterUnreachable(f"{self.path} cannot be written: {error.strerror or error}") from error
        return _FileConnection(handle)


class _FileConnection(Connection):
    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle

    async def write(self, data: bytes, stall_s: float = STALL_S) -> None:
        await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                count = os.write(self._handle, view)
                self.bytes_sent += count
                view = view[count:]
            os.fsync(self._handle)
        except OSError as error:
            raise PrinterFailed(f"the file cannot be written: {error.strerror or error}", self.bytes_sent) from error

    async def read(self, timeout_s: float) -> bytes:
        return b""

    async def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            await asyncio.to_thread(os.close, handle)
