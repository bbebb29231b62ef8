"""Our Nuonuo client against the sandbox over real HTTP: the life of an invoice, its documents, and every fault."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from drivers.invoices.base import (
    FileFormat,
    InvoiceDuplicate,
    InvoiceRefused,
    InvoiceStatus,
    InvoiceUnknown,
    InvoiceUnreachable,
)

ORDER_NO = "DEMO0126112100001B01"


def text_of(pdf: bytes) -> str:
    """Every run of text the pages show, in order."""
    runs = re.findall(rb"(?:<([0-9A-F]+)>|\(((?:[^\\()]|\\.)*)\)) Tj", pdf)
    return "".join(
        bytes.fromhex(wide.decode()).decode("utf-16-be") if wide else re.sub(r"\\(.)", r"\1", latin.decode())
        for wide, latin in runs
    )


async def issued(world: Any, nuonuo: Any, request_of: Any) -> Any:
    await nuonuo.issue(nuonuo.serialise(request_of()))
    world.control.advance(2_000)
    return await nuonuo.query(ORDER_NO)


async def test_given_a_request_when_accepted_then_it_is_issued_a_little_later(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND
    accepted = await nuonuo.issue(nuonuo.serialise(request_of()))
    first = await nuonuo.query(ORDER_NO)
    assert (first.status, first.fiscal_number, dict(first.files)) == (InvoiceStatus.PENDING, "", {})
    world.control.advance(1_000)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.PENDING
    world.control.advance(1_000)
    answer = await nuonuo.query(ORDER_NO)
    assert answer.status is InvoiceStatus.ISSUED
    assert answer.provider_serial == accepted.provider_serial
    assert answer.fiscal_number == "26990000000000000001"
    assert (answer.total_fen, answer.tax_fen) == (299900, 34502)
    assert abs(answer.issued_at_ms - world.now_ms()) < 5_000
    assert set(answer.files) == set(FileFormat)
    assert world.tokens.puts == 1, "one token serves all"


async def test_given_two_invoices_when_issued_then_fiscal_numbers_follow(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    for number in ("A01", "A02"):
        await nuonuo.issue(nuonuo.serialise(request_of(number)))
    world.control.advance(2_000)
    numbers = [(await nuonuo.query(number)).fiscal_number for number in ("A01", "A02")]
    assert numbers == ["26990000000000000001", "26990000000000000002"]


async def test_given_the_same_number_when_handed_in_again_then_it_is_a_duplicate_and_one_invoice(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    body = nuonuo.serialise(request_of())
    await nuonuo.issue(body)
    with pytest.raises(InvoiceDuplicate):
        await nuonuo.issue(body)
    assert world.invoice()["duplicates_refused"] == 1


async def test_given_an_issued_invoice_when_fetched_then_all_three_documents_are_real_and_say_mock(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    answer = await issued(world, nuonuo, request_of)
    files = {form: await nuonuo.fetch(url, form) for form, url in answer.files.items()}
    again = {form: await nuonuo.fetch(url, form) for form, url in answer.files.items()}
    assert files == again, "byte for byte the same, so that a digest means something"

    pdf = files[FileFormat.PDF]
    start = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    assert pdf[start:].startswith(b"xref\n")
    places = re.findall(rb"(\d{10}) 00000 n", pdf[start:])
    for number, place in enumerate(places, start=1):
        assert pdf[int(place) :].startswith(b"%d 0 obj" % number)
    shown = text_of(pdf)
    for fact in ("26990000000000000001", "张三", "*摩托车*电动自行车", "2999.00", "345.02", "MOCK"):
        assert fact in shown

    with zipfile.ZipFile(io.BytesIO(files[FileFormat.OFD])) as ofd:
        assert ofd.testzip() is None
        parts = {name: ofd.read(name).decode() for name in ofd.namelist()}
    for text in parts.values():
        ElementTree.fromstring(text)
    assert "Doc_0/Document.xml" in parts["OFD.xml"]
    assert "26990000000000000001" in parts["Doc_0/Pages/Page_0/Content.xml"]
    ids = re.findall(
        r'(?<![A-Za-z])ID="(\d+)"', "".join(text for name, text in parts.items() if "PublicRes" not in name)
    )
    assert len(set(ids)) == len(ids)

    root = ElementTree.fromstring(files[FileFormat.XML])
    assert root.findtext(".//InvoiceNumber") == "26990000000000000001"
    assert root.findtext(".//CheckCode") == "MOCK"
    assert root.findtext(".//TotalTax-includedAmount") == "2999.00"


async def test_given_many_lines_when_drawn_then_every_line_is_on_some_page(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    body = json.loads(nuonuo.serialise(request_of()))
    (line,) = body["order"]["invoiceDetail"]
    body["order"]["invoiceDetail"] = [line | {"goodsName": f"配件{at:02d}"} for at in range(25)]
    await nuonuo.issue(json.dumps(body).encode())
    world.control.advance(2_000)
    answer = await nuonuo.query(ORDER_NO)
    pdf = await nuonuo.fetch(answer.files[FileFormat.PDF], FileFormat.PDF)
    shown = text_of(pdf)
    assert all(f"配件{at:02d}" in shown for at in range(25))
    assert pdf.count(b"/Type /Page ") == 3
    assert answer.total_fen == 25 * 299900


async def test_given_the_invoices_qr_when_drawn_then_an_independent_reader_reads_mock(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    from PIL import Image, ImageDraw

    answer = await issued(world, nuonuo, request_of)
    pdf = await nuonuo.fetch(answer.files[FileFormat.PDF], FileFormat.PDF)
    rectangles = [tuple(map(float, found)) for found in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", pdf)]
    picture = Image.new("L", (600 * 4, 400 * 4), 255)
    draw = ImageDraw.Draw(picture)
    for x, y, width, height in rectangles:
        draw.rectangle([4 * x, 4 * (397 - y - height), 4 * (x + width), 4 * (397 - y)], fill=0)
    read = [found.text for found in zxingcpp.read_barcodes(picture)]
    assert read == [text for text in read if text.startswith("01,32,,26990000000000000001,2999.00,")]
    assert read
    assert read[0].endswith(",,MOCK")


async def test_given_documents_when_addressed_wrongly_then_they_are_not_there(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    answer = await issued(world, nuonuo, request_of)
    url = answer.files[FileFormat.PDF]
    with pytest.raises(InvoiceRefused):
        await nuonuo.fetch(url, FileFormat.OFD)
    with pytest.raises(InvoiceUnreachable):
        await nuonuo.fetch(url.replace(url[-28:-4], "0" * 24), FileFormat.PDF)
    for foreign in ("http://inv.jss.com.cn/a.pdf", "https://evil.example/a.pdf", "file:///etc/passwd", ""):
        with pytest.raises(InvoiceRefused):
            await nuonuo.fetch(foreign)


async def test_given_a_failed_invoice_when_retried_then_it_is_issued_under_the_same_numbers(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "fail")
    accepted = await nuonuo.issue(nuonuo.serialise(request_of()))
    with pytest.raises(InvoiceUnknown, match="E9999"):
        await nuonuo.retry(ORDER_NO, accepted.provider_serial)
    world.control.advance(2_000)
    failed = await nuonuo.query(ORDER_NO)
    assert failed.status is InvoiceStatus.FAILED
    assert failed.reason
    world.control.heal("nuonuo")
    await nuonuo.retry(ORDER_NO, accepted.provider_serial)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.PENDING
    world.control.advance(2_000)
    answer = await nuonuo.query(ORDER_NO)
    assert (answer.status, answer.provider_serial) == (InvoiceStatus.ISSUED, accepted.provider_serial)
    with pytest.raises(InvoiceUnknown, match="发票已生成"):
        await nuonuo.retry(ORDER_NO, accepted.provider_serial)


async def test_given_twenty_retries_in_a_day_when_retried_again_then_tomorrow(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "fail")
    accepted = await nuonuo.issue(nuonuo.serialise(request_of()))
    for _ in range(20):
        world.control.advance(1_000)
        await nuonuo.retry(ORDER_NO, accepted.provider_serial)
    world.control.advance(1_000)
    with pytest.raises(InvoiceRefused) as refused:
        await nuonuo.retry(ORDER_NO, accepted.provider_serial)
    assert (refused.value.code, refused.value.permanent) == ("E9613", False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"taxExcludedAmount": "2653.97"}, "E9130"),
        ({"taxExcludedAmount": "2653.91", "tax": "345.09"}, "E9131"),
        ({"taxRate": "0.03"}, "E9131"),
        ({"taxIncludedAmount": "", "taxExcludedAmount": "", "tax": "", "num": "", "price": ""}, "E9123"),
        ({"goodsCode": "123"}, "E9121"),
        ({"goodsName": ""}, "E4000"),
        ({"goodsName": "x" * 91}, "E4000"),
        ({"num": ""}, "E4000"),
        ({"price": "1"}, "E4000"),
        ({"tax": 345.02}, "E4000"),
        ({"taxIncludedAmount": "2999.001"}, "E4000"),
        ({"invoiceLineProperty": "1"}, "E9105"),
        ({"invoiceLineProperty": "2"}, "E9105"),
    ],
)
async def test_given_a_wrong_line_when_handed_in_then_it_is_refused_for_good(
    world: Any, nuonuo: Any, request_of: Any, change: dict[str, Any], code: str
) -> None:
    body = json.loads(nuonuo.serialise(request_of()))
    body["order"]["invoiceDetail"][0] |= change
    with pytest.raises(InvoiceRefused) as refused:
        await nuonuo.issue(json.dumps(body).encode())
    assert (refused.value.code, refused.value.permanent) == (code, True)
    assert world.control.ledger()["invoices"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"salerTaxNum": "91330000000000000X"}, "E9302"),
        ({"invoiceType": "2"}, "E9101"),
        ({"invoiceLine": "zz"}, "E4000"),
        ({"invoiceLine": "bs"}, "E4000"),
        ({"invoiceDate": "2026-11-21"}, "E4000"),
        ({"orderNo": "X" * 21}, "E4000"),
        ({"buyerName": "a\x07b"}, "E4000"),
        ({"clerk": ""}, "E4000"),
        ({"invoiceDetail": []}, "E9122"),
    ],
)
async def test_given_a_wrong_head_when_handed_in_then_it_is_refused(
    world: Any, nuonuo: Any, request_of: Any, change: dict[str, Any], code: str
) -> None:
    body = json.loads(nuonuo.serialise(request_of()))
    body["order"] |= change
    with pytest.raises(InvoiceRefused) as refused:
        await nuonuo.issue(json.dumps(body).encode())
    assert refused.value.code == code
    assert world.control.ledger()["invoices"] == []


async def test_given_a_discount_line_after_its_line_when_handed_in_then_it_is_accepted(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    body = json.loads(nuonuo.serialise(request_of()))
    (line,) = body["order"]["invoiceDetail"]
    less = line | {"invoiceLineProperty": "1", "num": "", "price": "", "taxIncludedAmount": "-113.00"}
    less |= {"taxExcludedAmount": "-100.00", "tax": "-13.00"}
    body["order"]["invoiceDetail"] = [line | {"invoiceLineProperty": "2"}, less]
    await nuonuo.issue(json.dumps(body).encode())
    assert world.invoice()["total_fen"] == 299900 - 11300


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_key": "OTHER"}, "070304"),
        ({"app_secret": "OTHER"}, "070305"),
        ({"tax_number": "91330000000000000X"}, "070401"),
    ],
)
async def test_given_wrong_credentials_when_called_then_it_is_refused_but_curable(
    world: Any, request_of: Any, change: dict[str, str], code: str
) -> None:
    provider = world.nuonuo(**change)
    with pytest.raises(InvoiceRefused) as refused:
        await provider.issue(provider.serialise(request_of()))
    assert (refused.value.code, refused.value.permanent) == (code, False)
    await provider.aclose()


async def test_given_a_wrong_secret_beside_a_good_token_when_called_then_the_signature_does_not_match(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    await nuonuo.query(ORDER_NO)
    provider = world.nuonuo(app_secret="OTHER")
    with pytest.raises(InvoiceRefused) as refused:
        await provider.query(ORDER_NO)
    assert refused.value.code == "070601"
    await provider.aclose()


@pytest.mark.parametrize("kind", ["timeout", "http500"])
async def test_given_a_request_that_never_arrives_when_handed_in_then_unknown_and_nothing_exists(
    world: Any, nuonuo: Any, request_of: Any, kind: str
) -> None:
    await nuonuo.query(ORDER_NO)
    world.control.fault("nuonuo", kind)
    with pytest.raises(InvoiceUnknown):
        await nuonuo.issue(nuonuo.serialise(request_of()))
    world.control.heal("nuonuo")
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND


async def test_given_no_token_to_be_had_when_handed_in_then_nothing_left_and_after_healing_it_works(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "http500")
    with pytest.raises(InvoiceUnreachable):
        await nuonuo.issue(nuonuo.serialise(request_of()))
    world.control.heal("nuonuo")
    await nuonuo.issue(nuonuo.serialise(request_of()))


async def test_given_the_answer_is_lost_when_handed_in_then_unknown_but_it_exists_once(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "drop_after_commit", "issue")
    body = nuonuo.serialise(request_of())
    with pytest.raises(InvoiceUnknown):
        await nuonuo.issue(body)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.PENDING
    world.control.heal("nuonuo")
    with pytest.raises(InvoiceDuplicate):
        await nuonuo.issue(body)


async def test_given_the_signature_is_disliked_when_handed_in_then_it_is_refused_but_curable(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "bad_signature")
    with pytest.raises(InvoiceRefused) as refused:
        await nuonuo.issue(nuonuo.serialise(request_of()))
    assert (refused.value.code, refused.value.permanent) == ("070601", False)
    assert world.control.ledger()["invoices"] == []


async def test_given_queries_lag_when_issued_then_the_past_is_told(world: Any, nuonuo: Any, request_of: Any) -> None:
    world.control.fault("nuonuo", "lag")
    await nuonuo.issue(nuonuo.serialise(request_of()))
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND
    world.control.advance(16_000)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.PENDING
    world.control.advance(2_000)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.ISSUED


async def test_given_an_answer_that_never_comes_when_healed_then_unknown_and_nothing_exists(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    world.control.fault("nuonuo", "never", "issue", times=1)
    held = asyncio.create_task(nuonuo.issue(nuonuo.serialise(request_of())))
    while await asyncio.to_thread(lambda: world.sandbox._faults.listing()):
        await asyncio.sleep(0.01)
    await asyncio.to_thread(world.control.heal, "nuonuo")
    with pytest.raises(InvoiceUnknown):
        await held
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND


async def test_given_the_network_is_down_when_fetching_then_it_can_be_tried_later(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    answer = await issued(world, nuonuo, request_of)
    world.control.fault("network", "down")
    with pytest.raises(InvoiceUnreachable):
        await nuonuo.fetch(answer.files[FileFormat.PDF], FileFormat.PDF)
    with pytest.raises(InvoiceUnknown):
        await nuonuo.query(ORDER_NO)
    world.control.heal("network")
    await nuonuo.fetch(answer.files[FileFormat.PDF], FileFormat.PDF)


async def test_given_a_restart_when_queried_then_the_invoice_and_its_documents_are_the_same(
    world: Any, nuonuo: Any, request_of: Any
) -> None:
    before = await issued(world, nuonuo, request_of)
    pdf = await nuonuo.fetch(before.files[FileFormat.PDF], FileFormat.PDF)
    world.restart()
    after = await nuonuo.query(ORDER_NO)
    assert after.files == before.files
    assert await nuonuo.fetch(after.files[FileFormat.PDF], FileFormat.PDF) == pdf
    assert world.tokens.puts == 1, "the sandbox remembers its tokens"
