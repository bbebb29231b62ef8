"""Returns of goods 退货."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions


class ReturnLine(Row):
    """A returned line of the sale, by its position there."""

    parent: ClassVar[str | None] = "return_serial"

    return_serial = TextField()
    position = IntegerField()
    amount_fen = BigIntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("return_serial", "position")


class GoodsReturn(Row):
    """A return of lines of one sale; an exchange is a return plus a linked new sale with a CREDIT tender."""

    moves_as: ClassVar[tuple[str, ...]] = ("goods_return",)
    lines: ClassVar[type[Row] | None] = ReturnLine

    serial = TextField(primary_key=True)
    sale_id = TextField()
    state = TextField()
    reason = TextField()
    operator = TextField()
    amount_fen = BigIntegerField()
    opened_at_ms = BigIntegerField()
    done_at_ms = BigIntegerField(null=True)
    withdrawn_at_ms = BigIntegerField(null=True)
