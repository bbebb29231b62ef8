"""Makes an empty store the demo shop: people, catalogue, stock, an open shift, and a past of finished sales.

Everything goes in with one commit: a shop is seeded whole or not at all. A store that holds a shop of its own is never
touched.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from data import reference
from data.models import (
    BatteryModel,
    ChargerModel,
    Compatibility,
    Enrolment,
    Operator,
    Outlet,
    Sale,
    Shift,
    StoreFact,
    Terminal,
    Unit,
    VehicleModel,
)
from data.states import EnrolmentState, TerminalState
from data.store import Store
from data.unit_of_work import Tx
from kiosk.demo.catalogue import DemoOperator, DemoShop, demo_shop, past_sales
from kiosk.demo.past_books import PastBooks
from kiosk.rules.calendar import DAY_MS, business_day, day_bounds
from kiosk.rules.numbers import DocumentLetter, document_number
from kiosk.services.clock import Clock
from kiosk.services.sign_in import hash_pin

PAST_SALES = 2_000
SEEDED = "demo_seeded"
"""Name of the store's fact that says on which business day it was made a demo shop."""


class NotADemoShop(Exception):  # noqa: N818  a state of the store
    """The store holds a shop that is not the demo's. One sentence."""


def is_demo(store: Store) -> bool:
    """Whether the store was seeded as the demo shop."""
    return store.read_now(lambda: StoreFact.find(SEEDED) is not None)


def refuse_real_shop(store: Store) -> None:
    """Raises NotADemoShop when the store holds a shop that is not the demo's: sales of the two never mix."""
    if not is_demo(store) and store.read_now(_holds_a_shop):
        raise NotADemoShop(f"{store.directory} holds a real shop; the demo uses a directory of its own")


def seed(store: Store, clock: Clock, *, past: int = PAST_SALES) -> bool:
    """Seed the store unless it is seeded already; returns whether it did. Waits here, about two seconds.

    Past sales fall on the business days before today. Raises NotADemoShop when the store holds another shop; then
    nothing was changed.
    """
    if is_demo(store):
        return False
    refuse_real_shop(store)
    shop = demo_shop()
    with ThreadPoolExecutor() as pool:
        pins = dict(zip((one.number for one in shop.operators), pool.map(_hash, shop.operators), strict=True))
    store.write_now(lambda tx: _seed(tx, shop, pins, business_day(clock.now_ms()), past))
    return True


def _hash(operator: DemoOperator) -> str:
    return hash_pin(operator.pin)


def _holds_a_shop() -> bool:
    return any(model.query().exists() for model in (Terminal, Outlet, Operator, Unit, Sale))


def _seed(tx: Tx, shop: DemoShop, pins: dict[str, str], today: str, past: int) -> None:
    start_ms, _ = day_bounds(today)
    tx.create(StoreFact, name=SEEDED, value=today)
    _bind(tx, shop, pins, start_ms)
    _stock(tx, shop, start_ms - DAY_MS)
    books = PastBooks(shop.terminal, f"sale:{shop.terminal}", _tax_profile(shop))
    for sale in past_sales(past, today):
        books.write(tx, sale)


def _bind(tx: Tx, shop: DemoShop, pins: dict[str, str], start_ms: int) -> None:
    """Outlet, terminal, people, the enrolment with the invoice provider, today's shift."""
    outlet = shop.outlet
    bound_ms = start_ms - 400 * DAY_MS
    tx.create(
        Outlet,
        code=outlet.code,
        name=outlet.name,
        address=outlet.address,
        phone=outlet.phone,
        tax_number=outlet.tax_number,
    )
    tx.create(Terminal, number=shop.terminal)
    tx.move(Terminal, shop.terminal, TerminalState.PENDING)
    tx.move(Terminal, shop.terminal, TerminalState.ACTIVE, outlet=outlet.code, bound_at_ms=bound_ms)
    for one in shop.operators:
        tx.create(
            Operator,
            number=one.number,
            name=one.name,
            phone=one.phone,
            role=one.role,
            pin_hash=pins[one.number],
            language=one.language,
        )
    enrolment = "DEMO-ENROLMENT"
    tx.create(
        Enrolment,
        number=enrolment,
        provider="nuonuo",
        contact=shop.operators[-2].name,
        phone=shop.operators[-2].phone,
        submitted_at_ms=bound_ms,
    )
    tx.move(Enrolment, enrolment, EnrolmentState.CONTACTED, contacted_at_ms=bound_ms + DAY_MS)
    tx.move(Enrolment, enrolment, EnrolmentState.DOCUMENTS_READY, documents_ready_at_ms=bound_ms + 2 * DAY_MS)
    tx.move(Enrolment, enrolment, EnrolmentState.APPLIED, applied_at_ms=bound_ms + 3 * DAY_MS)
    tx.move(Enrolment, enrolment, EnrolmentState.OPEN, decided_at_ms=bound_ms + 4 * DAY_MS)
    day = business_day(start_ms)
    shift = document_number(shop.terminal, DocumentLetter.SHIFT, day, tx.next_number(f"shift:{shop.terminal}", day))
    tx.create(
        Shift,
        serial=shift,
        terminal=shop.terminal,
        operator=shop.operators[0].number,
        float_fen=0,
        opened_at_ms=start_ms,
    )


def _stock(tx: Tx, shop: DemoShop, received_ms: int) -> None:
    """The catalogue, what belongs together, and the units."""
    for model in shop.vehicle_models:
        facts = asdict(model)
        del facts["pack"], facts["charger"]
        tx.create(VehicleModel, **facts)
    for model in shop.battery_models:
        tx.create(
            BatteryModel,
            model=model.model,
            maker=model.maker,
            name=model.name,
            chemistry=model.chemistry,
            voltage_v=model.voltage_v,
            capacity_ah=float(model.capacity_ah),
            prefix=model.prefix,
            ccc=model.ccc,
        )
    for model in shop.charger_models:
        tx.create(
            ChargerModel,
            code=model.code,
            model=model.model,
            name=model.name,
            chemistry=model.chemistry,
            voltage_v=model.voltage_v,
            ccc=model.ccc,
        )
    for pairing in shop.compatibility:
        tx.create(
            Compatibility,
            vehicle_model=pairing.vehicle_model,
            kind=pairing.kind,
            other_model=pairing.other_model,
            allowed=pairing.allowed,
        )
    for unit in shop.units:
        tx.create(Unit, code=unit.code, kind=unit.kind, model=unit.model, received_at_ms=received_ms)


def _tax_profile(shop: DemoShop) -> reference.TaxProfile:
    return next(one for one in reference.tax_profiles().profiles if one.name == shop.outlet.tax_profile)
