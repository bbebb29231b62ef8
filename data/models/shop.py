"""The shop itself: the store's identity, outlet, terminal, operators, settings, enrolment."""

from __future__ import annotations

from typing import ClassVar

from peewee import BigIntegerField, IntegerField, TextField

from data.models.base import Row, TableOptions


class StoreFact(Row):
    """A fact about the store file: ``store_id``, ``created_at_ms``."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta(TableOptions):
        table_name = "meta"


class Outlet(Row):
    """A shop 门店 that terminals are bound to."""

    code = TextField(primary_key=True)
    name = TextField()
    address = TextField()
    phone = TextField()
    tax_number = TextField(null=True)


class Terminal(Row):
    """A kiosk 终端; ``number`` is six of ``[0-9A-Z]``, given at activation."""

    moves_as: ClassVar[tuple[str, ...]] = ("terminal",)

    number = TextField(primary_key=True)
    state = TextField()
    outlet = TextField(null=True)
    bound_at_ms = BigIntegerField(null=True)
    revoked_at_ms = BigIntegerField(null=True)


class Operator(Row):
    """A person who signs in 操作员. The journal knows phone and PIN hash only as digests."""

    private: ClassVar[frozenset[str]] = frozenset({"phone", "pin_hash"})
    untold: ClassVar[frozenset[str]] = frozenset({"failed_attempts", "locked_until_ms"})

    number = TextField(primary_key=True)
    name = TextField()
    phone = TextField(null=True, unique=True)
    role = TextField()
    pin_hash = TextField()
    disabled = IntegerField(default=0)
    failed_attempts = IntegerField(default=0)
    locked_until_ms = BigIntegerField(default=0)
    language = TextField(default="zh_CN")


class Setting(Row):
    """A setting kept in the store because it changes on the screen; secrets do not belong here."""

    name = TextField(primary_key=True)
    value = TextField()


class Enrolment(Row):
    """Application for pay-and-invoice 预约开通 with a provider; ``documents`` is a JSON list of the checklist."""

    moves_as: ClassVar[tuple[str, ...]] = ("enrolment",)
    private: ClassVar[frozenset[str]] = frozenset({"contact", "phone"})

    number = TextField(primary_key=True)
    state = TextField()
    provider = TextField()
    contact = TextField()
    phone = TextField()
    documents = TextField(default="[]")
    submitted_at_ms = BigIntegerField()
    contacted_at_ms = BigIntegerField(null=True)
    documents_ready_at_ms = BigIntegerField(null=True)
    applied_at_ms = BigIntegerField(null=True)
    decided_at_ms = BigIntegerField(null=True)
    reason = TextField(null=True)


class Activation(Row):
    """A one-time code 激活码 that binds a terminal to an outlet; only its hash is kept."""

    private: ClassVar[frozenset[str]] = frozenset({"code_hash"})

    id = TextField(primary_key=True)
    terminal = TextField()
    outlet = TextField()
    code_hash = TextField()
    created_at_ms = BigIntegerField()
    expires_at_ms = BigIntegerField()
    attempts = IntegerField(default=0)
    used_at_ms = BigIntegerField(null=True)
