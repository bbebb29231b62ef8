"""Where a scanned code finds its place: the vehicle that opens a sale, its batteries, its charger.

Everything here runs inside one unit of work: what is checked is what is committed. A refusal rolls the unit back, so a
refused scan opens no sale and changes none. An accepted unit is reserved in the same commit that puts it on the sale,
and released in the commit that takes it off, so no two sales ever hold the same one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from data.models import (
    BatteryModel,
    ChargerModel,
    Compatibility,
    Sale,
    SaleLine,
    Unit,
    VehicleModel,
)
from data.models.base import ascending
from data.states import CompatibilityKind, LineKind, Pairing, SaleKind, SaleState, SaleStep, UnitKind, UnitState
from data.unit_of_work import Tx
from kiosk.rules import bundle
from kiosk.rules.bundle import PowerFacts, SaleBan, VehicleFacts
from kiosk.rules.calendar import beijing_text, business_day
from kiosk.rules.codes import CodeKind, Scanned, is_payment_code
from kiosk.rules.refusals import Reason, Refusal

OPEN_STATES = (SaleState.DRAFT, SaleState.ORDERED, SaleState.PAID)
"""States of a sale that still holds its units."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A text that was scanned or typed, classified, with the bans it is judged by."""

    scanned: Scanned
    typed: bool
    bans: Sequence[SaleBan]

    @property
    def code(self) -> str:
        """The code in its normal form."""
        return self.scanned.code

    @property
    def kind(self) -> CodeKind:
        """What the code names."""
        return self.scanned.kind


def _unknown(scan: Scan) -> Refusal:
    if is_payment_code(scan.code):
        return Refusal(Reason.PAYMENT_CODE)
    return Refusal(Reason.UNKNOWN_CODE, code=scan.code)


def open_with_vehicle(tx: Tx, scan: Scan, *, terminal: str, operator: str) -> str:
    """Open a bundle with a vehicle in stock and reserve it; returns the sale's id.

    Raises Refusal UNKNOWN_CODE, PAYMENT_CODE, WRONG_KIND (code, kind, expected), UNKNOWN_VEHICLE, ALREADY_SOLD,
    RESERVED_ELSEWHERE, SALE_BANNED.
    """
    if scan.kind is CodeKind.UNKNOWN:
        raise _unknown(scan)
    if scan.kind is not CodeKind.VEHICLE:
        raise Refusal(Reason.WRONG_KIND, code=scan.code, kind=scan.kind.value, expected=CodeKind.VEHICLE.value)
    unit = Unit.find(scan.code)
    model = VehicleModel.find(unit.model) if unit is not None and unit.kind == UnitKind.VEHICLE else None
    if unit is None or model is None:
        raise Refusal(Reason.UNKNOWN_VEHICLE, code=scan.code)
    check_free(unit)
    bundle.check_ban(
        CodeKind.VEHICLE,
        scan.code,
        business_day(tx.now_ms),
        scan.bans,
        edition=model.edition,
        chemistry=model.chemistry,
        ccc=model.ccc,
    )
    sale_id = tx.new_id()
    line = {
        "position": 1,
        "kind": LineKind.VEHICLE,
        "code": scan.code,
        "model": model.model,
        "name": model.name,
        "list_price_fen": model.list_price_fen,
        "price_fen": model.list_price_fen,
        "typed": scan.typed,
    }
    tx.create(
        Sale,
        lines=[line],
        id=sale_id,
        kind=SaleKind.BUNDLE,
        step=SaleStep.VEHICLE,
        terminal=terminal,
        operator=operator,
        opened_at_ms=tx.now_ms,
        list_total_fen=model.list_price_fen,
    )
    reserve(tx, scan.code)
    return sale_id


