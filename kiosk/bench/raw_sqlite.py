"""Runs statements that were written down elsewhere, with nothing but SQLite.

    python -m kiosk.bench.raw_sqlite STORE

reads pickled lists of (SQL, values) on standard input and answers each with the nanoseconds of CPU it took.
"""

import pickle
import sys
import time
from typing import Any

import apsw


def main(store: str) -> None:
    """Until standard input ends."""
    connection: Any = apsw.Connection(store, statementcachesize=512)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA wal_autocheckpoint=256")
    while True:
        try:
            statements = pickle.load(sys.stdin.buffer)  # noqa: S301  from our own parent
        except EOFError:
            return
        begun = time.thread_time_ns()
        for sql, values in statements:
            connection.execute(sql, values).fetchall()
        spent = time.thread_time_ns() - begun
        sys.stdout.write(f"{spent}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
