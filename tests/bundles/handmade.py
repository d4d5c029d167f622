"""Zip archives made by hand: what real archivers write and `zipfile` refuses to, byte by byte (PKWARE APPNOTE 4.3)."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

UTF8, ENCRYPTED, DESCRIPTOR = 0x800, 0x1, 0x8
DOS, UNIX = 0, 3


@dataclass(frozen=True, slots=True)
class Made:
    """One entry as it should be written; None means: the truth."""

    name: bytes = b"a.txt"
    data: bytes = b"content"
    method: int = 0
    flags: int = 0
    system: int = UNIX
    version: int = 20
    date: int = 0x586F
    time: int = 0x53C0
    attributes: int = 0o100644 << 16
    central_extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    stored: bytes | None = None  # the compressed bytes
    crc: int | None = None
    size: int | None = None
    local_name: bytes | None = None

    @property
    def compressed(self) -> bytes:
        if self.stored is not None:
            return self.stored
        if self.method != 8:
            return self.data
        deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
        return deflater.compress(self.data) + deflater.flush()


def make_zip(entries: Sequence[Made], *, prefix: bytes = b"", comment: bytes = b"") -> bytes:
    """The archive; offsets count from the first entry, so that `prefix` shifts them all."""
    body, directory = b"", b""
    for entry in entries:
        offset = len(body)
        stored = entry.compressed
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        numbers = (crc, len(stored), len(entry.data) if entry.size is None else entry.size)
        common = struct.pack("<4H", entry.flags, entry.method, entry.time, entry.date)
        is_streamed = entry.flags & DESCRIPTOR
        local_name = entry.name if entry.local_name is None else entry.local_name
        body += b"PK\3\4" + struct.pack("<H", 20) + common
        body += struct.pack("<3I2H", *((0, 0, 0) if is_streamed else numbers), len(local_name), len(entry.local_extra))
        body += local_name + entry.local_extra + stored
        body += b"PK\7\x08" + struct.pack("<3I", *numbers) if is_streamed else b""
        directory += b"PK\1\2" + struct.pack("<2BH", entry.version, entry.system, 20) + common
        lengths = (len(entry.name), len(entry.central_extra), len(entry.comment))
        directory += struct.pack("<3I5H2I", *numbers, *lengths, 0, 0, entry.attributes, offset)
        directory += entry.name + entry.central_extra + entry.comment
    count = len(entries)
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, count, count, len(directory), len(body), len(comment)) + comment
    return prefix + body + directory + end
