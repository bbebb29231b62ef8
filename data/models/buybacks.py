"""Buybacks 旧车回收 and their items."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, BlobField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions
from data.states import BuybackState


class BuybackItem(Row):
    """An item; its price changes only during appraisal, ``cancelled`` may be taken back until execution."""

    parent: ClassVar[str | None] = "buyback"

    buyback = TextField()
    position = IntegerField()
    name = TextField()
    code = TextField(null=True)
    condition = TextField(null=True)
    price_fen = BigIntegerField(null=True)
    adjustment_fen = BigIntegerField(default=0)
    cancelled = IntegerField(default=0)
    publish_online = IntegerField(default=0)

    class Meta(TableOptions):
        primary_key = CompositeKey("buyback", "position")


class Buyback(Row):
    """A buyback. Photo and signature are encrypted, stored only at execution, with a date to forget them."""

    moves_as: ClassVar[tuple[str, ...]] = ("buyback",)
    private: ClassVar[frozenset[str]] = frozenset({"customer_name", "customer_phone", "customer_address", "id_number"})
    untold: ClassVar[frozenset[str]] = frozenset({"photo", "signature"})
    snapshot_in: ClassVar[frozenset[str]] = frozenset({BuybackState.SETTLED, BuybackState.CANCELLED})
    loose_in: ClassVar[frozenset[str]] = frozenset(
        {BuybackState.RECEIVED, BuybackState.APPRAISING, BuybackState.APPRAISED}
    )
    firm: ClassVar[frozenset[str]] = frozenset({"state", "terminal"})
    lines: ClassVar[type[Row] | None] = BuybackItem

    serial = TextField(primary_key=True)
    state = TextField()
    terminal = TextField()
    operator = TextField()
    customer_name = TextField(null=True)
    customer_phone = TextField(null=True)
    customer_address = TextField(null=True)
    id_number = TextField(null=True)
    consent_version = TextField(null=True)
    consent_sha256 = TextField(null=True)
    payout_fen = BigIntegerField(null=True)
    payout_method = TextField(null=True)
    photo = BlobField(null=True)
    signature = BlobField(null=True)
    forget_after_ms = BigIntegerField(null=True)
    received_at_ms = BigIntegerField()
    settled_at_ms = BigIntegerField(null=True)
    cancelled_at_ms = BigIntegerField(null=True)
    reason = TextField(null=True)
