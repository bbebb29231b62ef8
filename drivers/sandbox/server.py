"""The sandbox: one HTTP server on 127.0.0.1 that plays WeChat Pay, Alipay and Nuonuo on their real wire.

A thread a connection; every request is executed inside one transaction of the books, so requests never interleave.
Faults act between the wire and the sides (`drivers.sandbox.passage`).
"""

from __future__ import annotations

import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, cast

from drivers.sandbox import alipay as alipay_side
from drivers.sandbox import nuonuo as nuonuo_side
from drivers.sandbox import wechat as wechat_side
from drivers.sandbox.announcement import AlipayAccess, Announcement, ControlAccess, NuonuoAccess, WeChatAccess
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.control import CLOCK_PATH, FAULT_PATH, LEDGER_PATH, PAY_PATH, Control
from drivers.sandbox.exchange import Reply, Request
from drivers.sandbox.faults import Faults
from drivers.sandbox.identity import (
    ALIPAY_PUBLIC,
    APP_KEY,
    MERCHANT_KEY,
    PLATFORM_PUBLIC,
    alipay_keys,
    identity,
    wechat_keys,
)
from drivers.sandbox.ledger import Ledger
from drivers.sandbox.passage import TICK_S, Passage

BODY_LIMIT = 1 << 20
IDLE_S = 120


def wall_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class Sandbox:
    """Start, announce, stop. Everything it must remember is in its directory."""

    def __init__(self, directory: Path, port: int = 0, clock_ms: Callable[[], int] = wall_ms) -> None:
        """port 0: any free one. Raises SandboxHeld, OSError, ValueError (damaged key files), sqlite3.Error."""
        self._directory = directory.resolve()
        self._books = Books(self._directory)
        try:
            self._who = identity(self._books)
            self.clock = SandboxClock(self._books, clock_ms)
            self._faults = Faults(self._books)
            books, clock, who = self._books, self.clock, self._who
            wechat = wechat_side.WeChatGateway(books, clock, who, wechat_keys(self._directory))
            alipay = alipay_side.AlipayGateway(books, clock, who, alipay_keys(self._directory))
            nuonuo = nuonuo_side.NuonuoGateway(books, clock, who)
            self.stopping = threading.Event()
            sides = {"wechat": wechat, "alipay": alipay, "nuonuo": nuonuo}
            self._passage = Passage(books, clock, self._faults, sides, self.stopping)
            ledger = Ledger(books, clock, self._faults, wechat, alipay, nuonuo)
            self._control = Control(books, clock, self._faults, ledger, wechat.orders, alipay.trades)
            self._server = _Server(("127.0.0.1", port), _Handler)
        except BaseException:
            self._books.close()
            raise
        self._server.sandbox = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(TICK_S,), name="sandbox", daemon=True)

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the request in hand, end every connection, close the books. Call once, after `start`."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._books.close()

    def announcement(self) -> Announcement:
        """Where everything is, as CONTRACT publishes it."""
        who, origin = self._who, self.origin
        return Announcement(
            wechat=WeChatAccess(
                base_url=origin,
                mchid=who.mchid,
                appid=who.appid,
                serial_no=who.serial_no,
                private_key=str(self._directory / MERCHANT_KEY),
                public_key=str(self._directory / PLATFORM_PUBLIC),
                public_key_id=who.public_key_id,
                apiv3_key=who.apiv3_key,
                sub_mchid=who.sub_mchid,
            ),
            alipay=AlipayAccess(
                gateway=origin + alipay_side.PATH,
                app_id=who.app_id,
                app_private_key=str(self._directory / APP_KEY),
                alipay_public_key=str(self._directory / ALIPAY_PUBLIC),
            ),
            nuonuo=NuonuoAccess(
                token_url=origin + nuonuo_side.TOKEN_PATH,
                base_url=origin + nuonuo_side.SERVICE_PATH,
                app_key=who.app_key,
                app_secret=who.app_secret,
                tax_number=who.tax_number,
            ),
            control=ControlAccess(
                pay_url=origin + PAY_PATH,
                fault_url=origin + FAULT_PATH,
                ledger_url=origin + LEDGER_PATH,
                clock_url=origin + CLOCK_PATH,
            ),
        )

    def exchange(self, request: Request, client_gone: Callable[[], bool]) -> Reply | None:
        """Answer one request; None: end the connection without an answer."""
        if request.path.startswith("/control/"):
            return self._control.answer(request)
        return self._passage.answer(request, self.origin, client_gone)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    sandbox: Sandbox

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def server_bind(self) -> None:
        """Bind; the base class would also ask a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that stopping can end it."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every open connection."""
        with self._guard:
            for connection in self._open:
                _end(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One sentence instead of a traceback; nothing for a client that went away."""
        error = sys.exception()
        if not (isinstance(error, OSError) or self.sandbox.stopping.is_set()):
            sys.stderr.write(f"sandbox: a request failed: {type(error).__name__}: {error}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = IDLE_S
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    @property
    def _sandbox(self) -> Sandbox:
        return cast("_Server", self.server).sandbox

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the sandbox's clock."""
        return formatdate(self._sandbox.clock.now_ms() / 1000, usegmt=True)

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > BODY_LIMIT:
            self.close_connection = True
            self._send(Reply(413, b"a body of known length, at most 1 MiB, please", "text/plain"))
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._sandbox.exchange(Request(self.command, self.path, headers, body), self._client_gone)
        if reply is None:
            self.close_connection = True
            _end(self.connection)
            return
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _client_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return False
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be gone already
        connection.shutdown(socket.SHUT_RDWR)
