"""What puts a refusal right: its sentence goes when that field is typed in, or that choice is made."""

from __future__ import annotations

from typing import Final

from kiosk.rules.refusals import Reason

CHANNEL: Final = "channels"
_CODES: Final = frozenset(
    f"{kind}-{place}" for kind in ("vehicle", "battery", "charger") for place in ("first", "again")
)
_AMOUNT: Final = frozenset({"amount"})

BY: Final[dict[Reason, frozenset[str]]] = {
    Reason.CUSTOMER_INCOMPLETE: frozenset({"name", "phone", "division", "address"}),
    Reason.NAME_MISSING: frozenset({"name"}),
    Reason.PHONE_MISSING: frozenset({"phone"}),
    Reason.PHONE_INVALID: frozenset({"phone"}),
    Reason.DIVISION_MISSING: frozenset({"division"}),
    Reason.DIVISION_UNKNOWN: frozenset({"division"}),
    Reason.ADDRESS_MISSING: frozenset({"address"}),
    Reason.AMOUNT_MISSING: _AMOUNT,
    Reason.AMOUNT_INVALID: _AMOUNT,
    Reason.BELOW_FLOOR: _AMOUNT,
    Reason.ABOVE_CEILING: _AMOUNT,
    Reason.NO_CHANNEL: frozenset({CHANNEL}),
    Reason.CHANNEL_OFF: frozenset({CHANNEL}),
    Reason.NO_VEHICLE: _CODES,
    Reason.MALFORMED_CODE: _CODES,
    Reason.TYPE_AGAIN: _CODES,
    Reason.TYPED_TWICE_DIFFERS: _CODES,
    Reason.PAIRING_REASON_MISSING: frozenset({"reason"}),
    Reason.WRONG_PIN: frozenset({"operator", "pin"}),
}
"""By reason, the ids of the fields and choices. What is not here stays until something else was done."""
