"""What tampering `verify` finds, and with which code."""

from __future__ import annotations

import hashlib
import json

import apsw
import pytest

from data.chain import GENESIS, link
from data.journal import Code, parse_anchor, read_anchors, verify
from data.models import Journal, Operator, Sale, Unit
from data.store import RuleBroken, Store, StoreDamaged


@pytest.fixture
def sold(directory, clock, floor):
    """A closed store with some sales; answers its directory."""
    store = Store.open(directory, now_ms=clock)

    def unit(tx):
        for _ in range(3):
            sale_id, serial = floor.done(tx)
            floor.issued(tx, sale_id, serial)
            floor.job(tx, serial)
        tx.create(Operator, number="1001", name="店员", phone="15400000009", role="CLERK", pin_hash="h")
        tx.record("operator.signed_in", "operator", "1001", {"terminal": "DEMO01"})
        floor.draft(tx)

    store.write_now(unit)
    store.close()
    return directory


def attack(directory, *statements):
    """Somebody with the file and a SQL shell: triggers do not hold them."""
    connection = apsw.Connection(str(directory / "store.db"))
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        if callable(statement):
            statement(connection)
        else:
            connection.execute(statement)
    connection.close()


def recompute(connection):
    """Makes the chain fit again, without the key."""
    prev, seq_before = GENESIS, 0
    rows = connection.execute(
        "SELECT seq, at_ms, kind, thing, thing_key, grand_total_fen, body FROM journal ORDER BY seq"
    ).fetchall()
    for seq, *rest in rows:
        new = seq_before + 1
        row_hash = link(prev, new, *rest)
        connection.execute("UPDATE journal SET seq = ?, prev = ?, hash = ? WHERE seq = ?", (new, prev, row_hash, seq))
        prev, seq_before = row_hash, new


def test_given_an_untouched_store_then_it_is_whole(sold):
    verdict = verify(sold)
    assert verdict.code == Code.WHOLE == 0, verdict
    assert verdict.head is not None
    assert verdict.rows == verdict.head.seq > 20


EDIT = "UPDATE journal SET body = replace(body, '299900', '199900') WHERE kind = 'sale.ORDERED' AND seq > 5"


def test_given_an_edited_row_then_it_is_altered(sold):
    attack(sold, EDIT)
    verdict = verify(sold)
    assert verdict.code == Code.ALTERED == 10
    assert verdict.seq is not None


@pytest.mark.parametrize("column", ["at_ms", "kind", "thing", "thing_key", "body", "grand_total_fen", "prev", "hash"])
def test_given_any_column_edited_then_it_is_found(sold, column):
    value = "x" if column in ("kind", "thing", "thing_key", "body") else "0" * 64 if column in ("prev", "hash") else 7
    attack(sold, lambda connection: connection.execute(f"UPDATE journal SET {column} = ? WHERE seq = 9", (value,)))
    assert verify(sold).code == Code.ALTERED


def test_given_an_edited_mac_then_the_key_does_not_fit(sold):
    attack(sold, "UPDATE journal SET mac = hash WHERE seq = 9")
    assert verify(sold).code == Code.KEY_DOES_NOT_FIT == 13


def test_given_a_row_deleted_in_the_middle_then_there_is_a_gap(sold):
    attack(sold, "DELETE FROM journal WHERE seq = 9")
    verdict = verify(sold)
    assert verdict.code == Code.GAP == 11
    assert verdict.seq == 9


def test_given_the_first_row_or_all_rows_deleted_then_there_is_a_gap(sold):
    attack(sold, "DELETE FROM journal WHERE seq = 1")
    assert verify(sold).code == Code.GAP
    attack(sold, "DELETE FROM journal")
    assert verify(sold).code == Code.GAP


def test_given_a_cut_tail_then_an_anchor_finds_it_truncated(sold, tmp_path):
    head = verify(sold).head
    anchors = tmp_path / "anchors.json"
    anchors.write_text(json.dumps([{"seq": head.seq, "hash": head.hash}]))
    assert verify(sold, anchors=anchors).code == Code.WHOLE
    # The whole last sale is cut from the journal and from the tables, so that only the anchor knows of it.
    attack(
        sold,
        f"DELETE FROM journal WHERE seq > {head.seq - 4}",
        "DELETE FROM operator",
        "DELETE FROM sale_line",
        "DELETE FROM sale WHERE state = 'DRAFT'",
    )
    verdict = verify(sold, anchors=anchors)
    assert verdict.code == Code.TRUNCATED_OR_FORKED == 12
    assert verify(sold, receipt=head.text).code == 12


