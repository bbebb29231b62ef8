"""Operators and returning customers."""

from __future__ import annotations

from dataclasses import dataclass

from data.reading import fetch, fetch_one
from data.states import Role


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """An operator; ``pin_hash`` is the encoded argon2 hash."""

    number: str
    name: str
    phone: str | None
    role: Role
    pin_hash: str
    disabled: bool
    failed_attempts: int
    locked_until_ms: int
    language: str


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    id: str
    name: str
    phone: str
    division_code: str | None
    address: str | None


def operator(number: str) -> OperatorFacts | None:
    """The operator with this number."""
    return fetch_one(OperatorFacts, "FROM operator WHERE number = ?", number)


def operator_by_phone(phone: str) -> OperatorFacts | None:
    """The operator with this phone."""
    return fetch_one(OperatorFacts, "FROM operator WHERE phone = ?", phone)


def operators() -> tuple[OperatorFacts, ...]:
    """All operators, by number."""
    return fetch(OperatorFacts, "FROM operator ORDER BY number")


def customer_by_phone(phone: str) -> CustomerFacts | None:
    """The known customer with this phone; see also ``sales.last_sale_to``."""
    return fetch_one(CustomerFacts, "FROM customer WHERE phone = ?", phone)
