"""Scanners: a lazy registry by name; base.py says what a scanner is, wedge.py how one is told from a keyboard.

Importing this package loads nothing but base.py; a driver's module is imported when its scanner is created.
"""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from drivers.scanners.base import Scanner

_REGISTRY = {
    "wedge": ("drivers.scanners.wedge", "KeyboardWedge"),
    "virtual": ("drivers.scanners.virtual", "VirtualScanner"),
    "broken": ("drivers.scanners.broken", "BrokenScanner"),
}


def names() -> tuple[str, ...]:
    """The drivers that can be named in the settings."""
    return tuple(_REGISTRY)


def create(driver: str, now_ms: Callable[[], int]) -> Scanner:
    """Make the scanner of that driver; touches no device.

    A driver that is unknown or does not load becomes a scanner that is never there and says why: it is a warning on
    the status line, not a kiosk that does not start.
    """
    from drivers.scanners.broken import BrokenScanner

    if driver not in _REGISTRY:
        return BrokenScanner(now_ms, f"there is no scanner driver {driver!r}")
    module, name = _REGISTRY[driver]
    try:
        make = cast("Callable[[Callable[[], int]], Scanner]", getattr(import_module(module), name))
        return make(now_ms)
    except (ImportError, AttributeError, OSError) as error:
        return BrokenScanner(now_ms, f"scanner driver {driver} did not load: {error}")
