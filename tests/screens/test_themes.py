"""Both themes can be read, say states without colour too, and leave the payment code alone."""

from pathlib import Path

import pytest
from textual.color import Color

from data.models import Journal
from kiosk.widgets import theme as themes
from kiosk.widgets.frame import GLYPHS, Tone
from kiosk.widgets.qr_code import QrCode

GROUNDS = ("background", "surface", "panel", "raised")
TEXT = [
    *[(text, ground) for text in ("foreground", "good", "attention", "fault") for ground in GROUNDS],
    ("primary", "background"),
    ("accent", "background"),
    *[("background", ground) for ground in ("primary", "secondary", "accent", "fault")],
]
"""What is written on what, as text a clerk must read from 80 cm."""
QUIET = [("quiet", ground) for ground in ("background", "surface", "panel")]


def roles(name: str) -> dict[str, str]:
    theme = themes.THEMES[name]
    named = ("primary", "secondary", "accent", "foreground", "background", "surface", "panel")
    return {role: getattr(theme, role) for role in named} | theme.variables


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""

    def light(text: str) -> float:
        parts = [part / 255 for part in Color.parse(text).rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", list(themes.THEMES))
def test_every_text_stands_out_from_every_ground_it_is_written_on(name: str) -> None:
    colours = roles(name)
    ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 7} == {}
    quiet = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in QUIET}
    assert {pair: ratio for pair, ratio in quiet.items() if ratio < 4.5} == {}
    assert contrast(colours["line"], colours["background"]) >= 3


def test_every_tone_that_has_a_colour_has_a_glyph_of_its_own() -> None:
    coloured = [GLYPHS[tone] for tone in Tone if tone is not Tone.PLAIN]
    assert "" not in coloured
    assert len(set(coloured)) == len(coloured)


def test_the_styles_name_roles_and_never_colours() -> None:
    import re

    for sheet in (Path(themes.__file__).parent.parent / "styles").glob("*.tcss"):
        assert re.findall(r"#[0-9a-fA-F]{3,8}\s*[;}]|rgb\(", sheet.read_text("utf-8")) == [], sheet.name


async def test_given_the_bright_theme_chosen_when_restarted_then_the_terminal_is_bright(till) -> None:
    async with till() as one:
        assert one.app.theme == themes.DARK
        await one.sign_in()
        await one.press("f5")
        assert one.app.theme == themes.BRIGHT
        assert one.app.screen.styles.background.hex.lower() == roles(themes.BRIGHT)["background"]
        kinds = one.app.shop.store.read_now(lambda: [row.kind for row in Journal.query()])
        assert "setting.created" in kinds
    async with till() as one:
        assert one.app.theme == themes.BRIGHT
        await one.sign_in()
        await one.touch("暗色")
        assert one.app.theme == themes.DARK
    async with till() as one:
        assert one.app.theme == themes.DARK


@pytest.mark.parametrize("name", list(themes.THEMES))
async def test_the_payment_code_is_black_on_white_in_every_theme(till, name) -> None:
    async with till() as one:
        one.app.theme = name
        code = QrCode("weixin://wxpay/bizpayurl?pr=abcdefg")
        await one.app.screen.mount(code)
        await one.settle()
        painted = {
            colour.name
            for y in range(len(code._modules) // 2)
            for segment in code.render_line(y)
            if segment.style is not None and segment.text.strip(" ▀") == ""
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert {"#000000", "#ffffff"} <= painted
