"""The till dies, or the medium fails, at one single call to the disk: afterwards there is one of everything.

Every change of a sale is a place to die and a place to fail; the short form takes samples that move with nothing but
the number of changes, `KIOSK_LONG_TESTS=1` takes every one. Several shops, each with a world of its own, run side by
side: most of a sale is waiting.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from data.database import select
from data.journal import verify
from data.states import LIVE_ORDER
from data.store import Store

LONG = bool(os.environ.get("KIOSK_LONG_TESTS"))
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Shops:
    """Makes shops that are copies of one seeded shop."""

    recorder: Path
    place: Path
    town: type
    till: type

    async def prepare(self) -> int:
        """Seed; returns how many changes one sale makes."""
        import disk

        town = self.town(self.place / "first-world")
        await town.open()
        try:
            till = self.till(town, self.place / "seeded")
            await till.open(start=False)
            await till.leave()
            code, output, log = await self._sell("whole", town)
            assert code == 0, output
            return disk.changes_in(log)
        finally:
            await town.close()

    async def injure(self, fault: str) -> str:
        """One sale with the fault, and without it afterwards; checks everything; answers how the first run ended."""
        import disk

        name = fault.replace(":", "-")
        town = self.town(self.place / f"world-{name}")
        await town.open()
        try:
            lasting = fault.partition(":")[0].endswith("+")
            code, output, log = await self._sell(name, town, fault, "--patience", "6" if lasting else "120")
            hit = disk.refusals_in(log)
            if not hit:
                assert code == 0, output
                return "not reached"
            if fault.startswith("kill"):
                assert code == -signal.SIGKILL, output
            assert "no transaction is active" not in output, output
            assert verify(self.place / name).code == 0, f"{fault}: {output}"
            self._assert_nothing_went_out_unwritten(name, await town.ledger())
            ended = "killed" if code < 0 else "went on" if code == 0 else "waited"
            if ended == "waited":
                assert lasting or "StoreDamaged" in output or "OSError" in output, f"{fault} at {hit[0].path}: {output}"
            if ended != "went on":
                code, output, _ = await self._sell(name, town, log="after")
                assert code == 0, f"{fault} at {hit[0].path}, afterwards: {output}"
            await self._assert_one_of_everything(name, town)
            shutil.rmtree(self.place / name)
            return ended
        finally:
            await town.close()

    async def _sell(
        self, name: str, town: Any, fault: str | None = None, *options: str, log: str = "changes"
    ) -> tuple[int, str, Path]:
        import disk

        shop, told, records = self.place / name, self.place / f"{name}.json", self.place / f"{name}.{log}"
        if not shop.exists():
            shutil.copytree(self.place / "seeded", shop)
        told.write_text(json.dumps(town.announcement), encoding="utf-8")
        till = await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).parents[1] / "faults" / "child_till.py"), str(shop), str(told)),
            *options,
            env=disk.environment(self.recorder, shop, log=records, fault=fault),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(180):
                output, _ = await till.communicate()
        except TimeoutError:
            till.kill()
            output, _ = await till.communicate()
            raise AssertionError(f"{fault}: the till never came to an end: {output.decode()}") from None
        assert till.returncode is not None
        return till.returncode, output.decode(), records

    def _assert_nothing_went_out_unwritten(self, name: str, ledger: Any) -> None:
        """What the providers know of is in the store: no code is shown and no invoice asked for without its intent."""
        numbers = "SELECT number FROM payment_order UNION ALL SELECT number FROM invoice"
        known = {number for (number,) in self._rows(name, lambda: select(numbers))}
        assert {order["number"] for order in ledger["orders"]} <= known
        assert {invoice["number"] for invoice in ledger["invoices"]} <= known

    async def _assert_one_of_everything(self, name: str, town: Any) -> None:
        ledger = await town.ledger()
        paid = [order["number"] for order in ledger["orders"] if order["state"] == "SUCCESS"]
        assert len(paid) == 1, f"{name}: {ledger['orders']}"
        assert [invoice["status"] for invoice in ledger["invoices"]] == ["2"], name
        assert verify(self.place / name).code == 0
        orders, jobs, units, sequence = self._rows(
            name,
            lambda: [
                select("SELECT number, state FROM payment_order"),
                select("SELECT copy, kind, state FROM print_job ORDER BY id"),
                select("SELECT DISTINCT state FROM unit WHERE state <> 'IN_STOCK'"),
                select("SELECT last FROM sequence WHERE series LIKE 'sale:%'"),
            ],
        )
        assert [number for number, state in orders if state == "PAID"] == paid
        assert not [state for _, state in orders if state in LIVE_ORDER]
        assert [job[:2] for job in jobs] == [("MERCHANT", "ORIGINAL"), ("CUSTOMER", "ORIGINAL")]
        uncertain = sum(job[2] == "UNCERTAIN" for job in jobs)
        assert uncertain <= 1
        assert 2 - uncertain <= town.papers <= 2
        assert units == [("SOLD",)]
        assert sequence == [(1,)]  # numbers without gaps, whatever was taken back

    def _rows(self, name: str, look: Any) -> Any:
        store = Store.open_read_only(self.place / name)
        try:
            return store.read_now(look)
        finally:
            store.close()


@pytest.fixture
async def shops(recorder: Path, tmp_path: Path, town: Any, till: Any) -> Shops:
    return Shops(recorder, tmp_path, type(town), type(till))


async def injured(shops: Shops, kind: str, samples: int) -> Counter[str]:
    """How the runs with the fault at every sampled change ended."""
    changes = await shops.prepare()
    step = 1 if LONG else max(1, changes // samples)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str:
        async with gate:
            return await shops.injure(f"{kind}:{number}")

    runs = await asyncio.gather(*(one(number) for number in range(1, changes + 1, step)), return_exceptions=True)
    if failed := [run for run in runs if isinstance(run, BaseException)]:
        raise AssertionError(f"{len(failed)} of {len(runs)} runs failed") from failed[0]
    ended = Counter(run for run in runs if isinstance(run, str))
    print(kind, changes, "changes:", dict(ended))
    return ended


async def test_given_a_kill_at_a_call_to_the_disk_when_started_again_then_there_is_one_of_everything(
    shops: Shops,
) -> None:
    ended = await injured(shops, "kill", 14)
    assert ended["killed"] >= 12


@pytest.mark.parametrize("kind", ["eio", "enospc", "erofs"])
async def test_given_one_failing_call_to_the_disk_then_the_sale_goes_on_or_is_taken_up(shops: Shops, kind: str) -> None:
    ended = await injured(shops, kind, 6)
    assert ended["went on"] >= 3  # a sync needs no room, so a full medium refuses fewer


@pytest.mark.parametrize("kind", ["eio+", "enospc+", "erofs+"])
async def test_given_a_medium_that_fails_from_a_call_on_then_the_sale_waits_and_is_taken_up(
    shops: Shops, kind: str
) -> None:
    ended = await injured(shops, kind, 3)
    assert ended["waited"] >= 3
