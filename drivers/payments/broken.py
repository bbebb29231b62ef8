"""A channel that always fails, with the error it is given: what a shop sees when its provider is gone."""

from __future__ import annotations

from collections.abc import Callable

from drivers.payments.base import (
    CancelOutcome,
    Capability,
    OrderIntent,
    PaymentChannel,
    PaymentError,
    QueryAnswer,
    RefundAnswer,
    RefundIntent,
    Unreachable,
)


def _unreachable() -> PaymentError:
    return Unreachable("no connection: this channel is broken on purpose")


class BrokenChannel(PaymentChannel):
    """Every call raises what ``failure`` makes (by default `Unreachable`); nothing is ever sent."""

    channel = "broken"
    capabilities = frozenset({Capability.SHOW_CODE, Capability.ORDER_BEFORE_SCAN, Capability.REFUND})

    def __init__(self, failure: Callable[[], PaymentError] = _unreachable) -> None:
        self.merchant = ""
        self.app = ""
        self._failure = failure

    def serialise(self, intent: OrderIntent) -> bytes:
        """A body that names the order, so that its intent can be stored like any other."""
        return intent.number.encode("ascii")

    async def create(self, body: bytes) -> str:
        """Always raises."""
        raise self._failure()

    async def query(self, number: str) -> QueryAnswer:
        """Always raises."""
        raise self._failure()

    async def close(self, number: str) -> None:
        """Always raises."""
        raise self._failure()

    async def cancel(self, number: str) -> CancelOutcome:
        """Always raises."""
        raise self._failure()

    def serialise_refund(self, intent: RefundIntent) -> bytes:
        """A body that names the refund, so that its intent can be stored like any other."""
        return intent.refund_number.encode("ascii")

    async def refund(self, body: bytes) -> RefundAnswer:
        """Always raises."""
        raise self._failure()

    async def query_refund(self, order_number: str, refund_number: str) -> RefundAnswer:
        """Always raises."""
        raise self._failure()

    async def aclose(self) -> None:
        """Nothing to give back."""
