"""Zip bundles: what the central directory lists, and the bytes of one entry without opening the whole archive.

`zipfile` reads the directory; entries are read here, because their compressed bytes are carried over as they are and
a worker must not parse the directory of a whole disc for one slice.
"""

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repack import deflate
from repack.bundles.names import read_name
from repack.errors import BundleUnreadable
from repack.model import DEFLATED, STORED, Bundle, Entry, EntryUnreadable, Raw, Stamp

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # APPNOTE 4.3.7
_LOCAL_SIGNATURE = b"PK\x03\x04"
_CENTRAL_SIGNATURE, _CENTRAL_LENGTH = b"PK\x01\x02", 46  # APPNOTE 4.3.12
_UTF8, _ENCRYPTED = 0x800, 0x1  # APPNOTE 4.4.4
_MADE_ON_WINDOWS = frozenset({0, 10, 14})  # FAT, NTFS, VFAT: APPNOTE 4.4.2.2
_TIME_FIELDS = frozenset({0x5455, 0x000A})  # extended timestamp; NTFS times: APPNOTE 4.5.5
_METHOD_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz"}
_METHOD_NAMES |= {96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES encryption"}
_PIECE = 1 << 20
_WHAT_IT_IS = {
    b"Rar!": "it is a RAR archive",
    b"7z\xbc\xaf": "it is a 7z archive",
    b"\x1f\x8b": "it is a gzip file",
    b"PK\x03\x04": "its end is missing; the download may be incomplete",
}


def recognises(path: Path) -> bool:
    """Does the file end as a zip ends (APPNOTE 4.3.16)?"""
    return path.is_file() and zipfile.is_zipfile(path)


def explain_unrecognised(path: Path) -> str:
    """What a file that is no zip seems to be, for the message."""
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(32_769)
        if file.read(5) == b"CD001":  # ECMA-119 8.1.2
            return "it is an ISO image, which this version cannot open"
    if not start:
        return "it is empty"
    for magic, meaning in _WHAT_IT_IS.items():
        if start.startswith(magic):
            return meaning
    return "it is no zip"


def open_zip(path: Path) -> Bundle:
    """List a zip by its central directory. Raises BundleUnreadable."""
    try:
        listed = _list_entries(path)
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        raise BundleUnreadable(
            path.name,
            "the directory of the zip is damaged",
            "the download may be incomplete: fetch it again, or unzip it with another program and give the folder",
        ) from error
    _refuse_unreadable(path, listed)
    entries = tuple(_entry(path, index, info) for index, info in enumerate(listed))
    return Bundle(path, "zip", path.stat().st_size, entries)


def _list_entries(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except UnicodeDecodeError:  # one wrong flag is no reason to refuse a disc
        with _Forgiving(path) as file, zipfile.ZipFile(file) as archive:
            return archive.infolist()


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


def _refuse_unreadable(path: Path, listed: list[zipfile.ZipInfo]) -> None:
    """A bundle of which some bytes cannot be had is not repacked: what was lost would not be noticed."""
    for problem, advice, found in (
        (
            "encrypted",
            "unzip it with its password and give the folder",
            [info for info in listed if info.flag_bits & _ENCRYPTED or info.compress_type == 99],
        ),
        (
            "packed by a method that this version cannot read",
            "unzip it with the program that made it and give the folder",
            [info for info in listed if info.compress_type not in {STORED, DEFLATED}],
        ),
    ):
        if found:
            method = _METHOD_NAMES.get(found[0].compress_type, str(found[0].compress_type))
            named = "" if problem == "encrypted" else f" ({method})"
            count = f"{len(found)} of {len(listed)} entries are"
            raise BundleUnreadable(path.name, f"{count} {problem}{named}", advice)


def _entry(path: Path, index: int, info: zipfile.ZipInfo) -> Entry:
    is_utf8 = bool(info.flag_bits & _UTF8)
    raw = info.orig_filename.encode("utf-8" if is_utf8 else "cp437")
    read = read_name(raw, is_utf8=is_utf8, from_windows=info.create_system in _MADE_ON_WINDOWS)
    is_directory = read.name.raw.endswith(b"/")
    year, month, day, hour, minute, second = info.date_time
    stamp = Stamp(
        (year - 1980) << 9 | month << 5 | day,
        hour << 11 | minute << 5 | second // 2,
        _keep_times(info.extra),
    )
    place = ZipPlace(path, info.header_offset, info.compress_type, info.compress_size, info.file_size, info.CRC)
    return Entry(
        index=index,
        path=read.path,
        name=read.name,
        is_directory=is_directory,
        size=info.file_size,
        stored=info.compress_size,
        stamp=stamp,
        attributes=info.external_attr,
        made_by=info.create_system << 8 | info.create_version,
        place=None if is_directory and not info.file_size else place,
        notes=read.notes,
    )


def _keep_times(extra: bytes) -> bytes:
    """The extra fields that tell times; user ids and the like stay behind (APPNOTE 4.5.1)."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        if field in _TIME_FIELDS and at + 4 + length <= len(extra):
            kept += extra[at : at + 4 + length]
        at += 4 + length
    return kept


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """Where one entry lies in a zip; sizes and CRC are those of the central directory."""

    file: Path
    header_offset: int
    method: int
    stored: int
    size: int
    crc: int

    def raw(self) -> Raw:
        """The compressed bytes, found through the local header (APPNOTE 4.3.7). Raises EntryUnreadable."""
        try:
            with self.file.open("rb") as file:
                file.seek(self.header_offset)
                header = file.read(_LOCAL_HEADER.size)
                end = file.seek(0, 2)
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise EntryUnreadable("its header in the zip is missing")
        *_rest, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        offset = self.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if offset + self.stored > end:
            raise EntryUnreadable("the zip ends before it does")
        return Raw(self.file, offset, self.stored, self.method, self.crc, self.size)

    def read(self) -> bytes:
        """The whole content, size and CRC checked. Raises EntryUnreadable."""
        return b"".join(self.chunks())

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer. Raises EntryUnreadable."""
        raw = self.raw()
        wanted = min(raw.length, length if self.method == STORED else length + 1024)
        compressed = b"".join(_pieces(raw, wanted))
        try:
            return compressed[:length] if self.method == STORED else deflate.inflate_start(compressed, length)
        except deflate.Damaged as error:
            raise EntryUnreadable(str(error)) from error

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces; size and CRC are checked at the end. Raises EntryUnreadable."""
        raw = self.raw()
        crc, size = 0, 0
        pieces = _pieces(raw, raw.length)
        try:
            for piece in pieces if self.method == STORED else deflate.inflate_pieces(pieces, self.size):
                crc, size = deflate.crc32(piece, crc), size + len(piece)
                yield piece
        except deflate.Damaged as error:
            raise EntryUnreadable(str(error)) from error
        if size != self.size:
            raise EntryUnreadable("its size is not the announced one")
        if crc != self.crc:
            raise EntryUnreadable("its checksum (CRC) is wrong")


def _pieces(raw: Raw, length: int) -> Iterator[bytes]:
    try:
        with raw.file.open("rb") as file:
            file.seek(raw.offset)
            left = length
            while left > 0:
                piece = file.read(min(left, _PIECE))
                if not piece:
                    raise EntryUnreadable("the zip ends before it does")
                left -= len(piece)
                yield piece
    except OSError as error:
        raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
