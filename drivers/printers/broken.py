"""The printer that does not work: what the registry gives when a driver cannot be loaded, and a test's dead printer."""

from __future__ import annotations

from drivers.printers.base import (
    Document,
    FirstByte,
    PrinterSettings,
    PrinterStatus,
    PrinterUnreachable,
    PrintOutcome,
    ReceiptPrinter,
)


class BrokenPrinter(ReceiptPrinter):
    """Encodes like any other, so that jobs can be queued for the day it is repaired, and never takes a byte."""

    can_report = True

    def __init__(self, settings: PrinterSettings, reason: str) -> None:
        self.name = settings.name
        self.width_dots = settings.width_dots
        self.reason = reason
        self._settings = settings

    def encode(self, document: Document) -> bytes:
        """As the ESC/POS driver does."""
        from drivers.printers.escpos import encode
        from drivers.printers.profiles import profile_for

        return encode(document, profile_for(self._settings))

    async def status(self) -> PrinterStatus:
        """Always unanswered, with the reason."""
        return PrinterStatus(error=self.reason)

    async def send(self, payload: bytes, on_first_byte: FirstByte | None = None) -> int:
        """Raises `PrinterUnreachable`, always."""
        raise PrinterUnreachable(self.reason)

    async def confirm(self, timeout_s: float | None = None) -> PrintOutcome:
        """Uncertain: nothing was ever sent from here."""
        return PrintOutcome(0)

    async def aclose(self) -> None:
        """Nothing to let go of."""


def create(settings: PrinterSettings) -> ReceiptPrinter:
    """The broken member of the registry."""
    return BrokenPrinter(settings, "this printer is broken")
