"""`kiosk bench`: the verb around the figures; the figures themselves are run by `tests/bench/check.py`."""

import json
import subprocess
import sys

SLIP = [sys.executable, "-m", "kiosk", "bench", "--quick", "slip"]


def test_given_a_figure_when_measured_as_json_then_every_key_of_its_documented_shape_is_there() -> None:
    told = json.loads(subprocess.run([*SLIP, "--json"], capture_output=True, text=True, check=True).stdout)
    assert set(told) == {"machine", "figures"}
    assert [one["name"] for one in told["figures"]] == ["slip"]
    values = {"rounds", "min", "p50", "p95", "p99", "max"}
    assert set(told["figures"][0]) == values | {"name", "what", "unit", "floor", "limit", "met"}
    assert set(told["figures"][0]["floor"]) == values | {"what"}


def test_given_a_figure_when_measured_for_a_person_then_it_stands_in_a_table_over_its_floor() -> None:
    lines = subprocess.run(SLIP, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["figure", "slip", "floor"]


def test_given_no_such_figure_when_asked_then_wrong_use_and_the_names_there_are() -> None:
    run = subprocess.run([*SLIP, "speed"], capture_output=True, text=True)
    assert run.returncode == 2
    assert "'speed'" in run.stderr
    assert "first_byte" in run.stderr
