"""Entries for the tests of the writing side, and a hypothesis strategy that makes them."""

import struct
import zlib
from dataclasses import dataclass

from hypothesis import strategies as st

from repack.model import DEFLATED, STORED, Entry, EntryName, Packed, Stamp


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into a zip: an entry, its finished bytes, and what they are when unpacked."""

    entry: Entry
    packed: Packed
    data: bytes


def make_packed(data: bytes, method: int = DEFLATED) -> Packed:
    """The content packed by zlib, not by the code under test."""
    if method == STORED:
        return Packed(data, STORED, zlib.crc32(data), len(data))
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return Packed(deflater.compress(data) + deflater.flush(), DEFLATED, zlib.crc32(data), len(data))


def make_entry(
    name: bytes, data: bytes = b"content", *, index: int = 0, method: int = DEFLATED, stamp: Stamp | None = None,
    attributes: int = 0o100644 << 16, made_by: int = 3 << 8 | 20,
) -> Content:  # fmt: skip
    """One entry with its content; the name is flagged as UTF-8 where it has to be."""
    try:
        path, is_utf8 = name.decode("utf-8"), not name.isascii()
    except UnicodeDecodeError:
        path, is_utf8 = name.decode("cp437"), False
    packed = make_packed(data, method)
    stamp = stamp or Stamp(0x586F, 0x53C0)
    is_directory = name.endswith(b"/")
    entry = Entry(
        index, path.rstrip("/"), EntryName(name, is_utf8), is_directory, len(data), packed.length, stamp,
        attributes, made_by, None,
    )  # fmt: skip
    return Content(entry, packed, data)


def unix_time(seconds: int) -> bytes:
    """The extended timestamp of a central directory (APPNOTE 4.5.7)."""
    return b"UT\x05\x00\x03" + struct.pack("<I", seconds)


_ntfs_times = st.binary(min_size=24, max_size=24).map(lambda times: b"\x0a\0\x20\0\0\0\0\0\x01\0\x18\0" + times)
_stamps = st.builds(
    Stamp,
    date=st.integers(0, 0xFFFF),
    time=st.integers(0, 0xFFFF),
    extra=st.lists(st.integers(0, 2**31 - 1).map(unix_time) | _ntfs_times, max_size=2).map(b"".join),
)
_letters = st.sampled_from("abcXYZ09 -_.()äÖ表")
_parts = st.text(_letters, min_size=1, max_size=12).filter(lambda part: part not in {".", ".."})
_names = st.lists(_parts, min_size=1, max_size=3).map("/".join).map(str.encode) | st.binary(min_size=1, max_size=8).map(
    lambda tail: b"\xff" + tail.translate(None, bytes(range(0x20)) + b"\x7f/\\")
)
_data = st.binary(max_size=300) | st.integers(0, 200_000).map(bytes)


@st.composite
def contents(draw: st.DrawFn) -> list[Content]:
    """A few entries of any name, stamp, attributes, method and size."""
    return [
        make_entry(
            draw(_names),
            draw(_data),
            index=index,
            method=draw(st.sampled_from([STORED, DEFLATED])),
            stamp=draw(_stamps),
            attributes=draw(st.integers(0, 2**32 - 1)),
            made_by=draw(st.integers(0, 19)) << 8 | draw(st.integers(0, 63)),
        )
        for index in range(draw(st.integers(0, 6)))
    ]
