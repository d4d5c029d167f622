"""Read a draft back and compare it with what was written: its directory by another reader, its entries one by one."""

import hashlib
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from repack.bundles.zipped import ZipPlace, read_bytes, read_raw
from repack.errors import ProofFailed
from repack.model import EntryUnreadable, Raw
from repack.output import pagecache, zipformat
from repack.output.archive import Written, read_pieces
from repack.stopwatch import timed


class Check(NamedTuple):
    """What an entry, or a piece of one, must read back as; `number` is the caller's."""

    number: int
    place: ZipPlace
    header: bytes  # before its content; none where a piece follows another
    sha256: str | None = None  # of its content; without one its size and CRC-32 count
    carried: str | None = None  # SHA-256 of its bytes as they lie, deflated or stored, instead of its content


def make_checks(number: int, written: Written, sha256: str | None) -> tuple[Check, ...]:
    """How a written entry is compared: by the SHA-256 of its content, where nothing else says more."""
    if written.carried is not None:  # what these bytes hold was hashed and checked when they were
        return (Check(number, written.place, written.header, carried=written.carried),)
    if written.pieces:  # that SHA-256 is of what was read; the CRC-32 of each piece is of what was written
        return tuple(_check_pieces(number, written))
    return (Check(number, written.place, written.header, sha256),)


def _check_pieces(number: int, written: Written) -> Iterator[Check]:
    """A check for each piece, so that all workers share them; the entry's header goes with the first."""
    header, at = written.header, written.place.header_offset
    for length, crc in written.pieces:
        yield Check(number, replace(written.place, header_offset=at, stored=length, size=length, crc=crc), header)
        header, at = b"", at + len(header) + length


@timed("read back")
def check_directory(draft: Path, target: Path, written: Sequence[Written], comment: bytes = b"") -> None:
    """Re-open the draft with another reader than our writer and compare its directory. Raises ProofFailed."""
    try:
        with zipfile.ZipFile(draft) as archive:
            listed, start = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise ProofFailed(target.name, "its directory", "cannot be read back") from error
    if len(listed) != len(written):
        raise ProofFailed(target.name, "its directory", "lists another number of entries")
    for info, entry in zip(listed, written, strict=True):
        raw = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        place = entry.place
        found = (raw, info.header_offset, info.compress_type, info.compress_size, info.file_size, info.CRC)
        expected = (
            entry.name.raw, place.header_offset, place.method, place.stored, place.size, place.crc,
        )  # fmt: skip
        if found != expected:
            raise ProofFailed(target.name, "its directory", "does not describe what was written")
    lines = b"".join(entry.line for entry in written)
    with draft.open("rb") as file:
        file.seek(start)
        if file.read() != lines + zipformat.end_records(len(written), len(lines), start, comment):
            raise ProofFailed(target.name, "its directory", "reads back differently")


@timed("read back")
def check_entries(lot: Sequence[Check]) -> int | None:
    """Read entries of one draft back, from the disk: the first number that is not as it must be, or None.

    Pure, so that worker processes share the work.
    """
    reached = lot[0]
    try:
        with reached.place.file.open("rb") as file:
            for check in lot:
                reached = check
                if not _is_as_written(file, check):
                    return check.number
            start = min(check.place.header_offset for check in lot)
            end = max(check.place.header_offset + len(check.header) + check.place.stored for check in lot)
            pagecache.forget(file.fileno(), start, end)
    except (OSError, EntryUnreadable):
        return reached.number
    return None


def _is_as_written(file: BinaryIO, check: Check) -> bool:
    """Has it its header (which unpackers that stream believe instead of the directory), and its content?"""
    place = check.place
    file.seek(place.header_offset)
    if file.read(len(check.header)) != check.header:
        return False
    raw = _behind(check.header, place)
    look = pagecache.forget_behind(file.fileno(), raw.offset)
    expected = check.sha256 if check.carried is None else check.carried
    digest = hashlib.sha256()
    for piece in read_raw(raw, look) if check.carried is None else read_bytes(raw, look):
        if expected is not None:
            digest.update(piece)
    return expected is None or digest.hexdigest() == expected


def _behind(header: bytes, place: ZipPlace) -> Raw:
    offset = place.header_offset + len(header)
    return Raw(place.file, offset, place.stored, place.method, place.crc, place.size)


def same_bytes(written: Written, raw: Raw) -> bool:
    """Were the compressed bytes of a damaged entry carried over as they are?"""
    place = written.place
    copied = _behind(written.header, place)
    try:
        with place.file.open("rb") as file:
            file.seek(place.header_offset)
            is_headed = file.read(len(written.header)) == written.header
        pairs = zip(read_bytes(copied), read_pieces(raw), strict=True)
        return is_headed and copied.length == raw.length and all(a == b for a, b in pairs)
    except (OSError, EntryUnreadable):
        return False
