"""Which screen shows a sale in the state and at the step it has reached."""

from __future__ import annotations

from kiosk.screens.collect import CollectScreen
from kiosk.screens.paid import PaidScreen
from kiosk.screens.sale_customer import CustomerScreen
from kiosk.screens.sale_goods import GoodsScreen
from kiosk.screens.sale_price import PriceScreen
from kiosk.screens.sale_screen import SaleScreen
from kiosk.screens.sale_vehicle import VehicleScreen
from kiosk.services.views import Sale, SaleState, SaleStep

_STEPS: dict[SaleStep, type[SaleScreen]] = {
    SaleStep.VEHICLE: VehicleScreen,
    SaleStep.GOODS: GoodsScreen,
    SaleStep.CUSTOMER: CustomerScreen,
    SaleStep.PRICE: PriceScreen,
    SaleStep.COLLECT: PriceScreen,
}


def screen_for(sale: Sale) -> type[SaleScreen] | None:
    """The screen of `sale`; None when it was cancelled and has none."""
    match sale.state:
        case SaleState.DRAFT:
            return _STEPS[sale.step]
        case SaleState.ORDERED:
            return CollectScreen
        case SaleState.PAID | SaleState.DONE:
            return PaidScreen
        case SaleState.CANCELLED:
            return None
