"""Units in stock: one row a vehicle or battery code."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, TextField

from data.models.base import Row


class Unit(Row):
    """A vehicle or battery with its own code. A unit code is sold once; after a return it is in stock again."""

    moves_as: ClassVar[tuple[str, ...]] = ("unit",)

    code = TextField(primary_key=True)
    kind = TextField()
    model = TextField()
    state = TextField()
    received_at_ms = BigIntegerField()
    source = TextField(null=True)
    """Why a unit was registered by hand, or the buyback it came from; NULL for a normal receipt."""
