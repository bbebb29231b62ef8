"""The outbox 发件箱: what must happen outside, wished for in the commit that made it necessary.

A worker takes ``due`` rows, does them (asking before sending again), and in its own unit of work writes the result
together with ``done`` or ``later``. A row is never deleted while it is open.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.database import select
from data.reading import fetch, fetch_one
from data.unit_of_work import Touched, Tx


@dataclass(frozen=True, slots=True)
class Wish:
    """An open outbox row."""

    key: str
    kind: str
    subject: str
    attempts: int
    next_at_ms: int
    last_error: str | None
    created_at_ms: int


def due(now_ms: int, *, limit: int = 50, kind: str | None = None) -> tuple[Wish, ...]:
    """Open rows whose time has come, longest due first."""
    return fetch(
        Wish,
        "FROM outbox WHERE state = 'OPEN' AND next_at_ms <= ? AND (? IS NULL OR kind = ?) "
        "ORDER BY next_at_ms, key LIMIT ?",
        now_ms,
        kind,
        kind,
        limit,
    )


def next_due_ms() -> int | None:
    """When the next open row is due; None when nothing is open."""
    found = select("SELECT next_at_ms FROM outbox WHERE state = 'OPEN' ORDER BY next_at_ms LIMIT 1")
    return int(found[0][0]) if found else None


def wish(key: str) -> Wish | None:
    """The open row with this key."""
    return fetch_one(Wish, "FROM outbox WHERE key = ? AND state = 'OPEN'", key)


def done(tx: Tx, key: str) -> bool:
    """It has happened, or is no longer wanted. False when it was not open."""
    sql = "UPDATE outbox SET state = 'DONE', last_error = NULL WHERE key = ? AND state = 'OPEN'"
    return tx.execute(sql, (key,), touches=Touched("outbox", key)) == 1


def later(tx: Tx, key: str, next_at_ms: int, error: str | None) -> bool:
    """It did not happen yet: counts the attempt and waits until ``next_at_ms``. False when it was not open."""
    sql = "UPDATE outbox SET attempts = attempts + 1, next_at_ms = ?, last_error = ? WHERE key = ? AND state = 'OPEN'"
    return tx.execute(sql, (next_at_ms, error, key), touches=Touched("outbox", key)) == 1


def hurry(tx: Tx, key: str) -> bool:
    """Somebody asked for it now. False when it is not open."""
    sql = "UPDATE outbox SET next_at_ms = MIN(next_at_ms, ?) WHERE key = ? AND state = 'OPEN'"
    return tx.execute(sql, (tx.now_ms, key), touches=Touched("outbox", key)) == 1


def first(*kinds: str) -> Wish | None:
    """The open row of these kinds that is due first, now or later."""
    marks = ", ".join("?" * len(kinds))
    return fetch_one(
        Wish,
        f"FROM outbox WHERE state = 'OPEN' AND kind IN ({marks}) ORDER BY next_at_ms, key LIMIT 1",
        *kinds,
    )


def hurry_all(tx: Tx, *kinds: str, before_ms: int = 1 << 62) -> None:
    """After a start: everything open of these kinds is due at once, except what is due at ``before_ms`` or later."""
    marks = ", ".join("?" * len(kinds))
    tx.execute(
        f"UPDATE outbox SET next_at_ms = ? WHERE state = 'OPEN' AND kind IN ({marks}) "  # noqa: S608
        "AND next_at_ms > ? AND next_at_ms < ?",
        (tx.now_ms, *kinds, tx.now_ms, before_ms),
    )


def again(tx: Tx, key: str, kind: str, subject: str, at_ms: int) -> None:
    """Wish for it (again) at that time, counting attempts anew; it may be open, done, or new."""
    tx.enqueue(key, kind, subject, at_ms=at_ms)
    tx.execute(
        "UPDATE outbox SET state = 'OPEN', attempts = 0, next_at_ms = ? WHERE key = ?",
        (at_ms, key),
        touches=Touched("outbox", key),
    )
