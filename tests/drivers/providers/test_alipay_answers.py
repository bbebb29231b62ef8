"""What the Alipay client sends, what it believes, and what it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from drivers.payments.alipay import Alipay, AlipaySettings
from drivers.payments.alipay_certificates import certificate_number, root_certificates_number
from drivers.payments.alipay_wire import AlipayKeys, verified_node
from drivers.payments.base import (
    CancelOutcome,
    Capability,
    Misconfigured,
    OrderIntent,
    OutcomeUnknown,
    QueryStatus,
    RefundIntent,
    RefundStatus,
    Refused,
    Unreachable,
    Unverified,
)
from drivers.payments.signatures import load_private_key, load_public_key, sign, verify
from drivers.sandbox.identity import MERCHANT_KEY, PLATFORM_KEY, PLATFORM_PUBLIC
from drivers.sandbox.server import wall_ms

NUMBER = "DEMO0126112100001019F3C01AB"
OTHER = "DEMO0126112100002019F3C01AB"
REFUND = NUMBER + "R01"
VECTORS = Path(__file__).parent.parent / "vectors"
CERTIFICATES = json.loads((VECTORS / "alipay_certificates.json").read_text())
QUERY, CREATE, CLOSE = "alipay.trade.query", "alipay.trade.precreate", "alipay.trade.close"
CANCEL, REFUND_CALL, REFUND_QUERY = "alipay.trade.cancel", "alipay.trade.refund", "alipay.trade.fastpay.refund.query"

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Gateway:
    """Alipay as a test tells it to be: answers in Alipay's own writing, ``/`` as ``\\/``."""

    script: Any
    key: bytes

    def says(self, method: str, node: str, *, extra: str = "", sign_over: str | None = None) -> Answer:
        signature = sign(load_private_key(self.key), (node if sign_over is None else sign_over).encode())
        name = f"{method.replace('.', '_')}_response"
        body = f'{{"{name}":{node},"sign":"{signature}"{extra}}}'.encode()
        return 200, {"Content-Type": "text/html;charset=utf-8"}, body

    def answers(self, method: str, **facts: Any) -> None:
        node = {"code": "10000", "msg": "Success", "out_trade_no": NUMBER} | facts
        self.script.answers.append(self.says(method, alipay_json({k: v for k, v in node.items() if v is not ...})))

    def fails(self, method: str, code: str, sub_code: str | None = None, **facts: Any) -> None:
        sub = {} if sub_code is None else {"sub_code": sub_code, "sub_msg": "交易失败"}
        self.answers(method, code=code, msg="Business Failed", **(sub | facts))

    def asked(self) -> tuple[dict[str, str], dict[str, str], bytes]:
        """Of the last request: its parameters, its headers, its form as it was sent."""
        command, target, headers, body = self.script.asked[-1]
        assert command == "POST"
        pairs = parse_qsl(urlsplit(target).query, strict_parsing=True) + parse_qsl(body.decode(), strict_parsing=True)
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs), headers, body


def alipay_json(node: dict[str, Any]) -> str:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def settings(gateway: str, key: bytes = b"", public: bytes = b"", **changes: str) -> AlipaySettings:
    return AlipaySettings(f"{gateway}/gateway.do", "2021000000000001", key, public, **changes)


@pytest.fixture
def gateway(scripted: Any, key_files: Path) -> Gateway:
    return Gateway(scripted, (key_files / PLATFORM_KEY).read_bytes())


@pytest.fixture
async def alipay(scripted: Any, key_files: Path) -> AsyncIterator[Alipay]:
    keys = [(key_files / name).read_bytes() for name in (MERCHANT_KEY, PLATFORM_PUBLIC)]
    channel = Alipay(settings(scripted.url, *keys), wall_ms)
    yield channel
    await channel.aclose()


@pytest.fixture
def anywhere() -> Iterator[Callable[[str], None]]:
    """Puts this process into a time zone until the test ends."""
    before = os.environ.get("TZ")

    def move(zone: str) -> None:
        os.environ["TZ"] = zone
        time.tzset()

    yield move
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


# ---------------------------------------------------------------- what is sent


