"""Refunds and the service provider's interface of WeChat Pay: what is sent, what is believed, what the sandbox says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.payments.base import (
    Capability,
    Misconfigured,
    OrderIntent,
    OutcomeUnknown,
    QueryStatus,
    RefundIntent,
    RefundStatus,
    Refused,
    Unverified,
)
from drivers.payments.wechat import WeChatPay, WeChatSettings
from drivers.sandbox.identity import MERCHANT_KEY, PLATFORM_PUBLIC
from drivers.sandbox.server import wall_ms

NUMBER = "DEMO0126112100001019F3C01AB"
REFUND = NUMBER + "R01"
SP, SP_APP, SUB = "1999000001", "wxdec0de0000000001", "1999000002"


def intent(amount_fen: int = 50, total_fen: int = 100, number: str = REFUND) -> RefundIntent:
    return RefundIntent(NUMBER, number, amount_fen, total_fen, "退货")


def refund_body(**changes: Any) -> bytes:
    said = {
        "refund_id": "50300099990001",
        "out_refund_no": REFUND,
        "out_trade_no": NUMBER,
        "status": "SUCCESS",
        "success_time": "2026-11-21T10:34:56+08:00",
        "amount": {"total": 100, "refund": 50, "payer_refund": 40, "currency": "CNY"},
    } | changes
    return json.dumps(said).encode()


@pytest.fixture
async def partner(scripted: Any, key_files: Path) -> AsyncIterator[WeChatPay]:
    """Our client as one of a service provider's merchants."""
    channel = WeChatPay(
        WeChatSettings(
            scripted.url,
            SP,
            SP_APP,
            "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            (key_files / MERCHANT_KEY).read_bytes(),
            {"PUB_KEY_ID_1": (key_files / PLATFORM_PUBLIC).read_bytes()},
            "k" * 32,
            "https://pay.example.com/notify",
            sub_mchid=SUB,
        ),
        wall_ms,
    )
    yield channel
    await channel.aclose()


# ---------------------------------------------------------------- refunds, by answers made here


async def test_given_stored_bytes_when_refunded_twice_then_they_are_sent_as_they_are(
    scripted: Any, scripted_wechat: Any
) -> None:
    body = scripted_wechat.serialise_refund(intent())
    assert json.loads(body) == {
        "out_trade_no": NUMBER,
        "out_refund_no": REFUND,
        "reason": "退货",
        "amount": {"refund": 50, "total": 100, "currency": "CNY"},
    }
    for at, status in enumerate(("PROCESSING", "SUCCESS")):
        answer = refund_body(status=status)
        scripted.answers = [(200, scripted.signed(answer, nonce=str(at)), answer)]
        assert (await scripted_wechat.refund(body)).status is RefundStatus[("PROCESSING", "DONE")[at]]
    assert [(method, target, sent) for method, target, _, sent in scripted.asked] == [
        ("POST", "/v3/refund/domestic/refunds", body)
    ] * 2
    assert Capability.REFUND in scripted_wechat.capabilities
    assert Capability.CANCEL not in scripted_wechat.capabilities


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("SUCCESS", RefundStatus.DONE),
        ("PROCESSING", RefundStatus.PROCESSING),
        ("ABNORMAL", RefundStatus.ABNORMAL),
        ("CLOSED", RefundStatus.CLOSED),
        ("SOMETHING_NEW", RefundStatus.PROCESSING),
        (None, RefundStatus.PROCESSING),
    ],
)
async def test_given_a_refunds_status_when_queried_then_only_known_final_ones_are_final(
    scripted: Any, scripted_wechat: Any, said: str | None, status: RefundStatus
) -> None:
    body = refund_body(status=said)
    scripted.answers = [(200, scripted.signed(body), body)]
    answer = await scripted_wechat.query_refund(NUMBER, REFUND)
    assert (answer.status, answer.order_number, answer.refund_number) == (status, NUMBER, REFUND)
    assert (answer.amount_fen, answer.provider_number, answer.done_at_ms) == (50, "50300099990001", 1_795_228_496_000)
    assert (answer.verified, answer.raw) == (True, body)
    assert scripted.asked[0][:2] == ("GET", f"/v3/refund/domestic/refunds/{REFUND}")


