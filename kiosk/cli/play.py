"""`kiosk play`: tells a story to the demo shop and checks what the screen answers."""

import json
import re
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from kiosk.cli.failure import Exit, Failure

_LEAST_COLUMNS = 80
_LEAST_ROWS = 24

_HELP = """Play SCRIPT on the demo application (`-` reads standard input).

The application runs as a child on a pseudo-terminal (default 80x24, zh_CN); its screen is read through a terminal
emulator. One step a line; a line whose first character is `#` is a comment. A step returns when its input is handled
and committed. The demo application tells over a local socket which controls are where and when it is idle; input
itself always goes through the terminal, as keys and mouse reports. Without --data the shop is fresh and temporary;
with it, state stays.

\b
sign_in NUMBER PIN         fill and send the sign-in screen
scan TEXT                  the scanner reads TEXT and sends Enter
choose LABEL [#N]          touch the button, option, tab or row that shows LABEL:
                           exact text first, then contained; scrolls to it
field LABEL [#N] = TEXT    replace the content of that field; does not submit
type TEXT | press KEY      raw typing into the focus; keys by Textual's names
expect TEXT [within S]     TEXT is visible, ignoring white space and line
                           breaks; default 10 s
refuse TEXT                TEXT is not visible, now and for 1 s
pay [YUAN]                 photograph the code on the screen and pay it; with
                           YUAN the amount shown is checked first
fault TARGET KIND [ENDPOINT] | heal TARGET
                           printer: paper_out cover_open offline stall;
                           wechat alipay nuonuo: timeout drop_after_commit
                           http500 bad_signature lag never html502 truncated;
                           wechat alipay: http429 replay other_total not_enough
                           processing abnormal; wechat: status202
                           unknown_serial; alipay: unavailable retry_flag;
                           nuonuo: fail; network: down
advance DURATION [untouched]
                           move the kiosk's and the sandbox's clock (90s, 3d);
                           untouched: nobody is at the kiosk meanwhile, so
                           that it dims and locks
kill | restart             SIGKILL, or an orderly stop; then start again
wait S | shot FILE.svg|.png | lang L
sql QUERY => VALUE         read-only check: first column of the first row
pay_code | sign | photo | confirm_red
                           parse, and fail by name: not built yet

Prints `ok LINE step` per step; on failure `FAILED LINE step: why` and the screen's text. A step after which the
application did not come to rest says so on stderr, and as `overdue` in the JSON document. Exit 0 every step came true,
1 a step failed, 2 wrong use or a script that cannot be read (nothing is started), 3 the shop is held by
another program.
"""


def _size(_ctx: click.Context, _parameter: click.Parameter, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no size such as 80x24.")
    columns, rows = int(match[1]), int(match[2])
    if columns < _LEAST_COLUMNS or rows < _LEAST_ROWS:
        raise click.BadParameter(f"{text} is too small, the least size is {_LEAST_COLUMNS}x{_LEAST_ROWS}.")
    return columns, rows


@click.command(help=_HELP, short_help="Play a script on the demo shop.")
@click.argument("script", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Shop to play on; it keeps its state.")
@click.option("--show", is_flag=True, help="Mirror the application's screen to this terminal.")
@click.option(
    "--size",
    default="80x24",
    show_default=True,
    metavar="COLSxROWS",
    callback=_size,
    help="Screen size, 80x24 or more.",
)
@click.option("--lang", "language", default="zh_CN", show_default=True, help="Language of the screen.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document at the end.")
def play(script: Path, data: Path | None, show: bool, size: tuple[int, int], language: str, as_json: bool) -> int:
    from kiosk.play.script import LANGUAGES, ScriptError, parse
    from kiosk.play.session import Done, Stagehand, WorldDown

    language = "zh_CN" if language == "zh" else language
    if language not in LANGUAGES:
        raise Failure(Exit.WRONG_USE, f"There is no language {language!r}; there are {', '.join(LANGUAGES)}.")
    try:
        steps = parse(_read(script))
    except ScriptError as error:
        raise Failure(Exit.WRONG_USE, f"{script}, {error}") from None
    held_back = show and sys.stdout.isatty()
    lines: list[str] = []
    overdue: list[str] = []

    def told(done: Done) -> None:
        if done.overdue:
            late = f"kiosk: line {done.step.line} {done.step.text}: did not come to rest: {', '.join(done.overdue)}"
            if show:
                overdue.append(late)
            else:
                click.echo(late, err=True)
        if not as_json:
            line = f"ok {done.step.line} {done.step.text}"
            if done.why is not None:
                line = f"FAILED {done.step.line} {done.step.text}: {done.why}"
            if held_back:
                lines.append(line)  # the terminal shows the application now
            else:
                click.echo(line)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)  # what was started is taken down on the way out
    data = data.absolute() if data is not None else None
    try:
        outcome = Stagehand(data, *size, language, show).run(steps, told)
    except WorldDown as down:
        raise Failure(Exit.STORE if down.held else Exit.OUTSIDE, str(down)) from None
    for line in lines:
        click.echo(line)
    for late in overdue:
        click.echo(late, err=True)
    if as_json:
        click.echo(json.dumps(outcome.document(str(script)), ensure_ascii=False))
    elif not outcome.passed:
        click.echo("\n".join(outcome.screen))
    return Exit.DONE if outcome.passed else Exit.NO


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _read(script: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(script) == "-" else script.read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise Failure(Exit.WRONG_USE, f"{script} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Failure(Exit.WRONG_USE, f"{script} is not UTF-8 text.") from None
