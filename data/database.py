"""The one Peewee database object and the pragmas every connection must really have.

Models are bound to ``DATABASE`` once. Which file it means depends on the thread: each thread of a ``Store`` connects
``DATABASE`` to that store's file, so several stores can be open in one process (tests do it) and a query from any
other thread, the screen's loop above all, raises Peewee's ``InterfaceError`` instead of opening a hidden connection.

Only apsw is used on these files: two SQLite libraries in one process on one file lose each other's locks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast

import apsw
from playhouse.apsw_ext import APSWDatabase  # pyright: ignore[reportMissingTypeStubs]

STORE_FILE: Final = "store.db"

SCHEMA_VERSION: Final = 1
"""The number of the newest migration; stamped into ``PRAGMA user_version``."""

SCHEMA_DIGEST: Final = "f11680c2c8282853ccf84720273fb43d6b5dc0f8ebb9a5e7714a83bf12d0602c"
"""Of the schema that the migrations up to that number make, as ``data.migrate.schema_digest`` takes it. Whoever
changes what a migration makes changes this with it; ``tests/data/test_migrations.py`` tells the new one."""

OLDEST_SQLITE: Final = (3, 51, 3)
"""First release without the WAL-reset bug (https://sqlite.org/releaselog/3_51_3.html)."""

_STATEMENTS: Final = 250
"""Prepared statements kept a connection: more than the unit of work has, because preparing one with its triggers
costs more than running it."""

PRAGMAS: Final[Mapping[str, int | str]] = {
    "busy_timeout": 5000,
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the medium before it is acknowledged
    "foreign_keys": 1,
    "recursive_triggers": 1,  # or INSERT OR REPLACE deletes rows behind the triggers' back
    "wal_autocheckpoint": 256,
    "cache_size": -16000,
    "temp_store": 2,  # MEMORY: what a statement may have to take back goes to a file page by page otherwise
    "mmap_size": 0,
    "trusted_schema": 0,
    "cell_size_check": 1,
}
"""What every connection is set to, and then asked for; a connection that answers otherwise is not used."""

READ_ONLY_PRAGMAS: Final[Mapping[str, int | str]] = {
    **{name: value for name, value in PRAGMAS.items() if name not in ("wal_autocheckpoint", "temp_store")},
    "query_only": 1,
}


class StoreDamaged(Exception):  # noqa: N818 - a state of the store, worded so everywhere
    """The store must not be used: a pragma did not hold, the file is broken, or a newer program wrote it."""


Value = None | int | float | str | bytes
"""What a column can hold."""

Values = tuple[Any, ...]
"""One row of a result, in the order of the SELECT."""


class Cursor(Protocol):
    def fetchall(self) -> list[Values]: ...
    def fetchone(self) -> Values | None: ...
    def __iter__(self) -> Iterator[Values]: ...


class Connection(Protocol):
    """The part of ``apsw.Connection`` used here; its own stubs leave the types of values open on Python 3.11."""

    def execute(self, statements: str, bindings: Iterable[Value] | None = None) -> Cursor: ...
    def executemany(self, statements: str, sequenceofbindings: Iterable[Iterable[Value]]) -> Cursor: ...
    def changes(self) -> int: ...
    def pragma(self, name: str, value: int | str | None = None) -> Any: ...
    def get_autocommit(self) -> bool: ...
    def close(self, force: bool = False) -> None: ...


def connect(path: Path, *, read_only: bool) -> Connection:
    """Opens ``path``, sets the pragmas and reads them back.

    ``read_only`` opens the file without the right to write, so that closing it can never checkpoint.
    Raises StoreDamaged when the library is too old or a pragma does not hold, apsw.Error when the file cannot be
    opened.
    """
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        raise StoreDamaged(f"SQLite {apsw.sqlite_lib_version()} can corrupt a write-ahead log; 3.51.3 is needed")
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    flags |= apsw.SQLITE_OPEN_NOMUTEX  # a connection lives and ends in one thread
    connection = cast("Connection", apsw.Connection(str(path), flags=flags, statementcachesize=_STATEMENTS))
    try:
        wanted = READ_ONLY_PRAGMAS if read_only else PRAGMAS
        for name, value in wanted.items():
            if not (read_only and name == "journal_mode"):  # a reader finds the mode, it does not choose it
                connection.pragma(name, value)
        for name, value in wanted.items():
            found = connection.pragma(name)
            if found != value:
                raise StoreDamaged(f"the store answers {name}={found} instead of {value}")
    except BaseException:
        connection.close()
        raise
    return connection


class _Target(threading.local):
    path: Path | None = None
    read_only: bool = True


class ShopDatabase(APSWDatabase):  # pyright: ignore[reportUntypedBaseClass]
    """APSW under Peewee, connected per thread by ``enter`` instead of on first use."""

    def __init__(self) -> None:
        super().__init__("store", autoconnect=False, lock_type="IMMEDIATE")  # pyright: ignore[reportUnknownMemberType]
        self._target = _Target()

    def enter(self, path: Path, *, read_only: bool) -> None:
        """Connects this thread to a store file. Raises like ``connect``."""
        self._target.path = path
        self._target.read_only = read_only
        cast("Any", self).connect()

    def leave(self) -> None:
        """Closes this thread's connection, if it has one."""
        cast("Any", self).close()

    def native(self) -> Connection:
        """This thread's connection. Raises RuntimeError in a thread that is none of a store's."""
        if cast("Any", self).is_closed():
            raise RuntimeError("the store is read and written on its own threads only")
        return cast("Connection", cast("Any", self).connection())

    def _connect(self) -> Any:
        if self._target.path is None:
            raise RuntimeError("this thread belongs to no store")
        connection = connect(self._target.path, read_only=self._target.read_only)
        try:
            self._add_conn_hooks(connection)  # pyright: ignore[reportUnknownMemberType]
        except BaseException:
            connection.close()
            raise
        return connection


DATABASE: Final = ShopDatabase()


def select(sql: str, *parameters: Value) -> list[Values]:
    """Rows of a reading statement on this thread's connection, for what Peewee's builder would only obscure."""
    return DATABASE.native().execute(sql, parameters).fetchall()
