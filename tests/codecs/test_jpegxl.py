"""JPEG XL: bare code streams of whole cells, the boxes that others wrap around them, and what is no plain image."""

import imagecodecs
import numpy as np
import pytest

from repack import codecs
from repack.codecs.frames import CodecFailed, FrameLayout
from tests.codecs.pictures import noise, ramp

JPEGXL = codecs.BY_NAME["jpegxl"]
LAYOUT = FrameLayout(20, 30, 1, 2, 16)
COLOUR = FrameLayout(20, 30, 3, 1, 8)


def words_of(layout: FrameLayout) -> "np.ndarray[tuple[int, ...], np.dtype[np.unsignedinteger]]":
    shape = (layout.rows, layout.columns, layout.samples)[: 2 if layout.samples == 1 else 3]
    return np.frombuffer(ramp(layout), f"<u{layout.width}").reshape(shape)


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("samples", [1, 3])
def test_streams_are_bare(width: int, samples: int):
    layout = FrameLayout(20, 30, samples, width, 8 * width)
    assert JPEGXL.encode(ramp(layout), layout).startswith(b"\xff\x0a")


def test_t22_words_of_14_bits_are_declared_as_16():
    layout = FrameLayout(40, 50, 1, 2, 14)
    stream = JPEGXL.encode(noise(layout), layout)
    assert stream == JPEGXL.encode(noise(layout), FrameLayout(40, 50, 1, 2, 16))
    assert JPEGXL.decode(stream, FrameLayout(40, 50, 1, 2, 16)) == noise(layout)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_streams_of_others_in_boxes_and_of_fewer_bits_are_read(bits: int):
    layout = FrameLayout(20, 30, 1, 2, bits)
    stream = bytes(imagecodecs.jpegxl_encode(words_of(layout), lossless=True, bitspersample=bits, usecontainer=True))
    assert stream[4:8] == b"JXL "
    assert JPEGXL.decode(stream, LAYOUT) == ramp(layout)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (8, 8),
        (8, 264),
        (256, 256),
        (264, 8),
        (1, 600),
        (513, 2),
        (120, 100),
        (90, 120),
        (90, 160),
        (100, 200),
        (1, 9000),
    ],
)
def test_every_way_to_say_a_size_is_understood(rows: int, columns: int):
    """Sizes that divide by 8, common ratios, and all others are written in different ways (18181-1 D.2)."""
    layout = FrameLayout(rows, columns, 1, 1, 8)
    stream = JPEGXL.encode(ramp(layout), layout)
    assert JPEGXL.decode(stream, layout) == ramp(layout)
    for other in (FrameLayout(rows + 1, columns, 1, 1, 8), FrameLayout(rows, columns + 1, 1, 1, 8)):
        with pytest.raises(CodecFailed):
            JPEGXL.decode(stream, other)


def test_what_is_no_plain_lossless_image_is_refused():
    words = words_of(COLOUR)
    lossy = imagecodecs.jpegxl_encode(words, level=90)
    animated = imagecodecs.jpegxl_encode(np.stack([words, words]), lossless=True)
    transparent = imagecodecs.jpegxl_encode(np.concatenate([words, words[..., :1]], axis=2), lossless=True)
    floating = imagecodecs.jpegxl_encode(words[..., 0].astype("f4") / 255, lossless=True)
    assert JPEGXL.decode(bytes(imagecodecs.jpegxl_encode(words, lossless=True)), COLOUR) == ramp(COLOUR)
    for stream in (lossy, animated, transparent):
        with pytest.raises(CodecFailed):
            JPEGXL.decode(bytes(stream), COLOUR)
    with pytest.raises(CodecFailed):
        JPEGXL.decode(bytes(floating), LAYOUT)


def test_more_effort_makes_smaller_streams():
    layout = FrameLayout(128, 128, 1, 2, 16)
    words = np.add.outer(np.sin(np.arange(128) / 9), np.cos(np.arange(128) / 7)) * 900 + 2000
    frame = words.astype("<u2").tobytes()
    fast, usual, slow = (codecs.choose("jpegxl", effort=effort)[0].encode(frame, layout) for effort in (1, None, 7))
    assert len(fast) > len(usual) > len(slow)


@pytest.mark.parametrize("size", [0, 1, 7, 9, 2**32 - 1])
def test_boxes_that_lie_are_refused(size: int):
    boxed = bytes(imagecodecs.jpegxl_encode(words_of(LAYOUT), lossless=True, usecontainer=True))
    assert JPEGXL.decode(boxed, LAYOUT) == ramp(LAYOUT)
    broken = boxed[:12] + size.to_bytes(4, "big") + boxed[16:]
    with pytest.raises(CodecFailed):
        JPEGXL.decode(broken, LAYOUT)


def test_a_small_file_whose_header_and_stream_both_claim_a_huge_image_is_refused():
    layout = FrameLayout(60000, 1200, 1, 1, 8)
    (fast,) = codecs.choose("jpegxl", effort=1)
    stream = fast.encode(bytes(layout.size), layout)
    with pytest.raises(CodecFailed, match="too short"):
        JPEGXL.decode(stream[:1000], layout)
