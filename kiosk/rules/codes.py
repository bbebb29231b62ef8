"""What a scanned or typed text is: a vehicle, a battery, a charger, or none of them.

The formats are dated data and are passed in. A vehicle code has no check digit and a charger code names a model, not
a unit, so nothing here says that a code is right: only what kind it is and how it is written. Two levels are kept
apart: what does not have the shape is not such a code; what has it but looks odd carries warnings.

A text may be the bare code, in either case, with blanks between the groups of a plate, with an AIM symbology
identifier in front (ISO/IEC 15424), or the URL in the QR code of a certificate.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import capitals, clean_scan, for_display


class CodeKind(StrEnum):
    """What a code names."""

    VEHICLE = "VEHICLE"
    BATTERY = "BATTERY"
    CHARGER = "CHARGER"
    UNKNOWN = "UNKNOWN"


class CodeWarning(StrEnum):
    """What is odd about a code of the right shape; the operator may go on."""

    NOT_AN_EBIKE = "NOT_AN_EBIKE"
    YEAR_AHEAD = "YEAR_AHEAD"
    CHECK_DIFFERS = "CHECK_DIFFERS"


class CodeRule(Protocol):
    """One code format."""

    @property
    def kind(self) -> str:
        """A `CodeKind` other than UNKNOWN."""
        ...

    @property
    def name(self) -> str:
        """The rule's own name, for the books."""
        ...

    @property
    def pattern(self) -> str:
        """Regular expression the whole code must match, capitals, no blanks; group `year` holds two digits."""
        ...

    @property
    def rewrite(self) -> str:
        """Replacement template giving the normal form; empty: as matched."""
        ...

    @property
    def expected(self) -> str:
        """Regular expression a usual code matches too; otherwise the warning NOT_AN_EBIKE. Empty: none."""
        ...

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of checks (`gb11714`) whose failure is the warning CHECK_DIFFERS."""
        ...

    @property
    def digits_only(self) -> str:
        """How a text of digits only is taken: `yes`, or `checked`: the checks hold and it is no EAN-13."""
        ...

    @property
    def valid_from(self) -> str:
        """First day (ISO date) on which the rule holds."""
        ...

    @property
    def valid_to(self) -> str:
        """Last day on which it holds; empty: no end."""
        ...


class UrlForm(Protocol):
    """One URL in whose query a code of `kind` stands."""

    @property
    def kind(self) -> str:
        """The kind of the code in it."""
        ...

    @property
    def pattern(self) -> str:
        """Regular expression with the group `code`, searched for without regard to case."""
        ...

    @property
    def code_pattern(self) -> str:
        """Regular expression the code in it must match as a whole."""
        ...


class CodeTable(Protocol):
    """All formats that are known."""

    @property
    def rules(self) -> Sequence[CodeRule]:
        """Tried in order."""
        ...

    @property
    def url_forms(self) -> Sequence[UrlForm]:
        """Tried in order, before the rules."""
        ...


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a text turned out to be. `code` is the normal form, for UNKNOWN the text fit to be shown."""

    kind: CodeKind
    code: str
    source_text: str
    warnings: tuple[CodeWarning, ...] = ()
    rule: str = ""


_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]", re.ASCII)
_BLANKS = re.compile(r"\s+")
_SHOWN = 64
_PAYMENT_CODE = re.compile(r"1[0-5]\d{16}|(?:2[5-9]|30)\d{14,22}", re.ASCII)


def classify(text: str, table: CodeTable, today: str | None = None) -> Scanned:
    """Say what `text` is. Never raises on any text.

    `today` (ISO date) leaves out rules that do not hold on that day and lets years beyond the next one warn.
    """
    try:
        clean = clean_scan(text)
    except Refusal:
        return _unknown(text)
    bare = _AIM.sub("", clean, count=1) if clean.startswith("]") else clean
    in_url = _from_url(bare, text, table, today)
    if in_url is not None:
        return in_url
    code = capitals(_BLANKS.sub("", bare))
    for rule in table.rules:
        if _holds(rule, today) and (found := _by_rule(code, rule, today)) is not None:
            kind, normal, warnings = found
            return Scanned(kind, normal, text, warnings, rule.name)
    return _unknown(text)


def require(text: str, expected: CodeKind, table: CodeTable, today: str | None = None) -> Scanned:
    """Return what `text` is when it is an `expected`.

    Raises Refusal SCAN_UNREADABLE, TEXT_TOO_LONG, MALFORMED_CODE (code, kind) when it has no known shape, or
    WRONG_KIND (code, kind, expected).
    """
    clean_scan(text)
    scanned = classify(text, table, today)
    if scanned.kind is expected:
        return scanned
    if scanned.kind is CodeKind.UNKNOWN:
        raise Refusal(Reason.MALFORMED_CODE, code=scanned.code, kind=expected.value)
    raise Refusal(Reason.WRONG_KIND, code=scanned.code, kind=scanned.kind.value, expected=expected.value)


