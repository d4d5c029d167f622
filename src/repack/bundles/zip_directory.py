"""The central directory of a zip, and how far the archive around it can be believed (containers Z5 to Z8, Z21)."""

import io
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repack.errors import BundleUnreadable

_CENTRAL_SIGNATURE, _CENTRAL_LENGTH = b"PK\x01\x02", 46  # APPNOTE 4.3.12
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # APPNOTE 4.3.7
_LOCAL_SIGNATURE = b"PK\x03\x04"
_END_SIGNATURE, _END_LENGTH, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF  # APPNOTE 4.3.16
_UTF8, _STREAMED = 0x800, 0x8  # APPNOTE 4.4.4
_LIMIT = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Directory:
    """What a zip lists, what local headers say otherwise, and which entries share bytes with others."""

    listed: Sequence[zipfile.ZipInfo]
    comment: bytes
    doubts: dict[int, str]
    overlapping: frozenset[int]


def read_directory(path: Path) -> Directory:
    """Read and check the directory. Raises BundleUnreadable."""
    try:
        listed, comment, start = _list_entries(path)
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        if _is_wrapped(path, None):
            raise _wrapped(path) from error
        if _is_part(path):
            raise _part(path) from error
        raise BundleUnreadable(
            path.name,
            "the directory of the zip is damaged",
            "the download may be incomplete: fetch it again, or unzip it with another program and give the folder",
        ) from error
    if _is_wrapped(path, start):
        raise _wrapped(path)
    doubts, ranges = _read_local_headers(path, listed)
    if len(ranges) < sum(info.compress_size > 0 for info in listed) and _is_part(path):
        raise _part(path)
    return Directory(listed, comment, doubts, _find_overlaps(ranges))


def raw_name(info: zipfile.ZipInfo) -> bytes:
    """The name as it stands in the directory."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


def _list_entries(path: Path) -> tuple[list[zipfile.ZipInfo], bytes, int]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist(), archive.comment, archive.start_dir
    except UnicodeDecodeError:  # one wrong flag is no reason to refuse a disc
        with _Forgiving(path) as file, zipfile.ZipFile(file) as archive:
            return archive.infolist(), archive.comment, archive.start_dir


class _Forgiving(io.FileIO):
    """A zip as it would be if no name were flagged as UTF-8 that is not."""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; `zipfile` asks for the whole central directory at once."""
        return _unflag_false_names(super().read(size) or b"")


def _unflag_false_names(directory: bytes) -> bytes:
    """The same central directory, without the UTF-8 flag on names that are not UTF-8; other bytes stay as they are."""
    mended, at = bytearray(directory), 0
    while directory.startswith(_CENTRAL_SIGNATURE, at) and at + _CENTRAL_LENGTH <= len(directory):
        (flags,) = struct.unpack_from("<H", directory, at + 8)
        lengths = struct.unpack_from("<3H", directory, at + 28)  # of name, extra fields, comment
        name = directory[at + _CENTRAL_LENGTH : at + _CENTRAL_LENGTH + lengths[0]]
        try:
            name.decode("utf-8")
        except UnicodeDecodeError:
            struct.pack_into("<H", mended, at + 8, flags & ~_UTF8)
        at += _CENTRAL_LENGTH + sum(lengths)
    return bytes(mended)


def _is_wrapped(path: Path, start: int | None) -> bool:
    """Did a Mac write sizes and offsets modulo 2^32 (containers Z8)? Then the directory lies 4 GB behind its offset."""
    if path.stat().st_size <= _LIMIT:
        return False
    found = _read_end(path)
    if found is None:
        return False
    at, (_disk, _first, _here, _count, size, offset, _comment) = found
    if _LIMIT in {size, offset}:
        return False
    lies: int = at - size if start is None else start
    return bool(lies > offset and (lies - offset) % (1 << 32) == 0)


def _is_part(path: Path) -> bool:
    """Does the end say that the directory began on another disk (APPNOTE 4.4.19)?"""
    found = _read_end(path)
    return found is not None and not {*found[1][:2]} <= {0, 0xFFFF}  # 0xFFFF: zip64 says it


def _read_end(path: Path) -> tuple[int, tuple[int, ...]] | None:
    """Where the end record lies, and its numbers (APPNOTE 4.3.16): disk, first disk, entries twice, size, offset."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - _END_LENGTH - _LONGEST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or at + _END_LENGTH > len(tail):
        return None
    return end - len(tail) + at, struct.unpack_from("<4H2IH", tail, at + 4)


def _wrapped(path: Path) -> BundleUnreadable:
    return BundleUnreadable(
        path.name,
        "a Mac made it, and above 4 GB its numbers wrapped around",
        "unzip it on a Mac, or with `ditto -x -k` or 7-Zip, and give the folder",
    )


def _part(path: Path) -> BundleUnreadable:
    advice = "join them with 7-Zip or `zip -s 0`, then try again"
    return BundleUnreadable(path.name, "it is one part of a zip in several parts", advice)


def _read_local_headers(
    path: Path, listed: Sequence[zipfile.ZipInfo]
) -> tuple[dict[int, str], list[tuple[int, int, int]]]:
    """What local headers say otherwise, and where each entry's bytes begin and end; in the order of the file."""
    doubts: dict[int, str] = {}
    ranges: list[tuple[int, int, int]] = []
    order = sorted(range(len(listed)), key=lambda index: listed[index].header_offset)
    with path.open("rb", buffering=0) as file, suppress(OSError):  # a bad spot costs its entry when it is read
        for index in order:
            info = listed[index]
            name = raw_name(info)
            found = _read_local(file, info, name)
            if found is not None:
                end, doubt = found
                if info.compress_size:
                    ranges.append((info.header_offset, end, index))
                if doubt:
                    doubts[index] = doubt
    return doubts, ranges


def _read_local(file: BinaryIO | io.FileIO, info: zipfile.ZipInfo, name: bytes) -> tuple[int, str] | None:
    """Where the entry ends and what its own header says otherwise; None where there is no header."""
    if info.header_offset < 0:
        return None
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size + len(name)) or b""
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        return None
    _magic, _version, flags, method, _time, _date, crc, stored, size, name_length, extra_length = (
        _LOCAL_HEADER.unpack_from(header)
    )
    end = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length + info.compress_size
    differs = []
    if name_length != len(name) or header[_LOCAL_HEADER.size :] != name:
        differs.append("name")
    if method != info.compress_type:
        differs.append("method")
    if not flags & _STREAMED:
        if crc != info.CRC:
            differs.append("checksum")
        numbers = ((stored, info.compress_size), (size, info.file_size))
        if any(local not in {central, _LIMIT} for local, central in numbers):
            differs.append("size")
    if not differs:
        return end, ""
    return end, f"its own header in the zip gives another {' and '.join(differs)}; the directory was believed"


def _find_overlaps(ranges: Sequence[tuple[int, int, int]]) -> frozenset[int]:
    """Entries whose bytes are another's bytes too (sorted by their beginning): no archiver writes such a zip."""
    shared: set[int] = set()
    furthest, owner = -1, -1
    for start, end, index in ranges:
        if start < furthest:
            shared |= {owner, index}
        if end > furthest:
            furthest, owner = end, index
    return frozenset(shared)
