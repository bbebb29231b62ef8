"""What the figures of `kiosk bench` say of their values."""

import json

import pytest

from kiosk.bench.figures import Figure, Floor, Limit, Of, Values, table


def figure(*limits: Limit) -> Figure:
    ours, floor = Values(tuple(float(one) for one in range(1, 101))), Values((2.0, 10.0, 4.0))
    return Figure("scan", "what", "ms", ours, Floor("bare", floor), limits)


def test_given_a_hundred_values_when_asked_then_shares_are_those_that_so_many_do_not_exceed() -> None:
    told = Values(tuple(float(one) for one in range(100, 0, -1))).told()
    assert told == {"rounds": 100, "min": 1.0, "p50": 50.5, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_given_one_value_when_asked_then_it_is_all_there_is() -> None:
    assert set(Values((7.0,)).told().values()) == {1, 7.0}


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        (Limit(Of.P50, 50.5), True),
        (Limit(Of.P95, 94.9), False),
        (Limit(Of.P99, 99.0), True),
        (Limit(Of.LARGEST, 99.0), False),
        (Limit(Of.RATIO, 12.7), True),
        (Limit(Of.RATIO, 12.6), False),
        (Limit(Of.LOWEST, 0.5), True),
        (Limit(Of.LOWEST, 0.4), False),
    ],
)
def test_given_a_limit_when_compared_then_it_holds_for_what_it_speaks_of(limit: Limit, met: bool) -> None:
    assert figure(limit).met is met


def test_given_one_missed_limit_among_two_then_the_figure_is_missed_and_its_json_says_which() -> None:
    told = figure(Limit(Of.P50, 60.0), Limit(Of.P99, 20.0)).told()
    assert json.loads(json.dumps(told))["limit"] == [
        {"of": "p50", "at_most": 60.0, "measured": 50.5, "met": True},
        {"of": "p99", "at_most": 20.0, "measured": 99.0, "met": False},
    ]
    assert told["met"] is False


def test_given_a_figure_when_shown_to_a_person_then_its_floor_stands_below_it_and_limits_are_marked() -> None:
    shown = table([figure(Limit(Of.P50, 60.0), Limit(Of.RATIO, 2.0))]).splitlines()
    assert shown[1].startswith("scan")
    assert "✓ 50.5 ≤ 60 ms p50; ✗ 12.625 ≤ 2 × the floor" in shown[1]
    assert shown[2].split()[:2] == ["floor", "3"]
