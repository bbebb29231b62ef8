"""Slip bytes: a slip of 40 lines through our printer driver, beside python-escpos told to write the same lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.printers.base import Document, Pair, PrinterSettings, Text
from drivers.printers.escpos import encode
from drivers.printers.profiles import profile_for
from kiosk.bench.figures import Figure, Floor, Values

_LINES: Final = 40
_COLUMNS: Final = 48
_WARM_UP: Final = 3


def measure(rounds: int) -> list[Figure]:
    """`slip`, in CPU time of this thread."""
    profile = profile_for(PrinterSettings("bench", address="tcp://127.0.0.1"))
    document = Document(tuple(_line(number) for number in range(_LINES)))
    _escpos_like(document)()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + _WARM_UP):
        pair = (_cost(lambda: encode(document, profile)), _cost(_escpos_like(document)))
        if number >= _WARM_UP:
            ours.append(pair[0])
            theirs.append(pair[1])
    return [
        Figure(
            "slip",
            "CPU time from a slip of 40 lines to its bytes",
            "ms",
            Values(tuple(ours)),
            Floor("python-escpos writing the same lines", Values(tuple(theirs))),
        )
    ]


def _line(number: int) -> Text | Pair:
    if number % 4 == 0:
        return Text(f"No. {number:04d} SYNTH-48V12AH", bold=number % 8 == 0)
    return Pair(f"电池 {number}", f"{number * 129}.00")


def _cost(work: Callable[[], object]) -> float:
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1e6


def _escpos_like(document: Document) -> Callable[[], bytes]:
    """The same lines as its users write them: `set` and `textln`, Chinese as raw GBK because it has no such page."""
    from escpos.printer import Dummy  # pyright: ignore[reportMissingTypeStubs]

    def write() -> bytes:
        printer = Dummy()
        for element in document.elements:
            if isinstance(element, Text):
                printer.set(bold=element.bold)
                printer.textln(element.text)
            elif isinstance(element, Pair):
                printer.set(bold=element.bold)
                room = _COLUMNS - len(element.left.encode("gbk")) - len(element.right)
                printer._raw(b"\x1c&" + element.left.encode("gbk") + b"\x1c.")  # pyright: ignore[reportPrivateUsage]
                printer.textln(" " * room + element.right)
        printer.cut()
        return printer.output

    return write
