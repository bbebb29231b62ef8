"""Sales: the list with its search, the open ones of a terminal, one sale with everything that hangs on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from data.database import Value, select
from data.queries.invoices import InvoiceFacts, invoices_of
from data.queries.payments import OrderFacts, RefundFacts, orders_of, refunds_of
from data.reading import fetch, fetch_one
from data.spool import Job, jobs_of
from data.states import InvoiceWish, LineKind, Pairing, SaleKind, SaleState, SaleStep, TenderKind, TenderState

_LISTED: Final = "serial IS NOT NULL AND state <> 'DRAFT'"
_SERIAL: Final = re.compile(r"[0-9A-Z]{6}\d{11}")
_SERIAL_BEGINS: Final = re.compile(r"[0-9A-Z]{6}\d{6,10}")


@dataclass(frozen=True, slots=True)
class SaleSummary:
    """A row of the list of sales. ``at_ms`` is when it was ordered; personal data is not masked here."""

    id: str
    serial: str
    at_ms: int = field(metadata={"sql": "ordered_at_ms"})
    kind: SaleKind
    state: SaleState
    total_fen: int
    customer_name: str | None
    customer_phone: str | None
    operator: str
    late: bool


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """The row of a sale. ``typed`` is the JSON of what is typed and not submitted."""

    id: str
    serial: str | None
    kind: SaleKind
    state: SaleState
    step: SaleStep
    revision: int
    terminal: str
    business_day: str | None
    operator: str
    opened_at_ms: int
    ordered_at_ms: int | None
    paid_at_ms: int | None
    done_at_ms: int | None
    cancelled_at_ms: int | None
    list_total_fen: int
    total_fen: int | None
    invoice_wish: InvoiceWish
    customer_name: str | None
    customer_phone: str | None
    division_code: str | None
    division_text: str | None
    address: str | None
    typed: str
    late: bool


@dataclass(frozen=True, slots=True)
class LineFacts:
    position: int
    kind: LineKind
    code: str
    model: str
    name: str
    colour: str | None
    list_price_fen: int
    price_fen: int
    typed: bool
    pairing: Pairing
    pairing_reason: str | None


@dataclass(frozen=True, slots=True)
class TenderFacts:
    id: str
    revision: int
    kind: TenderKind
    state: TenderState
    amount_fen: int
    settled_at_ms: int | None


@dataclass(frozen=True, slots=True)
class WholeSale:
    """A sale with everything; inner lists oldest first."""

    sale: SaleFacts
    lines: tuple[LineFacts, ...]
    tenders: tuple[TenderFacts, ...]
    orders: tuple[OrderFacts, ...]
    refunds: tuple[RefundFacts, ...]
    invoices: tuple[InvoiceFacts, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended; the next one begins behind it."""

    ordered_at_ms: int
    id: str


@dataclass(frozen=True, slots=True)
class SalesPage:
    rows: tuple[SaleSummary, ...]
    next: Place | None
    """None when this was the last page."""


def sales_page(
    *,
    search: str | None = None,
    day: str | None = None,
    state: SaleState | None = None,
    limit: int = 50,
    after: Place | None = None,
) -> SalesPage:
    """Sales, newest first, without drafts.

    ``search`` finds a whole serial number or its beginning, a payment or invoice order number that begins with one,
    a phone or its last four digits, any code on a line, or a part of the customer's name. ``day`` is a business date
    ``YYYY-MM-DD``.
    """
    conditions, parameters = [_LISTED], list[Value]()
    if day is not None:
        conditions.append("business_day = ?")
        parameters.append(day)
    if state is not None:
        conditions.append("state = ?")
        parameters.append(state.value)
    if after is not None:
        conditions.append("(ordered_at_ms, id) < (?, ?)")
        parameters += [after.ordered_at_ms, after.id]
    tail = f"{' AND '.join(conditions)} ORDER BY ordered_at_ms DESC, id DESC LIMIT {int(limit) + 1}"
    if search is None or not search.strip():
        found = list(fetch(SaleSummary, f"FROM sale WHERE {tail}", *parameters))
    else:
        hits = {
            row.id: row
            for arm, given in _arms(search.strip())
            for row in fetch(SaleSummary, f"FROM sale WHERE {arm} AND {tail}", *given, *parameters)
        }
        found = sorted(hits.values(), key=lambda row: (row.at_ms, row.id), reverse=True)
    page = tuple(found[:limit])
    more = len(found) > limit
    return SalesPage(page, Place(page[-1].at_ms, page[-1].id) if more and page else None)


