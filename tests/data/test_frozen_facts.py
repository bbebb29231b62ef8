"""Facts never change once frozen, finished rows never change at all, and nothing is erased."""

from __future__ import annotations

import pytest

from data.models import (
    Buyback,
    Clearing,
    Invoice,
    InvoiceFile,
    Operator,
    PaymentOrder,
    PrintJob,
    Refund,
    Sale,
    Shift,
    Tender,
    Unit,
)
from data.store import RuleBroken

PRICE = 299_900


def refused(store, work, text=None):
    with pytest.raises(RuleBroken, match=text):
        store.write_now(work)


SALE_FACTS = {
    "serial": "DEMO0126112199999",
    "kind": "COUNTER",
    "business_day": "2026-11-22",
    "ordered_at_ms": 1,
    "list_total_fen": 1,
    "total_fen": 1,
    "invoice_wish": "NONE",
    "customer_name": "李四",
    "customer_phone": "15400000002",
    "customer_phone_last4": "0002",
    "division_code": "1",
    "division_text": "1",
    "address": "1",
    "operator": "9",
    "terminal": "DEMO02",
    "opened_at_ms": 1,
    "revision": 5,
}


@pytest.mark.parametrize("column", sorted(SALE_FACTS))
def test_given_an_ordered_sale_when_a_fact_changes_then_it_is_refused(store, floor, column):
    sale_id, _ = store.write_now(floor.ordered)
    refused(store, lambda tx: tx.change(Sale, sale_id, **{column: SALE_FACTS[column]}), "fixed by now|revision")


def test_given_an_ordered_sale_when_its_lines_change_then_it_is_refused(store, floor):
    sale_id, _ = store.write_now(floor.ordered)
    line = "sale_id = '" + sale_id + "'"
    refused(store, lambda tx: tx.execute(f"UPDATE sale_line SET price_fen = 1 WHERE {line}"), "lines")
    refused(store, lambda tx: tx.execute(f"DELETE FROM sale_line WHERE {line}"), "lines")
    refused(store, lambda tx: tx.put_lines(Sale, sale_id, []), "lines")
    refused(
        store,
        lambda tx: tx.execute(
            f"INSERT INTO sale_line SELECT sale_id, 9, kind, code, model, name, colour, 1, 1, 0, 'KNOWN', NULL "
            f"FROM sale_line WHERE {line} LIMIT 1"
        ),
        "lines",
    )


def test_given_an_ordered_sale_when_it_goes_back_to_draft_then_its_lines_may_change_and_its_serial_stays(
    store, floor, look
):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        assert tx.move(Sale, sale_id, "DRAFT", revision=1)
        tx.put_lines(
            Sale,
            sale_id,
            [{"kind": "VEHICLE", "code": "V", "model": "M", "name": "n", "list_price_fen": 5, "price_fen": 5}],
        )
        facts = {**floor.order_facts(tx), "serial": serial, "total_fen": 5}
        assert tx.move(Sale, sale_id, "ORDERED", **facts)
        return sale_id, serial

    sale_id, serial = store.write_now(unit)
    assert look(f"SELECT serial || revision FROM sale WHERE id = '{sale_id}'") == serial + "1"
    refused(store, lambda tx: tx.change(Sale, sale_id, serial="DEMO0126112199999"))


def test_given_a_live_order_when_the_sale_goes_back_or_is_cancelled_then_it_is_refused(store, floor):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        return sale_id, floor.order(tx, sale_id, serial)[0]

    sale_id, number = store.write_now(unit)
    refused(store, lambda tx: tx.move(Sale, sale_id, "DRAFT", revision=1), "not verified closed")
    refused(store, lambda tx: tx.move(Sale, sale_id, "CANCELLED"), "live")
    assert store.write_now(lambda tx: tx.move(PaymentOrder, number, "CLOSED"))
    assert store.write_now(lambda tx: tx.move(Sale, sale_id, "CANCELLED", cancelled_at_ms=tx.now_ms))


