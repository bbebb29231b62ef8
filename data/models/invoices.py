"""Invoices 发票: blue and red documents, their lines and their files."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, BlobField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions


class InvoiceLine(Row):
    """A goods line; net + tax = gross exactly, ``rate_bp`` in basis points (1300 = 13 %)."""

    parent: ClassVar[str | None] = "invoice"

    invoice = TextField()
    position = IntegerField()
    name = TextField()
    tax_code = TextField()
    quantity = IntegerField()
    unit = TextField(null=True)
    spec = TextField(null=True)
    rate_bp = IntegerField()
    net_fen = BigIntegerField()
    tax_fen = BigIntegerField()
    gross_fen = BigIntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("invoice", "position")


class Invoice(Row):
    """An invoice document; a red one carries negative amounts and the number of the blue it ``reverses``.

    A failure stays retryable until ``final`` is set to 1; a final one never moves again and lets a new blue be made.
    """

    moves_as: ClassVar[tuple[str, ...]] = ("blue_invoice", "red_invoice")
    private: ClassVar[frozenset[str]] = frozenset({"title"})
    untold: ClassVar[frozenset[str]] = frozenset({"attempts", "next_at_ms"})
    lines: ClassVar[type[Row] | None] = InvoiceLine

    number = TextField(primary_key=True)
    sale_id = TextField()
    serial = TextField()
    kind = TextField()
    state = TextField()
    final = IntegerField(default=0)
    reverses = TextField(null=True)
    title = TextField()
    tax_number = TextField(null=True)
    net_fen = BigIntegerField()
    tax_fen = BigIntegerField()
    total_fen = BigIntegerField()
    remark = TextField(default="")
    request = BlobField(null=True)
    created_at_ms = BigIntegerField()
    provider_serial = TextField(null=True)
    fiscal_number = TextField(null=True, unique=True)
    issued_at_ms = BigIntegerField(null=True)
    attempts = IntegerField(default=0)
    next_at_ms = BigIntegerField(null=True)
    reason = TextField(null=True)


class InvoiceFile(Row):
    """A file of an issued invoice, kept with its digest; ``path`` is relative to the store's directory."""

    invoice = TextField()
    format = TextField()
    path = TextField()
    sha256 = TextField()
    size = IntegerField()
    stored_at_ms = BigIntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("invoice", "format")
