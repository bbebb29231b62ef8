"""Who may do what, asked at the services: every role gives every command, and no method that writes forgets to ask."""

import ast
import inspect
import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from data.states import Channel, Copy, LineKind, Role
from kiosk.rules.permissions import POLICY, Command, may, require
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.operators import Operator
from kiosk.services.sign_in import SignInService
from kiosk.services.slips import Slips
from kiosk.services.views import Line
from kiosk.shop import Shop
from kiosk.shop_services import Services

LINE = Line(2, LineKind.CHARGER, "JW0000000-26-A1", "A1", "A1", None, 0, 0, False, True, None)
NOT_SERVICES = {Slips}
"""Units of work inside other services' transactions."""


@dataclass(frozen=True)
class Act:
    """A method somebody acts by: the command it asks for, and a call that asks before it looks at anything."""

    command: Command
    call: Callable[[Shop, Operator, Path], Awaitable[object]]


ACTS: dict[str, Act] = {
    "SaleService.open_bundle": Act(Command.SELL, lambda s, o, _: s.sales.open_bundle(o, "X")),
    "SaleService.choose_colour": Act(Command.SELL, lambda s, o, _: s.sales.choose_colour("X", "红", operator=o)),
    "SaleService.start_bundle": Act(Command.SELL, lambda s, o, _: s.sales.start_bundle("X", operator=o)),
    "SaleService.add_code": Act(Command.SELL, lambda s, o, _: s.sales.add_code("X", "Y", operator=o)),
    "SaleService.give_pairing_reason": Act(
        Command.ACCEPT_UNKNOWN_PAIRING, lambda s, o, _: s.sales.give_pairing_reason("X", 1, "Y", operator=o)
    ),
    "SaleService.remove_line": Act(Command.SELL, lambda s, o, _: s.sales.remove_line("X", 2, operator=o)),
    "SaleService.bring_back": Act(Command.SELL, lambda s, o, _: s.sales.bring_back("X", LINE, operator=o)),
    "SaleService.restore": Act(Command.SELL, lambda s, o, _: s.sales.restore("X", o)),
    "SaleService.finish_goods": Act(Command.SELL, lambda s, o, _: s.sales.finish_goods("X", operator=o)),
    "SaleService.submit_customer": Act(
        Command.SELL, lambda s, o, _: s.sales.submit_customer("X", "", "", "", "", operator=o)
    ),
    "SaleService.returning_customer": Act(
        Command.SEE_PERSONAL_DATA, lambda s, o, _: s.sales.returning_customer("15400000001", operator=o)
    ),
    "SaleService.keep_typed": Act(Command.SELL, lambda s, o, _: s.sales.keep_typed("X", {}, operator=o)),
    "SaleService.step_back": Act(Command.SELL, lambda s, o, _: s.sales.step_back("X", operator=o)),
    "SaleService.park": Act(Command.SELL, lambda s, o, _: s.sales.park("X", operator=o)),
    "SaleService.cancel": Act(Command.CANCEL_SALE, lambda s, o, _: s.sales.cancel("X", o)),
    "CollectionService.start": Act(Command.COLLECT, lambda s, o, _: s.collection.start("X", Channel.CASH, 1, o)),
    "CollectionService.cancel": Act(Command.COLLECT, lambda s, o, _: s.collection.cancel("X", o)),
    "CollectionService.reopen": Act(Command.COLLECT, lambda s, o, _: s.collection.reopen("X", o)),
    "CollectionService.hand_over": Act(Command.COLLECT, lambda s, o, _: s.collection.hand_over("X", o)),
    "RefundService.request": Act(Command.REFUND, lambda s, o, _: s.refunds.request("X", 1, "Y", o)),
    "InvoicingService.retry": Act(Command.RETRY_INVOICE, lambda s, o, _: s.invoicing.retry("X", o)),
    "InvoicingService.save_file": Act(
        Command.SAVE_INVOICE, lambda s, o, to: s.invoicing.save_file("X", "pdf", to / "saved", o)
    ),
    "PrintingService.resolve": Act(Command.SETTLE_PRINT, lambda s, o, _: s.printing.resolve("X", True, o)),
    "PrintingService.save_slip": Act(
        Command.SAVE_SLIP, lambda s, o, to: s.printing.save_slip("X", Copy.CUSTOMER, to / "saved", o)
    ),
}
"""Every method of a service by which a person changes something, saves something or sees people's data."""

ANYBODY = {"SignInService.sign_in", "SignInService.is_number", "SignInService.lock"}
"""Whoever stands before the screen: to become somebody, and to leave."""

