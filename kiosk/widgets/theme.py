"""The colours of every screen, as roles: style sheets name roles, never colours."""

from __future__ import annotations

from textual.theme import Theme

THEME = Theme(
    name="shop-floor",
    primary="#56b4e9",
    secondary="#8ecae6",
    warning="#f0a830",
    error="#ff8552",
    success="#3fc8a0",
    accent="#f0e442",
    foreground="#f2f5f7",
    background="#10181f",
    surface="#1a252e",
    panel="#24323d",
    dark=True,
    variables={
        "good": "#4fd1a8",
        "attention": "#f5b041",
        "fault": "#ff9166",
        "quiet": "#9fb3c2",
        "line": "#3a4d5c",
        "raised": "#2b3d4a",
    },
)
"""Okabe and Ito's colours that every eye tells apart, lightened until they stand at 7:1 on the dark ground."""
