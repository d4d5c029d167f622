"""Give one entry back: into a file, or packed for a new zip. Runs in worker processes; trouble is a value."""

import contextlib
import hashlib
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repack import deflate
from repack.giveback import placing
from repack.giveback.originals import CHANGED, Item, Unlike, rebuild, rebuild_to
from repack.model import EntryUnreadable, Packed, Proof, Raw, Stamp
from repack.output import drafts
from repack.record.manifest import EntryRecord

_UNIX_TIMES, _NTFS_TIMES = 0x5455, 0x000A  # APPNOTE 4.5.5
_FROM_1601_TO_1970 = 11_644_473_600  # seconds


@dataclass(frozen=True, slots=True)
class FileTask:
    """One entry, and where below `root` it should lie."""

    item: Item
    root: Path
    parts: tuple[str, ...]
    stamp: Stamp
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Gave:
    """Content for a new zip; `sha256` is empty for a damaged entry, whose content cannot be had."""

    content: Packed | Raw
    sha256: str


@dataclass(frozen=True, slots=True)
class Present:
    """Something that lies where an entry should, below `root`."""

    root: Path
    parts: tuple[str, ...]
    line: EntryRecord
    item: Item | None = None  # where its original is not in the zip: what is written instead is made from this


def is_same(task: Present) -> bool:
    """Is it the very file that would be written there, or the original? Nothing is read through a link."""
    held = task.line.after if task.line.proof is Proof.BOUNDED else task.line.before
    if held is None or held.sha256 is None or not placing.is_plain(task.root, task.parts):
        return False
    try:
        with task.root.joinpath(*task.parts).open("rb") as file:
            is_long = os.fstat(file.fileno()).st_size == held.size
            if is_long and hashlib.file_digest(file, "sha256").hexdigest() == held.sha256:
                return True
            file.seek(0)
            return task.item is not None and _is_made_from(task.item, file)
    except OSError:
        return False


def _is_made_from(item: Item, file: BinaryIO) -> bool:
    """Does a file hold what restore makes of an entry, and nothing else?"""
    differs = False

    def compare(piece: bytes) -> None:
        nonlocal differs
        differs = differs or file.read(len(piece)) != piece

    return rebuild_to(item, compare) is None and not differs and not file.read(1)


def give_file(task: FileTask) -> Unlike | None:
    """Write one file beside its name, compare it with the original's SHA-256, and only then name it."""
    try:
        folder = placing.make_folder(task.root, task.parts[:-1])
        target = folder / task.parts[-1]
        with drafts.claimed(target) as claim:
            with claim.path.open("r+b") as file:
                problem = _write(task.item, file)
                file.flush()
                os.fsync(file.fileno())
            if problem is None:
                set_time(claim.path, task.stamp)
                placing.publish(claim, target, overwrite=task.overwrite)
            return problem
    except placing.Misplaced as error:
        return Unlike(f"was not written: {error}", is_of_target=True)
    except OSError as error:
        return Unlike(f"was not written: {error.strerror or type(error).__name__}", is_of_target=True)


def _write(item: Item, file: BinaryIO) -> Unlike | None:
    if item.line.action != "copied":
        return rebuild_to(item, file.write)
    digest = hashlib.sha256()
    try:
        for piece in _pieces(item):
            digest.update(piece)
            file.write(piece)
    except EntryUnreadable as error:
        return Unlike(f"cannot be read: {error}")
    return None if digest.hexdigest() == item.line.before.sha256 else Unlike(CHANGED)


def _pieces(item: Item) -> Iterator[bytes]:
    """The content, and not one byte more than the manifest says: a false size must not fill the disk."""
    left = item.line.before.size
    for piece in item.place.chunks():
        left -= len(piece)
        if left < 0:
            raise EntryUnreadable("it is larger than the manifest says")
        yield piece


def give_packed(item: Item) -> Gave | Unlike:
    """The original content as a new zip holds it: packed where it was rebuilt, its own compressed bytes else."""
    try:
        if item.line.action == "copied":
            raw = item.place.raw()
            if raw is not None and item.line.damaged:
                return Gave(raw, "")
            digest = hashlib.sha256()
            for piece in _pieces(item):
                digest.update(piece)
            if digest.hexdigest() != item.line.before.sha256:
                return Unlike(CHANGED)
            return Gave(raw or deflate.pack(item.place.read()), digest.hexdigest())
    except EntryUnreadable as error:
        return Unlike(f"cannot be read: {error}")
    data = rebuild(item)
    return data if isinstance(data, Unlike) else Gave(deflate.pack(data), hashlib.sha256(data).hexdigest())


def make_empty_folder(root: Path, path: str, stamp: Stamp) -> None:
    """A folder that the original names as such; one that cannot be made costs no file."""
    with contextlib.suppress(placing.Misplaced, OSError):
        set_time(placing.make_folder(root, placing.components(path)), stamp)


def set_time(path: Path, stamp: Stamp) -> None:
    """Give a file the time that the zip says, where it says one and the file system can hold it."""
    seconds = read_time(stamp)
    if seconds is not None:
        with contextlib.suppress(OSError, OverflowError):
            os.utime(path, (seconds, seconds))


def read_time(stamp: Stamp) -> float | None:
    """Seconds since 1970 (UTC): from the exact fields (APPNOTE 4.5.5, 4.5.7) or the DOS words, which are local time."""
    at = 0
    while at + 4 <= len(stamp.extra):
        field, length = struct.unpack_from("<HH", stamp.extra, at)
        value = stamp.extra[at + 4 : at + 4 + length]
        if field == _UNIX_TIMES and len(value) >= 5 and value[0] & 1:
            return float(int.from_bytes(value[1:5], "little", signed=True))
        if field == _NTFS_TIMES and value[4:8] == b"\1\0\x18\0" and len(value) >= 16:
            return int.from_bytes(value[8:16], "little") / 10_000_000 - _FROM_1601_TO_1970
        at += 4 + length
    year, month, day = 1980 + (stamp.date >> 9), stamp.date >> 5 & 15, stamp.date & 31
    hour, minute, second = stamp.time >> 11, stamp.time >> 5 & 63, 2 * (stamp.time & 31)
    if not (1 <= month <= 12 and day and hour < 24 and minute < 60 and second < 60):
        return None
    try:
        return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
    except (OverflowError, ValueError):
        return None
