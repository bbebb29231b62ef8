"""The script language of `kiosk play`: one step a line, parsed whole before anything starts.

`tests/play/README.md` publishes the language. A line whose first character is `#` is a comment; blank lines are
ignored. Every step of the contract parses, also those of capabilities that do not exist yet: they become `NotBuilt` and
fail by name when they are reached.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

from drivers.sandbox.faults import KINDS
from kiosk.play.keys import is_key
from kiosk.play.steps import (
    Action,
    Advance,
    Choose,
    Expect,
    Fill,
    Heal,
    Kill,
    Lang,
    NotBuilt,
    Pay,
    PayLate,
    Photograph,
    Press,
    Refuse,
    Restart,
    ScanText,
    SetFault,
    Shot,
    SignIn,
    Sql,
    Step,
    Type,
    Wait,
)

DEFAULT_WITHIN_S: Final = 10.0
FAULTS: Final = {
    "printer": ("paper_out", "cover_open", "offline", "stall"),
    **{target: tuple(sorted(kinds)) for target, kinds in KINDS.items()},
}
LANGUAGES: Final = ("zh_CN", "en", "ja", "ru")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class ScriptError(Exception):
    """The script cannot be read. `line` counts from 1; the message is one sentence."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def parse(source: str) -> tuple[Step, ...]:
    """Every step of the script. Raises ScriptError for the first line that is none."""
    steps: list[Step] = []
    for number, raw in enumerate(source.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.rstrip("\r")
        if line.startswith("#") or not line.strip():
            continue
        word, _, rest = line.lstrip().partition(" ")
        read = _READERS.get(word)
        if read is None:
            raise ScriptError(number, f"there is no step {word!r}.")
        try:
            action = read(rest if word == "type" else rest.strip())
        except ValueError as error:
            raise ScriptError(number, f"{word}: {error}") from error
        steps.append(Step(number, line.strip(), action))
    return tuple(steps)


def _words(rest: str, usage: str, least: int, most: int | None = None) -> list[str]:
    words = rest.split()
    if not least <= len(words) <= (most or least):
        raise ValueError(f"it is written {usage!r}.")
    return words


def _text(rest: str, usage: str) -> str:
    if not rest:
        raise ValueError(f"it is written {usage!r}.")
    return rest


def _nothing(rest: str) -> None:
    if rest:
        raise ValueError("it takes nothing more.")


def _label(text: str, usage: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.+?)(?:\s+#([1-9]\d{0,2}))?", text)
    if match is None:
        raise ValueError(f"it is written {usage!r}.")
    return match[1], int(match[2]) if match[2] else None


def _sign_in(rest: str) -> Action:
    number, pin = _words(rest, "sign_in NUMBER PIN", 2)
    return SignIn(number, pin)


def _choose(rest: str) -> Action:
    return Choose(*_label(rest, "choose LABEL"))


def _field(rest: str) -> Action:
    head, equals, text = rest.partition("=")
    if not equals:
        raise ValueError("it is written 'field LABEL = TEXT'.")
    label, nth = _label(head.strip(), "field LABEL = TEXT")
    return Fill(label, nth, text.strip())


def _press(rest: str) -> Action:
    (key,) = _words(rest, "press KEY", 1)
    if not is_key(key):
        raise ValueError(f"there is no key {key!r}.")
    return Press(key)


def _expect(rest: str) -> Action:
    match = re.fullmatch(r"(.+?)(?:\s+within\s+(\d+(?:\.\d+)?)\s*s?)?", rest)
    if match is None:
        raise ValueError("it is written 'expect TEXT [within S]'.")
    return Expect(match[1], float(match[2]) if match[2] else DEFAULT_WITHIN_S)


def _pay(rest: str) -> Action:
    return Pay(fen(_words(rest, "pay [YUAN]", 1)[0]) if rest else None)


def fen(yuan: str) -> int:
    """Decimal yuan (¥ and commas ignored) as fen. Raises ValueError for anything else."""
    try:
        amount = Decimal(re.sub(r"[¥￥,]", "", yuan)) * 100
        if not amount.is_finite() or amount != amount.to_integral_value() or amount < 0:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(f"{yuan!r} is no amount of yuan.") from None
    return int(amount)


def _pay_code(rest: str) -> Action:
    (channel,) = _words(rest, "pay_code wechat|alipay", 1)
    if channel not in {"wechat", "alipay"}:
        raise ValueError("it is written 'pay_code wechat|alipay'.")
    return NotBuilt("pay_code")


def _target(name: str) -> str:
    if name not in FAULTS:
        raise ValueError(f"there is no target {name!r}; there are {', '.join(FAULTS)}.")
    return name


def _fault(rest: str) -> Action:
    words = _words(rest, "fault TARGET KIND [ENDPOINT]", 2, 3)
    target, kind = _target(words[0]), words[1]
    if kind not in FAULTS[target]:
        raise ValueError(f"{target} has no fault {kind!r}; it has {', '.join(FAULTS[target])}.")
    return SetFault(target, kind, words[2] if len(words) > 2 else None)


def _heal(rest: str) -> Action:
    return Heal(_target(_words(rest, "heal TARGET", 1)[0]))


def duration_ms(text: str) -> int:
    """`90s`, `5m`, `2h`, `3d`, `250ms` or several in a row (`1h30m`) as milliseconds. Raises ValueError."""
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+", text):
        raise ValueError(f"{text!r} is no duration such as 90s, 5m, 2h or 3d.")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd])", text)
    return round(sum(float(count) * _UNIT_MS[unit] for count, unit in parts))


