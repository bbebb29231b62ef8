"""What the screens need of the shop and of the demo, by shape: the composition root is not imported here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kiosk.services.changes import Changes
    from kiosk.services.clock import Clock
    from kiosk.services.collection import CollectionService
    from kiosk.services.health import HealthService
    from kiosk.services.invoicing import InvoicingService
    from kiosk.services.lookups import Lookups
    from kiosk.services.paid_aside import PaidAside
    from kiosk.services.printing import PrintingService
    from kiosk.services.refunds import RefundService
    from kiosk.services.sale import SaleService
    from kiosk.services.screen_settings import ScreenSettings
    from kiosk.services.sign_in import SignInService
    from kiosk.services.waiting import WaitingSales


class ShopPort(Protocol):
    """One shop with its services."""

    @property
    def name(self) -> str: ...
    @property
    def directory(self) -> Path: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def changes(self) -> Changes: ...
    @property
    def screen(self) -> ScreenSettings: ...
    @property
    def sign_in(self) -> SignInService: ...
    @property
    def sales(self) -> SaleService: ...
    @property
    def collection(self) -> CollectionService: ...
    @property
    def refunds(self) -> RefundService: ...
    @property
    def invoicing(self) -> InvoicingService: ...
    @property
    def printing(self) -> PrintingService: ...
    @property
    def lookups(self) -> Lookups: ...
    @property
    def waiting(self) -> WaitingSales: ...
    @property
    def paid_aside(self) -> PaidAside: ...
    @property
    def health(self) -> HealthService: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class DemoControls(Protocol):
    """What a newcomer can do in the demo that a shop cannot: play the customer."""

    async def pay(self, code: str) -> None:
        """Pay the shown payment code in the sandbox. Raises OSError when the sandbox does not answer."""
        ...
