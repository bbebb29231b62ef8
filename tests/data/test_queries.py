"""Reading queries: what they find, in which order, and that no index is missing for any of them."""

from __future__ import annotations

import re

import apsw
import pytest

from data import database, outbox, reading, spool
from data.models import (
    BatteryModel,
    ChargerModel,
    Compatibility,
    Customer,
    InvoiceFile,
    Operator,
    PaymentOrder,
    PrintJob,
    Sale,
    Unit,
    VehicleModel,
)
from data.queries import invoices, payments, people, sales, shop, stock
from data.states import CompatibilityKind, Copy, PrintJobState, PrintKind, Role, SaleState, UnitKind, UnitState
from data.tokens import keep_token


@pytest.fixture
def seven(store, floor):
    """Seven done sales, oldest first, as (id, serial)."""
    return [store.write_now(floor.done) for _ in range(7)]


def serials(page):
    return [row.serial for row in page.rows]


def test_sales_come_newest_first_by_keyset_without_drafts(store, floor, seven):
    store.write_now(floor.draft)
    cancelled = store.write_now(floor.draft)
    store.write_now(lambda tx: tx.move(Sale, cancelled, "CANCELLED"))
    wanted = [serial for _, serial in reversed(seven)]
    assert serials(store.read_now(sales.sales_page)) == wanted
    found, after = [], None
    while True:
        page = store.read_now(lambda after=after: sales.sales_page(limit=3, after=after))
        found += serials(page)
        after = page.next
        if after is None:
            break
    assert found == wanted


def test_sales_of_the_same_millisecond_are_paged_without_loss(store, floor):
    def unit(tx):
        return [floor.done(tx)[1] for _ in range(5)]

    made = store.write_now(unit)
    first = store.read_now(lambda: sales.sales_page(limit=2))
    second = store.read_now(lambda: sales.sales_page(limit=2, after=first.next))
    third = store.read_now(lambda: sales.sales_page(limit=2, after=second.next))
    assert serials(first) + serials(second) + serials(third) == made[::-1]
    assert third.next is None


def search(store, text, **more):
    return serials(store.read_now(lambda: sales.sales_page(search=text, **more)))


def test_a_sale_is_found_by_everything_a_person_may_have(store, floor, seven):
    def other(tx):
        sale_id, serial = floor.done(
            tx, customer_name="Anna Li", customer_phone="15412345678", customer_phone_last4="5678"
        )
        order = next(iter(PaymentOrder.query().where(PaymentOrder.sale_id == sale_id))).number
        code = sales.lines_of_sale(sale_id)[0].code
        return serial, order, code

    serial, order, code = store.write_now(other)
    for text in (
        serial,
        serial.lower(),
        f" {serial} ",
        order,
        f"{serial}B01",
        code,
        "15412345678",
        "154 1234 5678",
        "+86 154-1234-5678",
        "5678",
        "Anna Li",
        "anna",
    ):
        assert search(store, text) == [serial], text
    everyone = [one for _, one in reversed(seven)]
    assert search(store, "张伟明") == everyone
    assert search(store, "伟明") == everyone
    assert search(store, "张") == everyone
    assert search(store, "张伟明", limit=2) == everyone[:2]
    assert search(store, "明伟") == []
    assert search(store, "JW0000000-26-A1", limit=3)[0] == serial
    assert search(store, "DEMO01261121", limit=3)[0] == serial
    for nothing in ("%", '"', "'; DROP TABLE sale; --", "*", "(", "NEAR", "李", "0000"):
        assert search(store, nothing) == [], nothing


def test_sales_are_filtered_by_day_and_state(store, floor, seven):
    waiting = store.write_now(lambda tx: floor.ordered(tx, business_day="2026-11-22"))[1]
    page = store.read_now(lambda: sales.sales_page(day="2026-11-22"))
    assert serials(page) == [waiting]
    page = store.read_now(lambda: sales.sales_page(state=SaleState.ORDERED))
    assert serials(page) == [waiting]
    assert search(store, "张伟明", day="2026-11-22") == [waiting]
    assert len(store.read_now(lambda: sales.sales_page(day="2026-11-21", state=SaleState.DONE)).rows) == 7


def test_open_sales_of_a_terminal_survive_and_come_newest_first(store, floor, seven):
    first = store.write_now(floor.draft)
    second, _ = store.write_now(floor.ordered)
    store.write_now(lambda tx: tx.change(Sale, first, step="CUSTOMER", typed={"name": "张"}))
    found = store.read_now(lambda: sales.open_sales("DEMO01"))
    assert [one.id for one in found] == [second, first]
    assert found[1].typed == '{"name":"张"}'
    assert store.read_now(lambda: sales.open_sales("DEMO02")) == ()


