"""A provider that always fails, with the error it is given: what a shop sees when its invoice provider is gone."""

from __future__ import annotations

from collections.abc import Callable

from drivers.invoices.base import (
    Accepted,
    FileFormat,
    InvoiceAnswer,
    InvoiceError,
    InvoiceProvider,
    InvoiceRequest,
    InvoiceUnreachable,
)


def _unreachable() -> InvoiceError:
    return InvoiceUnreachable("no connection: this provider is broken on purpose")


class BrokenProvider(InvoiceProvider):
    """Every call raises what ``failure`` makes (by default `InvoiceUnreachable`); nothing is ever sent."""

    provider = "broken"

    def __init__(self, failure: Callable[[], InvoiceError] = _unreachable) -> None:
        self._failure = failure

    def serialise(self, request: InvoiceRequest) -> bytes:
        """A body that names the order, so that its intent can be stored like any other."""
        return request.order_no.encode("ascii")

    async def issue(self, body: bytes) -> Accepted:
        """Always raises."""
        raise self._failure()

    async def query(self, order_no: str) -> InvoiceAnswer:
        """Always raises."""
        raise self._failure()

    async def retry(self, order_no: str, provider_serial: str) -> None:
        """Always raises."""
        raise self._failure()

    async def fetch(self, url: str, expected: FileFormat | None = None) -> bytes:
        """Always raises."""
        raise self._failure()

    async def aclose(self) -> None:
        """Nothing to give back."""
