"""What a unit of work writes, tells and answers."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from data.chain import link
from data.database import select
from data.journal import verify
from data.models import Invoice, Operator, PaymentOrder, PrintJob, Sale, Setting, Shift, Unit
from data.queries.shop import history
from data.states import SaleState
from data.store import RuleBroken


def told(store, thing, key):
    return [(entry.kind, json.loads(entry.body)) for entry in store.read_now(lambda: history(thing, key))]


def test_a_row_takes_its_defaults_and_is_born_in_its_initial_state(store, floor):
    sale_id = store.write_now(floor.draft)
    row = store.read_now(lambda: Sale.find(sale_id).__data__)
    assert (row["state"], row["step"], row["revision"], row["typed"], row["late"]) == ("DRAFT", "VEHICLE", 0, "{}", 0)
    assert told(store, "sale", sale_id) == [
        ("sale.DRAFT", {"set": {"kind": "BUNDLE", "revision": 0, "state": "DRAFT", "terminal": "DEMO01"}})
    ]


def test_given_a_wrong_column_or_value_then_it_is_a_mistake_of_the_program(store):
    with pytest.raises(ValueError, match="no column colour"):
        store.write_now(lambda tx: tx.create(Setting, name="a", value="b", colour="red"))
    with pytest.raises(TypeError, match="cannot hold a object"):
        store.write_now(lambda tx: tx.create(Setting, name="a", value=object()))
    with pytest.raises(ValueError, match=r"by move\(\) only"):
        store.write_now(lambda tx: tx.change(Unit, "1", state="SOLD"))
    with pytest.raises(RuleBroken, match="cannot store TEXT"):
        store.write_now(lambda tx: tx.create(Unit, code="1", kind="VEHICLE", model="m", received_at_ms="soon"))


def test_given_a_row_somewhere_else_when_it_is_moved_then_nothing_happens(store, floor):
    _, code = store.write_now(lambda tx: floor.make(tx, "unit"))
    assert not store.write_now(lambda tx: tx.move(Unit, code, "SOLD", expect="RESERVED"))
    assert not store.write_now(lambda tx: tx.move(Unit, "nobody", "RESERVED"))
    assert not store.write_now(lambda tx: tx.change(Unit, "nobody", source="x"))
    assert store.write_now(lambda tx: tx.move(Unit, code, "RESERVED", expect=("IN_STOCK",)))
    assert store.write_now(lambda tx: tx.move(Unit, code, "IN_STOCK", expect={"RESERVED", "SOLD"}))
    assert [kind for kind, _ in told(store, "unit", code)] == ["unit.IN_STOCK", "unit.RESERVED", "unit.IN_STOCK"]


def test_given_lines_for_a_row_somewhere_else_then_none_is_added(store, floor, look):
    def unit(tx):
        _, shift = floor.make(tx, "shift")
        count = [{"tender": "CASH", "expected_fen": 1, "counted_fen": 1}]
        assert tx.move(Shift, shift, "COUNTED", lines=count, counted_at_ms=tx.now_ms)
        assert not tx.move(Shift, shift, "COUNTED", lines=count)
        return shift

    shift = store.write_now(unit)
    assert look("SELECT COUNT(*) FROM shift_count") == 1
    assert told(store, "shift", shift)[1][1]["shift_count"] == [{"tender": "CASH", "expected_fen": 1, "counted_fen": 1}]


def test_an_ordered_sale_is_told_whole_with_its_lines(store, floor):
    sale_id, serial = store.write_now(floor.ordered)
    kind, body = told(store, "sale", sale_id)[-1]
    assert kind == "sale.ORDERED"
    assert body["set"]["serial"] == serial
    assert body["set"]["total_fen"] == 299_900
    assert body["set"]["customer_name"].startswith("~")
    assert "typed" not in body["set"]
    assert [line["price_fen"] for line in body["sale_line"]] == [290_000, 9_000, 900]
    store.write_now(lambda tx: tx.change(Sale, sale_id, late=True))
    assert told(store, "sale", sale_id)[-1] == ("sale.changed", {"set": {"late": 1}})


def test_blobs_are_told_by_digest_and_progress_is_not_told(store, floor):
    job = store.write_now(lambda tx: floor.job(tx, "S1"))
    assert told(store, "print_job", job)[0][1]["set"]["payload"] == "#" + hashlib.sha256(b"\x1b@").hexdigest()
    store.write_now(lambda tx: tx.change(PrintJob, job, attempts=1, error="offline"))
    assert len(told(store, "print_job", job)) == 1


def test_put_creates_and_then_changes(store):
    def put(**facts):
        store.write_now(lambda tx: tx.put(Operator, number="1", **facts))

    put(name="n", role="CLERK", pin_hash="h")
    put(role="MANAGER")
    put(failed_attempts=2)
    row = store.read_now(lambda: Operator.find("1").__data__)
    assert (row["name"], row["role"], row["failed_attempts"]) == ("n", "MANAGER", 2)
    assert [kind for kind, _ in told(store, "operator", "1")] == ["operator.created", "operator.changed"]
    store.write_now(lambda tx: tx.record("operator.signed_in", "operator", "1", {"terminal": "DEMO01"}))
    assert told(store, "operator", "1")[-1] == ("operator.signed_in", {"said": {"terminal": "DEMO01"}})


def test_the_head_within_a_unit_is_the_row_before_and_goes_into_order_numbers(store, floor):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        before = tx.head()
        number, _ = floor.order(tx, sale_id, serial)
        return before, tx.head(), number

    before, after, number = store.write_now(unit)
    rows = dict(store.read_now(lambda: select("SELECT seq, hash FROM journal")))
    assert rows[before.seq] == before.hash
    assert rows[after.seq] == after.hash
    assert after.text == f"{after.seq}·{after.hash[:12]}"
    assert number[-8:] in {value[:8].upper() for value in rows.values()}


def test_the_hash_is_what_the_documentation_says(store):
    (row,) = store.read_now(
        lambda: select(
            "SELECT seq, at_ms, kind, thing, thing_key, grand_total_fen, body, prev, hash, mac "
            "FROM journal WHERE seq = 2"
        )
    )
    *values, body, prev, row_hash, mac = row
    canonical = json.dumps([*values, json.loads(body)], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert hashlib.sha256((prev + canonical).encode()).hexdigest() == row_hash
    secret = bytes.fromhex((store.directory / "journal.key").read_text())
    assert hmac.digest(secret, row_hash.encode(), "sha256").hex() == mac
    assert (
        link("0" * 64, 1, 2, "k", "t", "é·", 0, '{"a":"中"}')
        == hashlib.sha256(("0" * 64 + '[1,2,"k","t","é·",0,{"a":"中"}]').encode()).hexdigest()
    )


def test_ids_rise_within_a_millisecond_and_over_time(store):
    many = store.write_now(lambda tx: [tx.new_id() for _ in range(2000)])
    many += store.write_now(lambda tx: [tx.new_id() for _ in range(10)])
    assert many == sorted(set(many))
    assert all(len(one) == 26 for one in many)


def test_a_final_failure_is_told(store, floor):
    def unit(tx):
        invoice = floor.invoice(tx, *floor.done(tx))
        tx.move(Invoice, invoice, "SENT")
        tx.move(Invoice, invoice, "FAILED", reason="E9106")
        tx.change(Invoice, invoice, final=True, expect="FAILED")
        return invoice

    invoice = store.write_now(unit)
    assert told(store, "invoice", invoice)[-1] == ("invoice.changed", {"set": {"final": 1}})


def test_two_thousand_past_sales_go_in_as_units_of_many(store, floor, look):
    """The bulk path is the ordinary one: many sales in a unit, every rule and journal row kept."""

    def many(tx):
        for _ in range(100):
            sale_id, serial = floor.done(tx)
            floor.issued(tx, sale_id, serial)

    for _ in range(3):
        store.write_now(many)
    assert look(f"SELECT COUNT(*) FROM sale WHERE state = '{SaleState.DONE}'") == 300
    assert store.read_now(lambda: PaymentOrder.query().count()) == 300
    assert verify(store.directory).code == 0


def test_what_waits_for_the_commit_is_called_after_it_and_not_at_all_without_one(store):
    called = []

    def kept(tx):
        tx.put(Setting, name="a", value="b")
        tx.committed.append(lambda: called.append(select("SELECT value FROM setting WHERE name = 'a'")))
        tx.committed.append(lambda: 1 / 0)  # the commit stands whatever comes after it
        assert called == []

    def lost(tx):
        tx.committed.append(lambda: called.append("lost"))
        raise RuntimeError("no")

    store.write_now(kept)
    with pytest.raises(RuntimeError, match="no"):
        store.write_now(lost)
    assert called == [[("b",)]]
