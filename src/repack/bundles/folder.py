"""Folder bundles: a mounted CD, or a copy of one. Links are not followed out, nothing but plain files is opened."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repack.bundles import code_pages, stamps
from repack.bundles.names import ReadName, read_name, tell_apart
from repack.errors import BundleUnreadable
from repack.model import Access, Bundle, Entry, EntryUnreadable, Raw

_PIECE = 1 << 20
_CHANGED = "it changed while it was being read"
_UNIX = 3 << 8 | 20  # made on Unix, by version 2.0 of the format (APPNOTE 4.4.2)


def recognises(path: Path) -> bool:
    """Is it a folder?"""
    return path.is_dir()


def open_folder(path: Path, _access: Access) -> Bundle:
    """List a folder in the order of its sorted paths. Raises BundleUnreadable where a folder cannot be listed."""
    root = path.resolve()
    found = list(_walk(root, ""))
    names = tell_apart(_read_names([os.fsencode(relative) for relative, _status in found]))
    entries = tuple(
        _entry(root, index, relative, status, names[index]) for index, (relative, status) in enumerate(found)
    )
    return Bundle(root, "folder", None, entries)


def _read_names(raws: Sequence[bytes]) -> list[ReadName]:
    """Names as people read them; those that are not UTF-8 (on Linux) by a code page that fits them all (Z4)."""
    texts = code_pages.decode_unknown(raws)
    return [read_name(raw, is_utf8=False, from_windows=False, text=text) for raw, text in zip(raws, texts, strict=True)]


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Files and empty folders below `folder`, sorted, as paths with slashes; links are listed, not followed."""
    try:
        with os.scandir(folder) as scan:
            found = sorted(scan, key=lambda item: item.name)
    except OSError as error:
        shown = prefix.rstrip("/") or folder.name
        raise BundleUnreadable(shown, error.strerror or "it cannot be listed", "check its permissions") from error
    for item in found:
        if item.is_dir(follow_symlinks=False):
            below = list(_walk(folder / item.name, f"{prefix}{item.name}/"))
            yield from below or [(f"{prefix}{item.name}/", item.stat(follow_symlinks=False))]
        else:
            yield f"{prefix}{item.name}", item.stat(follow_symlinks=False)


def _entry(root: Path, index: int, relative: str, status: os.stat_result, read: ReadName) -> Entry:
    status, place, note = _place(root, relative, status)
    size = place.size if place else 0
    return Entry(
        index=index,
        path=read.path,
        name=read.name,
        is_directory=relative.endswith("/"),
        size=size,
        stored=size,
        stamp=stamps.from_seconds(status.st_mtime),
        attributes=(status.st_mode & 0xFFFF) << 16,
        made_by=_UNIX,
        place=place,
        notes=(*read.notes, *note),
    )


def _place(
    root: Path, relative: str, status: os.stat_result
) -> tuple[os.stat_result, "FilePlace | None", tuple[str, ...]]:
    """Where a listed path can be read, or why it cannot (containers: links, devices, sockets).

    A link inside the bundle becomes the file that it leads to, status and all: a zip entry with the mode of a link
    would be unpacked as a link whose target is the content.
    """
    file = root / relative
    if stat.S_ISDIR(status.st_mode):
        return status, None, ()
    if stat.S_ISLNK(status.st_mode):
        target = Path(os.path.realpath(file))  # not Path.resolve, which raises RuntimeError for links in a circle
        if target.is_dir() and target.is_relative_to(root):
            return status, None, ("a link to a folder of this bundle, whose files are there once; it was not followed",)
        if not target.is_file() or not target.is_relative_to(root):
            return status, None, ("a link that leads out of the bundle or nowhere; it was not followed",)
        status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        return status, None, ("a device, pipe or socket, not a file; it was not opened",)
    return status, FilePlace(file, status.st_size, status.st_mtime_ns), ()


@dataclass(frozen=True, slots=True)
class FilePlace:
    """One file, as large and as old as it was when it was listed."""

    file: Path
    size: int
    changed: int  # nanoseconds since 1970

    def raw(self) -> Raw | None:
        """None: a file in a folder has no compressed bytes."""
        return None

    def read(self) -> bytes:
        """The whole content; a file that changed since it was listed is refused. Raises EntryUnreadable."""
        return b"".join(self.chunks())

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer. Raises EntryUnreadable."""
        try:
            with _open(self.file) as file:
                return file.read(length)
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces. Raises EntryUnreadable."""
        size = 0
        try:
            with _open(self.file) as file:
                self._check(file)
                while piece := file.read(_PIECE):
                    size += len(piece)
                    yield piece
                self._check(file)
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
        if size != self.size:
            raise EntryUnreadable(_CHANGED)

    def _check(self, file: BinaryIO) -> None:
        """Is it still the file that was listed? Looked at before and behind reading it."""
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or (status.st_size, status.st_mtime_ns) != (self.size, self.changed):
            raise EntryUnreadable(_CHANGED)


def _open(file: Path) -> BinaryIO:
    """Open without waiting: what was a file when it was listed may be a pipe by now."""
    return open(file, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))
