"""Names and values under one another, aligned by the cells they take on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content


def facts_table(rows: Sequence[tuple[str, str | Content]]) -> Content:
    """One line a row; names are padded to the widest, values are data."""
    width = max((cell_len(name) for name, _ in rows), default=0)
    return Content("\n").join(
        Content.assemble((name + " " * (width - cell_len(name) + 2), "$quiet"), value or "—") for name, value in rows
    )
