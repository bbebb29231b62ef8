"""How journal rows are chained and keyed: canonical bytes, hash, MAC, the key file, and the anchor on paper.

``hash = sha256(prev || canonical)`` where ``prev`` is the previous row's hash in hex (64 zeros before the first) and
``canonical`` the compact UTF-8 JSON list ``[seq, at_ms, kind, thing, thing_key, grand_total_fen, body]`` with the
body's object exactly as stored. ``mac = HMAC-SHA256(key, hash)``: whoever recomputes the chain needs the key as well,
and what the MAC cannot show, a cut tail, the anchors on slips and in payment order numbers do.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from data.database import StoreDamaged
from data.durable import write_whole

GENESIS: Final = "0" * 64
KEY_FILE: Final = "journal.key"
_KEY_BYTES: Final = 32
_BLOCK: Final = 64
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A point of the chain that paper or another party can witness."""

    seq: int
    hash: str

    @property
    def text(self) -> str:
        """As printed on slips: ``seq·hash12``."""
        return f"{self.seq}·{self.hash[:12]}"


def encode(value: object) -> str:
    """Compact JSON with sorted keys."""
    return _ENCODER.encode(value).decode()


def link(
    prev: str, seq: int, at_ms: int, kind: str, thing: str, thing_key: str, grand_total_fen: int, body: str
) -> str:
    """The hash of a row that follows ``prev``."""
    head = _ENCODER.encode((seq, at_ms, kind, thing, thing_key, grand_total_fen))
    return sha256(b"%b%b,%b]" % (prev.encode(), head[:-1], body.encode())).hexdigest()


class _Mac:
    """HMAC-SHA256 (RFC 2104) with one key; taking up the key again for every row would cost more than the row."""

    def __init__(self, key: bytes) -> None:
        assert len(key) <= _BLOCK
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(self, message: bytes) -> str:
        """The MAC in hex."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


class JournalKey:
    """The secret of one store. It seals journal rows and turns personal values into digests."""

    def __init__(self, secret: bytes) -> None:
        self._sealing = _Mac(secret)
        self._telling = _Mac(hmac.digest(secret, b"personal values", "sha256"))

    def seal(self, row_hash: str) -> str:
        """The MAC of a row's hash, in hex."""
        return self._sealing.of(row_hash.encode())

    def digest(self, table: str, column: str, value: object) -> str:
        """Stands in the journal for a personal value; equal values of one column have equal digests."""
        return "~" + self._telling.of(f"{table}.{column}={value}".encode())[:32]


def blob_digest(value: bytes) -> str:
    """Stands in the journal for a blob."""
    return "#" + sha256(value).hexdigest()


def read_key(directory: Path) -> JournalKey | None:
    """The key of the store in ``directory``, None when it has none. Raises StoreDamaged when it is unreadable."""
    try:
        text = (directory / KEY_FILE).read_text(encoding="ascii")
        secret = bytes.fromhex(text.strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise StoreDamaged(f"the journal key in {directory / KEY_FILE} cannot be read") from problem
    if len(secret) != _KEY_BYTES:
        raise StoreDamaged(f"the journal key in {directory / KEY_FILE} is not {_KEY_BYTES} bytes long")
    return JournalKey(secret)


def make_key(directory: Path) -> JournalKey:
    """Writes a new key, readable by its owner only, durable before this returns.

    Only for a store without a journal: a second key would make every earlier row look forged.
    """
    secret = secrets.token_bytes(_KEY_BYTES)
    write_whole(directory / KEY_FILE, secret.hex().encode("ascii") + b"\n")
    return JournalKey(secret)


JsonValue = str | int | float | bool | None | list["JsonValue"] | Mapping[str, "JsonValue"]
"""What a journal body may hold."""
