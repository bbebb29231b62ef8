"""Files and directories that are on the medium when these return: contents, then the name, then the directory's name.

POSIX promises a file only when it was synced, and its name only when the directory holding it was; a new directory's
own name is in its parent. ``tests/powercut`` cuts the power between any two of these steps.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Makes the names in ``directory`` durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory(directory: Path) -> None:
    """Makes a directory only its owner may enter, with every parent that is missing; no-op when it is there."""
    if directory.is_dir():
        return
    make_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    sync_directory(directory.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file only its owner may read, whole or not at all, in place of what was there. Raises OSError."""
    waiting = path.with_name(path.name + ".new")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
