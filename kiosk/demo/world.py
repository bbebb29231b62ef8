"""The demo's outside world as one process: the sandbox of the providers and a virtual receipt printer.

    python -m kiosk.demo.world DIR

prints one line of JSON when everything listens: the sandbox's announcement and `"printer": {"host", "port", "paper"}`.
The sandbox's `fault_url` takes the target `printer` too. Ledger, clock, faults and paper stay in DIR. It ends in order
on SIGTERM, SIGINT, or when its standard input ends, so it never outlives whoever started it with a pipe.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kiosk.demo.settings import demo_settings

if TYPE_CHECKING:
    from drivers.printers.virtual import VirtualPrinter

__all__ = ["demo_settings", "main"]

PRINTER = "printer"
_ANSWER_S = 5.0


async def live(directory: Path, ended: asyncio.Event) -> None:
    """Run the world until `ended`. Raises what starting sandbox or printer raises."""
    from drivers.printers.virtual import VirtualPrinter
    from kiosk.demo.world_sandbox import WorldSandbox

    loop = asyncio.get_running_loop()
    printer = VirtualPrinter(directory / PRINTER)
    await printer.start()
    try:

        def on_loop(work: Callable[[], None]) -> None:
            """Do it on the printer's loop, from a thread of the sandbox; raises what it raises."""
            done: Future[None] = asyncio.run_coroutine_threadsafe(_run(work), loop)
            done.result(_ANSWER_S)

        sandbox = WorldSandbox(directory / "sandbox", printer, on_loop)
        sandbox.start()
        try:
            _announce(sandbox.announcement().to_json(), printer)
            await ended.wait()
        finally:
            await asyncio.to_thread(sandbox.stop)
    finally:
        await printer.stop()


async def _run(work: Callable[[], None]) -> None:
    work()


def _announce(sandbox: str, printer: VirtualPrinter) -> None:
    told = cast("dict[str, Any]", json.loads(sandbox))
    told[PRINTER] = {"host": printer.host, "port": printer.port, "paper": str(printer.paper.resolve())}
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()


async def _until_told(directory: Path) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def watch_input() -> None:
        while True:
            try:
                if not os.read(sys.stdin.fileno(), 4096):
                    break
            except OSError:
                break
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch_input, name="stdin", daemon=True).start()
    await live(directory, ended)


def main(arguments: list[str]) -> int:
    """Exit codes: 0 ended in order, 2 wrong use or a directory that cannot be used, 3 held or damaged."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m kiosk.demo.world DIR\n")
        return 2
    directory = Path(arguments[0])
    from drivers.sandbox.books import SandboxHeld

    try:
        directory.mkdir(parents=True, exist_ok=True)
        asyncio.run(_until_told(directory.resolve()))
    except SandboxHeld as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except (sqlite3.Error, ValueError) as error:
        sys.stderr.write(f"the world in {directory} is damaged: {error}\n")
        return 3
    except OSError as error:
        sys.stderr.write(f"the world cannot use {directory}: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
