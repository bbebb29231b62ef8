"""Receipt printers: a lazy registry by name; see base.py for what a printer is and escpos.py for what it is sent.

Importing this package loads nothing but base.py; a driver's module is imported when its printer is created.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drivers.printers.base import PrinterSettings, ReceiptPrinter

if TYPE_CHECKING:
    from collections.abc import Callable

_REGISTRY = {
    "escpos": ("drivers.printers.printer", "create"),
    "virtual": ("drivers.printers.embedded", "create"),
    "broken": ("drivers.printers.broken", "create"),
}


def names() -> tuple[str, ...]:
    """The drivers that can be named in the settings."""
    return tuple(_REGISTRY)


def create(settings: PrinterSettings) -> ReceiptPrinter:
    """Make the printer `settings` describe; touches neither link nor disk.

    A driver that is unknown or does not load becomes a printer that is never reachable and says why: a missing
    library is a warning on the status line, not a kiosk that does not start.
    """
    from drivers.printers.broken import BrokenPrinter

    if settings.driver not in _REGISTRY:
        return BrokenPrinter(settings, f"there is no printer driver {settings.driver!r}")
    module, function = _REGISTRY[settings.driver]
    try:
        make: Callable[[PrinterSettings], ReceiptPrinter] = _attribute(module, function)
        return make(settings)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        return BrokenPrinter(settings, f"printer driver {settings.driver} did not load: {error}")


def _attribute(module: str, function: str) -> Any:
    return getattr(import_module(module), function)
