"""The journal 日志链: checking that it is whole, and that the tables are what it tells.

Appending happens in ``Tx`` (``data.unit_of_work``), how rows are chained is in ``data.chain``. Verifying reads through
its own read-only connection, so it runs beside a live kiosk, and row by row, so a million rows need no memory.

A row's body is one of ``{"set": {column: value…}, "<lines' table>": [{…}…]}`` (a row was born, moved or changed),
``{"gone": true}`` (deleted, where that is allowed) and ``{"said": {…}}`` (a fact without a row).

Anchors are kept outside the store: on slips, in payment order numbers, at headquarters. An anchors file is either a
JSON list of objects ``{"seq": 12, "hash": "9f3c01ab…"}`` or lines ``12·9f3c01ab5d7e``; ``·``, ``-`` and ``:`` all
separate, a hash may be shortened to its first 8 digits or more, empty lines and lines from ``#`` on are skipped.
A payment order's number is an anchor, too, as the payment channels' bills list it: it ends in the first 8 digits of the
journal's head at that moment. It has no sequence, so it is met by any row with such a hash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import apsw
import msgspec

from data.chain import GENESIS, Anchor, JournalKey, link, read_key
from data.database import SCHEMA_VERSION, STORE_FILE, Connection, StoreDamaged, connect
from data.migrate import check_schema
from data.replay import first_difference

_ANCHOR: Final = re.compile(r"\s*(\d{1,18})\s*[·\-:]\s*([0-9a-fA-F]{8,64})\s*")
_PAYMENT_NUMBER: Final = re.compile(r"\s*[0-9A-Z]{6}\d{13}([0-9A-F]{8})\s*")
_ANYWHERE: Final = 0
"""Sequence of an anchor that only has a hash."""
_LOOSE: Final = 8
"""Digits of the hash in a payment order's number."""
_ROWS: Final = (
    "SELECT seq, at_ms, kind, thing, thing_key, body, grand_total_fen, prev, hash, mac FROM journal "
    "WHERE seq > ? ORDER BY seq"
)
_TAIL: Final = 500


