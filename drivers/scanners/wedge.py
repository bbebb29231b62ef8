"""Telling a keyboard-wedge scanner from a person, by the rhythm of the keys alone.

A wedge scanner types its code into the same keyboard stream as the clerk. `BurstSplitter` is fed every key before the
focus sees it and answers which keys to hand on and when a burst turned out to be a scan. It is pure: no clock, no
timer, no screen. It judges only by the time stamped on the key when the terminal was read (`at`), never by the time of
the call, so a busy event loop cannot tear a scan apart.

The rhythm rules, in seconds:

* The first printable key is handed on at once: a person sees what was typed without delay.
* A second key within `FIRST_GAP` makes it a possible burst; from there on keys are held back.
* After `FAST_KEYS` keys at that pace a single gap may last up to `LATE_GAP`: schedulers and radio links stutter.
* Enter, Tab or LF inside the rhythm ends it. With at least `SHORTEST_SCAN` characters and mostly fast gaps it is a
  scan; so is a shorter text, from `SHORTEST_INSTANT`, when no gap at all, the one before the ending included, was
  longer than `INSTANT_GAP`: fingers cannot do that. Otherwise everything held is handed on as typing, in order.
* A pause replays what is held: the person was merely quick.
* Text outside ASCII is never a scan: it was committed by an input method, and what follows it at once with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.scanners.base import LONGEST_SCAN, Scan, ScanListener, Scanner, ScannerHealth

FIRST_GAP: Final = 0.045
SUFFIX_GAP: Final = 0.008
"""A second Enter this soon is the scanner's suffix; later it may be a person's, who goes on at once."""
LATE_GAP: Final = 0.120
FAST_KEYS: Final = 3
SHORTEST_SCAN: Final = 6
INSTANT_GAP: Final = 0.008
SHORTEST_INSTANT: Final = 3
_ENDINGS: Final = frozenset({"enter", "tab", "ctrl+j"})
_LINE_ENDINGS: Final = frozenset({"enter", "ctrl+j"})


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

    1. `undo`: the first key of the burst was handed on before the burst was known; take it back (restore the focused
       field to what it held when `begins` was last answered).
    2. `deliver`: hand these on to the focus, in order.
    3. `begins`: the last of `deliver` may be the first key of a scan: remember the focused field's content as it is
       *before* that key is handed on.
    4. `scan`: a completed scan. `dropped` instead means that a burst beyond `LONGEST_SCAN` characters was thrown away.
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
        self._first: Keystroke | None = None
        self._held: list[Keystroke] = []
        self._count = 0
        self._fast_gaps = 0
        self._longest_gap = 0.0
        self._last_at = 0.0
        self._ended_at: float | None = None
        self._committed_at = float("-inf")

    @property
    def deadline(self) -> float | None:
        """When the held keys must be handed on unless another key comes; None while nothing is held."""
        return self._last_at + self._gap_allowed() if self._count > 1 else None

    def feed(self, key: str, character: str | None, at: float, event: object = None) -> Outcome:
        """Take one key and say what to do."""
        stroke = Keystroke(key, character, at, event)
        if self._ended_at is not None:
            ended_at, self._ended_at = self._ended_at, None
            if key in _LINE_ENDINGS and at - ended_at <= (SUFFIX_GAP if key == "enter" else FIRST_GAP):
                return Outcome()  # the LF of a CR LF suffix, or a doubled Enter
        in_rhythm = self._first is not None and at - self._last_at <= self._gap_allowed()
        if in_rhythm and key in _ENDINGS:
            return self._end(stroke)
        if in_rhythm and _scannable(stroke):
            return self._hold(stroke)
        return self._typed(stroke)

    def flush(self, now: float) -> Outcome:
        """Hand on what is held if its `deadline` has passed at `now`; else nothing changes."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return Outcome()
        return self._release()

    def _gap_allowed(self) -> float:
        return LATE_GAP if self._count > FAST_KEYS else FIRST_GAP

    def _hold(self, stroke: Keystroke) -> Outcome:
        gap = stroke.at - self._last_at
        self._fast_gaps += gap <= FIRST_GAP
        self._longest_gap = max(self._longest_gap, gap)
        self._count += 1
        self._last_at = stroke.at
        if self._count <= LONGEST_SCAN:
            self._held.append(stroke)
        else:
            self._held.clear()
        return Outcome()

    def _end(self, stroke: Keystroke) -> Outcome:
        first = self._first
        assert first is not None
        if self._count > LONGEST_SCAN:
            self._forget()
            self._ended_at = stroke.at
            return Outcome(undo=True, dropped=True)
        # A person who rolls two keys and then types on has mostly slow gaps; a stuttering scanner mostly fast ones.
        mostly_fast = self._fast_gaps * 3 >= (self._count - 1) * 2
        instant = max(self._longest_gap, stroke.at - self._last_at) <= INSTANT_GAP
        if not mostly_fast or self._count < (SHORTEST_INSTANT if instant else SHORTEST_SCAN):
            return Outcome(deliver=(*self._release().deliver, stroke))
        text = "".join(one.character or "" for one in (first, *self._held))
        self._forget()
        self._ended_at = stroke.at
        return Outcome(undo=True, scan=Scan(text, self._source, self._now_ms()))

    def _typed(self, stroke: Keystroke) -> Outcome:
        before = self._release()
        character = stroke.character or ""
        visible = character != "" and character.isprintable()
        committed = visible and (not character.isascii() or stroke.at - self._committed_at <= FIRST_GAP)
        if committed:
            self._committed_at = stroke.at
        begins = not committed and _scannable(stroke) and character > " "
        if begins:
            self._first = stroke
            self._count = 1
            self._last_at = stroke.at
        return Outcome((*before.deliver, stroke), begins, before.undo, dropped=before.dropped)

    def _release(self) -> Outcome:
        too_long = self._count > LONGEST_SCAN
        held = tuple(self._held)
        self._forget()
        return Outcome(undo=True, dropped=True) if too_long else Outcome(deliver=held)

    def _forget(self) -> None:
        self._first = None
        self._held.clear()
        self._count = 0
        self._fast_gaps = 0
        self._longest_gap = 0.0


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


def _scannable(stroke: Keystroke) -> bool:
    """Whether the key can be a character of a code: printable ASCII, or a control byte such as GS inside GS1 data.

    Terminals name control bytes `ctrl+…` (0x11 would otherwise quit, 0x03 interrupt); inside a burst they are data and
    must not act. Endings and editing keys are none. A burst begins with a visible character only, so that a shortcut or
    a space bar pressed by a person is never the start of one.
    """
    character = stroke.character
    if character is None or len(character) != 1 or stroke.key in _ENDINGS:
        return False
    code = ord(character)
    return 32 <= code < 127 or (code < 32 and stroke.key.startswith("ctrl+"))
