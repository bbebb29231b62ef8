"""The recorder for this run, and what a recorded or injured till needs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

CHILD = HERE.parent / "faults" / "child_till.py"


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """disk.c, compiled. Without a compiler there is nothing to test with: that fails in CI and is said elsewhere."""
    import disk

    if disk.compiler() is None:
        why = "no C compiler (cc, gcc or clang): the disk recorder cannot be built"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return disk.build(tmp_path_factory.mktemp("recorder"))


@dataclass(frozen=True, slots=True)
class Run:
    """How a child till ended, what it said, and what it did to the disk."""

    code: int
    output: str
    log: Path


@dataclass(slots=True)
class Bench:
    """A demo shop whose till runs as a child under the recorder."""

    till: Any
    recorder: Path
    place: Path
    _runs: int = field(default=0)

    @property
    def directory(self) -> Path:
        return self.till.directory

    async def prepare(self) -> Path:
        """Seed the shop; returns a copy of its directory as it is before anything is sold."""
        await self.till.open(start=False)
        await self.till.leave()
        base = self.place / "base"
        shutil.copytree(self.directory, base)
        return base

    async def sell(self, *options: str, child: Path = CHILD, **how: Any) -> Run:
        """Run the child till to its end. `how` is of `disk.environment`."""
        import disk

        self._runs += 1
        log = self.place / f"changes-{self._runs}.log"
        told = self.place / "world.json"
        told.write_text(json.dumps(self.till.town.announcement), encoding="utf-8")
        till = await asyncio.create_subprocess_exec(
            *(sys.executable, str(child), str(self.directory), str(told), *options),
            env=disk.environment(self.recorder, self.directory, log=log, **how),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(600):
                output, _ = await till.communicate()
        except TimeoutError:
            till.kill()
            output, _ = await till.communicate()
            raise AssertionError(f"the till never came to an end: {output.decode()}") from None
        assert till.returncode is not None
        return Run(till.returncode, output.decode(), log)


@pytest.fixture
def bench(till: Any, recorder: Path, tmp_path: Path) -> Bench:
    place = tmp_path / "bench"
    place.mkdir()
    return Bench(till, recorder, place)