def test_a_sale_comes_with_everything_that_hangs_on_it(store, floor):
    def unit(tx):
        sale_id, serial = floor.done(tx)
        invoice = floor.issued(tx, sale_id, serial)
        tx.create(
            InvoiceFile, invoice=invoice, format="pdf", path="i.pdf", sha256="0" * 64, size=9, stored_at_ms=tx.now_ms
        )
        floor.job(tx, serial)
        floor.job(tx, serial, copy="CUSTOMER")
        return sale_id, serial

    sale_id, serial = store.write_now(unit)
    whole = store.read_now(lambda: sales.whole_sale_by_serial(serial))
    assert whole is not None
    assert whole.sale.id == sale_id
    assert [line.kind for line in whole.lines] == ["VEHICLE", "BATTERY", "CHARGER"]
    assert [tender.state for tender in whole.tenders] == ["SETTLED"]
    assert [order.state for order in whole.orders] == ["PAID"]
    assert whole.orders[0].request == b'{"amount":1}'
    assert [invoice.state for invoice in whole.invoices] == ["ISSUED"]
    assert [file.format for file in whole.invoices[0].files] == ["pdf"]
    assert [job.copy for job in whole.jobs] == [Copy.MERCHANT, Copy.CUSTOMER]
    assert store.read_now(lambda: sales.whole_sale_by_serial("DEMO0126112199999")) is None
    with pytest.raises(AttributeError):
        whole.sale.state = SaleState.DRAFT
    line = whole.lines[0]
    assert store.read_now(lambda: sales.sale_that_holds(line.code)).serial == serial
    assert store.read_now(lambda: sales.last_sale_to("15400000001")).id == sale_id
    draft = store.write_now(floor.draft)
    code = store.read_now(lambda: sales.lines_of_sale(draft))[0].code
    assert store.read_now(lambda: sales.drafts_that_hold(code)) == (draft,)


def test_live_closed_and_late_payment_orders_are_found(store, floor):
    def unit(tx):
        sale_id, serial = floor.ordered(tx)
        return sale_id, floor.order(tx, sale_id, serial)[0]

    sale_id, number = store.write_now(unit)
    assert [one.number for one in store.read_now(payments.live_orders)] == [number]
    assert store.read_now(lambda: payments.live_order_of(sale_id)).number == number
    closed = store.write_now(lambda tx: tx.move(PaymentOrder, number, "CLOSED", watch_from_ms=5_000))
    assert closed
    assert store.read_now(payments.live_orders) == ()
    assert [one.number for one in store.read_now(lambda: payments.watched_orders(5_000))] == [number]
    assert store.read_now(lambda: payments.watched_orders(5_001)) == ()
    store.write_now(lambda tx: tx.move(PaymentOrder, number, "PAID_LATE", **floor.proof(tx, number)))
    assert [one.number for one in store.read_now(payments.late_orders)] == [number]
    assert store.read_now(shop.counts).payments_late == 1


def test_the_outbox_gives_what_is_due_and_counts_attempts(store):
    def wishes(tx):
        tx.enqueue("a", "invoice", "1")
        tx.enqueue("b", "invoice", "2", at_ms=tx.now_ms + 1_000_000)
        tx.enqueue("a", "invoice", "1")
        return tx.now_ms

    now = store.write_now(wishes)
    assert [one.key for one in store.read_now(lambda: outbox.due(now))] == ["a"]
    assert [one.key for one in store.read_now(lambda: outbox.due(now + 2_000_000, kind="invoice"))] == ["a", "b"]
    assert store.read_now(lambda: outbox.due(now + 2_000_000, kind="other")) == ()
    assert store.write_now(lambda tx: outbox.later(tx, "a", now + 500, "timeout"))
    assert store.read_now(outbox.next_due_ms) == now + 500
    one = store.read_now(lambda: outbox.wish("a"))
    assert (one.attempts, one.last_error) == (1, "timeout")
    assert store.write_now(lambda tx: outbox.hurry(tx, "b"))
    assert store.write_now(lambda tx: outbox.done(tx, "a"))
    assert not store.write_now(lambda tx: outbox.done(tx, "a"))
    assert store.read_now(lambda: outbox.wish("a")) is None
    with pytest.raises(ValueError, match="something else"):
        store.write_now(lambda tx: tx.enqueue("b", "invoice", "other"))


