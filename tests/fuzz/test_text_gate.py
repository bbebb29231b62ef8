"""Every way a text can take, under a hundred thousand texts that nobody should send."""

import io
import logging
import sys
import unicodedata
from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content

from data.reference import code_rules
from drivers.printers.base import Cut, Document, Pair, Text
from drivers.printers.commands import parse
from drivers.printers.escpos import encode
from drivers.printers.profiles import Profile
from drivers.wire import clean_text
from kiosk.rules.codes import CodeKind, classify
from kiosk.rules.customer import mask_name, mask_phone, normalise_phone
from kiosk.rules.money import parse_yuan
from kiosk.rules.refusals import Reason, Refusal
from kiosk.rules.text import Use, capitals, clean_field, clean_scan, fold_width, for_display, for_paper, is_clean
from kiosk.screens import wording
from kiosk.trouble import OneEntry
from kiosk.widgets.prose import fold
from kiosk.widgets.visible import VisibleText, visible

TERMINAL_OBEYS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
JOINERS = {"\u200d", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400)), *map(chr, range(0x1F1E6, 0x1F200))}
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
USES, REASONS = list(Use), list(Reason)
TABLE = code_rules()
BACKGROUND = Color(0, 0, 0)


def hidden(text: str) -> bool:
    """Whether anything in it is not seen, or obeyed. Rare ideographs may be newer than this Python."""
    return not text.isprintable() and any(
        unicodedata.category(mark) in HIDDEN and not 0x20000 <= ord(mark) <= 0x3FFFD for mark in text
    )


def test_what_may_be_stored_is_clean_or_refused(corpus: list[str]) -> None:
    for number, text in enumerate(corpus):
        use = USES[number % len(USES)]
        try:
            stored = clean_field(text, use)
        except Refusal:
            assert len(text) > use.limit, ascii(text)
            continue
        assert not hidden(stored), ascii(text)
        assert len(stored) <= use.limit, ascii(text)
        assert is_clean(stored), ascii(text)


def test_what_is_scanned_is_a_code_or_refused(corpus: list[str]) -> None:
    for text in corpus:
        try:
            scanned = clean_scan(text)
        except Refusal:
            scanned = None
        judged = classify(text, TABLE)
        assert not hidden(judged.code), ascii(text)
        if judged.kind is not CodeKind.UNKNOWN:
            assert scanned is not None, ascii(text)
            assert judged.code.isascii(), ascii(text)
            assert judged.code.replace("-", "").isalnum(), ascii(text)


def test_what_is_shown_holds_nothing_a_terminal_obeys(corpus: list[str]) -> None:
    clear, last = VisibleText(), "│"
    for number, text in enumerate(corpus):
        shown = for_display(text, number % 50)
        assert not hidden(shown), ascii(text)
        (segment, edge) = clear.apply([Segment(text), Segment(last)], BACKGROUND)
        assert TERMINAL_OBEYS.isdisjoint(segment.text), ascii(text)
        assert edge.text == last
        segment.text.encode()
        if JOINERS.isdisjoint(text):  # what a control kept apart may be drawn as one without it
            assert cell_len(visible(text)) == cell_len(text), ascii(text)


def test_what_is_said_fits_the_message_line_literally(corpus: list[str]) -> None:
    for number, text in enumerate(corpus[:: max(1, len(corpus) // 10_000)]):
        shown = for_display(text)
        facts = dict.fromkeys(("code", "text", "message", "kind", "why", "goods", "missing", "number"), shown)
        sentence = wording.sentence(Refusal(REASONS[number % len(REASONS)], **facts))
        content = fold(Content(sentence), 78)
        assert not content.spans, ascii(text)
        assert content.plain.replace("\n", "").replace(" ", "") == sentence.replace(" ", "").replace("\n", ""), text


def test_what_a_provider_says_is_one_bounded_line(corpus: list[str]) -> None:
    for number, text in enumerate(corpus):
        told = clean_text(text, 20 + number % 100)
        assert not hidden(told), ascii(text)
        assert len(told) <= 20 + number % 100
        assert clean_text(told, 200) == told, ascii(text)


def test_what_is_printed_is_one_line_and_commands_come_from_the_template_alone(corpus: list[str]) -> None:
    profile = Profile()
    harmless = {"ESC @", "GS (", "ESC 2", "FS &", "FS .", "ESC *", "text", "LF", "GS V", "ESC !", "ESC E", "GS !"}
    for text in corpus:
        printed = for_paper(text)
        assert not hidden(printed), ascii(text)
        assert all(not hidden(line) for line in for_paper(text, lines=True).split("\n")), ascii(text)
    sample = [text[:200] for text in corpus[:: max(1, len(corpus) // 8_000)]]
    for start in range(0, len(sample), 100):
        batch = sample[start : start + 100]
        elements = [Pair("名", text) if number % 2 else Text(text) for number, text in enumerate(batch)]
        names = [token.name for token in parse(encode(Document((*elements, Cut()), profile.width_dots), profile))]
        assert set(names) <= harmless, set(names) - harmless
        assert names.count("GS V") == 1
        assert names.count("ESC @") == 1


def test_what_is_logged_is_one_entry_whatever_it_says(corpus: list[str]) -> None:
    formatter = OneEntry("%(levelname)s %(name)s: %(message)s")
    for text in corpus:
        entry = formatter.format(logging.LogRecord("kiosk", logging.ERROR, "", 0, "said %s", (text,), None))
        assert entry.isprintable() or not hidden(entry), ascii(text)
        assert entry.startswith("ERROR kiosk: said ")


def test_given_an_error_that_speaks_over_several_lines_then_its_lines_stand_indented_below_the_entry() -> None:
    try:
        raise ValueError("no\n2026-11-21 12:00:00,000 ERROR kiosk: forged \x1b[2J")
    except ValueError:
        record = logging.LogRecord("kiosk", logging.ERROR, "", 0, "reference ABC", (), sys.exc_info())
    first, *below = OneEntry("%(message)s").format(record).split("\n")
    assert first == "reference ABC"
    assert below
    assert all(line.startswith("    ") and "\x1b" not in line for line in below)


def test_the_log_file_itself_holds_one_line_an_entry(tmp_path: Path, corpus: list[str]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneEntry("%(message)s"))
    sample = corpus[:2_000]
    for text in sample:
        handler.emit(logging.LogRecord("kiosk", logging.INFO, "", 0, text.replace("%", "%%"), None, None))
    assert stream.getvalue().count("\n") == len(sample)


def test_no_rule_knows_another_answer_than_a_refusal(corpus: list[str]) -> None:
    for text in corpus[:: max(1, len(corpus) // 25_000)]:
        assert not hidden(mask_name(clean_text(text, 50)))
        assert not hidden(mask_phone(clean_text(text, 32)))
        capitals(fold_width(text))
        for judge in (normalise_phone, parse_yuan):
            try:
                judge(text)
            except Refusal:
                continue
