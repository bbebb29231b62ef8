"""What belongs to a vehicle: batteries, charger, colour; whether it may be sold today; whether the price holds.

Only shape, sale, chemistry, voltage, a declaration and a ban by date refuse. What nobody has declared is an unknown
pairing: the operator may go on, with a reason (GB 43854-2024 asks for mutual recognition of vehicle, battery and
charger, and leaves the list of pairs to the makers).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kiosk.rules.codes import CodeKind
from kiosk.rules.money import format_yuan
from kiosk.rules.refusals import Reason, Refusal


class Pairing(StrEnum):
    """Whether somebody declared that two things belong together."""

    KNOWN = "KNOWN"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What the rules need of a vehicle's model. None: the catalogue does not say."""

    model: str
    chemistry: str | None
    voltage_v: int | None
    battery_count: int | None
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PowerFacts:
    """What the rules need of a battery unit's model or of a charger model, and the code that was scanned."""

    code: str
    model: str
    chemistry: str | None
    voltage_v: int | None


class SaleBan(Protocol):
    """Goods that may not be sold from a day on."""

    @property
    def name(self) -> str:
        """The rule's own name."""
        ...

    @property
    def goods_zh(self) -> str:
        """What is banned, as the shop's people read it, in Chinese."""
        ...

    @property
    def goods_en(self) -> str:
        """What is banned, in English."""
        ...

    @property
    def kind(self) -> str:
        """The `CodeKind` it is about."""
        ...

    @property
    def valid_from(self) -> str:
        """First day of the ban, ISO date."""
        ...

    @property
    def valid_to(self) -> str:
        """Last day; empty: no end."""
        ...

    @property
    def editions(self) -> tuple[str, ...]:
        """Editions of the vehicle standard it is about; empty: all."""
        ...

    @property
    def chemistries(self) -> tuple[str, ...]:
        """Chemistries it is about; empty: all."""
        ...

    @property
    def without_ccc(self) -> bool:
        """Whether only goods without a CCC number are banned."""
        ...


def check_colour(colour: str, colours: Sequence[str]) -> str:
    """Return `colour` when the model comes in it. Raises Refusal NO_COLOUR or UNKNOWN_COLOUR (colour)."""
    if not colour:
        raise Refusal(Reason.NO_COLOUR)
    if colour not in colours:
        raise Refusal(Reason.UNKNOWN_COLOUR, colour=colour)
    return colour


def judge_battery(vehicle: VehicleFacts, battery: PowerFacts, declared: bool | None) -> Pairing:
    """Judge one battery for a vehicle; `declared` is the compatibility table's word, None when it has none.

    The vehicle's voltage is one battery's (packs side by side) or that of all in a row (lead-acid blocks).
    Raises Refusal INCOMPATIBLE_BATTERY (code, model, vehicle_model, why: chemistry, voltage or declared).
    """
    why = "declared" if declared is False else ""
    if _differ(vehicle.chemistry, battery.chemistry):
        why = "chemistry"
    elif vehicle.voltage_v is not None and battery.voltage_v is not None:
        in_row = battery.voltage_v * (vehicle.battery_count or 1)
        if vehicle.voltage_v not in (battery.voltage_v, in_row):
            why = "voltage"
    if why:
        raise Refusal(
            Reason.INCOMPATIBLE_BATTERY,
            code=battery.code,
            model=battery.model,
            vehicle_model=vehicle.model,
            why=why,
        )
    return Pairing.KNOWN if declared else Pairing.UNKNOWN


def judge_charger(vehicle: VehicleFacts, charger: PowerFacts, declared: bool | None) -> Pairing:
    """Judge a charger for a vehicle, like `judge_battery`; its voltage is the vehicle's.

    Raises Refusal WRONG_CHARGER (code, model, vehicle_model, why: chemistry, voltage or declared).
    """
    why = "declared" if declared is False else ""
    if _differ(vehicle.chemistry, charger.chemistry):
        why = "chemistry"
    elif vehicle.voltage_v is not None and charger.voltage_v is not None and vehicle.voltage_v != charger.voltage_v:
        why = "voltage"
    if why:
        raise Refusal(
            Reason.WRONG_CHARGER, code=charger.code, model=charger.model, vehicle_model=vehicle.model, why=why
        )
    return Pairing.KNOWN if declared else Pairing.UNKNOWN


