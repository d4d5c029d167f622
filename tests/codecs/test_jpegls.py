"""JPEG-LS: every writer with every checker, what the stream declares, and what damaged streams do."""

import importlib.util
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack import codecs
from repack.codecs import charls, jpegls
from repack.codecs.frames import CodecFailed, FrameLayout
from tests.raw_dicom import stream_interleaving, stream_precision
from tests.strategies import stored_words

Write = Callable[[bytes, FrameLayout], bytes]
Read = Callable[[bytes, FrameLayout], bytes]

# The pairs are chosen at import time by what is installed; the functions behind both are tested wherever they can run.
_NEEDS_PYJPEGLS = pytest.mark.skipif(
    importlib.util.find_spec("jpeg_ls") is None, reason="pyjpegls is not installed (no wheel for this Python)"
)
_NEEDS_GDCM = pytest.mark.skipif(importlib.util.find_spec("gdcm") is None, reason="python-gdcm is not installed")
_NEEDS_CHARLS = pytest.mark.skipif(charls.load() is None, reason="imagecodecs brings no shared library of CharLS")
WRITERS = [
    pytest.param(charls.encode, id="charls", marks=_NEEDS_CHARLS),
    pytest.param(jpegls._write_with_pyjpegls, id="pyjpegls", marks=_NEEDS_PYJPEGLS),
    pytest.param(jpegls._write_with_imagecodecs, id="imagecodecs"),
]
READERS = [
    pytest.param(jpegls._read_with_imagecodecs, id="imagecodecs"),
    pytest.param(jpegls._read_with_pyjpegls, id="pyjpegls", marks=_NEEDS_PYJPEGLS),
    pytest.param(jpegls._read_with_gdcm, id="gdcm", marks=_NEEDS_GDCM),
]
_REFUSED = "the JPEG-LS encoder refused the image|the frame is not as large"
_TINY = 256  # bytes of noise for which pyjpegls may find no room: its buffer is twice the image


def ramp(layout: FrameLayout) -> bytes:
    count = layout.rows * layout.columns * layout.samples
    words = np.arange(count) * 5 % (1 << layout.precision)
    return words.astype(f"<u{layout.width}").tobytes()


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, FrameLayout]:
    """A frame and its layout; the words need no more bits than the precision."""
    width = draw(st.sampled_from([1, 2]))
    precision = draw(st.integers(9, 16)) if width == 2 else 8
    layout = FrameLayout(
        draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.sampled_from([1, 3])), width, precision
    )
    count = layout.rows * layout.columns * layout.samples
    return draw(stored_words(count, 8 * width, precision, is_dirty=False)), layout


@pytest.mark.lengthy
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("write", WRITERS)
@settings(max_examples=60)
@given(frame=frames())
def test_what_is_written_is_read_back(write: Write, read: Read, frame: tuple[bytes, FrameLayout]):
    words, layout = frame
    if len(words) < _TINY:
        with suppress(CodecFailed):
            assert read(write(words, layout), layout) == words
        return
    stream = write(words, layout)
    assert read(stream, layout) == words
    assert read(stream + b"\0" * (len(stream) % 2), layout) == words  # T27: padded to even length


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("width", [1, 2])
@_NEEDS_PYJPEGLS
def test_t8_colours_of_others_in_three_scans_come_back_by_pixel(read: Read, width: int):
    import jpeg_ls

    layout = FrameLayout(20, 30, 3, width, 8 * width)
    words = np.frombuffer(ramp(layout), f"<u{width}").reshape(600, 3)
    stream = jpeg_ls.encode_pixel_data(
        words.T.tobytes(), rows=20, columns=30, samples_per_pixel=3, bits_stored=8 * width, planar_configuration=1
    )
    assert bytes(stream).count(b"\xff\xda") == 3
    assert read(bytes(stream), layout) == ramp(layout)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("samples", "width"), [(1, 1), (1, 2), (3, 1), (3, 2)])
def test_near_lossless_keeps_its_bound_with_every_pair(
    write: Callable[..., bytes], read: Read, samples: int, width: int
):
    layout = FrameLayout(40, 50, samples, width, 8 * width)
    words = np.frombuffer(np.random.default_rng(5).bytes(layout.size), f"<u{width}").astype(int)
    stream = write(words.astype(f"<u{width}").tobytes(), layout, max_error=4)
    found = np.frombuffer(read(stream, layout), f"<u{width}").astype(int)
    assert set(np.abs(words - found)) == set(range(5))


