"""The store: one directory, one process, one writing thread, two reading ones.

::

    store = Store.open(directory, now_ms=clock)
    await store.write(lambda tx: tx.create(Sale, id=tx.new_id(), ...))
    sale = await store.read(lambda: sales.sale_by_serial("DEMO0126112100001"))

What the given functions return is handed to the caller, so they return plain values and frozen dataclasses; Peewee
models are of use inside them only.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NoReturn, TypeVar
from uuid import uuid4

import apsw
from peewee import PeeweeException

from data.chain import GENESIS, JournalKey, make_key, read_key
from data.database import DATABASE, SCHEMA_VERSION, STORE_FILE, Connection, StoreDamaged
from data.durable import make_directory
from data.migrate import check_schema, check_version, migrate, version_of_store
from data.models.shop import StoreFact
from data.process_lock import ProcessLock, StoreHeld
from data.reserve import Reserve
from data.unit_of_work import Head, Touched, Tx, Ulids

__all__ = ["RuleBroken", "Store", "StoreDamaged", "StoreFull", "StoreHeld", "Touched", "Tx"]

T = TypeVar("T")

_READERS: Final = 2
_QUICK_CHECK_UP_TO: Final = 64 * 1024 * 1024
"""Bytes; after a bad end larger files get the journal's tail checked only, so that selling resumes at once."""

_UNUSABLE: Final = (apsw.IOError, apsw.ReadOnlyError, apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError)

_log = logging.getLogger("kiosk.store")


class RuleBroken(Exception):  # noqa: N818 - what happened, not a fault of the program
    """A trigger or constraint refused a change; nothing of the unit of work was kept."""


class StoreFull(Exception):  # noqa: N818
    """The medium is full; nothing of the unit of work was kept, and the store is whole."""


