"""Telling a keyboard-wedge scanner from a person, by the rhythm of the keys alone.

A wedge scanner types its code into the same keyboard stream as the clerk. `BurstSplitter` is fed every key before the
focus sees it and answers which keys to hand on and when a run of keys turned out to be a scan. It is pure: no clock, no
timer, no screen. It judges only by the time stamped on the key when the terminal was read (`at`), never by the time of
the call, so a busy event loop cannot tear a scan apart.

Keys that follow one another within `LATE_GAP` are a run. How they are handed on, in seconds:

* The first key of a run is handed on at once: a person sees what was typed without delay.
* A key within `FIRST_GAP` of the one before is held back; a scanner may be at work.
* After `FAST_KEYS` such gaps the run is held across one gap of up to `LATE_GAP`: schedulers and radio links stutter.
* Any other gap hands on what is held: the person was merely quick. The run goes on and is judged as a whole.

Enter, Tab or LF ends a run. It is a scan by the gaps between its keys, the one before the ending included:

* all within `INSTANT_GAP`, from `SHORTEST_INSTANT` keys: fingers cannot do that;
* all within `FIRST_GAP`, from `SHORTEST_SCAN` keys;
* from `SHORTEST_TORN` keys with longer gaps among them: at most one in eight, or two of three within `INSTANT_GAP`, as
  when an overloaded machine reads a scanner's keys in lumps. What was handed on of it is taken back.

Otherwise everything held is handed on as typing, in order. What an input method commits, wide characters, is typing,
and so is what follows it at once. Full-width forms of ASCII are keys: a scanner under an input method types those.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from unicodedata import east_asian_width

from drivers.scanners.base import LONGEST_SCAN, Scan, ScanListener, Scanner, ScannerHealth

FIRST_GAP: Final = 0.045
SUFFIX_GAP: Final = 0.008
"""A second Enter or Tab this soon is the scanner's suffix; later it may be a person's, who goes on at once."""
LATE_GAP: Final = 0.150
REPEAT_GAP: Final = 0.300
"""The same text again this soon is one code held before the scanner, and counts once."""
FAST_KEYS: Final = 3
SHORTEST_SCAN: Final = 6
SHORTEST_TORN: Final = 10
INSTANT_GAP: Final = 0.008
SHORTEST_INSTANT: Final = 3
_ENDINGS: Final = frozenset({"enter", "tab", "ctrl+j"})
_SILENT: Final = frozenset(
    {
        *("left_shift", "left_control", "left_alt", "left_super", "left_hyper", "left_meta"),
        *("right_shift", "right_control", "right_alt", "right_super", "right_hyper", "right_meta"),
        *("iso_level3_shift", "iso_level5_shift", "caps_lock", "num_lock", "scroll_lock"),
    }
)
"""Keys that type nothing by themselves. Terminals with the kitty keyboard protocol tell of each, so also of the Shift
that a scanner presses for a capital letter."""
_NO_TEXT: Final = "\N{REPLACEMENT CHARACTER}"
_CONTROL_SIGNS: Final = {
    "ctrl+at": "\x00",
    "ctrl+left_square_bracket": "\x1b",
    "ctrl+backslash": "\x1c",
    "ctrl+right_square_bracket": "\x1d",
    "ctrl+circumflex_accent": "\x1e",
    "ctrl+underscore": "\x1f",
}


@dataclass(frozen=True, slots=True)
class Keystroke:
    """One key as the terminal delivered it.

    `key` is its name (`a`, `enter`, `ctrl+j`), `character` what it would type (None for keys that type nothing), `at`
    the second of a monotonic clock at which it was read, `event` whatever the caller needs to hand it on later.
    """

    key: str
    character: str | None
    at: float
    event: object = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller has to do now, in this order.

    1. `undo`: keys of the run were handed on before it was known to be a scan; take them back (restore the focused
       field to what it held when `begins` was last answered).
    2. `deliver`: hand these on to the focus, in order.
    3. `begins`: the last of `deliver` may be the first key of a scan: remember the focused field's content as it is
       *before* that key is handed on.
    4. `scan`: a completed scan. `dropped` instead means that a run no code can be was thrown away: longer than
       `LONGEST_SCAN`, or with keys among it that are no characters.
    """

    deliver: tuple[Keystroke, ...] = ()
    begins: bool = False
    undo: bool = False
    scan: Scan | None = None
    dropped: bool = False


