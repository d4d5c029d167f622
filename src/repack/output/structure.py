"""The skeleton of a finished zip, byte by byte: nothing in front, between or behind, and nothing that disagrees.

Every header is made anew by the writer (zipformat) from what the central directory says, and compared with what lies
there: local headers, lines of the directory, end records. What only the directory says (attributes, system, exact
times, the comment) is guarded by its SHA-256 in the manifest. So no byte of a zip is left unchecked but the contents
of its entries, which have their own SHA-256.

The directory is read here by hand, because readers of zips forgive much of what is looked for.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repack.model import LEAFLET_NAME, MANIFEST_NAME, RESTORE_NAME, EntryName, Raw, Stamp
from repack.output import zipformat

_LINE = struct.Struct("<4s6H3I5H2I")  # APPNOTE 4.3.12
_END, _END64 = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q")  # 4.3.16, 4.3.14
_LOCATOR64_LENGTH, _LONGEST_COMMENT = 20, 0xFFFF  # 4.3.15, 4.4.12
_OURS = frozenset(name.encode("ascii") for name in (MANIFEST_NAME, LEAFLET_NAME, RESTORE_NAME))
_UTF8, _ZIP64_FIELD, _WIDE = 0x800, 1, 0xFFFF_FFFF  # 4.4.4, 4.5.3


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be, and where: in the zip, or in the bundle that is said to be its original."""

    where: str
    problem: str
    is_of_original: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the central directory, and the header that it promises."""

    name: EntryName
    stamp: Stamp
    raw: Raw  # its offset is that of the local header
    attributes: int
    made_by: int
    written: bytes

    @property
    def shown(self) -> str:
        return self.name.raw.decode("utf-8" if self.name.is_utf8 else "cp437", "replace")

    @property
    def expected(self) -> bytes:
        raw = self.raw
        return zipformat.central_header(self.name, self.stamp, raw, raw.offset, self.attributes, self.made_by)


_DIRECTORY = "the directory of the zip"


def check_structure(path: Path, directory_sha256: str | None) -> list[Finding]:
    """Everything in a zip that is not as repack wrote it; contents excepted. An empty list is good news."""
    with path.open("rb") as file:
        tail = _read_tail(file)
        if tail is None:
            return [Finding(_DIRECTORY, "has an end that cannot be read")]
        start, count, end, comment = tail
        file.seek(start)
        directory = file.read(end - start)
        try:
            lines = list(_read_lines(path, directory))
        except (struct.error, UnicodeDecodeError, ValueError):
            return [Finding(_DIRECTORY, "cannot be read line by line")]
        return [
            *_check_lines(lines, directory, directory_sha256, comment),
            *_check_end(file, lines, start, count, comment),
            *_check_local(file, lines, start),
        ]


def digest_directory(lines: Iterator[bytes], comment: bytes) -> str:
    """The SHA-256 that the manifest holds: of all lines but its own, and of the comment."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    digest.update(comment)
    return digest.hexdigest()


def _read_tail(file: BinaryIO) -> tuple[int, int, int, bytes] | None:
    """Where the directory starts, how many lines it has, where it ends, and the comment; None where there is no end."""
    size = file.seek(0, 2)
    from_end = min(size, _END.size + _LONGEST_COMMENT)
    file.seek(size - from_end)
    behind = file.read()
    at = behind.rfind(b"PK\5\6", 0, len(behind) - _END.size + 4)
    while at >= 0:
        *_disks, count, length, start, comment = _END.unpack_from(behind, at)
        if at + _END.size + comment == len(behind):
            break
        at = behind.rfind(b"PK\5\6", 0, at)
    else:
        return None
    text = behind[at + _END.size :]
    end = size - from_end + at
    before = end - _LOCATOR64_LENGTH - _END64.size
    if before >= 0:
        file.seek(before)
        wide = file.read(_END64.size)
        if wide.startswith(b"PK\6\6"):
            *_rest, count, length, start = _END64.unpack(wide)
            end = before
    return (start, count, end, text) if 0 <= start <= end and start + length == end else None


