"""What every peer here needs: a sandbox to judge, a word for each thing it agrees to, and a line that spoils answers.

A peer is a program by other people. It prints what was checked and exits 1 on the first disagreement; ``.ci/run`` runs
it in an environment of its own. pytest does not collect these files.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn
from urllib.parse import urlsplit


def check(what: str, good: object, seen: object = "") -> None:
    if not good:
        print(f"DISAGREES: {what}: {seen}")
        sys.exit(1)
    print(f"agrees: {what}", flush=True)


def refuses(what: str, call: Callable[[], object], names: str = "") -> None:
    """The peer raises, and its error names that."""
    try:
        seen = call()
    except Exception as error:  # noqa: BLE001 - the SDKs raise nothing more specific
        check(what, names in f"{type(error).__name__}: {error}", error)
    else:
        check(what, False, seen)


def post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def sandbox() -> Iterator[dict[str, Any]]:
    """A sandbox of its own and what it announced; it must end in order."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "drivers.sandbox", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                yield json.loads(process.stdout.readline())
            finally:
                process.terminate()
        check("the sandbox ended with 0", process.returncode == 0, process.returncode)


@contextlib.contextmanager
def spoiling_line(url: str, old: bytes, new: bytes) -> Iterator[str]:
    """An address that passes everything on and changes genuine answers on their way back."""
    behind = urlsplit(url).netloc

    class Line(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            connection = http.client.HTTPConnection(behind, timeout=10)
            length = int(self.headers.get("Content-Length", "0"))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request(self.command, self.path, self.rfile.read(length) or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            if old not in body:
                fail(f"the line found nothing to spoil in {body!r}")
            spoiled = body.replace(old, new)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, str(len(spoiled)) if name.lower() == "content-length" else value)
            self.end_headers()
            self.wfile.write(spoiled)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{urlsplit(url).path}"
    finally:
        server.shutdown()
        server.server_close()


def fail(why: str) -> NoReturn:
    print(f"DISAGREES: {why}", flush=True)
    raise SystemExit(1)