async def test_given_stored_bytes_when_created_twice_then_they_are_sent_as_they_are_and_each_try_is_signed(
    gateway: Gateway, alipay: Alipay, key_files: Path
) -> None:
    body = alipay.serialise(OrderIntent(NUMBER, 1234, '车 {"} \\😀 & = /', wall_ms() + 175_000))
    key = load_private_key((key_files / MERCHANT_KEY).read_bytes()).public_key()
    for _ in range(2):
        gateway.answers(CREATE, qr_code="https://qr.alipay.com/bax03431ljhokirwl38f00a7")
        assert await alipay.create(body) == "https://qr.alipay.com/bax03431ljhokirwl38f00a7"
        parameters, headers, form = gateway.asked()
        assert headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
        assert form.startswith(b"biz_content=%7B%22out_trade_no%22")
        signature = parameters.pop("sign")
        message = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        assert verify(key, message.encode(), signature)
        assert parameters.pop("biz_content").encode() == body
        assert abs(time.time() - beijing_seconds(parameters.pop("timestamp"))) < 5
        assert parameters == {
            "app_id": "2021000000000001",
            "method": CREATE,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "version": "1.0",
        }, "what is empty is neither sent nor signed"
    sent = json.loads(body)
    assert sent["subject"] == '车 {"} \\😀'
    assert (sent["total_amount"], sent["qr_code_timeout_express"]) == ("12.34", "3m")


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Shanghai", "Pacific/Kiritimati"])
async def test_given_any_time_zone_when_called_then_every_time_that_is_sent_or_read_is_beijings(
    gateway: Gateway, alipay: Alipay, anywhere: Callable[[str], None], zone: str
) -> None:
    """Case 21 on the wire."""
    anywhere(zone)
    alipay._now_ms = lambda: 1_795_285_800_000  # 2026-11-21T18:30Z: in Beijing it is tomorrow
    body = json.loads(alipay.serialise(OrderIntent(NUMBER, 1, "车", 1_795_285_800_999)))
    assert (body["time_expire"], body["qr_code_timeout_express"]) == ("2026-11-22 02:30:00", "1m")
    gateway.answers(QUERY, trade_status="TRADE_SUCCESS", total_amount="1.00", send_pay_date="2026-11-22 02:30:00")
    assert (await alipay.query(NUMBER)).paid_at_ms == 1_795_285_800_000
    assert gateway.asked()[0]["timestamp"] == "2026-11-22 02:30:00"


@pytest.mark.parametrize(
    ("fen", "yuan"), [(1, "0.01"), (10, "0.10"), (100, "1.00"), (299900, "2999.00"), (123456789, "1234567.89")]
)
def test_given_fen_when_serialised_then_they_are_yuan_with_two_decimals(alipay: Alipay, fen: int, yuan: str) -> None:
    assert json.loads(alipay.serialise(OrderIntent(NUMBER, fen, "车", 0)))["total_amount"] == yuan
    refund = json.loads(alipay.serialise_refund(RefundIntent(NUMBER, REFUND, fen, fen, "退货")))
    assert refund == {
        "out_trade_no": NUMBER,
        "out_request_no": REFUND,
        "refund_amount": yuan,
        "refund_reason": "退货",
    }


@pytest.mark.parametrize(
    "intent",
    [
        OrderIntent("lower0", 1, "x", 0),
        OrderIntent("A" * 33, 1, "x", 0),
        OrderIntent(NUMBER, 0, "x", 0),
        OrderIntent(NUMBER, 1, "/=&\n", 0),
        RefundIntent(NUMBER, REFUND, 0, 100, "x"),
        RefundIntent(NUMBER, REFUND, 101, 100, "x"),
        RefundIntent(NUMBER, "short", 1, 100, "x"),
        RefundIntent("short", REFUND, 1, 100, "x"),
        RefundIntent(NUMBER, REFUND, 1, 100, "\x00"),
    ],
)
def test_given_an_impossible_intent_when_serialised_then_it_is_refused(
    alipay: Alipay, intent: OrderIntent | RefundIntent
) -> None:
    with pytest.raises(ValueError):
        alipay.serialise(intent) if isinstance(intent, OrderIntent) else alipay.serialise_refund(intent)


def test_given_a_seller_and_an_address_for_notifications_when_called_then_they_are_sent(scripted: Any) -> None:
    channel = Alipay(settings(scripted.url, seller="2088000000000001"), wall_ms)
    assert json.loads(channel.serialise(OrderIntent(NUMBER, 1, "x", 0)))["seller_id"] == "2088000000000001"
    assert channel.merchant == "2088000000000001"
    assert channel.capabilities == {Capability.SHOW_CODE, Capability.CANCEL, Capability.REFUND}


