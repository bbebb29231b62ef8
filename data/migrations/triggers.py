"""Writes the text of triggers: which rows may be born, moved, changed and erased.

A migration that changes ``states.MOVES`` or a rule drops and writes the triggers of that table anew with these
functions; rows are never rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuses an ``event`` (INSERT, UPDATE, DELETE) on a table with the text ``why`` whenever ``when`` holds.

    Both are SQL expressions over OLD and NEW.
    """

    name: str
    event: str
    table: str
    when: str
    why: str


def one_of(value: str, words: Iterable[str]) -> str:
    """SQL for "``value`` is one of these words".

    Comparisons and not ``IN``: for that SQLite makes a temporary table every time a trigger runs, which costs more
    than the rest of the trigger.
    """
    return "(" + " OR ".join(f"{value} = '{word}'" for word in words) + ")"


def refuse(name: str, event: str, table: str, when: str, why: str) -> Rule:
    return Rule(name, event, table, when, why)


def triggers(rules: Iterable[Rule]) -> list[str]:
    """One BEFORE trigger a table and event, ``<table>_insert`` and so on, that asks the rules in their order.

    One trigger with a list of cases costs a fraction of as many triggers.
    """
    grouped: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        grouped.setdefault((rule.table, rule.event), []).append(rule)
    found: list[str] = []
    for (table, event), together in grouped.items():
        cases = "\n".join(f"  /* {rule.name} */ WHEN {rule.when} THEN RAISE(ABORT, {rule.why})" for rule in together)
        found.append(
            f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} BEGIN SELECT CASE\n{cases}\nEND; END"
        )
    return found


def states(
    document: str, table: str, arrows: frozenset[tuple[str, str]], initial: str, only: str | None = None
) -> list[Rule]:
    """A document is born in its initial state and moves along its arrows only.

    ``only`` narrows both to rows of one kind, for a table that holds two documents; it is written with ``{row}``.
    """
    known = " OR ".join(f"OLD.state = '{source}' AND NEW.state = '{target}'" for source, target in sorted(arrows))
    mine_new = f"{only.format(row='NEW')} AND " if only else ""
    mine_old = f"{only.format(row='OLD')} AND " if only else ""
    return [
        refuse(
            f"{document}_is_born",
            "INSERT",
            table,
            f"{mine_new}NEW.state <> '{initial}'",
            f"'{document} begins as {initial}, not as ' || NEW.state",
        ),
        refuse(
            f"{document}_moves",
            "UPDATE",
            table,
            f"{mine_old}NEW.state <> OLD.state AND NOT ({known})",
            f"'{document} cannot move from ' || OLD.state || ' to ' || NEW.state",
        ),
    ]


def fixed(name: str, table: str, columns: str, *, when: str = "1") -> Rule:
    """The columns (names between spaces) keep their values while ``when`` holds of the old row."""
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns.split())
    return refuse(name, "UPDATE", table, f"({when}) AND ({changed})", f"'{table}: this is fixed by now ({name})'")


def once(table: str, columns: str) -> list[Rule]:
    """Each column may be set, and then keeps its value."""
    return [
        fixed(f"{table}_{column}_once", table, column, when=f"OLD.{column} IS NOT NULL") for column in columns.split()
    ]


def moving(name: str, table: str, target: str, unless: str, why: str, source: str | None = None) -> Rule:
    """A move into ``target`` (from ``source``) needs ``unless`` to hold."""
    origin = f"OLD.state = '{source}'" if source else "OLD.state <> NEW.state"
    return refuse(name, "UPDATE", table, f"NEW.state = '{target}' AND {origin} AND ({unless}) IS NOT TRUE", f"'{why}'")


def kept(table: str, *, unless: str | None = None) -> Rule:
    """Rows are not deleted, except while ``unless`` holds of the old row."""
    when = f"NOT ({unless})" if unless else "1"
    return refuse(f"{table}_is_kept", "DELETE", table, when, f"'{table}: nothing is erased'")


def lines(table: str, parent: str, parent_key: str, column: str, open_in: Iterable[str]) -> list[Rule]:
    """Lines are added, changed and removed only while their parent is in one of the states ``open_in``."""
    why = f"'{table}: lines of this {parent} are fixed by now'"
    closed = [_closed(row, parent, parent_key, column, open_in) for row in ("NEW", "OLD")]
    return [
        refuse(f"{table}_added", "INSERT", table, closed[0], why),
        refuse(f"{table}_changed", "UPDATE", table, " OR ".join(closed), why),
        refuse(f"{table}_removed", "DELETE", table, closed[1], why),
    ]


def only_added(
    table: str, parent: str, parent_key: str, column: str, open_in: Iterable[str], columns: str
) -> list[Rule]:
    """Lines are added while their parent is in one of the states ``open_in``, and never changed or removed."""
    closed = _closed("NEW", parent, parent_key, column, open_in)
    return [
        refuse(f"{table}_added", "INSERT", table, closed, f"'{table}: lines of this {parent} are fixed by now'"),
        fixed(f"{table}_facts", table, columns),
        kept(table),
    ]


def _closed(row: str, parent: str, parent_key: str, column: str, open_in: Iterable[str]) -> str:
    is_open = one_of("state", open_in)
    return f"NOT EXISTS (SELECT 1 FROM {parent} WHERE {parent_key} = {row}.{column} AND {is_open})"  # noqa: S608 - names from migrations


def words(vocabulary: Mapping[tuple[str, str], type[StrEnum]]) -> list[Rule]:
    """Columns that hold one of a closed list of words."""
    found: list[Rule] = []
    for (table, column), words_of in vocabulary.items():
        stranger = f"NOT {one_of(f'NEW.{column}', words_of)}"
        why = f"'{table}.{column} cannot be ' || NEW.{column}"
        name = f"{table}_{column}_word"
        found.append(refuse(name, "INSERT", table, stranger, why))
        found.append(refuse(name, "UPDATE", table, f"NEW.{column} IS NOT OLD.{column} AND {stranger}", why))
    return found
