"""A start without pauses: the garbage collector waits until the first screen is painted.

While the program is loaded next to nothing becomes garbage, yet the collector looks through everything again and again,
a sixth of the whole start. What was loaded by then stays for good and is never looked through again; what is made after
that, the first screen above all, may become garbage like anything else.
"""

from __future__ import annotations

import gc


def begin() -> None:
    """Hold the collector. Whoever begins shows a screen: `painted` lets it go."""
    gc.disable()


def loaded() -> None:
    """All that the first screen needs is imported. Does nothing unless `begin` was called."""
    if not gc.isenabled():
        gc.freeze()


def painted() -> None:
    """The first screen stands: collect from now on."""
    gc.enable()
