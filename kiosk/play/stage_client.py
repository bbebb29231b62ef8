"""play's end of the local socket on which the application tells where its controls are and when it is idle.

The socket only tells; input always goes through the terminal. The language of the socket is in `kiosk/stage.py`.
"""

import json
import socket
import time
from pathlib import Path
from typing import Any, cast

from kiosk.play.text import Area, Control


class StageLost(Exception):  # noqa: N818  an event, not a defect
    """The application does not answer any more: it has ended, or hangs."""


class StageClient:
    """A connection to one run of the application."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    @classmethod
    def connect(cls, path: Path) -> "StageClient | None":
        """Connect, or None when nobody listens yet."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            return None
        return cls(connection)

    def settle(self, focus_reports: int, mark: int, timeout_s: float, *, committed: bool) -> list[str]:
        """Ask for idleness: so many focus reports seen, everything handled, `committed` and painted up to `mark`.

        Returns what was still under way after `timeout_s`, by name: nothing when all is well. Raises StageLost.
        """
        question = {"focus": focus_reports, "mark": mark, "timeout": timeout_s, "committed": committed}
        answer = self._ask({"verb": "settle"} | question, timeout_s + 20)
        return [str(name) for name in answer["waiting"]]

    def controls(self) -> list[Control]:
        """What can be touched on the top screen, top to bottom."""
        return [Control.read(told) for told in self._ask({"verb": "controls"})["controls"]]

    def texts(self) -> list[Area]:
        """The rectangles in which the top screen shows text of its own."""
        return [Area(*told) for told in self._ask({"verb": "texts"})["texts"]]

    def advance(self, ms: int, *, untouched: bool = False) -> None:
        """Move the application's clock. untouched: and nobody is at the kiosk meanwhile."""
        self._ask({"verb": "advance", "ms": ms, "untouched": untouched})

    def language(self, language: str) -> None:
        """Switch the application's language. Raises ValueError when it does not have that one."""
        answer = self._ask({"verb": "language", "language": language})
        if error := answer.get("error"):
            raise ValueError(str(error))

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _ask(self, question: dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        try:
            self._connection.sendall(json.dumps(question).encode() + b"\n")
            while b"\n" not in self._buffer:
                self._connection.settimeout(max(0.01, deadline - time.monotonic()))
                data = self._connection.recv(65536)
                if not data:
                    raise StageLost("the application has ended")
                self._buffer += data
        except TimeoutError:
            raise StageLost("the application does not answer") from None
        except OSError:
            raise StageLost("the application has ended") from None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return cast("dict[str, Any]", json.loads(line))
