"""The scanner that does not work: what the registry gives when a driver cannot be loaded, and a test's dead device."""

from collections.abc import Callable

from drivers.scanners.base import ScanListener, Scanner, ScannerHealth, ScannerUnavailableError


class BrokenScanner(Scanner):
    """Never opens and says why."""

    name = "broken"

    def __init__(self, now_ms: Callable[[], int], reason: str = "the scanner is broken") -> None:
        self.reason = reason

    async def open(self, listener: ScanListener) -> None:
        """Raises ScannerUnavailableError, always."""
        raise ScannerUnavailableError(self.reason)

    async def close(self) -> None:
        pass

    def health(self) -> ScannerHealth:
        return ScannerHealth(online=False, reason=self.reason)
