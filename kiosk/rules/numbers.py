"""The numbers of documents: built in one place, read back in the same place. ASCII digits and capital letters only.

    sale serial          terminal (6) yymmdd (6) sequence (5)           DEMO0126112100001
    payment order        serial (17) attempt (2) journal head (8)       DEMO0126112100001019F3C01AB
    refund               payment order (27) R (1) count (2)             DEMO0126112100001019F3C01ABR01
    invoice order        serial (17) B or R (1) count (2)               DEMO0126112100001B01
    other documents      terminal (6) yymmdd (6) letter (1) sequence (4)  DEMO01261121H0001

A payment order carries the first eight hexadecimal digits of the journal's head, so that the payment channel's own
bills witness the journal. Builders raise ValueError (a fault of the program), readers raise Refusal NUMBER_MALFORMED.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kiosk.rules.refusals import Reason, Refusal

UNBOUND_TERMINAL = "000000"
DEMO_TERMINAL = "DEMO01"
MAX_DAILY_SALES = 99_999
MAX_DAILY_DOCUMENTS = 9_999
MAX_ATTEMPTS = 99


class DocumentLetter(StrEnum):
    """What stands in a document's number in place of the first digit of a sale's sequence."""

    BUYBACK = "H"
    CLEARING = "C"
    SHIFT = "S"
    RETURN = "T"


class InvoiceLetter(StrEnum):
    """Blue invoices bill, red ones reverse."""

    BLUE = "B"
    RED = "R"


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """A sale's serial taken apart."""

    terminal: str
    day: str
    sequence: int


@dataclass(frozen=True, slots=True)
class PaymentNumber:
    """A payment order's number taken apart; `head` is the anchor in capitals."""

    serial: str
    attempt: int
    head: str


@dataclass(frozen=True, slots=True)
class RefundNumber:
    """A refund's number taken apart."""

    payment: str
    count: int


@dataclass(frozen=True, slots=True)
class InvoiceNumber:
    """An invoice order's number taken apart."""

    serial: str
    letter: InvoiceLetter
    count: int


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """The number of a buyback, clearing, shift or return taken apart."""

    terminal: str
    day: str
    letter: DocumentLetter
    sequence: int


_TERMINAL = re.compile(r"[0-9A-Z]{6}", re.ASCII)
_HEAD = re.compile(r"[0-9A-Fa-f]{8,}", re.ASCII)
_SERIAL = re.compile(r"([0-9A-Z]{6})([0-9]{6})([0-9]{5})", re.ASCII)
_PAYMENT = re.compile(r"([0-9A-Z]{6}[0-9]{11})([0-9]{2})([0-9A-F]{8})", re.ASCII)
_REFUND = re.compile(r"([0-9A-Z]{6}[0-9]{13}[0-9A-F]{8})R([0-9]{2})", re.ASCII)
_INVOICE = re.compile(r"([0-9A-Z]{6}[0-9]{11})([BR])([0-9]{2})", re.ASCII)
_DOCUMENT = re.compile(r"([0-9A-Z]{6})([0-9]{6})([HCST])([0-9]{4})", re.ASCII)


def is_terminal(text: str) -> bool:
    """Whether `text` can be a terminal's number."""
    return _TERMINAL.fullmatch(text) is not None


def sale_serial(terminal: str, day: str, sequence: int) -> str:
    """The serial of a terminal's `sequence`-th sale of business day `day` (YYYY-MM-DD), sequence from 1."""
    return f"{_start(terminal, day)}{_counted(sequence, MAX_DAILY_SALES, 5)}"


def is_sale_serial(text: str) -> bool:
    """Whether `text` has the shape of a sale's serial, in small letters and with blanks round it too."""
    return _SERIAL.fullmatch(text.strip().upper()) is not None


def parse_sale_serial(text: str) -> SerialNumber:
    """Take a sale's serial apart."""
    match = _SERIAL.fullmatch(text)
    if match is None or int(match[3]) == 0:
        raise _malformed(text)
    return SerialNumber(match[1], _day(match[2], text), int(match[3]))


