"""Which control a label means, and whether a text is visible."""

import pytest

from kiosk.play.terminal import ScreenCell
from kiosk.play.text import Area, Control, NoSuchControl, pick, shows, shows_amount


def control(label: str, *, enabled: bool = True, kind: str = "button") -> Control:
    area = Area(0, 0, 10, 3)
    return Control("", label, kind, area, area, enabled, None)


def cells(*lines: str) -> list[list[ScreenCell]]:
    rows: list[list[ScreenCell]] = []
    for line in lines:
        row: list[ScreenCell] = []
        for character in line:
            row.append(ScreenCell(character, "default", "default", False, False))
            if ord(character) > 0x2E80:
                row.append(ScreenCell("", "default", "default", False, False))
        rows.append(row)
    return rows


def test_exact_text_wins_over_contained_text() -> None:
    there = [control("取消收款"), control("收款 F8"), control("收款码")]
    assert pick(there, "收款", None).label == "收款 F8"


@pytest.mark.parametrize("label", ["✓ 银白", "● 银白", "银白 F3", "[银白]", "银 白", "银白 ¥2,999.00", "▲ 银白"])
def test_glyphs_keys_brackets_and_amounts_do_not_spoil_exactness(label: str) -> None:
    assert pick([control("银白加黑"), control(label)], "银白", None).label == label


def test_given_two_that_contain_it_when_no_number_is_given_then_it_is_ambiguous() -> None:
    there = [control("微信 一"), control("微信 二")]
    with pytest.raises(NoSuchControl, match="微信 一, 微信 二"):
        pick(there, "微信", None)
    assert pick(there, "微信", 2).label == "微信 二"
    with pytest.raises(NoSuchControl, match="#3"):
        pick(there, "微信", 3)


def test_given_an_exact_one_and_two_that_contain_it_then_a_number_beyond_the_exact_counts_all() -> None:
    there = [control("车 1"), control("车 1 红"), control("车 1 蓝")]
    assert pick(there, "车 1", None).label == "车 1"
    assert pick(there, "车 1", 3).label == "车 1 蓝"


def test_given_a_disabled_control_then_it_cannot_be_touched() -> None:
    with pytest.raises(NoSuchControl, match="disabled"):
        pick([control("收款", enabled=False)], "收款", None)


def test_given_nothing_that_shows_it_then_the_finding_lists_what_is_there() -> None:
    with pytest.raises(NoSuchControl, match="返回, 完成"):
        pick([control("返回"), control("完成")], "收款", None)


def test_text_is_visible_across_line_breaks_and_wide_characters() -> None:
    screen = cells("  不能添加：电池不适", "  用于这辆车。")
    assert shows(screen, [], "电池不适用于这辆车")
    assert not shows(screen, [], "充电器")


def test_text_that_wraps_in_one_of_two_columns_is_visible_in_its_own_area() -> None:
    screen = cells("abcd wxyz", "efgh 1234")
    assert not shows(screen, [], "abcdefgh")
    assert shows(screen, [Area(0, 0, 4, 2)], "abcdefgh")


@pytest.mark.parametrize("style", ["", "bold"])
def test_figures_drawn_large_are_read_as_a_person_reads_them(style: str) -> None:
    from rich.style import Style
    from textual.renderables.digits import Digits

    drawn = "".join(segment.text for segment in Digits("12,345.67890", style).render(Style.parse(style)))
    rows = [f"   {line}  x" for line in drawn.split("\n")[:3]]
    screen = cells("  标价", f" ¥{rows[0][2:]}", *rows[1:], "─────")
    assert shows(screen, [], "¥12,345.67890")
    assert shows_amount(cells("", *(f"    {line}" for line in drawn.split("\n")[:3])), 1234567) is False
    exact = "".join(segment.text for segment in Digits("2,999.00").render(Style.parse(style))).split("\n")[:3]
    assert shows_amount(cells(*exact), 299900)


@pytest.mark.parametrize(("line", "seen"), [("应付 ¥2,999.00", True), ("12,999.00", False), ("2999.005", False)])
def test_an_amount_is_seen_whole_or_not_at_all(line: str, seen: bool) -> None:
    assert shows_amount(cells(line), 299900) is seen
