"""The demo shop as pure data: people, models, stock and what belongs together. The same on every call and machine.

Every listed vehicle owns its batteries and its incompatible battery, so that scripts never take each other's goods.
Codes are well formed and visibly synthetic (makers 9990 to 9995, region 000000). Past sales are in `past_sales`.
"""

from dataclasses import dataclass
from functools import cache

from kiosk.demo.models import (
    BANNED_MODEL,
    BATTERY_MODELS,
    CHARGER_MODELS,
    EDITION_NEW,
    EDITION_OLD,
    UNDECLARED_BATTERY_MODELS,
    VEHICLE_MODELS,
    DemoBatteryModel,
    DemoChargerModel,
    DemoVehicleModel,
)
from kiosk.demo.past_sales import PastSale, past_sales, past_vehicle_code

__all__ = [
    "EDITION_NEW",
    "EDITION_OLD",
    "DemoBatteryModel",
    "DemoChargerModel",
    "DemoOperator",
    "DemoOutlet",
    "DemoPairing",
    "DemoShop",
    "DemoUnit",
    "DemoVehicle",
    "DemoVehicleModel",
    "PastSale",
    "demo_shop",
    "past_sales",
]

VEHICLES_IN_STOCK = 66


@dataclass(frozen=True, slots=True)
class DemoOutlet:
    """The shop itself; `tax_profile` names one of the reference data's profiles."""

    code: str
    name: str
    address: str
    phone: str
    tax_number: str
    division_code: str
    tax_profile: str
    support_contact: str


@dataclass(frozen=True, slots=True)
class DemoOperator:
    """Somebody who can sign in; `role` in the store's names. The PIN is public because the shop is not real."""

    number: str
    name: str
    phone: str
    role: str
    pin: str
    language: str


@dataclass(frozen=True, slots=True)
class DemoPairing:
    """A maker's word on a vehicle model and a battery model or charger code; `kind` is BATTERY or CHARGER."""

    vehicle_model: str
    kind: str
    other_model: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """One thing in stock; `kind` is VEHICLE or BATTERY."""

    code: str
    kind: str
    model: str


@dataclass(frozen=True, slots=True)
class DemoVehicle:
    """One vehicle for sale with all that a sale of it needs, and with two things that do not fit it."""

    vehicle: str
    model: str
    colours: tuple[str, ...]
    price_fen: int
    batteries: tuple[str, ...]
    charger: str
    incompatible_battery: str
    wrong_charger: str


@dataclass(frozen=True, slots=True)
class DemoShop:
    """Everything the demo is seeded with, past sales apart.

    `units` is all that is in stock; `sold_vehicle` is not in it, it was sold by the first of the past sales.
    `undeclared_batteries` are in stock, one lithium pack and one lead-acid block that no maker has paired.
    """

    terminal: str
    outlet: DemoOutlet
    operators: tuple[DemoOperator, ...]
    vehicle_models: tuple[DemoVehicleModel, ...]
    battery_models: tuple[DemoBatteryModel, ...]
    charger_models: tuple[DemoChargerModel, ...]
    compatibility: tuple[DemoPairing, ...]
    vehicles: tuple[DemoVehicle, ...]
    units: tuple[DemoUnit, ...]
    undeclared_batteries: tuple[str, ...]
    sold_vehicle: str
    banned_vehicle: str
    unknown_vehicle: str


_OUTLET = DemoOutlet(
    code="DEMO",
    name="示范电动自行车店",
    address="浙江省杭州市西湖区示范路1号",
    phone="0571-00000000",
    tax_number="92000000MA00000154",
    division_code="330106",
    tax_profile="demo",
    support_contact="400-000-0000",
)

_OPERATORS = (
    DemoOperator("1001", "陈晓禾", "15400001001", "CLERK", "274913", "zh_CN"),
    DemoOperator("1002", "何青远", "15400001002", "MANAGER", "583064", "zh_CN"),
    DemoOperator("1003", "罗远舟", "15400001003", "OWNER", "916247", "zh_CN"),
    DemoOperator("1004", "远程支持", "15400001004", "SUPPORT", "340875", "zh_CN"),
)

# What does not fit, by the vehicle's chemistry and voltage: a battery model, the place of a charger.
_MISFITS = {
    ("LFP", 48): ("CD-N4824", 3),
    ("NCM", 48): ("HL-L4812", 3),
    ("NCM", 36): ("CD-N4824", 4),
    ("LEAD_ACID", 48): ("HL-L4812", 0),
    ("LEAD_ACID", 36): ("PN-N3612", 2),
}


@cache
def demo_shop() -> DemoShop:
    """Return the demo shop."""
    prefixes = {pack.model: pack.prefix for pack in BATTERY_MODELS}
    vehicles: list[DemoVehicle] = []
    units: list[DemoUnit] = []
    next_serial = 1

    def battery(model: str) -> str:
        nonlocal next_serial
        code = f"{prefixes[model]}{next_serial:07d}"
        units.append(DemoUnit(code, "BATTERY", model))
        next_serial += 1
        return code

    for number in range(1, VEHICLES_IN_STOCK + 1):
        model = VEHICLE_MODELS[(number - 1) % len(VEHICLE_MODELS)]
        code = f"{model.maker_code}226{number:08d}"
        units.append(DemoUnit(code, "VEHICLE", model.model))
        misfit, misfit_charger = _MISFITS[model.chemistry, model.voltage_v]
        vehicles.append(
            DemoVehicle(
                vehicle=code,
                model=model.model,
                colours=model.colours,
                price_fen=model.list_price_fen,
                batteries=tuple(battery(model.pack) for _ in range(model.battery_count)),
                charger=model.charger,
                incompatible_battery=battery(misfit),
                wrong_charger=CHARGER_MODELS[misfit_charger].code,
            )
        )
    banned = f"{BANNED_MODEL.maker_code}22400000901"
    units.append(DemoUnit(banned, "VEHICLE", BANNED_MODEL.model))
    undeclared = tuple(battery(model) for model in UNDECLARED_BATTERY_MODELS)
    models = (*VEHICLE_MODELS, BANNED_MODEL)
    return DemoShop(
        terminal="DEMO01",
        outlet=_OUTLET,
        operators=_OPERATORS,
        vehicle_models=models,
        battery_models=BATTERY_MODELS,
        charger_models=CHARGER_MODELS,
        compatibility=tuple(pairing for model in models for pairing in _pairings(model)),
        vehicles=tuple(vehicles),
        units=tuple(units),
        undeclared_batteries=undeclared,
        sold_vehicle=past_vehicle_code(0),
        banned_vehicle=banned,
        unknown_vehicle="999022699999999",
    )


def _pairings(model: DemoVehicleModel) -> tuple[DemoPairing, ...]:
    """What the maker declares: its pack and charger fit, the misfits do not."""
    misfit, misfit_charger = _MISFITS[model.chemistry, model.voltage_v]
    return (
        DemoPairing(model.model, "BATTERY", model.pack, allowed=True),
        DemoPairing(model.model, "BATTERY", misfit, allowed=False),
        DemoPairing(model.model, "CHARGER", model.charger, allowed=True),
        DemoPairing(model.model, "CHARGER", CHARGER_MODELS[misfit_charger].code, allowed=False),
    )
