"""Glyphs, commands and pictures: the file shows what the paper shows."""

import io
from importlib import resources

import pytest
import zxingcpp
from PIL import Image

from drivers.printers import code128
from drivers.printers.base import Barcode, Document, Feed, Qr, Text
from drivers.printers.charsets import chars
from drivers.printers.commands import Parser, parse
from drivers.printers.escpos import encode
from drivers.printers.glyphs import atlas, box, glyph, narrow_glyph, wide_glyph
from drivers.printers.profiles import Charset, Profile
from drivers.printers.raster import Canvas, picture

SERIAL = "DEMO0126112100001"


def rows_of(payload: bytes, *, kanji: bool = True) -> list[int]:
    canvas = Canvas(576, kanji=kanji)
    for token in parse(payload):
        canvas.apply(token)
    return canvas.finished()


def test_the_atlas_has_every_character_of_gbk_and_jis_and_stays_small() -> None:
    for code in range(0x80, 0xFFFF):
        char = chr(code)
        for charset in ("gbk", "shift_jis"):
            if len(char.encode(charset, "ignore")) == 2:
                assert atlas().full(char) is not None, hex(code)
    for char in map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180), *range(0x400, 0x460))):
        assert atlas().half(char) is not None, char
    assert len(resources.files("drivers.printers").joinpath("glyphs.bin").read_bytes()) <= 2 * 1024 * 1024


def test_licence_and_origin_of_the_atlas_lie_beside_it() -> None:
    notice = resources.files("drivers.printers").joinpath("glyphs.NOTICE.txt").read_text("utf-8")
    assert "WenQuanYi Micro Hei" in notice
    assert "Apache License, Version 2.0" in notice


@pytest.mark.parametrize("char", ["䶮", "한", "😀", "\x07", "\ud800", "\U0010ffff"])
def test_given_a_character_without_glyph_then_a_box_with_its_own_code_is_drawn(char: str) -> None:
    assert glyph(char) == box(ord(char))
    assert glyph(char).rows != glyph("?").rows
    assert glyph(char).rows != box(ord("中")).rows
    assert all(row < 1 << 24 for row in glyph(char).rows)


def test_glyphs_have_the_printers_geometry() -> None:
    assert (glyph("中").cells, glyph("A").cells, wide_glyph("Ж").cells, narrow_glyph("Ж").cells) == (2, 1, 2, 1)
    assert len(glyph("中").rows) == 24


def test_a_stream_cut_anywhere_gives_the_same_commands() -> None:
    payload = encode(Document((Text("电池 䶮", bold=True, size=2), Text("한"), Qr(SERIAL), Barcode(SERIAL))), Profile())
    whole = b"".join(token.raw for token in parse(payload))
    assert whole == payload
    expected = [token for token in parse(payload) if token.name != "text"]
    for step in (1, 2, 3, 7):
        parser = Parser()
        out = [token for at in range(0, len(payload), step) for token in parser.feed(payload[at : at + step])]
        assert [token for token in out if token.name != "text"] == expected


def test_unknown_bytes_come_out_as_unknown() -> None:
    assert [(token.name, token.raw) for token in parse(b"\x1b\x01a\x07")] == [
        ("unknown", b"\x1b\x01"),
        ("text", b"a"),
        ("unknown", b"\x07"),
    ]


@pytest.mark.parametrize("width", [576, 384])
@pytest.mark.parametrize("text", [SERIAL, "DEMO0126112116041", "A1B2C3D4E5F6G7H8"])
def test_the_qr_and_the_bar_code_on_the_picture_decode(width: int, text: str) -> None:
    payload = encode(Document((Text("上"), Qr(text), Barcode(text), Text("下"))), Profile(width, width // 12))
    image = Image.open(io.BytesIO(picture(payload, width)))
    assert image.width == width
    found = {code.text for code in zxingcpp.read_barcodes(image.convert("L"))}
    kinds = len(zxingcpp.read_barcodes(image.convert("L")))
    assert (found, kinds) == ({text}, 2)


def test_a_qr_of_chinese_text_decodes() -> None:
    payload = encode(Document((Qr("流水号 " + SERIAL), Feed())), Profile())
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture(payload))).convert("L"))
    assert code.text == "流水号 " + SERIAL


def test_code_128_values_carry_the_check_character_of_the_standard() -> None:
    # ISO/IEC 15417's own arithmetic: start B (104) + 1 * "A" (33) = 137, 137 mod 103 = 34
    assert code128.values(b"{BA") == [104, 33, 34, 106]
    assert len(code128.bars(b"{BA")) == code128.modules(b"{BA") == 46


def test_text_the_printer_prints_and_the_same_text_drawn_look_alike() -> None:
    element = Text("整车编码 119322112345678 №×°", bold=True)
    native = rows_of(encode(Document((element,)), Profile()))
    column = chars(element.text, Charset.GBK)
    drawn = [0] * 24
    for char in column:
        pattern = (wide_glyph if char.cells == 2 else narrow_glyph)(char.char)
        for y in range(24):
            drawn[y] = drawn[y] << pattern.width | (pattern.rows[y] | pattern.rows[y] >> 1)
    width = 12 * sum(char.cells for char in column)
    assert native[:24] == [row << (576 - width) for row in drawn]


def test_the_job_chooses_its_mode_so_that_power_up_defaults_do_not_matter() -> None:
    for profile in (Profile(), Profile(charset=Charset.CP866)):
        payload = encode(Document((Text("Цена 电池 ￥2999"),)), profile)
        assert rows_of(payload, kanji=True) == rows_of(payload, kanji=False)


def test_russian_bytes_in_kanji_mode_would_be_junk() -> None:
    payload = encode(Document((Text("Цена"),)), Profile(charset=Charset.CP866))
    assert rows_of(payload) != rows_of(payload.replace(b"\x1c.", b"\x1c&"))
