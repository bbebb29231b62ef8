"""The colours of every screen, as roles: style sheets name roles, never colours. One set for a dim shop, one for sun.

Text stands at 7:1 or more on every ground it is written on, quiet text at 4.5:1, frames at 3:1 (WCAG 2.2, 1.4.6, 1.4.3
and 1.4.11); the hues are Okabe and Ito's, which every eye tells apart. A payment code is black on white in both.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = "shop-dark"
BRIGHT: Final = "shop-bright"


def _theme(name: str, roles: dict[str, str]) -> Theme:
    return Theme(
        name=name,
        dark=name == DARK,
        primary=roles["primary"],
        secondary=roles["secondary"],
        accent=roles["accent"],
        foreground=roles["foreground"],
        background=roles["background"],
        surface=roles["surface"],
        panel=roles["panel"],
        success=roles["good"],
        warning=roles["attention"],
        error=roles["fault"],
        variables={role: roles[role] for role in ("good", "attention", "fault", "quiet", "line", "raised")},
    )


THEMES: Final = {
    DARK: _theme(
        DARK,
        {
            "primary": "#56b4e9",
            "secondary": "#8ecae6",
            "accent": "#f0e442",
            "foreground": "#f2f5f7",
            "background": "#10181f",
            "surface": "#1a252e",
            "panel": "#212d37",
            "raised": "#26353f",
            "line": "#5d7588",
            "quiet": "#a9bccb",
            "good": "#63dcb6",
            "attention": "#f7bb57",
            "fault": "#ffb498",
        },
    ),
    BRIGHT: _theme(
        BRIGHT,
        {
            "primary": "#00497a",
            "secondary": "#0a5a70",
            "accent": "#7a1f5c",
            "foreground": "#0d151c",
            "background": "#ffffff",
            "surface": "#eef3f7",
            "panel": "#e3ebf1",
            "raised": "#d7e2ea",
            "line": "#8094a5",
            "quiet": "#46586a",
            "good": "#004a37",
            "attention": "#603400",
            "fault": "#7d1800",
        },
    ),
}
"""What each colour is for: primary the next step and the step one is in, secondary what is chosen, accent amounts and
the focus, good, attention and fault states, quiet what matters least, line frames, raised what can be touched."""


def other(name: str) -> str:
    """The theme a touch on the theme button goes to."""
    return BRIGHT if name == DARK else DARK
