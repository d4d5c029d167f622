"""For every codec and every encoding of the data set: transcode, then the inverse, is the identity."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from repack.codecs import BY_NAME, NONE, SMALLEST, choose
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, expand, invert, transcode
from repack.model import Proof
from tests.raw_dicom import RawImage, big_endian_file, deflated_file, fragmented_file
from tests.strategies import native_images

LOSSLESS = [*BY_NAME, SMALLEST, NONE]
_TINY = 256  # bytes of a frame below which an encoder may find no room for its own headers
_FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def order_for(name: str) -> Order:
    return Order(choose(name), is_named=True)


def plain(image: RawImage, _data: st.DataObject) -> bytes:
    return image.content


def big_endian(image: RawImage, _data: st.DataObject) -> bytes:
    size = len(image.words) // (image.frames or 1)
    assume(image.pixel_vr != "OW" or size % 2 == 0)
    assume(b"icon" not in image.late)  # big-endian files hold no compressed icons
    return big_endian_file(image)


def deflated(image: RawImage, data: st.DataObject) -> bytes:
    level, memory = data.draw(st.sampled_from([1, 6, 9])), data.draw(st.sampled_from([8, 9]))
    return deflated_file(image, level, memory, data.draw(st.sampled_from([b"", b"\0", b"\1\2\3\4"])))


def in_fragments(image: RawImage, data: st.DataObject) -> bytes:
    return fragmented_file(image, has_table=data.draw(st.booleans()))


def words_by_pixel(image: RawImage) -> bytes:
    if not image.planar:
        return image.words
    cells = np.frombuffer(image.words, f"<u{image.allocated // 8}").reshape(image.frames or 1, 3, -1)
    return cells.transpose(0, 2, 1).tobytes()


def check_refusal(image: RawImage, result: NotDone) -> None:
    """Small frames may be refused by an encoder, and an image in fragments for an icon in fragments; nothing else."""
    if "small image" in result.reason:
        assert b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" in image.content  # or a text that looks like one
        return
    assert len(image.words) // (image.frames or 1) < _TINY, result.reason
    assert "refused" in result.reason or "cannot" in result.reason, result.reason


@pytest.mark.lengthy
@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("encode", [big_endian, deflated, in_fragments])
@_FEW
@given(native_images(encodings=(True,)), st.data())
def test_other_encodings_come_back_exactly(
    name: str, encode: Callable[[RawImage, st.DataObject], bytes], image: RawImage, data: st.DataObject
):
    content = encode(image, data)
    result = transcode(content, order_for(name))
    if isinstance(result, NotDone):
        check_refusal(image, result)
        return
    assert result.proof is Proof.EXACT
    assert result.restorable is not None
    assert invert(result.data, result.restorable) == content
    native = expand(result.data) if name != NONE else result
    if isinstance(native, NotDone):
        check_refusal(image, native)
        return
    read = dcmread(BytesIO(native.data if image.preamble else bytes(128) + b"DICM" + native.data))
    if image.planar and name == NONE:
        assert read.PixelData[: len(image.words)] == image.words
    else:
        assert read.PixelData[: len(image.words)] == words_by_pixel(image)


@pytest.mark.lengthy
@pytest.mark.parametrize("name", LOSSLESS)
@_FEW
@given(native_images())
def test_implicit_and_explicit_come_back_exactly(name: str, image: RawImage):
    result = transcode(image.content, order_for(name))
    if isinstance(result, NotDone):
        if name == NONE and image.explicit:
            assert result.reason.endswith("stored without compression already")
        else:
            check_refusal(image, result)
        return
    assert result.restorable is not None
    assert invert(result.data, result.restorable) == image.content


@pytest.mark.lengthy
@pytest.mark.parametrize("first", BY_NAME)
@_FEW
@given(native_images(), st.sampled_from(list(BY_NAME)))
def test_one_codec_after_another_keeps_every_word(first: str, image: RawImage, second: str):
    one = transcode(image.content, order_for(first))
    if isinstance(one, NotDone):
        check_refusal(image, one)
        return
    two = transcode(one.data, order_for(second))
    if isinstance(two, NotDone):
        if first == second:
            assert two.reason.endswith("stored this way already")
        elif image.sign and image.stored < image.allocated and "are signed" in two.reason:
            assert one.notes  # the first result said already that its words are odd
        else:
            check_refusal(image, two)
        return
    assert (two.proof, two.restorable) == (Proof.SAMPLES, None)
    assert one.restorable is not None
    assert invert(two.data, one.restorable) == image.content  # what was kept the first time still leads back
    back = expand(two.data)
    assert isinstance(back, Rewritten)
    assert invert(back.data, one.restorable) == image.content


@settings(_FEW, max_examples=150)
@given(native_images(), st.integers(1, 5))
def test_near_lossless_stays_within_its_bound(image: RawImage, most: int):
    result = transcode(image.content, Order(choose("jpegls-near", most), is_named=True))
    if isinstance(result, NotDone):
        return
    assert (result.proof, result.restorable) == (Proof.BOUNDED, None)
    assert not image.sign
    assert image.photometric != "PALETTE COLOR"
    read = dcmread(BytesIO(result.data if image.preamble else bytes(128) + b"DICM" + result.data))
    read.pixel_array_options(raw=True)
    shown = read.pixel_array.astype(np.int64).ravel()
    words = np.frombuffer(words_by_pixel(image), f"<u{image.allocated // 8}").astype(np.int64)
    assert int(np.abs(shown - words).max()) <= most


ENCODINGS = [plain, big_endian, deflated, in_fragments]


@pytest.mark.lengthy
@pytest.mark.parametrize("name", ["jpegls", "rle", NONE])
@settings(_FEW, max_examples=120)
@given(st.sampled_from(ENCODINGS), native_images(encodings=(True,)), st.data())
def test_damaged_files_are_kept_or_come_back_exactly(
    name: str, encode: Callable[[RawImage, st.DataObject], bytes], image: RawImage, data: st.DataObject
):
    """Bytes changed or cut off anywhere but in the frames: never an error, never a loss."""
    whole = encode(image, data)
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, min(len(content), 1500) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    result = transcode(bytes(content), order_for(name))
    if isinstance(result, NotDone):
        assert result.reason
    elif result.restorable is not None:
        assert invert(result.data, result.restorable) == content
    else:
        assert result.proof is Proof.SAMPLES
