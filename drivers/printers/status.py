"""What a printer says back: real-time status bytes, automatic status, in-order answers, process ids, told apart.

A printer mixes several kinds of answers on one line. Their fixed bits tell them apart (Epson ESC/POS Command
Reference, "Transmission status"): real-time `DLE EOT` 0xx1xx10, automatic status 0xx1xx00 and three bytes, in-order
`GS r` 0xx0xxxx, XON 11, XOFF 13, process id response 37 22 … 00.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from drivers.printers.base import Paper, PrinterStatus

ASK_PRINTER, ASK_OFFLINE, ASK_ERROR, ASK_PAPER = (b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4))
ASK_IN_ORDER = b"\x1dr\x01"
ASK_AUTOMATIC = b"\x1da\x0f"

_PROCESS_ID_HEAD = b"\x37\x22"


def ask_process_id(identity: str) -> bytes:
    """`GS ( H` function 48: answer with these four characters once everything before is printed."""
    return b"\x1d(H\x06\x00\x30\x30" + identity.encode("ascii")


@dataclass(slots=True)
class Answers:
    """Sorts received bytes. `unsolicited` holds the latest automatic status."""

    real_time: deque[int] = field(default_factory=deque[int])
    in_order: deque[int] = field(default_factory=deque[int])
    process_ids: set[str] = field(default_factory=set[str])
    unsolicited: bytes = b""
    flow_stopped: bool = False
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> None:
        """Take what came in; an answer that is cut off waits for its rest."""
        self._rest += data
        while self._rest:
            size = self._take()
            if not size:
                return
            del self._rest[:size]

    def _take(self) -> int:
        rest = self._rest
        first = rest[0]
        if first == _PROCESS_ID_HEAD[0]:
            return self._process_id()
        if first & 0x93 == 0x10:  # automatic status; a mark of another kind within it means it is broken off
            if any(byte & 0x90 for byte in rest[1:4]):
                return 1
            if len(rest) < 4:
                return 0
            self.unsolicited = bytes(rest[:4])
            return 4
        if first & 0x93 == 0x12:
            self.real_time.append(first)
        elif first in (0x11, 0x13):
            self.flow_stopped = first == 0x13
        elif first & 0x90 == 0:
            self.in_order.append(first)
        return 1

    def _process_id(self) -> int:
        rest = self._rest
        if len(rest) < 2:
            return 0
        if rest[1] != _PROCESS_ID_HEAD[1]:
            return 1
        if len(rest) < 7:
            return 0
        if rest[6] == 0:
            self.process_ids.add(bytes(rest[2:6]).decode("latin-1"))
            return 7
        return 1


def read_status(printer: int, offline: int | None, error: int | None, paper: int | None) -> PrinterStatus:
    """A status from the answers to `DLE EOT` 1 to 4; None = that one was not answered."""
    is_offline = bool(printer & 0x08)
    cover = None if offline is None else bool(offline & 0x04)
    state = Paper.UNKNOWN
    if paper is not None:
        state = Paper.OUT if paper & 0x60 else Paper.NEAR_END if paper & 0x0C else Paper.OK
    if offline is not None and offline & 0x20:
        state = Paper.OUT
    return PrinterStatus(not is_offline, state, cover, _error(offline, error), answered=True)


def _error(offline: int | None, error: int | None) -> str | None:
    if error is not None:
        for bit, text in ((0x08, "cutter"), (0x20, "unrecoverable"), (0x40, "overheated"), (0x04, "recoverable")):
            if error & bit:
                return f"printer reports an error: {text}"
    return "printer reports an error" if offline is not None and offline & 0x40 else None


def read_automatic(status: bytes) -> PrinterStatus:
    """A status from the four bytes of an automatic status."""
    first, errors, paper = status[0], status[1], status[2]
    state = Paper.OUT if paper & 0x0C else Paper.NEAR_END if paper & 0x03 else Paper.OK
    return PrinterStatus(not first & 0x08, state, bool(first & 0x20), _error(None, errors & 0x6C), answered=True)


def read_line_status(lines: int) -> PrinterStatus:
    """A status from usblp's `LPGETSTATUS`, believed only when it reports a fault.

    Cheap printers answer a constant "all well" whatever is the matter, so "all well" counts as no answer.
    """
    if lines & 0x20:
        return PrinterStatus(False, Paper.OUT, None, None, answered=True)
    if not lines & 0x10:
        return PrinterStatus(False, Paper.UNKNOWN, None, None, answered=True)
    if not lines & 0x08:
        return PrinterStatus(False, Paper.UNKNOWN, None, "printer reports an error", answered=True)
    return PrinterStatus()
