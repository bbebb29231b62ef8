"""Who works at this terminal: sign-in by operator number or phone and PIN, and locking.

PINs are kept as Argon2id hashes only (19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's setting,
about 20 ms here), computed on another thread. Every attempt is a row of the journal before it is checked
(`sign_in_attempts`); what was typed as PIN is never written anywhere.
"""

from __future__ import annotations

import asyncio

from data.models.shop import Operator as OperatorRow
from data.store import Store
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field, fold_width
from kiosk.services.clock import Clock
from kiosk.services.operators import Operator
from kiosk.services.sign_in_attempts import FIRST_LOCK_MS, FREE_TRIES, Account, Attempts, lock_ms

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
DECOY = "$argon2id$v=19$m=19456,t=2,p=1$h2aU0fTVI8v6QUVoKRSJwA$tqamztb+TYsApK8OYz7DzXtD/QrgtvBuikSz+o+ZQfM"
"""What a PIN is checked against when nobody has the number: of the same cost, and it fits nobody."""


def hash_pin(pin: str) -> str:
    """The PIN as it is stored. Takes about 20 ms: call it on another thread than the screen's."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES).hash(pin)


def pin_fits(pin_hash: str, pin: str) -> bool:
    """Whether the PIN is the one of the stored hash. An unreadable hash fits no PIN."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(pin_hash, pin)
    except (VerificationError, InvalidHashError):
        return False


class SignInService:
    """Signs operators in and out. Nobody is told whether the number or the PIN was the wrong one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._attempts = Attempts(clock)

    async def sign_in(self, number_or_phone: str, pin: str) -> Operator:
        """The operator with this number or phone, if the PIN is theirs.

        Raises Refusal WRONG_PIN (count, left, lock; also for a number nobody has), ACCOUNT_LOCKED (seconds) after
        too many wrong ones, ACCOUNT_DISABLED, NOT_SIGNED_IN when nothing was typed. Without a PIN nothing is tried and
        nothing counted.
        """
        name = clean_field(fold_width(number_or_phone), Use.OPERATOR)
        if not name:
            raise Refusal(Reason.NOT_SIGNED_IN)
        typed = fold_width(pin).strip()[: Use.PIN.limit]
        if not typed:
            raise Refusal(Reason.WRONG_PIN)
        attempt = await self._store.write(lambda tx: self._attempts.begin(tx, name))
        if attempt.wait_ms > 0:
            raise _locked(attempt.wait_ms)
        account = attempt.account
        if not await asyncio.to_thread(self._fits, account, typed) or account is None:
            raise _wrong(attempt.count)
        if account.disabled:
            raise Refusal(Reason.ACCOUNT_DISABLED)
        await self._store.write(lambda tx: self._attempts.succeeded(tx, attempt))
        return Operator(number=account.number, name=account.name, role=account.role)

    async def is_number(self, text: str) -> bool:
        """Whether this is the number of an operator. Numbers are no secret: they stand on every screen and slip."""
        typed = fold_width(text).strip()[: Use.OPERATOR.limit]
        return bool(typed) and await self._store.read(lambda: OperatorRow.find(typed) is not None)

    async def lock(self, operator: Operator) -> None:
        """Write into the journal that the operator's screen was locked or left."""
        number = operator.number
        await self._store.write(
            lambda tx: tx.record("operator.lock", "operator", number, {"role": operator.role.value})
        )

    @staticmethod
    def _fits(account: Account | None, pin: str) -> bool:
        """Costs the same for an account that does not exist: its number cannot be told from the time taken."""
        return pin_fits(DECOY if account is None else account.pin_hash, pin)


def _wrong(count: int) -> Refusal:
    """What is told of the `count`th wrong PIN in a row."""
    if lock_ms(count):
        return _locked(lock_ms(count))
    left, seconds = FREE_TRIES - count, FIRST_LOCK_MS // 1000
    return Refusal(Reason.WRONG_PIN, count=str(count), left=str(left), lock=str(seconds))


def _locked(ms: int) -> Refusal:
    return Refusal(Reason.ACCOUNT_LOCKED, seconds=str(-(-ms // 1000)))
