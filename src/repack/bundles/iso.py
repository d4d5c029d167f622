"""ISO images: the fullest of their trees, read by extent without unpacking the image (containers, section 3)."""

import stat
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from repack.bundles import iso_image, limits
from repack.bundles.iso_image import SECTOR, Record, Unparseable
from repack.bundles.names import ReadName, folded, read_name, tell_apart
from repack.bundles.places import Text, Unreadable
from repack.errors import BundleUnreadable
from repack.model import Access, Bundle, Entry, EntryUnreadable, Place, Raw

_DESCRIPTOR = 16 * SECTOR  # ECMA-119 6.2.1
_SIGNATURE = b"\x01CD001\x01"  # a primary volume descriptor: ECMA-119 8.4
_MOST_SECTORS = 500_000  # behind the first volume, in which later sessions are looked for: a CD has 360,000
_PIECE = 1 << 20
_CUT_OFF = "the image ends before it does"
_LONG_NAME = 64  # letters that every Joliet writer keeps
_UNIX = 3 << 8 | 20  # made on Unix, by version 2.0 of the format (APPNOTE 4.4.2)
_READ_ONLY_FILE, _READ_ONLY_FOLDER = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755


def recognises(path: Path) -> bool:
    """Does it have a volume descriptor where an ISO image of 2,048-byte sectors has one?"""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        file.seek(_DESCRIPTOR + 1)
        return file.read(5) == _SIGNATURE[1:6]


def open_iso(path: Path, access: Access) -> Bundle:
    """List the fullest tree of an image. Raises BundleUnreadable."""
    size = path.stat().st_size
    with path.open("rb") as file:
        session, sessions, announced = _find_session(file, size)
        trees, notes = _read_trees(path, file, session)
    name = choose_tree(trees)
    records = [*trees[name], *find_hidden(name, trees, partial(_is_same, path, size))]
    limits.check(path.name, ((_size(record), _size(record)) for record in records), size, access.limits)
    names = tell_apart([_read_name(record) for record in records])
    entries = tuple(
        _entry(path, index, record, read, size) for index, (record, read) in enumerate(zip(records, names, strict=True))
    )
    if sessions > 1:
        notes.append(f"the disc was written in {sessions} sessions; the last one was read, which hides older files")
    if announced > size:
        notes.append(f"the image is {announced - size:,} bytes shorter than its disc was; files may be cut off")
    return Bundle(path, "iso", size, entries, (*notes, *_differences(name, trees)))


_BEST_NAMES = ("UDF", "Joliet", "Rock Ridge", "ISO 9660")


def choose_tree(trees: Mapping[str, Sequence[Record]]) -> str:
    """The tree with the most files; at a tie the one with the better names (containers I2)."""
    order = _BEST_NAMES
    rock = trees.get("Rock Ridge", ())
    if any(len(record.path[-1]) > _LONG_NAME for record in rock):
        order = ("UDF", "Rock Ridge", "Joliet", "ISO 9660")
    return max((name for name in order if name in trees), key=lambda name: _count(trees[name]))


def find_hidden(
    chosen: str, trees: Mapping[str, Sequence[Record]], is_same: Callable[[Record, Record], bool]
) -> list[Record]:
    """The files that only other trees list, told by where their bytes lie: a disc may hide some from each computer.

    `is_same` compares two that have one path and one size (UDF may keep a small file in the entry itself, ECMA-167
    4/14.6.8). One that has the path of another file gets the name of its tree as well.
    """
    known = {record.extents[0][0] for record in trees[chosen] if record.extents}
    taken = {_folded(record.path): record for record in trees[chosen]}
    hidden: list[Record] = []
    for name in (name for name in _BEST_NAMES if name in trees and name != chosen):
        for record in trees[name]:
            if not record.extents or record.extents[0][0] in known:
                continue
            known.add(record.extents[0][0])
            other = taken.get(_folded(record.path))
            if other is not None and _size(other) == _size(record) and is_same(other, record):
                continue
            path = record.path
            if other is not None:
                path = (*path[:-1], b"%s (%s)" % (path[-1], name.encode()))
            note = f"only the {name} half of the disc lists it"
            hidden.append(replace(record, path=path, note="; ".join(filter(None, (record.note, note)))))
            taken[_folded(path)] = record
    return hidden


def _folded(path: Sequence[bytes]) -> str:
    return folded(b"/".join(path).decode("utf-8", "surrogateescape"))


def _is_same(path: Path, end: int, one: Record, other: Record) -> bool:
    """Have two files of one size the same bytes?"""
    try:
        pieces = (_place(path, record, end).chunks() for record in (one, other))
        return all(a == b for a, b in zip(*pieces, strict=True))
    except (EntryUnreadable, ValueError):  # ValueError: pieces that do not lie alike; then both are kept
        return False


