"""What every scanner driver offers, and how it fails.

A scanner hands over `Scan`s: the text as read, untrusted, not yet classified. Telling a vehicle code from a battery
code, and refusing rubbish, is the work of the rules; stripping control bytes is the work of the text gate.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

#: No code of this trade comes near it; a longer text is a scanner gone wild (or paste) and is dropped whole.
LONGEST_SCAN = 512


class ScannerError(Exception):
    """A scanner cannot be used. The message is one sentence for the log; the screen words its own."""


class ScannerUnavailableError(ScannerError):
    """There is no such device now: unplugged, not permitted or held by somebody else. It may come back."""


class ScannerMisconfiguredError(ScannerError):
    """The settings name a driver that does not exist, or lack what it needs. It will not come back by itself."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One completed read.

    `text` is what the device sent between its prefix and suffix, `source` the name of the device as the status line
    shows it, `at_ms` the moment of completion in UTC epoch milliseconds.
    """

    text: str
    source: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ScannerHealth:
    """How the device is. `reason` is a short technical word for logs and is empty when `online`."""

    online: bool
    reason: str = ""


ScanListener = Callable[[Scan], None]


class Scanner(ABC):
    """A device that emits scans until it is closed.

    Capability flags tell what the device can be trusted with: `exclusive` means its reads can never reach another
    program or a focused field (a grabbed device), `framed` that it marks begin and end of a read itself, so that no
    guess from timing is needed.
    """

    name: ClassVar[str]
    exclusive: ClassVar[bool] = False
    framed: ClassVar[bool] = False

    @abstractmethod
    async def open(self, listener: ScanListener) -> None:
        """Start reading; `listener` is called on the event loop, once a scan.

        Raises `ScannerUnavailableError` when the device is not there, `ScannerMisconfiguredError` when it never can be.
        """

    @abstractmethod
    async def close(self) -> None:
        """Stop reading and let the device go. Closing twice is no error."""

    @abstractmethod
    def health(self) -> ScannerHealth:
        """The state known now, without touching the device."""