BY_ITSELF = {
    "CollectionService.run",
    "CollectionService.stop",
    "InvoicingService.run",
    "PrintingService.run",
    "RefundService.run",
}
"""What the shop does by itself."""

LOOKS = {
    "PaidAside.look",
    "SaleService.check_price",
    "SaleService.load",
    "SaleService.parked",
    "Lookups.sales",
    "Lookups.sale_by_serial",
    "Lookups.sale_by_code",
    "WaitingSales.newest",
}
"""Reading; screens show people masked to whoever may not see them (`views.Sale.seen_by`)."""


def services() -> set[type[Any]]:
    """Every service of a shop."""
    hints = get_type_hints(Services)
    return ({hints[field.name] for field in fields(Services)} | {SignInService}) - NOT_SERVICES


def methods() -> dict[str, Callable[..., Any]]:
    """Every public method that is awaited."""
    return {
        f"{kind.__name__}.{name}": method
        for kind in services()
        for name, method in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


def writes(name: str) -> bool:
    """Whether the method, or another one of its class that it calls, writes to the store."""
    kind = next(kind for kind in services() if kind.__name__ == name.split(".")[0])
    seen, todo = set[str](), [name.split(".")[1]]
    while todo:
        method = getattr(kind, todo.pop(), None)
        if not inspect.isfunction(method) or method.__name__ in seen:
            continue
        seen.add(method.__name__)
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(method)))):
            if isinstance(node, ast.Attribute):
                if node.attr in {"write", "write_now"}:
                    return True
                if isinstance(node.value, ast.Name) and node.value.id == "self":
                    todo.append(node.attr)
    return False


@pytest.fixture
def shop(tmp_path: Path):
    from data.store import Store
    from kiosk.demo.seeding import seed
    from kiosk.services.clock import Clock
    from kiosk.settings import Settings

    clock = Clock()
    store = Store.open(tmp_path / "shop", now_ms=clock.now_ms)
    seed(store, clock, past=0)
    store.close()
    opened = Shop.open(Settings(), tmp_path / "shop", clock)
    opened.collection.channels_ready()
    yield opened
    opened.store.close()


def test_every_public_method_of_every_service_says_who_may_call_it():
    assert set(methods()) == {*ACTS, *ANYBODY, *BY_ITSELF, *LOOKS}


def test_no_method_that_writes_passes_for_looking_and_the_check_finds_those_that_write():
    assert {name for name in LOOKS if writes(name)} == set()
    found = {name for name in ACTS if writes(name)}
    assert set(ACTS) - found == {"SaleService.returning_customer", "InvoicingService.save_file"}


def test_every_method_a_person_acts_by_takes_the_operator():
    for name in ACTS:
        assert "operator" in inspect.signature(methods()[name]).parameters, name


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", ACTS)
async def test_given_a_role_when_it_calls_a_service_then_it_is_refused_exactly_where_the_policy_says(
    shop, tmp_path, role, name
):
    act = ACTS[name]
    journal = shop.store.read_now(_journal_rows)
    refused: Refusal | None = None
    try:
        await act.call(shop, Operator("1", "谁", role), tmp_path)
    except Refusal as refusal:
        refused = refusal
    not_permitted = refused is not None and refused.reason is Reason.NOT_PERMITTED
    assert not_permitted == (act.command not in POLICY[role])
    if refused is not None and not_permitted:
        assert refused.facts == {"command": act.command.value, "role": role.value}
    assert shop.store.read_now(_journal_rows) == journal


@pytest.mark.parametrize("role", ["", "NOBODY", "clerk", "OWNER "])
@pytest.mark.parametrize("command", list(Command))
def test_given_a_role_nobody_has_when_anything_is_asked_then_it_may_do_nothing(role, command):
    assert not may(role, command)
    with pytest.raises(Refusal) as caught:
        require(role, command)
    assert caught.value.reason is Reason.NOT_PERMITTED


def test_every_role_of_the_store_has_its_row_and_every_command_somebody_who_may():
    assert set(POLICY) == {role.value for role in Role}
    assert set().union(*POLICY.values()) == set(Command)
    assert POLICY["SUPPORT"] == {Command.SEE_SALES, Command.SEE_INVOICES, Command.SEE_HEALTH}
    assert POLICY["CLERK"] <= POLICY["MANAGER"] <= POLICY["OWNER"]


def _journal_rows() -> int:
    from data.models import Journal

    return Journal.query().count()
