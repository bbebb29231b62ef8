"""What we know about a printer model: width, columns, character set and code page number.

Models come from the capability database that python-escpos ships as JSON. The file is read as data; the package is
not imported, because importing it costs a third of a second, prints and configures logging. The database has errors
(one model "prints 12 columns" on 576 dots), so a column count is believed only when its cell is 12 to 14 dots wide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from drivers.printers.base import WIDTH_80_MM, PrinterSettings

CELL_DOTS = 12
DEFAULT_CP866 = 17
"""The number of code page 866 on Epson models and on most that follow them."""


class Charset(StrEnum):
    """The character set a printer's own font has. RASTER: use none of it, draw everything."""

    GBK = "gbk"
    CP866 = "cp866"
    SHIFT_JIS = "shift_jis"
    RASTER = "raster"


@dataclass(frozen=True, slots=True)
class Profile:
    """How one printer is spoken to. `columns` counts cells of 12 dots; `code_page` is the `ESC t` number of CP866."""

    width_dots: int = WIDTH_80_MM
    columns: int = WIDTH_80_MM // CELL_DOTS
    charset: Charset = Charset.GBK
    code_page: int = DEFAULT_CP866


def profile_for(settings: PrinterSettings) -> Profile:
    """The profile of a configured printer. Raises `ValueError` for a charset or a paper width nobody can print."""
    if not 20 * CELL_DOTS <= settings.width_dots <= 2047:
        raise ValueError(f"a receipt printer's width of {settings.width_dots} dots is not usable")
    charset = Charset(settings.charset)
    if settings.profile in ("", "default"):
        return Profile(settings.width_dots, settings.width_dots // CELL_DOTS, charset)
    model = _database().get(settings.profile)
    if model is None:
        raise ValueError(f"there is no printer profile {settings.profile!r}")
    width = _whole(model.get("media", {}).get("width", {}).get("pixels"))
    width = min(width, settings.width_dots) if width >= 20 * CELL_DOTS else settings.width_dots
    columns = _whole(model.get("fonts", {}).get("0", {}).get("columns"))
    if not width / 14 <= columns <= width / CELL_DOTS:
        columns = width // CELL_DOTS
    pages = [int(number) for number, page in model.get("codePages", {}).items() if page == "CP866"]
    code_page = DEFAULT_CP866 if DEFAULT_CP866 in pages or not pages else min(pages)
    return Profile(width, columns, charset, code_page)


def profile_names() -> tuple[str, ...]:
    """Every model that can be named in the settings."""
    return tuple(sorted(_database()))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


@cache
def _database() -> dict[str, dict[str, Any]]:
    from importlib import metadata

    for file in metadata.files("python-escpos") or ():
        if file.name == "capabilities.json":
            return json.loads(file.read_text(encoding="utf-8"))["profiles"]
    return {}