def test_given_a_late_payment_when_the_sale_is_cancelled_then_it_must_be_refunded_whole_first(store, floor):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        number, _ = floor.order(tx, sale_id, serial)
        assert tx.move(PaymentOrder, number, "CLOSED", watch_from_ms=tx.now_ms)
        assert tx.move(PaymentOrder, number, "PAID_LATE", **floor.proof(tx, number))
        return sale_id, number

    sale_id, number = store.write_now(unit)
    refused(store, lambda tx: tx.move(Sale, sale_id, "CANCELLED"), "refunded")

    def refund(tx):
        tx.create(
            Refund,
            number=f"{number}R01",
            payment_order=number,
            amount_fen=PRICE,
            reason="late",
            operator="1",
            created_at_ms=tx.now_ms,
        )
        assert tx.move(Refund, f"{number}R01", "SENT")
        assert tx.move(Refund, f"{number}R01", "DONE", done_at_ms=tx.now_ms)
        assert tx.move(Sale, sale_id, "CANCELLED", cancelled_at_ms=tx.now_ms)

    store.write_now(refund)


def test_given_an_order_without_serial_lines_or_right_sum_then_a_sale_is_not_ordered(store, floor):
    for wrong in ({"serial": None}, {"total_fen": 1}, {"business_day": None}, {"total_fen": None}):
        refused(
            store,
            lambda tx, wrong=wrong: tx.move(Sale, floor.draft(tx), "ORDERED", **{**floor.order_facts(tx), **wrong}),
            "ORDERED needs",
        )
    refused(
        store,
        lambda tx: tx.move(Sale, floor.draft(tx, lines=0), "ORDERED", **floor.order_facts(tx)),
        "ORDERED needs",
    )


def test_given_unsettled_tenders_when_a_sale_is_paid_then_it_is_refused(store, floor):
    def unit(tx):
        sale_id, _ = floor.ordered(tx)
        return sale_id, floor.tender(tx, sale_id, amount=PRICE - 1), floor.tender(tx, sale_id, amount=1)

    sale_id, most, rest = store.write_now(unit)
    refused(store, lambda tx: tx.move(Sale, sale_id, "PAID", paid_at_ms=tx.now_ms), "settle the total")
    store.write_now(lambda tx: tx.move(Tender, most, "SETTLED", settled_at_ms=tx.now_ms))
    refused(store, lambda tx: tx.move(Sale, sale_id, "PAID", paid_at_ms=tx.now_ms), "settle the total")
    store.write_now(lambda tx: tx.move(Tender, rest, "SETTLED", settled_at_ms=tx.now_ms))
    assert store.write_now(lambda tx: tx.move(Sale, sale_id, "PAID", paid_at_ms=tx.now_ms))


def test_tenders_never_exceed_the_total(store, floor):
    sale_id, _ = store.write_now(floor.ordered)

    def unit(tx):
        tender = floor.tender(tx, sale_id, amount=PRICE + 1)
        tx.move(Tender, tender, "SETTLED", settled_at_ms=tx.now_ms)

    refused(store, unit, "never exceed")


def test_a_sale_has_one_live_payment_order(store, floor):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        return sale_id, serial, floor.order(tx, sale_id, serial)[0]

    sale_id, serial, first = store.write_now(unit)
    refused(store, lambda tx: floor.order(tx, sale_id, serial, attempt=2), "UNIQUE")
    for state in ("SENT", "UNKNOWN", "WAITING", "CLOSING"):
        store.write_now(lambda tx, state=state: tx.move(PaymentOrder, first, state))
        refused(store, lambda tx: floor.order(tx, sale_id, serial, attempt=2), "UNIQUE")
    store.write_now(lambda tx: tx.move(PaymentOrder, first, "CLOSED"))
    store.write_now(lambda tx: floor.order(tx, sale_id, serial, attempt=2))