class BurstSplitter:
    """Splits one stream of keys into typing and scans.

    After each `feed`, and after each `flush`, look at `deadline`: when it is not None, call `flush(now)` once the same
    clock that stamps the keys has passed it. Do that through the same queue as the keys, so that a key which was read
    in time but waits in the queue is fed first.
    """

    def __init__(self, now_ms: Callable[[], int], source: str = "wedge") -> None:
        self._now_ms = now_ms
        self._source = source
        self._run: list[Keystroke] = []
        self._gaps: list[float] = []
        self._handed_on = 0
        self._fast_in_a_row = 0
        self._spoiled = False
        self._flood = False
        self._last_at = 0.0
        self._ended_at: float | None = None
        self._committed_at = float("-inf")
        self._last_scan = ("", float("-inf"))

    @property
    def deadline(self) -> float | None:
        """When the held keys must be handed on unless another key comes; None while nothing is held."""
        if not self._flood and self._handed_on == len(self._run):
            return None
        return self._last_at + (LATE_GAP if self._holds_across_a_pause else FIRST_GAP)

    def feed(self, key: str, character: str | None, at: float, event: object = None) -> Outcome:
        """Take one key and say what to do."""
        stroke = Keystroke(key, character, at, event)
        if key in _SILENT:
            return Outcome((stroke,))
        if self._ended_at is not None:
            ended_at, self._ended_at = self._ended_at, None
            if key in _ENDINGS and at - ended_at <= (FIRST_GAP if key == "ctrl+j" else SUFFIX_GAP):
                return Outcome()  # the rest of the suffix: CR LF, Tab CR, a doubled Enter
        gap = at - self._last_at
        if character == _NO_TEXT:
            return self._spoil(at, gap)
        if not self._run or gap > LATE_GAP:
            return self._typed(stroke)
        if key in _ENDINGS:
            return self._end(stroke)
        if self._flood:
            self._last_at = at
            return Outcome()
        if _data(stroke) is not None:
            return self._go_on(stroke, gap)
        if len(self._run) - self._handed_on >= FAST_KEYS and gap <= INSTANT_GAP:
            self._spoiled = True  # bytes of a code that the terminal took for a key, as after an ESC: it must not act
            return self._go_on(stroke, gap)
        return self._typed(stroke)

    def flush(self, now: float) -> Outcome:
        """Hand on what is held if its `deadline` has passed at `now`; else nothing changes."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return Outcome()
        if self._flood:
            return self._drop()
        return Outcome(self._release())

    @property
    def _holds_across_a_pause(self) -> bool:
        return self._flood or self._fast_in_a_row >= FAST_KEYS

    def _go_on(self, stroke: Keystroke, gap: float) -> Outcome:
        held = gap <= FIRST_GAP or self._holds_across_a_pause
        if len(self._run) >= LONGEST_SCAN:
            if not held:
                return self._typed(stroke)
            self._flood = True
            self._last_at = stroke.at
            return Outcome()
        self._fast_in_a_row = self._fast_in_a_row + 1 if gap <= FIRST_GAP else 0
        self._run.append(stroke)
        self._gaps.append(gap)
        self._last_at = stroke.at
        return Outcome() if held else Outcome(self._release())

    def _spoil(self, at: float, gap: float) -> Outcome:
        """A byte that is no text, which nobody types: alone it is nothing, inside a run the reading went wrong."""
        if self._run and gap <= LATE_GAP:
            self._spoiled = True
            self._last_at = at
        return Outcome()

    def _end(self, stroke: Keystroke) -> Outcome:
        if self._flood or (self._spoiled and self._is_scan(stroke.at)):
            self._ended_at = stroke.at
            return self._drop()
        if not self._is_scan(stroke.at):
            held = self._release()
            self._forget()
            return Outcome((*held, stroke))
        text = "".join(_data(one) or "" for one in self._run)
        self._forget()
        self._ended_at = stroke.at
        (last_text, last_at), self._last_scan = self._last_scan, (text, stroke.at)
        if text == last_text and stroke.at - last_at <= REPEAT_GAP:
            return Outcome(undo=True)
        return Outcome(undo=True, scan=Scan(text, self._source, self._now_ms()))

    def _is_scan(self, ended_at: float) -> bool:
        gaps = [*self._gaps, ended_at - self._last_at]
        keys = len(self._run)
        if max(gaps) <= INSTANT_GAP:
            return keys >= SHORTEST_INSTANT
        late = sum(gap > FIRST_GAP for gap in gaps)
        if late == 0:
            return keys >= SHORTEST_SCAN
        instant = sum(gap <= INSTANT_GAP for gap in gaps)
        return keys >= SHORTEST_TORN and (late * 8 <= len(gaps) or instant * 3 >= len(gaps) * 2)

    def _typed(self, stroke: Keystroke) -> Outcome:
        before = self._drop() if self._flood else Outcome(self._release())
        self._forget()
        character = stroke.character or ""
        visible = character != "" and character.isprintable()
        committed = visible and (_is_committed(character) or stroke.at - self._committed_at <= FIRST_GAP)
        if committed:
            self._committed_at = stroke.at
        begins = not committed and _data(stroke) is not None and character > " "
        if begins:
            self._run.append(stroke)
            self._handed_on = 1
            self._last_at = stroke.at
        return Outcome((*before.deliver, stroke), begins, before.undo, dropped=before.dropped)

    def _release(self) -> tuple[Keystroke, ...]:
        held = tuple(self._run[self._handed_on :])
        self._handed_on = len(self._run)
        return held

    def _drop(self) -> Outcome:
        self._forget()
        return Outcome(undo=True, dropped=True)

    def _forget(self) -> None:
        self._run.clear()
        self._gaps.clear()
        self._handed_on = 0
        self._fast_in_a_row = 0
        self._spoiled = False
        self._flood = False


class KeyboardWedge(Scanner):
    """The scanner that types into the keyboard stream. Whoever sees the keys feeds `splitter`, and tells of each scan.

    It cannot be told from the keyboard it sits on, so it is always there as far as anybody knows.
    """

    name = "wedge"

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.splitter = BurstSplitter(now_ms, self.name)
        self._listener: ScanListener | None = None

    async def open(self, listener: ScanListener) -> None:
        self._listener = listener

    async def close(self) -> None:
        self._listener = None

    def health(self) -> ScannerHealth:
        return ScannerHealth(online=True)

    def follow(self, outcome: Outcome) -> Outcome:
        """Pass a scan in `outcome` on to the listener; returns it for the rest that has to be done."""
        if outcome.scan is not None and self._listener is not None:
            self._listener(outcome.scan)
        return outcome


def _data(stroke: Keystroke) -> str | None:
    """What the key adds to a code: a narrow character, a full-width form, a control byte such as GS inside GS1 data.

    Terminals name control bytes `ctrl+…` (0x11 would otherwise quit, 0x03 interrupt), some without their character;
    inside a run they are data and must not act. None for endings, for editing keys, and for what an input method
    commits. A run begins with a visible character only, so that a shortcut or a space bar pressed by a person is never
    the start of one.
    """
    key, character = stroke.key, stroke.character
    if key in _ENDINGS or key.startswith("alt+"):
        return None
    if key.startswith("ctrl+"):
        if character is None and len(key) == 6 and "a" <= key[5] <= "z":
            return chr(ord(key[5]) - ord("a") + 1)
        character = character or _CONTROL_SIGNS.get(key)
        return character if character is not None and len(character) == 1 and ord(character) < 32 else None
    if character is None or len(character) != 1 or not character.isprintable() or _is_committed(character):
        return None
    return character


def _is_committed(character: str) -> bool:
    """Whether only an input method types this: a wide character that is no full-width form of ASCII."""
    return east_asian_width(character[0]) == "W"