# ---------------------------------------------------------------- the signature of an answer


@pytest.mark.parametrize(
    "subject",
    ['"}{"', "}", "{", '\\"}', "a/b", "\\", "车😀\u200d🛵", '","sign":"x"}', "\u2028\u0000\t", "[]}]"],
)
@pytest.mark.parametrize("ascii_only", [True, False])
async def test_given_any_subject_when_a_paid_order_is_queried_then_its_signature_holds(
    gateway: Gateway, alipay: Alipay, subject: str, ascii_only: bool
) -> None:
    """Case 30 on the wire."""
    facts = {"code": "10000", "out_trade_no": NUMBER, "subject": subject, "trade_status": "TRADE_SUCCESS"}
    node = json.dumps(facts | {"total_amount": "1.00"}, ensure_ascii=ascii_only).replace("/", "\\/")
    gateway.script.answers = [gateway.says(QUERY, node)]
    answer = await alipay.query(NUMBER)
    assert (answer.status, answer.total_fen, answer.verified) == (QueryStatus.PAID, 100, True)


@pytest.mark.parametrize("layout", ['{ "sign" : "%s" ,\n "%s" :\t%s }\r\n', '{"sign":"%s","x":{"%s":1},"%s":%s}'])
async def test_given_another_layout_when_queried_then_the_node_is_taken_as_it_stands(
    gateway: Gateway, alipay: Alipay, layout: str
) -> None:
    name = "alipay_trade_query_response"
    node = '{ "code" :"10000",\n"out_trade_no":"%s","trade_status":"TRADE_SUCCESS" }' % NUMBER  # noqa: UP031
    signature = sign(load_private_key(gateway.key), node.encode())
    names = (name,) * (layout.count("%s") - 2)
    gateway.script.answers = [(200, {}, (layout % (signature, *names, node)).encode())]
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


def test_given_the_real_gateways_published_answer_when_checked_then_its_node_is_believed() -> None:
    vectors = json.loads((VECTORS / "payments.json").read_text())["vectors"]
    (vector,) = (entry for entry in vectors if entry["id"] == "alipay-node-sync-response")
    public = load_public_key(vector["public_key_pem"].encode())
    keys = AlipayKeys(None, public, "")  # type: ignore[arg-type]
    raw = vector["raw_response"].encode()
    assert verified_node("alipay.open.file.upload", raw, keys)["file_id"] == "CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr"
    for spoilt in (raw.replace(b"Success", b"Succes5"), raw.replace(b'"10000",', b'"10000", ')):
        with pytest.raises(Unverified):
            verified_node("alipay.open.file.upload", spoilt, keys)


PAID = alipay_json({"code": "10000", "out_trade_no": NUMBER, "trade_status": "TRADE_SUCCESS", "total_amount": "1.00"})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (lambda g: b'{"error_response":{"code":"40002","msg":"Invalid","sub_code":"isv.invalid-app-id"}}', Unverified),
        (lambda g: b'{"alipay_trade_query_response":' + PAID.encode() + b"}", Unverified),
        (lambda g: b'{"alipay_trade_query_response":' + PAID.encode() + b',"sign":""}', Unverified),
        (lambda g: b'{"alipay_trade_query_response":' + PAID.encode() + b',"sign":7}', Unverified),
        (lambda g: g.says("alipay.trade.close", PAID)[2], Unverified),
        (lambda g: g.says(QUERY, PAID, sign_over=PAID + " ")[2], Unverified),
        (lambda g: g.says(QUERY, PAID, sign_over=PAID.replace("1.00", "0.01"))[2], Unverified),
        (lambda g: g.says(QUERY, PAID, extra=',"alipay_trade_query_response":{}')[2], OutcomeUnknown),
        (lambda g: g.says(QUERY, PAID)[2] + b"x", OutcomeUnknown),
        (lambda g: g.says(QUERY, PAID)[2][:-1], OutcomeUnknown),
        (lambda g: g.says(QUERY, PAID)[2].replace(b',"sign', b'"sign'), OutcomeUnknown),
        (lambda g: b"", OutcomeUnknown),
        (lambda g: b"[]", OutcomeUnknown),
        (lambda g: b"{1:2}", OutcomeUnknown),
        (lambda g: b"{}", Unverified),
        (lambda g: b"<html>", OutcomeUnknown),
        (lambda g: b"\xff\xfe", OutcomeUnknown),
        (lambda g: b'{"a":' * 5000, OutcomeUnknown),
    ],
)
async def test_given_an_answer_that_cannot_be_believed_when_queried_then_nothing_is_learnt(
    gateway: Gateway, alipay: Alipay, body: Callable[[Gateway], bytes], error: type[Exception]
) -> None:
    gateway.script.answers = [(200, {}, body(gateway))]
    with pytest.raises(OutcomeUnknown) as caught:
        await alipay.query(NUMBER)
    assert type(caught.value) is error
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("method", ["query", "create", "close", "cancel", "refund", "query_refund"])
async def test_given_a_signed_answer_about_another_order_when_called_then_it_is_not_believed(
    gateway: Gateway, alipay: Alipay, method: str
) -> None:
    facts = {"trade_status": "TRADE_SUCCESS", "qr_code": "https://x", "fund_change": "Y", "out_request_no": REFUND}
    facts |= {"refund_amount": "1.00", "refund_status": "REFUND_SUCCESS"}
    calls: dict[str, tuple[str, Callable[[], Any]]] = {
        "query": (QUERY, lambda: alipay.query(NUMBER)),
        "create": (CREATE, lambda: alipay.create(alipay.serialise(OrderIntent(NUMBER, 1, "x", 0)))),
        "close": (CLOSE, lambda: alipay.close(NUMBER)),
        "cancel": (CANCEL, lambda: alipay.cancel(NUMBER)),
        "refund": (REFUND_CALL, lambda: alipay.refund(refund_body(alipay))),
        "query_refund": (REFUND_QUERY, lambda: alipay.query_refund(NUMBER, REFUND)),
    }
    name, call = calls[method]
    for number in (OTHER, ...):
        gateway.answers(name, **(facts | {"out_trade_no": number}))
        with pytest.raises(Unverified, match="another order"):
            await call()


