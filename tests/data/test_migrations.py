"""The schema is what the first migration says, survives migrating, and a newer one is refused."""

from __future__ import annotations

import apsw
import pytest

from data.database import DATABASE, SCHEMA_DIGEST, connect
from data.journal import verify
from data.migrate import migrate, schema_digest, version_of_store
from data.models import LINES, SYSTEM, TOLD
from data.states import MOVES
from data.store import Store, StoreDamaged

ALL = (*TOLD, *LINES, *SYSTEM)

SECOND = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE unit ADD COLUMN shelf TEXT")
"""

THIRD = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE unit ADD COLUMN box TEXT")
    raise RuntimeError("the power went")
"""


def schema(connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())


def test_every_table_is_strict_and_has_the_columns_of_its_model(store):
    def columns():
        native = DATABASE.native()
        strict = {row[1]: row[5] for row in native.execute("PRAGMA table_list").fetchall() if row[2] == "table"}
        return strict, {m: tuple(r[1] for r in native.execute(f"PRAGMA table_info({m.table()})")) for m in ALL}

    strict, found = store.read_now(columns)
    assert {model.table() for model in ALL} | {"schema_migration"} == {
        name for name in strict if not name.startswith(("sqlite_", "sale_name"))
    }
    for model in ALL:
        assert strict[model.table()] == 1, model.table()
        assert found[model] == model.column_names()


def test_every_document_has_its_triggers_and_every_kept_table_refuses_deletion(store):
    triggers = store.read_now(
        lambda: {name: sql for name, sql in schema(DATABASE.native()).items() if sql.startswith("CREATE TRIGGER")}
    )
    for document in MOVES:
        table = "invoice" if document.endswith("_invoice") else document
        assert f"/* {document}_is_born */" in triggers[f"{table}_insert"]
        assert f"/* {document}_moves */" in triggers[f"{table}_update"]
    for model in TOLD:
        assert f"{model.table()}_delete" in triggers, model.table()
    for model in LINES:
        assert {f"{model.table()}_{event}" for event in ("insert", "update", "delete")} <= set(triggers)


def test_given_a_second_migration_then_nothing_of_the_first_is_lost_and_a_backup_is_there(
    directory, clock, tmp_path, floor
):
    store = Store.open(directory, now_ms=clock)
    store.write_now(floor.done)
    before = store.read_now(lambda: schema(DATABASE.native()))
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    (scripts / "0001_first.py").write_text("def up(migrator, db):\n    raise AssertionError('applied already')\n")
    (scripts / "0002_shelf.py").write_text(SECOND)
    store.close()

    def second():
        DATABASE.enter(directory / "store.db", read_only=False)
        try:
            migrate(directory, clock(), scripts=scripts, version=2)
            return version_of_store(), schema(DATABASE.native())
        finally:
            DATABASE.leave()

    version, after = second()
    assert version == 2
    assert {name for name in before if before[name] != after[name]} == {"unit"}
    assert "STRICT" in after["unit"]
    (backup,) = (directory / "backup").iterdir()
    copy = apsw.Connection(str(backup), flags=apsw.SQLITE_OPEN_READONLY)
    assert copy.pragma("user_version") == 1
    assert copy.execute("SELECT COUNT(*) FROM sale").fetchone() == (1,)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()

    (scripts / "0003_box.py").write_text(THIRD)
    DATABASE.enter(directory / "store.db", read_only=False)
    try:
        with pytest.raises(RuntimeError, match="the power went"):
            migrate(directory, clock(), scripts=scripts, version=3)
        assert version_of_store() == 2
        assert schema(DATABASE.native()) == after
    finally:
        DATABASE.leave()

    with pytest.raises(StoreDamaged, match="newer program"):
        Store.open(directory, now_ms=clock)
    with pytest.raises(StoreDamaged, match="newer program"):
        Store.open_read_only(directory)


def test_the_digest_in_the_code_is_that_of_what_the_migrations_make(tmp_path, clock):
    DATABASE.enter(tmp_path / "store.db", read_only=False)
    try:
        migrate(tmp_path, clock())
        assert schema_digest(DATABASE.native()) == SCHEMA_DIGEST
    finally:
        DATABASE.leave()


@pytest.mark.parametrize("change", ["ALTER TABLE vehicle_model RENAME COLUMN ccc TO ccd", "DROP TRIGGER sale_update"])
def test_given_a_store_of_this_version_with_another_schema_then_it_says_whose_it_is(directory, clock, change):
    Store.open(directory, now_ms=clock).close()
    connection = connect(directory / "store.db", read_only=False)
    connection.execute(change)
    connection.close()
    for opening in (lambda: Store.open(directory, now_ms=clock), lambda: Store.open_read_only(directory)):
        with pytest.raises(StoreDamaged, match="another version of the program"):
            opening()


def test_given_a_store_of_another_schema_when_it_is_verified_then_that_is_said_too(directory, clock):
    Store.open(directory, now_ms=clock).close()
    connection = connect(directory / "store.db", read_only=False)
    connection.execute("ALTER TABLE vehicle_model RENAME COLUMN ccc TO ccd")
    connection.close()
    with pytest.raises(StoreDamaged, match="another version of the program"):
        verify(directory)


def test_given_an_older_store_then_looking_up_asks_for_a_start_first(directory, clock):
    Store.open(directory, now_ms=clock).close()
    connection = connect(directory / "store.db", read_only=False)
    connection.pragma("user_version", 0)
    connection.close()
    with pytest.raises(StoreDamaged, match="older schema"):
        Store.open_read_only(directory)
    Store.open(directory, now_ms=clock).close()  # stamps it again, applies nothing twice