def _arms(text: str) -> list[tuple[str, tuple[Value, ...]]]:
    """The conditions a search text can meet, each answered by an index of its own."""
    upper = text.upper()
    arms: list[tuple[str, tuple[Value, ...]]] = [
        ("id IN (SELECT sale_id FROM sale_line WHERE code IN (?, ?) AND code <> '')", (text, upper))
    ]
    if _SERIAL.match(upper):
        arms.append(("serial = ?", (upper[:17],)))
    elif _SERIAL_BEGINS.fullmatch(upper):
        arms.append(("serial >= ? AND serial < ?", (upper, upper + "Z")))
    digits = re.sub(r"[ \-]", "", text).removeprefix("+86")
    if digits.isdecimal() and len(digits) == 11:
        arms.append(("customer_phone = ?", (digits,)))
    if digits.isdecimal() and len(digits) == 4:
        arms.append(("customer_phone_last4 = ?", (digits,)))
    tokens = [character for character in text if character.isalnum()]
    if tokens and not digits.isdecimal():
        phrase = '"' + " ".join(tokens) + '"'
        arms.append(
            (
                "id IN (SELECT sale_id FROM sale_name WHERE sale_name MATCH ?) AND instr(lower(customer_name), ?) > 0",
                (phrase, text.lower()),
            )
        )
    return arms


def open_sales(terminal: str) -> tuple[SaleFacts, ...]:
    """Sales of this terminal that wait for something: parked drafts, ordered ones, paid ones not done; newest first."""
    return fetch(
        SaleFacts,
        "FROM sale WHERE terminal = ? AND state IN ('DRAFT', 'ORDERED', 'PAID') ORDER BY opened_at_ms DESC, id DESC",
        terminal,
    )


def sale(sale_id: str) -> SaleFacts | None:
    """The row of one sale."""
    return fetch_one(SaleFacts, "FROM sale WHERE id = ?", sale_id)


def lines_of_sale(sale_id: str) -> tuple[LineFacts, ...]:
    """The lines of a sale."""
    return fetch(LineFacts, "FROM sale_line WHERE sale_id = ? ORDER BY position", sale_id)


def tenders_of(sale_id: str) -> tuple[TenderFacts, ...]:
    """The tenders of a sale, oldest first."""
    return fetch(TenderFacts, "FROM tender WHERE sale_id = ? ORDER BY id", sale_id)


def id_of_serial(serial: str) -> str | None:
    """The sale a serial number belongs to."""
    found = select("SELECT id FROM sale WHERE serial = ?", serial)
    return str(found[0][0]) if found else None


def whole_sale(sale_id: str) -> WholeSale | None:
    """One sale with everything."""
    facts = sale(sale_id)
    if facts is None:
        return None
    return WholeSale(
        sale=facts,
        lines=lines_of_sale(sale_id),
        tenders=tenders_of(sale_id),
        orders=orders_of(sale_id),
        refunds=refunds_of(sale_id),
        invoices=invoices_of(sale_id),
        jobs=jobs_of("SALE", facts.serial) if facts.serial is not None else (),
    )


def whole_sale_by_serial(serial: str) -> WholeSale | None:
    """One sale with everything, by its serial number."""
    sale_id = id_of_serial(serial)
    return whole_sale(sale_id) if sale_id is not None else None


def last_sale_to(phone: str) -> SaleFacts | None:
    """The newest sale to a phone: name, division and address of a customer who comes back."""
    return fetch_one(
        SaleFacts,
        "FROM sale WHERE customer_phone = ? AND state <> 'DRAFT' ORDER BY ordered_at_ms DESC, id DESC LIMIT 1",
        phone,
    )


def sale_that_holds(code: str) -> SaleSummary | None:
    """The newest sale, not cancelled and no draft, with this code on a line: where a sold unit went."""
    return fetch_one(
        SaleSummary,
        "FROM sale WHERE id IN (SELECT sale_id FROM sale_line WHERE code = ? AND code <> '') "
        "AND serial IS NOT NULL AND state NOT IN ('DRAFT', 'CANCELLED') ORDER BY ordered_at_ms DESC LIMIT 1",
        code,
    )


def drafts_that_hold(code: str) -> tuple[str, ...]:
    """Ids of open sales with this code on a line: who has reserved it."""
    rows = select(
        "SELECT s.id FROM sale_line AS l JOIN sale AS s ON s.id = l.sale_id WHERE l.code = ? AND l.code <> '' "
        "AND s.state IN ('DRAFT', 'ORDERED') ORDER BY s.id",
        code,
    )
    return tuple(str(row[0]) for row in rows)
