"""The medium is full in the commit that books the money: what is under way is kept, nothing new begins, all comes back.

The medium is made small by the recorder, which refuses what would grow the directory; where the tests run as root, by a
real small tmpfs as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.journal import verify
from data.models import Setting
from data.reserve import RESERVE_BYTES, RESERVE_FILE
from data.store import Store

CHILD = Path(__file__).with_name("child_full.py")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 24 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small file system; the injected one stands for it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    with (place / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


async def assert_kept(bench: Any, told: dict[str, Any]) -> None:
    ledger = await bench.till.town.ledger()
    assert [order["state"] for order in ledger["orders"]] == ["SUCCESS", "NOTPAY"]
    assert [invoice["status"] for invoice in ledger["invoices"]] == ["2"]
    assert told["room at first"]
    assert told["new sale"] == told["new payment"] == "STORE_FULL"
    assert told["state"] == "DONE"
    assert told["disk light"]
    assert not told["disk light after"]
    assert told["new payment after"] == "taken"
    assert "no transaction" not in "".join(told["log"])
    assert verify(bench.directory).code == 0
    reserve = (bench.directory / RESERVE_FILE).stat()
    assert reserve.st_size == RESERVE_BYTES == reserve.st_blocks * 512


async def test_given_a_full_medium_when_money_arrives_then_the_reserve_is_freed_and_the_sale_is_kept(
    bench: Any,
) -> None:
    await bench.prepare()
    room = bench.place / "room"
    run = await bench.sell("--room", str(room), child=CHILD, room=room)
    assert run.code == 0, run.output
    await assert_kept(bench, told := json.loads(run.output))
    assert not told["room when full"]
    assert any("reserve is freed" in line for line in told["log"])


async def test_given_not_even_a_reserve_when_money_arrives_then_the_sale_waits_for_room_and_the_true_error_is_logged(
    bench: Any,
) -> None:
    await bench.prepare()
    room = bench.place / "room"
    run = await bench.sell("--room", str(room), "--tight", child=CHILD, room=room)
    assert run.code == 0, run.output
    await assert_kept(bench, told := json.loads(run.output))
    assert told["state while full"] == "ORDERED"
    assert any("the medium is full" in line for line in told["log"])


async def test_given_a_real_file_system_that_is_full_when_money_arrives_then_the_sale_is_kept(
    bench: Any, small_disk: Path
) -> None:
    bench.till.directory = small_disk / "shop"
    await bench.prepare()
    run = await bench.sell("--ballast", str(small_disk / "ballast"), child=CHILD)
    assert run.code == 0, run.output
    await assert_kept(bench, told := json.loads(run.output))
    assert any("reserve is freed" in line for line in told["log"])


def test_given_a_real_file_system_that_filled_up_meanwhile_when_opened_then_what_is_under_way_can_be_booked(
    small_disk: Path,
) -> None:
    shop = small_disk / "shop"
    Store.open(shop, now_ms=lambda: 1_795_000_000_000).close()
    fill(small_disk)
    store = Store.open(shop, now_ms=lambda: 1_795_000_000_000)
    try:
        assert not store.room
        store.write_now(lambda tx: tx.put(Setting, name="under way", value="x" * 100_000))
        (small_disk / "fill").unlink()
        store.write_now(lambda tx: tx.put(Setting, name="after", value="y"))
        assert store.room
    finally:
        store.close()
    assert verify(shop).code == 0