def confirm_typed(first: str, second: str, expected: CodeKind, table: CodeTable, today: str | None = None) -> Scanned:
    """Return the code that was typed twice; hand-typed codes need it because no check digit catches a slip.

    Raises what `require` raises for the first typing, then TYPE_AGAIN (code) without a second one and
    TYPED_TWICE_DIFFERS when the second is not the same code.
    """
    scanned = require(first, expected, table, today)
    if not second.strip():
        raise Refusal(Reason.TYPE_AGAIN, code=scanned.code)
    again = classify(second, table, today)
    if (again.kind, again.code) != (scanned.kind, scanned.code):
        raise Refusal(Reason.TYPED_TWICE_DIFFERS)
    return scanned


def organisation_check(first_8: str) -> str | None:
    """The check character of an organisation code (GB 11714-1997); None when the eight characters are not of one."""
    if len(first_8) != 8 or not first_8.isascii() or not first_8.isalnum() or first_8 != first_8.upper():
        return None
    total = sum(int(mark, 36) * weight for mark, weight in zip(first_8, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[11 - total % 11]


def is_ean13(text: str) -> bool:
    """Whether `text` is a retail article number with its check digit (GS1 General Specifications, 7.9)."""
    if len(text) != 13 or not text.isascii() or not text.isdigit():
        return False
    total = sum(int(mark) * (3 if place % 2 else 1) for place, mark in enumerate(text))
    return total % 10 == 0


def _organisation_code_holds(code: str) -> bool:
    # Foreign makers have JW and seven characters of their own, without a check.
    return code.startswith("JW") or organisation_check(code[:8]) == code[8:9]


def is_payment_code(text: str) -> bool:
    """Whether `text` may be the code on a customer's phone: WeChat's has 18 digits and begins with 10 to 15, Alipay's
    16 to 24 and begins with 25 to 30 (the providers' interfaces for codes that the shop scans).
    """
    return _PAYMENT_CODE.fullmatch(text) is not None


_CHECKS: dict[str, Callable[[str], bool]] = {"gb11714": _organisation_code_holds}


def _from_url(text: str, source: str, table: CodeTable, today: str | None) -> Scanned | None:
    """The code in a URL; UNKNOWN when a URL names two different ones; None when no form applies."""
    found: dict[tuple[CodeKind, str], Scanned] = {}
    for form in table.url_forms:
        for match in _compiled(form.pattern, re.IGNORECASE).finditer(text):
            code = capitals(match["code"])
            if not _compiled(form.code_pattern).fullmatch(code):
                continue
            # The certificate says what it is, so a code outside the bare shape is odd, not wrong.
            scanned = Scanned(CodeKind(form.kind), code, source, (CodeWarning.NOT_AN_EBIKE,))
            for rule in table.rules:
                if rule.kind == form.kind and _holds(rule, today) and (judged := _by_rule(code, rule, today)):
                    scanned = Scanned(judged[0], judged[1], source, judged[2], rule.name)
                    break
            found[scanned.kind, scanned.code] = scanned
    if not found:
        return None
    return next(iter(found.values())) if len(found) == 1 else _unknown(source)


def _by_rule(code: str, rule: CodeRule, today: str | None) -> tuple[CodeKind, str, tuple[CodeWarning, ...]] | None:
    match = _compiled(rule.pattern).fullmatch(code)
    if match is None:
        return None
    normal = match.expand(rule.rewrite) if rule.rewrite else code
    checked = all(_CHECKS[name](normal) for name in rule.checks)
    if rule.digits_only == "checked" and code.isdigit() and (not checked or is_ean13(code)):
        return None
    warnings: list[CodeWarning] = []
    if rule.expected and not _compiled(rule.expected).fullmatch(code):
        warnings.append(CodeWarning.NOT_AN_EBIKE)
    year = match.groupdict().get("year")
    if today and year and year.isdigit() and 2000 + int(year) > date.fromisoformat(today).year + 1:
        warnings.append(CodeWarning.YEAR_AHEAD)
    if not checked:
        warnings.append(CodeWarning.CHECK_DIFFERS)
    return CodeKind(rule.kind), normal, tuple(warnings)


def _holds(rule: CodeRule, today: str | None) -> bool:
    return today is None or (rule.valid_from <= today and (not rule.valid_to or today <= rule.valid_to))


def _unknown(text: str) -> Scanned:
    return Scanned(CodeKind.UNKNOWN, for_display(text[: 2 * _SHOWN].strip(), _SHOWN), text)


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | flags)
