"""RLE Lossless: segments as PS3.5 annex G wants them, and headers that lie."""

from struct import pack_into, unpack_from

import numpy as np
import pytest
from hypothesis import given, settings

from repack import codecs
from repack.codecs.frames import CodecFailed, FrameLayout
from tests.codecs.pictures import frames, ramp

RLE = codecs.BY_NAME["rle"]
READER = codecs.READERS[RLE.transfer_syntax]
LAYOUT = FrameLayout(20, 31, 3, 2, 16)


def bounds(stream: bytes) -> list[int]:
    count, *offsets = unpack_from("<16I", stream)
    assert not any(offsets[count:])
    return [*offsets[:count], len(stream)]


@settings(max_examples=60)
@given(case=frames())
def test_t21_segments_are_of_even_length_and_in_order(case: tuple[bytes, FrameLayout]):
    frame, layout = case
    stream = RLE.encode(frame, layout)
    found = bounds(stream)
    assert len(found) - 1 == layout.samples * layout.width
    assert found[0] == 64
    assert found == sorted(found)
    assert all(place % 2 == 0 for place in found)


def test_a_segment_holds_one_byte_of_one_colour_most_significant_first():
    words = np.full((20, 31, 3), [0x0102, 0x0304, 0x0506], "<u2").tobytes()
    stream = RLE.encode(words, LAYOUT)
    assert [stream[start + 1] for start in bounds(stream)[:-1]] == [1, 2, 3, 4, 5, 6]
    assert READER.decode(stream, LAYOUT) == words


def test_a_pad_byte_of_others_is_accepted():
    layout = FrameLayout(20, 30, 1, 1, 8)
    stream = RLE.encode(ramp(layout), layout)
    assert READER.decode(stream + b"\0", layout) == ramp(layout)
    assert RLE.decode(stream + b"\0", layout) == ramp(layout)


@pytest.mark.parametrize("rows", [19, 21])
def test_another_number_of_pixels_costs_at_least_one_of_the_two_opinions(rows: int):
    """The stream says nothing of rows and columns: pydicom takes what is too much for padding, imagecodecs does not."""
    stream = RLE.encode(ramp(LAYOUT), LAYOUT)
    assert READER.second_decode is not None
    with pytest.raises(CodecFailed):
        READER.second_decode(stream, FrameLayout(rows, 31, 3, 2, 16))


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, 0), (0, 5), (0, 7), (0, 0xFFFFFFFF), (4, 0), (4, 10**6), (8, 63), (12, 0xFFFFFFFF), (24, 64)],
)
def test_a_header_that_lies_is_refused(at: int, value: int):
    stream = bytearray(RLE.encode(ramp(LAYOUT), LAYOUT))
    pack_into("<I", stream, at, value)
    for read in (RLE.decode, READER.decode):
        with pytest.raises(CodecFailed):
            read(bytes(stream), LAYOUT)


def test_a_small_stream_cannot_hold_gigabytes():
    stream = RLE.encode(ramp(LAYOUT), LAYOUT)
    with pytest.raises(CodecFailed):
        READER.decode(stream, FrameLayout(65535, 65535, 3, 2, 16))


def test_what_has_more_than_15_bytes_a_pixel_is_refused():
    assert "15" in RLE.refuse(FrameLayout(20, 30, 8, 2, 16))
    assert RLE.refuse(LAYOUT) == ""
