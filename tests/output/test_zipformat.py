"""The records of a zip, as `zipfile` and the specification read them; beyond 4 GiB without a file of that size."""

import io
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from repack.model import DEFLATED, STORED, EntryName, Raw, Stamp
from repack.output import zipformat
from tests.entries import make_entry, unix_time

GIB = 1 << 30
NAME = EntryName(b"DICOM/I1", is_utf8=False)
STAMP = Stamp(0x586F, 0x53C0)
HERE = Path("source.zip")


class FarFile(io.RawIOBase):
    """A file that has bytes only behind a hole of some GiB."""

    def __init__(self, hole: int, data: bytes) -> None:
        self.hole, self.data, self.at = hole, data, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.hole + len(self.data))[whence]
        return self.at

    def read(self, size: int | None = -1) -> bytes:
        if self.at < self.hole:
            assert size is not None
            assert 0 <= size < 1_000_000
            out = bytes(min(size, self.hole - self.at))
        else:
            rest = self.data[self.at - self.hole :]
            out = rest if size is None or size < 0 else rest[:size]
        self.at += len(out)
        return out


def extra_fields(extra: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(extra):
        field, length = struct.unpack_from("<HH", extra, at)
        assert at + 4 + length <= len(extra)
        found[field] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def split_local(header: bytes) -> tuple[tuple[int, ...], bytes, dict[int, bytes]]:
    """Version, flags, method, time, date, CRC, stored, size of a local header; name; extra fields (APPNOTE 4.3.7)."""
    assert header[:4] == b"PK\3\4"
    *numbers, name, extra = struct.unpack_from("<5H3I2H", header, 4)
    assert len(header) == 30 + name + extra
    return tuple(numbers), header[30 : 30 + name], extra_fields(header[30 + name :])


def split_central(header: bytes) -> tuple[tuple[int, ...], dict[int, bytes]]:
    """Made by, needed, flags, method, time, date, CRC, stored, size, attributes, offset; extra fields (4.3.12)."""
    assert header[:4] == b"PK\1\2"
    *numbers, name, extra, comment, disk, internal, attributes, offset = struct.unpack_from("<6H3I5H2I", header, 4)
    assert len(header) == 46 + name + extra
    assert (comment, disk, internal) == (0, 0, 0)
    return (*numbers, attributes, offset), extra_fields(header[46 + name :])


def far_zip(hole: int, entries: int = 1) -> list[zipfile.ZipInfo]:
    """What zipfile lists of an archive whose only bytes lie behind a hole."""
    made = make_entry(b"far", b"far away")
    local = zipformat.local_header(made.entry.name, STAMP, made.packed) + made.packed.data
    central = zipformat.central_header(made.entry.name, STAMP, made.packed, hole, 0, 0) * entries
    end = zipformat.end_records(entries, len(central), hole + len(local))
    with zipfile.ZipFile(FarFile(hole, local + central + end)) as archive:
        assert archive.read(archive.infolist()[0]) == made.data
        return archive.infolist()


@pytest.mark.parametrize("is_utf8", [True, False])
def test_headers_say_the_truth_in_both_places(*, is_utf8: bool) -> None:
    content = make_entry(b"DICOM/I1", b"content", method=STORED).packed
    name = EntryName("ä".encode() if is_utf8 else b"a", is_utf8=is_utf8)
    numbers = (0x800 if is_utf8 else 0, STORED, STAMP.time, STAMP.date, zlib.crc32(b"content"), 7, 7)
    assert split_local(zipformat.local_header(name, STAMP, content)) == ((20, *numbers), name.raw, {})
    central = zipformat.central_header(name, STAMP, content, 99, 0o100755 << 16, 3 << 8 | 63)
    assert split_central(central) == ((3 << 8 | 63, 20, *numbers, 0o100755 << 16, 99), {})


def test_made_by_keeps_the_system_and_is_at_least_what_is_needed() -> None:
    content = make_entry(b"a").packed
    for given, expected in ((0, 20), (3 << 8 | 10, 3 << 8 | 20), (19 << 8 | 63, 19 << 8 | 63)):
        assert split_central(zipformat.central_header(NAME, STAMP, content, 0, 0, given))[0][0] == expected


@pytest.mark.parametrize(
    ("size", "length"),
    [(5 * GIB, 3 * GIB), (5 * GIB, 4 * GIB), (0xFFFF_FFFF, 7), (7, 0xFFFF_FFFF)],
)
def test_large_sizes_go_into_zip64_fields_in_both_headers(size: int, length: int) -> None:
    raw = Raw(HERE, 0, length, DEFLATED, 1, size)
    (needed, *_, stored, plain), _name, extra = split_local(zipformat.local_header(NAME, STAMP, raw))
    assert (needed, stored, plain) == (45, 0xFFFF_FFFF, 0xFFFF_FFFF)
    assert extra == {1: struct.pack("<2Q", size, length)}  # APPNOTE 4.5.3: both must be in a local header
    numbers, extra = split_central(zipformat.central_header(NAME, STAMP, raw, 5, 0, 20))
    assert numbers[1] == 45
    assert (numbers[7], numbers[8], numbers[10]) == (min(length, 0xFFFF_FFFF), min(size, 0xFFFF_FFFF), 5)
    wide = [value for value in (size, length) if value >= 0xFFFF_FFFF]
    assert extra == {1: struct.pack(f"<{len(wide)}Q", *wide)}


def test_sizes_just_below_the_limit_need_no_zip64() -> None:
    raw = Raw(HERE, 0, 0xFFFF_FFFE, STORED, 1, 0xFFFF_FFFE)
    assert split_local(zipformat.local_header(NAME, STAMP, raw))[2] == {}
    numbers, extra = split_central(zipformat.central_header(NAME, STAMP, raw, 0xFFFF_FFFE, 0, 20))
    assert (numbers[1], numbers[10], extra) == (20, 0xFFFF_FFFE, {})


def test_an_offset_beyond_4_gib() -> None:
    numbers, extra = split_central(
        zipformat.central_header(NAME, STAMP, make_entry(b"a").packed, 5 * GIB, 0, 3 << 8 | 20)
    )
    assert (numbers[0], numbers[1], numbers[10]) == (3 << 8 | 45, 45, 0xFFFF_FFFF)
    assert extra == {1: struct.pack("<Q", 5 * GIB)}


@pytest.mark.parametrize("hole", [0, 0xFFFF_FFFE - 50, 0xFFFF_FFFE, 0xFFFF_FFFF, 4 * GIB, 5 * GIB])
def test_zipfile_finds_an_entry_behind_gibibytes(hole: int) -> None:
    (info,) = far_zip(hole)
    assert (info.filename, info.header_offset) == ("far", hole)


@pytest.mark.lengthy
@pytest.mark.parametrize("entries", [65_534, 65_535, 65_536])
def test_zipfile_counts_more_entries_than_16_bits(entries: int) -> None:
    assert len(far_zip(0, entries)) == entries


def test_end_records_are_plain_where_they_can_be() -> None:
    assert zipformat.end_records(0xFFFE, 10, 20) == b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 0xFFFE, 0xFFFE, 10, 20, 0)


