"""A zip that repack made, opened again: its manifest, and which entry each line of it speaks of.

What is missing or too much is a value here; `restore` and `verify` say what it means. A folder into which such a zip
was unpacked is taken as well.
"""

import io
import mmap
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from repack.bundles import open_bundle
from repack.bundles.folder import FilePlace
from repack.bundles.names import folded
from repack.errors import BundleUnreadable, DifferenceFound
from repack.model import (
    MANIFEST_NAME,
    NO_LIMITS,
    OUR_FOLDER,
    RESTORE_NAME,
    Access,
    Bundle,
    Entry,
    EntryName,
    EntryUnreadable,
    Facts,
    Place,
    Restorable,
)
from repack.record import manifest
from repack.record.manifest import Manifest
from repack.record.restoredata import read_records

_LARGEST_MANIFEST = 1 << 30
_LARGEST_FOREIGN = 64 << 20
_TAIL = 72 << 10  # bytes: a record of the directory, and the longest comment behind it (APPNOTE 4.3.12, 4.3.16)
_NAME = MANIFEST_NAME.encode("ascii")
_LAST_RECORD = re.compile(  # the record of our manifest in the directory (APPNOTE 4.3.12)
    rb"PK\x01\x02.{24}" + struct.pack("<H", len(_NAME)) + rb".{16}" + re.escape(_NAME), re.DOTALL
)
_SCHEMAS = manifest.SCHEMA.rpartition("-")[0].encode("ascii")  # of this version and of any other


@dataclass(frozen=True, slots=True)
class Finished:
    """`entries` are those of the manifest that the zip holds, by their position in it; `own` those of repack itself."""

    bundle: Bundle
    manifest: Manifest
    entries: Mapping[int, Entry]
    own: Mapping[str, Entry]
    missing: tuple[int, ...]
    extra: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """The zip's own name, for messages."""
        return self.bundle.path.name

    def records(self) -> Iterator[tuple[int, Restorable]]:
        """The restore records in their order, one at a time. Raises ValueError where they are damaged."""
        entry = self.own.get(RESTORE_NAME)
        if entry is None or entry.place is None:
            return
        with io.BufferedReader(_Chunks(entry.place)) as file:
            try:
                yield from read_records(file)
            except EntryUnreadable as error:
                raise ValueError(str(error)) from error


def set_foreign_aside(bundle: Bundle) -> Bundle:
    """The bundle with another name for a manifest.json of another program that has the name of ours.

    Nothing but a readable file that does not even name our schema is taken for foreign, and only where there is no
    restore data: what may be ours and damaged stays what it is.
    """
    taken = {folded(entry.path) for entry in bundle.entries}
    found = [entry for entry in bundle.entries if folded(entry.path) == folded(MANIFEST_NAME)]
    if len(found) != 1 or folded(RESTORE_NAME) in taken or not _is_foreign(found[0]):
        return bundle
    stem = MANIFEST_NAME.removesuffix(".json")
    path = next(name for n in count(2) if folded(name := f"{stem}_{n}.json") not in taken)
    aside = replace(found[0], path=path, name=EntryName(path.encode("ascii"), is_utf8=False))
    aside = replace(aside, notes=(*aside.notes, "it had the name of the manifest of repack; it got another one"))
    return replace(bundle, entries=tuple(aside if entry is found[0] else entry for entry in bundle.entries))


def _is_foreign(entry: Entry) -> bool:
    if entry.place is None or entry.size > _LARGEST_FOREIGN:
        return False
    try:
        return _SCHEMAS not in entry.place.read()
    except EntryUnreadable:
        return False


def is_finished(bundle: Bundle) -> bool:
    """Was this bundle made by repack?"""
    return any(entry.path == MANIFEST_NAME for entry in bundle.entries)


def open_finished(path: Path, password: bytes | None = None) -> Finished:
    """Open a zip that repack made; the password is for one that somebody has encrypted since.

    Raises BundleUnreadable where it is none, DifferenceFound where it is damaged.
    """
    try:
        bundle = open_bundle(path, Access(password, decrypt=True, limits=NO_LIMITS))
    except BundleUnreadable:
        if has_traces(path):
            raise DifferenceFound(path.name, "its directory", "cannot be read") from None
        raise
    is_foreign = set_foreign_aside(bundle) is not bundle
    if is_foreign or not is_finished(bundle):
        if not is_foreign and has_traces(path):
            raise DifferenceFound(path.name, "its directory", f"does not list {MANIFEST_NAME}")
        raise BundleUnreadable(
            path.name, "it was not made by repack", f"give a zip that holds {MANIFEST_NAME}; repack BUNDLE makes one"
        )
    return take_apart(bundle)


