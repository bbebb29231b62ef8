"""A scanner without a device: reads what it is told to read."""

from collections.abc import Callable

from drivers.scanners.base import LONGEST_SCAN, Scan, ScanListener, Scanner, ScannerHealth, ScannerUnavailableError


class VirtualScanner(Scanner):
    """For demonstrations and tests. It can be unplugged and plugged in again."""

    name = "virtual"
    exclusive = True
    framed = True

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._listener: ScanListener | None = None
        self._plugged = True

    async def open(self, listener: ScanListener) -> None:
        if not self._plugged:
            raise ScannerUnavailableError("the virtual scanner is unplugged")
        self._listener = listener

    async def close(self) -> None:
        self._listener = None

    def health(self) -> ScannerHealth:
        if not self._plugged:
            return ScannerHealth(online=False, reason="unplugged")
        return ScannerHealth(online=self._listener is not None, reason="" if self._listener is not None else "closed")

    def read(self, text: str) -> bool:
        """Read `text`, as if a code were held before it; False when nobody listens or no scanner reads so much."""
        if self._listener is None or not self._plugged or not text or len(text) > LONGEST_SCAN:
            return False
        self._listener(Scan(text, self.name, self._now_ms()))
        return True

    def unplug(self) -> None:
        """Pull the cable: reads are lost until `plug` and a new `open`."""
        self._plugged = False
        self._listener = None

    def plug(self) -> None:
        """Put the cable back."""
        self._plugged = True
