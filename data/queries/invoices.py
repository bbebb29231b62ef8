"""Invoices with their lines and files."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.reading import fetch, fetch_one
from data.states import InvoiceKind, InvoiceState


@dataclass(frozen=True, slots=True)
class InvoiceLineFacts:
    position: int
    name: str
    tax_code: str
    quantity: int
    unit: str | None
    spec: str | None
    rate_bp: int
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class InvoiceFileFacts:
    invoice: str
    format: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice document; ``request`` are the exact bytes sent on every try."""

    number: str
    sale_id: str
    serial: str
    kind: InvoiceKind
    state: InvoiceState
    final: bool
    reverses: str | None
    title: str
    tax_number: str | None
    net_fen: int
    tax_fen: int
    total_fen: int
    remark: str
    request: bytes | None
    created_at_ms: int
    provider_serial: str | None
    fiscal_number: str | None
    issued_at_ms: int | None
    attempts: int
    next_at_ms: int | None
    reason: str | None
    files: tuple[InvoiceFileFacts, ...] = field(init=False, default=())


@dataclass(frozen=True, slots=True)
class InvoicePlace:
    """Where a page ended; the next one begins behind it."""

    created_at_ms: int
    number: str


@dataclass(frozen=True, slots=True)
class InvoicePage:
    rows: tuple[InvoiceFacts, ...]
    next: InvoicePlace | None


def invoice(number: str) -> InvoiceFacts | None:
    """One invoice by our order number."""
    return _one(fetch_one(InvoiceFacts, "FROM invoice WHERE number = ?", number))


def invoices_of(sale_id: str) -> tuple[InvoiceFacts, ...]:
    """The invoices of a sale, blue and red, oldest first."""
    return _with_files(fetch(InvoiceFacts, "FROM invoice WHERE sale_id = ? ORDER BY created_at_ms, number", sale_id))


def open_invoices() -> tuple[InvoiceFacts, ...]:
    """Invoices that are neither issued nor given up, oldest first."""
    found = fetch(
        InvoiceFacts,
        "FROM invoice WHERE final = 0 AND state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED')",
    )
    return _with_files(tuple(sorted(found, key=lambda one: (one.created_at_ms, one.number))))


def invoices_page(
    *, state: InvoiceState | None = None, limit: int = 50, after: InvoicePlace | None = None
) -> InvoicePage:
    """Invoices, newest first, of one state or of all."""
    last = after if after is not None else InvoicePlace(2**62, "")
    found = fetch(
        InvoiceFacts,
        "FROM invoice WHERE (created_at_ms, number) < (?, ?) AND (? IS NULL OR state = ?) "
        "ORDER BY created_at_ms DESC, number DESC LIMIT ?",
        last.created_at_ms,
        last.number,
        state.value if state is not None else None,
        state.value if state is not None else None,
        limit + 1,
    )
    rows = _with_files(found[:limit])
    more = len(found) > limit
    return InvoicePage(rows, InvoicePlace(rows[-1].created_at_ms, rows[-1].number) if more else None)


def lines_of_invoice(number: str) -> tuple[InvoiceLineFacts, ...]:
    """The lines of an invoice."""
    return fetch(InvoiceLineFacts, "FROM invoice_line WHERE invoice = ? ORDER BY position", number)


def files_of_invoice(number: str) -> tuple[InvoiceFileFacts, ...]:
    """The files of an invoice; paths are relative to the store's directory."""
    return fetch(InvoiceFileFacts, "FROM invoice_file WHERE invoice = ? ORDER BY format", number)


def _one(found: InvoiceFacts | None) -> InvoiceFacts | None:
    return _with_files((found,))[0] if found is not None else None


def _with_files(found: tuple[InvoiceFacts, ...]) -> tuple[InvoiceFacts, ...]:
    for one in found:
        object.__setattr__(one, "files", files_of_invoice(one.number))  # completes a value nobody has seen yet
    return found