@pytest.mark.parametrize("changes", [{"out_refund_no": NUMBER + "R02"}, {"out_trade_no": "OTHER1"}])
async def test_given_a_signed_answer_about_another_refund_when_called_then_it_is_not_believed(
    scripted: Any, scripted_wechat: Any, changes: dict[str, str]
) -> None:
    body = refund_body(**changes)
    for at, call in enumerate(
        (
            lambda: scripted_wechat.query_refund(NUMBER, REFUND),
            lambda: scripted_wechat.refund(scripted_wechat.serialise_refund(intent())),
        )
    ):
        scripted.answers = [(200, scripted.signed(body, nonce=str(at)), body)]
        with pytest.raises(Unverified, match="another refund"):
            await call()


async def test_given_no_such_refund_when_queried_then_it_is_not_found_and_not_verified(
    scripted: Any, scripted_wechat: Any
) -> None:
    scripted.answers = [(404, {}, json.dumps({"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"}).encode())]
    answer = await scripted_wechat.query_refund(NUMBER, REFUND)
    assert (answer.status, answer.verified) == (RefundStatus.NOT_FOUND, False)


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        (403, "NOT_ENOUGH", "NOT_ENOUGH"),
        (403, "NOTENOUGH", "NOT_ENOUGH"),
        (403, "USER_ACCOUNT_ABNORMAL", "USER_ACCOUNT_ABNORMAL"),
        (400, "INVALID_REQUEST", "INVALID_REQUEST"),
        (404, "RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXISTS"),
        (202, "NOT_ENOUGH", None),
        (429, "FREQUENCY_LIMITED", None),
        (500, "SYSTEM_ERROR", None),
        (403, "SOMETHING_NEW", None),
    ],
)
async def test_given_an_error_when_refunded_then_it_is_refused_only_where_nothing_was_done(
    scripted: Any, scripted_wechat: Any, status: int, code: str, refused: str | None
) -> None:
    scripted.answers = [(status, {}, json.dumps({"code": code, "message": "余额不足"}).encode())]
    with pytest.raises(Refused if refused else OutcomeUnknown) as caught:
        await scripted_wechat.refund(scripted_wechat.serialise_refund(intent()))
    if refused:
        assert caught.value.code == refused  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [202, 204])
async def test_given_a_signed_answer_that_is_no_200_when_refunded_or_created_then_it_is_no_success(
    scripted: Any, scripted_wechat: Any, status: int
) -> None:
    order = scripted_wechat.serialise(OrderIntent(NUMBER, 1, "x", wall_ms()))
    for at, (call, body) in enumerate(
        (
            (scripted_wechat.refund, scripted_wechat.serialise_refund(intent())),
            (scripted_wechat.create, order),
        )
    ):
        answer = b"" if status == 204 else refund_body(code_url="weixin://x")
        scripted.answers = [(status, scripted.signed(answer, nonce=str(at)), answer)]
        with pytest.raises(OutcomeUnknown):
            await call(body)


@pytest.mark.parametrize(
    "impossible",
    [
        intent(0),
        intent(101),
        intent(number="short"),
        RefundIntent("short", REFUND, 1, 1, "x"),
        RefundIntent(NUMBER, REFUND, 1, 1, "\n"),
    ],
)
def test_given_an_impossible_refund_when_serialised_then_it_is_refused(
    scripted_wechat: Any, impossible: RefundIntent
) -> None:
    with pytest.raises(ValueError):
        scripted_wechat.serialise_refund(impossible)


def test_given_a_long_reason_when_serialised_then_it_is_cut_to_what_the_payer_can_read(scripted_wechat: Any) -> None:
    body = json.loads(scripted_wechat.serialise_refund(RefundIntent(NUMBER, REFUND, 1, 1, "长" * 100)))
    assert body["reason"] == "长" * 26


# ---------------------------------------------------------------- a service provider's merchant


def partner_answer(**changes: Any) -> bytes:
    said = {
        "sp_appid": SP_APP,
        "sp_mchid": SP,
        "sub_mchid": SUB,
        "out_trade_no": NUMBER,
        "transaction_id": "4200001",
        "trade_state": "SUCCESS",
        "amount": {"total": 100, "currency": "CNY"},
    } | changes
    return json.dumps(said).encode()