def test_the_spool_gives_queued_jobs_and_those_under_way(store, floor):
    first = store.write_now(lambda tx: floor.job(tx, "S1"))
    second = store.write_now(lambda tx: floor.job(tx, "S2", printer="label", payload=None, sha256=None))
    assert [one.id for one in store.read_now(spool.due)] == [first, second]
    assert [one.id for one in store.read_now(lambda: spool.due("label"))] == [second]
    store.write_now(lambda tx: tx.move(PrintJob, first, "SENDING"))
    under_way = store.read_now(lambda: spool.in_state((PrintJobState.SENDING, PrintJobState.SENT)))
    assert [(one.id, one.kind) for one in under_way] == [(first, PrintKind.ORIGINAL)]
    assert store.read_now(lambda: spool.payload(first)) == b"\x1b@"
    assert store.read_now(lambda: spool.payload(second)) is None
    assert store.read_now(lambda: spool.job("nobody")) is None
    assert store.read_now(lambda: spool.next_copy_no("SALE", "S1", Copy.MERCHANT)) == 1
    store.write_now(lambda tx: floor.job(tx, "S1", kind="DUPLICATE", copy_no=1, reason="r"))
    assert store.read_now(lambda: spool.next_copy_no("SALE", "S1", Copy.MERCHANT)) == 2
    assert store.read_now(lambda: spool.next_copy_no("SALE", "S1", Copy.CUSTOMER)) == 1
    assert store.read_now(shop.counts).jobs_waiting == 3


def test_stock_and_catalogue_look_ups(store):
    def unit(tx):
        tx.create(
            VehicleModel,
            model="TDT1Z",
            brand="云驰",
            maker="云驰",
            name="云驰一号",
            maker_code="9990",
            list_price_fen=3,
            floor_price_fen=1,
            ceiling_price_fen=4,
            colours=["亮黑", "珠光白"],
            chemistry="LI",
            voltage_v=48,
            battery_count=1,
            edition="GB17761-2024",
        )
        for model, prefix in (("B1", "000PB"), ("B2", "000PB01")):
            tx.create(
                BatteryModel,
                model=model,
                maker="m",
                name="n",
                chemistry="LI",
                voltage_v=48,
                capacity_ah=12,
                prefix=prefix,
            )
        tx.create(ChargerModel, code="JW0000000-26-A1", model="C", name="n", chemistry="LI", voltage_v=48)
        tx.put(Compatibility, vehicle_model="TDT1Z", kind="BATTERY", other_model="B1", allowed=True)
        tx.put(Compatibility, vehicle_model="TDT1Z", kind="BATTERY", other_model="B2", allowed=False)
        for code in ("V2", "V1"):
            tx.create(Unit, code=code, kind="VEHICLE", model="TDT1Z", received_at_ms=tx.now_ms)
        tx.move(Unit, "V2", "RESERVED")

    store.write_now(unit)
    model = store.read_now(lambda: stock.vehicle_model("TDT1Z"))
    assert model.colours == ("亮黑", "珠光白")
    assert store.read_now(lambda: stock.vehicle_models(maker_code="9990")) == (model,)
    assert store.read_now(lambda: stock.battery_model_of_code("000PB0199")).model == "B2"
    assert store.read_now(lambda: stock.battery_model_of_code("000PB0299")).model == "B1"
    assert store.read_now(lambda: stock.battery_model_of_code("XXX")) is None
    assert store.read_now(lambda: stock.charger_model("JW0000000-26-A1")).model == "C"
    told = [
        store.read_now(lambda o=o: stock.pairing("TDT1Z", CompatibilityKind.BATTERY, o)) for o in ("B1", "B2", "B3")
    ]
    assert told == [True, False, None]
    assert store.read_now(lambda: stock.allowed_with("TDT1Z", CompatibilityKind.BATTERY)) == ("B1",)
    assert store.read_now(lambda: stock.unit("V2")).state is UnitState.RESERVED
    assert [u.code for u in store.read_now(lambda: stock.units_of_model(UnitKind.VEHICLE, "TDT1Z"))] == ["V1"]


