"""Print jobs 打印任务: one row a copy, one ORIGINAL per document and copy."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, BlobField, IntegerField, TextField

from data.models.base import Row


class PrintJob(Row):
    """A copy to be printed; ``payload`` is the exact bytes, set at the latest before SENDING."""

    moves_as: ClassVar[tuple[str, ...]] = ("print_job",)
    untold: ClassVar[frozenset[str]] = frozenset({"error", "attempts", "claimed_at_ms", "first_byte_at_ms"})

    id = TextField(primary_key=True)
    document = TextField()
    document_key = TextField()
    copy = TextField(null=True)
    kind = TextField()
    copy_no = IntegerField(default=0)
    printer = TextField()
    state = TextField()
    tier = TextField(null=True)
    payload = BlobField(null=True)
    sha256 = TextField(null=True)
    template_version = TextField()
    attempts = IntegerField(default=0)
    bytes_sent = IntegerField(default=0)
    queued_at_ms = BigIntegerField()
    claimed_at_ms = BigIntegerField(null=True)
    first_byte_at_ms = BigIntegerField(null=True)
    sent_at_ms = BigIntegerField(null=True)
    confirmed_at_ms = BigIntegerField(null=True)
    error = TextField(null=True)
    operator = TextField()
    reason = TextField(null=True)
