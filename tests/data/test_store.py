"""Opening, holding, reading and losing a store."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from data import database
from data.database import DATABASE, PRAGMAS, READ_ONLY_PRAGMAS, connect, select
from data.journal import verify
from data.models import Operator, Sale, Setting
from data.queries.shop import head, setting
from data.store import RuleBroken, Store, StoreDamaged, StoreFull, StoreHeld, Touched

HOLD = """
import sys, pathlib
from data.store import Store
from data.models import Terminal
store = Store.open(pathlib.Path(sys.argv[1]), now_ms=lambda: 1_795_000_000_000)
print("open", flush=True)
sys.stdin.readline()
if sys.argv[2] == "close":
    store.close()
    sys.exit(0)
import os
os.kill(os.getpid(), 9)
"""


def pragmas(names):
    native = DATABASE.native()
    return {name: native.pragma(name) for name in names}


def test_every_connection_has_the_pragmas(store):
    assert store.write_now(lambda tx: pragmas(PRAGMAS)) == dict(PRAGMAS)
    assert PRAGMAS["synchronous"] == 2
    assert PRAGMAS["journal_mode"] == "wal"
    assert store.read_now(lambda: pragmas(READ_ONLY_PRAGMAS)) == dict(READ_ONLY_PRAGMAS)


def test_given_a_pragma_that_does_not_hold_then_the_store_does_not_open(tmp_path, monkeypatch):
    with pytest.raises(StoreDamaged, match="journal_mode=memory instead of wal"):
        connect(Path(":memory:"), read_only=False)
    monkeypatch.setattr(database, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(StoreDamaged, match="SQLite"):
        Store.open(tmp_path, now_ms=lambda: 1)
    monkeypatch.undo()
    Store.open(tmp_path, now_ms=lambda: 1).close()  # nothing stayed open, nothing is half made


def test_given_an_open_store_when_another_process_opens_it_then_it_says_who_holds_it(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "close"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreHeld) as held:
        Store.open(tmp_path, now_ms=lambda: 1)
    assert held.value.who.pid == holder.pid
    assert held.value.holder == f"process {holder.pid} since 2026-11-18 19:06"
    reader = Store.open_read_only(tmp_path)
    assert reader.read_now(head).seq == 2
    reader.close()
    holder.communicate("\n")
    assert holder.returncode == 0
    Store.open(tmp_path, now_ms=lambda: 1).close()


def test_given_the_same_process_twice_then_the_second_is_refused(store, directory):
    with pytest.raises(StoreHeld, match=f"process {os.getpid()}"):
        Store.open(directory, now_ms=lambda: 1)
    assert store.read_now(head).seq == 2


def test_given_a_killed_process_then_the_store_opens_again_and_is_whole(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "kill"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "open\n"
    holder.communicate("\n")
    assert holder.returncode == -9
    reader = Store.open_read_only(tmp_path)  # reads what the log holds, without a writer
    assert reader.read_now(head).seq == 2
    reader.close()
    Store.open(tmp_path, now_ms=lambda: 1).close()
    assert verify(tmp_path).code == 0


def test_given_a_damaged_tail_after_a_bad_end_then_the_store_does_not_open(directory, clock):
    store = Store.open(directory, now_ms=clock)
    store.write_now(lambda tx: tx.create(Setting, name="a", value="b"))
    store.close()
    connection = apsw.Connection(str(directory / "store.db"))
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE journal SET body = '{}' WHERE seq = 3")
    connection.close()
    (directory / "store.lock").write_text('{"pid": 1, "since_ms": 1, "terminal": null}')
    with pytest.raises(StoreDamaged, match="row 3 was altered"):
        Store.open(directory, now_ms=clock)


def test_given_a_file_that_is_no_store_then_it_does_not_open(directory, clock):
    Store.open(directory, now_ms=clock).close()
    (directory / "store.db").write_bytes(b"this is not a database, it only sits in its place" * 100)
    with pytest.raises(StoreDamaged, match="cannot be read"):
        Store.open(directory, now_ms=clock)
    with pytest.raises(StoreDamaged):
        Store.open_read_only(directory)


def test_given_a_journal_without_its_key_then_no_new_key_is_made(directory, clock):
    Store.open(directory, now_ms=clock).close()
    key = directory / "journal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    kept = key.read_text()
    key.unlink()
    with pytest.raises(StoreDamaged, match="key is missing"):
        Store.open(directory, now_ms=clock)
    assert not key.exists()
    key.write_text("short")
    with pytest.raises(StoreDamaged, match="cannot be read"):
        Store.open(directory, now_ms=clock)
    key.write_text(kept)
    Store.open(directory, now_ms=clock).close()


def test_given_a_key_without_its_store_then_no_empty_store_is_made(directory, clock):
    Store.open(directory, now_ms=clock).close()
    (directory / "store.db").unlink()
    with pytest.raises(StoreDamaged, match="restore a backup"):
        Store.open(directory, now_ms=clock)
    assert not (directory / "store.db").exists()


def test_given_a_crash_while_the_store_was_made_then_opening_finishes_it(directory, clock):
    store = Store.open(directory, now_ms=clock)
    store.close()
    fresh = directory.parent / "fresh"
    fresh.mkdir()
    connection = connect(fresh / "store.db", read_only=False)  # the file was there, nothing in it
    connection.close()
    Store.open(fresh, now_ms=clock).close()
    assert verify(fresh).code == 0


async def test_a_unit_of_work_is_whole_or_nothing(store, floor, look):
    before = look("SELECT COUNT(*) FROM journal")

    def unit(tx):
        floor.done(tx)
        tx.enqueue("invoice:1", "invoice", "1")
        raise LookupError("the clerk pulled the plug")

    with pytest.raises(LookupError, match="plug"):
        await store.write(unit)
    for table in ("sale", "sale_line", "tender", "payment_order", "outbox", "sequence"):
        assert look(f"SELECT COUNT(*) FROM {table}") == 0
    assert look("SELECT COUNT(*) FROM journal") == before
    await store.write(floor.done)
    assert verify(store.directory).code == 0


async def test_numbers_have_no_gaps_after_a_rollback(store):
    assert await store.write(lambda tx: tx.next_number("sale", "2026-11-21")) == 1

    def fails(tx):
        assert tx.next_number("sale", "2026-11-21") == 2
        tx.move(Sale, "nobody", "NOWHERE")

    with pytest.raises(ValueError, match="no arrow"):
        await store.write(fails)
    assert await store.write(lambda tx: [tx.next_number("sale", "2026-11-21") for _ in range(3)]) == [2, 3, 4]
    assert await store.write(lambda tx: tx.next_number("sale", "2026-11-22")) == 1
    assert await store.write(lambda tx: tx.next_number("buyback", "2026-11-21")) == 1


async def test_a_reader_sees_one_snapshot_while_the_writer_goes_on(store):
    at, go = threading.Event(), threading.Event()

    def slow():
        first = setting("a")
        at.set()
        assert go.wait(10)
        return first, setting("a")

    reading = asyncio.ensure_future(store.read(slow))
    await asyncio.to_thread(at.wait, 10)
    await store.write(lambda tx: tx.create(Setting, name="a", value="b"))
    assert await store.read(lambda: setting("a")) == "b"
    go.set()
    assert await reading == (None, None)


async def test_readers_cannot_write(store, directory):
    with pytest.raises(Exception, match=r"readonly|read-only"):
        await store.read(lambda: DATABASE.native().execute("DELETE FROM setting"))
    beside = Store.open_read_only(directory)
    with pytest.raises(RuntimeError, match="read-only"):
        beside.write_now(lambda tx: None)
    beside.close()


def test_a_query_outside_the_stores_threads_is_refused(store):
    with pytest.raises(RuntimeError, match="its own threads"):
        select("SELECT 1")
    with pytest.raises(Exception, match="not opened"):
        list(Setting.query())


def test_given_a_unit_that_waits_for_another_then_it_is_refused_instead_of_hanging(store):
    with pytest.raises(RuntimeError, match="cannot wait"):
        store.write_now(lambda tx: store.write_now(lambda inner: None))


async def test_listeners_hear_what_a_commit_touched_and_nothing_of_a_rollback(store, floor):
    heard: list[frozenset[Touched]] = []
    store.on_commit.append(heard.append)
    store.on_commit.append(lambda touched: 1 / 0)  # a listener that fails takes nothing back
    sale_id, _ = await store.write(floor.ordered)
    assert heard == [frozenset({Touched("sale", sale_id)})]
    with pytest.raises(ValueError):
        await store.write(lambda tx: tx.move(Sale, sale_id, "NOWHERE"))
    assert len(heard) == 1
    await store.write(lambda tx: tx.enqueue("k", "invoice", "s"))
    assert heard[1] == frozenset({Touched("outbox", "k")})
    assert store.busy == 0


async def test_busy_counts_units_under_way(store):
    go = threading.Event()
    waiting = asyncio.ensure_future(store.write(lambda tx: go.wait(10)))
    await asyncio.sleep(0)
    assert store.busy == 1
    go.set()
    await waiting
    assert store.busy == 0


def test_given_a_refusal_by_the_database_then_its_own_words_surface(store):
    store.write_now(lambda tx: tx.create(Operator, number="1", name="n", role="CLERK", pin_hash="h"))
    with pytest.raises(RuleBroken, match=r"UNIQUE constraint failed: operator.number"):
        store.write_now(lambda tx: tx.create(Operator, number="1", name="n", role="CLERK", pin_hash="h"))


def test_given_a_full_medium_then_that_surfaces_and_the_store_goes_on(store, look):
    def fill(tx):
        native = DATABASE.native()
        native.pragma("max_page_count", native.pragma("page_count"))
        for number in range(200):
            tx.create(Setting, name=f"{number}", value="x" * 4000)

    with pytest.raises(StoreFull):
        store.write_now(fill)
    assert look("SELECT COUNT(*) FROM setting") == 0
    store.write_now(lambda tx: DATABASE.native().pragma("max_page_count", 2**30))
    store.write_now(lambda tx: tx.create(Setting, name="a", value="b"))
    assert verify(store.directory).code == 0


EIO = """
import pathlib, resource, signal, sys
from data.models import Setting
from data.store import Store, StoreDamaged, StoreFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
directory = pathlib.Path(sys.argv[1])
store = Store.open(directory, now_ms=lambda: 1)
limit = max(path.stat().st_size for path in directory.iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    for number in range(300):
        store.write_now(lambda tx: tx.create(Setting, name=str(number), value="x" * 100_000))
except (StoreDamaged, StoreFull) as problem:
    print(type(problem).__name__, problem)
else:
    sys.exit("every write went through")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.write_now(lambda tx: tx.create(Setting, name="after", value="x"))
store.close()
"""


def test_given_a_medium_that_refuses_writes_then_the_true_error_surfaces_not_a_failed_rollback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", EIO, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no transaction" not in done.stdout
    assert done.stdout.split()[0] in ("StoreDamaged", "StoreFull")
    assert verify(tmp_path).code == 0


def test_given_several_stores_in_one_process_then_each_has_its_own_rows(store, tmp_path, clock):
    other = Store.open(tmp_path / "other", now_ms=clock)
    store.write_now(lambda tx: tx.create(Setting, name="which", value="first"))
    other.write_now(lambda tx: tx.create(Setting, name="which", value="second"))
    assert store.read_now(lambda: setting("which")) == "first"
    assert other.read_now(lambda: Setting.find("which").value) == "second"
    other.close()


def test_given_who_hears_of_room_fails_when_the_medium_is_full_then_the_unit_is_tried_again_all_the_same(store, look):
    tries = []

    def book(tx):
        native = DATABASE.native()
        native.pragma("max_page_count", 2**30 if tries else native.pragma("page_count"))
        tries.append(tx.room)
        for number in range(200):
            tx.create(Setting, name=f"{number}", value="x" * 4000)

    def fails():
        raise RuntimeError("the screen is gone")

    store.on_room.append(fails)
    store.write_now(book)
    assert tries == [True, False]
    assert look("SELECT COUNT(*) FROM setting") == 200
    assert verify(store.directory).code == 0
