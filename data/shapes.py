"""What the unit of work and the replay need to know of a model, worked out once: its SQL and how it is told.

Statements are put together from the names in our own models, never from values, and prepared once by apsw's cache;
Peewee's builder would spend most of a sale's time on making the same text again.
"""

# ruff: noqa: S608 - every name in these statements comes from our own models

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final, cast

from peewee import BlobField

from data.chain import JournalKey, JsonValue, blob_digest, encode
from data.database import Connection, Value
from data.models.base import Row
from data.states import INITIAL, MOVES, STATES

Key = str | tuple[str, ...]

_AS_IT_IS: Final = frozenset({str, int, float, bytes, type(None)})


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its columns, its key, its statements, and its arrows as state -> states it is reached from.

    ``special`` are the columns the journal does not simply tell by value; the tables are STRICT, so bytes can only be
    in a column that was made for them.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    special: frozenset[str]
    defaults: Mapping[str, Value]
    sources: Mapping[str, tuple[str, ...]]
    states: frozenset[str]
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
    blobs = frozenset(name for name in columns if isinstance(fields[name], BlobField))
    return Shape(
        table=table,
        columns=columns,
        key=key,
        special=model.private | model.untold | blobs,
        defaults={name: cast("Value", fields[name].default) for name in columns},
        sources={target: tuple(sorted(found)) for target, found in sources.items()},
        states=frozenset(str(state) for document in model.moves_as for state in STATES[document]),
        initial=INITIAL[model.moves_as[0]] if model.moves_as else None,
        insert=f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})",
        select=f"SELECT {names} FROM {table} WHERE {where}",
        state=f"SELECT state FROM {table} WHERE {where}",
        delete=f"DELETE FROM {table} WHERE {where}",
        of_parent=f"SELECT {names} FROM {table} WHERE {model.parent} = ? ORDER BY {rest}",
        delete_of_parent=f"DELETE FROM {table} WHERE {model.parent} = ?",
    )


@dataclass(frozen=True, slots=True)
class Arrow:
    """A move with the columns it changes: its journal kind, its statement, and the states it may start from."""

    kind: str
    update: str
    sources: tuple[str, ...]


@cache
def arrow_of(model: type[Row], target: str, expect: tuple[str, ...] | None, changed: tuple[str, ...]) -> Arrow:
    """The arrow to ``target`` from the states ``expect``, from every possible one if None.

    Raises ValueError when there is no such arrow, or a changed column does not exist.
    """
    shape = shape_of(model)
    sources = shape.sources.get(target, ())
    wanted = sources if expect is None else expect
    if not wanted or not set(wanted) <= set(sources):
        raise ValueError(f"{shape.table} has no arrow from {' or '.join(wanted) or 'anywhere'} to {target}")
    return Arrow(f"{shape.table}.{target}", update_of(model, (*changed, "state"), wanted), wanted)


@cache
def update_of(model: type[Row], changed: tuple[str, ...], guard: tuple[str, ...] = ()) -> str:
    """UPDATE of some columns by key, in one of the states ``guard`` only.

    The states are written out, not bound: where a bound value decides whether a partial index can be used, SQLite
    prepares the statement and its triggers again for every row. Raises ValueError for an unknown column or state.
    """
    shape = shape_of(model)
    check_columns(shape, changed)
    assignments = ", ".join(f"{column} = ?" for column in changed)
    where = [f"{column} = ?" for column in shape.key]
    if guard:
        for state in guard:
            if state not in shape.states:
                raise ValueError(f"{shape.table} has no state {state}")
        where.append("(" + " OR ".join(f"state = '{state}'" for state in guard) + ")")
    return f"UPDATE {shape.table} SET {assignments} WHERE {' AND '.join(where)}"


def plain(value: object) -> Value:
    """A value as SQLite takes it: enumerations by value, truth as 0 and 1, lists and mappings as JSON."""
    if type(value) in _AS_IT_IS:
        return cast("Value", value)
    if isinstance(value, StrEnum):
        return str(value)
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


def check_columns(shape: Shape, names: Iterable[str]) -> None:
    """Raises ValueError for a column the table does not have."""
    for column in names:
        if column not in shape.defaults:
            raise ValueError(f"{shape.table} has no column {column}")


def settled(values: Mapping[str, object]) -> dict[str, Value]:
    """The values as SQLite takes them."""
    return {column: plain(value) for column, value in values.items()}


def complete(shape: Shape, facts: Mapping[str, object]) -> dict[str, Value]:
    """A whole row in the order of its columns: what is given, and the model's defaults.

    Raises ValueError for a column the table does not have.
    """
    row = {**shape.defaults, **settled(facts)}
    if len(row) != len(shape.columns):
        check_columns(shape, facts)
    return row


def tell(model: type[Row], column: str, value: Value, key: JournalKey) -> JsonValue:
    """A column's value as the journal tells it."""
    if value is None:
        return None
    if column in model.private:
        return key.digest(model.table(), column, value)
    return blob_digest(value) if isinstance(value, bytes) else value


def tell_row(model: type[Row], values: Mapping[str, Value], key: JournalKey) -> dict[str, JsonValue]:
    """The told columns among ``values``."""
    told = cast("dict[str, JsonValue]", dict(values))
    special = shape_of(model).special
    if not special.isdisjoint(told):
        for column in special.intersection(told):
            if column in model.untold:
                del told[column]
            else:
                told[column] = tell(model, column, values[column], key)
    return told


def tell_line(child: type[Row], values: Sequence[Value], key: JournalKey) -> JsonValue:
    """A line as its parent's journal row tells it: without the parent's key and without empty columns."""
    line = {
        column: value
        for column, value in zip(shape_of(child).columns, values, strict=True)
        if value is not None and column != child.parent
    }
    return tell_row(child, line, key)


def lines_of(connection: Connection, child: type[Row], parent_key: str, key: JournalKey) -> list[JsonValue]:
    """All lines of one parent as the journal tells them, in the order of their key."""
    return [tell_line(child, row, key) for row in connection.execute(shape_of(child).of_parent, (parent_key,))]