def test_given_a_cut_tail_without_an_anchor_then_the_tables_differ(sold):
    attack(sold, "DELETE FROM journal WHERE seq > (SELECT MAX(seq) - 4 FROM journal)")
    assert verify(sold).code == Code.TABLES_DIFFER == 14


def test_given_a_recomputed_chain_without_the_key_then_the_key_does_not_fit(sold):
    head = verify(sold).head
    attack(sold, EDIT, recompute)
    verdict = verify(sold)
    assert verdict.code == Code.KEY_DOES_NOT_FIT
    assert verify(sold, receipt=f"{head.seq}-{head.hash[:12]}").code == Code.TRUNCATED_OR_FORKED


def test_given_a_row_deleted_renumbered_and_recomputed_then_the_key_does_not_fit(sold):
    attack(sold, "DELETE FROM journal WHERE seq = 9", recompute)
    assert verify(sold).code == Code.KEY_DOES_NOT_FIT


def test_given_another_or_no_key_then_it_does_not_fit(sold):
    (sold / "journal.key").write_text("ab" * 32)
    assert verify(sold).code == Code.KEY_DOES_NOT_FIT
    (sold / "journal.key").write_text("nonsense")
    assert verify(sold).code == Code.KEY_DOES_NOT_FIT
    (sold / "journal.key").unlink()
    assert verify(sold).code == Code.KEY_DOES_NOT_FIT


TABLE_ATTACKS = [
    "UPDATE sale SET total_fen = 1 WHERE state = 'DONE'",
    "UPDATE sale SET customer_name = '别人' WHERE state = 'DONE'",
    "UPDATE sale SET state = 'CANCELLED' WHERE serial LIKE '%1'",
    "UPDATE sale SET revision = 3 WHERE state = 'DRAFT'",
    "UPDATE sale_line SET price_fen = price_fen + 1 WHERE sale_id = (SELECT id FROM sale WHERE state = 'DONE')",
    "DELETE FROM sale_line WHERE sale_id = (SELECT id FROM sale WHERE state = 'DONE')",
    "INSERT INTO sale_line SELECT sale_id, 9, kind, code, model, name, colour, 0, 0, 0, pairing, NULL FROM sale_line "
    "WHERE position = 1",
    "UPDATE payment_order SET answer = x'00'",
    "UPDATE payment_order SET provider_number = number",
    "UPDATE tender SET amount_fen = 1",
    "UPDATE invoice SET title = '别人'",
    "UPDATE invoice SET fiscal_number = number",
    "UPDATE invoice_line SET net_fen = 0, tax_fen = 0, gross_fen = 0",
    "UPDATE print_job SET payload = x'00'",
    "UPDATE print_job SET state = 'CANCELLED'",
    "UPDATE operator SET role = 'OWNER'",
    "UPDATE operator SET pin_hash = 'x'",
    "UPDATE operator SET phone = '1'",
    "DELETE FROM operator",
    "DELETE FROM invoice_line; DELETE FROM invoice",
    "INSERT INTO unit VALUES ('X', 'VEHICLE', 'M', 'IN_STOCK', 1, NULL)",
    "INSERT INTO sale_line VALUES ('nobody', 1, 'VEHICLE', 'c', 'm', 'n', NULL, 1, 1, 0, 'KNOWN', NULL)",
    "UPDATE meta SET value = 'x' WHERE name = 'store_id'",
]


@pytest.mark.parametrize("statement", TABLE_ATTACKS)
def test_given_an_edited_table_then_it_differs_from_the_replay(sold, statement):
    attack(sold, statement)
    verdict = verify(sold)
    assert verdict.code == Code.TABLES_DIFFER, verdict


def test_given_changes_the_journal_does_not_tell_then_the_store_is_whole(directory, clock, floor):
    store = Store.open(directory, now_ms=clock)

    def unit(tx):
        sale_id = floor.draft(tx)
        tx.change(Sale, sale_id, step="CUSTOMER", typed={"name": "张"}, customer_name="张")
        tx.create(Operator, number="1", name="n", role="CLERK", pin_hash="h")
        tx.change(Operator, "1", failed_attempts=3)
        return sale_id

    sale_id = store.write_now(unit)
    assert verify(directory).code == 0
    store.write_now(lambda tx: tx.move(Sale, sale_id, "CANCELLED", cancelled_at_ms=tx.now_ms))
    assert verify(directory).code == 0
    store.write_now(lambda tx: tx.put(Operator, number="1", name="m", role="OWNER"))
    assert verify(directory).code == 0
    store.close()


