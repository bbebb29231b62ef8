"""Units in stock and the catalogue they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.database import select
from data.reading import fetch, fetch_one
from data.states import CompatibilityKind, UnitKind, UnitState


@dataclass(frozen=True, slots=True)
class UnitFacts:
    code: str
    kind: UnitKind
    model: str
    state: UnitState
    received_at_ms: int
    source: str | None


@dataclass(frozen=True, slots=True)
class VehicleModelFacts:
    """A vehicle model; ``colours`` in the maker's order."""

    model: str
    brand: str
    maker: str
    name: str
    maker_code: str
    list_price_fen: int
    floor_price_fen: int
    ceiling_price_fen: int
    certificate: str | None
    ccc: str | None
    chemistry: str
    voltage_v: int
    battery_count: int
    edition: str
    colours: tuple[str, ...] = field(init=False, default=())


@dataclass(frozen=True, slots=True)
class BatteryModelFacts:
    model: str
    maker: str
    name: str
    chemistry: str
    voltage_v: int
    capacity_ah: float
    prefix: str


@dataclass(frozen=True, slots=True)
class ChargerModelFacts:
    code: str
    model: str
    name: str
    chemistry: str
    voltage_v: int


def unit(code: str) -> UnitFacts | None:
    """The vehicle or battery with this code."""
    return fetch_one(UnitFacts, "FROM unit WHERE code = ?", code)


def units_of_model(
    kind: UnitKind, model: str, *, state: UnitState = UnitState.IN_STOCK, limit: int = 50
) -> tuple[UnitFacts, ...]:
    """Units of a model in a state, by code."""
    return fetch(
        UnitFacts,
        "FROM unit WHERE kind = ? AND model = ? AND state = ? ORDER BY code LIMIT ?",
        kind.value,
        model,
        state.value,
        limit,
    )


def vehicle_model(model: str) -> VehicleModelFacts | None:
    """One vehicle model."""
    found = _with_colours(fetch(VehicleModelFacts, "FROM vehicle_model WHERE model = ?", model))
    return found[0] if found else None


def vehicle_models(*, maker_code: str | None = None) -> tuple[VehicleModelFacts, ...]:
    """All vehicle models, or those of the maker whose vehicle codes begin so; by model."""
    if maker_code is None:
        return _with_colours(fetch(VehicleModelFacts, "FROM vehicle_model ORDER BY model"))
    return _with_colours(fetch(VehicleModelFacts, "FROM vehicle_model WHERE maker_code = ? ORDER BY model", maker_code))


def battery_model(model: str) -> BatteryModelFacts | None:
    """One battery model."""
    return fetch_one(BatteryModelFacts, "FROM battery_model WHERE model = ?", model)


def battery_models() -> tuple[BatteryModelFacts, ...]:
    """All battery models, by model."""
    return fetch(BatteryModelFacts, "FROM battery_model ORDER BY model")


def battery_model_of_code(code: str) -> BatteryModelFacts | None:
    """The battery model whose prefix the code begins with; the longest prefix wins."""
    return fetch_one(
        BatteryModelFacts,
        "FROM battery_model WHERE prefix <> '' AND substr(?, 1, length(prefix)) = prefix "
        "ORDER BY length(prefix) DESC LIMIT 1",
        code,
    )


def charger_model(code: str) -> ChargerModelFacts | None:
    """The charger model with this normalised code."""
    return fetch_one(ChargerModelFacts, "FROM charger_model WHERE code = ?", code)


def charger_models() -> tuple[ChargerModelFacts, ...]:
    """All charger models, by code."""
    return fetch(ChargerModelFacts, "FROM charger_model ORDER BY code")


def pairing(vehicle: str, kind: CompatibilityKind, other: str) -> bool | None:
    """Whether the maker allows the pairing; None when nobody said."""
    found = select(
        "SELECT allowed FROM compatibility WHERE vehicle_model = ? AND kind = ? AND other_model = ?",
        vehicle,
        kind.value,
        other,
    )
    return bool(found[0][0]) if found else None


def allowed_with(vehicle: str, kind: CompatibilityKind) -> tuple[str, ...]:
    """The battery models or charger codes the maker allows with a vehicle model."""
    rows = select(
        "SELECT other_model FROM compatibility WHERE vehicle_model = ? AND kind = ? AND allowed = 1 "
        "ORDER BY other_model",
        vehicle,
        kind.value,
    )
    return tuple(str(row[0]) for row in rows)


def _with_colours(found: tuple[VehicleModelFacts, ...]) -> tuple[VehicleModelFacts, ...]:
    for one in found:
        rows = select(
            "SELECT c.value FROM vehicle_model AS m, json_each(m.colours) AS c WHERE m.model = ? ORDER BY c.key",
            one.model,
        )
        object.__setattr__(one, "colours", tuple(str(row[0]) for row in rows))  # completes a value nobody has seen yet
    return found
