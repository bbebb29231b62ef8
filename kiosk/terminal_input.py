"""The terminal's input thread, made fit for a scanner: a read is one instant, and a stray byte is no end.

Textual (8.2.8) stamps each key when it gets to it, so a thread that is put aside in the middle of one read tears a scan
apart; and it decodes strictly and dies of a byte that is not UTF-8 (Textualize/textual issue 6456), which a
misconfigured scanner sends.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message


class WholeReads(XTermParser):
    """Textual's parser of terminal input, which stamps everything that came in one read with the time of that read."""

    under_way: ClassVar[bool] = False
    """Whether messages of a read are still being handed to the application; what it holds then may be incomplete."""

    def feed(self, data: str) -> Iterable[Message]:
        WholeReads.under_way = True
        try:
            read_at = time.monotonic()
            for message in super().feed(data):
                message.time = read_at
                yield message
        finally:
            WholeReads.under_way = False


def install() -> None:
    """Let every terminal that Textual opens from now on be read so."""
    linux_driver.XTermParser = WholeReads  # pyright: ignore[reportPrivateImportUsage]
    linux_driver.getincrementaldecoder = _tolerant  # pyright: ignore[reportPrivateImportUsage]


def _tolerant(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
