"""From a sale's stored facts to the invoice it gets: lines, tax, remark, in fen.

What stands on the invoice, decided here:

* The customer pays one price for the bundle. Batteries and charger belong to the vehicle (they are delivered with it,
  GB 17761) and have no price of their own, and an invoice cannot have a line of zero. So every line of the sale with a
  price becomes an invoice line, and what has none is named in the remark by its code.
* Prices include tax. Each line is split on its own, net = gross / (1 + rate), halves up; the invoice is the sum of its
  lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.reference import TaxProfile
from data.states import LineKind
from drivers.invoices.base import InvoiceLine
from kiosk.rules.calendar import business_day
from kiosk.rules.money import split_tax
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use
from kiosk.services import views

NAMES = {LineKind.VEHICLE: "整车编码", LineKind.BATTERY: "电池码", LineKind.CHARGER: "充电器码"}
NO_SPECIAL_ELEMENT = frozenset({"0", "00"})
SPEC_LIMIT = 40  # Nuonuo requestBillingNew, specType
NAME_LIMIT = 90  # Nuonuo requestBillingNew, goodsName


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The shop's tax settings. Empty texts are settings nobody filled in yet.

    special_element: `0` for none, the only one that can be issued so far.
    """

    profile: TaxProfile
    goods_tax_code: str
    goods_short_name: str
    special_element: str
    unit: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the settings that must be filled in first."""
        filled = {
            "invoices.goods_tax_code": bool(self.goods_tax_code),
            "invoices.goods_short_name": bool(self.goods_short_name),
            "invoices.special_element": self.special_element in NO_SPECIAL_ELEMENT,
        }
        return tuple(name for name, there in filled.items() if not there)


def amounts_of(sale: views.Sale, terms: TaxTerms, at_ms: int) -> tuple[int, int]:
    """(net, tax) of the invoice of a sale paid at `at_ms`. Raises LookupError when no rate is known for that day."""
    rate_bp = terms.profile.rate_bp(business_day(at_ms))
    split = [split_tax(line.price_fen, rate_bp) for line in sale.lines if line.price_fen > 0]
    return sum(net for net, _ in split), sum(tax for _, tax in split)


def lines_for(sale: views.Sale, terms: TaxTerms, at_ms: int) -> tuple[InvoiceLine, ...]:
    """The lines of that invoice. Raises LookupError as above, Refusal INVOICE_SETTINGS_MISSING (missing)."""
    rate_bp = terms.profile.rate_bp(business_day(at_ms))
    if terms.missing:
        raise Refusal(Reason.INVOICE_SETTINGS_MISSING, missing=", ".join(terms.missing))
    return tuple(_line(line, terms, rate_bp) for line in sale.lines if line.price_fen > 0)


def remark_of(serial: str, lines: Sequence[views.Line]) -> str:
    """The codes of everything sold, each after its kind; whole codes only, and how many did not fit."""
    parts = [f"流水号{serial}"]
    parts += [f"{NAMES[line.kind]}{line.code}" for line in lines if line.kind in NAMES and line.code]
    kept: list[str] = []
    for at, part in enumerate(parts):
        rest = f"另{len(parts) - at}件"
        after = len(parts) - at - 1
        length = sum(len(one) + 1 for one in kept) + len(part) + (len(rest) + 1 if after else 0)
        if length > Use.REMARK.limit:
            return ";".join([*kept, rest])
        kept.append(part)
    return ";".join(kept)


def _line(line: views.Line, terms: TaxTerms, rate_bp: int) -> InvoiceLine:
    net, tax = split_tax(line.price_fen, rate_bp)
    return InvoiceLine(
        name=f"*{terms.goods_short_name}*{line.name}"[:NAME_LIMIT],
        tax_code=terms.goods_tax_code,
        quantity=1,
        unit=terms.unit,
        spec=line.model[:SPEC_LIMIT],
        rate_bp=rate_bp,
        net_fen=net,
        tax_fen=tax,
        gross_fen=line.price_fen,
    )