@pytest.mark.parametrize("read", READERS)
def test_readers_do_not_ask_for_the_precision(read: Read):
    """Restore knows Bits Allocated, not the precision that the writer chose."""
    layout = FrameLayout(20, 30, 1, 2, 12)
    words = ramp(layout)
    stream = codecs.BY_NAME["jpegls"].encode(words, layout)
    assert read(stream, FrameLayout(20, 30, 1, 2, 16)) == words


@pytest.mark.parametrize("precision", [9, 10, 12, 15, 16])
@pytest.mark.parametrize("write", [WRITERS[0], WRITERS[1]])
def test_what_has_free_precision_declares_the_one_asked_for(write: Write, precision: int):
    layout = FrameLayout(20, 30, 1, 2, precision)
    assert stream_precision(write(ramp(layout), layout)) == precision


@_NEEDS_PYJPEGLS
@_NEEDS_CHARLS
@settings(max_examples=200)
@given(frame=frames(), max_error=st.sampled_from([0, 0, 1, 5, 127]))
def test_charls_writes_the_same_bytes_wherever_it_is_called_from(frame: tuple[bytes, FrameLayout], max_error: int):
    words, layout = frame
    try:
        expected = jpegls._write_with_pyjpegls(words, layout, max_error)
    except CodecFailed:
        assert len(words) < _TINY
        return
    assert charls.encode(words, layout, max_error) == expected


@_NEEDS_CHARLS
def test_noise_of_one_pixel_finds_room():
    for word in (b"\xff\xff", b"\x5a\xa5"):
        layout = FrameLayout(1, 1, 1, 2, 16)
        assert jpegls._read_with_imagecodecs(charls.encode(word, layout), layout) == word


@pytest.mark.parametrize(("width", "precision"), [(1, 8), (2, 12), (2, 16)])
def test_imagecodecs_declares_whole_cells(width: int, precision: int):
    layout = FrameLayout(20, 30, 1, width, precision)
    assert stream_precision(jpegls._write_with_imagecodecs(ramp(layout), layout)) == 8 * width


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("samples", "interleaving"), [(1, 0), (3, 2)])
@pytest.mark.parametrize("width", [1, 2])
def test_t8_colour_is_interleaved_by_sample_in_one_scan(write: Write, samples: int, interleaving: int, width: int):
    layout = FrameLayout(20, 30, samples, width, 8 * width)
    stream = write(ramp(layout), layout)
    assert stream_interleaving(stream) == interleaving
    assert stream.count(b"\xff\xda") == 1


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("precision", [8, 12, 16])
def test_t27_stream_is_complete_and_without_a_narrow_maxval(write: Write, precision: int):
    layout = FrameLayout(20, 30, 1, 1 if precision == 8 else 2, precision)
    stream = write(ramp(layout), layout)
    assert stream.startswith(b"\xff\xd8")
    assert stream.endswith(b"\xff\xd9")
    at = stream.find(b"\xff\xf8\0\x0d\1")  # LSE, preset coding parameters (ISO/IEC 14495-1 C.2.4.1.1)
    if at > 0:
        maxval = int.from_bytes(stream[at + 5 : at + 7], "big")
        assert maxval == (1 << stream_precision(stream)) - 1


@pytest.mark.parametrize("write", WRITERS)
def test_equal_frames_make_equal_streams(write: Write):
    layout = FrameLayout(20, 30, 3, 2, 16)
    assert write(ramp(layout), layout) == write(ramp(layout), layout)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "other",
    [
        FrameLayout(10, 30, 1, 1, 8),
        FrameLayout(30, 20, 1, 1, 8),
        FrameLayout(20, 30, 3, 1, 8),
        FrameLayout(20, 15, 1, 2, 16),
        FrameLayout(20, 10, 3, 1, 8),
    ],
    ids=["rows", "turned", "samples", "width and columns", "samples and columns"],
)
def test_stream_of_another_shape_is_refused(read: Read, other: FrameLayout):
    layout = FrameLayout(20, 30, 1, 1, 8)
    stream = jpegls._write_with_imagecodecs(ramp(layout), layout)
    with pytest.raises(CodecFailed):
        read(stream, other)


