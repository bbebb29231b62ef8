"""A demo shop for a throw-away directory: a copy of one that was seeded earlier on the same day.

Seeding writes some hundred thousand rows, each through every rule of the store; a script that needs a fresh shop for a
minute need not wait for that. Copies share identity and journal key with the template, which is why only directories
that nobody keeps are made this way; a demo that is kept is seeded on its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from data.chain import KEY_FILE
from data.database import STORE_FILE
from data.store import Store
from kiosk.demo.seeding import PAST_SALES, seed
from kiosk.rules.calendar import business_day, day_bounds
from kiosk.services.clock import Clock

_SHAPING = ("data", "kiosk.demo", "kiosk.rules")
"""Packages whose files decide what a seeded store holds."""
_KINDS = (".py", ".sql", ".json")
_PARTS = (STORE_FILE, KEY_FILE)


def copy_seeded(directory: Path, clock: Clock, *, cache: Path | None = None, past: int = PAST_SALES) -> bool:
    """Put a seeded demo shop of today into `directory`, seeding the day's template first if there is none.

    Waits here: milliseconds with a template, seconds without. Returns False, with nothing left behind, when the
    directory holds a store already or the cache cannot be used; the caller seeds in the ordinary way then.
    """
    if any((directory / part).exists() for part in _PARTS):
        return False
    root = cache_home() if cache is None else cache
    try:
        directory.mkdir(parents=True, exist_ok=True)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(root):
            _copy(_template(root, clock, past), directory)
    except OSError:
        for part in _PARTS:
            with suppress(OSError):
                (directory / part).unlink(missing_ok=True)
        return False
    return True


def cache_home() -> Path:
    """Where templates are kept: below `$XDG_CACHE_HOME` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    return home / "ebike-kiosk" / "demo"


def _template(root: Path, clock: Clock, past: int) -> Path:
    """The day's template; older ones are cleared away when it is made."""
    day = business_day(clock.now_ms())
    wanted = root / f"{day}-{past}-{_fingerprint()}"
    if wanted.is_dir():
        return wanted
    for old in root.iterdir():
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
    building = Path(tempfile.mkdtemp(dir=root, prefix="building-"))
    try:
        # The first moment of the day: a copy's clock is never behind its journal.
        morning = Clock(clock.offset_ms + day_bounds(day)[0] - clock.now_ms())
        store = Store.open(building, now_ms=morning.now_ms)
        try:
            seed(store, morning, past=past)
        finally:
            store.close()
        return building.rename(wanted)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _copy(template: Path, directory: Path) -> None:
    for part in _PARTS:
        shutil.copyfile(template / part, directory / part)
        (directory / part).chmod(0o600)


def _fingerprint() -> str:
    """Changes with every file that shapes a seeded store, so that a template never outlives its program."""
    digest = sha256()
    for package in _SHAPING:
        for name, source in sorted(_sources(files(package)), key=lambda found: found[0]):
            digest.update(f"{package}/{name}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_KINDS):
            yield f"{prefix}{entry.name}", entry


@contextmanager
def _alone(root: Path) -> Generator[None]:
    """One process at a time: the second one finds the first one's template."""
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
