"""Who buys: the checks of the customer step, and the masks under which people appear on lists, logs and slips."""

import re
from dataclasses import dataclass

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field, fold_width

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—]+")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=[0-9]{11}\Z)", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_MASKED = re.compile(r"1[3-9][0-9]\*{4}[0-9]{4}", re.ASCII)
MASK = "*"


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """A customer as the sale keeps it; `division_code` names a row of the division table."""

    name: str
    phone: str
    division_code: str
    address: str


def normalise_phone(text: str) -> str:
    """Return a mainland mobile number as eleven digits; blanks, hyphens and the country code +86 go.

    The shape is 1, then 3 to 9, then nine digits. Raises Refusal PHONE_MISSING or PHONE_INVALID.
    """
    if len(text) > Use.PHONE.limit:
        raise Refusal(Reason.PHONE_INVALID)
    plain = _SEPARATORS.sub("", fold_width(clean_field(text, Use.PHONE)))
    if not plain:
        raise Refusal(Reason.PHONE_MISSING)
    country = _COUNTRY.match(plain)
    number = plain[country.end() :] if country else plain
    if not _MOBILE.fullmatch(number):
        raise Refusal(Reason.PHONE_INVALID)
    return number


def check_customer(name: str, phone: str, division_code: str, address: str) -> CustomerDetails:
    """Judge the customer step from the top of its form down.

    Raises Refusal CUSTOMER_INCOMPLETE (missing) when two or more are not there; else NAME_MISSING, PHONE_MISSING,
    PHONE_INVALID, DIVISION_MISSING, ADDRESS_MISSING or TEXT_TOO_LONG.
    """
    given = {"name": name, "phone": phone, "division": division_code, "address": address}
    missing = [part for part, text in given.items() if not text.strip()]
    if len(missing) > 1:
        raise Refusal(Reason.CUSTOMER_INCOMPLETE, missing=" ".join(missing))
    known_name = clean_field(name, Use.NAME)
    if not known_name:
        raise Refusal(Reason.NAME_MISSING)
    number = normalise_phone(phone)
    if not division_code:
        raise Refusal(Reason.DIVISION_MISSING)
    known_address = clean_field(address, Use.ADDRESS)
    if not known_address:
        raise Refusal(Reason.ADDRESS_MISSING)
    return CustomerDetails(known_name, number, division_code, known_address)


def mask_phone(phone: str) -> str:
    """154****0001: the first three and the last four of eleven digits; of anything else only the last two marks.

    What is masked already stays as it is.
    """
    if _MASKED.fullmatch(phone):
        return phone
    if _MOBILE.fullmatch(phone):
        return f"{phone[:3]}{MASK * 4}{phone[-4:]}"
    return MASK * max(len(phone) - 2, 0) + phone[-2:] if len(phone) > 4 else MASK * len(phone)


def mask_name(name: str) -> str:
    """张*, 王**: the first character, and a star for each further one, three at most. A single character hides."""
    plain = name.strip()
    if len(plain) < 2:
        return MASK * len(plain)
    return plain[0] + MASK * min(len(plain) - 1, 3)


def mask_address(address: str) -> str:
    """Stars in place of a street address: the division beside it already tells enough."""
    return MASK * 3 if address.strip() else ""