async def test_given_a_sub_merchant_when_called_then_every_call_names_both_and_is_signed_by_the_provider(
    scripted: Any, partner: WeChatPay
) -> None:
    body = partner.serialise(OrderIntent(NUMBER, 100, "车", wall_ms()))
    sent = json.loads(body)
    assert (sent["sp_appid"], sent["sp_mchid"], sent["sub_mchid"]) == (SP_APP, SP, SUB)
    assert not {"appid", "mchid", "sub_appid"} & set(sent)
    code, paid, refund = b'{"code_url":"weixin://x"}', partner_answer(), refund_body()
    scripted.answers = [
        (200, scripted.signed(code, nonce="1"), code),
        (200, scripted.signed(paid, nonce="2"), paid),
        (204, scripted.signed(b"", nonce="3"), b""),
        (200, scripted.signed(refund, nonce="4"), refund),
        (200, scripted.signed(refund, nonce="5"), refund),
    ]
    await partner.create(body)
    answer = await partner.query(NUMBER)
    await partner.close(NUMBER)
    await partner.refund(partner.serialise_refund(intent()))
    await partner.query_refund(NUMBER, REFUND)
    assert (answer.status, answer.merchant, answer.app) == (QueryStatus.PAID, SUB, SP_APP)
    assert (partner.merchant, partner.app) == (SUB, SP_APP)
    orders = "/v3/pay/partner/transactions"
    assert [(method, target) for method, target, _, _ in scripted.asked] == [
        ("POST", f"{orders}/native"),
        ("GET", f"{orders}/out-trade-no/{NUMBER}?sp_mchid={SP}&sub_mchid={SUB}"),
        ("POST", f"{orders}/out-trade-no/{NUMBER}/close"),
        ("POST", "/v3/refund/domestic/refunds"),
        ("GET", f"/v3/refund/domestic/refunds/{REFUND}?sub_mchid={SUB}"),
    ]
    assert json.loads(scripted.asked[2][3]) == {"sp_mchid": SP, "sub_mchid": SUB}
    assert json.loads(scripted.asked[3][3])["sub_mchid"] == SUB
    assert all(f'mchid="{SP}"' in headers["authorization"] for _, _, headers, _ in scripted.asked)


@pytest.mark.parametrize("changes", [{"sp_mchid": "1999000009"}, {"sp_mchid": None}, {"mchid": SP, "sp_mchid": ""}])
async def test_given_a_signed_answer_of_another_provider_when_queried_then_it_is_not_believed(
    scripted: Any, partner: WeChatPay, changes: dict[str, Any]
) -> None:
    body = partner_answer(**changes)
    scripted.answers = [(200, scripted.signed(body), body)]
    with pytest.raises(Unverified, match="another service provider"):
        await partner.query(NUMBER)


async def test_given_another_sub_merchants_order_when_queried_then_the_answer_says_whose_it_is(
    scripted: Any, partner: WeChatPay
) -> None:
    body = partner_answer(sub_mchid="1999000003")
    scripted.answers = [(200, scripted.signed(body), body)]
    answer = await partner.query(NUMBER)
    assert answer.merchant == "1999000003" != partner.merchant


async def test_given_the_sub_merchants_own_application_when_called_then_it_is_sent_and_demanded(
    scripted: Any, partner: WeChatPay
) -> None:
    import dataclasses

    own = WeChatPay(dataclasses.replace(partner._settings, sub_appid="wxown"), wall_ms)
    assert json.loads(own.serialise(OrderIntent(NUMBER, 1, "x", 0)))["sub_appid"] == "wxown"
    bodies = [partner_answer(sub_appid="wxown"), partner_answer(sub_appid="wxother")]
    scripted.answers = [(200, scripted.signed(body, nonce=str(at)), body) for at, body in enumerate(bodies)]
    assert (await own.query(NUMBER)).status is QueryStatus.PAID
    with pytest.raises(Unverified, match="another application"):
        await own.query(NUMBER)
    await own.aclose()
    with pytest.raises(Misconfigured, match="sub-merchant"):
        WeChatPay(dataclasses.replace(partner._settings, sub_mchid="", sub_appid="wxown"), wall_ms)