def payment_number(serial: str, attempt: int, journal_head: str) -> str:
    """The `out_trade_no` of a sale's `attempt`-th payment order, from 1; `journal_head` is the head's hash in hex."""
    if not _HEAD.fullmatch(journal_head):
        raise ValueError("the head of the journal is a hash in hexadecimal")
    return f"{_whole(serial)}{_counted(attempt, MAX_ATTEMPTS, 2)}{journal_head[:8].upper()}"


def parse_payment_number(text: str) -> PaymentNumber:
    """Take a payment order's number apart."""
    match = _PAYMENT.fullmatch(text)
    if match is None or int(match[2]) == 0:
        raise _malformed(text)
    parse_sale_serial(match[1])
    return PaymentNumber(match[1], int(match[2]), match[3])


def refund_number(payment: str, count: int) -> str:
    """The number of the `count`-th refund of a payment order, from 1."""
    try:
        parse_payment_number(payment)
    except Refusal as refusal:
        raise ValueError(f"not a payment order's number: {payment}") from refusal
    return f"{payment}R{_counted(count, MAX_ATTEMPTS, 2)}"


def parse_refund_number(text: str) -> RefundNumber:
    """Take a refund's number apart."""
    match = _REFUND.fullmatch(text)
    if match is None or int(match[2]) == 0:
        raise _malformed(text)
    parse_payment_number(match[1])
    return RefundNumber(match[1], int(match[2]))


def invoice_number(serial: str, letter: InvoiceLetter, count: int) -> str:
    """The order number of a sale's `count`-th blue or red invoice, from 1 (20 characters: Nuonuo takes no more)."""
    return f"{_whole(serial)}{letter}{_counted(count, MAX_ATTEMPTS, 2)}"


def parse_invoice_number(text: str) -> InvoiceNumber:
    """Take an invoice order's number apart."""
    match = _INVOICE.fullmatch(text)
    if match is None or int(match[3]) == 0:
        raise _malformed(text)
    parse_sale_serial(match[1])
    return InvoiceNumber(match[1], InvoiceLetter(match[2]), int(match[3]))


def document_number(terminal: str, letter: DocumentLetter, day: str, sequence: int) -> str:
    """The number of a buyback, clearing, shift or return, sequence from 1 within its terminal, kind and day."""
    return f"{_start(terminal, day)}{letter}{_counted(sequence, MAX_DAILY_DOCUMENTS, 4)}"


def parse_document_number(text: str) -> DocumentNumber:
    """Take the number of a buyback, clearing, shift or return apart."""
    match = _DOCUMENT.fullmatch(text)
    if match is None or int(match[4]) == 0:
        raise _malformed(text)
    return DocumentNumber(match[1], _day(match[2], text), DocumentLetter(match[3]), int(match[4]))


def _start(terminal: str, day: str) -> str:
    if not is_terminal(terminal):
        raise ValueError(f"not a terminal: {terminal}")
    when = date.fromisoformat(day)
    if when.isoformat() != day or not 2000 <= when.year <= 2099:
        raise ValueError(f"not a business day of this century: {day}")
    return f"{terminal}{when:%y%m%d}"


def _counted(count: int, most: int, width: int) -> str:
    if not 1 <= count <= most:
        raise ValueError(f"{count} is outside 1 to {most}")
    return f"{count:0{width}d}"


def _whole(serial: str) -> str:
    try:
        parse_sale_serial(serial)
    except Refusal as refusal:
        raise ValueError(f"not a sale's serial: {serial}") from refusal
    return serial


def _day(yymmdd: str, text: str) -> str:
    try:
        return date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])).isoformat()
    except ValueError as wrong:
        raise _malformed(text) from wrong


def _malformed(text: str) -> Refusal:
    return Refusal(Reason.NUMBER_MALFORMED, number=text[:40])