async def test_given_no_such_trade_but_another_number_when_queried_then_it_is_not_believed(
    gateway: Gateway, alipay: Alipay
) -> None:
    gateway.fails(QUERY, "40004", "ACQ.TRADE_NOT_EXIST", out_trade_no=OTHER)
    with pytest.raises(Unverified, match="another order"):
        await alipay.query(NUMBER)


# ---------------------------------------------------------------- what an order is


async def test_given_a_good_answer_when_queried_then_every_fact_is_there(gateway: Gateway, alipay: Alipay) -> None:
    gateway.answers(
        QUERY,
        trade_no="2026112122001400000000000001",
        trade_status="TRADE_SUCCESS",
        total_amount="12.34",
        buyer_pay_amount="11.34",
        trans_currency="CNY",
        seller_id="2088000000000009",
        send_pay_date="2026-11-21 10:34:56",
    )
    answer = await alipay.query(NUMBER)
    assert answer.status is QueryStatus.PAID
    assert (answer.number, answer.total_fen, answer.payer_total_fen, answer.currency) == (NUMBER, 1234, 1134, "CNY")
    assert (answer.merchant, answer.app) == (None, None), "no seller is set, so none is compared"
    assert (answer.provider_number, answer.paid_at_ms) == ("2026112122001400000000000001", 1_795_228_496_000)
    assert answer.verified
    assert b'"total_amount":"12.34"' in answer.raw
    assert alipay.last_date_offset_ms is not None
    assert abs(alipay.last_date_offset_ms) < 5_000


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"trade_status": "WAIT_BUYER_PAY"}, QueryStatus.UNPAID),
        ({"trade_status": "TRADE_SUCCESS"}, QueryStatus.PAID),
        ({"trade_status": "TRADE_FINISHED"}, QueryStatus.PAID),
        ({"trade_status": "TRADE_CLOSED"}, QueryStatus.CLOSED),
        ({"trade_status": "TRADE_CLOSED", "send_pay_date": "2026-11-21 10:34:56"}, QueryStatus.REFUNDED),
        ({"trade_status": "SOMETHING_NEW"}, QueryStatus.PENDING),
        ({}, QueryStatus.PENDING),
    ],
)
async def test_given_a_trade_status_when_queried_then_only_known_final_ones_are_final(
    gateway: Gateway, alipay: Alipay, facts: dict[str, str], status: QueryStatus
) -> None:
    gateway.answers(QUERY, **facts)
    assert (await alipay.query(NUMBER)).status is status


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ('"12.3"', 1230),
        ("12.30", 1230),
        ('"12.30"', 1230),
        ('"12"', 1200),
        ("12", 1200),
        ("0.01", 1),
        ('"999999999.99"', 99_999_999_999),
        ('"19.99"', 1999),
        ("12.300", None),
        ('"12.305"', None),
        ('"-12.30"', None),
        ('" 12.30"', None),
        ('"1,234.00"', None),
        ('"１２.30"', None),
        ('"12.30\\n"', None),
        ('"NaN"', None),
        ("NaN", None),
        ("Infinity", None),
        ("1.23e1", None),
        ("1e99999999999999999999", None),
        ("true", None),
        ("null", None),
        ('["12.30"]', None),
        ('""', None),
        ('"."', None),
    ],
)
async def test_given_an_amount_when_queried_then_it_is_exact_or_matches_nothing(
    gateway: Gateway, alipay: Alipay, written: str, fen: int | None
) -> None:
    """Case 31 on the wire."""
    node = f'{{"code":"10000","out_trade_no":"{NUMBER}","trade_status":"TRADE_SUCCESS","total_amount":{written}}}'
    gateway.script.answers = [gateway.says(QUERY, node)]
    assert (await alipay.query(NUMBER)).total_fen == fen


