"""The virtual member of the registry: a virtual printer that lives inside the kiosk and keeps its paper in a directory.

The kiosk reaches it over a real TCP connection, so everything but the paper is the real driver.
"""

from __future__ import annotations

from pathlib import Path

from drivers.printers.base import PrinterSettings, PrinterUnreachable
from drivers.printers.links import Connection, Link, TcpLink
from drivers.printers.printer import EscPosPrinter
from drivers.printers.profiles import profile_for
from drivers.printers.virtual import VirtualPrinter


class EmbeddedLink(Link):
    """Starts the virtual printer when it is first needed."""

    def __init__(self, directory: Path, width_dots: int) -> None:
        self._directory = directory
        self._width_dots = width_dots
        self.device: VirtualPrinter | None = None

    async def open(self) -> Connection:
        """Connect to it, switching it on first if need be."""
        if self.device is None:
            device = VirtualPrinter(self._directory, width_dots=self._width_dots)
            try:
                await device.start()
            except OSError as error:
                raise PrinterUnreachable(f"the virtual printer cannot use {self._directory}: {error}") from error
            self.device = device
        return await TcpLink(self.device.host, self.device.port).open()

    async def stop(self) -> None:
        """Switch it off."""
        device, self.device = self.device, None
        if device is not None:
            await device.stop()


class EmbeddedPrinter(EscPosPrinter):
    """The real driver on a virtual printer of its own."""

    def __init__(self, settings: PrinterSettings) -> None:
        self._embedded = EmbeddedLink(Path(settings.address), settings.width_dots)
        super().__init__(settings.name, self._embedded, profile_for(settings))

    async def aclose(self) -> None:
        """Let go of the connection and switch the printer off."""
        await super().aclose()
        await self._embedded.stop()


def create(settings: PrinterSettings) -> EmbeddedPrinter:
    """The virtual member; `settings.address` is the directory. Raises `ValueError` without one."""
    if not settings.address:
        raise ValueError("a virtual printer needs a directory as its address")
    return EmbeddedPrinter(settings)