@pytest.mark.parametrize(
    ("entries", "size", "offset"),
    [(0xFFFF, 10, 20), (1, 0xFFFF_FFFF, 20), (1, 10, 0xFFFF_FFFF), (70_000, GIB, 5 * GIB)],
)
def test_end_records_of_a_large_archive(entries: int, size: int, offset: int) -> None:
    records = zipformat.end_records(entries, size, offset)
    end64, locator, end = records[:56], records[56:76], records[76:]
    assert end64[:4] == b"PK\6\6"
    assert struct.unpack("<Q2H2I4Q", end64[4:]) == (44, 45, 45, 0, 0, entries, entries, size, offset)
    assert locator == b"PK\6\7" + struct.pack("<IQI", 0, offset + size, 1)
    capped = (min(entries, 0xFFFF), min(entries, 0xFFFF), min(size, 0xFFFF_FFFF), min(offset, 0xFFFF_FFFF))
    assert end == b"PK\5\6" + struct.pack("<2H2H2IH", 0, 0, *capped, 0)


# --- times ---

NTFS = b"\x0a\0\x20\0\0\0\0\0\x01\0\x18\0" + bytes(range(24))


def test_times_go_into_both_headers_and_are_valid_in_each() -> None:
    """A central extended timestamp flags three times and holds one; a local one has to hold all that it flags."""
    stamp = replace(STAMP, extra=b"UT\x05\x00\x07\x01\x02\x03\x04" + NTFS)
    content = make_entry(b"a").packed
    _numbers, _name, local = split_local(zipformat.local_header(NAME, stamp, content))
    assert local == {0x5455: b"\x01\x01\x02\x03\x04", 0x000A: NTFS[4:]}
    assert zipformat.central_header(NAME, stamp, content, 0, 0, 20).endswith(NAME.raw + stamp.extra)


@pytest.mark.parametrize("field", [b"UT\x01\x00\x06", b"UT\x09\x00\x03" + bytes(8)])
def test_a_central_timestamp_that_a_local_header_cannot_hold_is_left_out_there(field: bytes) -> None:
    stamp = replace(STAMP, extra=field + NTFS)
    local = split_local(zipformat.local_header(NAME, stamp, make_entry(b"a").packed))[2]
    assert local == {0x000A: NTFS[4:]}


def test_times_and_zip64_together() -> None:
    stamp = replace(STAMP, extra=unix_time(5))
    raw = Raw(HERE, 0, 5 * GIB, STORED, 1, 5 * GIB)
    assert set(split_local(zipformat.local_header(NAME, stamp, raw))[2]) == {0x5455, 1}
    assert set(split_central(zipformat.central_header(NAME, stamp, raw, 5 * GIB, 0, 0))[1]) == {0x5455, 1}