def test_given_a_kiosk_that_writes_then_verify_runs_beside_it(store, directory, floor):
    store.write_now(floor.done)
    assert verify(directory).code == 0
    store.write_now(floor.done)
    assert verify(directory).code == 0


def test_the_journal_refuses_changes_gaps_and_replacement(store, floor):
    store.write_now(floor.done)
    copy = "SELECT {seq}, at_ms, kind, thing, thing_key, body, grand_total_fen, {prev}, {hash}, mac FROM journal"
    last = "(SELECT hash FROM journal ORDER BY seq DESC LIMIT 1)"
    new = hashlib.sha256(b"new").hexdigest()
    for statement in (
        "UPDATE journal SET body = '{}' WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 3",
        "INSERT OR REPLACE INTO journal " + copy.format(seq="seq", prev="prev", hash="hash") + " WHERE seq = 3",
        "INSERT OR REPLACE INTO journal " + copy.format(seq="seq + 1", prev="prev", hash="hash") + " WHERE seq = 3",
        "INSERT INTO journal " + copy.format(seq="seq + 2", prev=last, hash=f"'{new}'") + " ORDER BY seq DESC LIMIT 1",
        "INSERT INTO journal "
        + copy.format(seq="seq + 1", prev=f"'{new}'", hash=f"'{new}'")
        + " ORDER BY seq DESC LIMIT 1",
    ):
        with pytest.raises(RuleBroken, match="journal"):
            store.write_now(lambda tx, statement=statement: tx.execute(statement))


def test_given_a_clock_that_goes_back_then_journal_time_does_not(directory, floor):
    times = iter([2_000, 2_001, 2_002, 1_000, 500])
    store = Store.open(directory, now_ms=lambda: next(times, 100))
    assert store.write_now(lambda tx: (tx.behind, tx.now_ms)) == (True, 500)
    newest = store.newest_ms
    store.write_now(lambda tx: tx.create(Unit, code="1", kind="VEHICLE", model="m", received_at_ms=1))
    told = store.read_now(lambda: [(row.kind, row.at_ms) for row in Journal.query().order_by(Journal.seq)])
    assert told[-2:] == [("clock.behind", newest), ("unit.IN_STOCK", newest)]
    assert store.newest_ms == newest >= 2_000
    store.close()
    assert verify(directory).code == 0


def test_personal_values_are_digests_in_the_journal_and_money_is_told(sold):
    connection = apsw.Connection(str(sold / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    everything = "".join(row[0] for row in connection.execute("SELECT body FROM journal"))
    connection.close()
    for secret in ("张伟明", "15400000001", "15400000009", "0001"):
        assert f'"{secret}"' not in everything
    assert '"total_fen":299900' in everything
    assert '"code":"JW0000000-26-A1"' in everything


def test_the_grand_total_grows_with_paid_sales_only(store, floor, look):
    total = "SELECT grand_total_fen FROM journal ORDER BY seq DESC LIMIT 1"
    assert look(total) == 0
    store.write_now(floor.ordered)
    assert look(total) == 0
    store.write_now(floor.done)
    store.write_now(floor.done)
    assert look(total) == 2 * 299_900


def test_anchors_are_read_in_every_spelling(tmp_path):
    for text in ("12·9f3c01ab5d7e", "12-9F3C01AB5D7E", "12:9f3c01ab5d7e", " 12 · 9f3c01ab5d7e "):
        assert parse_anchor(text) == parse_anchor("12·9f3c01ab5d7e")
    for text in ("", "12", "12·", "12·xyz", "·9f3c01ab", "12·9f3c"):
        with pytest.raises(ValueError, match="anchor"):
            parse_anchor(text)
    lines = tmp_path / "anchors.txt"
    lines.write_text("# from slips\n12·9f3c01ab5d7e\n\n13:aaaaaaaaaaaa # till 2\n")
    assert [anchor.seq for anchor in read_anchors(lines)] == [12, 13]
    lines.write_text('[{"seq": 12}]')
    with pytest.raises(ValueError, match="list of seq and hash"):
        read_anchors(lines)
    with pytest.raises(ValueError, match="cannot be read"):
        read_anchors(tmp_path / "none")


def test_given_no_store_then_verify_says_so(tmp_path):
    with pytest.raises(StoreDamaged, match="no store"):
        verify(tmp_path)
    assert not (tmp_path / "store.db").exists()
