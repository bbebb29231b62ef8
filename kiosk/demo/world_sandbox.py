"""The sandbox of the demo's world: its fault address knows the virtual printer too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from drivers.printers.virtual import VirtualPrinter
from drivers.sandbox.control import FAULT_PATH
from drivers.sandbox.exchange import Reply, Request, json_reply
from drivers.sandbox.server import Sandbox

TARGET = "printer"


class WorldSandbox(Sandbox):
    """`POST fault_url {"target": "printer", "kind"}` and `{"target": "printer", "heal": true}`; `GET` lists all.

    `on_loop` does something on the printer's own event loop and raises what it raises.
    """

    def __init__(
        self, directory: Path, printer: VirtualPrinter, on_loop: Callable[[Callable[[], None]], None], port: int = 0
    ) -> None:
        super().__init__(directory, port)
        self._printer = printer
        self._on_loop = on_loop

    def exchange(self, request: Request, client_gone: Callable[[], bool]) -> Reply | None:
        """Faults of the printer here, everything else as the sandbox does."""
        if request.method == "POST" and request.path == FAULT_PATH and (body := _body(request)).get("target") == TARGET:
            return self._printer_fault(body)
        return super().exchange(request, client_gone)

    def _printer_fault(self, body: dict[str, Any]) -> Reply:
        kind = body.get("kind")
        try:
            if body.get("heal") is True:
                self._on_loop(self._printer.heal)
            else:
                self._on_loop(lambda: self._printer.fault(str(kind)))
        except ValueError:
            return json_reply({"error": f"the printer has no fault {kind!r}"}, 400)
        return json_reply({"faults": [{"target": TARGET, "kind": fault.value} for fault in self._printer.faults]})


def _body(request: Request) -> dict[str, Any]:
    try:
        value: object = json.loads(request.body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
