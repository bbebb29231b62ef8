"""What every table's model shares: the database, typed reading, and how its rows are told to the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol, Self, TypeVar, cast

from peewee import CompositeKey, Field, Model, Ordering

from data.database import DATABASE

__all__ = ["CompositeKey", "Row", "Selection", "TableOptions", "ascending", "descending"]

R_co = TypeVar("R_co", covariant=True)


class Selection(Protocol[R_co]):
    """The part of Peewee's SELECT builder that this project uses, with the types its stubs leave open."""

    def where(self, *conditions: object) -> Self: ...
    def order_by(self, *orders: object) -> Self: ...
    def limit(self, value: int) -> Self: ...
    def get_or_none(self) -> R_co | None: ...
    def count(self) -> int: ...
    def exists(self) -> bool: ...
    def __iter__(self) -> Iterator[R_co]: ...


class TableOptions:
    database = DATABASE
    legacy_table_names = False  # PaymentOrder is the table payment_order
    strict_tables = True


class Row(Model):
    """A row of one table. Peewee models are read inside the store's threads and never leave this room.

    The class attributes say how the journal tells the table: columns in ``private`` become keyed digests (people's
    names, phones, addresses, secrets), columns in ``untold`` are left out (progress marks and what is only typed so
    far), blobs become their SHA-256, everything else is told by value.
    """

    Meta = TableOptions

    private: ClassVar[frozenset[str]] = frozenset()
    untold: ClassVar[frozenset[str]] = frozenset()
    moves_as: ClassVar[tuple[str, ...]] = ()
    """Keys into ``states.MOVES``: none without a state column, two for invoices, whose red ones move differently."""
    snapshot_in: ClassVar[frozenset[str]] = frozenset()
    """States whose entering tells the whole row and its lines, because until then both could change untold."""
    loose_in: ClassVar[frozenset[str]] = frozenset()
    """States in which only ``firm`` columns are told and compared."""
    firm: ClassVar[frozenset[str]] = frozenset()
    lines: ClassVar[type[Row] | None] = None
    """The child table that is told in this row's own journal entries."""
    parent: ClassVar[str | None] = None
    """On a child table: the column that holds the parent's key."""
    counts: ClassVar[Mapping[str, str]] = {}
    """State -> column whose amount joins the grand total when the state is entered."""

    @classmethod
    def query(cls, *columns: Field[Any]) -> Selection[Self]:
        """SELECT of whole rows, or of the given columns only."""
        return cast("Selection[Self]", cast("Any", cls).select(*columns))

    @classmethod
    def find(cls, key: str) -> Self | None:
        """The row with this primary key, or None."""
        return cast("Self | None", cast("Any", cls).get_or_none(cast("Any", cls)._meta.primary_key == key))

    @classmethod
    def table(cls) -> str:
        return cast("str", cast("Any", cls)._meta.table_name)

    @classmethod
    def column_names(cls) -> tuple[str, ...]:
        """All columns, in the order of the model."""
        return tuple(cast("Any", cls)._meta.columns)

    @classmethod
    def key_columns(cls) -> tuple[str, ...]:
        """The primary key's columns."""
        primary: Any = cast("Any", cls)._meta.primary_key
        if isinstance(primary, CompositeKey):
            return tuple(cast("Any", primary).field_names)
        return (cast("str", primary.column_name),)


def descending(column: Field[Any]) -> Ordering:
    """Newest or largest first."""
    return cast("Ordering", cast("Any", column).desc())


def ascending(column: Field[Any]) -> Ordering:
    """Oldest or smallest first."""
    return cast("Ordering", cast("Any", column).asc())