class Code(IntEnum):
    """Exit codes of ``kiosk journal verify``."""

    WHOLE = 0
    ALTERED = 10
    GAP = 11
    TRUNCATED_OR_FORKED = 12
    KEY_DOES_NOT_FIT = 13
    TABLES_DIFFER = 14


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: ``why`` is one sentence, ``seq`` the row it speaks of, ``head`` the last row."""

    code: Code
    rows: int
    head: Anchor | None
    why: str
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class _Walk:
    rows: int
    head: Anchor | None
    broken: Verdict | None
    unkeyed: int | None
    met: tuple[Anchor, ...]


def parse_anchor(text: str) -> Anchor:
    """Reads ``S·H`` as printed on slips (also ``S-H`` and ``S:H``), or a payment order's number. Raises ValueError."""
    if (number := _PAYMENT_NUMBER.fullmatch(text)) is not None:
        return Anchor(_ANYWHERE, number[1].lower())
    found = _ANCHOR.fullmatch(text)
    if found is None:
        raise ValueError(f"an anchor is written as sequence·hash, not {text!r}")
    return Anchor(int(found[1]), found[2].lower())


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """Reads an anchors file (see the module). Raises ValueError when it cannot be read or understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"the anchors file {path} cannot be read") from problem
    if text.lstrip().startswith("["):
        try:
            listed = msgspec.json.decode(text, type=list[Anchor])
        except msgspec.MsgspecError as problem:
            raise ValueError(f"the anchors file {path} is not a list of seq and hash: {problem}") from problem
        return tuple(parse_anchor(f"{anchor.seq}:{anchor.hash}") for anchor in listed)
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return tuple(parse_anchor(line) for line in lines if line)


def verify(directory: Path, *, anchors: Path | None = None, receipt: str | None = None) -> Verdict:
    """Checks chain, anchors, key and tables of the store in ``directory``, in that order; changes nothing.

    Raises ValueError for an unreadable anchors file or receipt text, StoreDamaged when there is no readable store.
    """
    wanted = list(read_anchors(anchors)) if anchors is not None else []
    if receipt is not None:
        wanted.append(parse_anchor(receipt))
    if not (directory / STORE_FILE).exists():
        raise StoreDamaged(f"there is no store in {directory}")
    try:
        key = read_key(directory)
    except StoreDamaged:
        key = None
    try:
        connection = connect(directory / STORE_FILE, read_only=True)
        try:
            found = int(connection.pragma("user_version"))
            if found != SCHEMA_VERSION:
                raise StoreDamaged(f"the store has schema {found}, this program knows {SCHEMA_VERSION}")
            connection.execute("BEGIN")  # one snapshot, whatever a live kiosk writes meanwhile
            return _verify(connection, key, wanted)
        except apsw.SQLError:
            check_schema(connection)  # rules may be missing, that is a finding; what the tables lack is another program
            raise
        finally:
            connection.close()
    except apsw.Error as problem:
        raise StoreDamaged(f"the store in {directory} cannot be read: {problem}") from problem


def check_tail(connection: Connection, key: JournalKey) -> None:
    """After a bad end: the last rows must be chained and keyed. Raises StoreDamaged."""
    found = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1 OFFSET ?", (_TAIL,)).fetchone()
    walk = _walk(connection, key, (), after=(0, GENESIS) if found is None else (int(found[0]), str(found[1])))
    if walk.broken is not None:
        raise StoreDamaged(f"the journal is damaged: {walk.broken.why}")
    if walk.unkeyed is not None:
        raise StoreDamaged(f"the journal key does not fit row {walk.unkeyed}")


def _verify(connection: Connection, key: JournalKey | None, wanted: Sequence[Anchor]) -> Verdict:
    walk = _walk(connection, key, wanted)
    if walk.broken is not None:
        return walk.broken
    for anchor in wanted:
        if anchor not in walk.met:
            return _not_met(walk, anchor)
    if key is None:
        return Verdict(Code.KEY_DOES_NOT_FIT, walk.rows, walk.head, "the store has no journal key")
    if walk.unkeyed is not None:
        why = f"the key does not fit row {walk.unkeyed}"
        return Verdict(Code.KEY_DOES_NOT_FIT, walk.rows, walk.head, why, walk.unkeyed)
    difference = first_difference(connection, key)
    if difference is not None:
        return Verdict(Code.TABLES_DIFFER, walk.rows, walk.head, difference)
    return Verdict(Code.WHOLE, walk.rows, walk.head, "the journal is whole")


def _not_met(walk: _Walk, anchor: Anchor) -> Verdict:
    if anchor.seq == _ANYWHERE:
        why = f"the payment order that ends in {anchor.hash.upper()} is not met: the chain has no such row"
        return Verdict(Code.TRUNCATED_OR_FORKED, walk.rows, walk.head, why)
    last = walk.head.seq if walk.head is not None else 0
    how = "the chain ends before it" if anchor.seq > last else "the chain has another row there"
    why = f"anchor {anchor.text} is not met: {how}"
    return Verdict(Code.TRUNCATED_OR_FORKED, walk.rows, walk.head, why, anchor.seq)


def _walk(
    connection: Connection, key: JournalKey | None, wanted: Sequence[Anchor], after: tuple[int, str] = (0, GENESIS)
) -> _Walk:
    seq, prev = after
    began, at_ms_before, total_before = seq, 0, 0
    unkeyed: int | None = None
    by_seq: dict[int, list[Anchor]] = {}
    for anchor in wanted:
        by_seq.setdefault(anchor.seq, []).append(anchor)
    loose = {anchor.hash: anchor for anchor in by_seq.pop(_ANYWHERE, ())}
    met: list[Anchor] = []

    def stop(code: Code, why: str, at: int) -> _Walk:
        head = Anchor(seq, prev) if seq else None
        return _Walk(seq - began, head, Verdict(code, seq - began, head, why, at), unkeyed, ())

    for found, at_ms, kind, thing, thing_key, body, total, told_prev, told_hash, mac in connection.execute(
        _ROWS, (seq,)
    ):
        if found != seq + 1:
            return stop(Code.GAP, f"row {seq + 1} is missing", seq + 1)
        true_hash = link(prev, found, at_ms, kind, thing, thing_key, total, body)
        if told_prev != prev or told_hash != true_hash:
            return stop(Code.ALTERED, f"row {found} was altered", found)
        if at_ms < at_ms_before or total < total_before:
            return stop(Code.ALTERED, f"row {found} goes back in time or grand total", found)
        if unkeyed is None and key is not None and key.seal(true_hash) != mac:
            unkeyed = found
        seq, prev, at_ms_before, total_before = found, true_hash, at_ms, total
        met += [anchor for anchor in by_seq.get(seq, ()) if true_hash.startswith(anchor.hash)]
        if loose and (anchor := loose.get(true_hash[:_LOOSE])) is not None:
            met.append(anchor)
    if seq == 0:
        return stop(Code.GAP, "the journal is empty", 1)
    return _Walk(seq - began, Anchor(seq, prev), None, unkeyed, tuple(met))
