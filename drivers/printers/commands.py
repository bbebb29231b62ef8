"""ESC/POS bytes into commands, incrementally: what a printer's receive buffer does.

A command split over several reads waits for its rest. The syntax table holds every command our encoder sends and those
that other drivers commonly send; anything else comes out as an `unknown` token, never as text.
Source: Epson ESC/POS Command Reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Token:
    """One command, or a run of text (`name` "text"), or bytes nobody knows (`name` "unknown")."""

    name: str
    raw: bytes
    params: bytes = b""
    data: bytes = b""


Length: TypeAlias = Callable[[bytes, bytes], int | None]
"""From the parameters and the bytes after them: how many data bytes follow; None while that is not known yet."""


def _none(_params: bytes, _rest: bytes) -> int | None:
    return 0


def _counted(params: bytes, _rest: bytes) -> int | None:
    return int.from_bytes(params[-2:], "little")


def _bit_image(params: bytes, _rest: bytes) -> int | None:
    return int.from_bytes(params[1:3], "little") * (3 if params[0] in (32, 33) else 1)


def _raster(params: bytes, _rest: bytes) -> int | None:
    return int.from_bytes(params[1:3], "little") * int.from_bytes(params[3:5], "little")


def _barcode(params: bytes, rest: bytes) -> int | None:
    if params[0] <= 6:
        end = rest.find(0)
        return None if end < 0 else end + 1
    return 1 + rest[0] if rest else None


def _cut(params: bytes, _rest: bytes) -> int | None:
    return 1 if params[0] in (65, 66, 97, 98, 103, 104) else 0


def _until_nul(_params: bytes, rest: bytes) -> int | None:
    end = rest.find(0)
    return None if end < 0 else end + 1


def _pulse(params: bytes, _rest: bytes) -> int | None:
    return {1: 2, 2: 2, 3: 5, 7: 1, 8: 7}.get(params[0], 0)


_SYNTAX: dict[bytes, tuple[str, int, Length]] = {
    b"\x00": ("NUL", 0, _none),
    b"\x09": ("HT", 0, _none),
    b"\x0a": ("LF", 0, _none),
    b"\x0d": ("CR", 0, _none),
    b"\x10\x04": ("DLE EOT", 1, _none),
    b"\x10\x05": ("DLE ENQ", 1, _none),
    b"\x10\x14": ("DLE DC4", 1, _pulse),
    b"\x18": ("CAN", 0, _none),
    b"\x1b\x40": ("ESC @", 0, _none),
    b"\x1b\x32": ("ESC 2", 0, _none),
    b"\x1b\x44": ("ESC D", 0, _until_nul),
    b"\x1b\x2a": ("ESC *", 3, _bit_image),
    b"\x1b\x70": ("ESC p", 3, _none),
    b"\x1b\x24": ("ESC $", 2, _none),
    b"\x1c\x26": ("FS &", 0, _none),
    b"\x1c\x2e": ("FS .", 0, _none),
    b"\x1c\x53": ("FS S", 2, _none),
    b"\x1d\x28": ("GS (", 3, _counted),
    b"\x1d\x4c": ("GS L", 2, _none),
    b"\x1d\x57": ("GS W", 2, _none),
    b"\x1d\x50": ("GS P", 2, _none),
    b"\x1d\x56": ("GS V", 1, _cut),
    b"\x1d\x6b": ("GS k", 1, _barcode),
    b"\x1d\x76\x30": ("GS v 0", 5, _raster),
}
_SYNTAX.update({b"\x1b" + mark.encode(): (f"ESC {mark}", 1, _none) for mark in "!3-=EGJMRUVadt{"})
_SYNTAX.update({b"\x1b ": ("ESC SP", 1, _none), b"\x1bi": ("ESC i", 0, _none), b"\x1bm": ("ESC m", 0, _none)})
_SYNTAX.update({b"\x1c" + mark.encode(): (f"FS {mark}", 1, _none) for mark in "!-CW"})
_SYNTAX.update({b"\x1d" + mark.encode(): (f"GS {mark}", 1, _none) for mark in "!BHIabfhrw"})

_LONGEST = max(len(prefix) for prefix in _SYNTAX)
_LEADS = {prefix[:size] for prefix in _SYNTAX for size in range(1, len(prefix))}


class Parser:
    """Turns a stream of bytes into tokens; keeps what is incomplete until more comes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._needed = 1

    def feed(self, data: bytes) -> list[Token]:
        """All tokens complete by now."""
        self._pending += data
        tokens: list[Token] = []
        at = 0
        while len(self._pending) - at >= self._needed:
            token = self._next(at)
            if token is None:
                break
            self._needed = 1
            tokens.append(token)
            at += len(token.raw)
        del self._pending[:at]
        return tokens

    def _next(self, at: int) -> Token | None:
        stream = self._pending
        if stream[at] >= 0x20:
            end = at
            while end < len(stream) and stream[end] >= 0x20:
                end += 1
            return Token("text", bytes(stream[at:end]))
        head = bytes(stream[at : at + _LONGEST])
        for size in range(len(head), 0, -1):
            known = _SYNTAX.get(head[:size])
            if known is not None:
                return self._command(at, size, *known)
        if head in _LEADS and len(head) < _LONGEST:
            self._needed = len(head) + 1
            return None
        return Token("unknown", head[: 2 if head[0] in (0x10, 0x1B, 0x1C, 0x1D) else 1])

    def _command(self, at: int, prefix: int, name: str, count: int, length: Length) -> Token | None:
        stream = self._pending
        start = at + prefix + count
        if len(stream) < start:
            self._needed = start - at
            return None
        params = bytes(stream[at + prefix : start])
        size = length(params, bytes(stream[start:]) if length in (_barcode, _until_nul) else b"")
        if size is None:
            self._needed = len(stream) - at + 1
            return None
        end = start + size
        if len(stream) < end:
            self._needed = end - at
            return None
        return Token(name, bytes(stream[at:end]), params, bytes(stream[start:end]))


def parse(data: bytes) -> list[Token]:
    """The tokens of a whole job; an incomplete end is left out."""
    return Parser().feed(data)
