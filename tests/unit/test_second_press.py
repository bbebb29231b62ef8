"""What of two presses is one too many."""

import weakref

import pytest

from kiosk.second_press import HELD_KEY_S, SECOND_TAP_S, Meaning, SecondPresses


class Thing:
    """A control or a screen."""


OLD, NEW = Thing(), Thing()
HERE = (20, 10)


def means(thing: Thing, words: str = ""):
    return lambda _place: Meaning(weakref.ref(thing), words)


def press(presses: SecondPresses, key: str, at: float, thing: Thing) -> bool:
    return presses.pressed(key, at, lambda: Meaning(weakref.ref(thing)))


@pytest.mark.parametrize(("thing", "words"), [(NEW, "取消"), (OLD, "确认取消")], ids=["another one", "another meaning"])
def test_given_something_else_under_the_finger_when_tapped_twice_then_the_second_is_swallowed(thing, words) -> None:
    presses = SecondPresses()
    assert not presses.touched(HERE, 5.0, means(OLD, "取消"))
    assert presses.touched((22, 11), 5.0 + SECOND_TAP_S - 0.01, means(thing, words))
    assert not presses.touched(HERE, 5.0 + 3 * SECOND_TAP_S, means(thing, words))


def test_given_a_finger_that_goes_on_tapping_then_nothing_happens_before_it_pauses() -> None:
    presses = SecondPresses()
    presses.touched(HERE, 5.0, means(OLD))
    assert all(presses.touched(HERE, 5.0 + 0.3 * number, means(NEW)) for number in range(1, 6))
    assert not presses.touched(HERE, 6.5 + SECOND_TAP_S, means(NEW))


def test_given_the_same_control_or_another_place_when_tapped_fast_then_each_counts() -> None:
    presses = SecondPresses()
    assert not any(presses.touched(HERE, 5.0 + 0.05 * number, means(OLD)) for number in range(8))
    assert not presses.touched((40, 10), 5.5, means(NEW))


@pytest.mark.parametrize("first_repeat", [0.03, 0.25, 0.5, 0.66])
def test_given_a_held_key_then_the_screen_it_opened_hears_none_of_it(first_repeat: float) -> None:
    presses = SecondPresses()
    assert not press(presses, "f8", 5.0, OLD)
    assert all(press(presses, "f8", 5.0 + first_repeat + 0.03 * number, NEW) for number in range(60))
    assert not press(presses, "f8", 5.0 + first_repeat + 1.8 + HELD_KEY_S, NEW)


def test_given_something_typed_between_then_an_enter_is_a_new_one() -> None:
    presses = SecondPresses()
    assert not press(presses, "enter", 5.0, OLD)
    assert not press(presses, "1", 5.1, NEW)
    assert not press(presses, "enter", 5.2, NEW)


def test_given_one_screen_then_enter_goes_from_field_to_field_as_fast_as_one_likes() -> None:
    presses = SecondPresses()
    assert not any(press(presses, "enter", 5.0 + 0.05 * number, OLD) for number in range(8))


def test_given_another_key_or_a_touch_between_then_each_counts() -> None:
    presses = SecondPresses()
    assert not press(presses, "f8", 5.0, OLD)
    assert not press(presses, "escape", 5.1, NEW)
    assert not presses.touched(HERE, 5.2, means(NEW))
    assert not press(presses, "escape", 5.3, OLD)
