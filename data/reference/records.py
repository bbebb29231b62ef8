"""The shapes of the reference data: dated rules with their source, frozen once loaded.

Dates are ISO texts; an empty `valid_to` means no end is known. `source` and `confidence` are for people who ask where
a rule comes from and how sure it is.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division. `names` runs from the province down to it; `leaf`: nothing lies below it."""

    code: str
    parent: str
    name: str
    names: tuple[str, ...]
    leaf: bool

    @property
    def text(self) -> str:
        """As people read it: 浙江省 杭州市 西湖区."""
        return " ".join(self.names)


@dataclass(frozen=True, slots=True)
class DivisionTable:
    """All divisions in the order of their codes, and where they come from."""

    as_of: str
    authority: str
    source: str
    licence: str
    attribution: str
    changes: str
    rows: tuple[Division, ...]
    by_code: dict[str, Division]

    def children(self, parent: str = "") -> tuple[Division, ...]:
        """The divisions directly below `parent`; the provinces without one."""
        return tuple(row for row in self.rows if row.parent == parent)


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One code format: `pattern` refuses, `expected` and `checks` warn, `rewrite` gives the normal form."""

    name: str
    kind: str
    pattern: str
    expected: str
    rewrite: str
    checks: tuple[str, ...]
    digits_only: str
    unit_unique: bool
    example: str
    valid_from: str
    valid_to: str
    region: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class UrlForm:
    """One URL of a certificate's QR code; `pattern` has the group `code`."""

    name: str
    kind: str
    pattern: str
    code_pattern: str
    example: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Every code format that is known."""

    as_of: str
    url_forms: tuple[UrlForm, ...]
    rules: tuple[CodeRule, ...]


@dataclass(frozen=True, slots=True)
class SaleBan:
    """Goods that may not be sold from a day on; empty tuples mean every edition, every chemistry.

    `goods_zh` and `goods_en` name the banned goods in a refusal.
    """

    name: str
    goods_zh: str
    goods_en: str
    kind: str
    valid_from: str
    valid_to: str
    editions: tuple[str, ...]
    chemistries: tuple[str, ...]
    without_ccc: bool
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class SaleBanTable:
    """Every sale ban that is known."""

    as_of: str
    bans: tuple[SaleBan, ...]


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate in basis points (13 % = 1300) and the days it holds."""

    valid_from: str
    valid_to: str
    rate_bp: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class TaxProfile:
    """How a kind of taxpayer bills. Blank fields must be filled in by the shop before a real invoice is issued."""

    name: str
    title: str
    goods_tax_code: str
    goods_short_name: str
    special_element: str
    demo: bool
    rates: tuple[TaxRate, ...]

    def rate_bp(self, day: str) -> int:
        """The rate on `day` (ISO date). Raises LookupError when no rate is known for it."""
        for rate in self.rates:
            if rate.valid_from <= day and (not rate.valid_to or day <= rate.valid_to):
                return rate.rate_bp
        raise LookupError(f"tax profile {self.name} has no rate for {day}")

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the required settings that are blank."""
        required = ("goods_tax_code", "goods_short_name", "special_element")
        return tuple(name for name in required if not str(getattr(self, name)).strip())


@dataclass(frozen=True, slots=True)
class TaxProfileTable:
    """Every tax profile that is known."""

    as_of: str
    profiles: tuple[TaxProfile, ...]

    def named(self, name: str) -> TaxProfile:
        """The profile called `name`. Raises LookupError."""
        for profile in self.profiles:
            if profile.name == name:
                return profile
        raise LookupError(f"no tax profile is called {name}")


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """One published year: days off with their names, and the week-end days that are worked."""

    year: int
    source: str
    confidence: str
    days_off: tuple[tuple[str, str], ...]
    working_days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HolidayTable:
    """Public holidays, gathered over the published years."""

    as_of: str
    published: tuple[HolidayYear, ...]
    days_off: dict[str, str] = field(repr=False)
    working_days: frozenset[str] = field(repr=False)
    years: frozenset[int]