async def test_given_nobody_has_scanned_when_queried_again_and_again_then_it_waits_until_it_is_paid(
    gateway: Gateway, alipay: Alipay
) -> None:
    for _ in range(30):
        gateway.fails(QUERY, "40004", "ACQ.TRADE_NOT_EXIST")
        answer = await alipay.query(NUMBER)
        assert (answer.status, answer.number, answer.verified) == (QueryStatus.NOT_FOUND, NUMBER, True)
    gateway.answers(QUERY, trade_status="TRADE_SUCCESS", total_amount="1.00")
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


async def test_given_no_such_trade_without_a_number_when_queried_then_it_is_not_verified(
    gateway: Gateway, alipay: Alipay
) -> None:
    gateway.fails(QUERY, "40004", "ACQ.TRADE_NOT_EXIST", out_trade_no=...)
    answer = await alipay.query(NUMBER)
    assert (answer.status, answer.verified) == (QueryStatus.NOT_FOUND, False)


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("code", "sub_code"),
    [
        ("10003", None),
        ("20000", "isp.unknow-error"),
        ("40005", "isv.app-call-limited"),
        ("40004", "ACQ.SYSTEM_ERROR"),
        ("40004", "AQC.SYSTEM_ERROR"),
        ("40004", "isp.busy"),
        ("40004", None),
        ("40099", "ACQ.X"),
        ("", None),
        (10000, None),
    ],
)
async def test_given_a_code_that_proves_nothing_when_closing_then_the_outcome_is_unknown(
    gateway: Gateway, alipay: Alipay, code: Any, sub_code: str | None
) -> None:
    gateway.fails(CLOSE, code, sub_code)
    with pytest.raises(OutcomeUnknown) as caught:
        await alipay.close(NUMBER)
    assert not isinstance(caught.value, Unverified)


@pytest.mark.parametrize(
    ("code", "sub_code", "shared", "status"),
    [
        ("40004", "ACQ.TRADE_NOT_EXIST", "ORDER_NOT_EXIST", 400),
        ("40004", "ACQ.TRADE_HAS_SUCCESS", "ORDER_PAID", 400),
        ("40004", "ACQ.TRADE_HAS_CLOSE", "ORDER_CLOSED", 400),
        ("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "NOT_ENOUGH", 400),
        ("40004", "ACQ.CONTEXT_INCONSISTENT", "ACQ.CONTEXT_INCONSISTENT", 400),
        ("40004", "ACQ.TOTAL_FEE_EXCEED", "ACQ.TOTAL_FEE_EXCEED", 400),
        ("40001", "isv.missing-method", "isv.missing-method", 400),
        ("40002", "isv.invalid-signature", "isv.invalid-signature", 401),
        ("40002", None, "40002", 400),
        ("40003", "isv.x", "isv.x", 400),
        ("20001", "aop.invalid-auth-token", "aop.invalid-auth-token", 401),
        ("40006", "isv.insufficient-isv-permissions", "isv.insufficient-isv-permissions", 403),
    ],
)
async def test_given_a_code_that_means_not_executed_when_called_then_it_is_refused_in_words_of_all_channels(
    gateway: Gateway, alipay: Alipay, code: str, sub_code: str | None, shared: str, status: int
) -> None:
    gateway.fails(CLOSE, code, sub_code, sub_msg="行\x1b[31m\n" * 99)
    with pytest.raises(Refused) as caught:
        await alipay.close(NUMBER)
    assert (caught.value.code, caught.value.status) == (shared, status)
    assert len(caught.value.message) <= 210
    assert caught.value.message.isprintable()
    assert code in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        (202, {}, b"{}"),
        (302, {"Location": "https://elsewhere.example"}, b""),
        (404, {}, b"<html>nginx</html>"),
        (429, {}, b""),
        (500, {}, b""),
        (502, {}, b"<html><h1>502 Bad Gateway</h1></html>"),
        (200, {}, b"<html><h1>502 Bad Gateway</h1></html>"),
        (200, {"Content-Length": "999"}, b'{"alipay_trade'),
        (200, {}, b" " * (2 << 20)),
        None,
    ],
)
async def test_given_an_answer_that_proves_nothing_when_closing_then_the_outcome_is_unknown_and_nothing_is_retried(
    gateway: Gateway, alipay: Alipay, answer: Any
) -> None:
    gateway.script.answers = [answer]
    with pytest.raises(OutcomeUnknown) as caught:
        await alipay.close(NUMBER)
    assert not isinstance(caught.value, Unreachable | Unverified)
    assert len(gateway.script.asked) == 1


