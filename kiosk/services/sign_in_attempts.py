"""How often a PIN may be tried: counted in the store before it is checked, with a lock that grows.

Five tries are free; the fifth wrong one locks the account for 30 s, each further one twice as long, up to 15 minutes.
Only the right PIN takes the count back. A number nobody has is counted and locked in the same way, so that neither the
answer nor the time taken tells whether there is such an account; its count stands in the journal, under a few digits of
a digest, because what was typed as a number may have been somebody's PIN.

A lock is measured by steady time from the moment this program sees it: setting the clock neither shortens nor extends
it. After a restart the stored end decides, but never for longer than the lock's own length; while the clock is behind
the journal it cannot be believed, and the lock runs in full again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from data.database import select
from data.models.shop import Operator as OperatorRow
from data.models.shop import StoreFact
from data.states import Role
from data.unit_of_work import Tx
from kiosk.rules.refusals import Refusal
from kiosk.services.clock import Clock

FREE_TRIES: Final = 5
FIRST_LOCK_MS: Final = 30_000
LONGEST_LOCK_MS: Final = 15 * 60_000
STRANGER: Final = "-"
"""What the journal's key of a number nobody has begins with."""
ATTEMPT: Final = "operator.attempt"

_LAST_ATTEMPT: Final = (
    "SELECT body FROM journal WHERE thing = 'operator' AND thing_key = ? AND kind = 'operator.attempt' "
    "ORDER BY seq DESC LIMIT 1"
)


def lock_ms(failed: int) -> int:
    """How long an account is locked after this many wrong PINs in a row."""
    if failed < FREE_TRIES:
        return 0
    return min(FIRST_LOCK_MS << min(failed - FREE_TRIES, 16), LONGEST_LOCK_MS)


@dataclass(frozen=True, slots=True)
class Account:
    """What an attempt is checked against."""

    number: str
    name: str
    role: Role
    pin_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. wait_ms above 0: it may not be made now, and was not counted; count: which one in a row it is."""

    account: Account | None
    count: int
    wait_ms: int


@dataclass(frozen=True, slots=True)
class _Lock:
    """A lock as this program measures it: after which count it began, and when it ends in steady time."""

    count: int
    until_steady_ms: int


class Attempts:
    """Counts the tries. Its methods run inside transactions, one after another: two places count as two tries."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locks: dict[str, _Lock] = {}

    def begin(self, tx: Tx, number_or_phone: str) -> Attempt:
        """Count a try as failed before its PIN is looked at, or find that it has to wait."""
        account, count, until_ms = _find(number_or_phone)
        key = account.number if account is not None else _stranger(number_or_phone)
        if account is None:
            count, until_ms = _told_of(key)
        wait_ms = self._wait_ms(tx, key, count, until_ms)
        if wait_ms > 0:
            self._tell(tx, key, count, until_ms, "LOCKED")
            return Attempt(account, count, wait_ms)
        count += 1
        until_ms = tx.now_ms + lock_ms(count) if lock_ms(count) else 0
        self._locks[key] = _Lock(count, self._clock.steady_ms() + lock_ms(count))
        if account is not None:
            tx.change(OperatorRow, key, failed_attempts=count, locked_until_ms=until_ms)
        self._tell(tx, key, count, until_ms, "COUNTED")
        return Attempt(account, count, 0)

    def succeeded(self, tx: Tx, attempt: Attempt) -> None:
        """The PIN was right: this try and those before it no longer count; what was tried meanwhile does."""
        account = attempt.account
        assert account is not None
        row = OperatorRow.find(account.number)
        assert row is not None
        count = max(0, row.failed_attempts - attempt.count)
        tx.change(OperatorRow, account.number, failed_attempts=count, locked_until_ms=0)
        self._locks.pop(account.number, None)
        tx.record("operator.signed_in", "operator", account.number, {"role": account.role.value})

    def _wait_ms(self, tx: Tx, key: str, count: int, until_ms: int) -> int:
        length = lock_ms(count)
        if not length:
            return 0
        lock, steady_ms = self._locks.get(key), self._clock.steady_ms()
        if lock is None or lock.count != count:
            left_ms = min(length, max(0, until_ms - tx.now_ms)) if not tx.behind else length
            lock = self._locks[key] = _Lock(count, steady_ms + left_ms)
        return max(0, lock.until_steady_ms - steady_ms)

    def _tell(self, tx: Tx, key: str, count: int, until_ms: int, outcome: str) -> None:
        tx.record(ATTEMPT, "operator", key, {"outcome": outcome, "count": count, "locked_until_ms": until_ms})


def _find(number_or_phone: str) -> tuple[Account | None, int, int]:
    row = OperatorRow.find(number_or_phone)
    if row is None:
        row = OperatorRow.query().where(OperatorRow.phone == _as_phone(number_or_phone)).get_or_none()
    if row is None:
        return None, 0, 0
    account = Account(row.number, row.name, Role(row.role), row.pin_hash, bool(row.disabled))
    return account, row.failed_attempts, row.locked_until_ms


def _as_phone(text: str) -> str:
    """The text as a phone number is kept; what is none stays as it is."""
    from kiosk.rules.customer import normalise_phone

    try:
        return normalise_phone(text)
    except Refusal:
        return text


def _stranger(number_or_phone: str) -> str:
    """The journal's key of a number nobody has: the same for the same number, and of no use to learn it."""
    store = StoreFact.find("store_id")
    assert store is not None
    return STRANGER + sha256(f"{store.value} {_as_phone(number_or_phone)}".encode()).hexdigest()[:4]


def _told_of(key: str) -> tuple[int, int]:
    """Count and end of the lock of a number nobody has."""
    found = select(_LAST_ATTEMPT, key)
    if not found:
        return 0, 0
    said = json.loads(str(found[0][0]))["said"]
    return int(said["count"]), int(said["locked_until_ms"])
