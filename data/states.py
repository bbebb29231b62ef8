"""Every document's states, the arrows between them, and the other closed vocabularies of the store.

``MOVES`` is the one description of what may become what: the migrations generate the triggers that refuse every
other move from it, ``Tx.move`` checks against it first, and the tests walk it. A state is never written over by
what happens later: "refunded", "reversed", "reprinted" and "returned" are derived from later rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SaleState(StrEnum):
    DRAFT = "DRAFT"
    ORDERED = "ORDERED"
    PAID = "PAID"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class SaleKind(StrEnum):
    BUNDLE = "BUNDLE"
    TRADE_IN = "TRADE_IN"
    COUNTER = "COUNTER"


class SaleStep(StrEnum):
    """How far an open sale has come on the screen; where it resumes after a restart."""

    VEHICLE = "VEHICLE"
    GOODS = "GOODS"
    CUSTOMER = "CUSTOMER"
    PRICE = "PRICE"
    COLLECT = "COLLECT"


class LineKind(StrEnum):
    VEHICLE = "VEHICLE"
    BATTERY = "BATTERY"
    CHARGER = "CHARGER"
    ACCESSORY = "ACCESSORY"
    SERVICE = "SERVICE"
    DISCOUNT = "DISCOUNT"


class Pairing(StrEnum):
    """Whether the makers declared that a battery or charger belongs to the vehicle."""

    KNOWN = "KNOWN"
    UNKNOWN = "UNKNOWN"


class InvoiceWish(StrEnum):
    NOW = "NOW"
    LATER = "LATER"
    NONE = "NONE"


class Channel(StrEnum):
    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    CASH = "CASH"
    BANK = "BANK"


class TenderKind(StrEnum):
    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    CASH = "CASH"
    BANK = "BANK"
    TRADE_IN = "TRADE_IN"
    CREDIT = "CREDIT"


class TenderState(StrEnum):
    OPEN = "OPEN"
    SETTLED = "SETTLED"
    VOID = "VOID"


class PaymentOrderState(StrEnum):
    NEW = "NEW"
    SENT = "SENT"
    WAITING = "WAITING"
    CLOSING = "CLOSING"
    UNKNOWN = "UNKNOWN"
    PAID = "PAID"
    CLOSED = "CLOSED"
    PAID_LATE = "PAID_LATE"


class RefundState(StrEnum):
    NEW = "NEW"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    UNKNOWN = "UNKNOWN"
    DONE = "DONE"
    ABNORMAL = "ABNORMAL"


class InvoiceKind(StrEnum):
    BLUE = "BLUE"
    RED = "RED"


class InvoiceState(StrEnum):
    """Both kinds of invoice; which states a blue and which a red one may take is in ``MOVES``."""

    NEW = "NEW"
    SENT = "SENT"
    ISSUING = "ISSUING"
    ISSUED = "ISSUED"
    FAILED = "FAILED"
    WITHDRAWN = "WITHDRAWN"
    APPLIED = "APPLIED"
    WAITING_BUYER = "WAITING_BUYER"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    LAPSED = "LAPSED"


class ReturnState(StrEnum):
    OPEN = "OPEN"
    REVERSING = "REVERSING"
    REFUNDING = "REFUNDING"
    DONE = "DONE"
    WITHDRAWN = "WITHDRAWN"


class UnitState(StrEnum):
    IN_STOCK = "IN_STOCK"
    RESERVED = "RESERVED"
    SOLD = "SOLD"


class UnitKind(StrEnum):
    """What has one row a code. A charger code names a model and is never a unit."""

    VEHICLE = "VEHICLE"
    BATTERY = "BATTERY"


class CompatibilityKind(StrEnum):
    BATTERY = "BATTERY"
    CHARGER = "CHARGER"


class PrintJobState(StrEnum):
    QUEUED = "QUEUED"
    HELD = "HELD"
    SENDING = "SENDING"
    SENT = "SENT"
    PRINTED = "PRINTED"
    UNCERTAIN = "UNCERTAIN"
    CANCELLED = "CANCELLED"


class PrintKind(StrEnum):
    ORIGINAL = "ORIGINAL"
    DUPLICATE = "DUPLICATE"
    REPORT = "REPORT"
    LABEL = "LABEL"


class Copy(StrEnum):
    MERCHANT = "MERCHANT"
    CUSTOMER = "CUSTOMER"


class BuybackState(StrEnum):
    RECEIVED = "RECEIVED"
    APPRAISING = "APPRAISING"
    APPRAISED = "APPRAISED"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"


class ClearingState(StrEnum):
    OPEN = "OPEN"
    PRECHECKED = "PRECHECKED"
    SEALING = "SEALING"
    SEALED = "SEALED"


class TerminalState(StrEnum):
    INACTIVE = "INACTIVE"
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


class EnrolmentState(StrEnum):
    SUBMITTED = "SUBMITTED"
    CONTACTED = "CONTACTED"
    DOCUMENTS_READY = "DOCUMENTS_READY"
    APPLIED = "APPLIED"
    OPEN = "OPEN"
    REFUSED = "REFUSED"


class ShiftState(StrEnum):
    OPEN = "OPEN"
    COUNTED = "COUNTED"
    CLOSED = "CLOSED"


class OutboxState(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"


class Role(StrEnum):
    CLERK = "CLERK"
    MANAGER = "MANAGER"
    OWNER = "OWNER"
    SUPPORT = "SUPPORT"


def _arrows(**targets: Iterable[str]) -> frozenset[tuple[str, str]]:
    return frozenset((source, target) for source, many in targets.items() for target in many)


MOVES: Final[Mapping[str, frozenset[tuple[str, str]]]] = MappingProxyType(
    {
        "sale": _arrows(
            DRAFT=("ORDERED", "CANCELLED"),
            ORDERED=("PAID", "DRAFT", "CANCELLED"),
            PAID=("DONE",),
        ),
        "tender": _arrows(OPEN=("SETTLED", "VOID")),
        "payment_order": _arrows(
            NEW=("SENT", "CLOSED", "PAID"),  # PAID directly only for cash and bank
            SENT=("WAITING", "PAID", "CLOSED", "UNKNOWN"),
            WAITING=("PAID", "CLOSING", "UNKNOWN"),
            CLOSING=("PAID", "CLOSED", "UNKNOWN"),
            UNKNOWN=("SENT", "WAITING", "CLOSING", "PAID", "CLOSED"),  # by query only
            CLOSED=("PAID_LATE",),
        ),
        "refund": _arrows(
            NEW=("SENT",),
            SENT=("ACCEPTED", "DONE", "ABNORMAL", "UNKNOWN"),
            ACCEPTED=("DONE", "ABNORMAL", "UNKNOWN"),
            UNKNOWN=("SENT", "ACCEPTED", "DONE", "ABNORMAL"),  # by query only
        ),
        "blue_invoice": _arrows(
            NEW=("SENT", "WITHDRAWN"),
            SENT=("ISSUING", "FAILED"),
            ISSUING=("ISSUED", "FAILED"),
            FAILED=("SENT",),  # same number again, unless the failure is final
        ),
        "red_invoice": _arrows(
            NEW=("APPLIED",),
            APPLIED=("WAITING_BUYER", "ISSUED", "FAILED"),
            WAITING_BUYER=("CONFIRMED", "REFUSED", "LAPSED"),
            CONFIRMED=("ISSUED", "FAILED"),
        ),
        "goods_return": _arrows(
            OPEN=("REVERSING", "WITHDRAWN"),
            REVERSING=("REFUNDING", "WITHDRAWN"),
            REFUNDING=("DONE", "WITHDRAWN"),  # withdrawn only while no refund has left
        ),
        "unit": _arrows(IN_STOCK=("RESERVED",), RESERVED=("IN_STOCK", "SOLD"), SOLD=("IN_STOCK",)),
        "print_job": _arrows(
            QUEUED=("HELD", "SENDING", "CANCELLED"),
            HELD=("QUEUED", "CANCELLED"),
            SENDING=("SENT", "QUEUED", "UNCERTAIN"),  # back to QUEUED only when no byte was accepted
            SENT=("PRINTED", "UNCERTAIN"),
            UNCERTAIN=("PRINTED",),  # by the operator
        ),
        "buyback": _arrows(
            RECEIVED=("APPRAISING", "CANCELLED"),
            APPRAISING=("APPRAISED", "CANCELLED"),
            APPRAISED=("APPRAISING", "SETTLED", "CANCELLED"),  # prices change only back in appraisal
        ),
        "clearing": _arrows(
            OPEN=("PRECHECKED",),
            PRECHECKED=("SEALING", "OPEN"),
            SEALING=("SEALED", "OPEN"),
        ),
        "terminal": _arrows(INACTIVE=("PENDING",), PENDING=("ACTIVE",), ACTIVE=("REVOKED",)),
        "enrolment": _arrows(
            SUBMITTED=("CONTACTED",),
            CONTACTED=("DOCUMENTS_READY",),
            DOCUMENTS_READY=("APPLIED",),
            APPLIED=("OPEN", "REFUSED"),
        ),
        "shift": _arrows(OPEN=("COUNTED",), COUNTED=("CLOSED",)),
    }
)

INITIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sale": "DRAFT",
        "tender": "OPEN",
        "payment_order": "NEW",
        "refund": "NEW",
        "blue_invoice": "NEW",
        "red_invoice": "NEW",
        "goods_return": "OPEN",
        "unit": "IN_STOCK",
        "print_job": "QUEUED",
        "buyback": "RECEIVED",
        "clearing": "OPEN",
        "terminal": "INACTIVE",
        "enrolment": "SUBMITTED",
        "shift": "OPEN",
    }
)

STATES: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {
        "sale": SaleState,
        "tender": TenderState,
        "payment_order": PaymentOrderState,
        "refund": RefundState,
        "blue_invoice": InvoiceState,
        "red_invoice": InvoiceState,
        "goods_return": ReturnState,
        "unit": UnitState,
        "print_job": PrintJobState,
        "buyback": BuybackState,
        "clearing": ClearingState,
        "terminal": TerminalState,
        "enrolment": EnrolmentState,
        "shift": ShiftState,
    }
)

LIVE_ORDER: Final = (
    PaymentOrderState.NEW,
    PaymentOrderState.SENT,
    PaymentOrderState.WAITING,
    PaymentOrderState.CLOSING,
    PaymentOrderState.UNKNOWN,
)
"""A sale has at most one payment order in these states, by a unique index."""

VOCABULARY: Final[Mapping[tuple[str, str], type[StrEnum]]] = MappingProxyType(
    {
        ("sale", "kind"): SaleKind,
        ("sale", "step"): SaleStep,
        ("sale", "invoice_wish"): InvoiceWish,
        ("sale_line", "kind"): LineKind,
        ("sale_line", "pairing"): Pairing,
        ("tender", "kind"): TenderKind,
        ("payment_order", "channel"): Channel,
        ("invoice", "kind"): InvoiceKind,
        ("unit", "kind"): UnitKind,
        ("compatibility", "kind"): CompatibilityKind,
        ("print_job", "kind"): PrintKind,
        ("print_job", "copy"): Copy,
        ("operator", "role"): Role,
        ("outbox", "state"): OutboxState,
    }
)
"""Columns that hold one of a closed list of words; NULL passes where the column allows it."""
