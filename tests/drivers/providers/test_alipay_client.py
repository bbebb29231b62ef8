"""Our Alipay client against the sandbox over real HTTP: the life of a trade, and every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.payments.alipay import Alipay
from drivers.payments.base import (
    CancelOutcome,
    OutcomeUnknown,
    QueryStatus,
    RefundIntent,
    RefundStatus,
    Refused,
    Unreachable,
    Unverified,
)
from drivers.sandbox.remote import ControlFailed

NUMBER = "DEMO0126112100001019F3C01AB"
REFUND = NUMBER + "R01"


@pytest.fixture
async def alipay(world: Any) -> AsyncIterator[Alipay]:
    channel = world.alipay()
    yield channel
    await channel.aclose()


async def shown(world: Any, alipay: Alipay) -> str:
    """A code on the screen."""
    return await alipay.create(alipay.serialise(world.intent()))


async def pay(world: Any, code: str, **how: Any) -> Any:
    return await asyncio.to_thread(lambda: world.control.pay(code, **how))


async def advance(world: Any, ms: int) -> None:
    await asyncio.to_thread(world.control.advance, ms)


def refund_of(alipay: Alipay, amount_fen: int = 299900, number: str = REFUND) -> bytes:
    return alipay.serialise_refund(RefundIntent(NUMBER, number, amount_fen, 299900, "退货 {测试}"))


# ---------------------------------------------------------------- the life of a trade


async def test_given_a_code_nobody_scans_when_queried_then_it_waits_until_the_customer_pays(
    world: Any, alipay: Alipay
) -> None:
    code = await shown(world, alipay)
    assert code.startswith("https://qr.alipay.com/")
    for _ in range(10):
        answer = await alipay.query(NUMBER)
        assert (answer.status, answer.verified) == (QueryStatus.NOT_FOUND, True)
        await advance(world, 10_000)
    payment = await pay(world, code, amount_fen=299900)
    answer = await alipay.query(NUMBER)
    assert (answer.status, answer.verified, answer.number) == (QueryStatus.PAID, True, NUMBER)
    assert (answer.total_fen, answer.payer_total_fen) == (299900, 299900)
    assert answer.provider_number == payment.provider_number
    assert answer.paid_at_ms is not None
    assert abs(answer.paid_at_ms - world.now_ms()) < 5_000
    assert alipay.last_date_offset_ms is not None
    assert world.order()["description"] == "电动自行车 {测试} \\", "what Alipay does not want in a subject is left out"


async def test_given_identical_bytes_when_created_again_then_there_is_one_trade(world: Any, alipay: Alipay) -> None:
    body = alipay.serialise(world.intent())
    codes = {await alipay.create(body) for _ in range(3)}
    await pay(world, codes.pop())
    assert len(world.control.ledger()["orders"]) == 1
    with pytest.raises(Refused) as caught:
        await alipay.create(body)
    assert caught.value.code == "ORDER_PAID"


async def test_given_other_parameters_when_created_again_then_it_is_refused(world: Any, alipay: Alipay) -> None:
    await shown(world, alipay)
    with pytest.raises(Refused) as caught:
        await alipay.create(alipay.serialise(world.intent(amount_fen=1)))
    assert caught.value.code == "ACQ.CONTEXT_INCONSISTENT"


async def test_given_a_coupon_when_paid_then_the_total_is_still_the_orders(world: Any, alipay: Alipay) -> None:
    await pay(world, await shown(world, alipay), coupon_fen=1000)
    answer = await alipay.query(NUMBER)
    assert (answer.total_fen, answer.payer_total_fen) == (299900, 298900)


async def test_given_the_time_to_pay_is_over_when_paying_then_neither_the_code_nor_the_trade_can_be_paid(
    world: Any, alipay: Alipay
) -> None:
    code = await shown(world, alipay)
    await asyncio.to_thread(world.control.scan, code)
    assert (await alipay.query(NUMBER)).status is QueryStatus.UNPAID
    await advance(world, 180_000)
    with pytest.raises(ControlFailed):
        await pay(world, code)
    assert (await alipay.query(NUMBER)).status is QueryStatus.CLOSED


async def test_given_a_scanned_trade_when_closed_then_a_verified_query_says_so(world: Any, alipay: Alipay) -> None:
    code = await shown(world, alipay)
    with pytest.raises(Refused) as caught:
        await alipay.close(NUMBER)
    assert caught.value.code == "ORDER_NOT_EXIST", "nobody has scanned it"
    await asyncio.to_thread(world.control.scan, code)
    await alipay.close(NUMBER)
    answer = await alipay.query(NUMBER)
    assert (answer.status, answer.verified) == (QueryStatus.CLOSED, True)


async def test_given_a_paid_trade_when_closed_then_it_is_refused_and_stays_paid(world: Any, alipay: Alipay) -> None:
    await pay(world, await shown(world, alipay))
    with pytest.raises(Refused):
        await alipay.close(NUMBER)
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


async def test_given_a_code_nobody_scanned_when_called_off_then_it_is_dead_and_no_trade_is_there(
    world: Any, alipay: Alipay
) -> None:
    code = await shown(world, alipay)
    assert await alipay.cancel(NUMBER) is CancelOutcome.CLOSED
    answer = await alipay.query(NUMBER)
    assert (answer.status, answer.verified) == (QueryStatus.NOT_FOUND, True)
    with pytest.raises(ControlFailed):
        await pay(world, code)


async def test_given_a_code_called_off_when_the_money_comes_all_the_same_then_the_query_says_paid(
    world: Any, alipay: Alipay
) -> None:
    code = await shown(world, alipay)
    await alipay.cancel(NUMBER)
    await pay(world, code, late=True)
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


async def test_given_a_paid_trade_when_called_off_then_the_money_is_back_and_the_query_does_not_say_unpaid(
    world: Any, alipay: Alipay
) -> None:
    await pay(world, await shown(world, alipay))
    assert await alipay.cancel(NUMBER) is CancelOutcome.REFUNDED
    answer = await alipay.query(NUMBER)
    assert answer.status is QueryStatus.REFUNDED
    assert answer.paid_at_ms is not None
    assert await alipay.cancel(NUMBER) is CancelOutcome.REFUNDED
    assert len(world.control.ledger()["refunds"]) == 1


async def test_given_a_scanned_trade_when_called_off_then_it_is_closed(world: Any, alipay: Alipay) -> None:
    await asyncio.to_thread(world.control.scan, await shown(world, alipay))
    assert await alipay.cancel(NUMBER) is CancelOutcome.CLOSED
    assert (await alipay.query(NUMBER)).status is QueryStatus.CLOSED


# ---------------------------------------------------------------- refunds


async def test_given_a_paid_trade_when_refunded_in_parts_then_each_is_done_once_and_the_rest_is_known(
    world: Any, alipay: Alipay
) -> None:
    await pay(world, await shown(world, alipay))
    assert (await alipay.query_refund(NUMBER, REFUND)).status is RefundStatus.NOT_FOUND
    part = refund_of(alipay, 100000)
    assert (await alipay.refund(part)).status is RefundStatus.DONE
    assert (await alipay.refund(part)).status is RefundStatus.PROCESSING, "nothing moved: an earlier try had moved it"
    found = await alipay.query_refund(NUMBER, REFUND)
    assert (found.status, found.amount_fen, found.verified) == (RefundStatus.DONE, 100000, True)
    assert found.done_at_ms is not None
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID
    with pytest.raises(Refused):
        await alipay.refund(refund_of(alipay, 200000, NUMBER + "R02"))
    assert (await alipay.refund(refund_of(alipay, 199900, NUMBER + "R03"))).status is RefundStatus.DONE
    assert (await alipay.query(NUMBER)).status is QueryStatus.REFUNDED
    assert [refund["amount_fen"] for refund in world.control.ledger()["refunds"]] == [100000, 199900]


async def test_given_a_refund_whose_answer_is_lost_when_sent_again_then_there_is_one_refund(
    world: Any, alipay: Alipay
) -> None:
    await pay(world, await shown(world, alipay))
    body = refund_of(alipay)
    world.control.fault("alipay", "drop_after_commit", "refund")
    with pytest.raises(OutcomeUnknown):
        await alipay.refund(body)
    world.control.heal("alipay")
    assert (await alipay.query_refund(NUMBER, REFUND)).status is RefundStatus.DONE
    assert (await alipay.refund(body)).status is RefundStatus.PROCESSING
    assert len(world.control.ledger()["refunds"]) == 1


async def test_given_an_empty_balance_when_refunded_then_the_same_bytes_work_later(world: Any, alipay: Alipay) -> None:
    await pay(world, await shown(world, alipay))
    body = refund_of(alipay)
    world.control.fault("alipay", "not_enough")
    with pytest.raises(Refused) as caught:
        await alipay.refund(body)
    assert caught.value.code == "NOT_ENOUGH"
    world.control.heal("alipay")
    assert (await alipay.refund(body)).status is RefundStatus.DONE


async def test_given_a_refund_that_does_not_come_through_when_asked_then_it_is_never_said_to_be_done(
    world: Any, alipay: Alipay
) -> None:
    await pay(world, await shown(world, alipay))
    world.control.fault("alipay", "processing")
    assert (await alipay.refund(refund_of(alipay))).status is RefundStatus.PROCESSING
    assert (await alipay.query_refund(NUMBER, REFUND)).status is RefundStatus.NOT_FOUND
    world.control.heal("alipay")
    assert (await alipay.query_refund(NUMBER, REFUND)).status is RefundStatus.DONE


# ---------------------------------------------------------------- faults


CALLS: dict[str, Callable[[Alipay], Any]] = {
    "query": lambda alipay: alipay.query(NUMBER),
    "close": lambda alipay: alipay.close(NUMBER),
    "cancel": lambda alipay: alipay.cancel(NUMBER),
    "refund": lambda alipay: alipay.refund(refund_of(alipay)),
    "refund_query": lambda alipay: alipay.query_refund(NUMBER, REFUND),
}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("timeout", OutcomeUnknown),
        ("http500", OutcomeUnknown),
        ("http429", OutcomeUnknown),
        ("html502", OutcomeUnknown),
        ("truncated", OutcomeUnknown),
        ("drop_after_commit", OutcomeUnknown),
        ("unavailable", OutcomeUnknown),
        ("bad_signature", Unverified),
    ],
)
async def test_given_a_fault_when_any_call_is_made_then_nothing_is_learnt_and_the_channel_works_after_it(
    world: Any, alipay: Alipay, kind: str, error: type[OutcomeUnknown]
) -> None:
    code = await shown(world, alipay)
    await pay(world, code)
    world.control.fault("alipay", kind)
    for call in CALLS.values():
        with pytest.raises(OutcomeUnknown) as caught:
            await call(alipay)
        assert type(caught.value) is error
        assert not isinstance(caught.value, Unreachable)
    world.control.heal("alipay")
    done = kind in ("truncated", "drop_after_commit", "bad_signature")
    assert (await alipay.query(NUMBER)).status is (QueryStatus.REFUNDED if done else QueryStatus.PAID)


@pytest.mark.parametrize(("kind", "orders"), [("timeout", 0), ("http500", 0), ("drop_after_commit", 1)])
async def test_given_a_create_whose_answer_is_missing_when_sent_again_then_there_is_one_trade(
    world: Any, alipay: Alipay, kind: str, orders: int
) -> None:
    body = alipay.serialise(world.intent())
    world.control.fault("alipay", kind, "create")
    with pytest.raises(OutcomeUnknown):
        await alipay.create(body)
    assert len(world.control.ledger()["orders"]) == orders
    world.control.heal("alipay")
    await alipay.create(body)
    assert len(world.control.ledger()["orders"]) == 1


async def test_given_alipay_asks_to_cancel_again_when_called_off_then_only_the_next_try_counts(
    world: Any, alipay: Alipay
) -> None:
    await asyncio.to_thread(world.control.scan, await shown(world, alipay))
    world.control.fault("alipay", "retry_flag", "cancel")
    with pytest.raises(OutcomeUnknown, match="again"):
        await alipay.cancel(NUMBER)
    assert (await alipay.query(NUMBER)).status is QueryStatus.UNPAID
    world.control.heal("alipay")
    assert await alipay.cancel(NUMBER) is CancelOutcome.CLOSED


async def test_given_a_replayed_answer_about_another_order_when_queried_then_it_is_not_believed(
    world: Any, alipay: Alipay
) -> None:
    other = "DEMO0126112100002019F3C01AB"
    await pay(world, await alipay.create(alipay.serialise(world.intent(other))))
    assert (await alipay.query(other)).status is QueryStatus.PAID
    await shown(world, alipay)
    world.control.fault("alipay", "replay", "query")
    with pytest.raises(Unverified, match="another order"):
        await alipay.query(NUMBER)


async def test_given_another_amount_in_the_answer_when_queried_then_it_is_told_as_it_is(
    world: Any, alipay: Alipay
) -> None:
    await pay(world, await shown(world, alipay))
    world.control.fault("alipay", "other_total")
    assert (await alipay.query(NUMBER)).total_fen != 299900


async def test_given_queries_lag_when_paid_then_the_past_is_told(world: Any, alipay: Alipay) -> None:
    code = await shown(world, alipay)
    await advance(world, 20_000)
    world.control.fault("alipay", "lag")
    await pay(world, code)
    assert (await alipay.query(NUMBER)).status is QueryStatus.NOT_FOUND
    await advance(world, 16_000)
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


async def test_given_the_network_is_down_when_called_then_unknown_while_the_phone_still_pays(
    world: Any, alipay: Alipay
) -> None:
    code = await shown(world, alipay)
    world.control.fault("network", "down")
    with pytest.raises(OutcomeUnknown):
        await alipay.query(NUMBER)
    await pay(world, code)
    world.control.heal("network")
    assert (await alipay.query(NUMBER)).status is QueryStatus.PAID


async def test_given_an_answer_that_never_comes_when_the_caller_stops_waiting_then_the_channel_still_works(
    world: Any, alipay: Alipay
) -> None:
    await shown(world, alipay)
    world.control.fault("alipay", "never", "query", times=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(alipay.query(NUMBER), 0.3)
    assert (await alipay.query(NUMBER)).status is QueryStatus.NOT_FOUND


# ---------------------------------------------------------------- who we are


async def test_given_a_key_that_is_not_ours_when_called_then_nothing_is_executed_and_nothing_believed(
    world: Any, key_files: Path
) -> None:
    other = (key_files / "wechat_merchant_key.pem").read_bytes()
    for change in ({"private_key_pem": other}, {"app_id": "2021000000000099"}):
        channel = world.alipay(**change)
        with pytest.raises(Unverified, match="not signed"):
            await channel.create(channel.serialise(world.intent()))
        await channel.aclose()
    assert world.control.ledger()["orders"] == []


async def test_given_a_clock_that_is_wrong_when_called_then_the_offset_is_known_all_the_same(world: Any) -> None:
    for drift in (-31_536_000_000, 3_600_000):
        channel = world.alipay(lambda drift=drift: world.now_ms() + drift)
        with pytest.raises(OutcomeUnknown):
            await channel.query(NUMBER)
        assert abs(channel.last_date_offset_ms + drift) < 5_000
        await channel.aclose()