class Store:
    """See the module. ``busy`` is how many units of work are under way; ``on_commit`` callbacks get what each commit
    touched, from the writing thread, after the commit; ``on_room`` ones hear, from there too, that ``room`` changed."""

    def __init__(self, directory: Path, now_ms: Callable[[], int], lock: ProcessLock | None) -> None:
        self.directory = directory
        self.on_commit: list[Callable[[frozenset[Touched]], None]] = []
        self.on_room: list[Callable[[], None]] = []
        self._now_ms = now_ms
        self._lock = lock
        self._path = directory / STORE_FILE
        self._key: JournalKey | None = None
        self._reserve = Reserve(directory)
        self._ulids = Ulids()
        self._newest_ms = 0
        self._busy = 0
        self._counting = threading.Lock()
        self._own_threads: set[int] = set()
        self._writer = ThreadPoolExecutor(1, "store-writer") if lock is not None else None
        self._readers = ThreadPoolExecutor(_READERS, "store-reader")
        self._closed = False

    @classmethod
    def open(cls, directory: Path, *, now_ms: Callable[[], int]) -> Store:
        """Opens the store in ``directory``, making or migrating it first.

        Raises StoreHeld when another process has it; StoreDamaged when a pragma does not hold, the file is broken,
        its journal key is missing, or a newer program wrote it. Then nothing stays open.
        """
        make_directory(directory)
        lock = ProcessLock(directory, now_ms())
        store = cls(directory, now_ms, lock)
        try:
            store._reserve.make_way()
            lock.name(None)
            store._begin_writing(lock)
            store._begin_reading()
        except BaseException:
            store._end(clean=False)
            raise
        return store

    @classmethod
    def open_read_only(cls, directory: Path) -> Store:
        """Opens the store for looking up only, beside a running kiosk or without one. Raises StoreDamaged."""
        if not (directory / STORE_FILE).exists():
            raise StoreDamaged(f"there is no store in {directory}")
        store = cls(directory, lambda: 0, None)
        try:
            store._begin_reading()
        except BaseException:
            store._end(clean=False)
            raise
        return store

    @property
    def busy(self) -> int:
        return self._busy

    @property
    def room(self) -> bool:
        """Whether the medium has room for new business. Without, what is under way is still booked: see ``Reserve``."""
        return self._reserve.held or self._writer is None

    @property
    def newest_ms(self) -> int:
        """The time of the newest journal row, UTC epoch milliseconds; 0 in a store opened for looking up only."""
        return self._newest_ms

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Runs one unit of work and returns what it returned, once it is on the medium.

        Raises what ``work`` raises, RuleBroken, StoreFull or StoreDamaged; then nothing of it was kept.
        """
        return await asyncio.wrap_future(self._submit_write(work))

    def write_now(self, work: Callable[[Tx], T]) -> T:
        """Like ``write``, waiting here; for command lines and seeding, never on the screen's loop."""
        return self._submit_write(work).result()

    async def read(self, work: Callable[[], T]) -> T:
        """Runs reading queries on one snapshot of the store and returns what ``work`` returned."""
        return await asyncio.wrap_future(self._submit_read(work))

    def read_now(self, work: Callable[[], T]) -> T:
        """Like ``read``, waiting here."""
        return self._submit_read(work).result()

    def close(self) -> None:
        """Finishes what is under way, closes the connections, the writing one last, and lets the lock go."""
        self._end(clean=True)

    def _submit_write(self, work: Callable[[Tx], T]) -> Future[T]:
        if self._writer is None:
            raise RuntimeError("this store was opened read-only")
        return self._submit(self._writer, lambda: self._unit(work))

    def _submit_read(self, work: Callable[[], T]) -> Future[T]:
        return self._submit(self._readers, lambda: self._reading(work))

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
        if threading.get_ident() in self._own_threads:
            raise RuntimeError("a unit of work cannot wait for another one of the same store")
        with self._counting:
            self._busy += 1
        try:
            future = pool.submit(work)
        except BaseException:
            self._done(None)
            raise
        future.add_done_callback(self._done)
        return future

    def _done(self, future: object) -> None:
        del future
        with self._counting:
            self._busy -= 1

    def _unit(self, work: Callable[[Tx], T]) -> T:
        if not self.room and self._reserve.keep():
            _log.warning("the medium has room again")
            self._tell_room()
        try:
            result, callbacks = self._try_unit(work)
        except StoreFull:
            if not self._reserve.let_go():
                raise
            _log.error("the medium is full: its reserve is freed for what is under way")
            self._tell_room()
            result, callbacks = self._try_unit(work)
        _tell(callbacks)  # the commit stands whatever a listener does
        return result

    def _try_unit(self, work: Callable[[Tx], T]) -> tuple[T, tuple[Callable[[], None], ...]]:
        """One attempt: what ``work`` returned, and whom to tell that it is on the medium."""
        connection = DATABASE.native()
        assert self._key is not None
        try:
            connection.execute("BEGIN IMMEDIATE")
            tx = Tx(connection, _head(connection), self._key, self._ulids, self._now_ms(), room=self.room)
            result = work(tx)
            tx.flush()
            connection.execute("COMMIT")
        except BaseException as problem:  # noqa: BLE001 - whatever it is, nothing of the unit is kept, and it goes on
            _roll_back(connection)
            _fail(problem)
        self._newest_ms = tx.newest_ms
        listeners = tuple(self.on_commit)
        touched = tx.touched if listeners else frozenset[Touched]()
        return result, (*tx.committed, *(partial(listener, touched) for listener in listeners))

    def _tell_room(self) -> None:
        _tell(self.on_room)  # the unit that made room is tried again whatever a listener does

    def _reading(self, work: Callable[[], T]) -> T:
        connection = DATABASE.native()
        try:
            connection.execute("BEGIN")
            result = work()
            connection.execute("COMMIT")
        except BaseException as problem:  # noqa: BLE001 - whatever it is, nothing of the unit is kept, and it goes on
            _roll_back(connection)
            _fail(problem)
        return result

    def _begin_writing(self, lock: ProcessLock) -> None:
        assert self._writer is not None
        self._writer.submit(self._connect_writer, lock).result()
        self._writer.submit(self._reserve.keep).result()
        self.write_now(_found)
        lock.name(self.write_now(lambda tx: _terminal()))

    def _connect_writer(self, lock: ProcessLock) -> None:
        self._own_threads.add(threading.get_ident())
        key = read_key(self.directory)
        if key is not None and not self._path.exists():
            raise StoreDamaged(f"the journal key is in {self.directory} but its store is not; restore a backup")
        try:
            if not self._path.exists():
                self._path.touch(0o600)  # names and phones are in it; SQLite gives its log the same rights
            DATABASE.enter(self._path, read_only=False)
            connection = DATABASE.native()
            migrate(self.directory, self._now_ms())
            empty = connection.execute("SELECT 1 FROM journal LIMIT 1").fetchone() is None
            if empty and connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone() is not None:
                raise StoreDamaged("the store's journal is gone")
            if key is None:
                if not empty:
                    raise StoreDamaged(f"the journal key is missing in {self.directory}; it cannot be made anew")
                key = make_key(self.directory)
            if lock.ended_badly and not empty:
                _check_after_bad_end(connection, self._path, key)
            check_schema(connection)
        except (apsw.Error, PeeweeException) as problem:
            _fail(problem)
        self._key = key

    def _begin_reading(self) -> None:
        together = threading.Barrier(_READERS)

        def connect() -> None:
            together.wait(timeout=30)
            self._own_threads.add(threading.get_ident())
            try:
                DATABASE.enter(self._path, read_only=True)
                found = version_of_store()
                check_version(found)
                if found < SCHEMA_VERSION:
                    raise StoreDamaged(f"the store has the older schema {found}; start the kiosk on it once")
                if self._writer is None:  # who writes has looked already
                    check_schema(DATABASE.native())
            except (apsw.Error, PeeweeException) as problem:
                _fail(problem)

        for ready in [self._readers.submit(connect) for _ in range(_READERS)]:
            ready.result()

    def _end(self, *, clean: bool) -> None:
        if self._closed:
            return
        self._closed = True
        together = threading.Barrier(_READERS)

        def leave_reader() -> None:
            together.wait(timeout=30)
            DATABASE.leave()

        for done in [self._readers.submit(leave_reader) for _ in range(_READERS)]:
            done.result()
        self._readers.shutdown()
        if self._writer is not None:
            self._writer.submit(DATABASE.leave).result()
            self._writer.shutdown()
        if self._lock is not None:
            self._lock.release(clean=clean)


