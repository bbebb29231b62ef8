"""A sale from the scanned vehicle to the last slip, against the sandbox and the virtual printer."""

from __future__ import annotations

from typing import Any

from data.states import PaymentOrderState, SaleState
from kiosk.rules.numbers import parse_payment_number


async def test_given_a_bundle_when_the_customer_pays_then_everything_else_happens_by_itself(till: Any) -> None:
    await till.open()
    sale = await till.collected()
    payment = sale.payment
    assert payment is not None
    assert payment.state is PaymentOrderState.WAITING
    assert payment.code
    assert sale.state is SaleState.ORDERED
    assert sale.serial is not None
    assert parse_payment_number(payment.number).serial == sale.serial

    await till.town.pay(payment.code)
    done = await till.finished(sale.id)

    assert done.invoice is not None
    assert done.invoice.total_fen == done.total_fen
    assert done.invoice.net_fen + done.invoice.tax_fen == done.invoice.total_fen
    assert till.town.papers == 2
    ledger = await till.town.ledger()
    assert [(order["number"], order["state"]) for order in ledger["orders"]] == [(payment.number, "SUCCESS")]
    assert [invoice["number"] for invoice in ledger["invoices"]] == [done.invoice.number]
    await till.lights(lambda lights: lights.printer.level == "OK")
