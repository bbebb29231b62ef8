"""Money and a clock that is wrong: no battery, a wrong time zone, midnight."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from data.states import PaymentOrderState, SaleState
from kiosk.rules.calendar import beijing, beijing_text
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.clock_sanity import NO_ORDER

S = PaymentOrderState
MINUTE, DAY = 60_000, 86_400_000


@pytest.fixture(params=["UTC", "America/New_York"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A machine that thinks it is somewhere else."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


async def locked(desk: Any, sale: Any, ahead_ms: int) -> None:
    """Nothing can be collected, both times are told, and no order is made."""
    clock = (await desk.till.lights(lambda lights: lights.clock.level == "FAULT" and lights.clock.slow_ms)).clock
    assert abs(clock.slow_ms + ahead_ms) < 10_000
    orders = len(await desk.orders())
    with pytest.raises(Refusal) as refused:
        await desk.start(sale)
    assert refused.value.reason is Reason.CLOCK_INSANE
    assert refused.value.facts["ours"] == beijing_text(desk.shop.clock.now_ms())[:16]
    assert len(await desk.orders()) == orders


async def test_given_a_clock_a_year_behind_when_started_then_payment_is_locked_until_it_is_right(
    desk: Any, machine: Any
) -> None:
    """Case 20: the journal is younger than the clock, the provider's Date tells by how much; unlocked by itself."""
    await desk.open()
    sale = await desk.till.priced()
    await desk.till.leave()
    machine.ahead_ms = -365 * DAY
    await desk.open()
    await locked(desk, sale, machine.ahead_ms)
    machine.ahead_ms = 0
    await desk.till.lights(lambda lights: lights.clock.level == "OK")
    await desk.paid_and_done(await desk.start(sale))


async def test_given_a_clock_that_jumps_ahead_when_collecting_then_payment_is_locked_until_it_is_right(
    desk: Any, machine: Any
) -> None:
    """Case 20: ten minutes ahead of the provider's Date, heard a moment ago; unlocked by itself."""
    await desk.open()
    sale = await desk.till.priced()
    one = desk.shop.collection._channels[desk.channel]
    await one.ask(one.driver.query(NO_ORDER))
    machine.ahead_ms = 10 * MINUTE
    await locked(desk, sale, machine.ahead_ms)
    machine.ahead_ms = 0
    await desk.till.lights(lambda lights: lights.clock.level == "OK")
    await desk.paid_and_done(await desk.start(sale))


async def test_given_a_clock_ahead_at_the_first_contact_when_collecting_then_no_code_is_shown_until_it_is_right(
    desk: Any, machine: Any
) -> None:
    """Case 20, before any provider was heard: it refuses, its Date locks the rest, and the order is not lost."""
    machine.ahead_ms = 11 * MINUTE
    await desk.open()
    sale = await desk.start(await desk.till.priced())
    other = await desk.till.priced()
    await locked(desk, other, machine.ahead_ms)
    sale = await desk.load(sale)
    assert (sale.payment.state, sale.payment.code) == (S.UNKNOWN, None)
    machine.ahead_ms = 0
    await desk.till.lights(lambda lights: lights.clock.level == "OK")
    sale = await desk.until(sale, lambda sale: sale.payment.state in (S.CLOSED, S.WAITING))
    await desk.paid_and_done(await desk.start(sale) if sale.payment.state is S.CLOSED else sale)


async def test_given_a_clock_that_goes_wrong_under_a_shown_code_when_paid_then_it_is_paid_once_the_clock_is_right(
    desk: Any, machine: Any
) -> None:
    """Case 20, in the middle of a payment: nothing is believed and nothing closed meanwhile."""
    await desk.open()
    sale = await desk.collected()
    machine.ahead_ms = -365 * DAY
    await desk.pay(sale)
    if not desk.begins_with_scan:  # Alipay's answers carry no time that could be judged: it may simply be paid
        await desk.till.lights(lambda lights: lights.clock.level == "FAULT")
        assert (await desk.load(sale)).state is SaleState.ORDERED
    machine.ahead_ms = 0
    done = await desk.done(sale)
    assert (done.payment.state, len(done.payments)) == (S.PAID, 1)


async def test_given_another_time_zone_when_sold_after_beijings_midnight_then_the_day_is_beijings(
    desk: Any, elsewhere: str
) -> None:
    """Case 21: the sandbox checks Alipay's timestamp in Beijing's time; serial, slip and bill are of Beijing's day."""
    assert elsewhere in time.tzname or elsewhere.startswith("America")
    shop = await desk.open()
    now = beijing(shop.clock.now_ms())
    await desk.till.advance(DAY - (now.hour * 60 + now.minute) * MINUTE + 30 * MINUTE)
    sale = await desk.collected()
    done = await desk.paid_and_done(sale)
    today = beijing(shop.clock.now_ms())
    assert (today.hour, time.localtime(shop.clock.now_ms() / 1000).tm_mday) != (today.hour, today.day)
    assert done.serial[6:12] == f"{today:%y%m%d}"
    order = (await desk.orders())[0]
    assert beijing(order["paid_at_ms"]).date() == today.date()
    assert order["expires_at_ms"] // 60_000 - order["created_at_ms"] // 60_000 in (2, 3, 4)


async def test_given_midnight_between_the_code_and_the_payment_when_paid_then_each_has_its_own_day(desk: Any) -> None:
    """Case 22 as far as there are no bills yet: ordered the day before, paid the day of the provider's success time."""
    shop = await desk.open()
    now = beijing(shop.clock.now_ms())
    await desk.till.advance(DAY - (now.hour * 3600 + now.minute * 60 + now.second) * 1000 - 20_000)
    sale = await desk.collected()
    await desk.till.advance(30_000)
    done = await desk.paid_and_done(sale)
    assert beijing(done.paid_at_ms).date() > beijing(done.ordered_at_ms).date()
    assert done.serial[6:12] == f"{beijing(done.ordered_at_ms):%y%m%d}"