def add_to_sale(tx: Tx, sale: Sale, scan: Scan) -> None:
    """Put a battery or charger where it belongs on an open sale.

    Raises Refusal UNKNOWN_CODE, PAYMENT_CODE, DUPLICATE_CODE, SECOND_VEHICLE, WRONG_STEP (code, kind, step), and what
    the goods themselves are refused for.
    """
    if scan.kind is CodeKind.UNKNOWN:
        raise _unknown(scan)
    lines = lines_of(sale)
    vehicle = vehicle_line(lines)
    if scan.kind is CodeKind.VEHICLE:
        if scan.code == vehicle.code:
            raise Refusal(Reason.DUPLICATE_CODE, code=scan.code)
        raise Refusal(Reason.SECOND_VEHICLE, code=scan.code, vehicle=vehicle.code)
    if any(line.code == scan.code for line in lines):
        raise Refusal(Reason.DUPLICATE_CODE, code=scan.code)
    step = SaleStep(sale.step) if sale.state == SaleState.DRAFT else SaleStep.COLLECT
    if step is not SaleStep.GOODS:
        raise Refusal(Reason.WRONG_STEP, code=scan.code, kind=scan.kind.value, step=step.value)
    facts = vehicle_facts(vehicle)
    day = business_day(tx.now_ms)
    if scan.kind is CodeKind.BATTERY:
        added = _battery(scan, facts, lines, day)
        reserve(tx, scan.code)
    else:
        added = _charger(scan, facts, lines, day)
    position = max(line.position for line in lines) + 1
    write_lines(tx, sale.id, [*map(facts_of, lines), {**added, "position": position, "typed": scan.typed}])


def remove_line(tx: Tx, sale: Sale, position: int) -> SaleLine | None:
    """Take a battery or charger off a draft and release it; returns the line. One that is not there is off already.

    Raises Refusal NO_VEHICLE for the vehicle itself: without it there is no bundle, the sale is cancelled instead.
    """
    lines = lines_of(sale)
    line = next((line for line in lines if line.position == position), None)
    if line is None:
        return None
    if line.kind == LineKind.VEHICLE:
        raise Refusal(Reason.NO_VEHICLE, code=line.code)
    write_lines(tx, sale.id, [facts_of(other) for other in lines if other.position != position])
    if line.kind == LineKind.BATTERY:
        tx.move(Unit, line.code, UnitState.IN_STOCK, expect=UnitState.RESERVED)
    return line


def bring_back(tx: Tx, sale: Sale, scan: Scan, *, position: int, reason: str) -> None:
    """Put what was taken off back in its place, with the pairing reason it had.

    It is judged anew and raises what `add_to_sale` raises: meanwhile the unit may be on another sale.
    """
    add_to_sale(tx, sale, scan)
    lines = lines_of(sale)
    back = next(line for line in lines if line.code == scan.code)
    if all(line.position != position for line in lines):
        back.position = position
    if back.pairing == Pairing.UNKNOWN and reason:
        back.pairing_reason = reason
    write_lines(tx, sale.id, [facts_of(line) for line in sorted(lines, key=lambda line: line.position)])


def release_units(tx: Tx, sale: Sale) -> None:
    """Give back what a sale holds that will not be."""
    for line in lines_of(sale):
        if line.kind in (LineKind.VEHICLE, LineKind.BATTERY):
            tx.move(Unit, line.code, UnitState.IN_STOCK, expect=UnitState.RESERVED)


def lines_of(sale: Sale) -> list[SaleLine]:
    """The sale's lines in their order."""
    return list(SaleLine.query().where(SaleLine.sale_id == sale.id).order_by(ascending(SaleLine.position)))


def vehicle_line(lines: Sequence[SaleLine]) -> SaleLine:
    """The vehicle among the lines. Raises Refusal NO_VEHICLE."""
    for line in lines:
        if line.kind == LineKind.VEHICLE:
            return line
    raise Refusal(Reason.NO_VEHICLE)


def vehicle_facts(line: SaleLine) -> VehicleFacts:
    """What the rules need of the vehicle on this line."""
    model = VehicleModel.find(line.model)
    if model is None:
        return VehicleFacts(line.model, None, None, None)
    return VehicleFacts(
        model=model.model,
        chemistry=model.chemistry,
        voltage_v=model.voltage_v,
        battery_count=model.battery_count,
        colours=tuple(cast("list[str]", json.loads(model.colours))),
    )


def facts_of(line: SaleLine) -> dict[str, object]:
    """A line as it is written back."""
    return {
        "position": line.position,
        "kind": line.kind,
        "code": line.code,
        "model": line.model,
        "name": line.name,
        "colour": line.colour,
        "list_price_fen": line.list_price_fen,
        "price_fen": line.price_fen,
        "typed": line.typed,
        "pairing": line.pairing,
        "pairing_reason": line.pairing_reason,
    }


