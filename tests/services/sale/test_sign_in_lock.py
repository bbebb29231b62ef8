"""Guessing a PIN: five tries, then a lock that grows, whatever the clock, the power or a second pair of hands does."""

import asyncio
import os

import pytest

from data.models import Operator
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import sign_in as sign_in_module
from kiosk.services.sign_in import SignInService
from kiosk.services.sign_in_attempts import lock_ms

MINUTE = 60_000
TRIES = int(os.environ.get("KIOSK_TEST_PINS", "1000"))


@pytest.fixture
def cheap(monkeypatch):
    """A PIN check without the 20 ms: what is counted and locked does not depend on them."""
    monkeypatch.setattr(sign_in_module, "pin_fits", lambda _stored, pin: pin == "274913")
    monkeypatch.setattr(sign_in_module, "hash_pin", lambda pin: pin)


@pytest.fixture
def sign_in(shop, cheap):
    return SignInService(shop.store, shop.clock)


async def wrong(sign_in, times, number="1001"):
    """So many wrong tries; the reasons and remaining seconds they were refused with."""
    found = []
    for _ in range(times):
        with pytest.raises(Refusal) as caught:
            await sign_in.sign_in(number, "000000")
        found.append((caught.value.reason, caught.value.facts.get("seconds")))
    return found


def row(shop):
    return shop.store.read_now(lambda: (Operator.find("1001").failed_attempts, Operator.find("1001").locked_until_ms))


def test_the_lock_doubles_from_half_a_minute_to_a_quarter_of_an_hour():
    assert [lock_ms(count) // 1000 for count in range(4, 13)] == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert lock_ms(10**9) == 900_000


@pytest.mark.parametrize("number", ["1001", "9999"])
async def test_given_five_wrong_tries_when_trying_on_then_it_is_locked_longer_each_time_for_anybody_and_nobody(
    shop, sign_in, number
):
    told = await wrong(sign_in, 6, number)
    assert told == [(Reason.WRONG_PIN, None)] * 4 + [(Reason.ACCOUNT_LOCKED, "30")] * 2
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        shop.clock.advance(seconds * 1000 - 2_000)
        assert (await wrong(sign_in, 1, number))[0] == (Reason.ACCOUNT_LOCKED, "2")
        shop.clock.advance(2_000)
        longer = str(min(seconds * 2, 900))
        assert (await wrong(sign_in, 1, number))[0] == (Reason.ACCOUNT_LOCKED, longer)


async def test_given_a_lock_when_the_right_pin_comes_then_it_waits_too_and_then_takes_the_count_back(shop, sign_in):
    await wrong(sign_in, 5)
    with pytest.raises(Refusal) as caught:
        await sign_in.sign_in("1001", "274913")
    assert caught.value.reason is Reason.ACCOUNT_LOCKED
    assert (await sign_in.sign_in("1002", "274913")).number == "1002"  # nobody else is locked
    shop.clock.advance(30_000)
    await sign_in.sign_in("1001", "274913")
    assert row(shop) == (0, 0)
    assert await wrong(sign_in, 4) == [(Reason.WRONG_PIN, None)] * 4


async def test_given_the_number_or_the_phone_when_guessing_then_it_is_one_account(shop, sign_in):
    phone = shop.demo.operators[0].phone
    assert [reason for reason, _ in await wrong(sign_in, 3) + await wrong(sign_in, 2, f"+86 {phone}")] == [
        *[Reason.WRONG_PIN] * 4,
        Reason.ACCOUNT_LOCKED,
    ]


async def test_given_a_kill_while_a_pin_is_checked_when_started_again_then_that_try_counts(shop, sign_in, monkeypatch):
    def dies(_stored, _pin):
        raise SystemExit

    monkeypatch.setattr(sign_in_module, "pin_fits", dies)
    for count in range(1, 6):
        with pytest.raises(SystemExit):
            await SignInService(shop.store, shop.clock).sign_in("1001", "274913")
        shop.reopen()
        assert row(shop)[0] == count
    monkeypatch.setattr(sign_in_module, "pin_fits", lambda _stored, pin: pin == "274913")
    with pytest.raises(Refusal) as caught:
        await SignInService(shop.store, shop.clock).sign_in("1001", "274913")
    assert caught.value.reason is Reason.ACCOUNT_LOCKED


async def test_given_a_lock_when_the_kiosk_is_started_again_then_it_goes_on(shop, sign_in):
    await wrong(sign_in, 7, "9999")
    await wrong(sign_in, 5)
    shop.clock.advance(10_000)
    shop.reopen()
    again = SignInService(shop.store, shop.clock)
    assert await wrong(again, 1) == [(Reason.ACCOUNT_LOCKED, "20")]
    assert await wrong(again, 1, "9999") == [(Reason.ACCOUNT_LOCKED, "20")]
    shop.clock.advance(20_000)
    await again.sign_in("1001", "274913")


@pytest.mark.parametrize("jump_ms", [-10 * 365 * 86_400_000, -MINUTE, MINUTE, 10 * 365 * 86_400_000])
async def test_given_a_lock_when_the_clock_is_set_then_it_is_neither_shorter_nor_longer(shop, sign_in, jump_ms):
    await wrong(sign_in, 5)
    honest = shop.clock.now_ms
    shop.clock.now_ms = lambda: honest() + jump_ms
    assert await wrong(sign_in, 1) == [(Reason.ACCOUNT_LOCKED, "30")]
    shop.clock.advance(29_000)
    assert await wrong(sign_in, 1) == [(Reason.ACCOUNT_LOCKED, "1")]
    shop.clock.advance(1_000)
    await sign_in.sign_in("1001", "274913")


async def test_given_a_lock_when_the_clock_was_set_back_over_a_restart_then_the_lock_runs_once_more_and_ends(
    shop, sign_in
):
    await wrong(sign_in, 5)
    shop.clock.advance(25_000)
    honest = shop.clock.now_ms
    shop.clock.now_ms = lambda: honest() - 3_650 * 86_400_000
    shop.reopen()
    again = SignInService(shop.store, shop.clock)
    assert await wrong(again, 1) == [(Reason.ACCOUNT_LOCKED, "30")]
    shop.clock.advance(30_000)
    await again.sign_in("1001", "274913")


async def test_given_tries_in_two_places_at_once_when_all_are_wrong_then_all_count(shop, sign_in):
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(wrong(sign_in, 1)) for _ in range(8)]
    reasons = sorted(done.result()[0][0] for done in tries)
    assert reasons == [Reason.ACCOUNT_LOCKED] * 4 + [Reason.WRONG_PIN] * 4
    assert row(shop)[0] == 5


