"""What every codec and every reader must do: give back each word, refuse other shapes, never trust a header."""

import importlib.metadata
import pickle
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repack import codecs
from repack.codecs import jpegls
from repack.codecs.frames import Codec, CodecFailed, FrameLayout, Reader
from tests.codecs.pictures import damaged, frames, layouts, noise, ramp
from tests.strategies import stored_words

LOSSLESS = [pytest.param(codec, id=codec.name) for codec in codecs.CODECS]
LOSSLESS += [pytest.param(codecs.choose("jpegxl", effort=effort)[0], id=f"jpegxl-{effort}") for effort in (1, 7)]
#: pyjpegls finds no room for the stream of a very small noisy frame, and says so.
MAY_REFUSE_TINY = {"jpegls", "jpegls-near"}
TINY = 256  # bytes

#: A codec that writes each transfer syntax that can be read; JPEG Lossless is only read (test_jpeglossless.py).
WRITERS = {codec.transfer_syntax: codec for codec in codecs.CODECS} | {
    "1.2.840.10008.1.2.4.202": codecs.BY_NAME["htj2k"],
    "1.2.840.10008.1.2.4.81": codecs.choose("jpegls-near", max_error=1)[0],
}
READERS = [pytest.param(codecs.READERS[uid], codec, id=uid[17:]) for uid, codec in WRITERS.items()]


def encode(codec: Codec, frame: bytes, layout: FrameLayout) -> bytes | None:
    """The stream, or None where the frame is so small that the codec may refuse it, and did."""
    try:
        return codec.encode(frame, layout)
    except CodecFailed:
        assert codec.name in MAY_REFUSE_TINY
        assert len(frame) < TINY
        return None


# --- there and back ---


@pytest.mark.lengthy
@pytest.mark.parametrize("codec", LOSSLESS)
@settings(max_examples=60)
@given(case=frames())
def test_what_is_written_is_read_back(codec: Codec, case: tuple[bytes, FrameLayout]):
    frame, layout = case
    stream = encode(codec, frame, layout)
    if stream is None:
        return
    assert codec.decode(stream, layout) == frame
    assert codec.decode(stream + b"\0" * (len(stream) % 2), layout) == frame  # padded to even length (PS3.5 A.4)
    reader = codecs.READERS[codec.transfer_syntax]
    assert reader.decode(stream, layout) == frame
    if reader.second_decode:
        assert reader.second_decode(stream, layout) == frame


@pytest.mark.parametrize("codec", [c for c in codecs.CODECS if not c.has_free_precision], ids=lambda codec: codec.name)
@settings(max_examples=40)
@given(case=frames(is_dirty=True))
def test_t4_bits_above_the_precision_survive_where_it_is_not_declared(codec: Codec, case: tuple[bytes, FrameLayout]):
    frame, layout = case
    stream = encode(codec, frame, layout)
    assert stream is None or codec.decode(stream, layout) == frame


@pytest.mark.lengthy
@pytest.mark.parametrize("codec", LOSSLESS)
@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (1, 2), (2, 1), (3, 3), (1, 999), (999, 1), (7, 64), (65, 63), (129, 257)]
)
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(("width", "precision"), [(1, 8), (2, 9), (2, 12), (2, 16)])
def test_odd_sizes(codec: Codec, rows: int, columns: int, samples: int, width: int, precision: int):
    layout = FrameLayout(rows, columns, samples, width, precision)
    for frame in (ramp(layout), noise(layout), bytes(layout.size)):
        stream = encode(codec, frame, layout)
        assert stream is None or codec.decode(stream, layout) == frame


@pytest.mark.parametrize("codec", LOSSLESS)
def test_decoding_asks_for_neither_precision_nor_sign(codec: Codec):
    """Restore knows Bits Allocated, not what the writer chose."""
    frame = ramp(FrameLayout(20, 30, 1, 2, 12))
    for is_signed in (False, True):
        stream = codec.encode(frame, FrameLayout(20, 30, 1, 2, 16 if is_signed else 12, is_signed))
        assert codec.decode(stream, FrameLayout(20, 30, 1, 2, 16)) == frame


