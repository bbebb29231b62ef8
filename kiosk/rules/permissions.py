"""Who may do what: one table of roles and commands, asked by every service before it acts.

Clerk, manager and owner sell; manager and owner also give money back; the owner also governs the terminal. Support
looks from afar: it sees states and never people's data, it never sells, collects or prints.
"""

from enum import StrEnum

from kiosk.rules.refusals import Reason, Refusal


class Command(StrEnum):
    """What an operator asks the shop to do."""

    SEE_SALES = "SEE_SALES"
    SEE_INVOICES = "SEE_INVOICES"
    SEE_HEALTH = "SEE_HEALTH"
    SEE_PERSONAL_DATA = "SEE_PERSONAL_DATA"
    SELL = "SELL"
    ACCEPT_UNKNOWN_PAIRING = "ACCEPT_UNKNOWN_PAIRING"
    COLLECT = "COLLECT"
    CANCEL_SALE = "CANCEL_SALE"
    REFUND = "REFUND"
    SAVE_INVOICE = "SAVE_INVOICE"
    RETRY_INVOICE = "RETRY_INVOICE"
    SAVE_SLIP = "SAVE_SLIP"
    SETTLE_PRINT = "SETTLE_PRINT"
    LEAVE_DEMO = "LEAVE_DEMO"


_LOOK = frozenset({Command.SEE_SALES, Command.SEE_INVOICES, Command.SEE_HEALTH})
_CLERK = _LOOK | {
    Command.SEE_PERSONAL_DATA,
    Command.SELL,
    Command.ACCEPT_UNKNOWN_PAIRING,
    Command.COLLECT,
    Command.CANCEL_SALE,
    Command.SAVE_INVOICE,
    Command.RETRY_INVOICE,
    Command.SAVE_SLIP,
    Command.SETTLE_PRINT,
}
_MANAGER = _CLERK | {Command.REFUND}
_OWNER = _MANAGER | {Command.LEAVE_DEMO}

POLICY: dict[str, frozenset[Command]] = {
    "CLERK": _CLERK,
    "MANAGER": _MANAGER,
    "OWNER": _OWNER,
    "SUPPORT": _LOOK,
}
"""Role (the store's names) to the commands it may give. A role that is not listed may do nothing."""


def may(role: str, command: Command) -> bool:
    """Whether `role` may give `command`."""
    return command in POLICY.get(role, frozenset())


def require(role: str, command: Command) -> None:
    """Raise Refusal NOT_PERMITTED (command, role) unless `role` may give `command`."""
    if not may(role, command):
        raise Refusal(Reason.NOT_PERMITTED, command=command.value, role=role)
