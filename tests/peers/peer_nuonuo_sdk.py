"""The SDK nuonuo-sdk against our sandbox: two programs by different people must agree on the wire.

Run with a Python that has ``nuonuo-sdk``, ``httpx``, ``cryptography``, ``msgspec`` and ``segno``, and with this
repository on PYTHONPATH.
"""

from __future__ import annotations

import urllib.request
from typing import Any

from judging import check, post, sandbox
from nuonuo import Nuonuo
from nuonuo.exceptions import AuthenticationError

ORDER_NO = "DEMO0126112100001B01"


def sdk_for(said: dict[str, str], **changes: str) -> Nuonuo:
    """The SDK accepts https addresses only at construction; the sandbox is plain http on this machine."""
    sdk = Nuonuo(
        changes.get("app_key", said["app_key"]),
        changes.get("app_secret", said["app_secret"]),
        tax_number=changes.get("tax_number", said["tax_number"]),
    )
    sdk.base_url, sdk.token_url = said["base_url"], said["token_url"]
    return sdk


def order(said: dict[str, str]) -> dict[str, Any]:
    line = {
        "goodsName": "*摩托车*电动自行车",
        "goodsCode": "1090312010000000000",
        "withTaxFlag": "1",
        "taxRate": "0.13",
        "num": "1",
        "price": "2999",
        "unit": "辆",
        "taxIncludedAmount": "2999.00",
        "taxExcludedAmount": "2653.98",
        "tax": "345.02",
    }
    return {
        "orderNo": ORDER_NO,
        "invoiceDate": "2026-11-21 17:00:00",
        "invoiceType": "1",
        "invoiceLine": "pc",
        "clerk": "王店长",
        "salerTaxNum": said["tax_number"],
        "buyerName": "张三",
        "naturalPersonFlag": "1",
        "pushMode": "-1",
        "invoiceDetail": [line],
    }


def play(said: dict[str, Any]) -> None:
    control, access = said["control"], said["nuonuo"]
    try:
        sdk_for(access, app_secret="WRONG").get_merchant_token()
    except AuthenticationError:
        check("a wrong secret gives no token", True)
    else:
        check("a wrong secret gives no token", False)
    sdk = sdk_for(access)
    token = sdk.get_merchant_token()
    check("a token comes with its life", int(token["expires_in"]) == 86_400, token)
    answer = sdk.nst.query(order_nos=[ORDER_NO])
    check("query of no invoice is E9500", answer["code"] == "E9500", answer)
    answer = sdk.nst.issue(order(access))
    check("issue is accepted with a serial", answer["code"] == "E0000" and answer["result"]["invoiceSerialNum"], answer)
    serial = answer["result"]["invoiceSerialNum"]
    answer = sdk.nst.issue(order(access))
    check("the same order number is E9106", answer["code"] == "E9106", answer)
    answer = sdk.nst.query(order_nos=[ORDER_NO])
    check("it is being issued", answer["result"][0]["status"] == "20", answer)
    post(control["clock_url"], {"advance_ms": 2_000})
    answer = sdk.nst.query(serial_nos=[serial], include_details=True)
    row = answer["result"][0]
    check("it is issued", (row["status"], row["orderNo"]) == ("2", ORDER_NO), row)
    check("its number has 20 digits", len(row["allElectronicInvoiceNumber"]) == 20, row)
    check("its amounts are ours", (row["orderAmount"], row["taxAmount"]) == ("2999.00", "345.02"), row)
    check("its lines are ours", row["invoiceItems"][0]["itemName"] == "*摩托车*电动自行车", row)
    for name, head in (("pdfUrl", b"%PDF-"), ("ofdUrl", b"PK"), ("xmlUrl", b"<?xml")):
        with urllib.request.urlopen(row[name], timeout=10) as file:
            check(f"{name} is such a document", file.read().startswith(head))
    wrong = order(access)
    wrong["orderNo"] = "OTHER"
    wrong["invoiceDetail"][0]["tax"] = "345.03"
    answer = sdk.nst.issue(wrong)
    check("net and tax that do not add up are E9130", answer["code"] == "E9130", answer)
    forged = sdk_for(access, app_secret="WRONG")
    forged.set_access_token(token["access_token"])
    answer = forged.nst.query(order_nos=[ORDER_NO])
    check("a wrong signature is 070601", answer["code"] == "070601", answer)
    answer = sdk.invoice.query(order_nos=[ORDER_NO])
    check("the other product is not granted", answer["code"] == "070302", answer)


def main() -> None:
    with sandbox() as said:
        play(said)


if __name__ == "__main__":
    main()