def _count(records: Sequence[Record]) -> int:
    return sum(not record.is_folder and not record.note for record in records)  # resource forks have a note


def _differences(chosen: str, trees: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """The disc looks different to different computers: say so where a tree has fewer files."""
    for name, records in trees.items():
        if _count(records) != _count(trees[chosen]):
            fewer, most = _count(records), _count(trees[chosen])
            yield f"its {name} half lists {fewer:,} files, its {chosen} half {most:,}; the latter was read"


def _read_trees(path: Path, file: BinaryIO, session: int) -> tuple[dict[str, list[Record]], list[str]]:
    try:
        return iso_image.read_trees(file, session, hides_udf=False), []
    except Unparseable as error:
        first = error
    try:  # a damaged UDF half is no reason to give up the other
        return iso_image.read_trees(file, session, hides_udf=True), ["its UDF half cannot be read; the other half was"]
    except Unparseable:
        raise BundleUnreadable(
            path.name,
            "the directories of the image are damaged or of an unknown kind",
            "copy the disc again, or mount the image (or the disc) and give that folder",
        ) from first


def _find_session(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """First sector of the last session (containers I6), how many there are, and the length that the disc had."""
    file.seek(_DESCRIPTOR)
    volume = file.read(SECTOR)
    (sectors,) = struct.unpack_from("<I", volume.ljust(84, b"\0"), 80)  # ECMA-119 8.4.8
    announced, session, count = sectors * SECTOR, 0, 1
    sector = sectors
    last = min(size // SECTOR, sectors + _MOST_SECTORS)
    while sector < last:
        file.seek(sector * SECTOR)
        start = file.read(len(_SIGNATURE))
        if start == _SIGNATURE and (end := _end_of_session(file, sector)):
            session, count, announced = sector - 16, count + 1, end * SECTOR
            sector = max(sector + 1, end)
        else:
            sector += 1
    return session, count, announced


def _end_of_session(file: BinaryIO, sector: int) -> int:
    """Where the volume described here ends; 0 where it belongs to an image inside a file, which counts from itself."""
    file.seek(sector * SECTOR)
    volume = file.read(SECTOR)
    if len(volume) < SECTOR:
        return 0
    (sectors,) = struct.unpack_from("<I", volume, 80)
    (root,) = struct.unpack_from("<I", volume, 158)  # ECMA-119 8.4.18, 9.1.3
    start = sector - 16
    if root < start:
        return 0
    return int(sectors) if sectors > sector else start + int(sectors)


def _size(record: Record) -> int:
    return sum(length for _start, length in record.extents)


def _read_name(record: Record) -> ReadName:
    raw = b"/".join(record.path) + (b"/" if record.is_folder else b"")
    return read_name(raw, is_utf8=True, from_windows=False)


def _entry(path: Path, index: int, record: Record, read: ReadName, end: int) -> Entry:
    size = _size(record) if record.link is None else len(record.link)
    default = _READ_ONLY_FOLDER if record.is_folder else _READ_ONLY_FILE
    return Entry(
        index=index,
        path=read.path,
        name=read.name,
        is_directory=record.is_folder,
        size=size,
        stored=size,
        stamp=record.stamp,
        attributes=((record.mode or default) & 0xFFFF) << 16 | (0x10 if record.is_folder else 0),
        made_by=_UNIX,
        place=None if record.is_folder else _place(path, record, end),
        notes=(*read.notes, record.note) if record.note else read.notes,
    )


def _place(path: Path, record: Record, end: int) -> Place:
    if record.problem:
        return Unreadable(record.problem)
    if any(start + length > end for start, length in record.extents):
        return Unreadable(_CUT_OFF)
    return Text(record.link) if record.link is not None else IsoPlace(path, record.extents)


@dataclass(frozen=True, slots=True)
class IsoPlace:
    """Where a file lies in an image: (byte, length) of each of its extents, one behind the other."""

    file: Path
    extents: tuple[tuple[int, int], ...]

    def raw(self) -> Raw | None:
        """None: an image holds no checksums, so its bytes are packed anew, which makes them smaller, too."""
        return None

    def read(self) -> bytes:
        """The whole content. Raises EntryUnreadable."""
        return b"".join(self.chunks())

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer. Raises EntryUnreadable."""
        return b"".join(self._pieces(length))

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces. Raises EntryUnreadable."""
        return self._pieces(sum(length for _start, length in self.extents))

    def _pieces(self, length: int) -> Iterator[bytes]:
        left = length
        try:
            with self.file.open("rb") as file:
                for start, extent in self.extents:
                    file.seek(start)
                    here = min(extent, left)
                    left -= here
                    while here > 0:
                        piece = file.read(min(here, _PIECE))
                        if not piece:
                            raise EntryUnreadable(_CUT_OFF)
                        here -= len(piece)
                        yield piece
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
