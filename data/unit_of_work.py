"""The unit of work: business rows, their journal rows and their outbox rows in one commit.

A ``Tx`` lives inside ``Store.write``. Nothing else writes to the store. When a trigger or constraint refuses, the
whole unit is rolled back, numbers included, and ``Store.write`` raises RuleBroken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from data.chain import GENESIS, Anchor, JournalKey, JsonValue, encode, link
from data.database import Connection, Value
from data.models.base import Row
from data.shapes import (
    Key,
    arrow_of,
    complete,
    key_parts,
    key_text,
    lines_of,
    plain,
    settled,
    shape_of,
    tell_line,
    tell_row,
    update_of,
)

__all__ = ["Head", "Key", "Touched", "Tx", "Ulids"]

_INSERT_JOURNAL: Final = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SLEW_MS: Final = 1_000
"""A clock this little behind the journal is being set right by the network, not wrong."""
_PENDING_AT_MOST: Final = 64
"""Journal rows kept back before they are written in one go. Few, because apsw counts every row as a use of a prepared
statement and forgets the others after as many uses as it keeps statements."""

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Touched:
    """A row that a unit of work changed: its table and its key (parts of a longer key joined by ``/``)."""

    thing: str
    key: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the journal."""

    seq: int = 0
    hash: str = GENESIS
    at_ms: int = 0
    grand_total_fen: int = 0


