"""A printer's neighbour on the network: passes everything on and notes when the first byte of each job arrived.

    python -m kiosk.bench.tap HOST PORT

prints the port on which it stands for the printer, then the moment of each job's first byte, a line each. Bytes that
are only questions about the printer's status begin no job. It ends when its standard input does.

A connection whose first byte is 0xFF is none to the printer: it is the floor's, and its moment is told likewise.
"""

from __future__ import annotations

import re
import selectors
import socket
import sys
import time
from typing import Final

FLOOR: Final = b"\xff"
_QUESTIONS: Final = re.compile(rb"(?:\x10\x04[\x01-\x04])*", re.DOTALL)
_PROBE: Final = b"\x1b@\x1d(H"
"""How the question for a printer's abilities begins; no slip begins so."""


class _Way:
    """One connection and the one to the printer behind it."""

    def __init__(self, near: socket.socket, printer: tuple[str, int]) -> None:
        self.near = near
        self.far: socket.socket | None = None
        self._printer = printer
        self._told = False

    def take(self, data: bytes, moment: int) -> None:
        """Bytes from the kiosk."""
        if not self._told and not _QUESTIONS.fullmatch(data) and not data.startswith(_PROBE):
            self._told = True
            sys.stdout.write(f"{moment}\n")
            sys.stdout.flush()
        if self.far is None:
            if data.startswith(FLOOR):
                return
            self.far = socket.create_connection(self._printer)
        self.far.sendall(data)


def main(host: str, port: int) -> None:
    """Serve until standard input ends."""
    selector = selectors.DefaultSelector()
    listening = socket.create_server(("127.0.0.1", 0))
    selector.register(listening, selectors.EVENT_READ, None)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        for key, _events in selector.select():
            if key.fileobj is sys.stdin:
                return
            if key.fileobj is listening:
                near, _address = listening.accept()
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(near, selectors.EVENT_READ, _Way(near, (host, port)))
                continue
            _pass_on(selector, key.fileobj, key.data)


def _pass_on(selector: selectors.BaseSelector, source: object, way: _Way) -> None:
    assert isinstance(source, socket.socket)
    try:
        data = source.recv(65536)
        moment = time.monotonic_ns()
        if data and source is way.near:
            new = way.far is None
            way.take(data, moment)
            if new and way.far is not None:
                selector.register(way.far, selectors.EVENT_READ, way)
            return
        if data:
            way.near.sendall(data)
            return
    except OSError:
        pass
    for one in (way.near, way.far):
        if one is not None:
            selector.unregister(one)
            one.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