def write_lines(tx: Tx, sale_id: str, lines: Sequence[dict[str, object]]) -> None:
    """Put these lines in place of the draft's."""
    tx.put_lines(Sale, sale_id, lines)


def _battery(scan: Scan, vehicle: VehicleFacts, lines: Sequence[SaleLine], day: str) -> dict[str, object]:
    unit = Unit.find(scan.code)
    model = BatteryModel.find(unit.model) if unit is not None and unit.kind == UnitKind.BATTERY else None
    if unit is None or model is None:
        raise Refusal(Reason.UNKNOWN_BATTERY, code=scan.code)
    check_free(unit)
    bundle.check_ban(CodeKind.BATTERY, scan.code, day, scan.bans, chemistry=model.chemistry, ccc=model.ccc)
    pairing = bundle.judge_battery(
        vehicle,
        PowerFacts(scan.code, model.model, model.chemistry, model.voltage_v),
        _declared(vehicle.model, CompatibilityKind.BATTERY, model.model),
    )
    bundle.check_room(vehicle, [line.code for line in lines if line.kind == LineKind.BATTERY], scan.code)
    return _included(LineKind.BATTERY, scan.code, model.model, model.name, pairing)


def _charger(scan: Scan, vehicle: VehicleFacts, lines: Sequence[SaleLine], day: str) -> dict[str, object]:
    model = ChargerModel.find(scan.code)
    if model is None:
        raise Refusal(Reason.UNKNOWN_CHARGER, code=scan.code)
    bundle.check_ban(CodeKind.CHARGER, scan.code, day, scan.bans, chemistry=model.chemistry, ccc=model.ccc)
    pairing = bundle.judge_charger(
        vehicle,
        PowerFacts(scan.code, model.model, model.chemistry, model.voltage_v),
        _declared(vehicle.model, CompatibilityKind.CHARGER, model.code),
    )
    if any(line.kind == LineKind.CHARGER for line in lines):
        raise Refusal(Reason.SECOND_CHARGER, code=scan.code)
    return _included(LineKind.CHARGER, scan.code, model.model, model.name, pairing)


def _included(kind: LineKind, code: str, model: str, name: str, pairing: bundle.Pairing) -> dict[str, object]:
    """A line of what comes with the vehicle: its price is in the vehicle's."""
    return {
        "kind": kind,
        "code": code,
        "model": model,
        "name": name,
        "list_price_fen": 0,
        "price_fen": 0,
        "pairing": Pairing(pairing.value),
    }


def _declared(vehicle_model: str, kind: CompatibilityKind, other_model: str) -> bool | None:
    row = (
        Compatibility.query()
        .where(
            Compatibility.vehicle_model == vehicle_model,
            Compatibility.kind == kind,
            Compatibility.other_model == other_model,
        )
        .get_or_none()
    )
    return None if row is None else bool(row.allowed)


def check_free(unit: Unit) -> None:
    """See that nobody has the unit.

    Raises Refusal ALREADY_SOLD (code) or RESERVED_ELSEWHERE (code, sale, serial, vehicle, operator, opened).
    """
    if unit.state == UnitState.SOLD:
        raise Refusal(Reason.ALREADY_SOLD, code=unit.code)
    if unit.state == UnitState.RESERVED:
        holder = _holder(unit.code)
        if holder is None:
            raise Refusal(Reason.RESERVED_ELSEWHERE, code=unit.code)
        vehicle = next((line.code for line in lines_of(holder) if line.kind == LineKind.VEHICLE), "")
        raise Refusal(
            Reason.RESERVED_ELSEWHERE,
            code=unit.code,
            sale=holder.id,
            serial=holder.serial or "",
            vehicle=vehicle,
            operator=holder.operator,
            opened=beijing_text(holder.opened_at_ms),
        )


def _holder(code: str) -> Sale | None:
    """The open sale a unit is on."""
    for line in SaleLine.query().where(SaleLine.code == code):
        sale = Sale.find(line.sale_id)
        if sale is not None and sale.state in OPEN_STATES:
            return sale
    return None


def reserve(tx: Tx, code: str) -> None:
    """Take a unit in stock for a sale. Raises Refusal RESERVED_ELSEWHERE (code)."""
    if not tx.move(Unit, code, UnitState.RESERVED, expect=UnitState.IN_STOCK):
        raise Refusal(Reason.RESERVED_ELSEWHERE, code=code)
