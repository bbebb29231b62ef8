"""Sales 销售单: the sale, its lines, its tenders, and its links to other documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peewee import BigIntegerField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions
from data.states import SaleState


class SaleLine(Row):
    """A line of a sale; may change only while the sale is a DRAFT. Discounts have negative prices."""

    parent: ClassVar[str | None] = "sale_id"

    sale_id = TextField()
    position = IntegerField()
    kind = TextField()
    code = TextField()
    model = TextField()
    name = TextField()
    colour = TextField(null=True)
    list_price_fen = BigIntegerField()
    price_fen = BigIntegerField()
    typed = IntegerField(default=0)
    pairing = TextField(default="KNOWN")
    pairing_reason = TextField(null=True)

    class Meta(TableOptions):
        primary_key = CompositeKey("sale_id", "position")


class Sale(Row):
    """A sale. Serial, lines, price and customer freeze at ORDERED; ``typed`` (JSON) is what is not submitted yet."""

    moves_as: ClassVar[tuple[str, ...]] = ("sale",)
    private: ClassVar[frozenset[str]] = frozenset(
        {"customer_name", "customer_phone", "customer_phone_last4", "customer_initials", "address"}
    )
    untold: ClassVar[frozenset[str]] = frozenset({"step", "typed"})
    snapshot_in: ClassVar[frozenset[str]] = frozenset({SaleState.ORDERED, SaleState.CANCELLED})
    loose_in: ClassVar[frozenset[str]] = frozenset({SaleState.DRAFT})
    firm: ClassVar[frozenset[str]] = frozenset({"state", "serial", "revision", "terminal", "kind"})
    lines: ClassVar[type[Row] | None] = SaleLine
    counts: ClassVar[Mapping[str, str]] = {SaleState.PAID: "total_fen"}

    id = TextField(primary_key=True)
    serial = TextField(null=True, unique=True)
    kind = TextField()
    state = TextField()
    step = TextField(default="VEHICLE")
    revision = IntegerField(default=0)
    terminal = TextField()
    business_day = TextField(null=True)
    operator = TextField()
    opened_at_ms = BigIntegerField()
    ordered_at_ms = BigIntegerField(null=True)
    paid_at_ms = BigIntegerField(null=True)
    done_at_ms = BigIntegerField(null=True)
    cancelled_at_ms = BigIntegerField(null=True)
    list_total_fen = BigIntegerField(default=0)
    total_fen = BigIntegerField(null=True)
    invoice_wish = TextField(default="NOW")
    customer_name = TextField(null=True)
    customer_phone = TextField(null=True)
    customer_phone_last4 = TextField(null=True)
    customer_initials = TextField(null=True)
    division_code = TextField(null=True)
    division_text = TextField(null=True)
    address = TextField(null=True)
    typed = TextField(default="{}")
    late = IntegerField(default=0)


class Tender(Row):
    """A part of a sale's payment."""

    moves_as: ClassVar[tuple[str, ...]] = ("tender",)

    id = TextField(primary_key=True)
    sale_id = TextField()
    revision = IntegerField()
    kind = TextField()
    state = TextField()
    amount_fen = BigIntegerField()
    settled_at_ms = BigIntegerField(null=True)


class SaleLink(Row):
    """Joins a sale to the buyback of a trade-in, the return of an exchange, the old invoice of a reissue."""

    sale_id = TextField()
    kind = TextField()
    other = TextField()
    other_key = TextField()
    at_ms = BigIntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("sale_id", "kind", "other_key")