def _tell(callbacks: Iterable[Callable[[], None]]) -> None:
    for callback in tuple(callbacks):
        try:
            callback()
        except Exception:  # noqa: BLE001 - see above: what the store does next does not depend on who listens
            _log.exception("a listener of the store failed")


def translated(problem: BaseException) -> BaseException:
    """The error a caller can act on: the database's own one, found under whatever was raised on top of it.

    After a full or failing medium SQLite has rolled back by itself, and what surfaces may be a later "no transaction
    is active"; the true error is then in the chain below.
    """
    if not isinstance(problem, (apsw.Error, PeeweeException)):
        return problem
    chain: list[BaseException] = []
    below: BaseException | None = problem
    while below is not None and below not in chain:
        chain.append(below)
        below = below.__cause__ or below.__context__
    for cause in reversed(chain):
        if isinstance(cause, apsw.ConstraintError):
            return RuleBroken(str(cause))
        if isinstance(cause, apsw.FullError):
            return StoreFull("the medium is full")
        if isinstance(cause, _UNUSABLE):
            return StoreDamaged(f"the store cannot be read or written: {cause}")
    return problem


def _fail(problem: BaseException) -> NoReturn:
    found = translated(problem)
    if found is problem:
        raise problem
    raise found from problem


def _roll_back(connection: Connection) -> None:
    if not connection.get_autocommit():
        try:
            connection.execute("ROLLBACK")
        except apsw.Error:
            _log.exception("a rollback failed")


def _head(connection: Connection) -> Head:
    found = connection.execute(
        "SELECT seq, hash, at_ms, grand_total_fen FROM journal ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Head(*found) if found is not None else Head(hash=GENESIS)


def _found(tx: Tx) -> None:
    """Gives a new store its identity; its first journal row."""
    if StoreFact.find("store_id") is None:
        tx.create(StoreFact, name="store_id", value=uuid4().hex)
        tx.create(StoreFact, name="created_at_ms", value=str(tx.now_ms))


def _terminal() -> str | None:
    found = DATABASE.native().execute("SELECT number FROM terminal ORDER BY state <> 'ACTIVE', number").fetchone()
    return str(found[0]) if found is not None else None


def _check_after_bad_end(connection: Connection, path: Path, key: JournalKey) -> None:
    from data.journal import check_tail

    if path.stat().st_size <= _QUICK_CHECK_UP_TO:
        answer = connection.execute("PRAGMA quick_check(1)").fetchall()
        if answer != [("ok",)]:
            raise StoreDamaged(f"the store is damaged: {answer[0][0]}")
    check_tail(connection, key)
