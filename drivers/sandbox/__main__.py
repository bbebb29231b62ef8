"""``python -m drivers.sandbox [--port P] [--dir DIR]``: the sandbox without the rest of the kiosk."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from drivers.sandbox.serving import serve


def main() -> int:
    """Parse and serve; the exit code of `drivers.sandbox.serving.serve`."""
    parser = argparse.ArgumentParser(prog="python -m drivers.sandbox", description="Plays the providers here.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes any free one")
    parser.add_argument("--dir", type=Path, default=Path("sandbox"), help="where keys, ledger, clock and faults stay")
    chosen = parser.parse_args()
    return serve(chosen.dir, chosen.port)


if __name__ == "__main__":
    sys.exit(main())
