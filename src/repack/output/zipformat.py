"""The records of a zip file as bytes (PKWARE APPNOTE 4.3): what no library writes around bytes already compressed."""

import struct

from repack.model import EntryName, Packed, Placed, Raw, Stamp, Streamed

_LOCAL = struct.Struct("<4s5H3I2H")  # 4.3.7
_CENTRAL = struct.Struct("<4s6H3I5H2I")  # 4.3.12
_END = struct.Struct("<4s4H2IH")  # 4.3.16
_END64 = struct.Struct("<4sQ2H2I4Q")  # 4.3.14
_LOCATOR64 = struct.Struct("<4sIQI")  # 4.3.15
_UTF8_FLAG = 0x800  # 4.4.4
_PLAIN, _ZIP64 = 20, 45  # version needed: 4.4.3
_LIMIT = 0xFFFF_FFFF

Finished = Packed | Raw | Streamed | Placed  # a content of which sizes and CRC are known
_EXTENDED_TIMESTAMP = 0x5455


def local_header(name: EntryName, stamp: Stamp, content: Finished) -> bytes:
    """The header before an entry's bytes, with its real sizes (no data descriptor)."""
    is_large = content.size >= _LIMIT or content.length >= _LIMIT
    extra = _local_times(stamp.extra)
    if is_large:
        extra += struct.pack("<2H2Q", 1, 16, content.size, content.length)  # 4.5.3: both, in this order
    return (
        _LOCAL.pack(
            b"PK\3\4",
            _ZIP64 if is_large else _PLAIN,
            _UTF8_FLAG if name.is_utf8 else 0,
            content.method,
            stamp.time,
            stamp.date,
            content.crc,
            _LIMIT if is_large else content.length,
            _LIMIT if is_large else content.size,
            len(name.raw),
            len(extra),
        )
        + name.raw
        + extra
    )


def central_header(
    name: EntryName, stamp: Stamp, content: Finished, offset: int, attributes: int, made_by: int
) -> bytes:
    """The entry's line in the central directory."""
    wide = [value for value in (content.size, content.length, offset) if value >= _LIMIT]
    extra = stamp.extra + (struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b"")
    needed = _ZIP64 if wide else _PLAIN
    return (
        _CENTRAL.pack(
            b"PK\1\2",
            made_by & 0xFF00 | max(made_by & 0xFF, needed),
            needed,
            _UTF8_FLAG if name.is_utf8 else 0,
            content.method,
            stamp.time,
            stamp.date,
            content.crc,
            min(content.length, _LIMIT),
            min(content.size, _LIMIT),
            len(name.raw),
            len(extra),
            0,
            0,
            0,
            attributes,
            min(offset, _LIMIT),
        )
        + name.raw
        + extra
    )


def end_records(entries: int, directory_size: int, directory_offset: int, comment: bytes = b"") -> bytes:
    """What ends the archive; zip64 records only where a number needs them."""
    end = _END.pack(
        b"PK\5\6", 0, 0, min(entries, 0xFFFF), min(entries, 0xFFFF),
        min(directory_size, _LIMIT), min(directory_offset, _LIMIT), len(comment),
    ) + comment  # fmt: skip
    if entries < 0xFFFF and directory_size < _LIMIT and directory_offset < _LIMIT:
        return end
    end64 = _END64.pack(
        b"PK\6\6", _END64.size - 12, _ZIP64, _ZIP64, 0, 0, entries, entries, directory_size, directory_offset
    )
    return end64 + _LOCATOR64.pack(b"PK\6\7", 0, directory_offset + directory_size, 1) + end


def _local_times(extra: bytes) -> bytes:
    """Time fields as a local header holds them: a central extended timestamp has the first time only (4.5.7)."""
    out, at = b"", 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        value = extra[at + 4 : at + 4 + length]
        if field == _EXTENDED_TIMESTAMP and len(value) == 5:
            value = bytes([value[0] & 1]) + value[1:]
        if field != _EXTENDED_TIMESTAMP or len(value) == 5:
            out += struct.pack("<HH", field, len(value)) + value
        at += 4 + length
    return out
