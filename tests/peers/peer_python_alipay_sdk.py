"""The SDK python-alipay-sdk against our sandbox: two programs by different people must agree on the wire.

Run with a Python that has ``python-alipay-sdk``, ``cryptography`` and ``msgspec``, with this repository on PYTHONPATH
and Beijing's time (TZ=CST-8): the SDK stamps requests with local time, which is off by hours anywhere else.

The SDK looks for the end of the signed text by counting braces, also those inside of texts: with one brace in a subject
it rejects the genuine answer of a paid order. That is checked here too, as its known defect and not ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from alipay import AliPay
from judging import check, fail, post, refuses, sandbox, spoiling_line

SUBJECT = '电动自行车 1/2 \\ " 😀'
NUMBER = "PEER0001"


def sdk_for(said: dict[str, str], gateway: str | None = None) -> AliPay:
    private, public = Path(said["app_private_key"]).read_text(), Path(said["alipay_public_key"]).read_text()
    sdk = AliPay(said["app_id"], app_private_key_string=private, alipay_public_key_string=public, sign_type="RSA2")
    sdk._gateway = gateway or said["gateway"]
    return sdk


def play(said: dict[str, Any]) -> None:
    control, access = said["control"], said["alipay"]
    sdk = sdk_for(access)

    def phone(code: str, **more: object) -> Any:
        return post(control["pay_url"], {"code": code, **more})

    def query(number: str = NUMBER) -> Any:
        return sdk.api_alipay_trade_query(out_trade_no=number)

    told = sdk.api_alipay_trade_precreate(SUBJECT, NUMBER, "2999.00", qr_code_timeout_express="3m")
    code = told.get("qr_code", "")
    check("precreate gives a code", told["code"] == "10000" and code.startswith("https://qr.alipay.com/bax"), told)
    told = query()
    check("query before the scan is TRADE_NOT_EXIST, signed", told["sub_code"] == "ACQ.TRADE_NOT_EXIST", told)
    told = sdk.api_alipay_trade_close(out_trade_no=NUMBER)
    check("close before the scan is TRADE_NOT_EXIST, signed", told["sub_code"] == "ACQ.TRADE_NOT_EXIST", told)
    phone(code, scan_only=True)
    check("query after the scan says WAIT_BUYER_PAY", query()["trade_status"] == "WAIT_BUYER_PAY")
    phone(code, amount_fen=299_900)
    told = query()
    check(
        "query says TRADE_SUCCESS with our amount",
        (told["trade_status"], told["total_amount"]) == ("TRADE_SUCCESS", "2999.00"),
    )
    check("the subject came through", told["subject"] == SUBJECT, told)
    told = sdk.api_alipay_trade_close(out_trade_no=NUMBER)
    check("close of a paid trade is refused", told["sub_code"] == "ACQ.TRADE_STATUS_ERROR", told)
    told = sdk.api_alipay_trade_precreate(SUBJECT, NUMBER, "1.00")
    check("the same number with another amount is refused", told["sub_code"] == "ACQ.CONTEXT_INCONSISTENT", told)

    refund = {"out_trade_no": NUMBER, "out_request_no": "PEER0001R01", "refund_reason": "退货"}
    told = sdk.api_alipay_trade_refund("100.00", **refund)
    check(
        "a refund moves money",
        (told["code"], told["fund_change"], told["refund_fee"]) == ("10000", "Y", "100.00"),
        told,
    )
    told = sdk.api_alipay_trade_refund("100.00", **refund)
    check("the same refund again moves none", (told["code"], told["fund_change"]) == ("10000", "N"), told)
    told = sdk.api_alipay_trade_fastpay_refund_query("PEER0001R01", out_trade_no=NUMBER)
    check("the refund is found", (told["refund_status"], told["refund_amount"]) == ("REFUND_SUCCESS", "100.00"), told)
    told = sdk.api_alipay_trade_fastpay_refund_query("PEER0001R09", out_trade_no=NUMBER)
    check("no refund is 10000 without a status", told["code"] == "10000" and "refund_status" not in told, told)
    told = sdk.api_alipay_trade_refund("2900.00", **refund | {"out_request_no": "PEER0001R02"})
    check("more than is left is refused", told["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", told)
    sdk.api_alipay_trade_refund("2899.00", **refund | {"out_request_no": "PEER0001R02"})
    told = query()
    check(
        "all refunded is TRADE_CLOSED with a time of payment",
        told["trade_status"] == "TRADE_CLOSED" and told["send_pay_date"],
    )

    code = sdk.api_alipay_trade_precreate(SUBJECT, "PEER0002", "1.00")["qr_code"]
    told = sdk.api_alipay_trade_cancel(out_trade_no="PEER0002")
    check("cancel before the scan is 10000 without an action", told["code"] == "10000" and "action" not in told, told)
    refuses("its code is dead", lambda: phone(code), "410")
    code = sdk.api_alipay_trade_precreate(SUBJECT, "PEER0003", "1.00")["qr_code"]
    phone(code)
    told = sdk.api_alipay_trade_cancel(out_trade_no="PEER0003")
    check("cancel of a paid trade refunds it", told["action"] == "refund", told)

    tampered(said, sdk)
    with_brace(sdk, phone, query)


def tampered(said: dict[str, Any], sdk: AliPay) -> None:
    control, access = said["control"], said["alipay"]
    post(control["fault_url"], {"target": "alipay", "kind": "bad_signature"})
    refuses("the SDK refuses a wrong signature", lambda: sdk.api_alipay_trade_query(NUMBER), "AliPayValidationError")
    post(control["fault_url"], {"target": "alipay", "heal": True})
    with spoiling_line(access["gateway"], b'"2999.00"', b'"2999.01"') as gateway:
        refuses(
            "the SDK refuses a genuine answer with one byte changed",
            lambda: sdk_for(access, gateway).api_alipay_trade_query(NUMBER),
            "AliPayValidationError",
        )
    other = sdk_for(access | {"app_private_key": access["alipay_public_key"].replace("_public", "")})
    refuses(
        "another key is refused by the gateway", lambda: other.api_alipay_trade_query(NUMBER), "isv.invalid-signature"
    )
    stranger = sdk_for(access | {"app_id": "2021000000000000"})
    refuses("another application is refused", lambda: stranger.api_alipay_trade_query(NUMBER), "isv.invalid-app-id")


def with_brace(sdk: AliPay, phone: Any, query: Any) -> None:
    code = sdk.api_alipay_trade_precreate("电动自行车 {", "PEER0004", "1.00")["qr_code"]
    phone(code)
    refuses("the SDK's known defect: one brace in a subject", lambda: query("PEER0004"), "AliPayValidationError")


def main() -> None:
    if datetime.now().astimezone().utcoffset() != timezone(timedelta(hours=8)).utcoffset(None):
        fail("run this with TZ=CST-8; the SDK stamps requests with local time")
    with sandbox() as said:
        play(said)


if __name__ == "__main__":
    main()
