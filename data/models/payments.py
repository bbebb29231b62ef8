"""Payment orders 支付单 and refunds: intents with their exact bytes, stored before the first one leaves."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, BlobField, IntegerField, TextField

from data.models.base import Row


class PaymentOrder(Row):
    """One try on one channel; ``number`` is the out_trade_no, ``request`` the bytes sent on every try.

    ``watch_from_ms`` is when it was verified closed; late payments are looked for ``watches_done`` times after that.
    """

    moves_as: ClassVar[tuple[str, ...]] = ("payment_order",)
    untold: ClassVar[frozenset[str]] = frozenset({"watches_done", "code", "note"})

    number = TextField(primary_key=True)
    sale_id = TextField()
    serial = TextField()
    revision = IntegerField()
    attempt = IntegerField()
    tender_id = TextField()
    channel = TextField()
    state = TextField()
    amount_fen = BigIntegerField()
    request = BlobField(null=True)
    code = TextField(null=True)
    expires_at_ms = BigIntegerField(null=True)
    created_at_ms = BigIntegerField()
    sent_at_ms = BigIntegerField(null=True)
    provider_number = TextField(null=True, unique=True)
    paid_at_ms = BigIntegerField(null=True)
    answer = BlobField(null=True)
    watch_from_ms = BigIntegerField(null=True)
    watches_done = IntegerField(default=0)
    note = TextField(null=True)


class Refund(Row):
    """A refund of a payment order; its number never changes, the sum of an order's refunds never exceeds it."""

    moves_as: ClassVar[tuple[str, ...]] = ("refund",)
    untold: ClassVar[frozenset[str]] = frozenset({"note"})

    number = TextField(primary_key=True)
    payment_order = TextField()
    return_serial = TextField(null=True)
    state = TextField()
    amount_fen = BigIntegerField()
    reason = TextField()
    operator = TextField()
    request = BlobField(null=True)
    created_at_ms = BigIntegerField()
    sent_at_ms = BigIntegerField(null=True)
    provider_number = TextField(null=True, unique=True)
    done_at_ms = BigIntegerField(null=True)
    answer = BlobField(null=True)
    note = TextField(null=True)
