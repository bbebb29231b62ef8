"""Tokens of Nuonuo are counted by the provider: ours are kept, shared and rationed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from drivers.invoices.base import InvoiceRefused, InvoiceStatus, InvoiceUnreachable, Token

ORDER_NO = "DEMO0126112100001B01"


async def test_given_a_day_passes_when_called_then_one_new_token_is_fetched(world: Any, nuonuo: Any) -> None:
    await nuonuo.query(ORDER_NO)
    world.control.advance(22 * 3_600_000)
    await nuonuo.query(ORDER_NO)
    assert world.tokens.puts == 1
    world.control.advance(2 * 3_600_000)
    await nuonuo.query(ORDER_NO)
    assert world.tokens.puts == 2


async def test_given_many_calls_at_once_without_a_token_when_made_then_one_token_is_fetched(
    world: Any, nuonuo: Any
) -> None:
    await asyncio.gather(*(nuonuo.query(ORDER_NO) for _ in range(10)))
    assert world.tokens.puts == 1


async def test_given_fifty_tokens_in_a_month_when_another_is_asked_for_then_the_limit_is_named(world: Any) -> None:
    for _ in range(50):
        world.tokens.token = None
        provider = world.nuonuo()
        await provider._tokens.get()
        await provider.aclose()
    world.tokens.token = None
    provider = world.nuonuo()
    with pytest.raises(InvoiceRefused) as refused:
        await provider.query(ORDER_NO)
    assert refused.value.code == "070306"
    await provider.aclose()


async def test_given_tokens_cannot_be_had_when_tried_again_and_again_then_requests_are_rationed(
    world: Any, nuonuo: Any
) -> None:
    world.control.fault("nuonuo", "http500", "token")
    for _ in range(12):
        with pytest.raises(InvoiceUnreachable, match="status 500"):
            await nuonuo.query(ORDER_NO)
    with pytest.raises(InvoiceUnreachable, match="waiting"):
        await nuonuo.query(ORDER_NO)
    world.control.heal("nuonuo")
    world.control.advance(3_600_000)
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND


async def test_given_a_rejected_token_when_it_is_not_brand_new_then_it_is_replaced_once(
    world: Any, nuonuo: Any
) -> None:
    now = world.now_ms()
    world.tokens.token = Token("stale", now - 3_600_000, now + 80_000_000)
    with pytest.raises(InvoiceRefused) as refused:
        await nuonuo.query(ORDER_NO)
    assert refused.value.code == "070301"
    assert (await nuonuo.query(ORDER_NO)).status is InvoiceStatus.NOT_FOUND
    world.tokens.token = Token("stale", now, now + 80_000_000)
    for _ in range(3):
        with pytest.raises(InvoiceRefused):
            await nuonuo.query(ORDER_NO)
    assert world.tokens.puts == 1