@pytest.mark.parametrize("codec", LOSSLESS)
def test_equal_frames_make_equal_streams(codec: Codec):
    layout = FrameLayout(50, 70, 3, 2, 16)
    assert codec.encode(ramp(layout), layout) == codec.encode(ramp(layout), layout)


@pytest.mark.parametrize("codec", LOSSLESS)
def test_frame_of_another_size_is_refused(codec: Codec):
    with pytest.raises(CodecFailed):
        codec.encode(bytes(100), FrameLayout(20, 30, 1, 1, 8))


# --- near-lossless ---


@st.composite
def near_frames(draw: st.DrawFn) -> tuple[bytes, FrameLayout, int]:
    """A frame of clean unsigned words, and an error that is possible for it."""
    layout = draw(layouts().filter(lambda found: not found.is_signed))
    count = layout.rows * layout.columns * layout.samples
    frame = draw(stored_words(count, 8 * layout.width, layout.precision, is_dirty=False))
    return frame, layout, draw(st.integers(1, min(jpegls.LARGEST_ERROR, (1 << layout.precision - 1) - 1)))


@settings(max_examples=150)
@given(case=near_frames())
def test_near_lossless_keeps_its_bound_for_every_word(case: tuple[bytes, FrameLayout, int]):
    frame, layout, max_error = case
    (codec,) = codecs.choose("jpegls-near", max_error)
    if layout.precision < 8 * layout.width and not jpegls.LOSSLESS.has_free_precision:
        assert "pyjpegls" in codec.refuse(layout)
        return
    assert (codec.refuse(layout), codec.max_error) == ("", max_error)
    stream = encode(codec, frame, layout)
    if stream is None:
        return
    before, after = (
        np.frombuffer(data, f"<u{layout.width}").astype(int) for data in (frame, codec.decode(stream, layout))
    )
    assert np.abs(before - after).max() <= max_error
    assert after.max() < 1 << layout.precision


def test_near_lossless_does_lose_something():
    """Else the test of the bound would pass with a codec that ignores it."""
    layout = FrameLayout(64, 64, 1, 2, 16)
    (codec,) = codecs.choose("jpegls-near", 3)
    stream = codec.encode(noise(layout), layout)
    differences = np.frombuffer(codec.decode(stream, layout), "<u2").astype(int) - np.frombuffer(noise(layout), "<u2")
    assert set(np.abs(differences)) == {0, 1, 2, 3}
    assert len(stream) < len(codecs.BY_NAME["jpegls"].encode(noise(layout), layout))


def test_an_impossible_error_is_refused():
    layout = FrameLayout(20, 30, 1, 1, 8)
    possible = [error for error in (0, 1, 127, 128, 255) if not codecs.choose("jpegls-near", error)[0].refuse(layout)]
    assert possible == [1, 127]


# --- streams that are not what they should be ---


@pytest.mark.parametrize(("reader", "codec"), READERS)
@pytest.mark.parametrize(
    "other",
    [
        FrameLayout(10, 30, 1, 2, 16),
        FrameLayout(30, 20, 1, 2, 16),
        FrameLayout(20, 60, 1, 1, 8),
        FrameLayout(20, 10, 3, 2, 16),
        FrameLayout(20, 30, 3, 2, 16),
        FrameLayout(20, 30, 1, 1, 8),
        FrameLayout(65535, 65535, 1, 2, 16),
    ],
    ids=["rows", "turned", "width and columns", "samples and columns", "samples", "width", "huge"],
)
def test_stream_of_another_shape_is_refused(reader: Reader, codec: Codec, other: FrameLayout):
    layout = FrameLayout(20, 30, 1, 2, 16)
    stream = codec.encode(ramp(layout), layout)
    if codec.name == "rle" and other.columns <= layout.columns and other.samples == 1 and other.width == 2:
        return  # an RLE stream says nothing of rows and columns: test_rle.py
    for read in filter(None, (codec.decode, reader.decode, reader.second_decode)):
        with pytest.raises(CodecFailed):
            read(stream, other)