def test_a_payment_order_belongs_to_an_ordered_sale_and_fits_its_tender(store, floor):
    draft = store.write_now(floor.draft)
    refused(store, lambda tx: floor.order(tx, draft, "DEMO0126112100009"), "ORDERED sale")
    sale_id, serial = store.write_now(floor.ordered)

    def wrong_amount(tx):
        tender = floor.tender(tx, sale_id, amount=5)
        tx.create(
            PaymentOrder,
            number=f"{serial}01ABCDEF01",
            sale_id=sale_id,
            serial=serial,
            revision=0,
            attempt=1,
            tender_id=tender,
            channel="WECHAT",
            amount_fen=6,
            created_at_ms=tx.now_ms,
        )

    refused(store, wrong_amount, "tender of this amount")


@pytest.mark.parametrize("column", ["number", "amount_fen", "channel", "request", "expires_at_ms", "serial"])
def test_a_payment_order_keeps_its_facts(store, floor, column):
    number = store.write_now(lambda tx: floor.order(tx, *floor.ordered(tx))[0])
    refused(store, lambda tx: tx.change(PaymentOrder, number, **{column: 7 if column.endswith(("n", "s")) else b"x"}))


def test_only_cash_and_bank_are_paid_without_being_sent_and_paid_needs_proof(store, floor):
    number = store.write_now(lambda tx: floor.order(tx, *floor.ordered(tx))[0])
    refused(store, lambda tx: tx.move(PaymentOrder, number, "PAID", **floor.proof(tx, number)), "cash and bank")
    store.write_now(lambda tx: tx.move(PaymentOrder, number, "SENT"))
    refused(store, lambda tx: tx.move(PaymentOrder, number, "PAID", paid_at_ms=1), "verified answer")
    assert store.write_now(lambda tx: tx.move(PaymentOrder, number, "PAID", **floor.proof(tx, number)))
    refused(store, lambda tx: tx.change(PaymentOrder, number, answer=b"other"), "fixed by now")


def test_nothing_leaves_before_its_bytes_are_stored(store, floor):
    def unit(tx):
        sale_id, serial = floor.done(tx)
        invoice = floor.invoice(tx, sale_id, serial, request=None)
        return invoice, floor.job(tx, serial, payload=None, sha256=None)

    invoice, job = store.write_now(unit)
    refused(store, lambda tx: tx.move(Invoice, invoice, "SENT"), "exact bytes")
    refused(store, lambda tx: tx.move(PrintJob, job, "SENDING"), "exact bytes")
    store.write_now(lambda tx: tx.change(PrintJob, job, payload=b"1", sha256="1" * 64))
    refused(store, lambda tx: tx.change(PrintJob, job, payload=b"2"), "fixed by now")
    store.write_now(lambda tx: tx.change(Invoice, invoice, request=b"1"))
    refused(store, lambda tx: tx.change(Invoice, invoice, request=b"2"), "fixed by now")


def test_refunds_never_exceed_what_was_paid(store, floor):
    def unit(tx):
        sale_id, _ = floor.done(tx)
        return next(iter(PaymentOrder.query().where(PaymentOrder.sale_id == sale_id))).number

    number = store.write_now(unit)

    def refund(amount, which):
        return lambda tx: tx.create(
            Refund,
            number=f"{number}R{which:02d}",
            payment_order=number,
            amount_fen=amount,
            reason="r",
            operator="1",
            created_at_ms=tx.now_ms,
        )

    store.write_now(refund(PRICE - 100, 1))
    refused(store, refund(101, 2), "never exceed")
    store.write_now(refund(100, 2))


