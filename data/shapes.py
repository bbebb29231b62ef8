"""What the unit of work and the replay need to know of a model, worked out once: its SQL and how it is told.

Statements are put together from the names in our own models, never from values, and prepared once by apsw's cache;
Peewee's builder would spend most of a sale's time on making the same text again.
"""

# ruff: noqa: S608 - every name in these statements comes from our own models

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, cast

from data.chain import JournalKey, JsonValue, blob_digest, encode
from data.database import Connection, Value
from data.models.base import Row
from data.states import INITIAL, MOVES

Key = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its columns, its key, its statements, and its arrows as state -> states it is reached from."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    defaults: Mapping[str, Value]
    sources: Mapping[str, tuple[str, ...]]
    initial: str | None
    insert: str
    select: str
    state: str
    delete: str
    of_parent: str
    delete_of_parent: str


@cache
def shape_of(model: type[Row]) -> Shape:
    table, columns, key = model.table(), model.column_names(), model.key_columns()
    fields = cast("Mapping[str, Any]", cast("Any", model)._meta.fields)
    sources: dict[str, set[str]] = {}
    for document in model.moves_as:
        for source, target in MOVES[document]:
            sources.setdefault(target, set()).add(source)
    where = " AND ".join(f"{column} = ?" for column in key)
    names = ", ".join(columns)
    rest = ", ".join(column for column in key if column != model.parent)
    return Shape(
        table=table,
        columns=columns,
        key=key,
        defaults={name: cast("Value", fields[name].default) for name in columns},
        sources={target: tuple(sorted(found)) for target, found in sources.items()},
        initial=INITIAL[model.moves_as[0]] if model.moves_as else None,
        insert=f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})",
        select=f"SELECT {names} FROM {table} WHERE {where}",
        state=f"SELECT state FROM {table} WHERE {where}",
        delete=f"DELETE FROM {table} WHERE {where}",
        of_parent=f"SELECT {names} FROM {table} WHERE {model.parent} = ? ORDER BY {rest}",
        delete_of_parent=f"DELETE FROM {table} WHERE {model.parent} = ?",
    )


@cache
def update_of(model: type[Row], changed: tuple[str, ...], guards: int) -> str:
    """UPDATE of some columns by key, guarded by ``guards`` possible states."""
    shape = shape_of(model)
    assignments = ", ".join(f"{column} = ?" for column in changed)
    where = " AND ".join(f"{column} = ?" for column in shape.key)
    guard = f" AND state IN ({', '.join('?' * guards)})" if guards else ""
    return f"UPDATE {shape.table} SET {assignments} WHERE {where}{guard}"


def plain(value: object) -> Value:
    """A value as SQLite takes it: enumerations by value, truth as 0 and 1, lists and mappings as JSON."""
    if value is None or type(value) in (str, int, float, bytes):
        return cast("Value", value)
    if isinstance(value, Enum):
        return cast("Value", value.value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, tuple, dict)):
        return encode(cast("object", value))
    if isinstance(value, bytearray):
        return bytes(value)
    raise TypeError(f"the store cannot hold a {type(value).__name__}")


def key_text(key: Key) -> str:
    """A key as the journal writes it: the parts of a longer key joined by ``/``."""
    return key if isinstance(key, str) else "/".join(key)


def key_parts(key: Key) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


def check_columns(shape: Shape, values: Mapping[str, object]) -> None:
    """Raises ValueError for a column the table does not have."""
    for column in values:
        if column not in shape.defaults:
            raise ValueError(f"{shape.table} has no column {column}")


def complete(model: type[Row], facts: Mapping[str, object]) -> dict[str, Value]:
    """A whole row in the order of its columns: what is given, and the model's defaults."""
    shape = shape_of(model)
    check_columns(shape, facts)
    row = dict(shape.defaults)
    for column, value in facts.items():
        row[column] = plain(value)
    return row


def tell(model: type[Row], column: str, value: Value, key: JournalKey) -> JsonValue:
    """A column's value as the journal tells it."""
    if value is None:
        return None
    if column in model.private:
        return key.digest(model.table(), column, value)
    return blob_digest(value) if isinstance(value, bytes) else value


def tell_row(model: type[Row], values: Iterable[tuple[str, Value]], key: JournalKey) -> dict[str, JsonValue]:
    """The told columns among ``values``."""
    private, untold = model.private, model.untold
    told: dict[str, JsonValue] = {}
    for column, value in values:
        if column in untold:
            continue
        if value is None or (column not in private and type(value) is not bytes):
            told[column] = cast("JsonValue", value)
        else:
            told[column] = tell(model, column, value, key)
    return told


def tell_line(child: type[Row], values: Sequence[Value], key: JournalKey) -> JsonValue:
    """A line as its parent's journal row tells it: without the parent's key and without empty columns."""
    return {
        column: tell(child, column, value, key)
        for column, value in zip(shape_of(child).columns, values, strict=True)
        if column != child.parent and value is not None
    }


def lines_of(connection: Connection, child: type[Row], parent_key: str, key: JournalKey) -> list[JsonValue]:
    """All lines of one parent as the journal tells them, in the order of their key."""
    return [tell_line(child, row, key) for row in connection.execute(shape_of(child).of_parent, (parent_key,))]
