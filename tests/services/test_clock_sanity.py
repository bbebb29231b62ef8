"""No battery-backed clock: money waits while the time is wrong, says so with both times, and goes on by itself."""

import time
from dataclasses import replace
from typing import Any

import pytest

from data.journal import verify
from data.models import Journal
from data.states import Channel, PaymentOrderState, SaleStep
from drivers.payments.fields import checked_order
from kiosk.rules.calendar import beijing_text, business_day
from kiosk.rules.numbers import payment_number
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens import status, wording
from kiosk.services import health
from kiosk.services.channel_watch import ChannelWatch
from kiosk.services.clock import Clock
from kiosk.services.clock_sanity import MADE_MS, NO_ORDER, ClockSanity, Doubt, Verdict
from kiosk.services.health import NOTHING_ASKED, Indicator, Level
from kiosk.widgets.frame import Tone

MINUTE, DAY = 60_000, 86_400_000
WAITING = PaymentOrderState.WAITING


async def collect(till: Any, sale: Any) -> Any:
    return await till.shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, till.clerk)


async def refusal(till: Any, sale: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await collect(till, sale)
    assert caught.value.reason is Reason.CLOCK_INSANE
    return caught.value


@pytest.mark.parametrize("ahead_ms", [-3650 * DAY, -6 * MINUTE, 6 * MINUTE, 3650 * DAY])
async def test_given_a_clock_the_provider_contradicts_when_collecting_then_both_times_are_told_until_it_is_set_right(
    till: Any, machine: Any, ahead_ms: int
) -> None:
    """Case 20: by six minutes and by ten years, either way."""
    await till.open()
    first = await collect(till, await till.priced())
    assert first.payment.state is WAITING
    sale = await till.priced()
    machine.ahead_ms = ahead_ms
    told = await refusal(till, sale)
    assert told.facts["against"] == "PROVIDER"
    assert told.facts["ours"] == beijing_text(till.shop.clock.now_ms())[:16]
    assert told.facts["theirs"] in {beijing_text(int(time.time() * 1000) + drift)[:16] for drift in (-2000, 0)}
    lights = till.shop.health.current()
    assert lights.clock.level == "FAULT"
    assert abs(lights.clock.slow_ms + ahead_ms) < 3_000
    machine.ahead_ms = 0
    assert till.shop.health.current().clock.level == "OK"
    assert (await collect(till, sale)).payment.state is WAITING


async def test_given_a_clock_behind_the_journal_when_nobody_answers_then_collecting_waits_and_selling_goes_on(
    till: Any, machine: Any
) -> None:
    await till.open()
    await till.town.fault("network", "down")
    machine.ahead_ms = -11 * MINUTE
    sale = await till.priced()
    assert sale.step is SaleStep.PRICE
    assert (await refusal(till, sale)).facts["against"] == "JOURNAL"
    await till.town.heal("network")
    assert (await refusal(till, sale)).facts["against"] == "PROVIDER"
    machine.ahead_ms = 0
    assert (await collect(till, sale)).payment.state is WAITING


async def test_given_a_start_with_a_clock_far_behind_when_the_shop_runs_then_it_asks_by_itself(
    till: Any, machine: Any
) -> None:
    await till.open()
    await till.leave()
    machine.ahead_ms = -3650 * DAY
    await till.open()
    await till.lights(lambda lights: lights.clock.level == "FAULT" and lights.clock.slow_ms is not None)
    assert (await till.town.ledger())["orders"] == []


async def test_given_a_journal_from_the_future_when_the_provider_bears_the_clock_out_then_money_comes_in_at_true_times(
    till: Any, machine: Any
) -> None:
    machine.ahead_ms = 400 * DAY
    await till.open()
    await till.priced()
    await till.leave()
    machine.ahead_ms = 0
    shop = await till.open()
    paid = await collect(till, await till.priced())
    assert paid.payment.state is WAITING
    assert abs(paid.payment.expires_at_ms - shop.clock.now_ms()) < 10 * MINUTE
    day = business_day(shop.clock.now_ms())
    assert paid.serial is not None
    assert day.replace("-", "")[2:] in paid.serial
    await till.town.pay(paid.payment.code)
    await till.finished(paid.id)


async def test_given_a_clock_set_back_when_the_journal_is_written_then_its_times_never_run_back_and_it_says_so(
    till: Any, machine: Any
) -> None:
    shop = await till.open()
    await till.priced()
    newest = shop.store.newest_ms
    machine.ahead_ms = -3 * DAY
    await till.priced()
    rows = shop.store.read_now(
        lambda: [(row.at_ms, row.kind, row.body) for row in Journal.query().order_by(Journal.seq)]
    )
    times = [at_ms for at_ms, _, _ in rows]
    assert times == sorted(times)
    flags = [(at_ms, body) for at_ms, kind, body in rows if kind == "clock.behind"]
    assert flags
    assert all(at_ms == newest and f'"newest_ms":{newest}' in body.replace(" ", "") for at_ms, body in flags)
    await till.leave()
    assert verify(till.directory).code == 0


def test_given_nothing_to_compare_with_when_the_clock_stands_before_the_program_then_it_is_doubted() -> None:
    clock = Clock()
    sanity = ClockSanity(clock, {}, lambda: 0, lambda: None)
    assert sanity.judge().doubt is None
    clock.now_ms = lambda: MADE_MS - 1
    assert sanity.judge().doubt is Doubt.PROGRAM
    clock.now_ms = lambda: MADE_MS
    assert sanity.judge().doubt is None


def test_given_a_little_behind_the_journal_when_judged_then_only_more_than_ten_minutes_count() -> None:
    clock = Clock()
    clock.now_ms = lambda: MADE_MS + DAY
    newest = [clock.now_ms() + 10 * MINUTE]
    sanity = ClockSanity(clock, {}, lambda: newest[0], lambda: None)
    assert sanity.judge().doubt is None
    newest[0] += 1
    assert sanity.judge().doubt is Doubt.JOURNAL


def test_given_a_reading_when_hours_go_by_then_a_jump_is_still_seen_at_once() -> None:
    clock = Clock()
    watch = ChannelWatch(clock, lambda: None)
    steady, now = clock.steady_ms(), clock.now_ms()
    watch.answered(0)
    clock.steady_ms = lambda: steady + 5 * 3_600_000
    clock.now_ms = lambda: now + 5 * 3_600_000
    assert not watch.clock_is_off
    clock.now_ms = lambda: now + 4 * 3_600_000
    assert watch.clock_is_off


def test_how_far_the_clock_is_off_is_told_in_the_unit_that_tells() -> None:
    told = [status.off_by(seconds * 1000) for seconds in (61, 12 * 60, 3 * 3600, 4 * DAY // 1000, -700)]
    assert told == ["慢 61 秒", "慢 12 分", "慢 3 小时", "慢 4 天", "快 11 分"]


def test_given_a_clock_that_is_off_when_shown_then_status_line_help_and_refusal_say_how_far() -> None:
    light = Indicator(Level.FAULT, health.Reason.CLOCK_WRONG, slow_ms=12 * MINUTE)
    shown = status.indicators(replace(NOTHING_ASKED, clock=light))[-1]
    assert (shown.name, shown.word, shown.tone) == ("时钟", "慢 12 分", Tone.FAULT)
    noon = 1_795_233_600_000
    assert status.clock_sentence(light, noon) == "本机时间 2026-11-21 12:00（北京时间），与支付平台相比：慢 12 分。"
    assert status.clock_sentence(NOTHING_ASKED.clock, noon).endswith("还没有和支付平台核对过。")
    told = Verdict(Doubt.PROVIDER, noon, noon + 12 * MINUTE, 12 * MINUTE).refusal()
    assert wording.sentence(told) == (
        "不能收款：本机时间不对（2026-11-21 12:00），支付平台是 2026-11-21 12:12；校准后自动恢复。"
    )


def test_an_order_number_for_asking_the_time_is_one_no_shop_gives() -> None:
    assert checked_order(NO_ORDER) == NO_ORDER
    assert len(NO_ORDER) != len(payment_number("DEMO0126112100001", 1, "9f3c01ab"))
