"""Where the sandbox keeps everything it must still know after a restart: one SQLite file of typed records.

One connection, one lock: a unit of work is one transaction, and two requests never interleave inside one.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  position INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""


class SandboxHeld(Exception):  # noqa: N818  a state
    """Another sandbox runs in this directory."""


class Books:
    """Records by type and key. Every method but `close` is called inside `work`."""

    def __init__(self, directory: Path) -> None:
        """Raises SandboxHeld, OSError, sqlite3.Error."""
        directory.mkdir(parents=True, exist_ok=True)
        self._hold = (directory / "sandbox.lock").open("ab")
        try:
            fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._hold.close()
            raise SandboxHeld(f"another sandbox runs in {directory}") from error
        self._lock = threading.RLock()
        self._depth = 0
        self._base = sqlite3.connect(directory / "sandbox.db", check_same_thread=False, isolation_level=None)
        # One connection only. A process that is killed loses nothing; a power cut loses at most the last requests.
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)

    @contextmanager
    def work(self) -> Generator[None]:
        """One transaction; nested calls join the outer one. An exception undoes all of it."""
        with self._lock:
            if self._depth:
                yield
                return
            self._base.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            else:
                self._base.execute("COMMIT")
            finally:
                self._depth = 0

    def get(self, kind: type[Record], key: str) -> Record | None:
        """The record of that type and key, or None."""
        row = self._base.execute("SELECT body FROM record WHERE kind = ? AND key = ?", (kind.__name__, key)).fetchone()
        return msgspec.json.decode(row[0], type=kind) if row else None

    def all(self, kind: type[Record]) -> list[Record]:
        """Every record of that type, oldest first."""
        rows = self._base.execute("SELECT body FROM record WHERE kind = ? ORDER BY position", (kind.__name__,))
        return [msgspec.json.decode(row[0], type=kind) for row in rows]

    def put(self, key: str, record: msgspec.Struct) -> None:
        """Insert or replace; a replaced record keeps its place."""
        self._base.execute(
            "INSERT INTO record (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = ?3",
            (type(record).__name__, key, msgspec.json.encode(record)),
        )

    def drop(self, kind: type[msgspec.Struct], key: str) -> None:
        """Forget one record, if it is there."""
        self._base.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind.__name__, key))

    def next_number(self, series: str) -> int:
        """1, 2, 3 … for each series."""
        row = self._base.execute(
            "INSERT INTO series VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (series,),
        ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Wait for the unit of work in hand, then let go of file and lock."""
        with self._lock:
            self._base.close()
            self._hold.close()
