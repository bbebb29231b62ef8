"""Brings a store's schema up to date: backup first, Peewee's migration runner, foreign keys checked, version stamped.

Runs on the writing thread with ``DATABASE`` connected. Forward only; a store written by a newer program is refused.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, cast

from data.database import DATABASE, SCHEMA_DIGEST, SCHEMA_VERSION, Connection, StoreDamaged
from data.durable import make_directory, sync_directory

BACKUP_FOLDER: Final = "backup"


def version_of_store() -> int:
    """The number of the newest migration the store has; 0 for a new one."""
    return int(DATABASE.native().pragma("user_version"))


def check_version(found: int, known: int = SCHEMA_VERSION) -> None:
    """Raises StoreDamaged when a newer program wrote the store."""
    if found > known:
        raise StoreDamaged(f"the store was written by a newer program (schema {found}, this one knows {known})")


def schema_digest(connection: Connection) -> str:
    """SHA-256 over the text of every table, index and trigger, the text index's own tables left out (they are
    SQLite's); takes half a millisecond.
    """
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND sql NOT LIKE 'CREATE TABLE ''%' ORDER BY type, name"
    )
    return sha256("\0".join(sql for (sql,) in rows).encode()).hexdigest()


def check_schema(connection: Connection) -> None:
    """Raises StoreDamaged when the store has this program's version but not its tables and rules.

    Such a store is of a program built before its first migration was final, or somebody took rules out of it.
    """
    if schema_digest(connection) != SCHEMA_DIGEST:
        raise StoreDamaged(
            f"the store was made or changed by another version of the program: its schema {SCHEMA_VERSION} has other "
            "tables or rules; use that version, or restore a backup"
        )


def migrate(directory: Path, now_ms: int, *, scripts: Path | None = None, version: int = SCHEMA_VERSION) -> None:
    """Applies every pending migration of ``scripts`` (this package's own ones) up to ``version``.

    A script that fails leaves nothing of itself behind. Raises StoreDamaged when a foreign key is broken afterwards.
    """
    found = version_of_store()
    check_version(found, version)
    if found == version:
        return
    if found > 0:
        back_up(directory / BACKUP_FOLDER, f"before-{version:04d}", now_ms)
    from playhouse.migrations import Runner  # pyright: ignore[reportMissingTypeStubs]  # only when there is work

    connection = DATABASE.native()
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration "
        "(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied TEXT NOT NULL) STRICT"
    )
    cast("Any", connection).convert_binding = _datetime_as_text
    try:
        with as_file(files("data.migrations")) as own:
            cast("Any", Runner)(DATABASE, str(scripts or own)).up()
    finally:
        cast("Any", connection).convert_binding = None
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StoreDamaged(f"a migration left {len(broken)} rows that point nowhere, the first in {broken[0][0]}")
    connection.pragma("user_version", version)


def back_up(folder: Path, name: str, now_ms: int) -> Path:
    """Writes a compact copy of the store beside it, complete or not at all, and returns its path.

    ``VACUUM INTO`` and not the stepwise backup interface: the latter starts over whenever a sale commits.
    """
    make_directory(folder)
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC)
    target = folder / f"{name}-{stamp:%Y%m%dT%H%M%S}Z.db"
    waiting = target.with_suffix(".new")
    waiting.unlink(missing_ok=True)
    DATABASE.native().execute("VACUUM INTO ?", (str(waiting),))
    handle = os.open(waiting, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    waiting.replace(target)
    sync_directory(folder)
    return target


def _datetime_as_text(connection: object, number: int, value: object) -> str:
    """The runner stamps its history with a datetime, which apsw does not take by itself."""
    del connection, number
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    raise TypeError(f"cannot store a {type(value).__name__}")
