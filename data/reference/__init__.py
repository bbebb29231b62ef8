"""Rules that the state may change, as dated data: divisions, code formats, sale bans, tax profiles, holidays.

Each function reads its JSON file on first use and keeps it; a file that is damaged raises msgspec.DecodeError, which
the tests rule out for what is delivered. To change a rule, change the file, with its date and source.
"""

from functools import cache
from importlib.resources import files
from typing import TypeVar

from data.reference.records import (
    CodeRule,
    CodeTable,
    Division,
    DivisionTable,
    HolidayTable,
    HolidayYear,
    SaleBan,
    SaleBanTable,
    TaxProfile,
    TaxProfileTable,
    TaxRate,
    UrlForm,
)

__all__ = [
    "CodeRule",
    "CodeTable",
    "Division",
    "DivisionTable",
    "HolidayTable",
    "HolidayYear",
    "SaleBan",
    "SaleBanTable",
    "TaxProfile",
    "TaxProfileTable",
    "TaxRate",
    "UrlForm",
    "code_rules",
    "divisions",
    "holidays",
    "sale_bans",
    "tax_profiles",
]

T = TypeVar("T")


@cache
def divisions() -> DivisionTable:
    """Provinces, cities and counties, each with its path of names."""
    import msgspec

    class DivisionsFile(msgspec.Struct):
        as_of: str
        authority: str
        source: str
        licence: str
        attribution: str
        changes: str
        rows: list[tuple[str, str, str]]

    read = _read("divisions.json", DivisionsFile)
    parents = {parent for _, parent, _ in read.rows}
    paths: dict[str, tuple[str, ...]] = {"": ()}
    # A parent's code ends in zeros, so in the order of codes it comes before what lies below it.
    for code, parent, name in read.rows:
        paths[code] = (*paths[parent], name)
    rows = tuple(
        Division(code, parent, name, paths[code], leaf=code not in parents) for code, parent, name in read.rows
    )
    return DivisionTable(
        as_of=read.as_of,
        authority=read.authority,
        source=read.source,
        licence=read.licence,
        attribution=read.attribution,
        changes=read.changes,
        rows=rows,
        by_code={row.code: row for row in rows},
    )


@cache
def code_rules() -> CodeTable:
    """The formats of vehicle, battery and charger codes and of the URLs that carry them."""
    return _read("code_rules.json", CodeTable)


@cache
def sale_bans() -> SaleBanTable:
    """What may not be sold from which day on."""
    return _read("sale_bans.json", SaleBanTable)


@cache
def tax_profiles() -> TaxProfileTable:
    """Tax rates by date, for each kind of taxpayer."""
    return _read("tax_profiles.json", TaxProfileTable)


@cache
def holidays() -> HolidayTable:
    """Public holidays and worked week-ends of the published years."""
    import msgspec

    class HolidaysFile(msgspec.Struct):
        as_of: str
        years: tuple[HolidayYear, ...]

    read = _read("holidays.json", HolidaysFile)
    return HolidayTable(
        as_of=read.as_of,
        published=read.years,
        days_off={day: name for year in read.years for day, name in year.days_off},
        working_days=frozenset(day for year in read.years for day in year.working_days),
        years=frozenset(year.year for year in read.years),
    )


def _read(name: str, shape: type[T]) -> T:
    import msgspec

    return msgspec.json.decode(files(__name__).joinpath(name).read_bytes(), type=shape)