def take_apart(bundle: Bundle) -> Finished:
    """Pair a bundle's entries with the lines of its manifest: by path, and where paths repeat, in order.

    Raises DifferenceFound where there is no manifest that can be read.
    """
    own = {entry.path: entry for entry in bundle.entries if entry.path.startswith(f"{OUR_FOLDER}/")}
    if sum(entry.path == MANIFEST_NAME for entry in bundle.entries) > 1:
        raise DifferenceFound(bundle.path.name, MANIFEST_NAME, "occurs more than once")
    record = _read_manifest(bundle, own[MANIFEST_NAME])
    known = {MANIFEST_NAME, RESTORE_NAME, *(file.path for file in record.own)}
    left: dict[tuple[str, bool], list[Entry]] = {}
    for entry in bundle.entries:
        if entry.path not in known:
            left.setdefault((entry.path, entry.is_directory), []).append(entry)
    found: dict[int, Entry] = {}
    missing: list[int] = []
    for number, line in enumerate(record.entries):
        same = left.get((line.path, line.folder))
        if line.after is None:
            continue
        there = same.pop(0) if same else None
        if there is not None and (line.folder or there.place is not None):  # no link that leads nowhere, no pipe
            found[number] = there
        elif not line.folder or bundle.kind != "folder":  # a folder bundle lists empty folders only
            missing.append(number)
    extra = sorted((entry for same in left.values() for entry in same), key=lambda entry: entry.index)
    own = {path: entry for path, entry in own.items() if path in known and entry.place is not None}
    return Finished(bundle, record, found, own, tuple(missing), tuple(extra))


def _read_manifest(bundle: Bundle, entry: Entry) -> Manifest:
    if entry.place is None or entry.size > _LARGEST_MANIFEST:
        raise DifferenceFound(bundle.path.name, MANIFEST_NAME, "is no manifest")
    try:
        return manifest.decode(entry.place.read())
    except EntryUnreadable as error:
        raise DifferenceFound(bundle.path.name, MANIFEST_NAME, f"cannot be read: {error}") from error
    except ValueError as error:
        raise DifferenceFound(bundle.path.name, MANIFEST_NAME, "is none that this version of repack knows") from error


def find_earlier(bundle: Bundle, facts: Sequence[Facts]) -> Iterator[str]:
    """What earlier runs have left in a bundle, told by content: it is carried along, and that may not be meant."""
    ours = f"{OUR_FOLDER}/" if is_finished(bundle) else "\0"
    found = [
        entry.path
        for entry, fact in zip(bundle.entries, facts, strict=True)
        if not entry.path.startswith(ours) and (fact.magic == "repack" or (fact.magic == "zip" and _is_output(entry)))
    ]
    if found:
        what = f"{found[0]} and {len(found) - 1:,} more were" if len(found) > 1 else f"{found[0]} was"
        yield f"{what} made by repack and taken along like any other file; --drop-path leaves out what is not meant"


def _is_output(entry: Entry) -> bool:
    """Is a file in a folder a zip that repack made? Its manifest is the last that the directory lists."""
    if not isinstance(entry.place, FilePlace):
        return False
    try:
        with entry.place.file.open("rb") as file:
            file.seek(max(0, entry.size - _TAIL))
            return _LAST_RECORD.search(file.read(_TAIL)) is not None
    except OSError:
        return False


def has_traces(path: Path) -> bool:
    """Does the file name our manifest anywhere, although its directory does not list it?"""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(MANIFEST_NAME.encode("ascii")) >= 0
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


class _Chunks(io.RawIOBase):
    """The content of an entry as a file to read from, without holding all of it."""

    def __init__(self, place: Place) -> None:
        self._chunks = place.chunks()
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Yes; this is what makes it a file for io.BufferedReader."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  collections.abc.Buffer is of Python 3.12
        """Put the next bytes into `buffer`; how many there were, 0 at the end."""
        into = memoryview(buffer).cast("B")
        while not self._left:
            piece = next(self._chunks, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        size = min(len(self._left), len(into))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
