"""The one gate for text that the kiosk did not write itself: scans, typed and pasted fields, provider answers, files.

Characters are judged by their Unicode general category (Unicode Standard Annex 44): controls (Cc), formats including
the bidirectional controls (Cf), lone surrogates (Cs), private use (Co) and unassigned code points (Cn) never pass.
White space of any kind becomes one ordinary space. What passes is in normalisation form C.

Two kinds of doors: `clean_*` decide what may be stored and raise `Refusal`; `for_*` make anything fit to be shown,
printed and never raise.
"""

import re
import unicodedata
from enum import StrEnum

from kiosk.rules.refusals import Reason, Refusal


class Use(StrEnum):
    """What a stored text is for; each use bounds its length."""

    NAME = "NAME"
    PHONE = "PHONE"
    CODE = "CODE"
    DIVISION = "DIVISION"
    ADDRESS = "ADDRESS"
    TITLE = "TITLE"
    TAX_NUMBER = "TAX_NUMBER"
    AMOUNT = "AMOUNT"
    REASON = "REASON"
    REMARK = "REMARK"
    SEARCH = "SEARCH"
    OPERATOR = "OPERATOR"
    PIN = "PIN"

    @property
    def limit(self) -> int:
        """The greatest number of characters after cleaning."""
        return _LIMITS[self]


_LIMITS = {
    Use.NAME: 50,
    Use.PHONE: 32,
    Use.CODE: 512,  # a certificate's QR is a URL
    Use.DIVISION: 60,
    Use.ADDRESS: 80,  # what an invoice provider takes (Nuonuo requestBillingNew, buyerAddress)
    Use.TITLE: 100,  # Nuonuo requestBillingNew, buyerName
    Use.TAX_NUMBER: 32,
    Use.AMOUNT: 32,
    Use.REASON: 100,
    Use.REMARK: 200,  # Nuonuo requestBillingNew, remark of a fully digital invoice
    Use.SEARCH: 64,
    Use.OPERATOR: 32,
    Use.PIN: 64,
}

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset({"Zs", "Zl", "Zp"})
_BLANK_CONTROLS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85")
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
_CAPITALS = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def fold_width(text: str) -> str:
    """Turn the full-width forms an input method types (Ａ１－￥) into their ordinary ones. Nothing else changes.

    Compatibility normalisation would do more than is safe here: it turns ² into 2.
    """
    return text.translate(_FULL_WIDTH)


def capitals(text: str) -> str:
    """Fold the ASCII letters of a code to capitals (Caps Lock inverts a keyboard scanner) and leave the rest alone.

    `str.upper` would turn a dotless ı into an I that nobody typed.
    """
    return text.translate(_CAPITALS)


def is_clean(text: str) -> bool:
    """Whether `text` may be shown and stored as it is."""
    return _squeezed(text) == text


def clean_field(text: str, use: Use) -> str:
    """Return typed or pasted `text` as it may be stored: invisible characters gone, runs of blanks one space.

    Raises Refusal TEXT_TOO_LONG (limit, length) when more than `use.limit` characters are left.
    """
    cleaned = _squeezed(text)
    if len(cleaned) > use.limit:
        raise Refusal(Reason.TEXT_TOO_LONG, limit=str(use.limit), length=str(len(cleaned)))
    return cleaned


def clean_scan(text: str) -> str:
    """Return a scanned text as it may be judged: what scanners add around a code is gone, full-width forms folded.

    Blanks and controls at both ends (STX, ETX, GS, carriage returns) are prefix or suffix of the scanner. Inside a
    code they mean that the reading went wrong.

    Raises Refusal SCAN_UNREADABLE when nothing is left, or a character inside is none that passes; TEXT_TOO_LONG.
    """
    if len(text) > 4 * Use.CODE.limit:
        raise Refusal(Reason.TEXT_TOO_LONG, limit=str(Use.CODE.limit), length=str(len(text)))
    start, end = 0, len(text)
    while start < end and not _solid(text[start]):
        start += 1
    while end > start and not _solid(text[end - 1]):
        end -= 1
    inner = fold_width(unicodedata.normalize("NFC", text[start:end]))
    if not inner or any(_category(mark) in _DROPPED or mark in "\u2028\u2029" for mark in inner):
        raise Refusal(Reason.SCAN_UNREADABLE)
    if len(inner) > Use.CODE.limit:
        raise Refusal(Reason.TEXT_TOO_LONG, limit=str(Use.CODE.limit), length=str(len(inner)))
    return inner


def for_display(text: str, limit: int | None = None) -> str:
    """Return `text` fit for one line of the screen: controls shown as �, formats dropped, cut at `limit` with ….

    Never raises. It is still data: widgets must show it without markup.
    """
    if _PRINTABLE_ASCII.fullmatch(text):
        shown = text
    else:
        shown = unicodedata.normalize("NFC", "".join(_shown(mark) for mark in unicodedata.normalize("NFC", text)))
    if limit is not None and len(shown) > limit:
        return shown[: max(limit - 1, 0)] + ELLIPSIS if limit > 0 else ""
    return shown


def for_paper(text: str, *, lines: bool = False) -> str:
    """Return `text` without anything a printer could take for a command. With `lines` line feeds stay. Never raises."""
    if lines:
        broken = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
        return "\n".join(for_paper(line) for line in broken.split("\n"))
    if _PRINTABLE_ASCII.fullmatch(text):
        return text
    kept = "".join(_printed(mark) for mark in unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", kept)


def _category(mark: str) -> str:
    """The general category of one character; ideographs newer than this Python's tables count as letters.

    Planes 2 and 3 are set aside for ideographs: rare characters of people's names are added there every few years.
    """
    category = unicodedata.category(mark)
    if category == "Cn" and 0x20000 <= ord(mark) <= 0x3FFFD and ord(mark) & 0xFFFF < 0xFFFE:
        return "Lo"
    return category


def _squeezed(text: str) -> str:
    if _PRINTABLE_ASCII.fullmatch(text):
        return " ".join(text.split())
    kept = "".join(_printed(mark) for mark in unicodedata.normalize("NFC", text))
    # Dropping a character can bring two together that compose.
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _solid(mark: str) -> bool:
    category = _category(mark)
    return category not in _DROPPED and category not in _BLANK


def _printed(mark: str) -> str:
    category = _category(mark)
    if category in _BLANK or mark in _BLANK_CONTROLS:
        return " "
    return "" if category in _DROPPED else mark


def _shown(mark: str) -> str:
    category = _category(mark)
    if category in _BLANK or mark in _BLANK_CONTROLS:
        return " "
    if category == "Cf":
        return ""
    return REPLACEMENT if category in _DROPPED else mark