@pytest.mark.parametrize("read", READERS)
def test_t6_eight_bits_in_cells_of_sixteen_are_widened(read: Read):
    """pydicom writes 8-bit streams for 8 bits stored in 16; the other way round nothing fits."""
    narrow, wide = FrameLayout(20, 30, 1, 1, 8), FrameLayout(20, 30, 1, 2, 16)
    words = np.frombuffer(ramp(narrow), "u1")
    stream = jpegls._write_with_imagecodecs(words.tobytes(), narrow)
    assert read(stream, wide) == words.astype("<u2").tobytes()
    with pytest.raises(CodecFailed):
        read(jpegls._write_with_imagecodecs(ramp(wide), wide), narrow)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("cut", [0, 2, 20, 40, -40])
def test_cut_stream_is_refused(read: Read, cut: int):
    layout = FrameLayout(20, 30, 1, 2, 16)
    chance = np.random.default_rng(3)
    stream = jpegls._write_with_imagecodecs(chance.bytes(layout.size), layout)
    with pytest.raises(CodecFailed, match="JPEG-LS stream"):
        read(stream[:cut], layout)


@pytest.mark.parametrize("read", READERS)
def test_something_else_is_refused(read: Read):
    for data in (b"\xff\xd8\xff\xd9", bytes(200), b"\x89PNG\r\n\x1a\n" + bytes(50)):
        with pytest.raises(CodecFailed):
            read(data, FrameLayout(20, 30, 1, 1, 8))


@pytest.mark.parametrize("write", WRITERS)
def test_frame_of_another_size_is_refused(write: Write):
    with pytest.raises(CodecFailed, match=_REFUSED):
        write(bytes(100), FrameLayout(20, 30, 1, 1, 8))


def test_the_pair_is_of_two_libraries():
    codec = codecs.BY_NAME["jpegls"]
    assert codec.writer != codec.checker
    assert codec.shared_code == "CharLS"
    assert codecs.BY_TRANSFER_SYNTAX["1.2.840.10008.1.2.4.80"] is codec
    if charls.load() is None:
        assert codec.encode is not charls.encode
    else:
        assert codec.writer.package == "imagecodecs"
        assert codec.encode is charls.encode


@pytest.mark.parametrize("has_pyjpegls", [True, False])
@pytest.mark.parametrize("has_charls", [True, False])
def test_every_pair_is_of_two_packages(monkeypatch: pytest.MonkeyPatch, *, has_charls: bool, has_pyjpegls: bool):
    monkeypatch.setattr(charls, "load", object if has_charls else (lambda: None))
    monkeypatch.setattr(jpegls, "_HAS_PYJPEGLS", has_pyjpegls)
    second = jpegls._PYJPEGLS if has_pyjpegls else jpegls._GDCM
    monkeypatch.setattr(jpegls, "_SECOND", (second, jpegls._read_with_pyjpegls))
    writer, write, checker, _read = jpegls._choose_pair()
    assert writer != checker
    assert (write is charls.encode) == has_charls
    assert (write is jpegls._write_with_imagecodecs) == (not has_charls and not has_pyjpegls)


def test_without_a_library_of_its_own_imagecodecs_is_called_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file of that name that is none, a library without these functions, and no file at all."""
    broken = tmp_path / "libcharls.so.2"
    broken.write_bytes(b"not a library")
    own = Path(importlib.util.find_spec("_ctypes").origin or "")
    for found in ([broken], [own] if own.is_file() else [], []):
        monkeypatch.setattr(charls, "_candidates", lambda found=found: iter(found))
        assert charls.load.__wrapped__() is None


@pytest.mark.parametrize("read", READERS)
def test_a_stream_without_an_end_is_refused(read: Read) -> None:
    """CharLS 2.4.3 read such a stream for ever (found by fuzzing)."""
    layout = FrameLayout(rows=8, columns=8, samples=3, width=1, precision=8)
    stream = bytes.fromhex(
        "ffd8fff70011080008000803011100021100031100ffda000c030100020003000002004410601400a000a3e000029b885add5fc92533"
        "39c4f6001f11c516dbbc0000064c000007cc000006a800000730ea000003545d000000c021bab3800000ef000000e6000000b6be0000"
        "01d505c000003d95"
    )
    with pytest.raises(CodecFailed, match="cut short"):
        read(stream, layout)
