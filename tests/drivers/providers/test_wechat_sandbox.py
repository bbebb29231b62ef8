"""Our WeChat Pay client against the sandbox over real HTTP: the life of an order, and every fault."""

from __future__ import annotations

import asyncio
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from drivers.payments.base import OutcomeUnknown, QueryStatus, Refused, Unverified
from drivers.payments.signatures import load_private_key, sign, wechat_request_message
from drivers.payments.wechat import WeChatPay
from drivers.sandbox.remote import ControlFailed

NUMBER = "DEMO0126112100001019F3C01AB"


async def test_given_an_order_when_the_customer_pays_then_the_verified_query_says_so(world: Any, wechat: Any) -> None:
    assert (await wechat.query(NUMBER)).status is QueryStatus.NOT_FOUND
    code = await wechat.create(wechat.serialise(world.intent()))
    assert code.startswith("weixin://wxpay/bizpayurl?pr=")
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID
    payment = await asyncio.to_thread(world.control.pay, code, amount_fen=299900)
    answer = await wechat.query(NUMBER)
    assert (answer.status, answer.verified) == (QueryStatus.PAID, True)
    assert (answer.total_fen, answer.payer_total_fen, answer.currency) == (299900, 299900, "CNY")
    assert (answer.merchant, answer.app) == (wechat.merchant, wechat.app)
    assert answer.provider_number == payment.provider_number
    assert abs(answer.paid_at_ms - world.now_ms()) < 5_000
    assert wechat.last_date_offset_ms is not None


async def test_given_identical_bytes_when_created_again_then_one_order_has_a_fresh_code_and_the_old_one_is_dead(
    world: Any, wechat: Any
) -> None:
    body = wechat.serialise(world.intent())
    old, new = await wechat.create(body), await wechat.create(body)
    assert old != new
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, old)
    assert caught.value.reason == "CODE_DEAD"
    await asyncio.to_thread(world.control.pay, new)
    assert world.order()["creates"] == 2
    with pytest.raises(Refused) as refused:
        await wechat.create(body)
    assert refused.value.code == "ORDER_PAID"


async def test_given_other_parameters_when_created_again_then_it_is_refused(world: Any, wechat: Any) -> None:
    await wechat.create(wechat.serialise(world.intent()))
    with pytest.raises(Refused) as refused:
        await wechat.create(wechat.serialise(world.intent(amount_fen=1)))
    assert refused.value.code == "INVALID_REQUEST"
    assert world.order()["amount_fen"] == 299900


async def test_given_an_unpaid_order_when_closed_then_it_is_closed_for_everybody(world: Any, wechat: Any) -> None:
    body = wechat.serialise(world.intent())
    code = await wechat.create(body)
    await wechat.close(NUMBER)
    assert (await wechat.query(NUMBER)).status is QueryStatus.CLOSED
    for call in (wechat.close(NUMBER), wechat.create(body)):
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.code == "ORDER_CLOSED"
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, code)
    assert caught.value.reason == "ORDER_CLOSED"


async def test_given_a_paid_order_when_closed_then_it_is_refused_and_stays_paid(world: Any, wechat: Any) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    await asyncio.to_thread(world.control.pay, code)
    with pytest.raises(Refused) as refused:
        await wechat.close(NUMBER)
    assert refused.value.code == "ORDER_PAID"
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, code)
    assert caught.value.reason == "ALREADY_PAID"


async def test_given_no_order_when_closed_then_it_is_refused(wechat: Any) -> None:
    with pytest.raises(Refused) as refused:
        await wechat.close(NUMBER)
    assert refused.value.code == "ORDER_NOT_EXIST"


async def test_given_a_closed_order_when_money_arrives_late_then_the_query_says_paid(world: Any, wechat: Any) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    with pytest.raises(ControlFailed):
        await asyncio.to_thread(world.control.pay, code, late=True)
    await wechat.close(NUMBER)
    await asyncio.to_thread(world.control.pay, code, late=True)
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID


async def test_given_a_coupon_when_paid_then_the_total_is_still_the_orders(world: Any, wechat: Any) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    await asyncio.to_thread(world.control.pay, code, coupon_fen=1000)
    answer = await wechat.query(NUMBER)
    assert (answer.total_fen, answer.payer_total_fen) == (299900, 298900)


async def test_given_another_amount_on_the_screen_when_paying_then_the_customer_does_not_pay(
    world: Any, wechat: Any
) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, code, amount_fen=299901)
    assert caught.value.reason == "AMOUNT_DIFFERS"
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, "weixin://wxpay/bizpayurl?pr=none")
    assert caught.value.reason == "CODE_UNKNOWN"
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID


async def test_given_time_passes_when_paying_then_the_code_has_expired_but_the_order_is_not_closed(
    world: Any, wechat: Any
) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    await asyncio.to_thread(world.control.advance, 180_000)
    with pytest.raises(ControlFailed) as caught:
        await asyncio.to_thread(world.control.pay, code)
    assert caught.value.reason == "CODE_EXPIRED"
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID
    await asyncio.to_thread(world.control.advance, 7 * 86_400_000)
    assert (await wechat.query(NUMBER)).status is QueryStatus.CLOSED


async def test_given_a_wrong_clock_when_called_then_it_is_a_signature_error_and_not_executed(world: Any) -> None:
    for drift in (-301_000, 302_000):
        channel = world.wechat(lambda drift=drift: world.now_ms() + drift)
        with pytest.raises(Refused) as refused:
            await channel.create(channel.serialise(world.intent()))
        assert refused.value.code == "SIGN_ERROR"
        assert abs(channel.last_date_offset_ms + drift) < 5_000, "the offset is known all the same"
        await channel.aclose()
    assert world.control.ledger()["orders"] == []


async def test_given_a_key_or_number_that_is_not_the_merchants_when_called_then_it_is_refused(
    world: Any, key_files: Any
) -> None:
    for change, code in (
        ({"private_key_pem": (key_files / "wechat_platform_key.pem").read_bytes()}, "SIGN_ERROR"),
        ({"serial_no": "00"}, "SIGN_ERROR"),
        ({"mchid": "1999000002"}, "SIGN_ERROR"),
        ({"appid": "wxother"}, "APPID_MCHID_NOT_MATCH"),
        ({"public_keys": {"PUB_KEY_ID_9": (key_files / "wechat_platform_public_key.pem").read_bytes()}}, "PARAM_ERROR"),
    ):
        channel = world.wechat(**change)
        with pytest.raises(Refused) as refused:
            await channel.create(channel.serialise(world.intent()))
        assert refused.value.code == code
        await channel.aclose()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body | {"notify_url": None},
        lambda body: body | {"attach": None},
        lambda body: body | {"out_trade_no": "short"},
        lambda body: body | {"amount": {"total": 0}},
        lambda body: body | {"amount": {"total": 1.5}},
        lambda body: body | {"amount": {"total": 1, "currency": "USD"}},
        lambda body: body | {"time_expire": "tomorrow"},
        lambda body: body | {"description": "长" * 128},
        lambda body: body | {"notify_url": "https://a.example/?x=1"},
    ],
)
async def test_given_a_malformed_body_when_created_then_the_sandbox_refuses_it(
    world: Any, wechat: Any, spoil: Any
) -> None:
    body = spoil(json.loads(wechat.serialise(world.intent())))
    with pytest.raises(Refused) as refused:
        await wechat.create(json.dumps(body).encode())
    assert refused.value.code == "PARAM_ERROR"


def test_given_a_replayed_request_when_it_comes_again_then_its_nonce_is_refused(world: Any) -> None:
    said = world.said.wechat
    target = f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={said.mchid}"
    stamp = str(world.now_ms() // 1000)
    key = load_private_key((world.directory / "wechat_merchant_key.pem").read_bytes())
    signature = sign(key, wechat_request_message("GET", target, stamp, "ONCE", b""))
    headers = {
        "Accept": "application/json",
        "Wechatpay-Serial": said.public_key_id,
        "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{said.mchid}",nonce_str="ONCE",signature="{signature}",'
        f'timestamp="{stamp}",serial_no="{said.serial_no}"',
    }
    answers: list[tuple[int, dict[str, str]]] = []
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(said.base_url).port)
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        answers.append((answer.status, json.loads(answer.read())))
        connection.close()
    assert [status for status, _ in answers] == [404, 401]
    assert answers[1][1]["code"] == "SIGN_ERROR"


@pytest.mark.parametrize("kind", ["timeout", "http500"])
async def test_given_a_request_that_never_arrives_when_created_then_unknown_and_nothing_exists(
    world: Any, wechat: Any, kind: str
) -> None:
    body = wechat.serialise(world.intent())
    world.control.fault("wechat", kind)
    with pytest.raises(OutcomeUnknown):
        await wechat.create(body)
    with pytest.raises(OutcomeUnknown):
        await wechat.query(NUMBER)
    world.control.heal("wechat")
    assert (await wechat.query(NUMBER)).status is QueryStatus.NOT_FOUND
    await wechat.create(body)
    assert world.order()["creates"] == 1


async def test_given_the_answer_is_lost_when_created_then_unknown_but_the_order_exists_once(
    world: Any, wechat: Any
) -> None:
    body = wechat.serialise(world.intent())
    world.control.fault("wechat", "drop_after_commit", "create")
    with pytest.raises(OutcomeUnknown):
        await wechat.create(body)
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID, "only create is hit"
    world.control.heal("wechat")
    await wechat.create(body)
    assert len(world.control.ledger()["orders"]) == 1


