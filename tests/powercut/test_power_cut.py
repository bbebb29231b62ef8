"""The power fails at any moment of a sale: what was acknowledged is there, what was not is whole or not there at all.

A till sells as always; every change to its store's directory is recorded below it. `replay.py` builds what the disk
could hold after a cut at every single change and judges it. The controls sell on stores that are known to lose
commits, and on a card that lies: a replay that does not find them out would find out nothing.

`KIOSK_LONG_TESTS=1` sells twenty times as much.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPLAY = Path(__file__).with_name("replay.py")
LONG = bool(os.environ.get("KIOSK_LONG_TESTS"))
PROCESSES = 2
SALES = 40 if LONG else 2


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a replay."""

    changes: int
    distinct: int
    verdicts: Counter[str]
    first: dict[str, str]
    stores: int
    most_lost: int


async def replay(log: Path, base: Path, *options: str, every: int = 1) -> Report:
    """Replay a log in two processes. `every`: judge only every so manieth change."""
    shares = [f"{number}/{PROCESSES * every}" for number in range(PROCESSES)]

    async def one(share: str) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(REPLAY), str(log), str(base), "--share", share, *options), stdout=subprocess.PIPE
        )
        output, _ = await child.communicate()
        assert child.returncode == 0, share
        return json.loads(output)

    told = await asyncio.gather(*(one(share) for share in shares))
    verdicts = sum((Counter(share["verdicts"]) for share in told), Counter[str]())
    first = {outcome: why for share in told for outcome, why in share["first"].items()}
    distinct = len(set().union(*(share["distinct"] for share in told)))
    most_lost = max(share["most_lost"] for share in told)
    return Report(told[0]["changes"], distinct, verdicts, first, max(share["stores"] for share in told), most_lost)


async def test_given_the_power_cut_at_any_change_of_a_sale_then_nothing_acknowledged_is_lost(
    bench: Any, record_property: Any
) -> None:
    base = await bench.prepare()
    notes = bench.place / "notes"
    run = await bench.sell("--sales", str(SALES), "--notes", str(notes), notes=notes)
    assert run.code == 0, run.output
    commits = notes.read_bytes().count(b"\n")
    assert commits >= 20 * SALES

    report = await replay(run.log, base, "--subsets", "7")
    record_property("power cut", repr(report))
    print(report)
    assert set(report.verdicts) == {"whole"}, report
    assert report.distinct >= 5_000
    assert report.stores > commits / PROCESSES  # the states do stand for every commit, each share for its half


async def test_given_the_power_cut_while_money_goes_back_then_neither_it_nor_its_intent_is_lost(bench: Any) -> None:
    base = await bench.prepare()
    notes = bench.place / "notes"
    run = await bench.sell("--twice", "--channel", "ALIPAY", "--notes", str(notes), notes=notes)
    assert run.code == 0, run.output
    assert json.loads(notes.read_text().splitlines()[-1])["intents"]["refund"]
    report = await replay(run.log, base, "--subsets", "2", every=1 if LONG else 2)
    print(report)
    assert set(report.verdicts) == {"whole"}, report


async def test_given_the_power_cut_while_a_store_is_made_then_the_next_start_finishes_it(
    recorder: Path, tmp_path: Path
) -> None:
    import disk

    base, shop, log, notes = (tmp_path / name for name in ("base", "shop", "log", "notes"))
    base.mkdir()
    shop.mkdir()
    made = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAKE, str(shop), str(notes)),
        env=disk.environment(recorder, shop, log=log, notes=notes),
    )
    assert await made.wait() == 0
    report = await replay(log, base, "--subsets", "12" if LONG else "2", every=1 if LONG else 3)
    print(report)
    assert set(report.verdicts) == {"whole"}, report
    assert report.distinct > 300


MAKE = """
import os, pathlib, sys
from data.database import select
from data.store import Store
store = Store.open(pathlib.Path(sys.argv[1]), now_ms=lambda: 1_795_000_000_000)
head = store.read_now(lambda: select("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1"))[0][0]
handle = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600)
os.write(handle, b'{"hash": "%s", "intents": {}}\\n' % head.encode())
store.close()
"""


@pytest.mark.parametrize(
    ("pragma", "card"),
    [("synchronous=1", 0), ("journal_mode=delete", 0), ("synchronous=2", 7)],
    ids=["WAL with synchronous=NORMAL", "a rollback journal, FULL", "a card that ignores every 7th flush"],
)
async def test_given_a_store_that_does_lose_commits_then_the_replay_finds_it_out(
    bench: Any, pragma: str, card: int
) -> None:
    base = await bench.prepare()
    notes = bench.place / "notes"
    run = await bench.sell("--notes", str(notes), "--pragma", pragma, notes=notes)
    assert run.code == 0, run.output
    report = await replay(run.log, base, "--subsets", "2", "--lying-card", str(card), every=1 if LONG else 3)
    print(report)
    assert report.verdicts["lost"] >= 5, report
    assert report.most_lost >= 1
