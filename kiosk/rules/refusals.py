"""Why something was refused: one reason a rule, and the facts a sentence needs.

Rules and services raise `Refusal`; screens and verbs turn the reason into one sentence beginning with 不能. A refusal
changes nothing and is never an error of the program.
"""

from enum import StrEnum


class Reason(StrEnum):
    """One name for each thing that is refused. The facts each carries stand beside it."""

    # Codes and scans
    MALFORMED_CODE = "MALFORMED_CODE"  # code, kind: the text does not have the shape of such a code
    UNKNOWN_CODE = "UNKNOWN_CODE"  # code: neither vehicle nor battery nor charger, or not in the books
    UNKNOWN_VEHICLE = "UNKNOWN_VEHICLE"  # code: well formed, but not in stock here
    UNKNOWN_BATTERY = "UNKNOWN_BATTERY"  # code
    UNKNOWN_CHARGER = "UNKNOWN_CHARGER"  # code
    WRONG_KIND = "WRONG_KIND"  # code, kind, expected: a battery where a vehicle belongs, and so on
    DUPLICATE_CODE = "DUPLICATE_CODE"  # code: already in this sale
    SECOND_VEHICLE = "SECOND_VEHICLE"  # code, vehicle: a sale holds one vehicle
    ALREADY_SOLD = "ALREADY_SOLD"  # code
    RESERVED_ELSEWHERE = "RESERVED_ELSEWHERE"  # code
    SALE_BANNED = "SALE_BANNED"  # code, since, rule: its id, goods and goods_en: what is banned
    PAYMENT_CODE = "PAYMENT_CODE"  # no facts: a customer's payment code, which nothing here takes
    SCAN_TORN = "SCAN_TORN"  # no facts: the end of a scan came too late to belong to it
    SCAN_UNREADABLE = "SCAN_UNREADABLE"  # no facts: the scanned text holds characters no code has
    TYPED_TWICE_DIFFERS = "TYPED_TWICE_DIFFERS"  # place, first, second: from which character on, and what stands there
    TYPE_AGAIN = "TYPE_AGAIN"  # code: a typed code wants its second typing first

    # What belongs to the vehicle
    NO_VEHICLE = "NO_VEHICLE"
    NO_COLOUR = "NO_COLOUR"
    UNKNOWN_COLOUR = "UNKNOWN_COLOUR"  # colour
    INCOMPATIBLE_BATTERY = "INCOMPATIBLE_BATTERY"  # code, model, vehicle_model, why: chemistry | voltage | declared
    WRONG_CHARGER = "WRONG_CHARGER"  # code, vehicle_model, why: chemistry | voltage | declared
    BATTERIES_MISSING = "BATTERIES_MISSING"  # have, need
    TOO_MANY_BATTERIES = "TOO_MANY_BATTERIES"  # code, need
    CHARGER_MISSING = "CHARGER_MISSING"
    SECOND_CHARGER = "SECOND_CHARGER"  # code
    PAIRING_REASON_MISSING = "PAIRING_REASON_MISSING"  # code: nobody declared that the two belong together

    # Customer and typed text
    CUSTOMER_INCOMPLETE = (
        "CUSTOMER_INCOMPLETE"  # missing: name, phone, division, address; two or more, separated by blanks
    )
    NAME_MISSING = "NAME_MISSING"
    PHONE_MISSING = "PHONE_MISSING"
    PHONE_INVALID = "PHONE_INVALID"
    DIVISION_MISSING = "DIVISION_MISSING"
    DIVISION_UNKNOWN = "DIVISION_UNKNOWN"  # text
    ADDRESS_MISSING = "ADDRESS_MISSING"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"  # limit, length
    TEXT_MALFORMED = "TEXT_MALFORMED"  # characters that are not text
    TAX_NUMBER_INVALID = "TAX_NUMBER_INVALID"

    # Money and collection
    AMOUNT_MISSING = "AMOUNT_MISSING"
    AMOUNT_INVALID = "AMOUNT_INVALID"  # text
    BELOW_FLOOR = "BELOW_FLOOR"  # limit (yuan)
    ABOVE_CEILING = "ABOVE_CEILING"  # limit (yuan)
    NO_CHANNEL = "NO_CHANNEL"
    CHANNEL_OFF = "CHANNEL_OFF"  # channel
    ORDER_LIVE = "ORDER_LIVE"  # number: a payment order is still open
    PAYMENT_UNKNOWN = "PAYMENT_UNKNOWN"  # number: nobody knows yet whether it was paid
    PAYMENT_REFUSED = "PAYMENT_REFUSED"  # channel, message
    ALREADY_PAID = "ALREADY_PAID"
    LATE_PAYMENT_OPEN = "LATE_PAYMENT_OPEN"  # number: paid, fits no sale, and not all back yet
    REFUND_UNPAID = "REFUND_UNPAID"  # number: nothing was paid on this order
    REFUND_TOO_MUCH = "REFUND_TOO_MUCH"  # left (yuan)
    REFUND_TOO_MANY = "REFUND_TOO_MANY"  # limit: how many parts an order is refunded in
    REFUND_TOO_OLD = "REFUND_TOO_OLD"  # limit: days
    REFUND_REASON_MISSING = "REFUND_REASON_MISSING"

    # People
    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    WRONG_PIN = "WRONG_PIN"  # count, left, seconds: which try it was, how many are left before how long a lock
    ACCOUNT_LOCKED = "ACCOUNT_LOCKED"  # seconds: how long still
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"
    NOT_PERMITTED = "NOT_PERMITTED"  # command, role

    # Documents
    SALE_FROZEN = "SALE_FROZEN"
    SALE_PAID = "SALE_PAID"  # code, button: what finishes the sale
    SALE_NOT_FOUND = "SALE_NOT_FOUND"  # serial
    SALE_OPEN = "SALE_OPEN"  # another sale is open on this screen
    WRONG_STEP = "WRONG_STEP"
    NUMBER_MALFORMED = "NUMBER_MALFORMED"  # number
    INVOICE_SETTINGS_MISSING = "INVOICE_SETTINGS_MISSING"  # missing: names of the settings
    NO_INVOICE_FILE = "NO_INVOICE_FILE"
    INVOICE_NOT_ISSUED = "INVOICE_NOT_ISSUED"

    # The terminal
    STORE_FULL = "STORE_FULL"  # no room on the medium: nothing new begins, what is paid is still booked
    STORE_FAILED = "STORE_FAILED"  # the medium cannot be read or written
    TERMINAL_UNBOUND = "TERMINAL_UNBOUND"
    CLOCK_INSANE = "CLOCK_INSANE"  # against: PROVIDER | JOURNAL | PROGRAM; ours, theirs: times
    DATE_INVALID = "DATE_INVALID"  # text
    PRINTER_NOT_READY = "PRINTER_NOT_READY"  # printer, why


class Refusal(Exception):  # noqa: N818  a refusal is an answer of the shop, not an error
    """A rule said no. `reason` names the rule, `facts` what a sentence about it needs (text only)."""

    def __init__(self, reason: Reason, **facts: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.facts: dict[str, str] = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.reason.value} ({told})" if told else self.reason.value
