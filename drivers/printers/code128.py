"""Code 128 (ISO/IEC 15417): the printer's command data for a text, and bars from such data for our own pictures."""

from __future__ import annotations

from itertools import pairwise

DLE = 0x10
_START = {"A": 103, "B": 104, "C": 105}
_TO = {"A": 101, "B": 100, "C": 99}
_STOP = 106
_FNC1 = 102

# Widths of bar, space, bar, space, bar, space for each symbol value; the stop has a seventh bar.
_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
_WIDTHS = tuple(_TABLE.split(" "))


def command_data(text: str) -> tuple[bytes, ...]:
    """The bytes `GS k 73` takes for a printable ASCII text: digits paired in set C first, then all in set B.

    Several forms, the shortest first. Only forms without the byte DLE are given: digit pairs are sent as their value,
    and 16 followed by 04 would be a real-time command to the printer. Raises `ValueError` for other text.
    """
    if not text or not all(" " <= char <= "~" for char in text):
        raise ValueError("Code 128 here takes printable ASCII only")
    plain = b"{B" + _set_b(text)
    forms = [plain]
    digits = len(text) - len(text.rstrip("0123456789"))
    for tail in (digits - digits % 2, digits - digits % 2 - 2):
        if tail >= 4:
            head, pairs = text[:-tail], text[-tail:]
            values = bytes(int(pairs[at : at + 2]) for at in range(0, tail, 2))
            forms.append((b"{B" + _set_b(head) if head else b"") + b"{C" + values)
    return tuple(sorted((form for form in forms if DLE not in form), key=modules))


def _set_b(text: str) -> bytes:
    return text.replace("{", "{{").encode("ascii")


def values(data: bytes) -> list[int]:
    """Symbol values, check character and stop included, of command data. Raises `ValueError` when it is malformed."""
    out: list[int] = []
    current = ""
    rest = iter(data)
    for byte in rest:
        if byte == ord("{"):
            code = chr(next(rest, 0))
            if code in _START:
                out.append(_TO[code] if out else _START[code])
                current = code
                continue
            if code == "1":
                out.append(_FNC1)
                continue
            if code != "{":
                raise ValueError(f"Code 128: unknown escape {code!r}")
        out.append(_value(byte, current))
    if not out or out[0] not in _START.values():
        raise ValueError("Code 128: no start code")
    check = (out[0] + sum(place * value for place, value in enumerate(out) if place)) % 103
    return [*out, check, _STOP]


def _value(byte: int, current: str) -> int:
    if current == "C" and byte <= 99:
        return byte
    if current == "B" and 0x20 <= byte <= 0x7F:
        return byte - 0x20
    if current == "A" and byte < 0x60:
        return byte - 0x20 if byte >= 0x20 else byte + 0x40
    raise ValueError(f"Code 128: byte {byte} does not belong to set {current or '-'}")


def modules(data: bytes) -> int:
    """Width in modules, quiet zones not counted."""
    return 11 * (len(values(data)) - 1) + 13


def bars(data: bytes) -> str:
    """One character a module: "1" black, "0" white."""
    widths = "".join(_WIDTHS[value] for value in values(data))
    ends = [0]
    for width in widths:
        ends.append(ends[-1] + int(width))
    return "".join(("0" if at % 2 else "1") * (end - start) for at, (start, end) in enumerate(pairwise(ends)))
