"""Who is signed in, as every service and screen knows it."""

from dataclasses import dataclass

from data.states import Role


@dataclass(frozen=True, slots=True)
class Operator:
    """Who is signed in."""

    number: str
    name: str
    role: Role