def _read_lines(path: Path, directory: bytes) -> Iterator[_Line]:
    """Raises struct.error and ValueError where a line is none."""
    at = 0
    while at < len(directory):
        (
            signature, made_by, _needed, flags, method, time, date, crc, length, size,
            name_length, extra_length, comment_length, _disk, _internal, attributes, offset,
        ) = _LINE.unpack_from(directory, at)  # fmt: skip
        behind = at + _LINE.size + name_length + extra_length + comment_length
        if signature != b"PK\1\2" or behind > len(directory):
            raise ValueError("no line of a directory")
        name = directory[at + _LINE.size : at + _LINE.size + name_length]
        extra = directory[at + _LINE.size + name_length : behind - comment_length]
        extra, wide = _take_wide(extra)
        size, length, offset = (
            next(wide) if value == _WIDE else value for value in (size, length, offset)
        )  # 4.5.3: in this order
        raw = Raw(path, offset, length, method, crc, size)
        utf8 = EntryName(name, bool(flags & _UTF8))
        yield _Line(utf8, Stamp(date, time, extra), raw, attributes, made_by, directory[at:behind])
        at = behind


def _take_wide(extra: bytes) -> tuple[bytes, Iterator[int]]:
    """The extra fields without the zip64 one, and its numbers."""
    kept, wide, at = b"", b"", 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        if field == _ZIP64_FIELD:
            wide = extra[at + 4 : at + 4 + length]
        else:
            kept += extra[at : at + 4 + length]
        at += 4 + length
    numbers = struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8])
    return kept + extra[at:], iter((*numbers, 0, 0, 0))


def _check_lines(
    lines: list[_Line], directory: bytes, directory_sha256: str | None, comment: bytes
) -> Iterator[Finding]:
    for line in lines:
        if line.written != line.expected:
            yield Finding(line.shown, "has a line in the zip's directory that repack does not write")
    if b"".join(line.written for line in lines) != directory:
        yield Finding(_DIRECTORY, "holds more than its lines")
    ours = [line for line in lines if line.name.raw in _OURS]  # the digest cannot speak of the manifest's own line
    for line in ours[1:]:
        if (line.stamp, line.attributes, line.made_by) != (ours[0].stamp, ours[0].attributes, ours[0].made_by):
            yield Finding(line.shown, "has another time, system or attributes than repack gives it")
    known = digest_directory((line.written for line in lines if line.name.raw != MANIFEST_NAME.encode()), comment)
    if directory_sha256 is not None and known != directory_sha256:
        yield Finding(_DIRECTORY, "is not the one that the manifest knows (its SHA-256)")


def _check_end(file: BinaryIO, lines: list[_Line], start: int, count: int, comment: bytes) -> Iterator[Finding]:
    length = sum(len(line.written) for line in lines)
    expected = zipformat.end_records(len(lines), length, start)
    expected = expected[:-2] + len(comment).to_bytes(2, "little") + comment
    file.seek(start + length)
    if count != len(lines) or file.read() != expected:
        yield Finding(_DIRECTORY, "ends in another way than repack ends it")


def _check_local(file: BinaryIO, lines: list[_Line], start: int) -> Iterator[Finding]:
    """The headers before the contents agree with the directory, and nothing lies between the entries."""
    at = 0
    for line in sorted(lines, key=lambda line: line.raw.offset):
        raw = line.raw
        if raw.offset != at:
            yield Finding(line.shown, "does not begin where the entry before it ends")
        expected = zipformat.local_header(line.name, line.stamp, raw)
        file.seek(min(raw.offset, start))
        if file.read(len(expected)) != expected:
            yield Finding(line.shown, "has a header that disagrees with the zip's directory")
        at = raw.offset + len(expected) + raw.length
    if at != start:
        yield Finding(_DIRECTORY, "does not begin where the last entry ends")
