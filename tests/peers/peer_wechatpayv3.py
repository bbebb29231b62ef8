"""The SDK wechatpayv3 against our sandbox, as a merchant and as a service provider, waiting and asynchronous.

Run with a Python that has ``wechatpayv3[async]``, ``httpx``, ``cryptography``, ``msgspec`` and ``segno``, and with this
repository on PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from judging import check, post, refuses, sandbox, spoiling_line
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.async_ import AsyncWeChatPay
from wechatpayv3.async_ import WeChatPayType as AsyncType  # an enumeration of its own

REFUND = {"reason": "退货", "amount": {"refund": 100, "total": 299900, "currency": "CNY"}}


def arguments(said: dict[str, str], *, partner: bool) -> dict[str, Any]:
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
        "partner_mode": partner,
        "timeout": (4, 8),
    }


def sdk_for(said: dict[str, str], base_url: str | None = None, *, partner: bool = False, **changes: str) -> WeChatPay:
    sdk = WeChatPay(**arguments(said, partner=partner) | changes)
    sdk._core._gate_way = base_url or said["base_url"]
    return sdk


def order(number: str) -> dict[str, Any]:
    return {
        "description": "电动自行车",
        "out_trade_no": number,
        "amount": {"total": 299900, "currency": "CNY"},
        "pay_type": WeChatPayType.NATIVE,
    }


def life_of_an_order(said: dict[str, Any], *, partner: bool) -> None:
    control, access = said["control"], said["wechat"]
    sdk = sdk_for(access, partner=partner)
    sub = {"sub_mchid": access["sub_mchid"]} if partner else {}
    who = "a sub-merchant's" if partner else "a merchant's"
    first, second = ("PART0001", "PART0002") if partner else ("PEER0001", "PEER0002")
    status, text = sdk.query(out_trade_no=first, **sub)
    check(
        f"{who} query of no order is 404 ORDER_NOT_EXIST",
        (status, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST"),
    )
    status, text = sdk.pay(**order(first), **sub)
    check(f"{who} create gives a code", status == 200 and "code_url" in text, (status, text))
    status, again = sdk.pay(**order(first), **sub)
    check(f"{who} identical create gives a fresh code", status == 200 and again != text, (status, again))
    status, text = sdk.query(out_trade_no=first, **sub)
    check(f"{who} query says NOTPAY", (status, json.loads(text)["trade_state"]) == (200, "NOTPAY"), text)
    post(control["pay_url"], {"code": json.loads(again)["code_url"], "amount_fen": 299900})
    status, text = sdk.query(out_trade_no=first, **sub)
    paid = json.loads(text)
    check(
        f"{who} query says SUCCESS with our amount",
        (paid["trade_state"], paid["amount"]["total"]) == ("SUCCESS", 299900),
    )
    named = {"sp_mchid": access["mchid"], "sp_appid": access["appid"], **sub} if partner else {"mchid": access["mchid"]}
    check(f"{who} order names its parties", named.items() <= paid.items(), paid)
    status, text = sdk.close(first, **sub)
    check(f"{who} close of a paid order is refused", (status, json.loads(text)["code"]) == (400, "ORDER_PAID"), text)
    status, text = sdk.refund(out_refund_no=f"{first}R01", out_trade_no=first, **REFUND, **sub)
    check(f"{who} refund is accepted", (status, json.loads(text)["status"]) == (200, "PROCESSING"), text)
    status, once_more = sdk.refund(out_refund_no=f"{first}R01", out_trade_no=first, **REFUND, **sub)
    check(f"{who} same refund is the same one", json.loads(text)["refund_id"] == json.loads(once_more)["refund_id"])
    post(control["fault_url"], {"target": "wechat", "kind": "not_enough"})
    status, text = sdk.refund(out_refund_no=f"{first}R02", out_trade_no=first, **REFUND, **sub)
    check(f"{who} refund without balance is 403", (status, json.loads(text)["code"]) == (403, "NOT_ENOUGH"), text)
    post(control["fault_url"], {"target": "wechat", "heal": True})
    post(control["fault_url"], {"target": "wechat", "kind": "processing"})
    status, text = sdk.query_refund(f"{first}R01", **sub)
    check(f"{who} refund is under way", (status, json.loads(text)["status"]) == (200, "PROCESSING"), text)
    post(control["fault_url"], {"target": "wechat", "heal": True})
    status, text = sdk.query_refund(f"{first}R09", **sub)
    check(f"{who} refund that is none is 404", (status, json.loads(text)["code"]) == (404, "RESOURCE_NOT_EXISTS"), text)
    sdk.pay(**order(second), **sub)
    status, text = sdk.close(second, **sub)
    check(f"{who} close of an unpaid order is a signed 204", status == 204, (status, text))
    status, text = sdk.query(out_trade_no=second, **sub)
    check(f"{who} query says CLOSED", json.loads(text)["trade_state"] == "CLOSED", text)


def strangers(said: dict[str, Any]) -> None:
    access = said["wechat"]
    merchant, provider = sdk_for(access), sdk_for(access, partner=True)
    status, text = merchant.query(out_trade_no="PART0001")
    check("a sub-merchant's order is none of the merchant's own", status == 404, text)
    status, text = provider.query(out_trade_no="PEER0001", sub_mchid=access["sub_mchid"])
    check("a merchant's own order is none of its sub-merchant's", status == 404, text)
    status, text = provider.pay(**order("PART0009"), sub_mchid="1999000009")
    check("a foreign sub-merchant is refused", (status, json.loads(text)["code"]) == (403, "NO_AUTH"), text)
    status, text = merchant.query_refund("PART0001R01")
    check("a sub-merchant's refund is none of the merchant's own", status == 404, text)
    status, text = sdk_for(access, cert_serial_no="00").query(out_trade_no="PEER0001")
    check("an unknown certificate is 401 SIGN_ERROR", (status, json.loads(text)["code"]) == (401, "SIGN_ERROR"), text)


def tampered(said: dict[str, Any]) -> None:
    control, access = said["control"], said["wechat"]
    sdk = sdk_for(access)
    post(control["fault_url"], {"target": "wechat", "kind": "bad_signature"})
    refuses("the SDK refuses a wrong signature on a query", lambda: sdk.query(out_trade_no="PEER0001"), "verify")
    refuses("the SDK refuses a wrong signature on a create", lambda: sdk.pay(**order("PEER0003")), "verify")
    post(control["fault_url"], {"target": "wechat", "heal": True})
    with spoiling_line(access["base_url"], b'"total":299900', b'"total":299901') as base_url:
        refuses(
            "the SDK refuses a genuine answer with one byte changed",
            lambda: sdk_for(access, base_url).query(out_trade_no="PEER0001"),
            "verify",
        )


async def asynchronous(said: dict[str, Any], *, partner: bool) -> None:
    access = said["wechat"]
    native = {"pay_type": AsyncType.NATIVE} | ({"sub_mchid": access["sub_mchid"]} if partner else {})
    sub = {"sub_mchid": access["sub_mchid"]} if partner else {}
    number, who = ("PART0101", "a sub-merchant's") if partner else ("PEER0101", "a merchant's")
    sdk = AsyncWeChatPay(**arguments(access, partner=partner) | {"wechatpay_type": AsyncType.NATIVE})
    sdk._core._gate_way = access["base_url"]
    async with sdk:
        status, text = await sdk.pay(**order(number) | native)
        check(f"async: {who} create gives a code", status == 200 and "code_url" in text, (status, text))
        code = json.loads(text)["code_url"]
        status, text = await sdk.query(out_trade_no=number, **sub)
        check(f"async: {who} query says NOTPAY", (status, json.loads(text)["trade_state"]) == (200, "NOTPAY"), text)
        await asyncio.to_thread(post, said["control"]["pay_url"], {"code": code})
        status, text = await sdk.refund(out_refund_no=f"{number}R01", out_trade_no=number, **REFUND, **sub)
        check(f"async: {who} refund is accepted", (status, json.loads(text)["status"]) == (200, "PROCESSING"), text)
        status, text = await sdk.query_refund(f"{number}R01", **sub)
        check(f"async: {who} refund is found", (status, json.loads(text)["out_trade_no"]) == (200, number), text)
        await sdk.pay(**order(f"{number}X") | native)
        status, text = await sdk.close(f"{number}X", **sub)
        check(f"async: {who} close is a signed 204", status == 204, (status, text))


def main() -> None:
    with sandbox() as said:
        for partner in (False, True):
            life_of_an_order(said, partner=partner)
        strangers(said)
        tampered(said)
        for partner in (False, True):
            asyncio.run(asynchronous(said, partner=partner))
        post(said["control"]["clock_url"], {"advance_ms": 3_000})
        status, text = sdk_for(said["wechat"]).query_refund("PEER0001R01")
        check("the refund is done", (status, json.loads(text)["status"]) == (200, "SUCCESS"), text)


if __name__ == "__main__":
    main()
