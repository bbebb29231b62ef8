"""What a disk may hold after a power cut: every state that a recorded run could have left, and what is made of it.

    python replay.py LOG BASE [--subsets K] [--lying-card N] [--share I/N] [--seed S] [--origin]

BASE is the directory as it was, safely, when the recording began. The disk is rebuilt at every point of the log:
what was synced is there; of what was not, all, nothing, only the names, only the contents, the last write torn, or
any older or newer version of each 512-byte sector. Names of a directory reach the disk in their order (file systems
journal them), contents in any order. Prints one JSON document; `judge` is the oracle.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha1 as hashlib_sha1
from pathlib import Path
from typing import Final

from disk import Change, Record, read_log
from judge import Judge, Outcome

from data.reserve import RESERVE_FILE

SECTOR: Final = 512
sha1 = partial(hashlib_sha1, usedforsecurity=False)


@dataclass(slots=True)
class Pending:
    """A write or a new size that no sync has made safe yet."""

    number: int
    offset: int
    data: bytes | None
    """None: `offset` is the new size."""


@dataclass(slots=True)
class File:
    """What of a file is safe, and what is not yet. `version` counts the syncs."""

    safe: bytes = b""
    version: int = 0
    pending: list[Pending] = field(default_factory=list)
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class NameChange:
    """A name that appeared, vanished or moved in a directory that was not synced since."""

    change: Change
    path: str
    file: int | None
    to: str = ""


Pick = Callable[[int, File], Sequence[Pending]]
"""Which un-synced writes of a file reach the disk, possibly cut into pieces."""


class Disk:
    """The disk while the log is played. `lying`: the card ignores every so manieth sync of a file."""

    def __init__(self, base: Path, lying: int = 0) -> None:
        self.files: dict[int, File] = {}
        self.safe_names: dict[str, int | None] = {}
        self.names: dict[str, int | None] = {}
        self.pending_names: list[NameChange] = []
        self.notes = -1
        self._by_inode: dict[int, int] = {}
        self._lying = lying
        self._syncs = 0
        self._writes = 0
        for path in sorted(base.rglob("*")):
            name = str(path.relative_to(base))
            number = None
            if name == RESERVE_FILE:
                continue
            if path.is_file():
                number = self._new_file(File(path.read_bytes()))
            self.safe_names[name] = self.names[name] = number

    def play(self, record: Record) -> None:
        """Take one change."""
        if not counts(record):
            return
        match record.change:
            case Change.NOTE:
                self.notes += record.data.count(b"\n")
            case Change.WRITE | Change.TRUNCATE:
                self._writes += 1
                data = record.data if record.change is Change.WRITE else None
                self._file(record).pending.append(Pending(self._writes, record.offset, data))
            case Change.SYNC:
                self._syncs += 1
                if not (self._lying and self._syncs % self._lying == 0):
                    file = self._file(record)
                    file.safe = applied(file.safe, file.pending)
                    file.version += bool(file.pending)
                    file.pending, file.digest = [], None
            case Change.CREATE:
                self._by_inode[record.inode] = number = self._new_file(File())
                self._name(NameChange(Change.CREATE, record.path, number))
            case Change.MKDIR:
                self._name(NameChange(Change.CREATE, record.path, None))
            case Change.UNLINK | Change.RENAME:
                self._name(NameChange(record.change, record.path, None, record.data.decode()))
            case Change.SYNC_DIR:
                for one in self.pending_names:
                    if parent(one.path) == record.path:
                        rename(self.safe_names, one)
                self.pending_names = [one for one in self.pending_names if parent(one.path) != record.path]
            case Change.REFUSED:
                pass

    def state(self, names: int, pick: Pick) -> tuple[dict[str, tuple[int, Sequence[Pending]]], list[str]]:
        """The files by name with their un-synced writes that arrived, and the directories; `names`: how many of the
        un-synced name changes arrived."""
        there = dict(self.safe_names)
        for one in self.pending_names[:names]:
            rename(there, one)
        directories = sorted(name for name, number in there.items() if number is None)
        reachable = {"", *directories}
        files = {
            name: (number, pick(number, self.files[number]))
            for name, number in there.items()
            if number is not None and parent(name) in reachable
        }
        return files, directories

    def arrived(self, number: int, kept: Sequence[Pending]) -> tuple[object, ...]:
        """What makes this content the same as another one, without building it."""
        pieces = tuple((one.number, one.offset, len(one.data or b"")) for one in kept)
        return number, self.files[number].version, pieces

    def content(self, number: int, kept: Sequence[Pending]) -> tuple[bytes, bytes]:
        """A file's content when of its un-synced writes these arrived, and its digest."""
        file = self.files[number]
        if kept:
            content = applied(file.safe, kept)
            return content, sha1(content).digest()
        if file.digest is None:
            file.digest = sha1(file.safe).digest()
        return file.safe, file.digest

    def _name(self, change: NameChange) -> None:
        rename(self.names, change)
        self.pending_names.append(change)

    def _new_file(self, file: File) -> int:
        number = len(self.files)
        self.files[number] = file
        return number

    def _file(self, record: Record) -> File:
        if record.inode not in self._by_inode:  # of the base, and not touched before
            number = self.names[record.path]
            assert number is not None
            self._by_inode[record.inode] = number
        return self.files[self._by_inode[record.inode]]


def counts(record: Record) -> bool:
    """Shared memory is lost in a power cut, and the reserve holds nothing: its loss is made good at the next start."""
    return not record.path.endswith("-shm") and record.path != RESERVE_FILE


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def rename(names: dict[str, int | None], change: NameChange) -> None:
    if change.change is Change.CREATE:
        names[change.path] = change.file
    elif change.path in names:
        moved = names.pop(change.path)
        if change.change is Change.RENAME:
            names[change.to] = moved


