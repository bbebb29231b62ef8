"""The oracle of the power-cut replay: what a disk state is worth, judged as the kiosk would start on it.

Two states that recover to the same store are judged once: after SQLite took up its log the file is checkpointed, and
its bytes tell whether this store was judged before. What depends on the moment of the cut, which commits were
acknowledged by then, is compared for every state.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import apsw

from data.chain import KEY_FILE
from data.database import STORE_FILE, StoreDamaged
from data.journal import verify
from data.states import LIVE_ORDER
from data.store import Store

INTENTS = {"payment_order": "number", "refund": "number", "invoice": "number", "outbox": "key"}
LIVE = "(" + ", ".join(f"'{state}'" for state in sorted(LIVE_ORDER)) + ")"


class Outcome(StrEnum):
    """What a state is worth."""

    WHOLE = "whole"
    LOST = "lost"  # something acknowledged is not there
    CORRUPT = "corrupt"  # SQLite says so, or the store does not open
    BROKEN = "broken"  # SQLite is content, our own rules are not
    PHANTOM = "phantom"  # something is there that was never committed


@dataclass(frozen=True, slots=True)
class Found:
    """A recovered store, whatever was acknowledged."""

    outcome: Outcome
    why: str = ""
    head: str = ""
    intents: dict[str, frozenset[str]] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()


class Judge:
    """Judges states in `place`. `notes`: a line for each commit, as the recorded program acknowledged them."""

    def __init__(self, place: Path, notes: bytes) -> None:
        self.most_lost = 0
        self._shop = place / "shop"
        self._commits: list[dict[str, Any]] = [json.loads(line) for line in notes.splitlines()]
        self._heads = [commit["hash"] for commit in self._commits]
        self._known: dict[bytes, Found] = {}

    @property
    def stores(self) -> int:
        """How many different stores the states recovered to."""
        return len(self._known)

    def of(self, contents: dict[str, bytes], directories: list[str], acknowledged: int) -> tuple[Outcome, str]:
        """`acknowledged`: the last commit that was before the power failed; -1 when none was."""
        self._lay_out(contents, directories)
        try:
            found = self._found() if acknowledged >= 0 else self._started(Found(Outcome.WHOLE))
        except (apsw.Error, StoreDamaged) as problem:
            return Outcome.CORRUPT, str(problem)
        if found.outcome is not Outcome.WHOLE or acknowledged < 0:
            return found.outcome, found.why
        return self._compared(found, contents, acknowledged)

    def _lay_out(self, contents: dict[str, bytes], directories: list[str]) -> None:
        shutil.rmtree(self._shop, ignore_errors=True)
        self._shop.mkdir()
        for name in directories:
            (self._shop / name).mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (self._shop / name).write_bytes(content)

    def _found(self) -> Found:
        """Let SQLite take up its log; judge the store unless it is known."""
        if not (self._shop / STORE_FILE).exists():
            return Found(Outcome.LOST, "there is no store")
        connection = apsw.Connection(str(self._shop / STORE_FILE))
        try:
            connection.pragma("locking_mode", "EXCLUSIVE")  # spares the shared memory
            connection.pragma("synchronous", 0)  # this disk has been cut already
            connection.pragma("wal_checkpoint", "TRUNCATE")
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # takes up a rollback journal
            key = self._shop / KEY_FILE
            recovered = sha1((self._shop / STORE_FILE).read_bytes(), usedforsecurity=False)
            recovered.update(key.read_bytes() if key.exists() else b"none")
            digest = recovered.digest()
            if digest in self._known:
                return self._known[digest]
            looked = _look_into(connection)
        finally:
            connection.close()
        if looked.outcome is Outcome.WHOLE:
            looked = self._started(looked)
        self._known[digest] = looked
        return looked

    def _started(self, looked: Found) -> Found:
        """The kiosk's own start on it, and its own check."""
        Store.open(self._shop, now_ms=lambda: 0).close()
        verdict = verify(self._shop)
        return looked if verdict.code == 0 else Found(Outcome.BROKEN, verdict.why)

    def _compared(self, found: Found, contents: dict[str, bytes], acknowledged: int) -> tuple[Outcome, str]:
        commits, heads = self._commits, self._heads
        for thing, numbers in commits[acknowledged]["intents"].items():
            if missing := set(numbers) - found.intents[thing]:
                return Outcome.LOST, f"{thing} {sorted(missing)[0]} was acknowledged"
        for path, digest in found.files:
            if sha256(contents.get(path, b"")).hexdigest() != digest:
                return Outcome.LOST, f"{path} is recorded as kept"
        if found.head in heads[acknowledged : acknowledged + 2]:
            return Outcome.WHOLE, ""
        if found.head in heads[:acknowledged]:
            behind = acknowledged - max(i for i, head in enumerate(heads[:acknowledged]) if head == found.head)
            self.most_lost = max(self.most_lost, behind)
            return Outcome.LOST, f"{behind} acknowledged commits"
        return Outcome.PHANTOM, f"no commit ended in {found.head[:12]}"


def _look_into(connection: Any) -> Found:
    answer = connection.execute("PRAGMA integrity_check").fetchall()
    if answer != [("ok",)]:
        return Found(Outcome.CORRUPT, str(answer[:1]))
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        return Found(Outcome.CORRUPT, "foreign keys")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
        return Found(Outcome.WHOLE, "not made yet")
    twice = connection.execute(
        f"SELECT sale_id FROM payment_order WHERE state IN {LIVE} GROUP BY sale_id HAVING COUNT(*) > 1"
    ).fetchall()
    if twice:
        return Found(Outcome.BROKEN, f"sale {twice[0][0]} has two live orders")
    head = connection.execute("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return Found(
        Outcome.WHOLE,
        head=head[0] if head else "",
        intents={
            thing: frozenset(row[0] for row in connection.execute(f"SELECT {key} FROM {thing}"))
            for thing, key in INTENTS.items()
        },
        files=tuple(connection.execute("SELECT path, sha256 FROM invoice_file").fetchall()),
    )
