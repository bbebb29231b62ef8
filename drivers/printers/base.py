"""What every receipt printer driver shares: the document model, status, errors, and the printer's own contract.

A document is a list of elements that says *what* stands on the paper. A driver turns it into one `bytes` object
(`ReceiptPrinter.encode`), which the spool stores and hands back unchanged to `send`. Nothing here knows a command
language, a link or a picture library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias

# ---------------------------------------------------------------- document


class Align(StrEnum):
    """Where a text stands within its line or cell."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph; it wraps at the paper's width. `size` 2 is double width and double height."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    size: int = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """A label on the left, its value flush right; the value moves to a line of its own when both do not fit."""

    left: str
    right: str
    bold: bool = False
    size: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a `Row`: `columns` printed cells wide (0 = whatever the other cells leave)."""

    text: str
    columns: int = 0
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side, one blank column between them; a text longer than its cell wraps inside the cell."""

    cells: tuple[Cell, ...]
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper; `strong` is a double one."""

    strong: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """Blank lines."""

    lines: int = 1


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR symbol drawn by the printer, centred; `module_dots` is the side of one module (1..16)."""

    text: str
    module_dots: int = 6


@dataclass(frozen=True, slots=True)
class Barcode:
    """A Code 128 symbol of printable ASCII, centred; narrowed to one dot a module when it would not fit otherwise."""

    text: str
    height_dots: int = 64
    module_dots: int = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the paper is cut: only at the end of a document; a document without one is cut there all the same."""


Element: TypeAlias = Text | Pair | Row | Rule | Feed | Qr | Barcode | Cut

WIDTH_80_MM = 576
"""Printable dots of 80 mm paper at 203 dpi."""
WIDTH_58_MM = 384
"""Printable dots of 58 mm paper at 203 dpi."""


@dataclass(frozen=True, slots=True)
class Document:
    """What stands on one piece of paper, top to bottom, for paper of `width_dots`."""

    elements: tuple[Element, ...]
    width_dots: int = WIDTH_80_MM


# ---------------------------------------------------------------- status


class Paper(StrEnum):
    """What the printer's paper sensors say."""

    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"
    UNKNOWN = "unknown"


class Fault(StrEnum):
    """Why a printer does not print now, as it says itself."""

    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """One reading. None and UNKNOWN mean "it did not say"; a silent or unreachable printer has `answered` False.

    `error` is a short technical English phrase for the log and for support, never shown alone to a clerk.
    """

    online: bool | None = None
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    error: str | None = None
    answered: bool = False

    @property
    def fault(self) -> Fault | None:
        """The fault the printer reports, the most specific one; None when it reports none or nothing at all."""
        if not self.answered:
            return None
        if self.cover_open:
            return Fault.COVER_OPEN
        if self.paper is Paper.OUT:
            return Fault.PAPER_OUT
        if self.error is not None:
            return Fault.ERROR
        return Fault.OFFLINE if self.online is False else None

    @property
    def ready(self) -> bool:
        """True only when the printer answered and reported no fault: silence is never readiness."""
        return self.answered and self.fault is None


class Tier(StrEnum):
    """How well a printed job is confirmed, best first.

    T1: the printer said "printing is completed" (ESC/POS `GS ( H`). T2: it worked through all bytes up to an in-order
    status request (`GS r 1`), which is not executed without paper. T3: all bytes left the computer and the printer
    reported no fault afterwards. T4: all bytes were accepted and the link tells nothing back (a file, a mute printer).
    """

    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """How a job that was sent whole ended, as far as the printer tells.

    `tier` set: printed. `fault` set (tier None): the printer holds the bytes and finishes after the fault is healed;
    do not resend, call `confirm` again. Both None: nothing tells whether paper came out: uncertain.
    """

    bytes_sent: int
    tier: Tier | None = None
    fault: Fault | None = None

    @property
    def uncertain(self) -> bool:
        """True when neither a confirmation nor a fault came."""
        return self.tier is None and self.fault is None


# ---------------------------------------------------------------- errors


class PrinterError(Exception):
    """Something between us and the paper failed. `bytes_sent` counts what the operating system accepted of the job."""

    def __init__(self, message: str, bytes_sent: int = 0) -> None:
        super().__init__(message)
        self.bytes_sent = bytes_sent

    @property
    def nothing_accepted(self) -> bool:
        """True when no byte of the job can have reached the printer: it may be queued again, still as the original."""
        return self.bytes_sent == 0


class PrinterUnreachable(PrinterError):  # noqa: N818  the name says what happened
    """The link could not be opened; no byte was accepted."""


class PrinterStalled(PrinterError):  # noqa: N818  the name says what happened
    """The link is open but stopped taking bytes; `bytes_sent` of them were accepted before."""


class PrinterFailed(PrinterError):  # noqa: N818  the name says what happened
    """The link broke while the job was being sent; `bytes_sent` bytes were accepted before."""


class NotPrintable(PrinterError):  # noqa: N818  the name says what happened
    """The document cannot be printed at all, e.g. a QR text beyond the symbol's capacity."""


# ---------------------------------------------------------------- printer

FirstByte: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited once after the link is open and before the first byte of the job leaves. If it raises, nothing is sent."""


class ReceiptPrinter(ABC):
    """One receipt printer. No method blocks the event loop; every wait has a time-out. One job at a time.

    A job goes `encode` → (stored) → `status` → `send` → `confirm`, or `print` for the last two together.
    """

    name: str
    width_dots: int

    can_report: bool
    """False for links that never tell anything back (a file): `status` will not answer, `confirm` gives T4.

    When True, a job should only be sent while `status` is ready: silence of a printer that can report is a fault.
    """

    @abstractmethod
    def encode(self, document: Document) -> bytes:
        """Turn a document into this printer's bytes, ending in exactly one cut. Raises `NotPrintable`."""

    @abstractmethod
    async def status(self) -> PrinterStatus:
        """Ask now; at most about a second. Never raises: an unreachable or silent printer is `answered=False`."""

    @abstractmethod
    async def send(self, payload: bytes, on_first_byte: FirstByte | None = None) -> int:
        """Open the link, await `on_first_byte`, hand over every byte; returns the number of bytes.

        Raises `PrinterUnreachable` (callback not called), `PrinterStalled` or `PrinterFailed` (both with
        `bytes_sent`, which may be 0), and whatever the callback raises (nothing was sent then).
        """

    @abstractmethod
    async def confirm(self, timeout_s: float | None = None) -> PrintOutcome:
        """Wait for proof that the job sent last came out; None = 10 s and the time the bytes need.

        Returns early when the printer shows a fault; may be called again afterwards, as often as needed, until it
        gives a tier or is uncertain. Never raises.
        """

    async def print(self, payload: bytes, on_first_byte: FirstByte | None = None) -> PrintOutcome:
        """`send`, then `confirm`. Raises what `send` raises."""
        await self.send(payload, on_first_byte)
        return await self.confirm()

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the link; harmless when called twice."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """How a shop's printer is reached. `driver` is a name of the registry: escpos, virtual, broken.

    `address`: `tcp://HOST:PORT` (9100 when left out), `/dev/usb/lp0` or a link to it, `file:PATH`; for the virtual
    printer the directory it keeps its paper in. `reports` False: a printer that is known never to answer; its jobs
    count as printed (tier T4) once it took every byte.
    """

    name: str
    driver: str = "escpos"
    address: str = ""
    profile: str = "default"
    width_dots: int = WIDTH_80_MM
    charset: str = "gbk"
    reports: bool = True
