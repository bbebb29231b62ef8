"""A sale from the scanned vehicle to the checked price: opening, scanning, typing, stepping, parking, cancelling.

Each method is one unit of work: it judges and commits together, so what was accepted is on the medium before the call
returns, and what was refused has changed nothing. Collecting the money (DRAFT to ORDERED and on) is not done here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from data.models import Customer, Sale, Tender, Terminal
from data.states import Pairing, SaleState, SaleStep, TenderState, TerminalState
from data.store import Store
from data.unit_of_work import Tx
from kiosk.rules import bundle, divisions, permissions
from kiosk.rules.calendar import business_day
from kiosk.rules.codes import classify
from kiosk.rules.customer import check_customer, normalise_phone
from kiosk.rules.divisions import DivisionChoice
from kiosk.rules.money import parse_yuan
from kiosk.rules.permissions import Command
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field, clean_scan
from kiosk.services import sale_codes, views
from kiosk.services.clock import Clock
from kiosk.services.sale_checks import check_goods, check_unpaid, find_sale, frozen, price_in_limits
from kiosk.services.sale_reference import SaleReference
from kiosk.services.sale_restore import open_again
from kiosk.services.sale_view import load_sale, parked_sales, typed_of

_MOST_FIELDS = 32
_BACK = {
    SaleStep.GOODS: SaleStep.VEHICLE,
    SaleStep.CUSTOMER: SaleStep.GOODS,
    SaleStep.PRICE: SaleStep.CUSTOMER,
    SaleStep.COLLECT: SaleStep.PRICE,
}
_ORDER = tuple(SaleStep)


class SaleService:
    """Sales of one terminal. Every method that writes asks whether the operator may; support may not sell.

    Methods that work on a sale raise Refusal SALE_NOT_FOUND, SALE_FROZEN (it is ordered, paid or cancelled) and
    NOT_PERMITTED besides what they name. An operator who goes on with another's draft takes it over, which is
    journalled.
    """

    def __init__(self, store: Store, clock: Clock, terminal: str, reference: SaleReference | None = None) -> None:
        self._store = store
        self._clock = clock
        self._terminal = terminal
        self._reference = reference or SaleReference()

    # The vehicle

    async def open_bundle(self, operator: views.Operator, text: str, *, typed: bool = False) -> views.Sale:
        """Open a sale with a vehicle code (or the URL that carries it) and reserve the vehicle, in one commit.

        Raises Refusal SCAN_UNREADABLE, UNKNOWN_CODE, WRONG_KIND, UNKNOWN_VEHICLE, ALREADY_SOLD, RESERVED_ELSEWHERE,
        SALE_BANNED, TERMINAL_UNBOUND or STORE_FULL; then there is no sale.
        """
        permissions.require(operator.role, Command.SELL)
        scan = self._scan(text, typed=typed)

        def work(tx: Tx) -> views.Sale:
            if not tx.room:
                raise Refusal(Reason.STORE_FULL)
            terminal = Terminal.find(self._terminal)
            if terminal is None or terminal.state != TerminalState.ACTIVE:
                raise Refusal(Reason.TERMINAL_UNBOUND)
            return load_sale(sale_codes.open_with_vehicle(tx, scan, terminal=self._terminal, operator=operator.number))

        return await self._store.write(work)

    async def choose_colour(self, sale_id: str, colour: str, *, operator: views.Operator) -> views.Sale:
        """Choose one of the model's colours. Raises Refusal NO_COLOUR, UNKNOWN_COLOUR, WRONG_STEP."""

        def work(tx: Tx, sale: Sale) -> None:
            if sale.step != SaleStep.VEHICLE:
                raise Refusal(Reason.WRONG_STEP, step=sale.step)
            lines = sale_codes.lines_of(sale)
            vehicle = sale_codes.vehicle_line(lines)
            vehicle.colour = bundle.check_colour(colour, sale_codes.vehicle_facts(vehicle).colours)
            sale_codes.write_lines(tx, sale.id, [sale_codes.facts_of(line) for line in lines])

        return await self._on_draft(sale_id, operator, work)

    async def start_bundle(self, sale_id: str, *, operator: views.Operator) -> views.Sale:
        """Go on from the vehicle to the goods. Raises Refusal NO_COLOUR."""

        def work(tx: Tx, sale: Sale) -> None:
            if sale.step == SaleStep.VEHICLE:
                if not sale_codes.vehicle_line(sale_codes.lines_of(sale)).colour:
                    raise Refusal(Reason.NO_COLOUR)
                _go(tx, sale, SaleStep.GOODS)

        return await self._on_draft(sale_id, operator, work)

    # The goods

    async def add_code(self, sale_id: str, text: str, *, operator: views.Operator, typed: bool = False) -> views.Sale:
        """Put a scanned or typed battery or charger on the sale and reserve the battery, in one commit.

        Raises Refusal SCAN_UNREADABLE, UNKNOWN_CODE, DUPLICATE_CODE, SECOND_VEHICLE, WRONG_STEP (code, kind, step),
        UNKNOWN_BATTERY, UNKNOWN_CHARGER, ALREADY_SOLD, RESERVED_ELSEWHERE, SALE_BANNED, INCOMPATIBLE_BATTERY,
        WRONG_CHARGER, TOO_MANY_BATTERIES, SECOND_CHARGER; then the sale is as before. What nobody declared is
        accepted with an unknown pairing, which needs a reason before the goods are finished.
        """
        permissions.require(operator.role, Command.SELL)
        scan = self._scan(text, typed=typed)

        def work(tx: Tx, sale: Sale) -> None:
            sale_codes.add_to_sale(tx, sale, scan)

        return await self._on_draft(sale_id, operator, work, also=(SaleState.ORDERED,))

    async def give_pairing_reason(
        self, sale_id: str, position: int, reason: str, *, operator: views.Operator
    ) -> views.Sale:
        """Say why goods of an unknown pairing are sold together. Raises Refusal PAIRING_REASON_MISSING."""
        permissions.require(operator.role, Command.ACCEPT_UNKNOWN_PAIRING)
        cleaned = clean_field(reason, Use.REASON)

        def work(tx: Tx, sale: Sale) -> None:
            lines = sale_codes.lines_of(sale)
            for line in lines:
                if line.position == position and line.pairing == Pairing.UNKNOWN:
                    bundle.check_reason(bundle.Pairing.UNKNOWN, cleaned, line.code)
                    line.pairing_reason = cleaned
            sale_codes.write_lines(tx, sale.id, [sale_codes.facts_of(line) for line in lines])

        return await self._on_draft(sale_id, operator, work)

    async def remove_line(self, sale_id: str, position: int, *, operator: views.Operator) -> views.Sale:
        """Take a battery or charger off the sale and release it. Raises Refusal NO_VEHICLE for the vehicle."""

        def work(tx: Tx, sale: Sale) -> None:
            line = sale_codes.remove_line(tx, sale, position)
            if line is not None:
                tx.record("sale.line_removed", "sale", sale.id, {"operator": operator.number, "code": line.code})
            if _ORDER.index(SaleStep(sale.step)) > _ORDER.index(SaleStep.GOODS):
                _go(tx, sale, SaleStep.GOODS)

        return await self._on_draft(sale_id, operator, work)

    async def bring_back(self, sale_id: str, line: views.Line, *, operator: views.Operator) -> views.Sale:
        """Undo `remove_line`: the battery or charger is reserved again and stands where it stood, in one commit.

        Raises Refusal as `add_code` does: somebody else may have taken it meanwhile.
        """
        permissions.require(operator.role, Command.SELL)
        scan = self._scan(line.code, typed=line.typed)

        def work(tx: Tx, sale: Sale) -> None:
            sale_codes.bring_back(tx, sale, scan, position=line.position, reason=line.pairing_reason or "")
            tx.record("sale.line_restored", "sale", sale.id, {"operator": operator.number, "code": line.code})

        return await self._on_draft(sale_id, operator, work)

    async def finish_goods(self, sale_id: str, *, operator: views.Operator) -> views.Sale:
        """Go on from the goods to the customer.

        Raises Refusal BATTERIES_MISSING (have, need), CHARGER_MISSING, PAIRING_REASON_MISSING (code), WRONG_STEP.
        """

        def work(tx: Tx, sale: Sale) -> None:
            if sale.step == SaleStep.VEHICLE:
                raise Refusal(Reason.WRONG_STEP, step=sale.step)
            if sale.step == SaleStep.GOODS:
                check_goods(sale)
                _go(tx, sale, SaleStep.CUSTOMER)

        return await self._on_draft(sale_id, operator, work)

    # The customer

    def check_division(self, text: str) -> None:
        """Whether a text names one division. Raises Refusal DIVISION_MISSING or DIVISION_UNKNOWN (text)."""
        divisions.resolve(self._reference.divisions(), text)

    async def submit_customer(
        self, sale_id: str, name: str, phone: str, division_code: str, address: str, *, operator: views.Operator
    ) -> views.Sale:
        """Keep who buys and go on to the price. The division may be given by code or by a text that names one.

        Raises Refusal CUSTOMER_INCOMPLETE (missing), NAME_MISSING, PHONE_MISSING, PHONE_INVALID, DIVISION_MISSING,
        ADDRESS_MISSING, DIVISION_UNKNOWN, TEXT_TOO_LONG, WRONG_STEP.
        """
        permissions.require(operator.role, Command.SELL)
        details = check_customer(name, phone, division_code, address)
        division = divisions.resolve(self._reference.divisions(), details.division_code)

        def work(tx: Tx, sale: Sale) -> None:
            if sale.step not in (SaleStep.CUSTOMER, SaleStep.PRICE):
                raise Refusal(Reason.WRONG_STEP, step=sale.step)
            rest = {field: text for field, text in typed_of(sale).items() if field not in views.CUSTOMER_FIELDS}
            tx.change(
                Sale,
                sale.id,
                expect=SaleState.DRAFT,
                customer_name=details.name,
                customer_phone=details.phone,
                customer_phone_last4=details.phone[-4:],
                division_code=division.code,
                division_text=division.text,
                address=details.address,
                typed=rest,
                step=SaleStep.PRICE,
            )

        return await self._on_draft(sale_id, operator, work)

    async def returning_customer(self, phone: str, *, operator: views.Operator) -> views.Customer | None:
        """The customer known under this phone, None when there is none or the text is no phone.

        Raises Refusal NOT_PERMITTED.
        """
        permissions.require(operator.role, Command.SEE_PERSONAL_DATA)
        try:
            number = normalise_phone(phone)
        except Refusal:
            return None

        def work() -> tuple[str, str, str] | None:
            row = Customer.query().where(Customer.phone == number).get_or_none()
            return None if row is None else (row.name, row.division_code or "", row.address or "")

        found = await self._store.read(work)
        if found is None:
            return None
        name, code, address = found
        known = next((row for row in self._reference.divisions() if row.code == code and row.leaf), None)
        return views.Customer(
            name=name,
            phone=number,
            division_code=code if known else "",
            division=divisions.division_text(known) if known else "",
            address=address,
        )

    def find_divisions(self, text: str, limit: int = 20) -> tuple[DivisionChoice, ...]:
        """Divisions whose names or code match what was typed, best first."""
        found = divisions.search(self._reference.divisions(), text, limit)
        return tuple(DivisionChoice(row.code, divisions.division_text(row)) for row in found)

    # The price

    async def check_price(self, sale_id: str, text: str) -> int:
        """The price in fen, when it lies within the model's limits; changes nothing.

        Raises Refusal AMOUNT_MISSING, AMOUNT_INVALID (text), BELOW_FLOOR or ABOVE_CEILING (limit, yuan).
        """
        price_fen = parse_yuan(text)
        return await self._store.read(lambda: price_in_limits(sale_id, price_fen))

    # Typing, stepping, leaving

    async def keep_typed(self, sale_id: str, fields: Mapping[str, str], *, operator: views.Operator) -> None:
        """Keep what stands in the fields of a draft until it is submitted; other fields stay as they were.

        An emptied field is kept as empty: it stands for more than what was submitted earlier.
        One small commit without a journal row. A sale that is no draft any more has nothing left to type: then
        nothing happens.
        """
        permissions.require(operator.role, Command.SELL)
        kept = {
            clean_field(name[: Use.OPERATOR.limit], Use.OPERATOR): clean_field(text[: Use.CODE.limit], Use.CODE)
            for name, text in fields.items()
        }

        def work(tx: Tx) -> None:
            sale = Sale.find(sale_id)
            if sale is None or sale.state != SaleState.DRAFT:
                return
            known = typed_of(sale)
            merged = {**known, **kept}
            if merged != known and len(merged) <= _MOST_FIELDS:
                tx.change(Sale, sale_id, expect=SaleState.DRAFT, typed=merged)

        await self._store.write(work)

    async def step_back(self, sale_id: str, *, operator: views.Operator) -> views.Sale:
        """Go one step back; everything scanned, chosen and typed stays. The first step stays where it is."""

        def work(tx: Tx, sale: Sale) -> None:
            before = _BACK.get(SaleStep(sale.step))
            if before is not None:
                _go(tx, sale, before)

        return await self._on_draft(sale_id, operator, work)

    async def park(self, sale_id: str, *, operator: views.Operator) -> None:
        """Leave an open sale aside; it keeps its units and its step, and is found again under `parked`."""
        permissions.require(operator.role, Command.SELL)

        def work(tx: Tx) -> None:
            sale = find_sale(sale_id)
            if sale.state not in sale_codes.OPEN_STATES:
                raise frozen(sale)
            tx.record("sale.parked", "sale", sale.id, {"operator": operator.number, "step": sale.step})

        await self._store.write(work)

    async def cancel(self, sale_id: str, operator: views.Operator) -> views.Sale:
        """Give the sale up and release its units. A cancelled one stays as it is.

        From ORDERED only when no payment order is live and all that was paid is verifiably back. Raises
        Refusal ORDER_LIVE (number), PAYMENT_UNKNOWN (number), LATE_PAYMENT_OPEN (number), ALREADY_PAID.
        """
        permissions.require(operator.role, Command.CANCEL_SALE)

        def work(tx: Tx) -> views.Sale:
            sale = find_sale(sale_id)
            if sale.state != SaleState.CANCELLED:
                check_unpaid(sale)
                sale_codes.release_units(tx, sale)
                for tender in Tender.query().where(Tender.sale_id == sale.id, Tender.state == TenderState.OPEN):
                    tx.move(Tender, tender.id, TenderState.VOID, expect=TenderState.OPEN)
                tx.move(Sale, sale.id, SaleState.CANCELLED, cancelled_at_ms=tx.now_ms)
                tx.record("sale.cancelled_by", "sale", sale.id, {"operator": operator.number})
            return load_sale(sale.id)

        return await self._store.write(work)

    async def restore(self, sale_id: str, operator: views.Operator) -> views.Sale:
        """Undo `cancel`: a new draft with the same goods, customer and step, in one commit; raises as `open_again`."""
        permissions.require(operator.role, Command.SELL)
        return await self._store.write(lambda tx: load_sale(open_again(tx, sale_id, operator=operator.number)))

    async def load(self, sale_id: str) -> views.Sale:
        """The sale as it is now. Raises Refusal SALE_NOT_FOUND."""
        return await self._store.read(lambda: load_sale(sale_id))

    async def parked(self) -> tuple[views.ParkedSale, ...]:
        """The open sales of this terminal, oldest first: drafts, ordered ones, late payments waiting for the clerk."""
        return await self._store.read(lambda: parked_sales(self._terminal))

    # How

    def _scan(self, text: str, *, typed: bool) -> sale_codes.Scan:
        clean_scan(text)
        scanned = classify(text, self._reference.codes(), business_day(self._clock.now_ms()))
        return sale_codes.Scan(scanned, typed, self._reference.bans())

    async def _on_draft(
        self,
        sale_id: str,
        operator: views.Operator,
        change: Callable[[Tx, Sale], None],
        *,
        also: tuple[SaleState, ...] = (),
    ) -> views.Sale:
        """Let `change` work on a draft; sales in a state of `also` reach it too, for a more precise refusal."""
        permissions.require(operator.role, Command.SELL)

        def work(tx: Tx) -> views.Sale:
            sale = find_sale(sale_id)
            if sale.state != SaleState.DRAFT and sale.state not in also:
                raise frozen(sale)
            change(tx, sale)
            if sale.operator != operator.number:
                tx.change(Sale, sale.id, expect=SaleState.DRAFT, operator=operator.number)
                tx.record("sale.taken_over", "sale", sale.id, {"from": sale.operator, "operator": operator.number})
            return load_sale(sale.id)

        return await self._store.write(work)


def _go(tx: Tx, sale: Sale, step: SaleStep) -> None:
    tx.change(Sale, sale.id, expect=SaleState.DRAFT, step=step)
