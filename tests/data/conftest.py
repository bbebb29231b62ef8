"""A real store in a temporary directory, and a shop floor that brings documents into any state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data.models import (
    Buyback,
    Clearing,
    Enrolment,
    GoodsReturn,
    Invoice,
    PaymentOrder,
    PrintJob,
    Refund,
    Row,
    Sale,
    Shift,
    Tender,
    Terminal,
    Unit,
)
from data.store import Store
from data.unit_of_work import Tx

DAY = "2026-11-21"
PRICE = 299_900


class Clock:
    """A clock that rises by one millisecond a look, and can be set."""

    def __init__(self) -> None:
        self.ms = 1_795_000_000_000

    def __call__(self) -> int:
        self.ms += 1
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def store(directory: Path, clock: Clock) -> Iterator[Store]:
    opened = Store.open(directory, now_ms=clock)
    yield opened
    opened.close()


class Floor:
    """Makes documents the way services do, with everything a move needs around them."""

    def __init__(self) -> None:
        self.count = 0

    def draft(self, tx: Tx, *, lines: int = 3) -> str:
        sale_id = tx.new_id()
        tx.create(Sale, id=sale_id, kind="BUNDLE", terminal="DEMO01", operator="1001", opened_at_ms=tx.now_ms)
        self.count += 1
        goods = [
            {"kind": "VEHICLE", "code": f"99902260{self.count:07d}", "price_fen": PRICE - 9_900},
            {"kind": "BATTERY", "code": f"000PB00{self.count:017d}", "price_fen": 9_000},
            {"kind": "CHARGER", "code": "JW0000000-26-A1", "price_fen": 900},
        ][:lines]
        tx.put_lines(
            Sale,
            sale_id,
            [{"model": "M", "name": "商品", "list_price_fen": line["price_fen"], **line} for line in goods],
        )
        return sale_id

    def order_facts(self, tx: Tx, **more: object) -> dict[str, Any]:
        serial = f"DEMO01261121{tx.next_number('sale', DAY):05d}"
        return {
            "serial": serial,
            "business_day": DAY,
            "ordered_at_ms": tx.now_ms,
            "list_total_fen": PRICE,
            "total_fen": PRICE,
            "customer_name": "张伟明",
            "customer_phone": "15400000001",
            "customer_phone_last4": "0001",
            "step": "COLLECT",
            **more,
        }

    def ordered(self, tx: Tx, **more: object) -> tuple[str, str]:
        sale_id = self.draft(tx)
        facts = self.order_facts(tx, **more)
        assert tx.move(Sale, sale_id, "ORDERED", **facts)
        return sale_id, facts["serial"]

    def tender(self, tx: Tx, sale_id: str, *, amount: int = PRICE, kind: str = "WECHAT") -> str:
        tender_id = tx.new_id()
        tx.create(Tender, id=tender_id, sale_id=sale_id, revision=0, kind=kind, amount_fen=amount)
        return tender_id

    def order(
        self, tx: Tx, sale_id: str, serial: str, *, attempt: int = 1, amount: int = PRICE, channel: str = "WECHAT"
    ) -> tuple[str, str]:
        tender_id = self.tender(tx, sale_id, amount=amount, kind=channel)
        number = f"{serial}{attempt:02d}{tx.head().hash[:8].upper()}"
        tx.create(
            PaymentOrder,
            number=number,
            sale_id=sale_id,
            serial=serial,
            revision=0,
            attempt=attempt,
            tender_id=tender_id,
            channel=channel,
            amount_fen=amount,
            request=b'{"amount":1}',
            created_at_ms=tx.now_ms,
            expires_at_ms=tx.now_ms + 300_000,
        )
        return number, tender_id

    def pay(self, tx: Tx, sale_id: str, number: str, tender_id: str) -> None:
        assert tx.move(PaymentOrder, number, "SENT", sent_at_ms=tx.now_ms)
        assert tx.move(PaymentOrder, number, "PAID", **self.proof(tx, number))
        assert tx.move(Tender, tender_id, "SETTLED", settled_at_ms=tx.now_ms)
        assert tx.move(Sale, sale_id, "PAID", paid_at_ms=tx.now_ms)

    def proof(self, tx: Tx, number: str) -> dict[str, Any]:
        return {"paid_at_ms": tx.now_ms, "provider_number": f"42{number}", "answer": b"{}"}

    def done(self, tx: Tx, **more: object) -> tuple[str, str]:
        sale_id, serial = self.ordered(tx, **more)
        number, tender_id = self.order(tx, sale_id, serial)
        self.pay(tx, sale_id, number, tender_id)
        assert tx.move(Sale, sale_id, "DONE", done_at_ms=tx.now_ms)
        return sale_id, serial

    def invoice(self, tx: Tx, sale_id: str, serial: str, *, number: int = 1, **more: object) -> str:
        key = f"{serial}B{number:02d}"
        tx.create(
            Invoice,
            **{
                "number": key,
                "sale_id": sale_id,
                "serial": serial,
                "kind": "BLUE",
                "title": "张伟明",
                "net_fen": PRICE - 34_502,
                "tax_fen": 34_502,
                "total_fen": PRICE,
                "request": b"{}",
                "created_at_ms": tx.now_ms,
                **more,
            },
            lines=[
                {
                    "name": "*电动自行车*云驰",
                    "tax_code": "1",
                    "quantity": 1,
                    "rate_bp": 1300,
                    "net_fen": PRICE - 34_502,
                    "tax_fen": 34_502,
                    "gross_fen": PRICE,
                }
            ],
        )
        return key

    def issued(self, tx: Tx, sale_id: str, serial: str, *, number: int = 1) -> str:
        key = self.invoice(tx, sale_id, serial, number=number)
        assert tx.move(Invoice, key, "SENT")
        assert tx.move(Invoice, key, "ISSUING", provider_serial=f"p{key}")
        assert tx.move(Invoice, key, "ISSUED", issued_at_ms=tx.now_ms, fiscal_number=f"2699{key[-14:-3]}{number:05d}")
        return key

    def red(self, tx: Tx, sale_id: str, serial: str, blue: str, *, number: int = 1, amount: int = PRICE) -> str:
        key = f"{serial}R{number:02d}"
        tx.create(
            Invoice,
            number=key,
            sale_id=sale_id,
            serial=serial,
            kind="RED",
            reverses=blue,
            title="张伟明",
            net_fen=-amount,
            tax_fen=0,
            total_fen=-amount,
            request=b"{}",
            created_at_ms=tx.now_ms,
            lines=[
                {
                    "name": "*电动自行车*云驰",
                    "tax_code": "1",
                    "quantity": -1,
                    "rate_bp": 1300,
                    "net_fen": -amount,
                    "tax_fen": 0,
                    "gross_fen": -amount,
                }
            ],
        )
        return key

    def job(self, tx: Tx, key: str, *, copy: str = "MERCHANT", kind: str = "ORIGINAL", **more: object) -> str:
        job_id = tx.new_id()
        tx.create(
            PrintJob,
            **{
                "id": job_id,
                "document": "SALE",
                "document_key": key,
                "copy": copy,
                "kind": kind,
                "printer": "receipt",
                "template_version": "1",
                "queued_at_ms": tx.now_ms,
                "operator": "1001",
                "payload": b"\x1b@",
                "sha256": "0" * 64,
                **more,
            },
        )
        return job_id

    def make(self, tx: Tx, document: str) -> tuple[type[Row], str]:
        """A document in its initial state, in surroundings that let it go anywhere."""
        self.count += 1
        number = f"{self.count:04d}"
        if document == "sale":
            return Sale, self.draft(tx)
        if document == "tender":
            return Tender, self.tender(tx, self.ordered(tx)[0])
        if document == "payment_order":
            sale_id, serial = self.ordered(tx)
            return PaymentOrder, self.order(tx, sale_id, serial, channel="CASH")[0]
        if document in ("refund", "goods_return"):
            sale_id, serial = self.done(tx)
            key = f"DEMO01261121T{number}"
            tx.create(
                GoodsReturn, serial=key, sale_id=sale_id, reason="r", operator="1", amount_fen=1, opened_at_ms=tx.now_ms
            )
            if document == "goods_return":
                return GoodsReturn, key
            order = next(iter(PaymentOrder.query().where(PaymentOrder.sale_id == sale_id))).number
            tx.create(
                Refund,
                number=f"{order}R01",
                payment_order=order,
                return_serial=key,
                amount_fen=PRICE,
                reason="r",
                operator="1",
                created_at_ms=tx.now_ms,
            )
            return Refund, f"{order}R01"
        if document in ("blue_invoice", "red_invoice"):
            sale_id, serial = self.done(tx)
            if document == "blue_invoice":
                return Invoice, self.invoice(tx, sale_id, serial)
            return Invoice, self.red(tx, sale_id, serial, self.issued(tx, sale_id, serial))
        if document == "unit":
            tx.create(Unit, code=f"U{number}", kind="VEHICLE", model="M", received_at_ms=tx.now_ms)
            return Unit, f"U{number}"
        if document == "print_job":
            return PrintJob, self.job(tx, f"S{number}")
        if document == "buyback":
            key = f"DEMO01261121H{number}"
            tx.create(Buyback, serial=key, terminal="DEMO01", operator="1", received_at_ms=tx.now_ms)
            tx.put_lines(Buyback, key, [{"name": "旧车"}])
            return Buyback, key
        if document == "clearing":
            key = f"DEMO01261121C{number}"
            tx.create(Clearing, serial=key, terminal="DEMO01", operator="1", scope="{}", opened_at_ms=tx.now_ms)
            return Clearing, key
        if document == "terminal":
            tx.create(Terminal, number=f"T{self.count:05d}")
            return Terminal, f"T{self.count:05d}"
        if document == "enrolment":
            tx.create(Enrolment, number=number, provider="nuonuo", contact="c", phone="p", submitted_at_ms=tx.now_ms)
            return Enrolment, number
        assert document == "shift"
        key = f"DEMO01261121S{number}"
        tx.create(Shift, serial=key, terminal=f"T{number}", operator="1", float_fen=0, opened_at_ms=tx.now_ms)
        return Shift, key

    def facts_for(self, tx: Tx, document: str, key: str, source: str, target: str) -> dict[str, Any]:
        """What a move into ``target`` needs besides the arrow; makes the surroundings true first."""
        if document == "sale":
            if target == "ORDERED":
                return self.order_facts(tx) if source == "DRAFT" else {}
            if target == "PAID":
                if source == "ORDERED":
                    tender = self.tender(tx, key)
                    assert tx.move(Tender, tender, "SETTLED", settled_at_ms=tx.now_ms)
                return {"paid_at_ms": tx.now_ms}
            return {"revision": 1} if (source, target) == ("ORDERED", "DRAFT") else {}
        if document == "tender":
            return {"settled_at_ms": tx.now_ms} if target == "SETTLED" else {}
        if document == "payment_order":
            return {"paid_at_ms": tx.now_ms} if target in ("PAID", "PAID_LATE") else {}
        if document in ("blue_invoice", "red_invoice"):
            if target == "ISSUED":
                return {"fiscal_number": key, "issued_at_ms": tx.now_ms}
            return {"reason": "r"} if target == "FAILED" else {}
        if document == "print_job":
            return {"tier": "T1"} if target == "PRINTED" else {}
        if document == "buyback":
            return {"payout_fen": 1, "settled_at_ms": tx.now_ms} if target == "SETTLED" else {}
        if document == "clearing":
            if target == "SEALED":
                return {"manifest_sha256": "m", "certificate": b"c", "sealed_at_ms": tx.now_ms}
            return {"reason": "r"} if target == "OPEN" else {}
        return {}


@pytest.fixture
def floor() -> Floor:
    return Floor()


Look = Callable[[str], object]


@pytest.fixture
def look(store: Store) -> Look:
    """First column of the first row of a reading statement."""
    from data.database import select

    return lambda sql: store.read_now(lambda: select(sql)[0][0])