def check_room(vehicle: VehicleFacts, have: Sequence[str], code: str) -> None:
    """Check that one more battery has a place. Raises Refusal DUPLICATE_CODE or TOO_MANY_BATTERIES (code, need)."""
    if code in have:
        raise Refusal(Reason.DUPLICATE_CODE, code=code)
    if vehicle.battery_count is not None and len(have) >= vehicle.battery_count:
        raise Refusal(Reason.TOO_MANY_BATTERIES, code=code, need=str(vehicle.battery_count))


def check_goods(vehicle: VehicleFacts, batteries: int, chargers: int) -> None:
    """Check that the bundle is complete, in the order it is scanned.

    A model whose count is not known needs at least one battery; a model that takes none (0) needs no charger.
    Raises Refusal BATTERIES_MISSING (have, need), TOO_MANY_BATTERIES (need), CHARGER_MISSING or SECOND_CHARGER.
    """
    need = 1 if vehicle.battery_count is None else vehicle.battery_count
    if batteries < need:
        raise Refusal(Reason.BATTERIES_MISSING, have=str(batteries), need=str(need))
    if vehicle.battery_count is not None and batteries > need:
        raise Refusal(Reason.TOO_MANY_BATTERIES, need=str(need))
    if chargers == 0 and need > 0:
        raise Refusal(Reason.CHARGER_MISSING)
    if chargers > 1:
        raise Refusal(Reason.SECOND_CHARGER)


def check_reason(pairing: Pairing, reason: str, code: str) -> None:
    """Check that an unknown pairing has its reason. Raises Refusal PAIRING_REASON_MISSING (code)."""
    if pairing is Pairing.UNKNOWN and not reason.strip():
        raise Refusal(Reason.PAIRING_REASON_MISSING, code=code)


def check_ban(
    kind: CodeKind,
    code: str,
    day: str,
    bans: Iterable[SaleBan],
    *,
    edition: str | None = None,
    chemistry: str | None = None,
    ccc: str | None = None,
) -> None:
    """Check that goods may be sold on business day `day`.

    Goods about which a fact is not known (None) are not touched by a ban that names it; an empty `ccc` says that there
    is no CCC number.
    Raises Refusal SALE_BANNED (code, rule, goods, goods_en, since).
    """
    for ban in bans:
        if (
            ban.kind == kind
            and ban.valid_from <= day
            and (not ban.valid_to or day <= ban.valid_to)
            and (not ban.editions or edition in ban.editions)
            and (not ban.chemistries or chemistry in ban.chemistries)
            and (not ban.without_ccc or ccc == "")
        ):
            raise Refusal(
                Reason.SALE_BANNED,
                code=code,
                rule=ban.name,
                goods=ban.goods_zh,
                goods_en=ban.goods_en,
                since=ban.valid_from,
            )


def check_price(price_fen: int, floor_fen: int | None, ceiling_fen: int | None) -> int:
    """Return the price of a bundle when it lies within the model's limits, both inclusive; None sets no limit.

    Raises Refusal AMOUNT_INVALID (text) unless it is above zero, BELOW_FLOOR or ABOVE_CEILING (limit, yuan).
    """
    if price_fen <= 0:
        raise Refusal(Reason.AMOUNT_INVALID, text=format_yuan(price_fen, grouped=True))
    if floor_fen is not None and price_fen < floor_fen:
        raise Refusal(Reason.BELOW_FLOOR, limit=format_yuan(floor_fen, grouped=True))
    if ceiling_fen is not None and price_fen > ceiling_fen:
        raise Refusal(Reason.ABOVE_CEILING, limit=format_yuan(ceiling_fen, grouped=True))
    return price_fen


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other
