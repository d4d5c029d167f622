"""JPEG 2000 and HTJ2K: what their code streams declare (ISO/IEC 15444-1 A.5, A.6), and headers that lie."""

from struct import pack_into, unpack_from

import imagecodecs
import numpy as np
import pytest

from repack import codecs
from repack.codecs.frames import Codec, CodecFailed, FrameLayout
from tests.codecs.pictures import ramp

BOTH = [codecs.BY_NAME["j2k"], codecs.BY_NAME["htj2k"]]
J2K, HTJ2K = BOTH
pytestmark = pytest.mark.parametrize("codec", BOTH, ids=["j2k", "htj2k"])


def component(stream: bytes, n: int = 0) -> tuple[int, bool]:
    """Bits per sample and sign of a component (Ssiz)."""
    depth = stream[42 + 3 * n]
    return (depth & 0x7F) + 1, bool(depth & 0x80)


def colour_transform(stream: bytes) -> int:
    at = stream.index(b"\xff\x52")  # COD
    return stream[at + 8]


@pytest.mark.parametrize(("width", "precision"), [(1, 8), (2, 9), (2, 12), (2, 16)])
@pytest.mark.parametrize("samples", [1, 3])
def test_streams_are_bare_and_without_a_colour_transform(codec: Codec, width: int, precision: int, samples: int):
    layout = FrameLayout(20, 30, samples, width, precision)
    stream = codec.encode(ramp(layout), layout)
    assert stream.startswith(b"\xff\x4f\xff\x51")
    assert stream.endswith(b"\xff\xd9")
    assert colour_transform(stream) == 0
    declared = precision if codec.has_free_precision else 8 * width
    assert [component(stream, n) for n in range(samples)] == [(declared, False)] * samples
    assert (b"\xff\x50" in stream[:60]) is (codec is HTJ2K)  # CAP (ISO/IEC 15444-15 A.3)


@pytest.mark.parametrize("width", [1, 2])
def test_signed_words_make_signed_streams_and_smaller_ones(codec: Codec, width: int):
    layout = FrameLayout(64, 64, 1, width, 8 * width)
    waves = np.add.outer(np.sin(np.arange(64) / 9), np.cos(np.arange(64) / 7)) * 40
    words = waves.astype(f"<i{width}").tobytes()
    signed = FrameLayout(64, 64, 1, width, 8 * width, is_signed=True)
    stream = codec.encode(words, signed)
    assert component(stream) == (8 * width, True)
    assert codec.decode(stream, layout) == words
    assert len(stream) < len(codec.encode(words, layout))


def test_words_of_others_come_back_in_the_layouts_cells(codec: Codec):
    """Fewer bits in the stream than in the file: filled up with zeros, or with the sign of a signed one."""
    reader = codecs.READERS[codec.transfer_syntax]
    reads = [reader.decode, reader.second_decode]
    for kind in ("u1", "i1"):
        words = np.arange(-100, 140, dtype="i2").astype(kind).reshape(12, 20)
        stream = codec.encode(words.tobytes(), FrameLayout(12, 20, 1, 1, 8, kind == "i1"))
        for read in reads:
            assert read is not None
            assert read(stream, FrameLayout(12, 20, 1, 2, 16)) == words.astype(f"<{kind[0]}2").tobytes()


def test_a_colour_transform_of_others_is_undone(codec: Codec):
    words = np.random.default_rng(2).integers(0, 256, (20, 30, 3)).astype("u1")
    if codec is J2K:
        stream = imagecodecs.jpeg2k_encode(words, level=0, codecformat="j2k", reversible=True, mct=True)
    else:
        stream = imagecodecs.htj2k_encode(words, reversible=True, rgb=True)
    assert colour_transform(bytes(stream)) == 1
    reader = codecs.READERS[codec.transfer_syntax]
    for read in (reader.decode, reader.second_decode):
        assert read is not None
        assert read(bytes(stream), FrameLayout(20, 30, 3, 1, 8)) == words.tobytes()


@pytest.mark.parametrize(
    ("at", "value"),
    [(8, 65535), (12, 65535), (16, 5), (20, 5), (24, 1), (28, 0), (32, 9)],
    ids=["columns", "rows", "left", "top", "tiny tiles", "no tiles", "tile offset"],
)
def test_a_header_that_lies_is_refused(codec: Codec, at: int, value: int):
    layout = FrameLayout(200, 300, 1, 2, 16)
    stream = bytearray(codec.encode(ramp(layout), layout))
    pack_into(">I", stream, at, value)
    if at == 24:
        pack_into(">I", stream, 28, 1)
    with pytest.raises(CodecFailed):
        codec.decode(bytes(stream), layout)


def test_a_small_file_whose_header_and_stream_both_claim_gigabytes_is_refused(codec: Codec):
    layout = FrameLayout(20, 30, 1, 2, 16)
    stream = bytearray(codec.encode(ramp(layout), layout))
    for at in (8, 12, 24, 28):
        pack_into(">I", stream, at, 65535)
    huge = FrameLayout(65535, 65535, 1, 2, 16)
    assert unpack_from(">II", stream, 8) == (65535, 65535)
    with pytest.raises(CodecFailed, match="too short"):
        codec.decode(bytes(stream), huge)
