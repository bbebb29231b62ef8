"""Who works at this terminal: sign-in by operator number or phone and PIN, and locking.

PINs are kept as Argon2id hashes only (19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's setting,
about 20 ms here), computed on another thread. Every attempt is a row of the journal, the failed ones too; what was
typed as PIN is never written anywhere.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from data.models.shop import Operator as OperatorRow
from data.states import Role
from data.store import Store
from data.unit_of_work import Tx
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, clean_field, fold_width
from kiosk.services.clock import Clock
from kiosk.services.operators import Operator

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1

NOBODY = "-"
"""The journal's key of an attempt with a number nobody has."""


@dataclass(frozen=True, slots=True)
class _Account:
    """What an attempt is checked against."""

    number: str
    name: str
    role: Role
    pin_hash: str
    disabled: bool


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
        self._clock = clock
        self._decoy: str | None = None

    async def sign_in(self, number_or_phone: str, pin: str) -> Operator:
        """The operator with this number or phone, if the PIN is theirs.

        Raises Refusal WRONG_PIN (also for a number nobody has), ACCOUNT_DISABLED, NOT_SIGNED_IN when nothing was typed.
        """
        name = clean_field(fold_width(number_or_phone), Use.OPERATOR)
        if not name:
            raise Refusal(Reason.NOT_SIGNED_IN)
        account = await self._store.read(lambda: _find(name))
        return await self._attempt(account, pin)

    async def lock(self, operator: Operator) -> None:
        """Write into the journal that the operator's screen was locked or left."""
        number = operator.number
        await self._store.write(
            lambda tx: tx.record("operator.lock", "operator", number, {"role": operator.role.value})
        )

    async def _attempt(self, account: _Account | None, pin: str) -> Operator:
        typed = fold_width(pin).strip()[: Use.PIN.limit]
        fits = await asyncio.to_thread(self._fits, account, typed)
        reason = None
        if account is None or not fits:
            reason = Reason.WRONG_PIN
        elif account.disabled:
            reason = Reason.ACCOUNT_DISABLED
        number = NOBODY if account is None else account.number
        body = {"attempt": "sign_in", "outcome": "OK" if reason is None else reason.value}

        def note(tx: Tx) -> None:
            tx.record("operator.attempt", "operator", number, body)

        await self._store.write(note)
        if reason is not None or account is None:
            raise Refusal(reason or Reason.WRONG_PIN)
        return Operator(number=account.number, name=account.name, role=account.role)

    def _fits(self, account: _Account | None, pin: str) -> bool:
        """Costs the same for an account that does not exist: its number cannot be told from the time taken."""
        if account is None:
            self._decoy = self._decoy or hash_pin("0")
            return pin_fits(self._decoy, pin) and False
        return pin_fits(account.pin_hash, pin)


def _find(number_or_phone: str) -> _Account | None:
    row = OperatorRow.find(number_or_phone)
    if row is None:
        from kiosk.rules.customer import normalise_phone

        try:
            phone = normalise_phone(number_or_phone)
        except Refusal:
            return None
        row = OperatorRow.query().where(OperatorRow.phone == phone).get_or_none()
    if row is None:
        return None
    return _Account(row.number, row.name, Role(row.role), row.pin_hash, bool(row.disabled))
