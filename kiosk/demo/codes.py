"""What scripts may sell in this demo store right now: `kiosk demo codes`.

Operators with their PINs (public, because the shop is not real), and the vehicles that are still in stock with all a
sale of each needs and two things that do not fit. A vehicle whose batteries were sold with another one is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.models import Unit
from data.states import UnitState
from data.store import Store
from kiosk.demo.catalogue import DemoVehicle, demo_shop


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """Somebody who can sign in; `role` in small letters."""

    number: str
    name: str
    role: str
    pin: str


@dataclass(frozen=True, slots=True)
class DemoSellable:
    """A vehicle that can be sold as listed. What does not fit is None when the store has none left."""

    vehicle: str
    model: str
    colours: tuple[str, ...]
    price_fen: int
    batteries: tuple[str, ...]
    charger: str
    incompatible_battery: str | None
    wrong_charger: str | None


@dataclass(frozen=True, slots=True)
class DemoCodes:
    """The document, field by field as it is printed."""

    operators: tuple[DemoSignIn, ...]
    vehicles: tuple[DemoSellable, ...]
    sold_vehicle: str | None
    banned_vehicle: str | None
    unknown_vehicle: str | None


def demo_codes(store: Store) -> DemoCodes:
    """What is still unsold, in the order of the catalogue. Waits here; reads only."""
    return store.read_now(_codes)


def _codes() -> DemoCodes:
    shop = demo_shop()
    states = {unit.code: unit.state for unit in Unit.query().where(Unit.code << _mentioned())}
    free = {code for code, state in states.items() if state == UnitState.IN_STOCK}
    return DemoCodes(
        operators=tuple(DemoSignIn(one.number, one.name, one.role.lower(), one.pin) for one in shop.operators),
        vehicles=tuple(
            _sellable(one, free) for one in shop.vehicles if one.vehicle in free and free.issuperset(one.batteries)
        ),
        sold_vehicle=shop.sold_vehicle if states.get(shop.sold_vehicle) == UnitState.SOLD else None,
        banned_vehicle=shop.banned_vehicle if shop.banned_vehicle in free else None,
        unknown_vehicle=None if shop.unknown_vehicle in states else shop.unknown_vehicle,
    )


def _mentioned() -> list[str]:
    shop = demo_shop()
    codes = [unit.code for unit in shop.units]
    return [*codes, shop.sold_vehicle, shop.banned_vehicle, shop.unknown_vehicle]


def _sellable(one: DemoVehicle, free: set[str]) -> DemoSellable:
    return DemoSellable(
        vehicle=one.vehicle,
        model=one.model,
        colours=one.colours,
        price_fen=one.price_fen,
        batteries=one.batteries,
        charger=one.charger,
        incompatible_battery=one.incompatible_battery if one.incompatible_battery in free else None,
        wrong_charger=one.wrong_charger,
    )
