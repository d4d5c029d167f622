"""Reading JPEG Lossless: every predictor and precision, by two decoders; streams are made by libjpeg-turbo."""

from contextlib import suppress
from itertools import product
from struct import pack_into

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack import codecs
from repack.codecs.frames import CodecFailed, FrameLayout, Reader
from tests.codecs.pictures import damaged, noise, ramp

READERS = [codecs.READERS[uid] for uid in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")]
READER = READERS[0]
LAYOUT = FrameLayout(20, 31, 1, 2, 12)


def write(frame: bytes, layout: FrameLayout, predictor: int = 1, colours: str = "RGB") -> bytes:
    shape = (layout.rows, layout.columns, layout.samples)[: 2 if layout.samples == 1 else 3]
    words = np.frombuffer(frame, f"<u{layout.width}").reshape(shape)
    stream = imagecodecs.jpeg8_encode(
        words,
        lossless=True,
        predictor=predictor,
        bitspersample=layout.precision,
        colorspace=None if layout.samples == 1 else colours,
        outcolorspace=None if layout.samples == 1 else colours,
    )
    return bytes(stream)


def opinions(reader: Reader, stream: bytes, layout: FrameLayout) -> tuple[bytes, bytes]:
    assert reader.second_decode is not None
    return reader.decode(stream, layout), reader.second_decode(stream, layout)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("precision", [2, 7, 8, 9, 12, 15, 16])
def test_every_predictor_and_precision(predictor: int, samples: int, precision: int):
    for rows, columns in ((1, 1), (3, 3), (1, 40), (40, 1), (33, 65)):
        layout = FrameLayout(rows, columns, samples, 1 if precision <= 8 else 2, precision)
        for frame in (ramp(layout), noise(layout)):
            assert opinions(READER, write(frame, layout, predictor), layout) == (frame, frame)


def test_no_colour_is_ever_converted():
    """Streams of YBR_FULL data are numbered and marked as YCbCr; those of RGB data may be as well."""
    layout = FrameLayout(20, 31, 3, 1, 8)
    stream = bytearray(write(noise(layout), layout, colours="YCBCR"))
    scan = stream.index(b"\xff\xda")
    assert stream[scan + 5 : scan + 11] == bytes([1, 0, 2, 0, 3, 0])
    stream[scan + 8] = stream[scan + 10] = 0x10  # libjpeg-turbo 3.1 uses the second Huffman table there, and says 0
    assert opinions(READER, bytes(stream), layout) == (noise(layout), noise(layout))


def test_two_opinions_differ_where_the_stream_names_the_wrong_table():
    """So a stream that only one decoder understands is never taken for read."""
    layout = FrameLayout(20, 31, 3, 1, 8)
    first, second = opinions(READER, write(noise(layout), layout, colours="YCBCR"), layout)
    assert first != second


@pytest.mark.parametrize("reader", READERS, ids=["57", "70"])
def test_padding_and_narrow_streams(reader: Reader):
    layout = FrameLayout(20, 31, 1, 1, 8)
    stream, wide = write(ramp(layout), layout), np.frombuffer(ramp(layout), "u1").astype("<u2").tobytes()
    assert opinions(reader, stream + b"\0", layout) == (ramp(layout), ramp(layout))
    assert opinions(reader, stream, FrameLayout(20, 31, 1, 2, 16)) == (wide, wide)


@pytest.mark.parametrize(
    "other",
    [
        FrameLayout(19, 31, 1, 2, 16),
        FrameLayout(31, 20, 1, 2, 16),
        FrameLayout(20, 31, 3, 2, 16),
        FrameLayout(20, 31, 1, 1, 8),
        FrameLayout(65535, 65535, 1, 2, 16),
    ],
)
def test_stream_of_another_shape_is_refused(other: FrameLayout):
    stream = write(ramp(LAYOUT), LAYOUT)
    for read in (READER.decode, READER.second_decode):
        assert read is not None
        with pytest.raises(CodecFailed):
            read(stream, other)


@pytest.mark.parametrize(
    ("field", "value"),
    list(product([5, 7], [0, 1, 65535])),
)
def test_a_header_that_lies_is_refused(field: int, value: int):
    stream = bytearray(write(ramp(LAYOUT), LAYOUT))
    at = stream.index(b"\xff\xc3")
    pack_into(">H", stream, at + field, value)
    with pytest.raises(CodecFailed):
        READER.decode(bytes(stream), LAYOUT)


def test_a_small_file_whose_header_and_stream_both_claim_gigabytes_is_refused():
    stream = bytearray(write(ramp(LAYOUT), LAYOUT))
    pack_into(">HH", stream, stream.index(b"\xff\xc3") + 5, 65535, 65535)
    with pytest.raises(CodecFailed, match="too short"):
        READER.decode(bytes(stream), FrameLayout(65535, 65535, 1, 2, 16))


def test_colours_of_another_resolution_and_other_jpegs_are_refused():
    layout = FrameLayout(20, 31, 3, 1, 8)
    stream = bytearray(write(ramp(layout), layout))
    stream[stream.index(b"\xff\xc3") + 11] = 0x22
    with pytest.raises(CodecFailed, match="another resolution"):
        READER.decode(bytes(stream), layout)
    baseline = imagecodecs.jpeg8_encode(np.zeros((20, 31), "u1"), level=90)
    with pytest.raises(CodecFailed):
        READER.decode(bytes(baseline), FrameLayout(20, 31, 1, 1, 8))


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_stream_is_refused_or_gives_a_frame(data: st.DataObject):
    layout = data.draw(st.sampled_from([LAYOUT, FrameLayout(20, 31, 3, 1, 8)]))
    with suppress(CodecFailed):
        assert len(READER.decode(data.draw(damaged(write(ramp(layout), layout))), layout)) == layout.size