@pytest.mark.parametrize(("reader", "codec"), READERS)
def test_something_else_is_refused(reader: Reader, codec: Codec):
    layout = FrameLayout(20, 30, 1, 1, 8)
    other = codecs.BY_NAME["rle" if codec.name != "rle" else "j2k"].encode(ramp(layout), layout)
    for data in (b"", b"\0", b"\xff", b"\xff\xd8\xff\xd9", bytes(200), b"\xff" * 200, b"\x89PNG\r\n\x1a\n", other):
        for read in filter(None, (codec.decode, reader.decode, reader.second_decode)):
            with pytest.raises(CodecFailed):
                read(data, layout)


# CharLS may think for seconds about a damaged JPEG-LS stream before it gives up: test_jpegls.py has a few such streams.
FUZZED = [param for param in READERS if not str(param.id).startswith(".4.8")]


@pytest.mark.lengthy
@pytest.mark.parametrize(("reader", "codec"), FUZZED)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_stream_is_refused_or_gives_a_frame(reader: Reader, codec: Codec, data: st.DataObject):
    layout = data.draw(
        st.sampled_from([FrameLayout(20, 31, 1, 2, 12), FrameLayout(20, 31, 3, 1, 8), FrameLayout(3, 3, 1, 2, 16)])
    )
    stream = data.draw(damaged(codec.encode(ramp(layout), layout)))
    with suppress(CodecFailed):
        assert len(reader.decode(stream, layout)) == layout.size


# --- the tables ---


def test_each_name_stands_for_what_the_manual_says():
    names = {name: [codec.name for codec in codecs.choose(name, max_error=1)] for name in codecs.NAMES}
    assert names == {
        "jpegls": ["jpegls"],
        "j2k": ["j2k"],
        "htj2k": ["htj2k"],
        "jpegxl": ["jpegxl"],
        "rle": ["rle"],
        "jpegls-near": ["jpegls-near"],
        "smallest": ["jpegls", "j2k"],
        "none": [],
    }
    with pytest.raises(KeyError):
        codecs.choose("zip9")


@pytest.mark.parametrize("name", codecs.NAMES)
def test_codecs_work_here_and_travel_to_other_processes(name: str):
    for codec in codecs.choose(name, max_error=2, effort=1):
        assert codecs.find_problem(codec) == ""
        layout = FrameLayout(20, 30, 1, 2, 16)
        there = pickle.loads(pickle.dumps(codec))  # noqa: S301  our own bytes, as a pool of workers sends them
        assert there.encode(ramp(layout), layout) == codec.encode(ramp(layout), layout)
        assert codec.opened_by
        for tool in (codec.writer, codec.checker):
            assert importlib.metadata.version(tool.package)


def test_a_codec_that_does_not_work_says_why():
    def fail(_frame: bytes, _layout: FrameLayout) -> bytes:
        raise CodecFailed("the encoder refused the image")

    def miss(_frame: bytes, _layout: FrameLayout) -> bytes:
        raise ModuleNotFoundError("No module named 'x'", name="x")

    usual = codecs.BY_NAME["j2k"]
    replaced = {name: getattr(usual, name) for name in usual.__slots__}
    assert codecs.find_problem(Codec(**replaced | {"encode": fail})) == "the encoder refused the image"
    assert codecs.find_problem(Codec(**replaced | {"decode": miss})) == "x is not installed"
    assert "does not give back" in codecs.find_problem(Codec(**replaced | {"decode": lambda _s, _l: b""}))


def test_only_libraries_that_are_shared_are_called_so():
    shared = {codec.name: codec.shared_code for codec in codecs.CODECS}
    assert shared == {"jpegls": "CharLS", "j2k": "OpenJPEG", "htj2k": "", "jpegxl": "libjxl", "rle": ""}
    assert {uid[17:]: reader.shared_code for uid, reader in codecs.READERS.items() if reader.shared_code} == {
        ".4.80": "CharLS",
        ".4.81": "CharLS",
        ".4.90": "OpenJPEG",
        ".4.110": "libjxl",
    }


def test_whatever_is_written_can_be_read_again():
    for name in codecs.NAMES:
        for codec in codecs.choose(name, max_error=1):
            assert codec.transfer_syntax in codecs.READERS
