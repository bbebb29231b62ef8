"""Scans and typing are told apart by rhythm; nothing typed is ever lost and no scan leaks into a field."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners.base import LONGEST_SCAN
from drivers.scanners.wedge import FIRST_GAP, BurstSplitter, Outcome

CODE = "110012500000017"


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


def test_given_line_feed_tab_or_cr_lf_as_suffix_then_one_scan_and_no_stray_key() -> None:
    for suffix in ([("ctrl+j", "\n")], [("tab", "\t")], [("enter", "\r"), ("ctrl+j", "\n")]):
        field = Field()
        field.text(CODE, 0.001)
        for key, character in suffix:
            field.key(key, character, 0.001)
        assert field.scans == [CODE]
        assert field.keys == [CODE[0]]


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


def test_given_two_scans_back_to_back_then_both_arrive_whole() -> None:
    field = Field()
    for _ in range(2):
        field.text(CODE, 0.001)
        field.enter(0.001)
    assert field.scans == [CODE, CODE]
    assert field.value == ""


@given(st.lists(st.tuples(st.sampled_from("0aZ王 "), st.floats(0.0, 0.3)), max_size=40))
def test_no_typed_character_is_ever_lost_or_reordered(keys: list[tuple[str, float]]) -> None:
    field = Field()
    for character, gap in keys:
        field.key(character, character, gap)
    field.rest()
    assert field.value == "".join(character for character, _ in keys)
