"""Scans and typing are told apart by rhythm; nothing typed is ever lost and no scan leaks into a field."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners.base import LONGEST_SCAN
from drivers.scanners.wedge import FIRST_GAP, LATE_GAP, REPEAT_GAP, BurstSplitter, Outcome

CODE = "110012500000017"
BATTERY = "990PB48SYNTH12G1A0000001"
PERSON = 0.5
"""Seconds to something else a person does."""
ENTER, TAB, LINE_FEED = ("enter", "\r"), ("tab", "\t"), ("ctrl+j", "\n")


class Field:
    """A focused field that obeys the splitter's outcomes, as the application does."""

    def __init__(self) -> None:
        self.splitter = BurstSplitter(lambda: 1_700_000_000_000)
        self.value = ""
        self.before = ""
        self.keys: list[str] = []
        self.scans: list[str] = []
        self.dropped = 0
        self.now = 100.0

    def obey(self, outcome: Outcome) -> None:
        if outcome.undo:
            self.value = self.before
        for index, stroke in enumerate(outcome.deliver):
            if outcome.begins and index == len(outcome.deliver) - 1:
                self.before = self.value
            self.keys.append(stroke.key)
            if stroke.character and stroke.character >= " ":
                self.value += stroke.character
        if outcome.scan:
            self.scans.append(outcome.scan.text)
        self.dropped += outcome.dropped

    def key(self, key: str, character: str | None, after: float) -> None:
        deadline = self.splitter.deadline
        if deadline is not None and deadline < self.now + after:
            self.obey(self.splitter.flush(deadline))
        self.now += after
        self.obey(self.splitter.feed(key, character, self.now))

    def text(self, text: str, gap: float) -> None:
        for character in text:
            self.key(character, character, gap)

    def enter(self, after: float) -> None:
        self.key("enter", "\r", after)

    def rest(self) -> None:
        self.obey(self.splitter.flush(self.now + 10))


def test_given_a_code_in_one_write_when_enter_follows_then_it_is_one_scan_and_the_field_is_untouched() -> None:
    field = Field()
    field.text("王", 1.0)
    field.text("ab", 0.2)
    field.key("1", "1", 1.0)
    field.text(CODE[1:], 0.0003)
    field.enter(0.0003)
    assert field.scans == [CODE]
    assert field.value == "王ab"
    assert "enter" not in field.keys


def test_given_a_slow_scanner_with_one_stutter_when_enter_follows_then_it_is_a_scan() -> None:
    field = Field()
    field.text(CODE[:8], 0.03)
    field.key(CODE[8], CODE[8], 0.11)
    field.text(CODE[9:], 0.03)
    field.enter(0.03)
    assert field.scans == [CODE]


def test_given_typing_at_play_speed_when_enter_follows_then_every_key_is_delivered_at_once() -> None:
    field = Field()
    for character in CODE:
        field.key(character, character, 0.055)
        assert field.value.endswith(character)
    field.enter(0.2)
    assert field.scans == []
    assert field.value == CODE
    assert field.keys[-1] == "enter"


def test_given_two_rolled_keys_and_slow_typing_when_enter_follows_quickly_then_it_is_typing() -> None:
    field = Field()
    field.text("wan", 0.04)
    field.text("gming", 0.1)
    field.enter(0.1)
    assert field.scans == []
    assert field.value == "wangming"


def test_given_a_burst_without_ending_when_it_pauses_then_it_is_replayed_as_typing() -> None:
    field = Field()
    field.text("abcdefgh", 0.001)
    assert field.value == "a"
    assert field.splitter.deadline is not None
    field.rest()
    assert field.value == "abcdefgh"
    assert field.splitter.deadline is None


def test_given_a_flush_before_the_deadline_then_nothing_is_released() -> None:
    splitter = BurstSplitter(lambda: 0)
    splitter.feed("a", "a", 1.0)
    splitter.feed("b", "b", 1.001)
    assert splitter.flush(1.001 + FIRST_GAP / 2) == Outcome()


