"""The sale slip: what stands on it, in both languages and widths, for both copies."""

import io
from dataclasses import fields, replace

import pytest
import zxingcpp
from PIL import Image

from drivers.printers.commands import parse
from drivers.printers.escpos import encode
from drivers.printers.profiles import Charset, Profile
from drivers.printers.raster import picture
from kiosk.papers.facts import Duplicate, SaleSlipFacts, SlipCopy, SlipLine, SlipPayment
from kiosk.papers.sale_slip import sale_slip
from kiosk.papers.wording import SALE_SLIP, Language, language_of

SERIAL = "DEMO0126112100001"
VEHICLE = "119322112345678"
FACTS = SaleSlipFacts(
    shop_name="极光电动车专卖店",
    shop_address="浙江省杭州市西湖区文三路 398 号",
    shop_phone="0571-8888 0001",
    terminal="DEMO01",
    serial=SERIAL,
    operator="1001 王小明",
    paid_at_ms=1795251802000,
    lines=(
        SlipLine("VEHICLE", "极光 JG-2024 都市版", VEHICLE, "星空灰", 269900),
        SlipLine("BATTERY", "锂电池 48V24Ah", "BT4824A0000012345678", "", 40000),
        SlipLine("CHARGER", "48V3A", "ABC123456-48-03"),
        SlipLine("DISCOUNT", "店庆", "", "", -10000),
    ),
    total_fen=299900,
    payments=(SlipPayment("WECHAT", 299900, f"{SERIAL}019F3C01AB", "4200001234202611210123456789"),),
    customer_name="张**",
    customer_phone="138****5678",
    anchor="2048·9f3c01ab12cd",
)
WIDTHS = [Profile(), Profile(384, 32)]


def printed(
    facts: SaleSlipFacts = FACTS, copy: SlipCopy = SlipCopy.CUSTOMER, language: str = "zh", profile: Profile = WIDTHS[0]
) -> list[str]:
    payload = encode(sale_slip(facts, copy, language, profile.width_dots), profile)
    text = b"".join(token.raw if token.name in ("text", "LF") else b"" for token in parse(payload))
    return text.decode("gbk").splitlines()


@pytest.mark.parametrize("profile", WIDTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("copy", list(SlipCopy))
def test_every_fact_of_the_sale_is_on_the_paper(profile: Profile, language: str, copy: SlipCopy) -> None:
    text = "\n".join(printed(FACTS, copy, language, profile))
    for fact in (
        *(SERIAL, VEHICLE, "BT4824A0000012345678", "ABC123456-48-03", "2,699.00", "400.00", "-100.00", "￥2,999.00"),
        *(f"{SERIAL}019F3C01AB", "4200001234202611210123456789", "张**", "138****5678", "2048·9f3c01ab12cd"),
        *("2026-11-21 17:03:22", "DEMO01", "1001 王小明", "极光电动车专卖店", "0571-8888 0001"),
    ):
        assert fact in text
    words = SALE_SLIP[Language(language)]
    assert words.title in text
    assert words.channels["WECHAT"] in text
    assert words.paid in text
    assert words.included in text
    assert (words.signature in text) == (copy is SlipCopy.MERCHANT)
    assert (words.merchant_copy in text) == (copy is SlipCopy.MERCHANT)


@pytest.mark.parametrize("profile", WIDTHS)
def test_amounts_stand_in_one_column(profile: Profile) -> None:
    lines = printed(profile=profile)
    for amount in ("2,699.00", "400.00", "-100.00", "已含", "金额(元)", SERIAL, "微信支付", "张**"):
        line = next(line for line in lines if line.endswith(amount))
        assert len(line.encode("gbk")) == profile.columns
    assert all(len(line.encode("gbk")) <= profile.columns for line in lines)
    total = next(line for line in lines if line.startswith("合计"))
    assert len(total.encode("gbk")) == profile.columns // 2  # twice as wide


def test_a_duplicate_says_which_it_is_and_when_the_first_was_printed() -> None:
    assert not any("重打印" in line for line in printed())
    for language in ("zh", "en"):
        text = "\n".join(printed(replace(FACTS, duplicate=Duplicate(2, 1795251802000)), language=language))
        assert "重打印" in text
        assert "2" in text
    lines = printed(replace(FACTS, duplicate=Duplicate(2, 1795251802000)))
    assert "重打印 第2次" in lines
    assert "首次打印 2026-11-21 17:03:22" in lines
    assert "重打印 第3次" in printed(replace(FACTS, duplicate=Duplicate(3)))


def test_a_split_payment_names_each_part() -> None:
    parts = (SlipPayment("CASH", 100000), SlipPayment("WECHAT", 199900, "N1", "P1"))
    lines = printed(replace(FACTS, payments=parts))
    assert any(line.endswith("现金 1,000.00") for line in lines)
    assert any(line.endswith("微信支付 1,999.00") for line in lines)


@pytest.mark.parametrize("charset", [Charset.GBK, Charset.RASTER])
@pytest.mark.parametrize("width", [576, 384])
def test_both_codes_on_the_slip_give_the_serial(charset: Charset, width: int) -> None:
    payload = encode(sale_slip(FACTS, SlipCopy.MERCHANT, "zh", width), Profile(width, width // 12, charset))
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture(payload, width))).convert("L"))
    assert [code.text for code in codes] == [SERIAL, SERIAL]


def test_given_rare_and_hostile_text_when_printed_then_no_question_mark_and_one_cut() -> None:
    hostile = "䶮😀\x1bp\x00\x10\x14\x01\x00\x01 ﬁ"
    facts = replace(FACTS, customer_name=hostile, operator=hostile, shop_name=hostile * 5, anchor=hostile)
    payload = encode(sale_slip(facts, SlipCopy.MERCHANT), Profile())
    tokens = parse(payload)
    assert [token.name for token in tokens].count("GS V") == 1
    assert not any(b"?" in token.raw for token in tokens if token.name == "text")
    assert not any(command in payload for command in (b"\x10\x14", b"\x10\x04", b"\x1bp"))


def test_both_languages_have_a_word_for_everything() -> None:
    for language in Language:
        words = SALE_SLIP[language]
        for field in fields(words):
            assert getattr(words, field.name), field.name
        assert words.line_kinds.keys() == SALE_SLIP[Language.ZH].line_kinds.keys()
        assert words.channels.keys() == SALE_SLIP[Language.ZH].channels.keys()


def test_locales_choose_the_paper_language_and_unknown_ones_get_chinese() -> None:
    assert [language_of(name) for name in ("zh_CN", "en", "en_GB.UTF-8", "ru", "")] == ["zh", "en", "en", "zh", "zh"]
