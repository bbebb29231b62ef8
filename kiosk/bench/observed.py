"""The kiosk under measurement: the demo application as it is, with a watch on its event loop and on its commits.

    python -m kiosk.bench.observed --data DIR --world FILE --stage SOCKET --report FILE [--sync-ms N]

Nothing is measured by asking: commits and the loop's lag are noted in memory with the moment they happened and are
written to FILE in the end. `--sync-ms` makes every sync of the store's medium take that much longer, as a worn SD card
does: SQLite's own files, below everything the product can see.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import quick_start
from kiosk.bench.beat import Beat

if TYPE_CHECKING:
    from data.unit_of_work import Touched


class Watch:
    """What is noted: commits as [moment, things touched], lags of the loop as [moment, nanoseconds late]."""

    def __init__(self) -> None:
        self.commits: list[tuple[int, list[str]]] = []
        self.beat = Beat()

    def committed(self, touched: frozenset[Touched]) -> None:
        """On the store's writing thread, right after a commit returned."""
        moment = time.monotonic_ns()
        self.commits.append((moment, sorted({one.thing for one in touched})))

    def write(self, to: Path) -> None:
        """For whoever measures."""
        to.write_text(json.dumps({"commits": self.commits, "lags": self.beat.lags}), encoding="ascii")


def slow_syncs(milliseconds: int) -> None:
    """From now on every sync of SQLite's files takes that much longer, off the interpreter's lock like a real one."""
    import apsw

    usual: str = apsw.vfs_names()[0]

    class SlowFile(apsw.VFSFile):
        def __init__(self, name: Any, flags: list[int]) -> None:
            super().__init__(usual, name, flags)

        def xSync(self, flags: int) -> None:  # noqa: N802  SQLite's own name
            time.sleep(milliseconds / 1000)
            super().xSync(flags)

    class SlowDisk(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("slow-disk", usual, makedefault=True)

        def xOpen(self, name: Any, flags: list[int]) -> SlowFile:  # noqa: N802  SQLite's own name
            return SlowFile(name, flags)

    global _disk  # SQLite knows a file system only as long as somebody holds it
    _disk = SlowDisk()


_disk: object = None


def main() -> int:
    """Run until SIGTERM; exit code of the application."""
    parser = argparse.ArgumentParser(prog="kiosk.bench.observed")
    for name in ("--data", "--world", "--stage", "--report"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--sync-ms", type=int, default=0)
    asked = parser.parse_args()
    if asked.sync_ms:
        slow_syncs(asked.sync_ms)
    quick_start.begin()
    from kiosk.cli.run import open_shop, run_application
    from kiosk.demo.settings import demo_settings
    from kiosk.services.clock import Clock
    from kiosk.staged import DemoCustomer, StagedKiosk

    announcement: str = asked.world.read_text("utf-8")
    shop = open_shop(demo_settings(announcement), asked.data, Clock())
    watch = Watch()
    shop.store.on_commit.append(watch.committed)

    class Observed(StagedKiosk):
        async def on_ready(self) -> None:
            await super().on_ready()
            self._spawn(watch.beat.go_on())

    try:
        return run_application(Observed(shop, DemoCustomer(announcement), "zh_CN", asked.stage))
    finally:
        watch.write(asked.report)


if __name__ == "__main__":
    raise SystemExit(main())
