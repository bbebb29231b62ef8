"""Each family has a registry, a real and a broken member; the sandbox over the wire is its virtual one."""

from __future__ import annotations

import pytest

from drivers.invoices.base import InvoiceProvider, InvoiceRefused, InvoiceUnreachable
from drivers.invoices.broken import BrokenProvider
from drivers.invoices.registry import PROVIDERS
from drivers.payments.base import PaymentChannel, Refused, Unreachable
from drivers.payments.broken import BrokenChannel
from drivers.payments.registry import CHANNELS
from drivers.registry import DriverNotLoaded, Registry


def test_every_name_loads_a_member_of_its_family() -> None:
    assert all(issubclass(CHANNELS.load(name), PaymentChannel) for name in CHANNELS.names())
    assert all(issubclass(PROVIDERS.load(name), InvoiceProvider) for name in PROVIDERS.names())


@pytest.mark.parametrize(
    "place",
    ["drivers.no_such_module:X", "drivers.registry:NoSuchName", "drivers.registry:Registry", "drivers:__name__"],
)
def test_given_a_driver_that_does_not_load_when_asked_for_then_one_sentence_says_why(place: str) -> None:
    with pytest.raises(DriverNotLoaded, match="gone"):
        Registry(PaymentChannel, {"gone": place}).load("gone")
    with pytest.raises(DriverNotLoaded, match="known: gone"):
        Registry(PaymentChannel, {"gone": place}).load("other")


async def test_the_broken_channel_fails_with_the_error_it_is_given() -> None:
    for call in (BrokenChannel().create(b""), BrokenChannel().query("X"), BrokenChannel().close("X")):
        with pytest.raises(Unreachable):
            await call
    with pytest.raises(Refused):
        await BrokenChannel(lambda: Refused("NO_AUTH", "")).create(b"")


async def test_the_broken_provider_fails_with_the_error_it_is_given() -> None:
    broken = BrokenProvider()
    for call in (broken.issue(b""), broken.query("X"), broken.retry("X", "Y"), broken.fetch("X")):
        with pytest.raises(InvoiceUnreachable):
            await call
    with pytest.raises(InvoiceRefused):
        await BrokenProvider(lambda: InvoiceRefused("E9301", "")).issue(b"")
