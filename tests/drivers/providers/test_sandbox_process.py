"""The sandbox as other programs see it: a process, its first line, its controls, its end."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from drivers.payments.base import QueryStatus, Refused
from drivers.payments.signatures import load_private_key, load_public_key, sign, wechat_request_message
from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import ControlFailed, SandboxControl

NUMBER = "DEMO0126112100001019F3C01AB"
SHAPE = {
    "wechat": {
        "base_url",
        "mchid",
        "appid",
        "serial_no",
        "private_key",
        "public_key",
        "public_key_id",
        "apiv3_key",
        "sub_mchid",
    },
    "alipay": {"gateway", "app_id", "app_private_key", "alipay_public_key"},
    "nuonuo": {"token_url", "base_url", "app_key", "app_secret", "tax_number"},
    "control": {"pay_url", "fault_url", "ledger_url", "clock_url"},
}


@contextlib.contextmanager
def running(directory: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "drivers.sandbox", "--dir", str(directory), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_given_a_start_when_announced_then_the_first_line_is_the_published_shape(tmp_path: Path) -> None:
    with running(tmp_path) as (process, said):
        assert {name: set(part) for name, part in said.items()} == SHAPE
        assert all(isinstance(value, str) for part in said.values() for value in part.values())
        for private, public in (
            (said["wechat"]["private_key"], said["wechat"]["public_key"]),
            (said["alipay"]["app_private_key"], said["alipay"]["alipay_public_key"]),
        ):
            assert load_private_key(Path(private).read_bytes()).public_key() != load_public_key(
                Path(public).read_bytes()
            )
            assert Path(private).read_text().startswith("-----BEGIN PRIVATE KEY-----"), "PKCS#8"
            assert Path(private).stat().st_mode & 0o077 == 0
        for url in (
            said["wechat"]["base_url"],
            said["alipay"]["gateway"],
            said["nuonuo"]["base_url"],
            *said["control"].values(),
        ):
            assert urlsplit(url).hostname == "127.0.0.1"
            assert not url.endswith("/")
        Announcement.from_json(json.dumps(said | {"later": 1}))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_given_a_sigkill_when_started_again_then_everything_is_still_there(tmp_path: Path) -> None:
    with running(tmp_path) as (process, said):
        control = SandboxControl(Announcement.from_json(json.dumps(said)).control)
        control.advance(1_000)
        control.fault("network", "down")
        process.kill()
        process.wait(10)
    with running(tmp_path) as (_, again):
        assert again["wechat"]["apiv3_key"] == said["wechat"]["apiv3_key"]
        control = SandboxControl(Announcement.from_json(json.dumps(again)).control)
        assert control.offset_ms() == 1_000
        assert call("GET", again["control"]["fault_url"])[1]["faults"] == [
            {"target": "network", "endpoint": "*", "kind": "down", "times": None}
        ]


def test_given_a_held_request_when_told_to_end_then_it_ends_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as (process, said):
        SandboxControl(Announcement.from_json(json.dumps(said)).control).fault("nuonuo", "never")
        token = urlsplit(said["nuonuo"]["token_url"])
        with socket.create_connection(("127.0.0.1", token.port or 0), 5) as held:
            held.sendall(b"POST /accessToken HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.monotonic() - started < 5


def test_given_a_directory_in_use_when_started_again_then_exit_3_and_one_sentence(tmp_path: Path) -> None:
    with running(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "drivers.sandbox", "--dir", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert (second.returncode, second.stdout) == (3, "")
    assert second.stderr.count("\n") == 1


def test_given_a_port_in_use_or_damaged_files_when_started_then_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        busy = subprocess.run(
            [sys.executable, "-m", "drivers.sandbox", "--dir", str(tmp_path), "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert (busy.returncode, busy.stderr.count("\n")) == (2, 1)
    (tmp_path / "sandbox.db").write_bytes(b"not a database" * 100)
    for old in tmp_path.glob("sandbox.db-*"):
        old.unlink()
    damaged = subprocess.run(
        [sys.executable, "-m", "drivers.sandbox", "--dir", str(tmp_path)], capture_output=True, text=True, timeout=30
    )
    assert (damaged.returncode, damaged.stderr.count("\n")) == (3, 1)


def call(method: str, url: str, body: object = None) -> tuple[int, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, parts.path, sent if method == "POST" else None)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content)


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        {},
        {"target": "unionpay", "kind": "timeout"},
        {"target": "alipay", "kind": "status202"},
        {"target": "alipay", "kind": "other_total", "endpoint": "close"},
        {"target": "wechat"},
        {"target": "wechat", "kind": "down"},
        {"target": "network", "kind": "timeout"},
        {"target": "wechat", "kind": "timeout", "endpoint": "issue"},
        {"target": "wechat", "kind": "timeout", "times": 0},
        {"target": "wechat", "kind": "timeout", "times": "1"},
        {"target": "printer", "heal": True},
    ],
)
def test_given_a_wrong_fault_when_asked_for_then_400_with_a_reason_and_nothing_changes(world: Any, body: Any) -> None:
    status, answer = call("POST", world.said.control.fault_url, body)
    assert status == 400
    assert answer["error"]
    assert call("GET", world.said.control.fault_url)[1] == {"faults": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": 7},
        {"code": "x", "amount_fen": "1"},
        {"code": "x", "late": 1},
        {"code": "x", "scan_only": 1},
        b"\xff",
    ],
)
def test_given_a_wrong_payment_when_asked_for_then_400(world: Any, body: Any) -> None:
    assert call("POST", world.said.control.pay_url, body)[0] == 400


@pytest.mark.parametrize("advance", [-1, "1", 1.5, None, True, 10**20])
def test_given_a_wrong_advance_when_asked_for_then_400_and_the_clock_stays(world: Any, advance: object) -> None:
    assert call("POST", world.said.control.clock_url, {"advance_ms": advance})[0] == 400
    assert world.control.offset_ms() == 0


def test_given_every_fault_at_once_when_controlled_then_the_controls_still_work(world: Any) -> None:
    for target, kind in (("wechat", "never"), ("nuonuo", "http500"), ("network", "down")):
        world.control.fault(target, kind)
    assert world.control.ledger() == {"orders": [], "refunds": [], "invoices": []}
    assert world.control.advance(5) == 5
    assert call("GET", world.said.wechat.base_url + "/control/nothing")[0] == 404


def test_given_no_sandbox_when_controlled_then_it_says_so(world: Any) -> None:
    world.sandbox.stop()
    with pytest.raises(ControlFailed, match="does not answer"):
        world.control.ledger()
    world.start_again()


async def test_given_a_paid_order_when_refunded_then_the_same_number_refunds_once(world: Any, wechat: Any) -> None:
    code = await wechat.create(wechat.serialise(world.intent(amount_fen=1000)))
    body = {
        "out_trade_no": NUMBER,
        "out_refund_no": f"{NUMBER}R01",
        "reason": "退货",
        "amount": {"refund": 300, "total": 1000, "currency": "CNY"},
    }
    assert signed_call(world, "POST", "/v3/refund/domestic/refunds", body)[0] == 404
    world.control.pay(code, coupon_fen=500)
    status, first = signed_call(world, "POST", "/v3/refund/domestic/refunds", body)
    assert (status, first["status"], first["amount"]["payer_refund"]) == (200, "PROCESSING", 150)
    assert signed_call(world, "POST", "/v3/refund/domestic/refunds", body)[1]["refund_id"] == first["refund_id"]
    other = body | {"amount": {"refund": 301, "total": 1000, "currency": "CNY"}}
    assert signed_call(world, "POST", "/v3/refund/domestic/refunds", other)[0] == 400
    more = body | {"out_refund_no": f"{NUMBER}R02", "amount": {"refund": 701, "total": 1000}}
    assert signed_call(world, "POST", "/v3/refund/domestic/refunds", more)[0] == 400
    rest = more | {"amount": {"refund": 700, "total": 1000}}
    assert signed_call(world, "POST", "/v3/refund/domestic/refunds", rest)[1]["amount"]["payer_refund"] == 350
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID_REFUNDED
    world.control.advance(3_000)
    assert signed_call(world, "GET", f"/v3/refund/domestic/refunds/{NUMBER}R01")[1]["status"] == "SUCCESS"
    assert signed_call(world, "GET", f"/v3/refund/domestic/refunds/{NUMBER}R09")[0] == 404
    listed = world.control.ledger()["refunds"]
    assert [(r["amount_fen"], r["requests"], r["state"]) for r in listed] == [(300, 2, "SUCCESS"), (700, 1, "SUCCESS")]
    with pytest.raises(Refused):
        await wechat.close(NUMBER)


def signed_call(world: Any, method: str, target: str, body: object = None) -> tuple[int, Any]:
    said = world.said.wechat
    sent = b"" if body is None else json.dumps(body).encode()
    stamp, nonce = str(world.now_ms() // 1000), str(time.monotonic_ns())
    key = load_private_key((world.directory / "wechat_merchant_key.pem").read_bytes())
    signature = sign(key, wechat_request_message(method, target, stamp, nonce, sent))
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Wechatpay-Serial": said.public_key_id,
        "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{said.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{stamp}",serial_no="{said.serial_no}"',
    }
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(said.base_url).port, timeout=10)
    connection.request(method, target, sent or None, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content)
