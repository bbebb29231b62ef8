"""The facts papers are made of: plain frozen values read from the store, already masked, in fen and UTC epoch ms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SlipCopy(StrEnum):
    """Whose copy of a slip it is; the values are those of the print job's copy."""

    MERCHANT = "MERCHANT"
    CUSTOMER = "CUSTOMER"


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One sold thing. `kind` is a line kind (VEHICLE, BATTERY, …); a price of 0 fen is included in the bundle."""

    kind: str
    name: str
    code: str = ""
    colour: str = ""
    price_fen: int = 0


@dataclass(frozen=True, slots=True)
class SlipPayment:
    """One settled part of the price. `channel` is a channel or tender kind; numbers are empty for cash."""

    channel: str
    amount_fen: int
    number: str = ""
    provider_number: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Marks every paper after the first: the how manieth it is, and when the first one went to the printer."""

    number: int
    first_printed_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SaleSlipFacts:
    """Everything on the slip of a paid sale. `anchor` is the journal head as `seq·hash12`; names are masked."""

    shop_name: str
    shop_address: str
    shop_phone: str
    terminal: str
    serial: str
    operator: str
    paid_at_ms: int
    lines: tuple[SlipLine, ...]
    total_fen: int
    payments: tuple[SlipPayment, ...]
    customer_name: str
    customer_phone: str
    anchor: str
    duplicate: Duplicate | None = None
