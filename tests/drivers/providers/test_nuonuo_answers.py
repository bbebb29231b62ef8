"""What the Nuonuo client makes of answers, and of what it is asked to send."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.invoices.base import (
    FileFormat,
    InvoiceDuplicate,
    InvoiceMisconfigured,
    InvoiceRefused,
    InvoiceStatus,
    InvoiceUnknown,
    Token,
)
from drivers.invoices.nuonuo import Nuonuo, NuonuoSettings
from drivers.sandbox.server import wall_ms

ORDER_NO = "DEMO0126112100001B01"


class OneToken:
    async def get(self) -> Token | None:
        return Token("t", wall_ms(), None)

    async def put(self, token: Token) -> None:
        raise AssertionError("no token was needed")


def settings(base: str = "https://sdk.nuonuo.com", **changes: str) -> NuonuoSettings:
    return NuonuoSettings(
        **{
            "base_url": f"{base}/open/v1/services",
            "token_url": f"{base}/accessToken",
            "app_key": "K",
            "app_secret": "NUONUOSECRET",
            "tax_number": "339902999999789113",
            "clerk": "王店长",
        }
        | changes
    )


@pytest.fixture
async def provider(scripted: Any) -> AsyncIterator[Nuonuo]:
    made = Nuonuo(settings(scripted.url), OneToken(), wall_ms)
    yield made
    await made.aclose()


def envelope(code: object = "E0000", result: object = None, describe: str = "x") -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"code": code, "describe": describe, "result": result}).encode()


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "2", "allElectronicInvoiceNumber": "26330000000000000001"}, InvoiceStatus.ISSUED),
        ({"status": 2, "invoiceNo": 26330000000000000001}, InvoiceStatus.ISSUED),
        ({"status": "2"}, InvoiceStatus.PENDING),
        ({"status": "20", "statusMsg": "开票中"}, InvoiceStatus.PENDING),
        ({"status": "21"}, InvoiceStatus.PENDING),
        ({"status": "22", "failCause": "税号错误"}, InvoiceStatus.FAILED),
        ({"status": "24"}, InvoiceStatus.SIGN_FAILED),
        ({"status": "3"}, InvoiceStatus.VOID),
        ({"status": "31"}, InvoiceStatus.PENDING),
        ({"status": None}, InvoiceStatus.PENDING),
    ],
)
async def test_given_a_status_when_queried_then_numbers_and_texts_are_read_alike(
    scripted: Any, provider: Nuonuo, row: dict[str, Any], status: InvoiceStatus
) -> None:
    scripted.answers = [envelope(result=[row])]
    assert (await provider.query(ORDER_NO)).status is status


async def test_given_odd_fields_when_queried_then_they_are_absent_and_text_is_clean(
    scripted: Any, provider: Nuonuo
) -> None:
    row = {
        "status": "22",
        "orderNo": ORDER_NO,
        "orderAmount": 2999.0,
        "taxAmount": "1.234",
        "invoiceTime": "1790121600000",
        "pdfUrl": "javascript:alert(1)",
        "ofdUrl": "https://inv.jss.com.cn/x.ofd",
        "xmlUrl": None,
        "failCause": "坏\x1b[31m了\u202e",
    }
    scripted.answers = [envelope(result=[row])]
    answer = await provider.query(ORDER_NO)
    assert (answer.total_fen, answer.tax_fen, answer.issued_at_ms) == (299900, None, 1790121600000)
    assert dict(answer.files) == {FileFormat.OFD: "https://inv.jss.com.cn/x.ofd"}
    assert answer.reason == "坏[31m了"


@pytest.mark.parametrize(
    "answer",
    [
        envelope(result=[]),
        envelope(result=None),
        envelope(result=[{"status": "2", "orderNo": "OTHER"}]),
        envelope(result=[{"status": "2"}, {"status": "2"}]),
        envelope("040102"),
        envelope("E9999"),
        envelope("WHAT"),
        envelope(None),
        (200, {}, b"[]"),
        (200, {}, b'{"code":'),
        (502, {}, b"<html>"),
        (302, {"Location": "/x"}, b""),
        None,
    ],
)
async def test_given_an_answer_that_proves_nothing_when_queried_then_unknown(
    scripted: Any, provider: Nuonuo, answer: Any
) -> None:
    scripted.answers = [answer]
    with pytest.raises(InvoiceUnknown):
        await provider.query(ORDER_NO)


@pytest.mark.parametrize(
    ("code", "permanent"), [("E9130", True), ("E4000", True), ("E9301", False), ("070201", False), ("070601", False)]
)
async def test_given_a_refusal_when_handed_in_then_it_says_whether_the_same_bytes_may_pass_later(
    scripted: Any, provider: Nuonuo, code: str, permanent: bool
) -> None:
    scripted.answers = [envelope(code)]
    with pytest.raises(InvoiceRefused) as refused:
        await provider.issue(b"{}")
    assert (refused.value.code, refused.value.permanent) == (code, permanent)


async def test_given_e9106_or_no_serial_when_handed_in_then_only_a_query_can_tell(
    scripted: Any, provider: Nuonuo
) -> None:
    scripted.answers = [envelope("E9106"), envelope(result={}), envelope(result="1")]
    with pytest.raises(InvoiceDuplicate):
        await provider.issue(b"{}")
    for _ in range(2):
        with pytest.raises(InvoiceUnknown):
            await provider.issue(b"{}")


async def test_given_redirects_when_fetching_then_only_known_hosts_are_followed(
    scripted: Any, provider: Nuonuo
) -> None:
    scripted.answers = [(302, {"Location": "/real.pdf"}, b""), (200, {}, b"%PDF-1.4")]
    assert await provider.fetch(f"{scripted.url}/short", FileFormat.PDF) == b"%PDF-1.4"
    assert all("accesstoken" not in headers for _, _, headers, _ in scripted.asked)
    scripted.answers = [(302, {"Location": "https://evil.example/x.pdf"}, b"")]
    with pytest.raises(InvoiceRefused, match=r"evil\.example"):
        await provider.fetch(f"{scripted.url}/short", FileFormat.PDF)


def test_given_a_request_when_serialised_then_the_fields_are_texts_and_add_up(request_of: Any) -> None:
    body = json.loads(Nuonuo(settings(), OneToken(), wall_ms).serialise(request_of(quantity=3)))
    order = body["order"]
    assert (order["orderNo"], order["invoiceDate"]) == (ORDER_NO, "2026-11-21 17:00:00")
    assert (order["invoiceLine"], order["naturalPersonFlag"], order["pushMode"]) == ("pc", "1", "-1")
    assert "buyerTaxNum" not in order
    (line,) = order["invoiceDetail"]
    assert line == {
        "goodsName": "*摩托车*电动自行车",
        "goodsCode": "1090312010000000000",
        "withTaxFlag": "1",
        "taxRate": "0.13",
        "num": "3",
        "price": "999.66666667",
        "unit": "辆",
        "specType": "风行A1",
        "taxIncludedAmount": "2999.00",
        "taxExcludedAmount": "2653.98",
        "tax": "345.02",
        "invoiceLineProperty": "0",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"net_fen": 1},
        {"gross_fen": 0, "net_fen": 0, "tax_fen": 0},
        {"net_fen": 265391, "tax_fen": 34509},
        {"quantity": 0},
        {"rate_bp": 10_000},
        {"tax_code": "12"},
        {"name": " \x00"},
    ],
)
def test_given_an_impossible_line_when_serialised_then_it_is_refused(request_of: Any, change: dict[str, Any]) -> None:
    request = request_of()
    wrong = dataclasses.replace(request, lines=(dataclasses.replace(request.lines[0], **change),))
    with pytest.raises(ValueError):
        Nuonuo(settings(), OneToken(), wall_ms).serialise(wrong)


@pytest.mark.parametrize("change", [{"order_no": "x" * 21}, {"order_no": ""}, {"lines": ()}, {"title": "\u202e"}])
def test_given_an_impossible_request_when_serialised_then_it_is_refused(
    request_of: Any, change: dict[str, Any]
) -> None:
    with pytest.raises(ValueError):
        Nuonuo(settings(), OneToken(), wall_ms).serialise(dataclasses.replace(request_of(), **change))


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://sdk.nuonuo.com/open/v1/services"},
        {"base_url": "https://sdk.nuonuo.com"},
        {"token_url": "http://open.nuonuo.com/accessToken"},
        {"clerk": ""},
    ],
)
def test_given_settings_that_cannot_work_when_made_then_they_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvoiceMisconfigured):
        Nuonuo(settings(**change), OneToken(), wall_ms)


def test_the_secret_is_not_in_the_settings_text() -> None:
    assert "NUONUOSECRET" not in repr(settings())
