"""Undo of 取消销售: a cancelled sale stays cancelled, its goods and what was typed go on in a new draft.

Runs inside one unit of work: every unit is reserved again in the commit that opens the draft, or nothing happens.
"""

from __future__ import annotations

from data.models import Sale, Terminal, Unit
from data.states import LineKind, SaleState, SaleStep, TerminalState
from data.unit_of_work import Tx
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.sale_checks import find_sale, frozen
from kiosk.services.sale_codes import check_free, facts_of, lines_of, reserve
from kiosk.services.sale_view import typed_of

_CUSTOMER = ("customer_name", "customer_phone", "customer_phone_last4", "division_code", "division_text", "address")


def open_again(tx: Tx, sale_id: str, *, operator: str) -> str:
    """Open a draft like the cancelled sale; returns the new sale's id.

    Raises Refusal SALE_NOT_FOUND, SALE_FROZEN (it is not cancelled), STORE_FULL, TERMINAL_UNBOUND, ALREADY_SOLD and
    RESERVED_ELSEWHERE: somebody may have taken a unit meanwhile.
    """
    old = find_sale(sale_id)
    if old.state != SaleState.CANCELLED:
        raise frozen(old)
    if not tx.room:
        raise Refusal(Reason.STORE_FULL)
    terminal = Terminal.find(old.terminal)
    if terminal is None or terminal.state != TerminalState.ACTIVE:
        raise Refusal(Reason.TERMINAL_UNBOUND)
    lines = lines_of(old)
    units = [line.code for line in lines if line.kind in (LineKind.VEHICLE, LineKind.BATTERY)]
    for code in units:
        unit = Unit.find(code)
        if unit is None:
            raise Refusal(Reason.UNKNOWN_CODE, code=code)
        check_free(unit)
    fresh = tx.new_id()
    tx.create(
        Sale,
        lines=[facts_of(line) for line in lines],
        id=fresh,
        kind=old.kind,
        step=SaleStep.PRICE if old.step == SaleStep.COLLECT else old.step,
        terminal=old.terminal,
        operator=operator,
        opened_at_ms=tx.now_ms,
        list_total_fen=old.list_total_fen,
        typed=typed_of(old),
        **{name: getattr(old, name) for name in _CUSTOMER},
    )
    for code in units:
        reserve(tx, code)
    tx.record("sale.restored", "sale", fresh, {"operator": operator, "from": sale_id})
    return fresh