async def test_given_a_202_with_a_good_signature_when_created_then_it_is_no_success(
    gateway: Gateway, alipay: Alipay
) -> None:
    gateway.answers(CREATE, qr_code="https://qr.alipay.com/x")
    gateway.script.answers = [(202, *gateway.script.answers[0][1:])]
    with pytest.raises(OutcomeUnknown, match="202"):
        await alipay.create(alipay.serialise(OrderIntent(NUMBER, 1, "x", 0)))


@pytest.mark.parametrize("code", ["", "two words", "二维码", "x" * 513, 7, None, ...])
async def test_given_a_code_that_cannot_be_shown_when_created_then_the_outcome_is_unknown(
    gateway: Gateway, alipay: Alipay, code: object
) -> None:
    gateway.answers(CREATE, qr_code=code)
    with pytest.raises(OutcomeUnknown, match="no code"):
        await alipay.create(alipay.serialise(OrderIntent(NUMBER, 1, "x", 0)))


# ---------------------------------------------------------------- calling off and giving back


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"retry_flag": "N", "action": "close"}, CancelOutcome.CLOSED),
        ({"retry_flag": "N", "action": "refund"}, CancelOutcome.REFUNDED),
        ({"retry_flag": "N"}, CancelOutcome.CLOSED),
    ],
)
async def test_given_an_order_when_called_off_then_it_is_told_whether_money_went_back(
    gateway: Gateway, alipay: Alipay, facts: dict[str, str], outcome: CancelOutcome
) -> None:
    gateway.answers(CANCEL, **facts)
    assert await alipay.cancel(NUMBER) is outcome


@pytest.mark.parametrize("facts", [{"retry_flag": "Y", "action": "close"}, {"action": "something"}, {"action": []}])
async def test_given_alipay_is_not_sure_when_called_off_then_the_outcome_is_unknown(
    gateway: Gateway, alipay: Alipay, facts: dict[str, Any]
) -> None:
    gateway.answers(CANCEL, **facts)
    with pytest.raises(OutcomeUnknown):
        await alipay.cancel(NUMBER)


def refund_body(alipay: Alipay) -> bytes:
    return alipay.serialise_refund(RefundIntent(NUMBER, REFUND, 50, 100, "退货"))


async def test_given_a_refund_when_sent_again_then_no_change_is_no_failure_and_the_query_says_done(
    gateway: Gateway, alipay: Alipay
) -> None:
    """Case 28 on the wire."""
    body = refund_body(alipay)
    gateway.answers(REFUND_CALL, fund_change="Y", refund_fee="0.50", gmt_refund_pay="2026-11-21 10:34:56")
    first = await alipay.refund(body)
    assert (first.status, first.order_number, first.refund_number) == (RefundStatus.DONE, NUMBER, REFUND)
    assert (first.amount_fen, first.done_at_ms) == (None, 1_795_228_496_000)
    gateway.answers(REFUND_CALL, fund_change="N", refund_fee="0.50")
    again = await alipay.refund(body)
    assert (again.status, again.done_at_ms, again.verified) == (RefundStatus.PROCESSING, None, True)
    assert gateway.asked()[0]["biz_content"].encode() == body
    gateway.answers(
        REFUND_QUERY,
        out_request_no=REFUND,
        refund_amount="0.50",
        total_amount="1.00",
        refund_status="REFUND_SUCCESS",
        gmt_refund_pay="2026-11-21 10:34:56",
    )
    found = await alipay.query_refund(NUMBER, REFUND)
    assert (found.status, found.amount_fen, found.done_at_ms) == (RefundStatus.DONE, 50, 1_795_228_496_000)
    assert json.loads(gateway.asked()[0]["biz_content"]) == {
        "out_trade_no": NUMBER,
        "out_request_no": REFUND,
        "query_options": ["gmt_refund_pay"],
    }