class Ulids:
    """ULIDs that rise even within one millisecond (https://github.com/ulid/spec, "Monotonicity")."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now_ms: int) -> str:
        number = max((now_ms << 80) | secrets.randbits(80), self._last + 1)
        self._last = number
        return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


class Tx:
    """One unit of work.

    ``now_ms`` is the clock's word, for the facts. The journal's own times never run back: under a clock that is behind
    its last row they stand still, and the unit says so in a row of its own, ``clock.behind``. ``room``: see
    ``Store.room``. The function that gets it may be called twice: again from the start when the medium was full and
    room was made.
    """

    def __init__(
        self, connection: Connection, head: Head, key: JournalKey, ulids: Ulids, clock_ms: int, *, room: bool = True
    ) -> None:
        self.now_ms = clock_ms
        self.room = room
        self._at_ms = max(clock_ms, head.at_ms)
        self.behind = head.at_ms - clock_ms > _SLEW_MS
        """Whether the clock is behind the journal: what it says cannot be believed."""
        self._flagged = False
        self._connection = connection
        self._seq, self._hash, self._total = head.seq, head.hash, head.grand_total_fen
        self._first, self._newest_ms = head.seq, head.at_ms
        self._key = key
        self._ulids = ulids
        self._pending: list[tuple[Value, ...]] = []
        self._touched: set[tuple[str, str]] = set()
        self.committed: list[Callable[[], None]] = []
        """Called by the store on its writing thread once this unit is on the medium, and never when it is not."""

    def new_id(self) -> str:
        """A new ULID; later ones sort after earlier ones."""
        return self._ulids.next(self.now_ms)

    def create(self, model: type[Row], /, *, lines: Iterable[Mapping[str, object]] = (), **facts: object) -> None:
        """Inserts a row, in its initial state when it has states, with its lines, and tells the journal.

        Columns not given take the model's default. ``lines`` are mappings of the child table's columns without the
        parent's key; ``position`` counts from 1 unless given.
        """
        self._create(model, facts, lines)

    def move(
        self,
        model: type[Row],
        key: Key,
        to_state: str,
        /,
        *,
        expect: str | Collection[str] | None = None,
        lines: Iterable[Mapping[str, object]] = (),
        **changes: object,
    ) -> bool:
        """Moves a row along an arrow if it is still where it was expected, with other changes and new lines.

        Without ``expect`` every state with an arrow to ``to_state`` will do. Returns False, having done nothing,
        when the row is elsewhere or missing. Raises ValueError for an arrow that does not exist.
        """
        shape, lined = shape_of(model), model.lines
        target = str(plain(to_state))
        arrow = arrow_of(model, target, None if expect is None else _states(expect), tuple(changes))
        parts, text = key_parts(key), key_text(key)
        added = list(lines)
        if added:
            found = self._connection.execute(shape.state, parts).fetchone()
            if found is None or found[0] not in arrow.sources:
                return False
            self._add_lines(model, text, added)
        values = settled(changes)
        values["state"] = target
        self._connection.execute(arrow.update, (*values.values(), *parts))
        if self._connection.changes() != 1:
            return False
        whole = target in model.snapshot_in
        if whole or target in model.counts:
            row = self._row(model, key)
            if target in model.counts:
                self._total += cast("int", row[model.counts[target]])
            if whole:
                values = row
        body: dict[str, JsonValue] = {"set": self._told(model, values, target)}
        if lined is not None and (whole or added):
            body[lined.table()] = lines_of(self._connection, lined, text, self._key)
        self._write(arrow.kind, shape.table, text, body)
        return True

    def change(
        self, model: type[Row], key: Key, /, *, expect: str | Collection[str] | None = None, **changes: object
    ) -> bool:
        """Changes columns without a move; False when the row is missing or in none of the expected states.

        Told to the journal, except columns the model leaves untold and what is still loose in a draft.
        """
        return self._change(model, key, changes, _states(expect) if expect is not None else ())

    def put(self, model: type[Row], /, **facts: object) -> None:
        """Creates a row without states, or changes the one that has its key."""
        shape = shape_of(model)
        key = tuple(str(plain(facts[column])) for column in shape.key)
        if self._connection.execute(shape.select, key).fetchone() is None:
            self._create(model, facts, ())
        else:
            rest = {column: value for column, value in facts.items() if column not in shape.key}
            if rest:
                self._change(model, key, rest, ())

    def put_lines(self, model: type[Row], key: str, rows: Iterable[Mapping[str, object]], /) -> None:
        """Replaces the lines of a parent that is still loose. They are told when it freezes."""
        child = model.lines
        assert child is not None, f"{model.__name__} has no lines"
        self._connection.execute(shape_of(child).delete_of_parent, (key,))
        self._add_lines(model, key, rows)
        self._touched.add((model.table(), key))

    def delete(self, model: type[Row], key: Key, /) -> bool:
        """Deletes a row and its lines where that is allowed at all (a buyback in reception); told to the journal."""
        shape = shape_of(model)
        if model.lines is not None:
            self._connection.execute(shape_of(model.lines).delete_of_parent, (key_text(key),))
        self._connection.execute(shape.delete, key_parts(key))
        if self._connection.changes() == 0:
            return False
        self._write(f"{shape.table}.deleted", shape.table, key_text(key), {"gone": True})
        return True

    def record(self, kind: str, thing: str, key: str, body: Mapping[str, JsonValue]) -> None:
        """Tells the journal a fact that has no row of its own: a sign-in, an attempt, a reprint asked for.

        The caller masks personal data; nothing here is turned into digests.
        """
        self._write(kind, thing, key, {"said": dict(body)})

    def enqueue(self, key: str, kind: str, subject: str, *, at_ms: int | None = None) -> None:
        """Wishes for something outside to happen, not before ``at_ms``; a second wish with the same key is a no-op.

        Raises ValueError when the key stands for something else already.
        """
        self._connection.execute(
            "INSERT INTO outbox (key, kind, subject, next_at_ms, created_at_ms) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO NOTHING",
            (key, kind, subject, self.now_ms if at_ms is None else at_ms, self.now_ms),
        )
        if self._connection.changes() == 0:
            found = self._connection.execute("SELECT kind, subject FROM outbox WHERE key = ?", (key,)).fetchone()
            if found != (kind, subject):
                raise ValueError(f"the outbox key {key} stands for something else")
        self._touched.add(("outbox", key))

    def next_number(self, series: str, day: str) -> int:
        """The next number of a series on a day, from 1; given back when the unit is rolled back."""
        found = self._connection.execute(
            "INSERT INTO sequence (series, day, last) VALUES (?, ?, 1) "
            "ON CONFLICT (series, day) DO UPDATE SET last = last + 1 RETURNING last",
            (series, day),
        ).fetchall()
        return int(found[0][0])

    def head(self) -> Anchor:
        """The journal's head as of this unit of work so far."""
        return Anchor(self._seq, self._hash)

    def execute(self, sql: str, parameters: Sequence[Value] = (), *, touches: Touched | None = None) -> int:
        """Runs a statement on tables the journal does not tell (outbox, tokens); answers how many rows it changed."""
        self._connection.execute(sql, parameters)
        if touches is not None:
            self._touched.add((touches.thing, touches.key))
        return self._connection.changes()

    def flush(self) -> None:
        """Writes the journal rows of this unit; the store calls it last before the commit."""
        if self._pending:
            self._connection.executemany(_INSERT_JOURNAL, self._pending)
            self._pending.clear()

    @property
    def newest_ms(self) -> int:
        """The time of the newest journal row, should this unit be kept."""
        return self._at_ms if self._seq != self._first else self._newest_ms

    @property
    def touched(self) -> frozenset[Touched]:
        return frozenset(Touched(thing, key) for thing, key in self._touched)

    def _create(self, model: type[Row], facts: Mapping[str, object], lines: Iterable[Mapping[str, object]]) -> None:
        shape = shape_of(model)
        row = complete(shape, facts)
        if shape.initial is not None and row["state"] is None:
            row["state"] = shape.initial
        self._connection.execute(shape.insert, tuple(row.values()))
        key = str(row[shape.key[0]]) if len(shape.key) == 1 else "/".join([str(row[column]) for column in shape.key])
        state = str(row["state"]) if shape.initial is not None else "created"
        given = {name: value for name, value in row.items() if value is not None}
        body: dict[str, JsonValue] = {"set": self._told(model, given, state)}
        added = self._add_lines(model, key, lines)
        if added and model.lines is not None and not model.snapshot_in:
            body[model.lines.table()] = [tell_line(model.lines, values, self._key) for values in added]
        self._write(f"{shape.table}.{state}", shape.table, key, body)

    def _change(self, model: type[Row], key: Key, changes: Mapping[str, object], guard: tuple[str, ...]) -> bool:
        shape = shape_of(model)
        if shape.initial is not None and "state" in changes:
            raise ValueError("a state changes by move() only")
        values, parts = settled(changes), key_parts(key)
        self._connection.execute(update_of(model, tuple(values), guard), (*values.values(), *parts))
        if self._connection.changes() != 1:
            return False
        state = str(self._connection.execute(shape.state, parts).fetchall()[0][0]) if model.loose_in else ""
        told = self._told(model, values, state)
        if told:
            self._write(f"{shape.table}.changed", shape.table, key_text(key), {"set": told})
        else:
            self._touched.add((shape.table, key_text(key)))
        return True

    def _add_lines(self, model: type[Row], key: str, rows: Iterable[Mapping[str, object]]) -> list[tuple[Value, ...]]:
        child = model.lines
        ready: list[tuple[Value, ...]] = []
        for number, facts in enumerate(rows, start=1):
            assert child is not None, f"{model.__name__} has no lines"
            assert child.parent is not None
            shape = shape_of(child)
            whole: dict[str, object] = {child.parent: key}
            if "position" in shape.defaults:
                whole["position"] = number
            ready.append(tuple(complete(shape, {**whole, **facts}).values()))
        if child is not None and ready:
            self._connection.executemany(shape_of(child).insert, ready)
        return ready

    def _row(self, model: type[Row], key: Key) -> dict[str, Value]:
        shape = shape_of(model)
        found = self._connection.execute(shape.select, key_parts(key)).fetchone()
        assert found is not None
        return dict(zip(shape.columns, found, strict=True))

    def _told(self, model: type[Row], values: Mapping[str, Value], state: str) -> dict[str, JsonValue]:
        if state in model.loose_in:
            values = {column: value for column, value in values.items() if column in model.firm}
        return tell_row(model, values, self._key)

    def _write(self, kind: str, thing: str, key: str, body: Mapping[str, JsonValue]) -> None:
        if self.behind and not self._flagged:
            self._flagged = True
            self.record("clock.behind", "clock", "machine", {"clock_ms": self.now_ms, "newest_ms": self._at_ms})
        prev, text = self._hash, encode(body)
        self._seq += 1
        self._hash = link(prev, self._seq, self._at_ms, kind, thing, key, self._total, text)
        mac = self._key.seal(self._hash)
        self._pending.append((self._seq, self._at_ms, kind, thing, key, text, self._total, prev, self._hash, mac))
        self._touched.add((thing, key))
        if len(self._pending) >= _PENDING_AT_MOST:
            self.flush()


def _states(expect: str | Collection[str]) -> tuple[str, ...]:
    return (str(plain(expect)),) if isinstance(expect, str) else tuple(str(plain(state)) for state in expect)
