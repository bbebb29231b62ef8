"""The clock wakes sleepers when it is moved; changes reach listeners on the loop, from any thread, together."""

import asyncio
import threading

import pytest

from kiosk.services.changes import Changes, keys_of
from kiosk.services.channel_watch import ChannelWatch
from kiosk.services.clock import Clock


async def test_given_a_sleeper_when_the_clock_is_advanced_then_it_wakes_at_once() -> None:
    clock = Clock()
    sleeper = asyncio.create_task(clock.sleep(600))
    by_date = asyncio.create_task(clock.sleep_until(clock.now_ms() + 600_000))
    await asyncio.sleep(0)
    clock.advance(599_000)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(2_000)
    async with asyncio.timeout(2):
        await asyncio.gather(sleeper, by_date)


async def test_given_a_bell_when_it_rings_then_the_wait_ends_and_the_bell_is_clear() -> None:
    clock, bell = Clock(), asyncio.Event()
    waiting = asyncio.create_task(clock.wait(bell))
    await asyncio.sleep(0)
    bell.set()
    async with asyncio.timeout(2):
        await waiting
    assert not bell.is_set()


def test_given_a_providers_time_when_our_clock_is_put_right_then_it_is_no_longer_off() -> None:
    clock = Clock()
    watch = ChannelWatch(clock, lambda: None)
    watch.answered(600_000)
    assert watch.clock_is_off
    clock.now_ms = lambda real=clock.now_ms: real() + 600_000  # type: ignore[method-assign]  somebody set it
    assert not watch.clock_is_off


def test_given_the_clock_is_advanced_with_the_world_when_the_provider_was_heard_before_then_nobody_is_stopped() -> None:
    clock = Clock()
    watch = ChannelWatch(clock, lambda: None)
    watch.answered(0)
    clock.advance(3_600_000)
    assert not watch.clock_is_off
    watch.answered(3_600_000)
    assert watch.clock_is_off
    clock.advance(3_600_000)
    assert not watch.clock_is_off


def test_a_clock_never_goes_back() -> None:
    clock = Clock(offset_ms=5_000)
    with pytest.raises(ValueError):
        clock.advance(-1)
    assert clock.offset_ms == 5_000


async def test_given_keys_from_another_thread_when_published_then_listeners_hear_them_on_the_loop() -> None:
    changes = Changes()
    heard: list[frozenset[str]] = []
    arrived = asyncio.Event()

    def listen(keys: frozenset[str]) -> None:
        assert threading.current_thread() is threading.main_thread()
        heard.append(keys)
        arrived.set()

    def fails(keys: frozenset[str]) -> None:
        raise RuntimeError("a broken listener")

    changes.subscribe(fails)
    unsubscribe = changes.subscribe(listen)
    thread = threading.Thread(target=lambda: (changes.publish({"sale:1"}), changes.publish({"payments"})))
    thread.start()
    thread.join()
    async with asyncio.timeout(2):
        await arrived.wait()
    assert frozenset().union(*heard) == {"sale:1", "payments"}
    unsubscribe()
    changes.publish({"late"})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "late" not in frozenset().union(*heard)


def test_a_commit_tells_the_groups_of_its_rows() -> None:
    assert keys_of([("sale", "S1"), ("payment_order", "N1"), ("print_job", "J1")]) == {
        "sale:S1",
        "sales",
        "payments",
        "printer",
    }
