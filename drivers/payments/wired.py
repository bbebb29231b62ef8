"""A payment channel reached over HTTP: one attempt at a time, its failures in the words of `PaymentError`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.payments.base import Misconfigured, OutcomeUnknown, PaymentChannel, Unreachable
from drivers.wire import NoAnswer, NotConnected, Wire, WireAnswer, checked_url

USER_AGENT = "ebike-kiosk"


class WiredChannel(PaymentChannel):
    """What every provider's channel does alike. ``now_ms`` is the shop's clock."""

    def __init__(self, address: str, name: str, now_ms: Callable[[], int]) -> None:
        """Raises Misconfigured for an address that is neither https nor this machine's own."""
        try:
            self._address = checked_url(address, f"the address of {name}")
        except ValueError as error:
            raise Misconfigured(str(error)) from error
        self._now_ms = now_ms
        self._wire = Wire()
        self.last_date_offset_ms = None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()

    async def _attempt(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Send exactly this, once, to ``target`` at the provider; hear what time it is there.

        Raises Unreachable, OutcomeUnknown.
        """
        try:
            answer = await self._wire.send(method, self._address + target, {"User-Agent": USER_AGENT, **headers}, body)
        except NotConnected as error:
            raise Unreachable(str(error)) from error
        except NoAnswer as error:
            raise OutcomeUnknown(str(error)) from error
        date_ms = answer.date_ms()
        if date_ms is not None:
            self.last_date_offset_ms = date_ms - self._now_ms()
        return answer
