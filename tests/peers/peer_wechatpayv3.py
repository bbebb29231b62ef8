"""The SDK wechatpayv3 against our sandbox: two programs by different people must agree on the wire.

Run with a Python that has ``wechatpayv3[async]``, ``httpx``, ``cryptography``, ``msgspec`` and ``segno``, and with this
repository on PYTHONPATH. Prints what was checked; exits 1 on the first disagreement. Not collected by pytest.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType


def check(what: str, good: bool, seen: object = "") -> None:
    if not good:
        print(f"DISAGREES: {what}: {seen}")
        sys.exit(1)
    print(f"agrees: {what}", flush=True)


def post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def arguments(said: dict[str, str]) -> dict[str, Any]:
    return {
        "wechatpay_type": WeChatPayType.NATIVE,
        "mchid": said["mchid"],
        "private_key": Path(said["private_key"]).read_text(),
        "cert_serial_no": said["serial_no"],
        "appid": said["appid"],
        "apiv3_key": said["apiv3_key"],
        "notify_url": "https://pay.example.com/notify",
        "public_key": Path(said["public_key"]).read_text(),
        "public_key_id": said["public_key_id"],
        "timeout": (4, 8),
    }


def order(number: str) -> dict[str, Any]:
    return {
        "description": "电动自行车",
        "out_trade_no": number,
        "amount": {"total": 299900, "currency": "CNY"},
        "pay_type": WeChatPayType.NATIVE,
    }


def sync_part(said: dict[str, Any]) -> None:
    control = said["control"]
    sdk = WeChatPay(**arguments(said["wechat"]))
    sdk._core._gate_way = said["wechat"]["base_url"]
    status, text = sdk.query(out_trade_no="PEER0001")
    check("query of no order is 404 ORDER_NOT_EXIST", (status, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST"))
    status, text = sdk.pay(**order("PEER0001"))
    check("create gives a code", status == 200 and "code_url" in text, (status, text))
    status, second = sdk.pay(**order("PEER0001"))
    check("identical create gives a fresh code", status == 200 and second != text, (status, second))
    status, text = sdk.query(out_trade_no="PEER0001")
    check("query says NOTPAY", (status, json.loads(text)["trade_state"]) == (200, "NOTPAY"), text)
    post(control["pay_url"], {"code": json.loads(second)["code_url"], "amount_fen": 299900})
    status, text = sdk.query(out_trade_no="PEER0001")
    paid = json.loads(text)
    check("query says SUCCESS with our amount", (paid["trade_state"], paid["amount"]["total"]) == ("SUCCESS", 299900))
    status, text = sdk.close("PEER0001")
    check("close of a paid order is refused", (status, json.loads(text)["code"]) == (400, "ORDER_PAID"), text)
    status, text = sdk.refund(
        out_refund_no="PEER0001R01",
        out_trade_no="PEER0001",
        reason="退货",
        amount={"refund": 100, "total": 299900, "currency": "CNY"},
    )
    check("refund is accepted", (status, json.loads(text)["status"]) == (200, "PROCESSING"), text)
    post(control["clock_url"], {"advance_ms": 3_000})
    status, text = sdk.query_refund("PEER0001R01")
    check("refund is done", (status, json.loads(text)["status"]) == (200, "SUCCESS"), text)
    sdk.pay(**order("PEER0002"))
    status, text = sdk.close("PEER0002")
    check("close of an unpaid order is a signed 204", status == 204, (status, text))
    status, text = sdk.query(out_trade_no="PEER0002")
    check("query says CLOSED", json.loads(text)["trade_state"] == "CLOSED", text)
    post(control["fault_url"], {"target": "wechat", "kind": "bad_signature"})
    for what, call in (
        ("query", lambda: sdk.query(out_trade_no="PEER0001")),
        ("create", lambda: sdk.pay(**order("PEER0003"))),
    ):
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing more specific
            check(f"the SDK refuses a tampered {what} answer", "verify" in str(error), error)
        else:
            check(f"the SDK refuses a tampered {what} answer", False)
    post(control["fault_url"], {"target": "wechat", "heal": True})
    wrong = WeChatPay(**arguments(said["wechat"]) | {"cert_serial_no": "00"})
    wrong._core._gate_way = said["wechat"]["base_url"]
    status, text = wrong.query(out_trade_no="PEER0001")
    check(
        "an unknown merchant certificate is 401 SIGN_ERROR", (status, json.loads(text)["code"]) == (401, "SIGN_ERROR")
    )


async def async_part(said: dict[str, Any]) -> None:
    from wechatpayv3.async_ import AsyncWeChatPay
    from wechatpayv3.async_ import WeChatPayType as AsyncType  # an enumeration of its own

    native = {"pay_type": AsyncType.NATIVE}
    sdk = AsyncWeChatPay(**arguments(said["wechat"]) | {"wechatpay_type": AsyncType.NATIVE})
    sdk._core._gate_way = said["wechat"]["base_url"]
    async with sdk:
        status, text = await sdk.pay(**order("PEER0101") | native)
        check("async: create gives a code", status == 200 and "code_url" in text, (status, text))
        status, text = await sdk.query(out_trade_no="PEER0101")
        check("async: query says NOTPAY", (status, json.loads(text)["trade_state"]) == (200, "NOTPAY"), text)
        status, text = await sdk.close("PEER0101")
        check("async: close is a signed 204", status == 204, (status, text))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "drivers.sandbox", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as sandbox:
            try:
                assert sandbox.stdout is not None
                said = json.loads(sandbox.stdout.readline())
                sync_part(said)
                if importlib.util.find_spec("aiofiles") is None:
                    print("not checked: the SDK's async half (aiofiles is not installed)")
                else:
                    asyncio.run(async_part(said))
            finally:
                sandbox.terminate()
        check("the sandbox ended with 0", sandbox.returncode == 0, sandbox.returncode)


if __name__ == "__main__":
    main()
