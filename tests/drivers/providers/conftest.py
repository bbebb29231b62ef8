"""A sandbox on a real port, real clients for it, and a server that answers exactly what a test tells it to."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drivers.invoices.base import InvoiceLine, InvoiceRequest, Token
from drivers.invoices.nuonuo import Nuonuo, NuonuoSettings
from drivers.payments.alipay import Alipay, AlipaySettings
from drivers.payments.base import OrderIntent
from drivers.payments.signatures import load_private_key, sign, wechat_answer_message
from drivers.payments.wechat import WeChatPay, WeChatSettings
from drivers.sandbox.identity import (
    ALIPAY_KEY,
    APP_KEY,
    MERCHANT_KEY,
    PLATFORM_KEY,
    PLATFORM_PUBLIC,
    alipay_keys,
    wechat_keys,
)
from drivers.sandbox.remote import SandboxControl
from drivers.sandbox.server import Sandbox, wall_ms

NUMBER = "DEMO0126112100001019F3C01AB"
ORDER_NO = "DEMO0126112100001B01"


@dataclass
class MemoryTokens:
    """A token cache that a test can look into."""

    token: Token | None = None
    puts: int = 0

    async def get(self) -> Token | None:
        return self.token

    async def put(self, token: Token) -> None:
        self.token = token
        self.puts += 1


class World:
    """A sandbox and what reaches it; `restart` keeps its directory and port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tokens = MemoryTokens()
        self.sandbox = Sandbox(directory)
        self.sandbox.start()
        self.said = self.sandbox.announcement()
        self.control = SandboxControl(self.said.control)

    def restart(self) -> None:
        self.sandbox.stop()
        self.start_again()

    def start_again(self) -> None:
        port = int(self.said.wechat.base_url.rsplit(":", 1)[1])
        self.sandbox = Sandbox(self.directory, port)
        self.sandbox.start()

    def now_ms(self) -> int:
        return self.sandbox.clock.now_ms()

    def wechat(self, now_ms: Callable[[], int] | None = None, **changes: Any) -> WeChatPay:
        said = self.said.wechat
        settings = {
            "base_url": said.base_url,
            "mchid": said.mchid,
            "appid": said.appid,
            "serial_no": said.serial_no,
            "private_key_pem": Path(said.private_key).read_bytes(),
            "public_keys": {said.public_key_id: Path(said.public_key).read_bytes()},
            "apiv3_key": said.apiv3_key,
            "notify_url": "https://pay.example.com/notify",
        } | changes
        return WeChatPay(WeChatSettings(**settings), now_ms or self.now_ms)

    def alipay(self, now_ms: Callable[[], int] | None = None, **changes: Any) -> Alipay:
        said = self.said.alipay
        settings = {
            "gateway": said.gateway,
            "app_id": said.app_id,
            "private_key_pem": Path(said.app_private_key).read_bytes(),
            "public_key_pem": Path(said.alipay_public_key).read_bytes(),
        } | changes
        return Alipay(AlipaySettings(**settings), now_ms or self.now_ms)

    def nuonuo(self, now_ms: Callable[[], int] | None = None, **changes: Any) -> Nuonuo:
        said = self.said.nuonuo
        settings = {
            "base_url": said.base_url,
            "token_url": said.token_url,
            "app_key": said.app_key,
            "app_secret": said.app_secret,
            "tax_number": said.tax_number,
            "clerk": "王店长",
        } | changes
        return Nuonuo(NuonuoSettings(**settings), self.tokens, now_ms or self.now_ms)

    def intent(self, number: str = NUMBER, amount_fen: int = 299900) -> OrderIntent:
        return OrderIntent(number, amount_fen, "电动自行车 {测试}/\\", self.now_ms() + 180_000)

    def order(self, number: str = NUMBER) -> dict[str, Any]:
        return next(order for order in self.control.ledger()["orders"] if order["number"] == number)

    def invoice(self) -> dict[str, Any]:
        (only,) = self.control.ledger()["invoices"]
        return only


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four RSA key pairs, drawn once for all tests."""
    directory = tmp_path_factory.mktemp("keys")
    wechat_keys(directory)
    alipay_keys(directory)
    return directory


@pytest.fixture
def world(tmp_path: Path, key_files: Path) -> Iterator[World]:
    for name in (MERCHANT_KEY, PLATFORM_KEY, APP_KEY, ALIPAY_KEY):
        shutil.copy(key_files / name, tmp_path / name)
    made = World(tmp_path)
    yield made
    made.sandbox.stop()


@pytest.fixture
async def wechat(world: World) -> AsyncIterator[WeChatPay]:
    channel = world.wechat()
    yield channel
    await channel.aclose()


@pytest.fixture
async def nuonuo(world: World) -> AsyncIterator[Nuonuo]:
    provider = world.nuonuo()
    yield provider
    await provider.aclose()


def invoice_request(order_no: str = ORDER_NO, gross_fen: int = 299900, quantity: int = 1) -> InvoiceRequest:
    net = (gross_fen * 200 + 113) // 226  # round half up of gross / 1.13
    line = InvoiceLine(
        "*摩托车*电动自行车", "1090312010000000000", quantity, "辆", "风行A1", 1300, net, gross_fen - net, gross_fen
    )
    return InvoiceRequest(order_no, 1_795_251_600_000, "张三", "", True, "流水号 DEMO0126112100001", (line,))


@pytest.fixture
def request_of() -> Callable[..., InvoiceRequest]:
    return invoice_request


@dataclass
class Scripted:
    """Answers in order; each is ``(status, headers, body)``, or None to hang up. Keeps what was asked."""

    url: str
    platform_key: bytes
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def signed(
        self, body: bytes, *, at_ms: int | None = None, nonce: str = "n0nce", serial: str = "PUB_KEY_ID_1"
    ) -> dict[str, str]:
        stamp = str((wall_ms() if at_ms is None else at_ms) // 1000)
        signature = sign(load_private_key(self.platform_key), wechat_answer_message(stamp, nonce, body))
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature,
            "Wechatpay-Serial": serial,
        }


@pytest.fixture
def scripted(key_files: Path) -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            script.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = script.answers.pop(0)
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = Scripted(f"http://127.0.0.1:{server.server_address[1]}", (key_files / PLATFORM_KEY).read_bytes())
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield script
    server.shutdown()
    server.server_close()


@pytest.fixture
async def scripted_wechat(scripted: Scripted, key_files: Path) -> AsyncIterator[WeChatPay]:
    channel = WeChatPay(
        WeChatSettings(
            scripted.url,
            "1999000001",
            "wxdec0de0000000001",
            "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            (key_files / MERCHANT_KEY).read_bytes(),
            {"PUB_KEY_ID_1": (key_files / PLATFORM_PUBLIC).read_bytes()},
            "k" * 32,
            "https://pay.example.com/notify",
        ),
        wall_ms,
    )
    yield channel
    await channel.aclose()
