"""From 收款 to the code: one order a try, the same bytes on every repeat, and nothing shown that is not kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from data.states import PaymentOrderState, SaleState
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services import collection_start
from kiosk.services.collection_orders import Note

S = PaymentOrderState


def is_at(*states: PaymentOrderState) -> Any:
    return lambda sale: sale.payment is not None and sale.payment.state in states


async def test_given_a_double_tap_when_collecting_then_there_is_one_order(desk: Any) -> None:
    """Case 35, the double tap: the store allows one live order a sale, also across both channels."""
    await desk.open()
    sale = await desk.till.priced()
    taps = [desk.start(sale, channel) for channel in (desk.channel, desk.other, desk.channel, desk.channel)]
    results = await asyncio.gather(*taps, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refusal)]
    assert len(refused) == 3
    assert {refusal.reason for refusal in refused} <= {Reason.ORDER_LIVE, Reason.PAYMENT_UNKNOWN}
    await desk.paid_and_done(sale)
    assert len(await desk.orders()) == 1


async def test_given_the_create_never_arrives_when_healed_then_the_same_order_gets_its_code(desk: Any) -> None:
    """Case 2: the query knows no order, so the same number is created again."""
    await desk.open()
    await desk.fault("timeout", "create")
    sale = await desk.until(await desk.collected(), is_at(S.UNKNOWN))
    number = sale.payment.number
    with pytest.raises(Refusal) as refused:
        await desk.start(sale)
    assert refused.value.reason in (Reason.PAYMENT_UNKNOWN, Reason.ORDER_LIVE)
    await desk.heal()
    sale = await desk.until(sale, is_at(S.WAITING))
    assert [(order["number"], order["creates"]) for order in await desk.orders()] == [(number, 1)]
    await desk.paid_and_done(sale)


async def test_given_the_answer_to_create_is_lost_when_asked_again_then_one_order_has_a_code(desk: Any) -> None:
    """Case 1: the same bytes again are the same order."""
    await desk.open()
    await desk.fault("drop_after_commit", "create", times=1)
    sale = await desk.until(await desk.collected(), is_at(S.WAITING))
    orders = await desk.orders()
    assert [(order["number"], order["creates"]) for order in orders] == [(sale.payment.number, 2)]
    assert orders[0]["code"] == sale.payment.code
    await desk.paid_and_done(sale)


async def test_given_answers_that_prove_nothing_when_collecting_then_no_code_is_shown_until_healed(desk: Any) -> None:
    """Cases 16 and 19 at the create: back off with the same number, whatever the answer looks like."""
    await desk.open()
    await desk.fault("http500")
    sale = await desk.until(await desk.collected(), is_at(S.UNKNOWN))
    await desk.till.lights(lambda lights: lights.payment.level == "FAULT")
    for kind in ("http429", "html502", "truncated", "bad_signature", "drop_after_commit", "timeout"):
        await desk.fault(kind)
        await desk.asked()
        sale = await desk.load(sale)
        assert (sale.payment.state, sale.payment.code) == (S.UNKNOWN, None)
    await desk.heal()
    sale = await desk.until(sale, is_at(S.WAITING))
    assert [order["number"] for order in await desk.orders()] == [sale.payment.number]
    await desk.paid_and_done(sale)


async def test_given_the_key_is_not_the_providers_any_more_when_collecting_then_no_code_is_shown(
    desk: Any, tmp_path: Path
) -> None:
    """Case 36, the rotated key: refused and told; with the right key that order goes on or is closed."""
    wrong = tmp_path / "rotated.pem"
    wrong.write_text(another_key(), encoding="ascii")
    await desk.open()
    section = getattr(desk.shop.settings, desk.provider)
    await desk.till.again(**{desk.provider: msgspec.structs.replace(section, private_key_file=str(wrong))})
    sale = await desk.until(await desk.collected(), is_at(S.UNKNOWN))
    assert (sale.payment.code, await desk.orders()) == (None, [])
    told = "UNVERIFIED" if desk.begins_with_scan else "REFUSED"  # Alipay does not sign what it refuses
    await desk.till.lights(lambda lights: (lights.payment.level, lights.payment.reason) == ("FAULT", told))
    await desk.again()
    sale = await desk.until(sale, is_at(S.CLOSED, S.WAITING))
    await desk.paid_and_done(await desk.start(sale) if sale.payment.state is S.CLOSED else sale)


async def test_given_the_intent_cannot_be_kept_when_collecting_then_nothing_leaves_and_nothing_is_shown(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 36, the store that does not take the intent: no order there, no code here, and later it goes on."""
    shop = await desk.open()
    sale = await desk.till.priced()
    write = shop.store.write

    async def full(work: Any) -> Any:
        from data.store import StoreFull

        raise StoreFull("no room")

    monkeypatch.setattr(shop.store, "write", full)
    with pytest.raises(Exception, match="no room"):
        await desk.start(sale)
    monkeypatch.setattr(shop.store, "write", write)
    sale = await desk.load(sale)
    assert (sale.state, sale.payment, await desk.orders()) == (SaleState.DRAFT, None, [])
    await desk.paid_and_done(await desk.start(sale))


async def test_given_the_store_is_lost_when_selling_again_then_no_number_is_given_twice(desk: Any) -> None:
    """Case 32: the same terminal, day and sequence; the journal's head in the number makes it another one."""
    await desk.open()
    first = await desk.paid_and_done(await desk.collected())
    await desk.judge()
    desk.till.directory = desk.till.directory.with_name("new card")
    desk.till._next = 0
    await desk.open()
    second = await desk.collected()
    assert second.serial == first.serial
    assert second.payment.number != first.payment.number
    await desk.pay(second)
    await desk.done(second)
    assert [order["paid_at_ms"] is not None for order in await desk.orders()] == [True, True]


async def test_given_a_number_that_was_used_when_collecting_then_nothing_settles_and_it_is_told(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 32, the alarm: another order of that number is paid there; its money is not this sale's."""
    await desk.open()
    first = await desk.paid_and_done(await desk.collected())
    await desk.judge()
    desk.till.directory = desk.till.directory.with_name("new card")
    await desk.open()
    monkeypatch.setattr(collection_start, "payment_number", lambda *_: first.payment.number)
    other = await desk.till.priced()
    floor = other.vehicle.floor_price_fen
    assert floor != first.total_fen
    sale = await desk.shop.collection.start(other.id, desk.channel, floor, desk.till.clerk)
    sale = await desk.until(sale, lambda sale: (sale.payment.note or "").startswith(Note.MISMATCH))
    assert (sale.state, sale.payment.state, sale.payment.code) == (SaleState.ORDERED, S.UNKNOWN, None)
    await desk.till.lights(lambda lights: lights.payment.level != "OK")


def another_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
