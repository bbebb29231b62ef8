"""Where a bench works: a directory that goes away again, a seeded shop in it, and byte code as pip installs it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.bench import bare


@dataclass(frozen=True, slots=True)
class Room:
    """`directory` is on the disk whose syncs are to count: that of the temporary directory ($TMPDIR)."""

    directory: Path
    environment: dict[str, str]
    _template: Path

    def shop(self, name: str) -> Path:
        """A demo shop of today, 2,000 past sales included, as `kiosk run` finds a shop."""
        directory = self.directory / name
        shutil.copytree(self._template, directory)
        return directory

    @property
    def bare(self) -> list[str]:
        """The command of the bare application."""
        return [sys.executable, bare.__file__]


@contextmanager
def make_room() -> Generator[Room]:
    """Make the room, with its shop; it is cleared away in the end."""
    from data.store import Store
    from kiosk.demo.seeding import seed
    from kiosk.demo.template import copy_seeded
    from kiosk.services.clock import Clock

    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as made:
        directory = Path(made)
        template = directory / "template"
        clock = Clock()
        if not copy_seeded(template, clock):
            store = Store.open(template, now_ms=clock.now_ms)
            try:
                seed(store, clock)
            finally:
                store.close()
        yield Room(directory, _environment(directory / "byte-code"), template)


def _environment(byte_code: Path) -> dict[str, str]:
    """A terminal's variables; byte code is kept, so that a start is one of an installed program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTUAL", "TMUX", "KIOSK"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept.pop("NO_COLOR", None)
    return kept | {
        "PYTHONPYCACHEPREFIX": str(byte_code),
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