def test_people_tokens_invoices_and_history(store, floor):
    store.write_now(
        lambda tx: (
            tx.create(Operator, number="1001", name="n", phone="15400000001", role=Role.CLERK, pin_hash="h"),
            tx.create(Customer, id="C1", name="张", phone="15400000002", created_at_ms=1),
            keep_token(tx, "nuonuo", "t1", fetched_at_ms=1, expires_at_ms=2),
            keep_token(tx, "nuonuo", "t2", fetched_at_ms=3, expires_at_ms=4),
        )
    )
    one = store.read_now(lambda: people.operator_by_phone("15400000001"))
    assert (one.number, one.role, one.disabled) == ("1001", Role.CLERK, False)
    assert store.read_now(people.operators) == (one,)
    assert store.read_now(lambda: people.customer_by_phone("15400000002")).name == "张"
    assert store.read_now(lambda: shop.token("nuonuo")).token == "t2"
    made = [store.write_now(lambda tx: floor.invoice(tx, *floor.done(tx))) for _ in range(3)]
    page = store.read_now(lambda: invoices.invoices_page(limit=2))
    assert [row.number for row in page.rows] == made[:0:-1]
    rest = store.read_now(lambda: invoices.invoices_page(limit=2, after=page.next))
    assert [row.number for row in rest.rows] == made[:1]
    assert rest.next is None
    assert [row.number for row in store.read_now(invoices.open_invoices)] == made
    counts = store.read_now(shop.counts)
    assert (counts.invoices_open, counts.payments_live, counts.outbox_open) == (3, 0, 0)
    told = store.read_now(lambda: shop.history("operator", "1001"))
    assert [entry.kind for entry in told] == ["operator.created"]


def test_no_query_scans_a_table_that_grows(store, floor, seven, monkeypatch):
    """Every statement the queries run is explained; only small reference tables may be read from end to end."""
    plans: list[tuple[str, str]] = []

    def explained(sql, *parameters):
        native = database.DATABASE.native()
        plans.extend((sql, row[3]) for row in native.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
        return native.execute(sql, parameters).fetchall()

    for module in (reading, sales, payments, invoices, stock, shop, spool, outbox):
        if hasattr(module, "select"):
            monkeypatch.setattr(module, "select", explained)

    def ask():
        place = sales.Place(5, "x")
        for text in (None, "DEMO0126112100001", "DEMO01261121", "15400000001", "0001", "张伟", "000PB00123"):
            for day in (None, "2026-11-21"):
                for state in (None, SaleState.DONE):
                    for after in (None, place):
                        sales.sales_page(search=text, day=day, state=state, after=after)
        sales.open_sales("DEMO01")
        sales.whole_sale_by_serial(seven[0][1])
        sales.last_sale_to("15400000001")
        sales.sale_that_holds("x")
        sales.drafts_that_hold("x")
        payments.order("x")
        payments.live_order_of("x")
        payments.live_orders()
        payments.watched_orders(1)
        payments.late_orders()
        invoices.invoice("x")
        invoices.open_invoices()
        invoices.invoices_page(after=invoices.InvoicePlace(5, "x"))
        stock.unit("x")
        stock.units_of_model(UnitKind.VEHICLE, "x")
        stock.pairing("x", CompatibilityKind.BATTERY, "y")
        people.operator("x")
        people.operator_by_phone("x")
        people.customer_by_phone("x")
        shop.counts()
        shop.head()
        shop.history("sale", "x")
        shop.open_shift("x")
        spool.due()
        spool.due("receipt")
        spool.in_state((PrintJobState.UNCERTAIN,))
        spool.jobs_of("SALE", "x")
        spool.next_copy_no("SALE", "x", Copy.MERCHANT)
        outbox.due(1)
        outbox.next_due_ms()

    store.read_now(ask)
    # Read along an index that holds open rows only, or from the newest row on until the page is full.
    harmless = re.compile(
        r"USING (COVERING )?INDEX (payment_order_live|payment_order_late|payment_order_watched|invoice_open|"
        r"print_job_open|outbox_due|sale_open|invoice_newest)\b"
    )
    growing = ("sale", "sale_line", "payment_order", "invoice", "print_job", "journal", "outbox", "unit", "customer")
    assert len(plans) > 100
    for sql, step in plans:
        scanned = re.match(r"SCAN (\w+)", step)
        if scanned is None or harmless.search(step) or sql.endswith("FROM journal ORDER BY seq DESC LIMIT 1"):
            continue
        if sql.partition(" WHERE ")[2].startswith("serial IS NOT NULL AND state <> 'DRAFT'"):
            assert "USING INDEX sale_newest" in step, f"{step}\n{sql}"
            continue
        assert scanned[1] not in growing, f"{step}\n{sql}"
    for sql, step in plans:  # the list itself is read in its order, not sorted
        if "FROM sale WHERE serial IS NOT NULL AND state <> 'DRAFT'" in sql:
            assert "TEMP B-TREE" not in step, f"{step}\n{sql}"


def test_an_unreadable_search_never_reaches_sql_as_syntax(store, seven):
    with pytest.raises(apsw.SQLError):
        store.read_now(lambda: database.select("SELECT * FROM sale_name WHERE sale_name MATCH ?", '"'))
    assert search(store, '"') == []