def applied(safe: bytes, writes: Sequence[Pending]) -> bytes:
    if not writes:
        return safe
    content = bytearray(safe)
    for one in writes:
        end = one.offset + len(one.data or b"")
        if one.data is None and one.offset < len(content):
            del content[one.offset :]
        if end > len(content):
            content.extend(bytes(end - len(content)))
        if one.data is not None:
            content[one.offset : end] = one.data
    return bytes(content)


def all_of(number: int, file: File) -> Sequence[Pending]:
    return file.pending


def none_of(number: int, file: File) -> Sequence[Pending]:
    return ()


def torn(chance: random.Random) -> Pick:
    """All but the last write, of which a whole number of sectors arrived."""

    def pick(number: int, file: File) -> Sequence[Pending]:
        if not file.pending or file.pending[-1].data is None:
            return file.pending
        *before, last = file.pending
        ends = range(last.offset - last.offset % SECTOR, last.offset + len(last.data), SECTOR)[1:]
        end = chance.choice([last.offset, *ends])
        return [*before, Pending(last.number, last.offset, last.data[: end - last.offset])]

    return pick


def sectors(chance: random.Random) -> Pick:
    """Each sector as it was after some number of the writes that touched it; each new size arrived or did not."""

    def pick(number: int, file: File) -> Sequence[Pending]:
        touches: Counter[int] = Counter()
        for one in file.pending:
            touches.update(sectors_of(one))
        arrived = {sector: chance.randint(0, count) for sector, count in sorted(touches.items())}
        kept: list[Pending] = []
        seen: Counter[int] = Counter()
        for one in file.pending:
            if one.data is None:
                if chance.random() < 0.5:
                    kept.append(one)
                continue
            for sector in sectors_of(one):
                seen[sector] += 1
                if seen[sector] <= arrived[sector]:
                    start = max(one.offset, sector * SECTOR)
                    end = min(one.offset + len(one.data), (sector + 1) * SECTOR)
                    kept.append(Pending(one.number, start, one.data[start - one.offset : end - one.offset]))
        return kept

    return pick


def sectors_of(write: Pending) -> range:
    if not write.data:
        return range(0)
    return range(write.offset // SECTOR, (write.offset + len(write.data) - 1) // SECTOR + 1)


def cuts(disk: Disk, chance: random.Random, subsets: int) -> Iterator[tuple[int, Pick]]:
    """The ways in which the power can fail right now."""
    every = len(disk.pending_names)
    yield 0, none_of
    if every or any(file.pending for file in disk.files.values()):
        yield every, all_of
        yield every, none_of
        yield 0, all_of
        yield every, torn(chance)
        for _ in range(subsets):
            yield chance.randint(0, every), sectors(chance)


@dataclass(slots=True)
class Tally:
    """What came of a replay. `verdicts` counts distinct states."""

    changes: int = 0
    states: int = 0
    distinct: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)


def replay(
    log: Path, base: Path, judge: Judge, *, subsets: int, lying: int, seed: int, share: tuple[int, int]
) -> Tally:
    """Build and judge the states at every change; of several shares, those of every n-th change."""
    disk, tally = Disk(base, lying), Tally()
    known: set[object] = set()
    for number, record in enumerate(read_log(log)):
        disk.play(record)
        tally.changes += 1
        if number % share[1] != share[0] or not counts(record):
            continue
        chance = random.Random(f"{seed}:{number}")
        for names, pick in cuts(disk, chance, subsets):
            tally.states += 1
            picked, directories = disk.state(names, pick)
            arrived = {name: disk.arrived(file, kept) for name, (file, kept) in sorted(picked.items())}
            key = (disk.notes, tuple(directories), tuple(arrived.items()))
            if key in known:
                continue
            known.add(key)
            contents = {name: disk.content(file, kept) for name, (file, kept) in picked.items()}
            digest = digest_of({name: digest for name, (_, digest) in contents.items()}, disk.notes)
            if digest in tally.distinct:
                continue
            tally.distinct.add(digest)
            outcome, why = judge.of({name: content for name, (content, _) in contents.items()}, directories, disk.notes)
            tally.verdicts[outcome] += 1
            if outcome is not Outcome.WHOLE:
                tally.first.setdefault(outcome, f"change {number} ({record.change.name} {record.path}): {why}")
    return tally


def digest_of(contents: dict[str, bytes], notes: int) -> str:
    whole = sha1(str(notes).encode())
    for name, digest in sorted(contents.items()):
        whole.update(name.encode() + digest)
    return whole.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--subsets", type=int, default=4)
    parser.add_argument("--lying-card", type=int, default=0)
    parser.add_argument("--share", default="0/1")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    which, of = (int(part) for part in told.share.split("/"))
    shared_memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="powercut-", dir=shared_memory if shared_memory.is_dir() else None))
    try:
        notes = [record.data for record in read_log(told.log) if record.change is Change.NOTE]
        judge = Judge(place, b"".join(notes))
        tally = replay(
            told.log, told.base, judge, subsets=told.subsets, lying=told.lying_card, seed=told.seed, share=(which, of)
        )
    finally:
        shutil.rmtree(place)
    document = {
        "changes": tally.changes,
        "states": tally.states,
        "distinct": sorted(tally.distinct),
        "verdicts": tally.verdicts,
        "first": tally.first,
        "stores": judge.stores,
        "most_lost": judge.most_lost,
    }
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
