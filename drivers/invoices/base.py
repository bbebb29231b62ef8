"""What every invoice provider offers, and how it can fail.

Amounts are integer fen (CNY 0.01), rates basis points (13 % = 1300), times UTC epoch milliseconds. The caller owns the
order number and keeps the serialised bytes; the number is what makes a repeated issue harmless.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol


class InvoiceStatus(StrEnum):
    """What the provider says about one invoice, in words common to all providers."""

    PENDING = "PENDING"  # accepted, being issued or signed
    ISSUED = "ISSUED"
    FAILED = "FAILED"  # not issued; may be retried under the same number
    SIGN_FAILED = "SIGN_FAILED"  # as FAILED
    VOID = "VOID"
    NOT_FOUND = "NOT_FOUND"  # unknown there; just after an issue it may only mean "not yet"


class FileFormat(StrEnum):
    """The forms an invoice document comes in."""

    PDF = "pdf"
    OFD = "ofd"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line. ``net_fen + tax_fen == gross_fen``; quantity is a whole number of ``unit``; empty texts are left out.

    tax_code: the 19-digit goods and services code (empty: the provider's own default). name: as printed, with the
    category in asterisks where the shop's tax profile has it.
    """

    name: str
    tax_code: str
    quantity: int
    unit: str
    spec: str
    rate_bp: int
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class InvoiceRequest:
    """A blue invoice to issue. title: the buyer's name; natural_person: the buyer is a person, not an organisation.

    order_no: at most 20 characters of ``[0-9A-Z]``. tax_number: empty for a person.
    """

    order_no: str
    ordered_at_ms: int
    title: str
    tax_number: str
    natural_person: bool
    remark: str
    lines: tuple[InvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the request. The invoice is not issued yet: ask with `InvoiceProvider.query`."""

    provider_serial: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class InvoiceAnswer:
    """One answer to `InvoiceProvider.query`. Empty text or None = the answer does not carry that fact.

    total_fen: with tax. files: format to address. reason: why it failed, bounded and control-free.
    """

    status: InvoiceStatus
    order_no: str
    provider_serial: str
    fiscal_number: str
    issued_at_ms: int | None
    total_fen: int | None
    tax_fen: int | None
    files: Mapping[FileFormat, str]
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. expires_at_ms None: it does not expire by itself."""

    value: str
    obtained_at_ms: int
    expires_at_ms: int | None


class TokenCache(Protocol):
    """Where a token outlives the process. Providers count token requests (Nuonuo: 50 in 30 days), so share it."""

    async def get(self) -> Token | None: ...

    async def put(self, token: Token) -> None: ...


class InvoiceError(Exception):
    """Anything an invoice provider can fail with."""


class InvoiceMisconfigured(InvoiceError):  # noqa: N818  a state of the settings
    """Settings that cannot work. Raised before anything is sent."""


class InvoiceRefused(InvoiceError):  # noqa: N818  an answer, not a defect
    """The provider answered: not executed. code: its own word. message: bounded, control-free text.

    permanent: the same bytes will be refused again (a field, an amount, a code). False: credentials, permissions,
    quotas, clock; the same bytes may pass once somebody has put that right.
    """

    def __init__(self, code: str, message: str, *, permanent: bool = True) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.permanent = permanent


class InvoiceDuplicate(InvoiceRefused):
    """An invoice with this order number exists there already: query it, and compare."""


class InvoiceUnknown(InvoiceError):  # noqa: N818  a state, not a defect
    """Nobody knows whether the provider executed the call: query by order number."""


class InvoiceUnreachable(InvoiceUnknown):
    """The call itself never left this machine."""


class InvoiceProvider(ABC):
    """One provider, one seller. All calls are coroutines, never retry by themselves and end within seconds."""

    provider: ClassVar[str]
    formats: ClassVar[frozenset[FileFormat]] = frozenset()

    @abstractmethod
    def serialise(self, request: InvoiceRequest) -> bytes:
        """The exact body of the issue call. Store it with the intent; every try sends these bytes.

        Raises ValueError when the request cannot be expressed (sums, lengths, empty fields).
        """

    @abstractmethod
    async def issue(self, body: bytes) -> Accepted:
        """Hand in an invoice. Raises InvoiceRefused, InvoiceDuplicate, InvoiceUnknown, InvoiceUnreachable."""

    @abstractmethod
    async def query(self, order_no: str) -> InvoiceAnswer:
        """What became of it. Raises InvoiceRefused, InvoiceUnknown, InvoiceUnreachable."""

    @abstractmethod
    async def retry(self, order_no: str, provider_serial: str) -> None:
        """Try a failed invoice again under its own number. Returning means accepted: query next.

        Raises InvoiceRefused, InvoiceUnknown (also when it is issued or running already: query), InvoiceUnreachable.
        """

    @abstractmethod
    async def fetch(self, url: str, expected: FileFormat | None = None) -> bytes:
        """The document behind an address of `InvoiceAnswer.files`; with ``expected``, its first bytes are checked.

        Raises InvoiceUnreachable (try later), InvoiceRefused (a foreign address, too large, not such a document).
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Give back connections. The provider object cannot be used afterwards."""
