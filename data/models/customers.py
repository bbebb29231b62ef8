"""Customers who come back, and their points."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, TextField

from data.models.base import Row


class Customer(Row):
    """A known customer, found by phone. ``id`` is a ULID so that the journal never keys on a phone."""

    private: ClassVar[frozenset[str]] = frozenset({"name", "phone", "address"})

    id = TextField(primary_key=True)
    name = TextField()
    phone = TextField(unique=True)
    division_code = TextField(null=True)
    address = TextField(null=True)
    created_at_ms = BigIntegerField()


class PointsEntry(Row):
    """One movement on a customer's points; the balance is the sum."""

    id = TextField(primary_key=True)
    customer_id = TextField()
    document = TextField()
    document_key = TextField()
    points = BigIntegerField()
    at_ms = BigIntegerField()
    operator = TextField()
