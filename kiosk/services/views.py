"""What the services tell the screens: frozen pictures of stored facts, never rows.

A screen holds one of these, paints it, and asks for a fresh one when `Changes` says that its subject moved.
Money is integer fen, times are UTC epoch milliseconds, states are the enums of the store.
"""

from dataclasses import dataclass, field, replace

from data.states import (
    Channel,
    Copy,
    InvoiceKind,
    InvoiceState,
    LineKind,
    PaymentOrderState,
    PrintJobState,
    PrintKind,
    RefundState,
    SaleKind,
    SaleState,
    SaleStep,
)
from kiosk.rules.customer import mask_address, mask_name, mask_phone
from kiosk.rules.permissions import Command, may
from kiosk.services.operators import Operator as Operator

CUSTOMER_FIELDS = frozenset({"name", "phone", "division", "division_code", "address"})
"""Names under which `Sale.typed` holds what is typed into the customer step; submitting it clears them."""


@dataclass(frozen=True, slots=True)
class VehicleCard:
    """What the first step shows of the scanned vehicle."""

    code: str
    model: str
    brand: str
    name: str
    maker: str
    certificate: str
    ccc: str
    chemistry: str
    voltage_v: int
    battery_count: int
    colours: tuple[str, ...]
    list_price_fen: int
    floor_price_fen: int
    ceiling_price_fen: int


@dataclass(frozen=True, slots=True)
class Line:
    """One thing on the sale."""

    position: int
    kind: LineKind
    code: str
    model: str
    name: str
    colour: str | None
    list_price_fen: int
    price_fen: int
    typed: bool
    pairing_known: bool
    pairing_reason: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys. `phone` and `name` are whole here: lists use the masked forms of `SaleRow`, and no repr tells them."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    division_code: str
    division: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment order of the sale: one try on one channel."""

    number: str
    channel: Channel
    state: PaymentOrderState
    amount_fen: int
    code: str | None
    expires_at_ms: int
    provider_number: str | None
    note: str | None

    @property
    def mismatch(self) -> bool:
        """Whether the provider says paid, but not what was asked for (`collection_orders.Note.MISMATCH`)."""
        return self.note is not None and self.note.startswith("MISMATCH")

    @property
    def giving_up(self) -> bool:
        """Whether somebody wants it closed (`collection_orders.Note.GIVING_UP`)."""
        return self.note is not None and self.note.startswith("GIVING_UP")

    @property
    def unapplied(self) -> bool:
        """Whether it was paid when its sale could not take it any more (`collection_orders.Note.UNAPPLIED`)."""
        return self.note is not None and self.note.startswith("UNAPPLIED")

    @property
    def returned(self) -> bool:
        """Whether it was paid and the provider sent all of it back (`collection_orders.Note.RETURNED`)."""
        return self.note == "RETURNED"

    @property
    def refunded_there(self) -> bool:
        """Whether the provider knew of a refund before the payment was booked (`collection_orders.Note`)."""
        return self.note == "REFUNDED_THERE"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to whoever paid `payment`, a payment order's number. note: why it does not simply go on."""

    number: str
    payment: str
    state: RefundState
    amount_fen: int
    reason: str
    operator: str
    created_at_ms: int
    done_at_ms: int | None
    provider_number: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A stored file of an invoice."""

    format: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice document of the sale."""

    number: str
    kind: InvoiceKind
    state: InvoiceState
    title: str = field(repr=False)
    net_fen: int
    tax_fen: int
    total_fen: int
    fiscal_number: str | None
    issued_at_ms: int | None
    reason: str | None
    attempts: int
    next_at_ms: int | None
    files: tuple[InvoiceFile, ...]


@dataclass(frozen=True, slots=True)
class PrintJob:
    """One copy on its way to paper."""

    id: str
    document: str
    copy: Copy
    kind: PrintKind
    state: PrintJobState
    tier: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale with everything that hangs on it."""

    id: str
    serial: str | None
    kind: SaleKind
    state: SaleState
    step: SaleStep
    revision: int
    late: bool
    operator: str
    opened_at_ms: int
    ordered_at_ms: int | None
    paid_at_ms: int | None
    vehicle: VehicleCard | None
    colour: str | None
    lines: tuple[Line, ...]
    customer: Customer | None
    typed: dict[str, str] = field(repr=False)  # field name -> what was typed there and not yet submitted
    list_total_fen: int
    total_fen: int | None
    payments: tuple[Payment, ...]
    invoices: tuple[Invoice, ...]
    print_jobs: tuple[PrintJob, ...]
    refunds: tuple[Refund, ...] = ()

    def given_back_fen(self, payment: Payment) -> int:
        """How much of a payment is verifiably back."""
        back = (one for one in self.refunds if one.payment == payment.number and one.state is RefundState.DONE)
        return sum(one.amount_fen for one in back)

    @property
    def payment(self) -> Payment | None:
        """The newest payment order: the one the collect screen is about."""
        return self.payments[-1] if self.payments else None

    @property
    def settling(self) -> Payment | None:
        """The payment that paid the sale, whatever was tried after it; the newest order while there is none."""
        paid = (PaymentOrderState.PAID, PaymentOrderState.PAID_LATE)
        kept = [one for one in self.payments if one.state in paid and not (one.returned or one.unapplied)]
        return kept[0] if kept else self.payment

    @property
    def invoice(self) -> Invoice | None:
        """The newest blue invoice."""
        blues = [document for document in self.invoices if document.kind is InvoiceKind.BLUE]
        return blues[-1] if blues else None

    def seen_by(self, operator: Operator | None) -> "Sale":
        """The sale as this operator may see it: people masked for whoever may not see personal data."""
        if operator is not None and may(operator.role, Command.SEE_PERSONAL_DATA):
            return self
        buyer = self.customer
        return replace(
            self,
            customer=None
            if buyer is None
            else replace(
                buyer, name=mask_name(buyer.name), phone=mask_phone(buyer.phone), address=mask_address(buyer.address)
            ),
            typed={field: text for field, text in self.typed.items() if field not in CUSTOMER_FIELDS},
            invoices=tuple(replace(one, title=mask_name(one.title)) for one in self.invoices),
        )


@dataclass(frozen=True, slots=True)
class ParkedSale:
    """An open sale on this terminal, as 「取单」 lists it. amount_fen: asked for, or else the list price."""

    id: str
    serial: str | None
    state: SaleState
    step: SaleStep
    vehicle: str
    model: str
    customer_masked: str
    opened_at_ms: int
    operator: str
    amount_fen: int
    payment: PaymentOrderState | None


@dataclass(frozen=True, slots=True)
class SaleCursor:
    """Where a page of the sale list ended; the next one begins behind it."""

    at_ms: int
    id: str


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A line of the sale list. Personal data is masked. `at_ms` is when the sale was ordered."""

    id: str
    serial: str
    at_ms: int
    kind: SaleKind
    state: SaleState
    total_fen: int
    customer_masked: str
    phone_masked: str
    operator: str
    vehicle: str
    model: str
    payment: PaymentOrderState | None
    invoice: InvoiceState | None
    printing: PrintJobState | None
    late: bool

    @property
    def cursor(self) -> SaleCursor:
        """The place of this row in the list."""
        return SaleCursor(self.at_ms, self.id)
