"""Keys by Textual's names, as the bytes an xterm sends for them.

Sequences follow XTerm Control Sequences (Dickey et al.), "Special Keyboard Keys" and "PC-Style Function Keys". Escape
alone is ambiguous there: where the application has asked for the kitty keyboard protocol, it is sent as `CSI 27 u`.
"""

import unicodedata
from typing import Final

_PLAIN: Final = {
    "enter": "\r",
    "return": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "ctrl+j": "\n",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
}
_LETTERED: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H"}
_NUMBERED: Final = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
_F1_TO_F4: Final = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_MODIFIERS: Final = {"shift": 1, "alt": 2, "ctrl": 4}
# Textual shortens these Unicode names.
_RENAMED: Final = {
    "slash": "solidus",
    "backslash": "reverse_solidus",
    "at": "commercial_at",
    "minus": "hyphen_minus",
    "plus": "plus_sign",
    "underscore": "low_line",
}


def encode(key: str, *, kitty: bool) -> bytes:
    """The bytes of one key press; `kitty` says whether the application enabled that protocol. Raises KeyError."""
    if key == "escape":
        return b"\x1b[27u" if kitty else b"\x1b"
    sequence = _sequence(key)
    if sequence is None:
        raise KeyError(key)
    return sequence.encode()


def is_key(key: str) -> bool:
    """Whether the key can be pressed."""
    return key == "escape" or _sequence(key) is not None


def _sequence(key: str) -> str | None:
    if key in _PLAIN:
        return _PLAIN[key]
    if len(key) == 1:
        return key if key.isprintable() else None
    *names, base = key.split("+")
    if any(name not in _MODIFIERS for name in names) or len(set(names)) != len(names):
        return None
    bits = sum(_MODIFIERS[name] for name in names)
    if base in _LETTERED:
        return f"\x1b[1;{bits + 1}{_LETTERED[base]}" if bits else f"\x1b[{_LETTERED[base]}"
    if base in _NUMBERED:
        return f"\x1b[{_NUMBERED[base]};{bits + 1}~" if bits else f"\x1b[{_NUMBERED[base]}~"
    if base in _F1_TO_F4:
        return f"\x1b[1;{bits + 1}{_F1_TO_F4[base]}"
    if bits == _MODIFIERS["ctrl"] and len(base) == 1 and base.isascii() and base.isalpha():
        return chr(ord(base.lower()) - ord("a") + 1)
    return None if bits else _named_character(base)


def _named_character(name: str) -> str | None:
    for candidate in (_RENAMED.get(name, name), _RENAMED.get(name, name).replace("_", "-", 1)):
        try:
            return unicodedata.lookup(candidate.replace("_", " ").upper())
        except KeyError:
            continue
    return None
