"""The demo's world as a process: announces itself on one line, breaks on request, remembers, ends with its starter."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import ControlFailed, SandboxControl
from kiosk.demo.settings import demo_settings


async def started(directory: Path) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    world = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk.demo.world", str(directory)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert world.stdout is not None
    async with asyncio.timeout(20):
        return world, json.loads(await world.stdout.readline())


def control_of(told: dict[str, Any]) -> SandboxControl:
    return SandboxControl(Announcement.from_json(json.dumps(told)).control)


async def test_given_a_world_when_stopped_and_started_then_clock_and_printer_faults_are_remembered(
    tmp_path: Path,
) -> None:
    world, told = await started(tmp_path)
    control = control_of(told)
    await asyncio.to_thread(control.advance, 90_000)
    await asyncio.to_thread(control.fault, "printer", "paper_out")
    await asyncio.to_thread(control.fault, "wechat", "lag")
    world.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await world.wait() == 0

    world, told = await started(tmp_path)
    control = control_of(told)
    assert await asyncio.to_thread(control.offset_ms) == 90_000
    assert json.loads((tmp_path / "printer" / "faults.json").read_text()) == ["paper_out"]
    await asyncio.to_thread(control.heal, "printer")
    assert json.loads((tmp_path / "printer" / "faults.json").read_text()) == []
    with pytest.raises(ControlFailed, match="on_fire"):
        await asyncio.to_thread(control.fault, "printer", "on_fire")
    assert world.stdin is not None
    world.stdin.close()  # its starter is gone
    async with asyncio.timeout(10):
        assert await world.wait() == 0


async def test_given_a_directory_in_use_when_a_second_world_starts_then_it_says_so(tmp_path: Path) -> None:
    world, _ = await started(tmp_path)
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk.demo.world", str(tmp_path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        _, errors = await second.communicate()
    assert second.returncode == 3
    assert len(errors.decode().splitlines()) == 1
    world.terminate()
    await world.wait()


def test_given_an_announcement_when_made_into_settings_then_secrets_are_in_files_only(tmp_path: Path) -> None:
    told = {
        "wechat": {
            "base_url": "http://127.0.0.1:1",
            "mchid": "1",
            "appid": "wx",
            "serial_no": "AB",
            "private_key": str(tmp_path / "k.pem"),
            "public_key": str(tmp_path / "p.pem"),
            "public_key_id": "PUB_KEY_ID_1",
            "apiv3_key": "0123456789abcdef0123456789abcdef",
        },
        "alipay": {
            "gateway": "http://127.0.0.1:1/gateway.do",
            "app_id": "2021",
            "app_private_key": str(tmp_path / "a.pem"),
            "alipay_public_key": str(tmp_path / "b.pem"),
        },
        "nuonuo": {
            "token_url": "http://127.0.0.1:1/t",
            "base_url": "http://127.0.0.1:1/open/v1/services",
            "app_key": "K",
            "app_secret": "SECRET",
            "tax_number": "T",
        },
        "printer": {"host": "127.0.0.1", "port": 9100, "paper": ""},
    }
    settings = demo_settings(json.dumps(told))
    assert "SECRET" not in repr(settings)
    secret = Path(settings.nuonuo.app_secret_file)
    assert secret.read_text() == "SECRET"
    assert secret.stat().st_mode & 0o077 == 0
    assert settings.printers[0].address == "tcp://127.0.0.1:9100"