def test_given_five_characters_at_a_fast_typists_pace_when_enter_follows_then_they_are_typing() -> None:
    field = Field()
    field.text("12345", 0.02)
    field.enter(0.02)
    assert field.scans == []
    assert field.value == "12345"
    assert field.keys[-1] == "enter"


def test_given_a_short_text_no_finger_can_type_when_enter_follows_at_once_then_it_is_a_scan() -> None:
    field = Field()
    field.text("123", 0.001)
    field.enter(0.001)
    assert field.scans == ["123"]
    assert field.value == ""
    field.text("123", 0.001)
    field.enter(0.03)
    assert field.scans == ["123"]
    assert field.value == "123"


def test_given_two_characters_when_enter_follows_at_once_then_they_are_typing() -> None:
    field = Field()
    field.text("ok", 0.001)
    field.enter(0.001)
    assert field.scans == []
    assert field.value == "ok"


def test_given_text_committed_by_an_input_method_when_enter_follows_then_it_is_typing() -> None:
    field = Field()
    field.text("王小明在西湖区", 0.0)
    field.enter(0.0)
    field.text("abcd王小明efgh", 0.001)
    field.enter(0.001)
    field.rest()
    assert field.scans == []
    assert field.value == "王小明在西湖区abcd王小明efgh"


@pytest.mark.parametrize(
    "suffix",
    [[ENTER], [LINE_FEED], [TAB], [ENTER, LINE_FEED], [ENTER, ENTER], [TAB, ENTER]],
    ids=["CR", "LF", "Tab", "CR LF", "CR CR", "Tab CR"],
)
@pytest.mark.parametrize("gap", [0.0, 0.001, 0.006])
def test_whatever_the_suffix_it_is_one_scan_and_no_stray_key(suffix: list[tuple[str, str]], gap: float) -> None:
    field = Field()
    field.text(CODE, gap)
    for key, character in suffix:
        field.key(key, character, gap)
    assert field.scans == [CODE]
    assert field.keys == [CODE[0]]
    field.text(BATTERY, 0.001)
    field.enter(0.001)
    assert field.scans == [CODE, BATTERY]


def test_given_an_enter_pressed_well_after_a_scan_then_it_is_delivered() -> None:
    field = Field()
    field.text(CODE, 0.001)
    field.enter(0.001)
    field.enter(0.3)
    assert field.keys[-1] == "enter"


def test_given_control_bytes_inside_a_code_then_they_are_data_and_never_act() -> None:
    field = Field()
    field.text("0109501", 0.001)
    field.key("ctrl+right_square_bracket", "\x1d", 0.001)
    field.key("ctrl+q", "\x11", 0.001)
    field.text("101", 0.001)
    field.enter(0.001)
    assert field.scans == ["0109501\x1d\x11101"]
    assert field.keys == ["0"]


def test_given_control_keys_pressed_by_a_person_then_each_is_delivered_at_once() -> None:
    field = Field()
    field.key("ctrl+q", "\x11", 0.5)
    field.key("ctrl+q", "\x11", 0.01)
    assert field.keys == ["ctrl+q", "ctrl+q"]


def test_given_a_flood_without_end_when_it_stops_then_it_is_dropped_and_the_field_restored() -> None:
    for ended in (True, False):
        field = Field()
        field.text("x" * (LONGEST_SCAN + 1), 0.001)
        if ended:
            field.enter(0.001)
        else:
            field.rest()
        assert field.scans == []
        assert field.dropped == 1
        assert field.value == ""


def test_given_keys_among_a_code_that_are_no_characters_then_none_acts_and_the_scan_is_refused() -> None:
    field = Field()
    field.text(CODE[:7], 0.001)
    for key, character in (("f8", None), ("alt+5", "5"), ("up", None)):  # what a terminal makes of ESC in the data
        field.key(key, character, 0.0)
    field.text(CODE[8:], 0.001)
    field.enter(0.001)
    assert field.scans == []
    assert field.dropped == 1
    assert field.keys == [CODE[0]]
    assert field.value == ""


