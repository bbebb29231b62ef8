"""Turns rows of a SELECT into frozen dataclasses whose fields name the columns.

Lists and look-ups are read this way and not as Peewee models: what leaves the store's threads must not be able to
ask the store again, and a list of fifty sales is built in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from data.database import Value, select

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Plan:
    columns: str
    converters: tuple[Callable[[Any], object] | None, ...]


@cache
def _plan(kind: type[object]) -> _Plan:
    hints = get_type_hints(kind)
    names: list[str] = []
    converters: list[Callable[[Any], object] | None] = []
    for field in fields(cast("Any", kind)):
        if not field.init:
            continue
        names.append(str(field.metadata.get("sql", field.name)))
        converters.append(_converter(hints[field.name]))
    return _Plan(", ".join(names), tuple(converters))


def _converter(hint: object) -> Callable[[Any], object] | None:
    options: tuple[object, ...] = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    for option in options:
        if option is bool or (isinstance(option, type) and issubclass(option, StrEnum)):
            return cast("Callable[[Any], object]", option)
    return None


def fetch(kind: type[T], tail: str, *parameters: Value) -> tuple[T, ...]:
    """``SELECT <the fields of kind> <tail>`` as a tuple of ``kind``; NULL stays None.

    A field whose column is called otherwise, or comes from a joined table, says so in its metadata as ``sql``.
    """
    plan = _plan(kind)
    rows = select(f"SELECT {plan.columns} {tail}", *parameters)
    if not any(plan.converters):
        return tuple(kind(*row) for row in rows)
    return tuple(
        kind(
            *(
                value if convert is None or value is None else convert(value)
                for convert, value in zip(plan.converters, row, strict=True)
            )
        )
        for row in rows
    )


def fetch_one(kind: type[T], tail: str, *parameters: Value) -> T | None:
    """Like ``fetch`` for at most one row."""
    found = fetch(kind, tail, *parameters)
    return found[0] if found else None
