"""Room set aside on the medium, so that money already under way can be booked when the medium is full.

The file ``reserve`` beside the store holds nothing but its blocks. A commit that meets a full medium frees it and is
tried again; from then on there is no room for new business until the reserve is back. It comes back only when as much
again is free, so that it does not take the last blocks from the commits it is there for.
"""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Final

from data.durable import sync_directory

RESERVE_FILE: Final = "reserve"

RESERVE_BYTES: Final = 4 * 1024 * 1024
"""A sale from its order to its last slip writes less than half a megabyte; several may be under way."""

OPENING_BYTES: Final = 1024 * 1024
"""More than opening a store writes before its first unit of work: who holds it, the log and its index."""

_log = logging.getLogger("kiosk.store")


class Reserve:
    """The reserve of one store. ``held`` says whether it is there. Used on the writing thread only."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / RESERVE_FILE
        self.held = False

    def keep(self) -> bool:
        """Sets the room aside unless it is already; returns whether it is now. Never raises for want of room."""
        if not self.held:
            try:
                self.held = self._is_whole() or self._set_aside()
            except OSError as problem:
                if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
                    _log.warning("no reserve can be kept: %s", problem)
                self._drop()
        return self.held

    def make_way(self) -> None:
        """Before the store is opened: on a full medium even that needs room, and what was under way needs the store."""
        found = os.statvfs(self._path.parent)
        if found.f_bavail * found.f_frsize < OPENING_BYTES:
            _log.error("the medium is full: its reserve is freed so that the store can be opened")
            self._drop()

    def let_go(self) -> bool:
        """Frees the room; returns whether that gained any."""
        held, self.held = self.held, False
        return self._drop() and held

    def _is_whole(self) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return found.st_size == RESERVE_BYTES and found.st_blocks * 512 >= RESERVE_BYTES

    def _set_aside(self) -> bool:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, 2 * RESERVE_BYTES)
            os.ftruncate(handle, RESERVE_BYTES)
        finally:
            os.close(handle)
        return True

    def _drop(self) -> bool:
        """A file system gives blocks back with its own next commit: ask for that one."""
        try:
            self._path.unlink(missing_ok=True)
            sync_directory(self._path.parent)
        except OSError as problem:
            _log.warning("the reserve cannot be freed: %s", problem)
            return False
        return True