# ---------------------------------------------------------------- against the sandbox


@pytest.fixture(params=["direct", "partner"])
async def merchant(request: pytest.FixtureRequest, world: Any) -> AsyncIterator[WeChatPay]:
    channel = world.wechat(**({"sub_mchid": world.said.wechat.sub_mchid} if request.param == "partner" else {}))
    yield channel
    await channel.aclose()


async def paid_order(world: Any, channel: WeChatPay) -> None:
    code = await channel.create(channel.serialise(world.intent(amount_fen=100)))
    await asyncio.to_thread(world.control.pay, code, coupon_fen=10)


def refunds_of(world: Any) -> list[dict[str, Any]]:
    return world.control.ledger()["refunds"]


async def test_given_either_interface_when_an_order_lives_then_every_answer_is_ours(world: Any, merchant: Any) -> None:
    await paid_order(world, merchant)
    answer = await merchant.query(NUMBER)
    assert (answer.status, answer.total_fen, answer.payer_total_fen) == (QueryStatus.PAID, 100, 90)
    assert (answer.merchant, answer.app) == (merchant.merchant, merchant.app)
    with pytest.raises(Refused) as caught:
        await merchant.close(NUMBER)
    assert caught.value.code == "ORDER_PAID"


async def test_given_a_paid_order_when_refunded_in_parts_then_each_is_done_once_and_too_much_is_refused(
    world: Any, merchant: Any
) -> None:
    await paid_order(world, merchant)
    assert (await merchant.query_refund(NUMBER, REFUND)).status is RefundStatus.NOT_FOUND
    body = merchant.serialise_refund(intent())
    assert (await merchant.refund(body)).status is RefundStatus.PROCESSING
    assert (await merchant.refund(body)).status is RefundStatus.PROCESSING
    await asyncio.to_thread(world.control.advance, 5_000)
    done = await merchant.query_refund(NUMBER, REFUND)
    assert (done.status, done.amount_fen) == (RefundStatus.DONE, 50), "the order's part, not the payer's after coupons"
    assert done.done_at_ms is not None
    assert (await merchant.query(NUMBER)).status is QueryStatus.PAID_REFUNDED
    with pytest.raises(Refused):
        await merchant.refund(merchant.serialise_refund(intent(51, number=NUMBER + "R02")))
    await merchant.refund(merchant.serialise_refund(intent(50, number=NUMBER + "R02")))
    assert [refund["amount_fen"] for refund in refunds_of(world)] == [50, 50]


async def test_given_a_refund_whose_answer_is_lost_when_sent_again_then_there_is_one_refund(
    world: Any, merchant: Any
) -> None:
    await paid_order(world, merchant)
    body = merchant.serialise_refund(intent(100))
    world.control.fault("wechat", "drop_after_commit", "refund")
    with pytest.raises(OutcomeUnknown):
        await merchant.refund(body)
    world.control.heal("wechat")
    assert (await merchant.query_refund(NUMBER, REFUND)).status is RefundStatus.PROCESSING
    await merchant.refund(body)
    assert len(refunds_of(world)) == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("processing", RefundStatus.PROCESSING), ("abnormal", RefundStatus.ABNORMAL)]
)
async def test_given_a_refund_that_does_not_come_through_when_queried_then_it_is_told(
    world: Any, merchant: Any, fault: str, status: RefundStatus
) -> None:
    await paid_order(world, merchant)
    await merchant.refund(merchant.serialise_refund(intent()))
    await asyncio.to_thread(world.control.advance, 86_400_000)
    world.control.fault("wechat", fault)
    assert (await merchant.query_refund(NUMBER, REFUND)).status is status


async def test_given_an_empty_balance_when_refunded_then_the_same_bytes_work_later(world: Any, merchant: Any) -> None:
    await paid_order(world, merchant)
    body = merchant.serialise_refund(intent())
    world.control.fault("wechat", "not_enough")
    with pytest.raises(Refused) as caught:
        await merchant.refund(body)
    assert caught.value.code == "NOT_ENOUGH"
    assert (await merchant.query_refund(NUMBER, REFUND)).status is RefundStatus.NOT_FOUND
    world.control.heal("wechat")
    assert (await merchant.refund(body)).status is RefundStatus.PROCESSING