async def test_given_the_right_pin_in_one_place_when_another_guesses_meanwhile_then_that_guess_still_counts(
    shop, sign_in, monkeypatch
):
    """The right one is being checked when the wrong one is counted."""
    loop, guessed = asyncio.get_running_loop(), asyncio.Event()

    def slow(_stored, pin):
        if pin == "274913":
            asyncio.run_coroutine_threadsafe(guessed.wait(), loop).result(10)
        return pin == "274913"

    monkeypatch.setattr(sign_in_module, "pin_fits", slow)
    right = asyncio.create_task(sign_in.sign_in("1001", "274913"))
    while row(shop)[0] == 0:
        await asyncio.sleep(0)
    await wrong(sign_in, 1)
    guessed.set()
    assert (await right).number == "1001"
    assert row(shop)[0] == 1


async def test_given_a_thousand_wrong_tries_when_nobody_waits_then_five_were_looked_at(shop, sign_in, monkeypatch):
    looked = []
    monkeypatch.setattr(sign_in_module, "pin_fits", lambda _stored, pin: looked.append(pin) or False)
    reasons = {reason for reason, _ in await wrong(sign_in, TRIES)}
    assert reasons == {Reason.WRONG_PIN, Reason.ACCOUNT_LOCKED}
    assert len(looked) == 5
    monkeypatch.setattr(sign_in_module, "pin_fits", lambda _stored, _pin: True)
    with pytest.raises(Refusal):
        await sign_in.sign_in("1001", "274913")


async def test_given_an_empty_pin_when_entered_again_and_again_then_nobody_is_locked(shop, sign_in):
    for _ in range(9):
        with pytest.raises(Refusal) as caught:
            await sign_in.sign_in("1001", "  ")
        assert caught.value.reason is Reason.WRONG_PIN
    assert row(shop) == (0, 0)