@pytest.mark.parametrize(
    ("facts", "status", "verified"),
    [
        ({"out_trade_no": ...}, RefundStatus.NOT_FOUND, False),
        ({}, RefundStatus.NOT_FOUND, False),
        ({"refund_amount": "0.00"}, RefundStatus.NOT_FOUND, False),
        ({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}, RefundStatus.NOT_FOUND, False),
        ({"out_request_no": REFUND, "refund_amount": "0.50"}, RefundStatus.DONE, True),
        ({"out_request_no": REFUND, "refund_status": "REFUND_PROCESSING"}, RefundStatus.PROCESSING, True),
    ],
)
async def test_given_an_answer_about_a_refund_when_queried_then_10000_alone_proves_nothing(
    gateway: Gateway, alipay: Alipay, facts: dict[str, Any], status: RefundStatus, verified: bool
) -> None:
    gateway.answers(REFUND_QUERY, **facts)
    answer = await alipay.query_refund(NUMBER, REFUND)
    assert (answer.status, answer.verified) == (status, verified)


async def test_given_a_signed_answer_about_another_refund_when_queried_then_it_is_not_believed(
    gateway: Gateway, alipay: Alipay
) -> None:
    gateway.answers(REFUND_QUERY, out_request_no=NUMBER + "R02", refund_amount="0.50", refund_status="REFUND_SUCCESS")
    with pytest.raises(Unverified):
        await alipay.query_refund(NUMBER, REFUND)