def test_given_a_byte_that_is_no_text_then_alone_it_is_nothing_and_inside_a_code_the_scan_is_refused() -> None:
    for place in (1, 2, 7, len(CODE)):
        field = Field()
        field.key("\ufffd", "\ufffd", PERSON)
        field.key(CODE[0], CODE[0], PERSON)
        field.text(CODE[1:place], 0.001)
        field.key("\ufffd", "\ufffd", 0.001)
        field.text(CODE[place:], 0.001)
        field.enter(0.001)
        assert field.scans == []
        assert field.dropped == 1
        assert field.value == ""


def test_given_quick_fingers_and_an_f_key_on_a_stalled_machine_then_all_of_it_is_delivered_in_order() -> None:
    field = Field()
    field.text("1234", 0.0)
    field.key("f8", None, 0.0)
    field.rest()
    assert field.keys == ["1", "2", "3", "4", "f8"]


def test_given_a_terminal_that_tells_of_shift_and_names_control_keys_only_then_the_scan_is_whole() -> None:
    field = Field()
    for character in BATTERY:
        if character.isupper():
            field.key("left_shift", None, 0.001)
        field.key(character, character, 0.001)
    for name, character in (("right_square_bracket", "\x1d"), ("q", "\x11"), ("c", "\x03")):
        field.key("left_control", None, 0.001)
        field.key(f"ctrl+{name}", None, 0.001)
        assert character
    field.enter(0.001)
    assert field.scans == [BATTERY + "\x1d\x11\x03"]
    assert set(field.keys) <= {"9", "left_shift", "left_control"}


def test_given_full_width_forms_typed_by_a_scanner_under_an_input_method_then_it_is_a_scan() -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in BATTERY)
    field = Field()
    field.text(wide, 0.004)
    field.enter(0.004)
    assert field.scans == [wide]
    assert field.value == ""


def test_given_another_keyboard_layout_when_a_url_is_scanned_then_it_is_one_scan() -> None:
    for text in ("httpsÖ--example.invalid-cert_cert_ins_id´999022600000001", "990ЗИ48ЫНТЕР12П1Ф0000001"):
        field = Field()
        field.text(text, 0.002)
        field.enter(0.002)
        assert field.scans == [text]
        assert field.value == ""


def test_given_two_scans_back_to_back_then_both_arrive_whole_and_in_order() -> None:
    for gap in (0.0, 0.001, 0.006):
        field = Field()
        for text in (CODE, BATTERY, CODE):
            field.text(text, gap)
            field.enter(gap)
        assert field.scans == [CODE, BATTERY, CODE]
        assert field.value == ""


def test_given_the_same_code_within_300_ms_of_itself_then_it_counts_once() -> None:
    field = Field()
    field.text("x", PERSON)
    for _ in range(5):  # held before the scanner
        field.key(CODE[0], CODE[0], 0.2)
        field.text(CODE[1:], 0.001)
        field.enter(0.001)
    assert field.scans == [CODE]
    assert field.value == "x"
    field.key(CODE[0], CODE[0], REPEAT_GAP)
    field.text(CODE[1:], 0.001)
    field.enter(0.001)
    assert field.scans == [CODE, CODE]


def torn(text: str, sizes: list[int], pause: float) -> Field:
    """A scanner's keys read in lumps of these sizes, the ending in the last one."""
    field = Field()
    rest = [(one, one) for one in text] + [ENTER]
    for size in sizes:
        for number, (key, character) in enumerate(rest[:size]):
            field.key(key, character, 0.0 if number else pause)
        rest = rest[size:]
    for number, (key, character) in enumerate(rest):
        field.key(key, character, 0.0 if number else pause)
    return field


