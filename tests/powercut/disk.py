"""The recorder and fault injector `disk.c`: built once a run, put under a child, its log read."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("disk.c")
_HEADER: Final = struct.Struct("<BHIQQ")


class Change(IntEnum):
    """As in disk.c."""

    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    CREATE = 4
    UNLINK = 5
    RENAME = 6
    MKDIR = 7
    SYNC_DIR = 8
    NOTE = 9
    REFUSED = 10


@dataclass(frozen=True, slots=True)
class Record:
    """One change, in the order in which the kernel did them; `path` is relative to the directory watched."""

    change: Change
    path: str
    inode: int
    offset: int
    data: bytes


def compiler() -> str | None:
    """The machine's C compiler."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def build(directory: Path) -> Path:
    """Compiles disk.c into `directory`. Raises CalledProcessError."""
    library = directory / "disk.so"
    command = [compiler() or "cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    subprocess.run([*command, "-ldl", "-lpthread"], check=True)
    return library


def environment(
    library: Path,
    directory: Path,
    *,
    log: Path | None = None,
    notes: Path | None = None,
    fault: str | None = None,
    room: Path | None = None,
) -> dict[str, str]:
    """The environment of a child whose changes below `directory` are seen; see disk.c for the meaning of each."""
    told = {"DISK_LOG": log, "DISK_NOTES": notes, "DISK_FAULT": fault, "DISK_ROOM": room}
    given = {name: str(value) for name, value in told.items() if value is not None}
    return {**os.environ, "LD_PRELOAD": str(library), "DISK_DIR": str(directory), **given}


def read_log(path: Path) -> Iterator[Record]:
    """The records of a log; a last one cut short by a kill is left out."""
    told = path.read_bytes()
    at = 0
    while at + _HEADER.size <= len(told):
        change, path_len, data_len, inode, offset = _HEADER.unpack_from(told, at)
        at += _HEADER.size
        end = at + path_len + data_len
        if end > len(told):
            return
        name = told[at : at + path_len].decode()
        yield Record(Change(change), name, inode, offset, told[at + path_len : end])
        at = end


def changes_in(log: Path) -> int:
    """How many changes a program tried."""
    return sum(record.change is not Change.NOTE for record in read_log(log))


def refusals_in(log: Path) -> list[Record]:
    """The changes that were not done."""
    return [record for record in read_log(log) if record.change is Change.REFUSED]