async def test_given_an_empty_balance_when_refunded_then_it_is_refused_as_on_every_channel(
    gateway: Gateway, alipay: Alipay
) -> None:
    gateway.fails(REFUND_CALL, "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    with pytest.raises(Refused) as caught:
        await alipay.refund(refund_body(alipay))
    assert caught.value.code == "NOT_ENOUGH"


# ---------------------------------------------------------------- keys and certificates


@pytest.mark.parametrize("form", ["PKCS8", "PKCS1"])
@pytest.mark.parametrize("armour", [True, False])
async def test_given_a_key_in_any_form_alipays_tools_write_when_used_then_the_call_works(
    gateway: Gateway, scripted: Any, key_files: Path, form: str, armour: bool
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    formats = {"PKCS8": PrivateFormat.PKCS8, "PKCS1": PrivateFormat.TraditionalOpenSSL}
    private = load_private_key((key_files / MERCHANT_KEY).read_bytes())
    keys = [
        private.private_bytes(Encoding.PEM, formats[form], NoEncryption()),
        (key_files / PLATFORM_PUBLIC).read_bytes(),
    ]
    if not armour:
        keys = [b"".join(line for line in key.splitlines() if b"-----" not in line) + b"\n" for key in keys]
    channel = Alipay(settings(scripted.url, *keys), wall_ms)
    gateway.answers(QUERY, trade_status="TRADE_SUCCESS")
    assert (await channel.query(NUMBER)).status is QueryStatus.PAID
    await channel.aclose()


@pytest.mark.parametrize("which", ["application", "alipay"])
def test_given_a_certificate_when_numbered_then_it_is_what_alipays_own_sdk_computes(which: str) -> None:
    entry = CERTIFICATES[which]
    assert certificate_number(entry["pem"].encode()) == entry["number"]


def test_given_alipays_root_file_when_numbered_then_it_is_what_alipays_own_sdk_computes() -> None:
    pem = CERTIFICATES["root"]["pem"].encode()
    assert root_certificates_number(pem) == CERTIFICATES["root"]["number"]
    assert root_certificates_number(pem.replace(b"\n", b"\r\n")) == CERTIFICATES["root"]["number"]


@pytest.mark.parametrize("read", [certificate_number, root_certificates_number])
@pytest.mark.parametrize("spoilt", ["none", "damaged"])
def test_given_no_readable_certificate_when_numbered_then_a_sentence_says_so(
    read: Callable[[bytes], str], spoilt: str
) -> None:
    lines = CERTIFICATES["alipay"]["pem"].splitlines()
    damaged = "\n".join([lines[0], *lines[2:]])
    with pytest.raises(ValueError, match=r"certificate"):
        read(damaged.encode() if spoilt == "damaged" else b"no certificate")


@pytest.fixture(scope="session")
def alipays_certificate(key_files: Path) -> bytes:
    """A certificate over the key with which the scripted gateway signs."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = load_private_key((key_files / PLATFORM_KEY).read_bytes())
    parts = ((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "Ant"), (NameOID.COMMON_NAME, "Ant, R1"))
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1 << 100, now, now + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


async def test_given_certificate_mode_when_called_then_both_numbers_are_sent_and_only_its_certificate_is_believed(
    gateway: Gateway, scripted: Any, key_files: Path, alipays_certificate: bytes
) -> None:
    private = (key_files / MERCHANT_KEY).read_bytes()
    made = settings(scripted.url, private, alipays_certificate, app_cert_sn="a1", root_cert_sn="b2_c3")
    channel = Alipay(made, wall_ms)
    known = certificate_number(alipays_certificate)
    gateway.script.answers = [gateway.says(QUERY, PAID, extra=f',"alipay_cert_sn":"{known}"')]
    assert (await channel.query(NUMBER)).status is QueryStatus.PAID
    parameters, _, _ = gateway.asked()
    assert (parameters["app_cert_sn"], parameters["alipay_root_cert_sn"]) == ("a1", "b2_c3")
    signature = parameters.pop("sign")
    message = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    assert verify(load_private_key(private).public_key(), message.encode(), signature)
    for extra in ("", f',"alipay_cert_sn":"{"0" * 32}"', ',"alipay_cert_sn":null'):
        gateway.script.answers = [gateway.says(QUERY, PAID, extra=extra)]
        with pytest.raises(Unverified, match="unknown certificate"):
            await channel.query(NUMBER)
    await channel.aclose()


async def test_given_half_a_certificate_mode_when_first_called_then_it_is_a_matter_of_settings(
    key_files: Path, alipays_certificate: bytes
) -> None:
    private, public = ((key_files / name).read_bytes() for name in (MERCHANT_KEY, PLATFORM_PUBLIC))
    for half in (
        settings("https://a.example", private, alipays_certificate),
        settings("https://a.example", private, alipays_certificate, app_cert_sn="a"),
        settings("https://a.example", private, alipays_certificate, root_cert_sn="a"),
        settings("https://a.example", private, public, app_cert_sn="a", root_cert_sn="b"),
    ):
        with pytest.raises(Misconfigured, match="certificate"):
            await Alipay(half, wall_ms).query(NUMBER)


async def test_given_a_bad_key_when_first_called_then_it_is_a_matter_of_settings(key_files: Path) -> None:
    public = (key_files / PLATFORM_PUBLIC).read_bytes()
    for key in (b"", b"%%%", b"-----BEGIN NOTHING-----", public):
        with pytest.raises(Misconfigured, match="private key"):
            await Alipay(settings("https://a.example", key, public), wall_ms).query(NUMBER)


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": "http://openapi.alipay.com/gateway.do"},
        {"gateway": "https://openapi.alipay.com/gateway.do?charset=utf-8"},
        {"gateway": ""},
        {"app_id": ""},
        {"notify_url": "http://pay.example.com"},
    ],
)
def test_given_settings_that_cannot_work_when_made_then_they_are_refused(change: dict[str, str]) -> None:
    made = {"gateway": "https://openapi.alipay.com/gateway.do", "app_id": "2021", "notify_url": ""} | change
    with pytest.raises(Misconfigured):
        Alipay(AlipaySettings(private_key_pem=b"", public_key_pem=b"", **made), wall_ms)


def test_secrets_are_not_in_the_settings_text() -> None:
    assert "SECRET" not in repr(settings("https://a.example", b"SECRET", b"SECRET"))


def test_importing_the_driver_loads_neither_httpx_nor_cryptography() -> None:
    code = "import sys, drivers.payments.alipay;sys.exit(any(n in sys.modules for n in ('httpx', 'cryptography')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def beijing_seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(f"{text}+08:00").timestamp()