async def test_given_the_answer_is_lost_when_closed_then_the_query_tells(world: Any, wechat: Any) -> None:
    await wechat.create(wechat.serialise(world.intent()))
    world.control.fault("wechat", "drop_after_commit", "close")
    with pytest.raises(OutcomeUnknown):
        await wechat.close(NUMBER)
    assert (await wechat.query(NUMBER)).status is QueryStatus.CLOSED


async def test_given_bad_signatures_when_called_then_executed_but_never_believed(world: Any, wechat: Any) -> None:
    world.control.fault("wechat", "bad_signature")
    with pytest.raises(Unverified):
        await wechat.create(wechat.serialise(world.intent()))
    with pytest.raises(Unverified):
        await wechat.query(NUMBER)
    with pytest.raises(Unverified):
        await wechat.close(NUMBER)
    world.control.heal("wechat")
    assert (await wechat.query(NUMBER)).status is QueryStatus.CLOSED


async def test_given_queries_lag_when_paid_then_the_past_is_told_until_healed(world: Any, wechat: Any) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    world.control.advance(20_000)
    world.control.fault("wechat", "lag")
    await asyncio.to_thread(world.control.pay, code)
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID
    with pytest.raises(Refused):
        await wechat.close(NUMBER)
    world.control.advance(14_000)
    assert (await wechat.query(NUMBER)).status is QueryStatus.UNPAID
    world.control.advance(2_000)
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID


async def test_given_an_answer_that_never_comes_when_healed_then_unknown_and_not_executed(
    world: Any, wechat: Any
) -> None:
    world.control.fault("wechat", "never", "create", times=1)
    held = asyncio.create_task(wechat.create(wechat.serialise(world.intent())))
    while await asyncio.to_thread(lambda: world.sandbox._faults.listing()):
        await asyncio.sleep(0.01)
    assert not held.done()
    await asyncio.to_thread(world.control.heal, "wechat")
    with pytest.raises(OutcomeUnknown):
        await held
    assert (await wechat.query(NUMBER)).status is QueryStatus.NOT_FOUND


async def test_given_a_caller_that_stops_waiting_when_it_calls_again_then_the_channel_still_works(
    world: Any, wechat: Any
) -> None:
    world.control.fault("wechat", "never", "query", times=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wechat.query(NUMBER), 0.3)
    assert (await wechat.query(NUMBER)).status is QueryStatus.NOT_FOUND


async def test_given_the_network_is_down_when_called_then_unknown_while_the_phone_still_pays(
    world: Any, wechat: Any
) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    world.control.fault("network", "down")
    with pytest.raises(OutcomeUnknown):
        await wechat.query(NUMBER)
    await asyncio.to_thread(world.control.pay, code)
    with pytest.raises(OutcomeUnknown):
        await wechat.query(NUMBER)
    world.control.heal("wechat")
    with pytest.raises(OutcomeUnknown):
        await wechat.query(NUMBER)
    world.control.heal("network")
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID


async def test_given_a_restart_when_asked_then_ledger_faults_clock_and_keys_are_the_same(
    world: Any, wechat: Any
) -> None:
    code = await wechat.create(wechat.serialise(world.intent()))
    await asyncio.to_thread(world.control.pay, code)
    world.control.advance(90_000)
    world.control.fault("wechat", "http500", "close")
    before = world.control.ledger()
    world.restart()
    assert world.sandbox.announcement() == world.said
    assert world.control.ledger() == before
    assert world.control.offset_ms() == 90_000
    assert (await wechat.query(NUMBER)).status is QueryStatus.PAID
    with pytest.raises(OutcomeUnknown):
        await wechat.close(NUMBER)


def test_given_many_phones_at_once_when_they_pay_one_code_then_one_pays(world: Any) -> None:
    code = asyncio.run(create(world.wechat(), world.intent()))

    def pay(_: int) -> str:
        try:
            return world.control.pay(code).number
        except ControlFailed as refusal:
            return refusal.reason

    with ThreadPoolExecutor(16) as phones:
        outcomes = sorted(phones.map(pay, range(32)))
    assert outcomes == ["ALREADY_PAID"] * 31 + [NUMBER]


async def test_given_many_identical_creates_at_once_when_done_then_there_is_one_order(world: Any, wechat: Any) -> None:
    body = wechat.serialise(world.intent())
    codes = await asyncio.gather(*(wechat.create(body) for _ in range(20)))
    assert len(set(codes)) == 20
    assert world.order()["creates"] == 20


async def create(channel: WeChatPay, intent: Any) -> str:
    try:
        return await channel.create(channel.serialise(intent))
    finally:
        await channel.aclose()
