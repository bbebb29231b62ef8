"""The store's own tables: journal, outbox, number sequences, provider tokens. None of them is told to the journal."""

from __future__ import annotations

from peewee import BigIntegerField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions


class Journal(Row):
    """The log chain 日志链; see ``data.journal``."""

    seq = IntegerField(primary_key=True)
    at_ms = BigIntegerField()
    kind = TextField()
    thing = TextField()
    thing_key = TextField()
    body = TextField()
    grand_total_fen = BigIntegerField()
    prev = TextField()
    hash = TextField()
    mac = TextField()


class Outbox(Row):
    """Something outside that must happen 发件箱; its key makes a second wish for the same thing a no-op."""

    key = TextField(primary_key=True)
    kind = TextField()
    subject = TextField()
    state = TextField(default="OPEN")
    attempts = IntegerField(default=0)
    next_at_ms = BigIntegerField()
    last_error = TextField(null=True)
    created_at_ms = BigIntegerField()


class Sequence(Row):
    """The last number given in a series on a day; taken inside the transaction that uses it."""

    series = TextField()
    day = TextField()
    last = IntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("series", "day")


class ProviderToken(Row):
    """An access token shared by all requests to a provider, because providers count how often one is asked for."""

    provider = TextField(primary_key=True)
    token = TextField()
    fetched_at_ms = BigIntegerField()
    expires_at_ms = BigIntegerField()