def _advance(rest: str) -> Action:
    duration, _, untouched = rest.strip().partition(" ")
    if untouched.strip() not in ("", "untouched"):
        raise ValueError("it is written 'advance DURATION [untouched]'.")
    return Advance(duration_ms(_words(duration, "advance DURATION", 1)[0]), untouched=bool(untouched.strip()))


def _wait(rest: str) -> Action:
    (word,) = _words(rest, "wait S", 1)
    if not re.fullmatch(r"\d+(\.\d+)?s?", word):
        raise ValueError(f"{word!r} is no number of seconds.")
    return Wait(float(word.rstrip("s")))


def _shot(rest: str) -> Action:
    path = _text(rest, "shot FILE.svg|.png")
    if not path.endswith((".svg", ".png")):
        raise ValueError("the file must end in .svg or .png.")
    return Shot(path)


def _lang(rest: str) -> Action:
    (language,) = _words(rest, "lang L", 1)
    known = {name: name for name in LANGUAGES} | {"zh": "zh_CN"}
    if language not in known:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}.")
    return Lang(known[language])


def _sql(rest: str) -> Action:
    query, arrow, value = rest.rpartition("=>")
    if not arrow or not query.strip():
        raise ValueError("it is written 'sql QUERY => VALUE'.")
    return Sql(query.strip(), value.strip())


def _bare(action: Action) -> Callable[[str], Action]:
    def read(rest: str) -> Action:
        _nothing(rest)
        return action

    return read


def _photo(rest: str) -> Action:
    _text(rest, "photo FILE")
    return NotBuilt("photo")


_READERS: Final[dict[str, Callable[[str], Action]]] = {
    "sign_in": _sign_in,
    "scan": lambda rest: ScanText(_text(rest, "scan TEXT")),
    "choose": _choose,
    "field": _field,
    "type": lambda rest: Type(_text(rest, "type TEXT")),
    "press": _press,
    "expect": _expect,
    "refuse": lambda rest: Refuse(_text(rest, "refuse TEXT")),
    "pay": _pay,
    "photograph": _bare(Photograph()),
    "pay_late": _bare(PayLate()),
    "pay_code": _pay_code,
    "fault": _fault,
    "heal": _heal,
    "advance": _advance,
    "kill": _bare(Kill()),
    "restart": _bare(Restart()),
    "wait": _wait,
    "shot": _shot,
    "lang": _lang,
    "sign": _bare(NotBuilt("sign")),
    "photo": _photo,
    "confirm_red": _bare(NotBuilt("confirm_red")),
    "sql": _sql,
}
STEP_NAMES: Final = tuple(_READERS)
