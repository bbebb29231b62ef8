"""Texts that nobody should send: a seeded generator, so that every finding can be found again.

`KIOSK_FUZZ` sets how many, `KIOSK_FUZZ_SEED` which.
"""

import os
import random
from collections.abc import Iterator

import pytest

COUNT = int(os.environ.get("KIOSK_FUZZ", "100000"))
SEED = int(os.environ.get("KIOSK_FUZZ_SEED", "20261122"))

MARKUP = (
    "[@click=app.quit]x[/]",
    "[@click=app.action_leave_demo]点[/]",
    "[/]",
    "[/b]",
    "[bold red on white]",
    "[link=http://example.invalid]x[/link]",
    "[$primary]x",
    "[b][i][",
    "\\[b]",
    "[[]]",
    "[@click=screen.press_key('f8')]",
    "[red",
)
COMMANDS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b[31m",
    "\x1b[?1049l",
    "\x9b2J",
    "\x1bP1$r\x1b\\",
    "\x1bp\x00\x32\x32",  # ESC p: the cash drawer
    "\x10\x14\x01\x00\x01",  # DLE DC4: the drawer at once
    "\x1dV\x00",  # GS V: cut
    "\x1b@",
    "\x1d(k\x03\x001Q0",
    "\x1c&",
    "\x11\x13\x03\x04",
)
FORMULAS = ("=1+1", "+86", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "＝1")
QUERIES = ("'; DROP TABLE sale; --", '" OR 1=1 --', "%", "_", "\\", "');", "1; ATTACH 'x' AS y")
CODES = (
    "999022600000001",
    "990PB48SYNTH12G1A0000001",
    "JW0000000-26-A1",
    "http://mv.cqccms.com.cn/incoc/GSViewEbike!viewCocEbike.action?vinCode=999022600000001",
    "]C1",
    "]Q3",
)
LINES = ("\r\n2026-11-21 12:00:00,000 ERROR kiosk: forged", "\n", "\u2028", "\u2029", "\x85", "\v", "\f", "\x1c")
UNSEEN = ("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u061c", "\U000e0041", "\u180e", "\ufff9")
BROKEN = ("\ud800", "\udfff", "\ufffd", "\uffff", "\ufdd0", "\U0010ffff", "\ue000", "\U00031350", "\U0002ffff", "\x00")
WIDE = ("王小明", "电动车", "\U00020bb7", "ｱｲｳ", "９９０ＰＢ", "　", "가각", "é", "e\u0301", "ﷺ", "ẛ̣", "İı", "ß", "①℃№")
EMOJI = ("👩\u200d👧", "🇨🇳", "⚠\ufe0f", "🏴\U000e0067\U000e007f", "👍🏽")
PLAIN = ("王小明", "13812345678", "ABC-123", " ", "a b", "0")
POOLS = (MARKUP, COMMANDS, FORMULAS, QUERIES, CODES, LINES, UNSEEN, BROKEN, WIDE, EMOJI, PLAIN)


def texts(count: int, seed: int) -> Iterator[str]:
    """`count` texts; the same ones for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        kind = number % 8
        if kind == 0:
            yield chance.choice(chance.choice(POOLS))
        elif kind == 1:
            yield "".join(chr(chance.choice((chance.randrange(256), chance.randrange(0x110000)))) for _ in range(12))
        elif kind == 2:  # half of UTF-8, as a broken scanner or file gives it
            data = bytearray(chance.choice(WIDE).encode() + chance.choice(PLAIN).encode())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            yield data.decode("utf-8", chance.choice(("replace", "surrogateescape", "ignore")))
        elif kind == 3:  # an accent upon an accent upon an accent
            yield "a" + "".join(chr(chance.randrange(0x300, 0x370)) for _ in range(chance.choice((3, 40, 200))))
        elif kind == 4 and number % 1000 == 4:
            yield chance.choice(chance.choice(POOLS)) * chance.choice((300, 3_000))
        else:
            parts = [chance.choice(chance.choice(POOLS)) for _ in range(chance.randint(2, 6))]
            yield chance.choice(("", " ", "|")).join(parts)


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    return list(texts(COUNT, SEED))
