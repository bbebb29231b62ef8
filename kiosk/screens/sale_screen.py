"""What the screens about one stored sale share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import ClassVar

from kiosk.screens.base import STYLES, KioskScreen
from kiosk.services.views import Sale, SaleState


class SaleScreen(KioskScreen):
    """A screen about one stored sale: holds its picture and paints it anew when the sale moves."""

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        STYLES / name for name in ("sale.tcss", "collect.tcss", "lists.tcss")
    ]
    follows_sale = True
    """Whether the screen gives way when the sale moves on by itself, as when it is paid."""

    def __init__(self, sale: Sale) -> None:
        super().__init__()
        self.sale = self._seen(sale)
        self._reloading = False
        self._reload_again = False

    def again(self) -> KioskScreen:
        return type(self)(self.sale)

    def apply(self, sale: Sale) -> None:
        """Take a newer picture of the sale and paint it."""
        self.sale = self._seen(sale)
        if self.is_mounted:
            self.paint()

    def _seen(self, sale: Sale) -> Sale:
        """The sale as whoever is signed in may see it."""
        return sale.seen_by(self.kiosk.operator)

    def personal_texts(self) -> Iterable[str]:
        buyer = self.sale.customer
        if buyer is not None:
            yield from (buyer.name, buyer.phone, buyer.address)
        yield from (invoice.title for invoice in self.sale.invoices)

    def paint(self) -> None:
        """Bring what is shown in line with `self.sale`; never touches what somebody is typing."""

    def changed(self, keys: frozenset[str]) -> None:
        if keys & {f"sale:{self.sale.id}", "payments", "invoices", "printer"}:
            self.reload()

    def reload(self) -> None:
        """Load the sale afresh. Calls during a load lead to one more, not to many."""
        if self._reloading:
            self._reload_again = True
            return
        self._reloading = True
        self.do(self._load, "load")

    async def _load(self) -> None:
        try:
            while True:
                self._reload_again = False
                self._take(await self.shop.sales.load(self.sale.id))
                if not self._reload_again:
                    return
        finally:
            self._reloading = False

    def _take(self, sale: Sale) -> None:
        """A draft moves only by this terminal's own commands; what was ordered moves by itself."""
        if self.follows_sale and sale.state is not SaleState.DRAFT:
            # Not in a worker of this screen: replacing the screen waits for its workers to end.
            self.kiosk.beside(lambda: self.kiosk.show_sale(sale, only_over=self))
        elif sale != self.sale:
            self.apply(sale)

    def on_screen_resume(self) -> None:
        self.reload()