def test_a_sale_has_one_unreversed_blue_invoice(store, floor):
    sale_id, serial = store.write_now(floor.done)
    blue = store.write_now(lambda tx: floor.invoice(tx, sale_id, serial))
    refused(store, lambda tx: floor.invoice(tx, sale_id, serial, number=2), "not reversed")
    store.write_now(lambda tx: tx.move(Invoice, blue, "WITHDRAWN"))

    second = store.write_now(lambda tx: floor.invoice(tx, sale_id, serial, number=2))
    store.write_now(lambda tx: tx.move(Invoice, second, "SENT"))
    store.write_now(lambda tx: tx.move(Invoice, second, "FAILED", reason="E9106"))
    refused(store, lambda tx: floor.invoice(tx, sale_id, serial, number=3), "not reversed")
    assert store.write_now(lambda tx: tx.move(Invoice, second, "SENT"))  # the same number again
    store.write_now(lambda tx: tx.move(Invoice, second, "FAILED", reason="E9106"))
    assert store.write_now(lambda tx: tx.change(Invoice, second, final=True))
    refused(store, lambda tx: tx.move(Invoice, second, "SENT"), "fixed by now")

    third = store.write_now(lambda tx: floor.issued(tx, sale_id, serial, number=3))
    refused(store, lambda tx: floor.invoice(tx, sale_id, serial, number=4), "not reversed")
    red = store.write_now(lambda tx: floor.red(tx, sale_id, serial, third))
    refused(store, lambda tx: floor.red(tx, sale_id, serial, third, number=2, amount=1), "never more")
    refused(store, lambda tx: floor.invoice(tx, sale_id, serial, number=4), "not reversed")

    def reverse(tx):
        assert tx.move(Invoice, red, "APPLIED")
        assert tx.move(Invoice, red, "ISSUED", fiscal_number="26990000000000000009", issued_at_ms=tx.now_ms)

    store.write_now(reverse)
    store.write_now(lambda tx: floor.invoice(tx, sale_id, serial, number=4))


@pytest.mark.parametrize("column", ["title", "tax_number", "total_fen", "net_fen", "remark", "serial", "kind"])
def test_an_invoice_keeps_its_facts(store, floor, column):
    invoice = store.write_now(lambda tx: floor.invoice(tx, *floor.done(tx)))
    refused(store, lambda tx: tx.change(Invoice, invoice, **{column: 1 if column.endswith("fen") else "RED"}))


def test_an_issued_invoice_takes_files_and_changes_no_more(store, floor):
    sale_id, serial = store.write_now(floor.done)
    invoice = store.write_now(lambda tx: floor.invoice(tx, sale_id, serial))

    def file(tx):
        tx.create(
            InvoiceFile, invoice=invoice, format="pdf", path="i.pdf", sha256="0" * 64, size=1, stored_at_ms=tx.now_ms
        )

    refused(store, file, "lines")

    def issue(tx):
        tx.move(Invoice, invoice, "SENT")
        tx.move(Invoice, invoice, "ISSUING", provider_serial="p")
        tx.move(Invoice, invoice, "ISSUED", fiscal_number="26990000000000000001", issued_at_ms=tx.now_ms)
        file(tx)

    store.write_now(issue)
    for change in ({"provider_serial": "q"}, {"fiscal_number": "2"}, {"issued_at_ms": 5}, {"reason": "r"}):
        refused(store, lambda tx, change=change: tx.change(Invoice, invoice, **change), "fixed by now")
    refused(store, lambda tx: tx.change(InvoiceFile, (invoice, "pdf"), sha256="1" * 64), "fixed by now")
    refused(store, lambda tx: tx.execute("UPDATE invoice_line SET gross_fen = 1, net_fen = 1, tax_fen = 0"), "fixed")


def test_there_is_one_original_of_each_copy(store, floor):
    store.write_now(lambda tx: floor.job(tx, "S1"))
    store.write_now(lambda tx: floor.job(tx, "S1", copy="CUSTOMER"))
    refused(store, lambda tx: floor.job(tx, "S1"), "UNIQUE")
    store.write_now(lambda tx: floor.job(tx, "S1", kind="DUPLICATE", copy_no=1, reason="not printed"))
    refused(store, lambda tx: floor.job(tx, "S1", kind="DUPLICATE", copy_no=1, reason="again"), "UNIQUE")


def test_given_accepted_bytes_when_a_job_goes_back_to_the_queue_then_it_is_refused(store, floor):
    job = store.write_now(lambda tx: floor.job(tx, "S1"))
    store.write_now(lambda tx: tx.move(PrintJob, job, "SENDING"))
    store.write_now(lambda tx: tx.change(PrintJob, job, bytes_sent=1))
    refused(store, lambda tx: tx.move(PrintJob, job, "QUEUED"), "uncertain")
    assert store.write_now(lambda tx: tx.move(PrintJob, job, "UNCERTAIN"))


