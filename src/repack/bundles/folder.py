"""Folder bundles: a mounted CD, or a copy of one. Links are not followed out, nothing but plain files is opened."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repack.bundles.names import read_name
from repack.errors import BundleUnreadable
from repack.model import Bundle, Entry, EntryUnreadable, Raw, Stamp

_PIECE = 1 << 20
_UNIX = 3 << 8 | 20  # made on Unix, by version 2.0 of the format (APPNOTE 4.4.2)
_FIRST_DOS_SECOND = 315_532_800  # 1980-01-01T00:00:00Z, the first time that a zip can say
_LAST_DOS_SECOND = 4_354_819_198  # 2107-12-31T23:59:58Z


def recognises(path: Path) -> bool:
    """Is it a folder?"""
    return path.is_dir()


def open_folder(path: Path) -> Bundle:
    """List a folder in the order of its sorted paths. Raises BundleUnreadable where a folder cannot be listed."""
    root = path.resolve()
    entries = tuple(_entry(root, index, relative, status) for index, (relative, status) in enumerate(_walk(root, "")))
    return Bundle(root, "folder", None, entries)


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


def _entry(root: Path, index: int, relative: str, status: os.stat_result) -> Entry:
    read = read_name(os.fsencode(relative), is_utf8=True, from_windows=False)
    status, place, note = _place(root, relative, status)
    size = place.size if place else 0
    return Entry(
        index=index,
        path=read.path,
        name=read.name,
        is_directory=relative.endswith("/"),
        size=size,
        stored=size,
        stamp=_stamp(status.st_mtime),
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
        if not target.is_file() or not target.is_relative_to(root):
            return status, None, ("a link that leads out of the bundle or nowhere; it was not followed",)
        status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        return status, None, ("a device, pipe or socket, not a file; it was not opened",)
    return status, FilePlace(file, status.st_size, status.st_mtime_ns), ()


def _stamp(seconds: float) -> Stamp:
    """The DOS words in UTC, whatever the time zone of this computer, and the exact time beside them."""
    whole = int(seconds)
    moment = time.gmtime(min(max(whole, _FIRST_DOS_SECOND), _LAST_DOS_SECOND))
    exact = b""
    if -(1 << 31) <= whole < 1 << 31:  # what field 0x5455 (APPNOTE 4.5.5) can say
        exact = b"UT\x05\x00\x01" + whole.to_bytes(4, "little", signed=True)
    return Stamp(
        (moment.tm_year - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday,
        moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2,
        exact,
    )


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
            with self.file.open("rb") as file:
                return file.read(length)
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces. Raises EntryUnreadable."""
        size = 0
        try:
            with self.file.open("rb") as file:
                while piece := file.read(_PIECE):
                    size += len(piece)
                    yield piece
                changed = os.fstat(file.fileno()).st_mtime_ns
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
        if size != self.size or changed != self.changed:
            raise EntryUnreadable("it changed while it was being read")
