"""Whether the figures of `kiosk bench` are what they were built to be, on a machine that may be busy.

    python tests/bench/check.py

A busy machine spoils milliseconds, so what is held here are ratios of the smallest values, counts and memory, far wider
than the limits the verb itself tells; a figure that fails is measured once more. Exit 1 when one fails twice.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Held:
    """`of` a figure's JSON is at most `at_most`."""

    of: Callable[[dict[str, Any]], float]
    at_most: float


def times_floor(told: dict[str, Any]) -> float:
    return told["min"] / told["floor"]["min"]


def largest(told: dict[str, Any]) -> float:
    return told["max"]


def smallest(told: dict[str, Any]) -> float:
    return told["min"]


CHECKS = {
    "start": Held(times_floor, 3.0),
    "scan": Held(times_floor, 60.0),
    "first_byte": Held(smallest, 60.0),
    "loop_lag": Held(lambda told: told["p50"], 10.0),
    "memory": Held(largest, 130.0),
    "typing": Held(times_floor, 10.0),
    "stalls": Held(smallest, 0.0),
    "commit": Held(times_floor, 9.0),
    "slip": Held(times_floor, 6.0),
}


def measured(names: list[str]) -> dict[str, dict[str, Any]]:
    """The figures with these names, few rounds. Raises CalledProcessError when the verb itself fails."""
    command = [sys.executable, "-m", "kiosk", "bench", "--quick", "--json", *names]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1) or not run.stdout:
        sys.stderr.write(run.stderr)
        raise subprocess.CalledProcessError(run.returncode, command)
    return {told["name"]: told for told in json.loads(run.stdout)["figures"]}


def failed(figures: dict[str, dict[str, Any]]) -> list[str]:
    """Print each figure; the names of those that are too large."""
    too_large: list[str] = []
    for name, told in figures.items():
        held = CHECKS[name]
        came_to = held.of(told)
        good = came_to <= held.at_most
        print(f"{'ok' if good else 'TOO LARGE'}  {name}: {came_to:.2f} of {held.at_most:g} {told}")
        if not good:
            too_large.append(name)
    return too_large


def main() -> int:
    again = failed(measured(list(CHECKS)))
    return 1 if again and failed(measured(again)) else 0


if __name__ == "__main__":
    sys.exit(main())
