"""The four languages of the screen, switched while the kiosk runs.

The message identifier of every text is its Chinese form, so Chinese is complete by construction and reads in place.
Catalogues are compiled when the package is built. A text a catalogue lacks falls back to English, then to Chinese.
"""

from __future__ import annotations

import gettext
import logging
from collections import defaultdict
from importlib import resources
from typing import Final

log = logging.getLogger(__name__)

DOMAIN: Final = "kiosk"
SOURCE: Final = "zh_CN"
LANGUAGES: Final[dict[str, str]] = {"zh_CN": "中文", "en": "English", "ja": "日本語", "ru": "Русский"}
"""Code of each language and what its speakers call it, in the order the screens offer them."""


class _Current:
    """The language in use: one application a process, so one value a process."""

    language: str = SOURCE
    catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str) -> None:
    """Switch to `language`, one of `LANGUAGES`; raises ValueError for any other.

    A catalogue that was not built is logged, and texts fall back: the kiosk starts all the same.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language}")
    catalogue = _load(language)
    if language not in {SOURCE, "en"}:
        catalogue.add_fallback(_load("en"))
    _Current.language, _Current.catalogue = language, catalogue


def current() -> str:
    """The code of the language in use."""
    return _Current.language


def following(language: str) -> str:
    """The language a touch on the language button goes to from `language`."""
    codes = list(LANGUAGES)
    return codes[(codes.index(language) + 1) % len(codes)]


def mark(text: str) -> str:
    """Name a text for the catalogues that is translated later, with `tr`."""
    return text


def tr(text: str, /, **facts: object) -> str:
    """`text` in the language in use, with its `{names}` filled in. A fact nobody gave becomes empty, never an error."""
    translated = _Current.catalogue.gettext(text) if text else ""
    return translated.format_map(defaultdict(str, facts)) if facts or "{" in translated else translated


def _load(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    compiled = resources.files("kiosk").joinpath("locales", language, "LC_MESSAGES", f"{DOMAIN}.mo")
    try:
        with compiled.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    except (OSError, ValueError) as error:
        log.warning("no catalogue for %s: %s", language, error)
        return gettext.NullTranslations()
