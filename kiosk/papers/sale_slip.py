"""The slip of a paid sale, merchant and customer copy."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.printers.base import (
    WIDTH_80_MM,
    Align,
    Barcode,
    Cell,
    Cut,
    Document,
    Element,
    Feed,
    Pair,
    Qr,
    Row,
    Rule,
    Text,
)
from kiosk.papers.facts import SaleSlipFacts, SlipCopy, SlipLine, SlipPayment
from kiosk.papers.wording import SALE_SLIP, Language, SaleSlipWords, language_of
from kiosk.rules.calendar import beijing_text
from kiosk.rules.money import format_yuan

TEMPLATE_VERSION = 1
"""Goes up whenever the slip looks different; the print job keeps it."""

_AMOUNT_COLUMNS = 12
_INDENT = "  "


def sale_slip(
    facts: SaleSlipFacts, copy: SlipCopy, language: Language | str = Language.ZH, width_dots: int = WIDTH_80_MM
) -> Document:
    """One copy of the slip as a document. `language` may also be a locale name such as zh_CN."""
    words = SALE_SLIP[language if isinstance(language, Language) else language_of(language)]
    elements = (
        *_head(facts, copy, words),
        *_sale(facts, words),
        *_goods(facts, words),
        *_money(facts, words),
        *_customer(facts, copy, words),
        *_foot(facts, words),
    )
    return Document(elements, width_dots)


def _head(facts: SaleSlipFacts, copy: SlipCopy, words: SaleSlipWords) -> Iterator[Element]:
    yield Text(facts.shop_name, Align.CENTER, bold=True, size=2)
    if facts.shop_address:
        yield Text(facts.shop_address, Align.CENTER)
    if facts.shop_phone:
        yield Text(words.phone.format(facts.shop_phone), Align.CENTER)
    yield Feed()
    whose = words.merchant_copy if copy is SlipCopy.MERCHANT else words.customer_copy
    yield Text(f"{words.title} · {whose}", Align.CENTER, bold=True)
    if facts.duplicate is not None:
        yield Text(words.duplicate.format(facts.duplicate.number), Align.CENTER, bold=True, size=2)
        if facts.duplicate.first_printed_at_ms is not None:
            first = beijing_text(facts.duplicate.first_printed_at_ms)
            yield Text(words.first_printed.format(first), Align.CENTER)


def _sale(facts: SaleSlipFacts, words: SaleSlipWords) -> Iterator[Element]:
    yield Rule()
    yield Pair(words.serial, facts.serial)
    yield Pair(words.time, beijing_text(facts.paid_at_ms))
    yield Pair(f"{words.terminal} {facts.terminal}", f"{words.operator} {facts.operator}")


def _goods(facts: SaleSlipFacts, words: SaleSlipWords) -> Iterator[Element]:
    yield Rule()
    yield _amount_row(words.goods, words.amount)
    for line in facts.lines:
        yield from _line(line, words)


def _line(line: SlipLine, words: SaleSlipWords) -> Iterator[Element]:
    kind = words.line_kinds.get(line.kind, line.kind)
    name = " ".join(part for part in (kind, line.name, line.colour) if part)
    yield _amount_row(name, format_yuan(line.price_fen, grouped=True) if line.price_fen else words.included)
    if line.code:
        label = words.code_labels.get(line.kind, "")
        yield Text(f"{_INDENT}{label} {line.code}" if label else f"{_INDENT}{line.code}")


def _amount_row(name: str, amount: str) -> Row:
    return Row((Cell(name), Cell(amount, _AMOUNT_COLUMNS, Align.RIGHT)))


def _money(facts: SaleSlipFacts, words: SaleSlipWords) -> Iterator[Element]:
    yield Rule()
    yield Pair(words.total, format_yuan(facts.total_fen, symbol=True, grouped=True), bold=True, size=2)
    yield Rule()
    for payment in facts.payments:
        yield from _payment(payment, words, alone=len(facts.payments) == 1)
    yield Pair(words.state, words.paid, bold=True)


def _payment(payment: SlipPayment, words: SaleSlipWords, *, alone: bool) -> Iterator[Element]:
    channel = words.channels.get(payment.channel, payment.channel)
    yield Pair(words.channel, channel if alone else f"{channel} {format_yuan(payment.amount_fen, grouped=True)}")
    if payment.number:
        yield Pair(words.payment_number, payment.number)
    if payment.provider_number:
        yield Pair(words.provider_number, payment.provider_number)


def _customer(facts: SaleSlipFacts, copy: SlipCopy, words: SaleSlipWords) -> Iterator[Element]:
    yield Rule()
    yield Pair(words.customer, facts.customer_name)
    yield Pair(words.customer_phone, facts.customer_phone)
    if copy is SlipCopy.MERCHANT:
        yield Feed(2)
        yield Text(f"{words.signature} {'_' * 22}")


def _foot(facts: SaleSlipFacts, words: SaleSlipWords) -> Iterator[Element]:
    yield Rule()
    yield Qr(facts.serial)
    yield Barcode(facts.serial)
    yield Text(facts.serial, Align.CENTER)
    yield Feed()
    yield Text(words.thanks, Align.CENTER, bold=True)
    yield Text(words.keep, Align.CENTER)
    yield Text(words.journal.format(facts.anchor), Align.CENTER)
    yield Cut()
