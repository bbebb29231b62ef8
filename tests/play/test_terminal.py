"""The emulated terminal, the keys and the camera, on small programs instead of the kiosk."""

import os
import sys
from pathlib import Path

import pytest
import segno

from kiosk.play.camera import UnreadableCode, read_code
from kiosk.play.keys import encode, is_key
from kiosk.play.picture import save
from kiosk.play.terminal import Terminal


def shown(program: str, columns: int = 40, rows: int = 6) -> Terminal:
    """A program's screen after it has painted mark 1 and waits for input."""
    source = f"import sys\n{program}\nsys.stdout.write('\\x1b_kiosk;1\\x1b\\\\')\nsys.stdout.flush()\ninput()"
    terminal = Terminal([sys.executable, "-c", source], dict(os.environ), columns, rows)
    assert terminal.wait_mark(1, 20)
    return terminal


def test_sequences_that_an_emulator_does_not_know_leave_no_trace() -> None:
    noise = "\\x1b[>25u\\x1b[?2026$p\\x1b[?2026h\\x1b]0;title\\x07\\x1bP1$r\\x1b\\\\\\x1b[?1049h\\x1b[>4;1m"
    terminal = shown(f"sys.stdout.write('{noise}电动车 ok\\x1b[?2026l')")
    assert terminal.lines()[0] == "电动车 ok"
    assert terminal.kitty
    terminal.kill()


def test_a_zero_width_character_does_not_swallow_the_rest() -> None:
    terminal = shown("sys.stdout.write('a\\u200db\\ufe0fc')")
    assert terminal.lines()[0] == "abc"
    terminal.kill()


def test_a_narrow_character_over_half_a_wide_one_erases_the_other_half() -> None:
    terminal = shown("sys.stdout.write('电动\\x1b[1;2Hx\\x1b[1;3Hy')")
    assert terminal.lines()[0] == " xy"
    terminal.kill()


def test_the_program_sees_exactly_the_size_asked_for() -> None:
    terminal = shown("import os; print(*os.get_terminal_size(1))", columns=97, rows=31)
    assert terminal.lines()[0] == "97 31"
    assert terminal.stop(5)
    assert not terminal.running


def test_a_phone_reads_the_code_from_the_cells() -> None:
    code = "weixin://wxpay/bizpayurl?pr=Zx81abcQ"
    matrix = [list(row) for row in segno.make(code, error="m", micro=False).matrix_iter(border=4)]
    matrix.append([0] * len(matrix[0]))
    lines = [
        "".join(" ▄▀█"[2 * (not upper) + (not lower)] for upper, lower in zip(matrix[y], matrix[y + 1], strict=True))
        for y in range(0, len(matrix) - 1, 2)
    ]
    painted = "\\r\\n".join(lines)
    terminal = shown(f"sys.stdout.write('\\x1b[38;2;255;255;255;48;2;0;0;0m{painted}')", len(matrix[0]), len(lines) + 1)
    assert read_code(terminal.cells()) == code
    terminal.kill()


def test_a_screen_without_a_code_says_so() -> None:
    terminal = shown("print('no code here')")
    with pytest.raises(UnreadableCode):
        read_code(terminal.cells())
    terminal.kill()


def test_the_screen_can_be_saved_as_both_kinds_of_picture(tmp_path: Path) -> None:
    from PIL import Image

    terminal = shown("sys.stdout.write('\\x1b[31m电动车\\x1b[0m <ok> █')")
    save(terminal.cells(), tmp_path / "a.svg")
    save(terminal.cells(), tmp_path / "a.png")
    svg = (tmp_path / "a.svg").read_text("utf-8")
    assert "电" in svg
    assert "&lt;" in svg
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (40 * 12, 6 * 24)
        assert len(picture.getcolors() or []) >= 3
    terminal.kill()


@pytest.mark.parametrize(
    ("key", "bytes_sent"),
    [
        ("enter", b"\r"),
        ("f8", b"\x1b[19~"),
        ("ctrl+q", b"\x11"),
        ("shift+tab", b"\x1b[Z"),
        ("up", b"\x1b[A"),
        ("ctrl+home", b"\x1b[1;5H"),
        ("a", b"a"),
        ("full_stop", b"."),
        ("minus", b"-"),
        ("escape", b"\x1b[27u"),
    ],
)
def test_keys_are_sent_as_an_xterm_sends_them(key: str, bytes_sent: bytes) -> None:
    assert encode(key, kitty=True) == bytes_sent


def test_what_is_no_key_is_known_before_anything_starts() -> None:
    assert not is_key("hyper+x")
    assert not is_key("f99")
