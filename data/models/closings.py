"""Closing the books: shifts 班次 with their counts, clearings 月结清卡 with their manifests."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, BlobField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions
from data.states import ClearingState, ShiftState


class ShiftCount(Row):
    """Expected and counted amount of one kind of tender."""

    parent: ClassVar[str | None] = "shift"

    shift = TextField()
    tender = TextField()
    expected_fen = BigIntegerField()
    counted_fen = BigIntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("shift", "tender")


class Shift(Row):
    """One open shift per terminal; counts are written with the move to COUNTED."""

    moves_as: ClassVar[tuple[str, ...]] = ("shift",)
    snapshot_in: ClassVar[frozenset[str]] = frozenset({ShiftState.COUNTED})
    lines: ClassVar[type[Row] | None] = ShiftCount

    serial = TextField(primary_key=True)
    terminal = TextField()
    state = TextField()
    operator = TextField()
    float_fen = BigIntegerField()
    opened_at_ms = BigIntegerField()
    counted_at_ms = BigIntegerField(null=True)
    closed_at_ms = BigIntegerField(null=True)


class ClearingRow(Row):
    """A row of the manifest: what is sealed, by document and key, with the digest it had."""

    parent: ClassVar[str | None] = "clearing"

    clearing = TextField()
    document = TextField()
    document_key = TextField()
    digest = TextField()

    class Meta(TableOptions):
        primary_key = CompositeKey("clearing", "document", "document_key")


class Clearing(Row):
    """A monthly close. Sealed rows are listed in the manifest, never marked and never erased."""

    moves_as: ClassVar[tuple[str, ...]] = ("clearing",)
    snapshot_in: ClassVar[frozenset[str]] = frozenset({ClearingState.SEALED})
    lines: ClassVar[type[Row] | None] = ClearingRow

    serial = TextField(primary_key=True)
    terminal = TextField()
    state = TextField()
    operator = TextField()
    scope = TextField()
    manifest_sha256 = TextField(null=True)
    certificate = BlobField(null=True)
    certificate_sha256 = TextField(null=True)
    previous_sha256 = TextField(null=True)
    opened_at_ms = BigIntegerField()
    sealed_at_ms = BigIntegerField(null=True)
    row_count = IntegerField(default=0)
    reason = TextField(null=True)
