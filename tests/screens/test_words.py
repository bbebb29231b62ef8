"""Every text of the screens: translated, worded as the contract asks, fitting its line."""

import ast
import gettext
import re
import string
from collections.abc import Iterator
from importlib import resources

import pytest
from rich.cells import cell_len

from data.reference import sale_bans
from kiosk import i18n
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens.wording import SENTENCES, sentence
from kiosk.widgets.frame import Tone, state_line
from kiosk.widgets.prose import fold

LABELS = tuple(
    "操作员 登录 捆绑销售 销售单 求助 锁定 开始捆绑 下一步 上一步 整车编码 电池码 充电器码 再输一次 姓名 手机号码 "  # noqa: SIM905
    "行政区划 详细地址 提交 实际销售金额 微信 收款 取消收款 挂单 取单 完成 返回 待支付 已支付 未知 已关闭 开票中 "
    "已开票 开票失败 打印中 已打印 待确认 查看 下载 退出演示 换渠道 支付宝".split()
)


def sources() -> Iterator[str]:
    package = resources.files("kiosk")
    yield package.joinpath("app.py").read_text("utf-8")
    for room in ("screens", "widgets"):
        for file in package.joinpath(room).iterdir():
            if file.name.endswith(".py"):
                yield file.read_text("utf-8")


def used() -> set[str]:
    """Every text that goes through `tr` or `mark`."""
    found: set[str] = set()
    for source in sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"tr", "mark"}:
                argument = node.args[0] if node.args else None
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


def catalogue(language: str) -> gettext.GNUTranslations:
    compiled = resources.files("kiosk").joinpath("locales", language, "LC_MESSAGES", "kiosk.mo")
    with compiled.open("rb") as stream:
        return gettext.GNUTranslations(stream)


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


SAME = {"ja": {"不通", "正常", "副本", "、"}}
"""Texts that a language may write exactly as Chinese does."""
QUOTED = re.compile("「(.+?)」")


@pytest.mark.parametrize("language", ["en", "ja", "ru"])
def test_every_text_of_the_screens_is_translated_with_the_same_facts(language: str) -> None:
    known = catalogue(language)
    texts = used()
    assert len(texts) > 250
    missing = {text for text in texts if known.gettext(text) == text and not text.isascii()}
    assert missing - SAME.get(language, set()) == set()
    assert {text for text in texts if names(text) != names(known.gettext(text))} == set()


@pytest.mark.parametrize("language", ["ja", "ru"])
def test_every_message_of_the_english_catalogue_is_in_the_others(language: str) -> None:
    assert set(catalogue("en")._catalog) - set(catalogue(language)._catalog) == set()


@pytest.mark.parametrize("language", ["en", "ja", "ru"])
def test_given_a_text_that_names_a_button_then_its_translation_names_the_button_as_it_is_labelled(
    language: str,
) -> None:
    known, texts = catalogue(language), used()
    wrong = {
        (text, known.gettext(text), known.gettext(label))
        for text in texts
        for label in QUOTED.findall(text)
        if label in texts and known.gettext(label) not in known.gettext(text)
    }
    assert wrong == set()


def test_the_canonical_labels_are_texts_of_the_screens() -> None:
    assert set(LABELS) - used() == set()


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_says_why_in_a_sentence_that_begins_with_cannot(reason: Reason) -> None:
    assert SENTENCES[reason].startswith("不能")
    i18n.use("en")
    try:
        assert sentence(Refusal(reason, code="X", text="[/]{}")).startswith("Cannot")
    finally:
        i18n.use(i18n.SOURCE)


def test_given_a_fact_with_markup_or_braces_when_worded_then_it_stays_as_it_is() -> None:
    told = sentence(Refusal(Reason.AMOUNT_INVALID, text="[b]{0}{x}[/"))
    assert "[b]{0}{x}[/" in told


URL = "https://www.cqm.com.cn/certificate/query?vehicle=999022600000012&batch=20261121"
LONGEST = {
    "code": URL,
    "text": URL,
    "number": URL,
    "serial": "DEMO01261121000123",
    "kind": "CHARGER",
    "expected": "VEHICLE",
    "why": "declared",
    "vehicle_model": "TDR-2026-TRAVELLER-EXTRA-LONG",
    "colour": "哑光星空灰配亮黑拼色",
    "need": "4",
    "have": "3",
    "limit": "9,999,999.99",
    "length": "512",
    "since": "2025-12-01",
    "goods": max((ban.goods_zh for ban in sale_bans().bans), key=cell_len),
    "goods_en": max((ban.goods_en for ban in sale_bans().bans), key=cell_len),
    "message": "PARAM_ERROR: the value of notify_url is not valid " * 3,
    "missing": "seller.tax_number, seller.address, seller.phone, seller.bank",
    "printer": "receipt",
    "seconds": "900",
    "count": "4",
    "left": "1",
    "lock": "30",
    "place": "24",
    "first": "0000003",
    "second": "0000005",
    "against": "JOURNAL",
    "ours": "2026-11-21 12:34",
    "theirs": "2026-11-22 12:34",
    "button": "Hand over",
}
WIDE = (78, 2)
BESIDE_THE_CODE = (37, 4)


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
@pytest.mark.parametrize(("width", "height"), [WIDE, BESIDE_THE_CODE], ids=["line", "column"])
@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_fits_its_place_whatever_was_scanned(
    reason: Reason, width: int, height: int, language: str
) -> None:
    if reason is Reason.SALE_BANNED and width < 78:
        return  # said where goods are scanned; beside the code nothing is added any more
    i18n.use(language)
    try:
        told = fold(state_line(Tone.FAULT, sentence(Refusal(reason, **LONGEST))), width).plain
    finally:
        i18n.use(i18n.SOURCE)
    lines = told.split("\n")
    assert len(lines) <= height, told
    assert max(cell_len(line) for line in lines) <= width
    assert not any(line.startswith(("，", "。", "：", "；", "）", "」", " ")) for line in lines), told
    assert lines[0] != "✕"


def test_given_a_scanned_url_then_the_sentence_repeats_its_beginning_and_keeps_reason_and_remedy() -> None:
    told = sentence(Refusal(Reason.UNKNOWN_CODE, code=URL))
    assert told == "不能使用 https://www.cqm.com.cn/c…：系统里没有这个码，请核对标签后重扫。"
    battery = "990PB48SYNTH20G1A0000003"
    assert battery in sentence(Refusal(Reason.UNKNOWN_BATTERY, code=battery))


def test_given_a_banned_vehicle_then_people_read_what_is_banned_not_the_rules_id() -> None:
    for ban in sale_bans().bans:
        facts = {"rule": ban.name, "goods": ban.goods_zh, "goods_en": ban.goods_en, "since": ban.valid_from}
        told = sentence(Refusal(Reason.SALE_BANNED, code="999022400000901", **facts))
        assert ban.goods_zh in told
        assert ban.name not in told
