"""Replays the journal against the tables: every told row must be what the journal says it became.

Both sides are read in the order of their keys and met like two sorted lists, so memory does not grow with the store.
"""

# ruff: noqa: S608 - every name in these statements comes from our own models

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from data.chain import JournalKey, JsonValue
from data.database import Connection, Value
from data.models import TOLD
from data.models.base import Row
from data.shapes import Shape, lines_of, shape_of, tell

_DECODER = msgspec.json.Decoder(dict[str, Any])


def first_difference(connection: Connection, key: JournalKey) -> str | None:
    """One sentence on the first row that differs, or None."""
    for model in TOLD:
        for difference in _differences(connection, model, key):
            return difference
    return _untold_lines(connection)


def _differences(connection: Connection, model: type[Row], key: JournalKey) -> Iterator[str]:
    shape = shape_of(model)
    told = _told(connection, shape)
    stored = _stored(connection, shape)
    from_journal, from_table = next(told, None), next(stored, None)
    while from_journal is not None or from_table is not None:
        if from_table is None or (from_journal is not None and from_journal[0] < from_table[0]):
            assert from_journal is not None
            if from_journal[1] is not None:
                yield f"{shape.table} {from_journal[0]} is told by the journal but missing"
            from_journal = next(told, None)
        elif from_journal is None or from_table[0] < from_journal[0]:
            yield f"{shape.table} {from_table[0]} is not told by the journal"
            from_table = next(stored, None)
        else:
            if from_journal[1] is None:
                yield f"{shape.table} {from_table[0]} was deleted by the journal but is there"
            else:
                yield from _compare(connection, model, from_table[0], from_journal[1], from_table[1], key)
            from_journal, from_table = next(told, None), next(stored, None)


def _told(connection: Connection, shape: Shape) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Key and final body (None when deleted) of each row of a table, in the order of the keys."""
    rows = connection.execute(
        "SELECT thing_key, body FROM journal WHERE thing = ? ORDER BY thing_key, seq", (shape.table,)
    )
    for key, entries in groupby(rows, lambda row: str(row[0])):
        final: dict[str, Any] | None = None
        known = False
        for entry in entries:
            body = _DECODER.decode(entry[1])
            if "gone" in body:
                final, known = None, True
            elif "set" in body:
                final = {**(final or {}), **body, "set": {**((final or {}).get("set") or {}), **body["set"]}}
                known = True
        if known:
            yield key, final


def _stored(connection: Connection, shape: Shape) -> Iterator[tuple[str, Sequence[Value]]]:
    """Key and columns of each row of a table, in the order the journal sorts their keys."""
    key = " || '/' || ".join(shape.key)
    names = ", ".join(shape.columns)
    for row in connection.execute(f"SELECT {key}, {names} FROM {shape.table} ORDER BY 1"):
        yield str(row[0]), row[1:]


def _compare(
    connection: Connection,
    model: type[Row],
    thing_key: str,
    told: Mapping[str, Any],
    stored: Sequence[Value],
    key: JournalKey,
) -> Iterator[str]:
    shape = shape_of(model)
    row = dict(zip(shape.columns, stored, strict=True))
    told_set: Mapping[str, JsonValue] = told["set"]
    loose = row.get("state") in model.loose_in and told_set.get("state") in model.loose_in
    for column, value in row.items():
        if column in model.untold or (loose and column not in model.firm):
            continue
        if tell(model, column, value, key) != told_set.get(column):
            yield f"{shape.table} {thing_key} differs from the journal in {column}"
            return
    if model.lines is not None and not loose:
        lines = lines_of(connection, model.lines, thing_key, key)
        if lines != told.get(model.lines.table(), []):
            yield f"{model.lines.table()} of {shape.table} {thing_key} differ from the journal"


def _untold_lines(connection: Connection) -> str | None:
    """Lines whose parent does not exist are found by no parent; foreign keys forbid them, tampering does not."""
    for model in TOLD:
        child = model.lines
        if child is None:
            continue
        parent = shape_of(model)
        found = connection.execute(
            f"SELECT {child.parent} FROM {child.table()} WHERE {child.parent} NOT IN "
            f"(SELECT {parent.key[0]} FROM {parent.table}) LIMIT 1"
        ).fetchone()
        if found is not None:
            return f"{child.table()} has lines of {parent.table} {found[0]}, which does not exist"
    return None
