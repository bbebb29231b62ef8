"""Documents into ESC/POS: columns, characters, cuts, graphics, and what data can never do."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.base import (
    Align,
    Barcode,
    Cell,
    Cut,
    Document,
    Element,
    Feed,
    NotPrintable,
    Pair,
    Qr,
    Row,
    Rule,
    Text,
)
from drivers.printers.bitmaps import BAND_ROWS, bit_columns, defused, raster_bands
from drivers.printers.charsets import cells
from drivers.printers.commands import Token, parse
from drivers.printers.escpos import CUT, encode
from drivers.printers.profiles import Charset, Profile

WIDE = Profile()
NARROW = Profile(384, 32)
SERIAL = "DEMO0126112100001"


def job(*elements: Element, profile: Profile = WIDE) -> bytes:
    return encode(Document(elements, profile.width_dots), profile)


def tokens(*elements: Element, profile: Profile = WIDE) -> list[Token]:
    return parse(job(*elements, profile=profile))


def lines(*elements: Element, profile: Profile = WIDE, charset: str = "gbk") -> list[str]:
    out = [b""]
    for token in tokens(*elements, profile=profile):
        if token.name == "text":
            out[-1] += token.raw
        elif token.name == "LF":
            out.append(b"")
    return [line.decode(charset) for line in out[:-1]]


@pytest.mark.parametrize("profile", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("left", "right"),
    [("流水号", SERIAL), ("№ 1 × 23°", "12.00"), ("— Ж ё", "99.00"), ("ABC", "张**"), ("“引号”…", "①②")],
)
def test_pairs_end_in_the_last_column_whatever_characters_they_have(profile: Profile, left: str, right: str) -> None:
    (line,) = lines(Pair(left, right), profile=profile)
    assert len(line.encode("gbk")) == profile.columns
    assert line.startswith(left)
    assert line.endswith(right)


def test_characters_that_take_two_bytes_count_as_two_cells() -> None:
    assert [cells(char, Charset.GBK) for char in "№×°·—…ЖA中"] == [2, 2, 2, 2, 2, 2, 2, 1, 2]
    assert [cells(char, Charset.CP866) for char in "№ЖA"] == [1, 1, 1]
    assert [cells(char, Charset.SHIFT_JIS) for char in "ｱア"] == [1, 2]


@given(left=st.text(max_size=60), right=st.text(max_size=60))
def test_no_line_is_ever_wider_than_the_paper(left: str, right: str) -> None:
    for token in _line_widths(tokens(Pair(left, right), Row((Cell(left), Cell(right, 12, Align.RIGHT))), Text(left))):
        assert token <= WIDE.columns


def _line_widths(job_tokens: list[Token]) -> list[int]:
    widths = [0]
    for token in job_tokens:
        if token.name == "text":
            widths[-1] += len(token.raw)
        elif token.name == "ESC *":
            widths[-1] += int.from_bytes(token.params[1:3], "little") // 12
        elif token.name == "LF":
            widths.append(0)
    return widths


def test_given_a_pair_that_does_not_fit_when_printed_then_the_value_stands_below_at_the_right() -> None:
    assert lines(Pair("支付单号", "DEMO0126112100001019F3C01AB"), profile=NARROW) == [
        "支付单号",
        "DEMO0126112100001019F3C01AB".rjust(32),
    ]


def test_given_a_long_text_when_wrapped_then_nothing_is_lost_and_no_line_begins_with_punctuation() -> None:
    text = "请妥善保管本凭条，退换货、售后凭此办理。" * 4
    wrapped = lines(Text(text), profile=NARROW)
    assert "".join(wrapped) == text
    assert all(line[0] not in "，。、" for line in wrapped)


def test_rows_keep_their_columns_while_a_cell_wraps() -> None:
    row = Row((Cell("整车 极光 JG-2024 都市版 星空灰 № 7"), Cell("2,699.00", 12, Align.RIGHT)))
    first, *rest = lines(row, profile=NARROW)
    assert first.endswith("2,699.00")
    assert len(first.encode("gbk")) == 32
    assert all(len(line.encode("gbk")) <= 19 for line in rest)


def test_every_yen_sign_becomes_the_wide_one() -> None:
    assert lines(Text("¥1 ￥2 €3")) == ["￥1 ￥2 EUR3"]


SAMPLES = "".join(
    chr(code)
    for code in range(0x20, 0x10000, 23)
    if chr(code) != "?" and unicodedata.category(chr(code)) not in ("Cs", "Cn")
)


@pytest.mark.parametrize("charset", list(Charset))
def test_no_character_is_ever_printed_as_a_question_mark(charset: Charset) -> None:
    profile = Profile(charset=charset)
    for token in tokens(Text(SAMPLES), Text(SAMPLES, size=2), Text("😀\ud800\x00"), profile=profile):
        assert token.name != "text" or b"?" not in token.raw


def test_gbk_is_never_four_bytes() -> None:
    for token in tokens(Text(SAMPLES)):
        if token.name == "text":
            token.raw.decode("gbk")


@pytest.mark.parametrize(
    ("charset", "mode"),
    [("gbk", b"\x1c&"), ("cp866", b"\x1c.\x1bt\x11"), ("shift_jis", b"\x1c&\x1cC\x01"), ("raster", b"\x1c.\x1bt\x11")],
)
def test_every_job_begins_with_reset_and_its_character_mode(charset: str, mode: bytes) -> None:
    assert job(Text("x"), profile=Profile(charset=Charset(charset))).startswith(
        b"\x1b@\x1b2" + mode if charset != "raster" else b"\x1b@\x1d(D\x03\x00\x14\x01\x00\x1b2" + mode
    )


def test_text_stays_text_in_each_charset() -> None:
    assert lines(Text("Цена"), profile=Profile(charset=Charset.CP866), charset="cp866") == ["Цена"]
    assert lines(Text("電池 ｱ"), profile=Profile(charset=Charset.SHIFT_JIS), charset="shift_jis") == ["電池 ｱ"]


def test_given_a_character_the_font_lacks_when_printed_then_it_is_drawn_within_its_line() -> None:
    names = [token.name for token in tokens(Text("姓名 䶮 end"))]
    assert names[-5:] == ["text", "ESC *", "text", "LF", "GS V"]


@pytest.mark.parametrize(
    "elements",
    [(), (Text("a"),), (Cut(), Text("a"), Cut(), Cut()), (Qr("a"), Feed(3), Rule(strong=True)), (Text("한", size=2),)],
)
def test_every_job_has_exactly_one_cut_at_its_end(elements: tuple[Element, ...]) -> None:
    payload = job(*elements)
    assert [token.name for token in parse(payload)].count("GS V") == 1
    assert payload.endswith(CUT)


@given(text=st.text(max_size=40))
def test_data_never_become_control_bytes_or_commands(text: str) -> None:
    harmless = {"text", "LF", "ESC *", "GS v 0", "ESC @", "ESC 2", "FS &", "GS (", "GS V", "GS !", "ESC E", "ESC a"}
    for size in (1, 2):
        payload = job(Text(text, Align.CENTER, bold=True, size=size), Pair(text, text))
        assert {token.name for token in parse(payload)} <= harmless
        for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
            assert command not in payload


def test_given_text_that_is_a_drawer_command_when_printed_then_no_drawer_command_is_sent() -> None:
    payload = job(Text("\x1bp\x00\x19\xfa \x10\x14\x01\x00\x01"), profile=WIDE)
    assert b"\x1bp" not in payload
    assert b"\x10\x14" not in payload


def test_bands_are_at_most_128_rows_and_white_on_the_right_is_not_sent() -> None:
    bands = list(raster_bands([1 << 575] * 300, 576))
    assert [(width, height) for width, height, _ in bands] == [(1, BAND_ROWS), (1, BAND_ROWS), (1, 44)]
    for token in tokens(Text("한국어 " * 200), profile=Profile(charset=Charset.RASTER)):
        if token.name == "GS v 0":
            assert int.from_bytes(token.params[3:5], "little") <= BAND_ROWS


@pytest.mark.parametrize("command", [b"\x10\x04\x01", b"\x10\x14\x01\x00\x01", b"\x10\x05\x02", b"\x10\x10\x04"])
def test_images_are_free_of_real_time_commands_at_the_price_of_one_dot(command: bytes) -> None:
    safe = defused(b"\xff" + command + b"\x00")
    assert not any(bad in safe for bad in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    assert sum((a ^ b).bit_count() for a, b in zip(safe, b"\xff" + command + b"\x00", strict=True)) == 1


@given(rows=st.lists(st.integers(0, (1 << 576) - 1), min_size=1, max_size=40))
def test_no_image_carries_a_real_time_command(rows: list[int]) -> None:
    columns = bit_columns((rows * 24)[:24], 576)
    for image in (columns, *(band for _, _, band in raster_bands(rows, 576))):
        assert not any(command in image for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))


def test_graphics_are_preceded_by_the_command_that_disables_the_drawer_pulse() -> None:
    payload = job(Text("한"))
    assert payload.index(b"\x1d(D\x03\x00\x14\x01\x00") < payload.index(b"\x1b*")
    assert b"\x1d(D" not in job(Text("a"))


@pytest.mark.parametrize(
    "element", [Qr(""), Qr("a\x1bb"), Qr("a" * 3000), Barcode("电池"), Barcode("A" * 300), Barcode("")]
)
def test_given_a_code_this_paper_cannot_carry_when_encoded_then_it_says_so(element: Element) -> None:
    with pytest.raises(NotPrintable):
        job(element)


@pytest.mark.parametrize("text", [SERIAL, "1604160416041604", "A1604", "160", "{AB}12345678", "0" * 20])
def test_bar_code_data_never_contain_dle(text: str) -> None:
    data = next(token.data for token in tokens(Barcode(text)) if token.name == "GS k")
    assert 0x10 not in data[1:]
