"""Restore data: what is written is read back, and damage is an error of one kind."""

import json
import lzma
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.chance import packed_bytes
from fixtures.dicom import image_head
from fixtures.header import SeriesHeader
from repack.model import Restorable
from repack.record.restoredata import RestoreWriter, read_records
from tests.strategies import restorables

Records = list[tuple[int, Restorable]]

_OPENING = b'{"format":"repack restore data","version":1}\n'


def write(records: Records) -> bytes:
    writer = RestoreWriter()
    for entry, restorable in records:
        writer.add(entry, restorable)
    assert writer.records == len(records)
    return writer.finish()


def read(data: bytes) -> Records:
    return list(read_records(BytesIO(data)))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 10**6), restorables()), max_size=6))
def test_what_is_written_is_read_back(records: Records):
    assert read(write(records)) == records


def test_stream_is_what_the_docstring_says():
    """Somebody without repack can still get the originals out."""
    stream = write(
        [(17, Restorable(b"head\n", b"tail")), (18, Restorable(b"x", b"", is_planar=True, has_frames=False))]
    )
    plain = lzma.decompress(stream, lzma.FORMAT_XZ)
    assert plain.startswith(_OPENING)
    lines = plain[len(_OPENING) :]
    assert lines == (
        b'{"entry":17,"head":5,"tail":4}\nhead\ntail{"entry":18,"head":1,"tail":0,"planes":true,"frames":false}\nx'
    )


def test_same_records_make_the_same_stream():
    records = [(n, Restorable(bytes([n]) * 100, b"tail")) for n in range(50)]
    assert write(records) == write(records)


@pytest.mark.lengthy
def test_neighbouring_slices_take_few_bytes():
    series = SeriesHeader()
    private = packed_bytes(7, 30_000)  # as large as the groups that scanners add
    heads = [image_head(index=n, count=120, size=512, series=series) + private for n in range(120)]
    sizes = [len(write([(n, Restorable(head)) for n, head in enumerate(heads[:count])])) for count in (20, 120)]
    assert (sizes[1] - sizes[0]) / 100 < 80


@settings(max_examples=150)
@given(st.data())
def test_damaged_stream_is_a_value_error_or_unchanged(data: st.DataObject):
    records = [(n, Restorable(f"head {n} of a slice".encode() * 9, b"\0")) for n in range(5)]
    stream = bytearray(write(records))
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(ValueError):
        assert read(bytes(stream)) == records


@pytest.mark.parametrize("keep", [0, 1, 6, 12, 30, 60, -1, -12, -24, -40])
def test_truncated_stream_is_a_value_error(keep: int):
    stream = write([(n, Restorable(bytes(range(256)), b"tail")) for n in range(3)])
    with pytest.raises(ValueError, match=r"damaged|ends early"):
        read(stream[:keep])


def packed(plain: bytes) -> bytes:
    return lzma.compress(plain, lzma.FORMAT_XZ)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"{}\n",
        b'{"format":"repack restore data","version":2}\n',
        b"\xff\xfe\n",
        b"[" * 4000 + b"\n",
    ],
    ids=["nothing", "empty object", "newer version", "no text", "deep"],
)
def test_other_format_is_a_value_error(plain: bytes):
    with pytest.raises(ValueError, match=r"restore data|codec|Expecting"):
        read(packed(plain))


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON",
        b"[]",
        b"7",
        b'{"head":0,"tail":0}',
        b'{"entry":1,"tail":0}',
        b'{"entry":1,"head":0}',
        b'{"entry":1,"head":"5","tail":0}',
        b'{"entry":1,"head":null,"tail":0}',
        b'{"entry":1,"head":-1,"tail":0}',
        b'{"entry":1,"head":-5,"tail":5}',
        b'{"entry":1,"head":1.5,"tail":0}',
        b'{"entry":1,"head":6,"tail":0}',
        b'{"entry":1,"head":5,"tail":1}',
        b'{"entry":"1","head":5,"tail":0}',
        b'{"entry":-1,"head":5,"tail":0}',
        b'{"entry":1,"head":5,"tail":0,"planes":"no"}',
        b'{"entry":1,"head":5,"tail":0,"swapped":1}',
        b'{"entry":1,"head":5,"tail":0,"gap":"xyz"}',
        b'{"entry":1,"head":5,"tail":0,"gap":7}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[5,6,8]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[5,10,8,""]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[5,6,0,""]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[-5,6,8,""]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":[5,6,8,1]}',
        b'{"entry":1,"head":5,"tail":0,"deflate":"no"}',
        b'{"entry":1,"head":5,"tail":0,"of a later version":1}',
        b'{"entry":1,"head":1000000000000000000,"tail":0}',
        b'{"entry":1,"head":1000000000000000000000000000,"tail":0}',
        b"[" * 4000,
        b" " * 5000,
    ],
)
def test_wrong_record_is_a_value_error(line: bytes):
    good = b'{"entry":0,"head":5,"tail":0}\nhello'
    assert read(packed(_OPENING + good)) == [(0, Restorable(b"hello"))]
    with pytest.raises(ValueError):  # noqa: PT011  json's own errors are values errors too
        read(packed(_OPENING + good + line + b"\nhello"))


def test_no_xz_at_all():
    for data in (b"", b"PK\3\4", json.dumps({}).encode()):
        with pytest.raises(ValueError, match="damaged"):
            read(data)