@pytest.mark.parametrize("pause", [0.046, 0.08, 0.149])
@pytest.mark.parametrize(
    "sizes", [[1], [1, 1], [1, 2, 5], [2, 3, 4], [7], [14], [1, 1, 1], [4, 4, 4]], ids=lambda sizes: str(sizes)
)
def test_given_an_overloaded_machine_that_reads_a_scan_in_lumps_then_it_is_whole(
    sizes: list[int], pause: float
) -> None:
    field = torn(CODE, sizes, pause)
    assert field.scans == [CODE]
    assert field.value == ""
    assert "enter" not in field.keys


def test_given_a_run_handed_on_in_part_when_it_was_a_scan_then_what_stood_in_the_field_stands_there_again() -> None:
    field = Field()
    field.text("ab", PERSON)
    field.key("1", "1", PERSON)
    field.text(CODE[1:3], 0.08)
    assert field.value == "ab110"
    field.text(CODE[3:], 0.0)
    field.enter(0.0)
    assert field.scans == [CODE]
    assert field.value == "ab"


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=10, max_size=60),
    st.lists(st.integers(3, 20), max_size=20),
    st.lists(st.floats(0.0, LATE_GAP), min_size=20, max_size=20),
    st.sampled_from([ENTER, TAB, LINE_FEED]),
)
def test_given_any_lumps_of_three_keys_and_more_then_the_scan_is_whole(
    text: str, sizes: list[int], pauses: list[float], ending: tuple[str, str]
) -> None:
    field = Field()
    keys = [(one, one) for one in text]
    starts = [0]
    for size in sizes:
        if len(keys) - starts[-1] - size >= 3:
            starts.append(starts[-1] + size)
    for (start, end), pause in zip(pairwise([*starts, len(keys)]), pauses, strict=False):
        for number, (key, character) in enumerate(keys[start:end]):
            field.key(key, character, 0.0 if number else pause * 0.999)
    field.key(*ending, 0.0)
    assert field.scans == [text]
    assert field.value == ""


GAPS = st.one_of(st.just(0.0), st.floats(0.0, 0.01), st.floats(0.0, 0.06), st.floats(0.0, 1.2))


@given(st.lists(st.tuples(st.sampled_from("0aZ-?Ж"), GAPS), min_size=1, max_size=60), st.lists(GAPS, min_size=3))
def test_whatever_the_gaps_every_key_is_typed_or_scanned_once_and_in_order(
    keys: list[tuple[str, float]], ending_gaps: list[float]
) -> None:
    field = Field()
    told = ""
    for number, (character, gap) in enumerate(keys):
        field.key(character, character, gap)
        if number % 20 == 19:
            field.enter(ending_gaps[0])
            told, field.value = told + field.value + "".join(field.scans), ""
            field.scans.clear()
            field.key("home", None, PERSON)
    field.rest()
    assert told + field.value == "".join(character for character, _ in keys)


@pytest.mark.parametrize(("mean", "deviation"), [(0.080, 0.030), (0.140, 0.050)])
def test_given_a_fast_typist_then_nothing_is_taken_for_a_scan_and_nothing_is_lost(
    mean: float, deviation: float
) -> None:
    chance = random.Random(20261121)
    for _ in range(2_000):
        field = Field()
        text = "".join(chance.choices("abcdefghij0123456789", k=chance.randint(1, 24)))
        for character in text:
            field.key(character, character, max(0.0, chance.gauss(mean, deviation)))
        field.enter(max(0.0, chance.gauss(mean, deviation)))
        assert field.scans == []
        assert field.value == text
        assert field.keys == [*text, "enter"]


@given(st.lists(st.tuples(st.sampled_from("0aZ王 "), st.floats(0.0, 0.3)), max_size=40))
def test_no_typed_character_is_ever_lost_or_reordered(keys: list[tuple[str, float]]) -> None:
    field = Field()
    for character, gap in keys:
        field.key(character, character, gap)
    field.rest()
    assert field.value == "".join(character for character, _ in keys)
