"""Money: reading, writing, tax inside a price, shares."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.rules.money import MAX_FEN, allocate, capital_yuan, format_yuan, parse_yuan, split_tax
from kiosk.rules.refusals import Reason, Refusal


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("2999", 299900),
        ("2999.0", 299900),
        ("2999.00", 299900),
        ("2999.05", 299905),
        ("2,999.00", 299900),
        ("1,234,567.89", 123456789),
        ("¥2999", 299900),
        ("￥2,999.00", 299900),
        ("２９９９．００", 299900),
        (" 2999 ", 299900),
        ("2999元", 299900),
        ("0", 0),
        ("0.01", 1),
        ("9999999.99", MAX_FEN),
    ],
)
def test_amounts_people_write(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "-1", "－1", "+1", "1.234", "1.", ".5", "1e3", "1E3", "NaN", "nan", "inf", "Infinity", "2,99", "29,99.00",
        ",999", "2,,999", "1.2.3", "1 000", "10000000", "999022600000001", "９" * 40, "2999²", "٣", "0x10", "1_000",
        "¥", "元", "¥¥1", "[/]", "\x00", "1\u200b0", "9" * 100_000,
    ],
)  # fmt: skip
def test_given_no_amount_when_parsed_then_refused(text: str) -> None:
    with pytest.raises(Refusal) as told:
        parse_yuan(text)
    assert told.value.reason is Reason.AMOUNT_INVALID


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_given_nothing_when_parsed_then_amount_is_missing(text: str) -> None:
    with pytest.raises(Refusal) as told:
        parse_yuan(text)
    assert told.value.reason is Reason.AMOUNT_MISSING


@given(st.text())
def test_parsing_only_ever_refuses(text: str) -> None:
    with suppress(Refusal):
        assert 0 <= parse_yuan(text) <= MAX_FEN


@given(st.integers(0, MAX_FEN), st.booleans(), st.booleans())
def test_what_is_written_reads_back(fen: int, symbol: bool, grouped: bool) -> None:
    assert parse_yuan(format_yuan(fen, symbol=symbol, grouped=grouped)) == fen


def test_written_amounts() -> None:
    assert format_yuan(299900) == "2999.00"
    assert format_yuan(-5) == "-0.05"
    assert format_yuan(299900, symbol=True, grouped=True) == "¥2,999.00"
    assert format_yuan(-123456, symbol=True) == "-¥1234.56"


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (45889, "肆佰伍拾捌圆捌角玖分"),
        (329900, "叁仟贰佰玖拾玖圆整"),
        (329905, "叁仟贰佰玖拾玖圆零伍分"),
        (329950, "叁仟贰佰玖拾玖圆伍角整"),
        (0, "零圆整"),
        (5, "伍分"),
        (50, "伍角整"),
        (1000, "壹拾圆整"),
        (10000, "壹佰圆整"),
        (101000, "壹仟零壹拾圆整"),
        (100100, "壹仟零壹圆整"),
        (1000000, "壹万圆整"),
        (1000500, "壹万零伍圆整"),
        (10010000, "壹拾万零壹佰圆整"),
        (11000000, "壹拾壹万圆整"),
        (100000000_00, "壹亿圆整"),
        (100010000_00, "壹亿零壹万圆整"),
        (1010000000_00, "壹拾亿壹仟万圆整"),
        (168032, "壹仟陆佰捌拾圆叁角贰分"),
        (-329905, "负叁仟贰佰玖拾玖圆零伍分"),
    ],
)
def test_capital_amounts(fen: int, words: str) -> None:
    assert capital_yuan(fen) == words


@pytest.mark.parametrize(
    ("gross", "rate", "net", "tax"),
    [
        (329900, 1300, 291947, 37953),
        (329900, 300, 320291, 9609),
        (329900, 100, 326634, 3266),
        (-329900, 1300, -291947, -37953),
        (1, 1300, 1, 0),
        (0, 1300, 0, 0),
        (299900, 0, 299900, 0),
    ],
)
def test_tax_inside_a_price(gross: int, rate: int, net: int, tax: int) -> None:
    assert split_tax(gross, rate) == (net, tax)


@given(st.integers(-(10**9), 10**9), st.sampled_from([0, 100, 300, 600, 900, 1300]))
def test_net_and_tax_add_up_and_match_the_rate_within_a_fen(gross: int, rate: int) -> None:
    net, tax = split_tax(gross, rate)
    assert net + tax == gross
    assert abs(net * rate - tax * 10_000) <= 10_000
    assert split_tax(-gross, rate) == (-net, -tax)


def test_discount_is_shared_by_price_and_the_last_line_takes_the_rest() -> None:
    assert allocate(9800, [329900, 19900]) == (9242, 558)
    assert allocate(100, [1, 1, 1]) == (33, 33, 34)
    assert allocate(-9800, [329900, 19900]) == (-9242, -558)
    assert allocate(5, [0, 0]) == (0, 5)
    assert allocate(5, [1, 1, 0]) == (3, 2, 0)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_shares_add_up_and_keep_the_sign(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert all(share * total >= 0 for share in shares)
    if any(weights):
        assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_given_no_sensible_weights_when_shared_then_an_error(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(1, weights)
