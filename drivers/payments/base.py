"""What every payment channel offers, and how it can fail.

Amounts are integer fen (CNY 0.01), times UTC epoch milliseconds. A channel holds no state about an order: the caller
keeps the intent, its serialised bytes and every verified answer.

Which answer may move an order where:

* Only a *verified* answer (``QueryAnswer.verified``) may take an order to PAID or CLOSED.
* `Refused` says that this one call was not executed. It never says anything final about the order.
* `OutcomeUnknown` says nothing: ask with `PaymentChannel.query`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Capability(StrEnum):
    """What a channel can do; a caller asks before it offers a button."""

    SHOW_CODE = "SHOW_CODE"  # the shop shows a QR code, the customer scans it
    ORDER_BEFORE_SCAN = "ORDER_BEFORE_SCAN"  # the order exists, and can be queried and closed, before anybody scans
    CANCEL = "CANCEL"  # an order can be called off whatever its state: unpaid it closes, paid it goes back to the payer
    REFUND = "REFUND"  # money can be given back the way it came


class QueryStatus(StrEnum):
    """What the provider says about one order, in words common to all channels."""

    NOT_FOUND = "NOT_FOUND"  # no such order there (yet); never final by itself: a code may still be scanned
    UNPAID = "UNPAID"  # exists, not paid, can still be paid
    PAID = "PAID"
    PAID_REFUNDED = "PAID_REFUNDED"  # was paid; a refund has been requested since, perhaps a partial one
    REFUNDED = "REFUNDED"  # was paid, and all of it has gone back: nothing is left of it
    CLOSED = "CLOSED"  # never paid and cannot be paid any more
    PENDING = "PENDING"  # anything else: not final, ask again


class CancelOutcome(StrEnum):
    """What calling an order off did, as the provider says."""

    CLOSED = "CLOSED"  # no money moved: it was unpaid, or nobody had scanned it
    REFUNDED = "REFUNDED"  # it had been paid a moment before: all of it goes back to the payer


class RefundStatus(StrEnum):
    """What the provider says about one refund, in words common to all channels."""

    NOT_FOUND = "NOT_FOUND"  # no such refund there (yet): the same request may be sent again
    PROCESSING = "PROCESSING"  # accepted; the money is on its way
    DONE = "DONE"  # the money is back
    ABNORMAL = "ABNORMAL"  # the provider cannot give it back this way: a person has to see to it
    CLOSED = "CLOSED"  # the provider gave it up; no money moved


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """One try to collect: what is sent to the provider, before it is serialised.

    number: 6 to 32 characters of ``[0-9A-Z]``, unique for ever. amount_fen: at least 1. description: what the customer
    reads on the phone. expires_at_ms: the last moment the customer can pay.
    """

    number: str
    amount_fen: int
    description: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """One answer to `PaymentChannel.query`. None = the answer does not carry that fact.

    ``total_fen`` is the order's amount, ``payer_total_fen`` what the payer gave after coupons: compare the first.
    ``raw`` are the exact bytes of the body (the ones whose signature was verified when ``verified``).
    """

    status: QueryStatus
    number: str
    total_fen: int | None
    currency: str | None
    merchant: str | None
    app: str | None
    provider_number: str | None
    paid_at_ms: int | None
    payer_total_fen: int | None
    raw: bytes
    verified: bool = True


@dataclass(frozen=True, slots=True)
class RefundIntent:
    """Money to give back, before it is serialised.

    refund_number: the order's number, ``R`` and two digits; the same on every try. amount_fen: at least 1, at most
    total_fen, which is the order's own total (not what the payer gave after coupons). reason: what the payer reads.
    """

    order_number: str
    refund_number: str
    amount_fen: int
    total_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """One answer about a refund. None = the answer does not carry that fact. Only a verified one settles anything."""

    status: RefundStatus
    order_number: str
    refund_number: str
    amount_fen: int | None
    provider_number: str | None
    done_at_ms: int | None
    raw: bytes
    verified: bool = True


class PaymentError(Exception):
    """Anything a channel can fail with."""


class Misconfigured(PaymentError):  # noqa: N818  a state of the settings
    """Settings that cannot work (a bad key, plain http to a foreign host). Raised before anything is sent."""


class Refused(PaymentError):  # noqa: N818  an answer, not a defect
    """The provider answered with an error that means: this call was not executed. Never final for the order.

    code: ``ORDER_PAID``, ``ORDER_CLOSED``, ``ORDER_NOT_EXIST`` and ``NOT_ENOUGH`` mean the same on every channel; any
    other is the provider's own word, in its present spelling. message: bounded, control-free text.
    """

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status


class OutcomeUnknown(PaymentError):  # noqa: N818  a state, not a defect
    """Nobody knows whether the provider executed the call: time-out, 5xx, 429, 202, an answer that cannot be read."""


class Unverified(OutcomeUnknown):
    """An answer came whose signature is missing, stale, by an unknown key or wrong. Worth an alarm, not a state."""


class Unreachable(OutcomeUnknown):
    """No connection was made, so no byte of this call left the machine."""


class PaymentChannel(ABC):
    """One provider, one merchant. All calls are coroutines, never retry by themselves and end within seconds."""

    channel: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    merchant: str
    """The merchant number our orders carry."""
    app: str
    """The application number our orders carry."""
    last_date_offset_ms: int | None = None
    """The provider's clock minus ours, by the last answer's Date header (whole seconds; unverified), or None."""

    @abstractmethod
    def serialise(self, intent: OrderIntent) -> bytes:
        """The exact body of the create call. Store it with the intent; every try sends these bytes.

        Raises ValueError when the intent cannot be expressed (number, amount, empty description).
        """

    @abstractmethod
    async def create(self, body: bytes) -> str:
        """Place the order and return the text of the code to show. Safe to repeat with the same bytes.

        Raises Refused, OutcomeUnknown, Unverified, Unreachable.
        """

    @abstractmethod
    async def query(self, number: str) -> QueryAnswer:
        """What the provider knows of one order. Raises OutcomeUnknown, Unverified, Unreachable, Refused."""

    @abstractmethod
    async def close(self, number: str) -> None:
        """Ask to close an unpaid order. Returning means accepted; only a verified query says CLOSED.

        Raises Refused (``ORDER_PAID``, ``ORDER_CLOSED``, ...: query next), OutcomeUnknown, Unverified, Unreachable.
        """

    async def cancel(self, number: str) -> CancelOutcome:
        """Call the order off; for channels with `Capability.CANCEL`. Only a query says what is left of it.

        Raises Refused (``NOT_SUPPORTED`` where the channel cannot), OutcomeUnknown, Unverified, Unreachable.
        """
        raise _not_supported(self.channel)

    def serialise_refund(self, intent: RefundIntent) -> bytes:
        """The exact body of the refund call, for channels with `Capability.REFUND`. Every try sends these bytes.

        Raises ValueError when the intent cannot be expressed (numbers, amounts, empty reason), Refused
        (``NOT_SUPPORTED`` where the channel cannot).
        """
        raise _not_supported(self.channel)

    async def refund(self, body: bytes) -> RefundAnswer:
        """Ask for the money to go back. Safe to repeat with the same bytes: one refund comes of it.

        Raises Refused (``NOT_ENOUGH``: the merchant's balance, the same bytes later), OutcomeUnknown, Unverified,
        Unreachable.
        """
        raise _not_supported(self.channel)

    async def query_refund(self, order_number: str, refund_number: str) -> RefundAnswer:
        """What the provider knows of one refund. Raises OutcomeUnknown, Unverified, Unreachable, Refused."""
        raise _not_supported(self.channel)

    @abstractmethod
    async def aclose(self) -> None:
        """Give back connections. The channel cannot be used afterwards."""


def _not_supported(channel: str) -> Refused:
    return Refused("NOT_SUPPORTED", f"{channel} cannot do that")