def test_a_buyback_is_deleted_in_reception_only_and_priced_in_appraisal_only(store, floor, look):
    _, first = store.write_now(lambda tx: floor.make(tx, "buyback"))
    assert store.write_now(lambda tx: tx.delete(Buyback, first))
    assert look("SELECT COUNT(*) FROM buyback_item") == 0

    _, second = store.write_now(lambda tx: floor.make(tx, "buyback"))
    price = f"UPDATE buyback_item SET price_fen = 5 WHERE buyback = '{second}'"
    refused(store, lambda tx: tx.execute(price), "during appraisal")
    store.write_now(lambda tx: tx.move(Buyback, second, "APPRAISING"))
    store.write_now(lambda tx: tx.execute(price))
    store.write_now(lambda tx: tx.move(Buyback, second, "APPRAISED"))
    refused(store, lambda tx: tx.change(Buyback, second, photo=b"p"), "at execution")
    store.write_now(
        lambda tx: tx.move(
            Buyback, second, "SETTLED", payout_fen=5, settled_at_ms=tx.now_ms, photo=b"p", signature=b"s"
        )
    )
    refused(store, lambda tx: tx.delete(Buyback, second))
    refused(store, lambda tx: tx.change(Buyback, second, payout_fen=6), "fixed by now")
    refused(store, lambda tx: tx.execute(f"UPDATE buyback_item SET cancelled = 1 WHERE buyback = '{second}'"), "lines")
    store.write_now(lambda tx: tx.change(Buyback, second, photo=None))  # its time to be forgotten has come


def test_sealed_closed_and_settled_rows_change_no_more(store, floor):
    def unit(tx):
        _, clearing = floor.make(tx, "clearing")
        tx.move(Clearing, clearing, "PRECHECKED")
        tx.move(Clearing, clearing, "SEALING")
        facts = floor.facts_for(tx, "clearing", clearing, "SEALING", "SEALED")
        tx.move(Clearing, clearing, "SEALED", lines=[{"document": "sale", "document_key": "s", "digest": "d"}], **facts)
        _, shift = floor.make(tx, "shift")
        tx.move(Shift, shift, "COUNTED", lines=[{"tender": "CASH", "expected_fen": 1, "counted_fen": 1}])
        return clearing, shift

    clearing, _ = store.write_now(unit)
    refused(store, lambda tx: tx.change(Clearing, clearing, certificate=b"x"), "fixed by now")
    refused(store, lambda tx: tx.execute("DELETE FROM clearing_row"), "lines")
    refused(store, lambda tx: tx.execute("UPDATE shift_count SET counted_fen = 2"), "fixed by now")


def test_nothing_is_erased(store, floor):
    for document in (
        "sale",
        "tender",
        "payment_order",
        "refund",
        "goods_return",
        "blue_invoice",
        "unit",
        "print_job",
        "clearing",
        "terminal",
        "enrolment",
        "shift",
    ):
        model, key = store.write_now(lambda tx, document=document: floor.make(tx, document))
        refused(store, lambda tx, model=model, key=key: tx.delete(model, key), "nothing is erased|lines")
    store.write_now(lambda tx: tx.create(Operator, number="1", name="n", role="CLERK", pin_hash="h"))
    refused(store, lambda tx: tx.delete(Operator, "1"), "nothing is erased")
    refused(
        store,
        lambda tx: tx.execute("REPLACE INTO operator VALUES ('1', 'x', NULL, 'OWNER', 'h', 0, 0, 0, 'en')"),
        "nothing is erased",
    )


def test_words_outside_the_vocabulary_are_refused(store, floor):
    refused(store, lambda tx: tx.create(Operator, number="1", name="n", role="KING", pin_hash="h"), "cannot be KING")
    refused(store, lambda tx: tx.create(Unit, code="1", kind="CHARGER", model="m", received_at_ms=1), "cannot be")
    refused(store, lambda tx: floor.tender(tx, floor.ordered(tx)[0], kind="SHELLS"), "cannot be SHELLS")
