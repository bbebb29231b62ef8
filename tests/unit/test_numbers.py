"""The numbers of documents."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.rules.numbers import (
    DEMO_TERMINAL,
    DocumentLetter,
    DocumentNumber,
    InvoiceLetter,
    InvoiceNumber,
    PaymentNumber,
    RefundNumber,
    SerialNumber,
    document_number,
    invoice_number,
    is_terminal,
    parse_document_number,
    parse_invoice_number,
    parse_payment_number,
    parse_refund_number,
    parse_sale_serial,
    payment_number,
    refund_number,
    sale_serial,
)
from kiosk.rules.refusals import Reason, Refusal

SERIAL = "DEMO0126112100001"
PAYMENT = "DEMO0126112100001019F3C01AB"
HEAD = "9f3c01ab" + "0" * 56


def test_published_examples() -> None:
    assert sale_serial(DEMO_TERMINAL, "2026-11-21", 1) == SERIAL
    assert payment_number(SERIAL, 1, HEAD) == PAYMENT
    assert refund_number(PAYMENT, 1) == PAYMENT + "R01"
    assert invoice_number(SERIAL, InvoiceLetter.BLUE, 1) == "DEMO0126112100001B01"
    assert invoice_number(SERIAL, InvoiceLetter.RED, 12) == "DEMO0126112100001R12"
    assert document_number(DEMO_TERMINAL, DocumentLetter.BUYBACK, "2026-11-21", 1) == "DEMO01261121H0001"
    assert len(payment_number(SERIAL, 99, HEAD)) == 27
    assert len(refund_number(PAYMENT, 99)) == 30


def test_numbers_read_back() -> None:
    assert parse_sale_serial(SERIAL) == SerialNumber("DEMO01", "2026-11-21", 1)
    assert parse_payment_number(PAYMENT) == PaymentNumber(SERIAL, 1, "9F3C01AB")
    assert parse_refund_number(PAYMENT + "R07") == RefundNumber(PAYMENT, 7)
    assert parse_invoice_number(SERIAL + "B01") == InvoiceNumber(SERIAL, InvoiceLetter.BLUE, 1)
    assert parse_document_number("00000026112" + "1T0042") == DocumentNumber(
        "000000", "2026-11-21", DocumentLetter.RETURN, 42
    )


@given(
    st.from_regex(r"[0-9A-Z]{6}", fullmatch=True),
    st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)),
    st.integers(1, 99_999),
    st.integers(1, 99),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_built_reads_back(terminal: str, day: object, sequence: int, attempt: int, head: bytes) -> None:
    serial = sale_serial(terminal, str(day), sequence)
    assert parse_sale_serial(serial) == SerialNumber(terminal, str(day), sequence)
    payment = payment_number(serial, attempt, head.hex())
    assert parse_payment_number(payment) == PaymentNumber(serial, attempt, head.hex()[:8].upper())
    assert parse_refund_number(refund_number(payment, attempt)).payment == payment
    for letter in InvoiceLetter:
        assert parse_invoice_number(invoice_number(serial, letter, attempt)) == InvoiceNumber(serial, letter, attempt)
    for kind in DocumentLetter:
        number = document_number(terminal, kind, str(day), min(sequence, 9_999))
        assert parse_document_number(number).letter is kind
        with pytest.raises(Refusal):
            parse_sale_serial(number)


@pytest.mark.parametrize(
    ("terminal", "day", "sequence"),
    [
        ("DEMO1", "2026-11-21", 1),
        ("demo01", "2026-11-21", 1),
        ("ＤＥＭＯ01", "2026-11-21", 1),
        ("DEMO01", "2026-02-30", 1),
        ("DEMO01", "20261121", 1),
        ("DEMO01", "1999-12-31", 1),
        ("DEMO01", "2026-11-21", 0),
        ("DEMO01", "2026-11-21", 100_000),
    ],
)
def test_given_wrong_parts_when_built_then_an_error(terminal: str, day: str, sequence: int) -> None:
    with pytest.raises(ValueError):
        sale_serial(terminal, day, sequence)


def test_given_wrong_parts_of_further_numbers_when_built_then_an_error() -> None:
    for build in (
        lambda: payment_number(SERIAL, 0, HEAD),
        lambda: payment_number(SERIAL, 100, HEAD),
        lambda: payment_number(SERIAL, 1, "9f3c"),
        lambda: payment_number(SERIAL, 1, "xyz" * 10),
        lambda: payment_number(SERIAL[:-1], 1, HEAD),
        lambda: refund_number(SERIAL, 1),
        lambda: invoice_number(SERIAL, InvoiceLetter.RED, 100),
        lambda: document_number("DEMO01", DocumentLetter.SHIFT, "2026-11-21", 10_000),
    ):
        with pytest.raises(ValueError):
            build()


@pytest.mark.parametrize(
    "text",
    [
        "",
        SERIAL.lower(),
        SERIAL + "0",
        SERIAL[:-1],
        SERIAL + "\n",
        "DEMO0126112100000",
        "DEMO0126133100001",
        "DEMO01261121٠٠٠٠١",
        "DEMO01261121H0001",
    ],
)
def test_given_no_serial_when_read_then_refused(text: str) -> None:
    with pytest.raises(Refusal) as told:
        parse_sale_serial(text)
    assert told.value.reason is Reason.NUMBER_MALFORMED


@pytest.mark.parametrize(
    "text", [SERIAL, PAYMENT.lower(), PAYMENT[:17] + "009F3C01AB", PAYMENT + "R01", PAYMENT[:19] + "G" * 8]
)
def test_given_no_payment_number_when_read_then_refused(text: str) -> None:
    with pytest.raises(Refusal):
        parse_payment_number(text)


def test_terminals() -> None:
    assert is_terminal("000000")
    assert is_terminal("DEMO01")
    assert not is_terminal("DEMO01\n")
