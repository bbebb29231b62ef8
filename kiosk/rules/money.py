"""Money as whole fen: reading and writing yuan, Chinese capital amounts, tax inside a price, sharing a sum out."""

import re
from collections.abc import Sequence

from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import fold_width

MAX_FEN = 999_999_999
"""The greatest amount anybody may type, in fen (9,999,999.99 yuan): beyond it a code was read into the field."""

_YUAN = re.compile(r"¥?\s*(?P<yuan>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<decimals>[0-9]{1,2}))?\s*元?", re.ASCII)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")
_BASIS = 10_000


def parse_yuan(text: str) -> int:
    """Return the fen of an amount as people write it: 2999, 2999.0, 2,999.00, ¥2999, full-width digits.

    No sign, no exponent, at most two decimals, commas only between groups of three.
    Raises Refusal AMOUNT_MISSING (nothing typed) or AMOUNT_INVALID (text).
    """
    plain = fold_width(text[:64]).strip()
    if not plain:
        raise Refusal(Reason.AMOUNT_MISSING)
    match = _YUAN.fullmatch(plain)
    if len(text) > 64 or match is None:
        raise Refusal(Reason.AMOUNT_INVALID, text=plain)
    fen = int(match["yuan"].replace(",", "")) * 100 + int((match["decimals"] or "").ljust(2, "0"))
    if fen > MAX_FEN:
        raise Refusal(Reason.AMOUNT_INVALID, text=plain)
    return fen


def format_yuan(fen: int, *, symbol: bool = False, grouped: bool = False) -> str:
    """Return `fen` as decimal yuan: 2999.00, with `symbol` ¥2999.00, with `grouped` 2,999.00."""
    yuan, cents = divmod(abs(fen), 100)
    whole = f"{yuan:,}" if grouped else str(yuan)
    return f"{'-' if fen < 0 else ''}{'¥' if symbol else ''}{whole}.{cents:02d}"


def capital_yuan(fen: int) -> str:
    """Return `fen` in Chinese capital figures as invoices print it: 叁仟贰佰玖拾玖圆零伍分, 叁仟贰佰玖拾玖圆整.

    Follows the People's Bank of China's rules for filling in bills: 整 after 圆 and after 角, none after 分; zeros
    between figures are one 零; where the rules leave a 零 open (before 仟 and 角) none is written.
    Raises ValueError for amounts no bill holds (10^12 yuan and more).
    """
    yuan, cents = divmod(abs(fen), 100)
    jiao, last = divmod(cents, 10)
    words = f"{_capital_integer(yuan)}圆" if yuan or not cents else ""
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif last and yuan:
        words += "零"
    words += f"{_DIGITS[last]}分" if last else "整"
    return f"负{words}" if fen < 0 else words


def split_tax(gross_fen: int, rate_bp: int) -> tuple[int, int]:
    """Split a price that includes tax into (net, tax), both fen; `rate_bp` is the rate in basis points (13 % = 1300).

    Net = gross / (1 + rate), halves rounded away from zero; tax = gross - net, so the two always add up. A red
    invoice's negative amounts split into the exact opposites. Raises ValueError for a negative rate.
    """
    if rate_bp < 0:
        raise ValueError("a tax rate is not negative")
    divisor = _BASIS + rate_bp
    net = (2 * abs(gross_fen) * _BASIS + divisor) // (2 * divisor)
    if gross_fen < 0:
        net = -net
    return net, gross_fen - net


def allocate(total_fen: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share `total_fen` out in proportion to `weights`: the shares add up exactly and none has the opposite sign.

    Each share is rounded, halves up, never beyond what is left; the last share with a weight takes the remainder
    (98.00 over 3299.00 and 199.00 is 92.42 and 5.58). When all weights are 0 the last share takes everything.
    Raises ValueError without weights or with a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("shares need weights, none of them negative")
    whole = sum(weights)
    last = max((at for at, weight in enumerate(weights) if weight), default=len(weights) - 1)
    amount = left = abs(total_fen)
    shares: list[int] = []
    for at, weight in enumerate(weights):
        share = left if at == last else min(left, (2 * amount * weight + whole) // (2 * whole) if weight else 0)
        shares.append(-share if total_fen < 0 else share)
        left -= share
    return tuple(shares)


def _capital_integer(yuan: int) -> str:
    if yuan >= 10**12:
        raise ValueError("no bill holds such an amount")
    if yuan == 0:
        return _DIGITS[0]
    words = ""
    gap = False
    for index in reversed(range(len(_GROUPS))):
        group = yuan // 10_000**index % 10_000
        if group == 0:
            gap = bool(words)
            continue
        if words and (gap or group < 1000):
            words += _DIGITS[0]
        words += _capital_group(group) + _GROUPS[index]
        gap = False
    return words


def _capital_group(group: int) -> str:
    words = ""
    gap = False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(words)
            continue
        if gap:
            words += _DIGITS[0]
        words += _DIGITS[digit] + _PLACES[place]
        gap = False
    return words
