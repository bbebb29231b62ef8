"""Tax numbers of companies and shops: the unified social credit code (GB 32100-2015) and the older forms.

The check is our own because common libraries demand a digit first and so refuse farmers' co-operatives (N...).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, capitals, fold_width

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {mark: value for value, mark in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_OLD = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{20}", re.ASCII)
_SEPARATORS = re.compile(r"[\s-]+")


class TaxNumberForm(StrEnum):
    """Which form a tax number has."""

    CREDIT_CODE = "CREDIT_CODE"
    OLD_15 = "OLD_15"
    OLD_20 = "OLD_20"


@dataclass(frozen=True, slots=True)
class TaxNumber:
    """A tax number that may be used. Only a credit code carries a check, so only it is `verified`."""

    number: str
    form: TaxNumberForm
    verified: bool


def credit_code_check(first_17: str) -> str | None:
    """The check character of a credit code's first 17 characters; None when one of them is outside the alphabet."""
    if len(first_17) != 17 or any(mark not in _VALUES for mark in first_17):
        return None
    total = sum(_VALUES[mark] * weight for mark, weight in zip(first_17, _WEIGHTS, strict=True))
    return _ALPHABET[(31 - total % 31) % 31]


def is_credit_code(code: str) -> bool:
    """Whether `code` is a credit code in its normal form with the right check character."""
    return len(code) == 18 and credit_code_check(code[:17]) == code[17]


def judge_tax_number(text: str) -> TaxNumber:
    """Return the tax number somebody typed, in capitals without separators.

    18 characters must be a credit code; the 15 and 20 characters of older registrations pass unverified.
    Raises Refusal TAX_NUMBER_INVALID.
    """
    if len(text) > Use.TAX_NUMBER.limit:
        raise Refusal(Reason.TAX_NUMBER_INVALID)
    number = capitals(_SEPARATORS.sub("", fold_width(text)))
    if is_credit_code(number):
        return TaxNumber(number, TaxNumberForm.CREDIT_CODE, verified=True)
    if _OLD.fullmatch(number):
        form = TaxNumberForm.OLD_15 if len(number) == 15 else TaxNumberForm.OLD_20
        return TaxNumber(number, form, verified=False)
    raise Refusal(Reason.TAX_NUMBER_INVALID)
