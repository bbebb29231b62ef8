"""What the WeChat Pay client believes, and what it does not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from drivers.payments.base import (
    Misconfigured,
    OrderIntent,
    OutcomeUnknown,
    QueryStatus,
    Refused,
    Unreachable,
    Unverified,
)
from drivers.payments.signatures import load_private_key, verify, wechat_request_message
from drivers.payments.wechat import WeChatPay, WeChatSettings
from drivers.sandbox.identity import MERCHANT_KEY, PLATFORM_PUBLIC
from drivers.sandbox.server import wall_ms

NUMBER = "DEMO0126112100001019F3C01AB"


def paid_body(**changes: Any) -> bytes:
    body = {
        "appid": "wxdec0de0000000001",
        "mchid": "1999000001",
        "out_trade_no": NUMBER,
        "transaction_id": "4200001",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-21T10:34:56+08:00",
        "amount": {"total": 100, "payer_total": 90, "currency": "CNY"},
    } | changes
    return json.dumps(body).encode()


async def test_given_a_good_answer_when_queried_then_every_fact_is_there(scripted: Any, scripted_wechat: Any) -> None:
    body = paid_body()
    scripted.answers = [(200, scripted.signed(body), body)]
    answer = await scripted_wechat.query(NUMBER)
    assert answer.status is QueryStatus.PAID
    assert (answer.number, answer.total_fen, answer.payer_total_fen, answer.currency) == (NUMBER, 100, 90, "CNY")
    assert (answer.merchant, answer.app) == (scripted_wechat.merchant, scripted_wechat.app)
    assert (answer.provider_number, answer.paid_at_ms) == ("4200001", 1_795_228_496_000)
    assert answer.verified
    assert answer.raw == body
    assert abs(scripted_wechat.last_date_offset_ms) < 5_000


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("NOTPAY", QueryStatus.UNPAID),
        ("REFUND", QueryStatus.PAID_REFUNDED),
        ("CLOSED", QueryStatus.CLOSED),
        ("USERPAYING", QueryStatus.PENDING),
        ("SOMETHING_NEW", QueryStatus.PENDING),
        (None, QueryStatus.PENDING),
    ],
)
async def test_given_a_trade_state_when_queried_then_only_known_final_ones_are_final(
    scripted: Any, scripted_wechat: Any, state: str | None, status: QueryStatus
) -> None:
    body = paid_body(trade_state=state)
    scripted.answers = [(200, scripted.signed(body), body)]
    assert (await scripted_wechat.query(NUMBER)).status is status


@pytest.mark.parametrize("total", ["100", 100.0, True, None, [100]])
async def test_given_an_amount_that_is_no_whole_number_when_queried_then_it_matches_nothing(
    scripted: Any, scripted_wechat: Any, total: object
) -> None:
    body = paid_body(amount={"total": total, "currency": "CNY"})
    scripted.answers = [(200, scripted.signed(body), body)]
    assert (await scripted_wechat.query(NUMBER)).total_fen is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s, b: {},
        lambda s, b: s.signed(b + b" "),
        lambda s, b: s.signed(b, at_ms=wall_ms() - 301_000),
        lambda s, b: s.signed(b, at_ms=wall_ms() + 302_000),
        lambda s, b: s.signed(b, serial="PUB_KEY_ID_2"),
        lambda s, b: s.signed(b) | {"Wechatpay-Timestamp": "soon"},
        lambda s, b: s.signed(b) | {"Wechatpay-Signature": "%%%"},
        lambda s, b: s.signed(b) | {"Wechatpay-Nonce": "other"},
    ],
    ids=["unsigned", "tampered", "stale", "future", "unknown key", "odd time", "no base64", "other nonce"],
)
async def test_given_an_answer_that_is_not_verified_when_queried_then_nothing_is_learnt(
    scripted: Any, scripted_wechat: Any, spoil: Any
) -> None:
    body = paid_body()
    scripted.answers = [(200, spoil(scripted, body), body)]
    with pytest.raises(Unverified):
        await scripted_wechat.query(NUMBER)


async def test_given_the_same_answer_twice_when_queried_then_the_replay_is_refused(
    scripted: Any, scripted_wechat: Any
) -> None:
    body = paid_body()
    answer = (200, scripted.signed(body), body)
    scripted.answers = [answer, answer]
    await scripted_wechat.query(NUMBER)
    with pytest.raises(Unverified, match="seen before"):
        await scripted_wechat.query(NUMBER)


async def test_given_a_signed_answer_about_another_order_when_queried_then_it_is_refused(
    scripted: Any, scripted_wechat: Any
) -> None:
    body = paid_body(out_trade_no="DEMO0126112100002019F3C01AB")
    scripted.answers = [(200, scripted.signed(body), body)]
    with pytest.raises(Unverified, match="another order"):
        await scripted_wechat.query(NUMBER)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, b'{"code":"USER_PAYING","message":"x"}'),
        (302, b""),
        (404, b"<html>nginx</html>"),
        (400, b'{"code":"A_NEW_CODE","message":"x"}'),
        (429, b'{"code":"FREQUENCY_LIMITED","message":"x"}'),
        (429, b'{"code":"RULE_LIMIT","message":"x"}'),
        (500, b'{"code":"SYSTEM_ERROR","message":"x"}'),
        (500, b'{"code":"ORDER_PAID","message":"x"}'),
        (502, b"<html><h1>502 Bad Gateway</h1></html>"),
    ],
)
async def test_given_an_answer_that_proves_nothing_when_closing_then_the_outcome_is_unknown(
    scripted: Any, scripted_wechat: Any, status: int, body: bytes
) -> None:
    scripted.answers = [(status, scripted.signed(body), body)]
    with pytest.raises(OutcomeUnknown):
        await scripted_wechat.close(NUMBER)


async def test_given_truncated_json_under_a_good_signature_when_queried_then_the_outcome_is_unknown(
    scripted: Any, scripted_wechat: Any
) -> None:
    body = paid_body()[:40]
    scripted.answers = [(200, scripted.signed(body), body)]
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await scripted_wechat.query(NUMBER)


async def test_given_an_answer_cut_off_or_none_or_too_large_when_queried_then_the_outcome_is_unknown(
    scripted: Any, scripted_wechat: Any
) -> None:
    body = paid_body()
    scripted.answers = [
        (200, scripted.signed(body) | {"Content-Length": str(len(body) + 9)}, body),
        None,
        (200, {}, b" " * (2 << 20)),
    ]
    for _ in range(3):
        with pytest.raises(OutcomeUnknown) as caught:
            await scripted_wechat.query(NUMBER)
        assert not isinstance(caught.value, Unreachable | Unverified)
    assert len(scripted.asked) == 3, "nothing is retried behind the caller's back"


async def test_given_nobody_listening_when_called_then_nothing_was_sent(key_files: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    keys = [(key_files / name).read_bytes() for name in (MERCHANT_KEY, PLATFORM_PUBLIC)]
    channel = WeChatPay(settings(f"http://127.0.0.1:{port}", *keys), wall_ms)
    with pytest.raises(Unreachable):
        await channel.create(b"{}")
    await channel.aclose()


@pytest.mark.parametrize(
    ("status", "sent", "code"),
    [
        (400, "ORDERPAID", "ORDER_PAID"),
        (400, "ORDER_CLOSED", "ORDER_CLOSED"),
        (401, "SIGN_ERROR", "SIGN_ERROR"),
        (403, "OUT_TRADE_NO_USED", "OUT_TRADE_NO_USED"),
        (404, "ORDERNOTEXIST", "ORDER_NOT_EXIST"),
    ],
)
async def test_given_an_error_that_means_not_executed_when_closing_then_it_is_refused_in_the_present_spelling(
    scripted: Any, scripted_wechat: Any, status: int, sent: str, code: str
) -> None:
    scripted.answers = [(status, {}, json.dumps({"code": sent, "message": "行\x1b[31m\n" * 99}).encode())]
    with pytest.raises(Refused) as caught:
        await scripted_wechat.close(NUMBER)
    assert caught.value.code == code
    assert len(caught.value.message) <= 120
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"])
async def test_given_no_such_order_when_queried_then_it_is_not_found_and_not_verified(
    scripted: Any, scripted_wechat: Any, code: str
) -> None:
    scripted.answers = [(404, {}, json.dumps({"code": code, "message": "订单不存在"}).encode())]
    answer = await scripted_wechat.query(NUMBER)
    assert (answer.status, answer.verified) == (QueryStatus.NOT_FOUND, False)


async def test_given_a_204_when_closing_then_its_empty_body_is_verified_too(
    scripted: Any, scripted_wechat: Any
) -> None:
    scripted.answers = [(204, scripted.signed(b""), b""), (204, scripted.signed(b"x", nonce="2"), b"")]
    await scripted_wechat.close(NUMBER)
    with pytest.raises(Unverified):
        await scripted_wechat.close(NUMBER)


async def test_given_stored_bytes_when_created_twice_then_they_are_sent_as_they_are_and_each_try_is_signed_anew(
    scripted: Any, scripted_wechat: Any, key_files: Any
) -> None:
    answer = b'{"code_url":"weixin://wxpay/bizpayurl?pr=abc"}'
    scripted.answers = [(200, scripted.signed(answer, nonce=str(at)), answer) for at in range(2)]
    body = scripted_wechat.serialise(OrderIntent(NUMBER, 1, '车 {"}/\\😀', wall_ms() + 60_000))
    assert [await scripted_wechat.create(body) for _ in range(2)] == ["weixin://wxpay/bizpayurl?pr=abc"] * 2
    key = load_private_key((key_files / MERCHANT_KEY).read_bytes()).public_key()
    nonces: set[str] = set()
    for method, target, headers, sent in scripted.asked:
        assert sent == body
        assert headers["wechatpay-serial"] == "PUB_KEY_ID_1"
        scheme, _, rest = headers["authorization"].partition(" ")
        fields = dict(part.split("=", 1) for part in rest.split(","))
        fields = {name: value.strip('"') for name, value in fields.items()}
        nonces.add(fields["nonce_str"])
        assert scheme == "WECHATPAY2-SHA256-RSA2048"
        message = wechat_request_message(method, target, fields["timestamp"], fields["nonce_str"], sent)
        assert verify(key, message, fields["signature"])
    assert len(nonces) == 2


@pytest.mark.parametrize("code", ["", "two words", "二维码", "x" * 513, 7, None])
async def test_given_a_code_that_cannot_be_shown_when_created_then_the_outcome_is_unknown(
    scripted: Any, scripted_wechat: Any, code: object
) -> None:
    body = json.dumps({"code_url": code}).encode()
    scripted.answers = [(200, scripted.signed(body), body)]
    with pytest.raises(OutcomeUnknown):
        await scripted_wechat.create(b"{}")


def settings(base_url: str, key: bytes = b"", public: bytes = b"") -> WeChatSettings:
    return WeChatSettings(base_url, "1", "wx1", "S1", key, {"P": public}, "SECRETV3KEY", "https://a.example/n")


def test_given_an_intent_when_serialised_then_time_is_beijings_and_there_are_no_nulls(key_files: Any) -> None:
    channel = WeChatPay(settings("https://api.mch.weixin.qq.com"), wall_ms)
    body = json.loads(channel.serialise(OrderIntent(NUMBER, 299900, "长" * 200, 1_795_228_496_789)))
    assert body["time_expire"] == "2026-11-21T10:34:56+08:00"
    assert body["amount"] == {"total": 299900, "currency": "CNY"}
    assert len(body["description"].encode()) <= 127
    assert None not in body.values()


@pytest.mark.parametrize(
    "intent",
    [
        OrderIntent("lower0", 1, "x", 0),
        OrderIntent("A" * 33, 1, "x", 0),
        OrderIntent(NUMBER, 0, "x", 0),
        OrderIntent(NUMBER, 1, "\x00\n", 0),
    ],
)
def test_given_an_impossible_intent_when_serialised_then_it_is_refused(intent: OrderIntent) -> None:
    with pytest.raises(ValueError):
        WeChatPay(settings("https://api.mch.weixin.qq.com"), wall_ms).serialise(intent)


@pytest.mark.parametrize(
    "url", ["http://api.mch.weixin.qq.com", "http://127.0.0.1.evil.example", "ftp://x", "https://u:p@host", ""]
)
def test_given_an_address_in_the_clear_when_configured_then_it_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        WeChatPay(settings(url), wall_ms)


async def test_given_a_bad_key_file_when_first_called_then_it_is_a_matter_of_settings() -> None:
    with pytest.raises(Misconfigured, match="private key"):
        await WeChatPay(settings("https://api.mch.weixin.qq.com"), wall_ms).query(NUMBER)


def test_secrets_are_not_in_the_settings_text() -> None:
    assert "SECRETV3KEY" not in repr(settings("https://a.example"))


def test_importing_the_drivers_loads_neither_httpx_nor_cryptography() -> None:
    code = (
        "import sys, drivers.payments.wechat, drivers.payments.registry, drivers.invoices.nuonuo,"
        " drivers.invoices.registry, drivers.sandbox.remote;"
        "sys.exit(any(name in sys.modules for name in ('httpx', 'cryptography', 'segno')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
