"""`kiosk journal verify` finds out whoever touched the books, and says with its exit code how.

The attacker has the file and a SQL shell, so triggers do not hold; whether the key is theirs is part of each case.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from data.chain import GENESIS, link, read_key
from data.store import Store
from kiosk.demo.seeding import seed
from kiosk.services.clock import Clock

Attack = Callable[[apsw.Connection, Path], None]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("books") / "shop"
    clock = Clock()
    store = Store.open(directory, now_ms=clock.now_ms)
    seed(store, clock, past=12)
    store.close()
    return directory


def verified(directory: Path, *options: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    command = [sys.executable, "-m", "kiosk", "journal", "verify", "--data", str(directory), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert "Traceback" not in done.stderr
    verdict = json.loads(done.stdout) if done.stdout else {}
    assert verdict.get("code", done.returncode) == done.returncode
    return done.returncode, verdict.get("why", done.stderr)


def rows(connection: apsw.Connection) -> list[tuple]:
    sql = "SELECT seq, at_ms, kind, thing, thing_key, grand_total_fen, body FROM journal ORDER BY seq"
    return connection.execute(sql).fetchall()


def recompute(connection: apsw.Connection, directory: Path, *, keyed: bool = False) -> None:
    """Number and chain the rows again; with the key, seal them as well."""
    key, prev = read_key(directory), GENESIS
    for number, (seq, *rest) in enumerate(rows(connection), start=1):
        row_hash = link(prev, number, *rest)
        connection.execute(
            "UPDATE journal SET seq = ?, prev = ?, hash = ? WHERE seq = ?", (number, prev, row_hash, seq)
        )
        if keyed and key is not None:
            connection.execute("UPDATE journal SET mac = ? WHERE seq = ?", (key.seal(row_hash), number))
        prev = row_hash


def run(sql: str) -> Attack:
    return lambda connection, directory: connection.execute(sql)


def edit_and_recompute(connection: apsw.Connection, directory: Path) -> None:
    connection.execute(EDIT)
    recompute(connection, directory)


def delete_renumber_recompute(connection: apsw.Connection, directory: Path) -> None:
    connection.execute("DELETE FROM journal WHERE seq = 40")
    recompute(connection, directory)


def swap_two(connection: apsw.Connection, directory: Path) -> None:
    for old, new in ((50, -1), (51, 50), (-1, 51)):
        connection.execute("UPDATE journal SET seq = ? WHERE seq = ?", (new, old))


def forge_a_row(connection: apsw.Connection, directory: Path) -> None:
    last = connection.execute("SELECT seq, at_ms, grand_total_fen, hash FROM journal ORDER BY seq DESC").fetchone()
    seq, at_ms, total, prev = last
    body = '{"said":{"operator":"1003"}}'
    row_hash = link(prev, seq + 1, at_ms, "operator.signed_in", "operator", "1003", total, body)
    connection.execute(
        "INSERT INTO journal VALUES (?, ?, 'operator.signed_in', 'operator', '1003', ?, ?, ?, ?, ?)",
        (seq + 1, at_ms, body, total, prev, row_hash, "0" * 64),
    )


def replace_the_key(connection: apsw.Connection, directory: Path) -> None:
    (directory / "journal.key").write_text("ab" * 32)


EDIT = """
    UPDATE journal SET body = replace(body, '"channel":"WECHAT"', '"channel":"CASH"') WHERE thing = 'payment_order'
"""
OLD_HASH = """
    INSERT OR REPLACE INTO journal
    SELECT MAX(seq) + 1, at_ms, kind, thing, thing_key, body, grand_total_fen, hash,
           (SELECT hash FROM journal WHERE seq = 40), mac FROM journal
"""

CASES: dict[str, tuple[Attack, int]] = {
    "a body edited": (run(EDIT), 10),
    "two rows swapped": (swap_two, 10),
    "a middle row deleted": (run("DELETE FROM journal WHERE seq = 40"), 11),
    "a row with an old hash put over": (run(OLD_HASH), 10),
    "everything deleted": (run("DELETE FROM journal"), 11),
    "edited, chain recomputed without the key": (edit_and_recompute, 13),
    "deleted, renumbered, recomputed without the key": (delete_renumber_recompute, 13),
    "a forged row appended": (forge_a_row, 13),
    "the key replaced": (replace_the_key, 13),
    "the tail cut": (run("DELETE FROM journal WHERE seq > (SELECT MAX(seq) - 3 FROM journal)"), 14),
    "a sale's total changed": (run("UPDATE sale SET total_fen = total_fen - 100 WHERE state = 'DONE'"), 14),
    "a payment deleted": (run("DELETE FROM payment_order WHERE number = (SELECT MAX(number) FROM payment_order)"), 14),
}


@pytest.fixture
def attacked(books: Path, tmp_path: Path) -> Callable[[Attack], Path]:
    def attack(how: Attack) -> Path:
        directory = tmp_path / "shop"
        shutil.copytree(books, directory)
        connection = apsw.Connection(str(directory / "store.db"))
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        how(connection, directory)
        connection.close()
        return directory

    return attack


def test_given_untouched_books_then_they_are_whole(books: Path) -> None:
    assert verified(books) == (0, "the journal is whole")


@pytest.mark.parametrize("case", CASES)
def test_given_tampered_books_then_the_exit_code_says_how(case: str, attacked: Callable[[Attack], Path]) -> None:
    how, code = CASES[case]
    assert verified(attacked(how))[0] == code


def witnesses(books: Path) -> tuple[str, list[str]]:
    """What others hold of these books: the anchor on the last slip, and the numbers on the payment channels' bills."""
    connection = apsw.Connection(str(books / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    seq, row_hash = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC").fetchone()
    numbers = [number for (number,) in connection.execute("SELECT number FROM payment_order")]
    connection.close()
    return f"{seq}·{row_hash[:12]}", numbers


def test_given_a_receipt_or_a_payment_channels_bill_then_a_cut_or_a_fork_is_found(
    books: Path, attacked: Callable[[Attack], Path], tmp_path: Path
) -> None:
    slip, numbers = witnesses(books)
    bill = tmp_path / "bill.txt"
    bill.write_text("# order numbers of the channel's bill\n" + "\n".join(numbers))
    assert verified(books, "--receipt", slip)[0] == 0

    assert verified(books, "--anchors", str(bill))[0] == 0

    def fork(connection: apsw.Connection, directory: Path) -> None:
        """With the key everything fits again, except what is on paper."""
        connection.execute("UPDATE journal SET at_ms = at_ms + 1 WHERE seq >= (SELECT MAX(seq) - 9 FROM journal)")
        recompute(connection, directory, keyed=True)

    forked = attacked(fork)
    assert verified(forked)[0] == 0
    code, why = verified(forked, "--receipt", slip)
    assert code == 12
    assert slip in why
    bill.write_text(numbers[-1][:-8] + "00C0FFEE")  # what a channel says was asked for, and these books do not know
    code, why = verified(books, "--anchors", str(bill))
    assert code == 12
    assert "00C0FFEE" in why


def test_given_an_anchor_nobody_can_read_then_that_is_wrong_use(books: Path) -> None:
    assert verified(books, "--receipt", "12·xyz")[0] == 2
