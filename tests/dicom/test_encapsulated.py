"""Pixel Data in fragments: the tables that are written, and the bytes of the element (T20, T21)."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames

from repack.codecs import BY_NAME
from repack.codecs.frames import CodecFailed, FrameLayout
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, expand, invert, transcode
from tests.raw_dicom import RawImage, element, fragments_of, item, with_length

WORDS = b"".join((np.arange(24 * 20) * n % 4096).astype("<u2").tobytes() for n in (1, 7, 13))
THREE = RawImage(WORDS, 24, 20, frames=3)


def rewrite(image: RawImage, *, largest_offset: int) -> Rewritten:
    order = Order((BY_NAME["jpegls"],), largest_offset=largest_offset)
    result = transcode(image.content, order)
    assert isinstance(result, Rewritten), result
    return result


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("has_length", [True, False])
def test_t20_offsets_too_large_for_the_basic_table_go_into_the_extended_one(*, explicit: bool, has_length: bool):
    """The limit is 4 GiB; here it is one byte below what the last frame needs."""
    image = replace(THREE, explicit=explicit, has_pixel_group_length=has_length)
    streams = fragments_of(rewrite(image, largest_offset=0xFFFF_FFFE).data)[1]
    last = sum(len(stream) + 8 for stream in streams[:2])
    basic, extended = (rewrite(image, largest_offset=limit) for limit in (last, last - 1))
    assert b"\xe0\x7f\1\0OV" not in basic.data
    table, again = fragments_of(extended.data)
    assert (table, again) == (b"", streams)
    offsets = b"".join(sum(len(s) + 8 for s in streams[:n]).to_bytes(8, "little") for n in range(3))
    lengths = b"".join(len(stream).to_bytes(8, "little") for stream in streams)
    assert element(0x7FE0_0001, "OV", offsets) + element(0x7FE0_0002, "OV", lengths) in extended.data
    new = dcmread(BytesIO(extended.data))
    tables = (new.ExtendedOffsetTable, new.ExtendedOffsetTableLengths)
    frames = list(generate_frames(new.PixelData, number_of_frames=3, extended_offsets=tables))
    assert frames == streams
    if has_length:
        at = extended.data.index(b"\xe0\x7f\0\0UL\4\0") + 8
        assert int.from_bytes(extended.data[at : at + 4], "little") == len(extended.data) - at - 4
    assert extended.restorable is not None
    assert invert(extended.data, extended.restorable) == image.content
    native = expand(extended.data)
    assert isinstance(native, Rewritten)
    assert "ExtendedOffsetTable" not in dcmread(BytesIO(native.data))
    assert invert(native.data, extended.restorable) == image.content


def test_t21_rle_segments_and_fragments_have_even_lengths():
    words = (np.arange(15 * 15 * 3) % 199).astype("u1").tobytes()
    image = RawImage(words, 15, 15, allocated=8, stored=8, samples=3, planar=0)
    result = transcode(image.content, Order((BY_NAME["rle"],)))
    assert isinstance(result, Rewritten)
    (stream,) = fragments_of(result.data)[1]
    assert len(stream) % 2 == 0
    starts = [int.from_bytes(stream[n : n + 4], "little") for n in range(4, 16, 4)]
    assert all(start % 2 == 0 for start in starts)
    assert int.from_bytes(stream[:4], "little") == 3


def test_stream_of_odd_length_gets_one_byte_more():
    jpegls = BY_NAME["jpegls"]

    def odd(frame: bytes, layout: FrameLayout) -> bytes:
        stream = jpegls.encode(frame, layout)
        return stream if len(stream) % 2 else stream + b"\0"

    result = transcode(THREE.content, Order((replace(jpegls, encode=odd),)))
    assert isinstance(result, Rewritten)
    assert all(len(stream) % 2 == 0 for stream in fragments_of(result.data)[1])


def test_smallest_takes_the_smaller_and_names_it():
    both = Order((BY_NAME["jpegls"], BY_NAME["j2k"]), is_named=True)
    result = transcode(THREE.content, both)
    alone = [transcode(THREE.content, Order((codec,))) for codec in both.candidates]
    assert isinstance(result, Rewritten)
    assert len(result.data) == min(len(one.data) for one in alone if isinstance(one, Rewritten))
    chosen = next(codec for codec in both.candidates if codec.transfer_syntax == result.transfer_syntax)
    assert f"encoded as {chosen.name}, the smallest," in result.reason
    turned = transcode(THREE.content, replace(both, candidates=both.candidates[::-1]))
    assert isinstance(turned, Rewritten)
    assert turned.transfer_syntax == result.transfer_syntax


def test_candidate_that_refuses_leaves_the_choice_to_the_others():
    def refuse(_frame: bytes, _layout: FrameLayout) -> bytes:
        raise CodecFailed("not today")

    broken = replace(BY_NAME["jpegls"], encode=refuse)
    shy = replace(BY_NAME["jpegls"], refuse=lambda _layout: "never this shape")
    result = transcode(THREE.content, Order((broken, shy, BY_NAME["rle"])))
    assert isinstance(result, Rewritten)
    assert result.transfer_syntax == BY_NAME["rle"].transfer_syntax
    assert transcode(THREE.content, Order((broken,))) == NotDone("not today")
    assert transcode(THREE.content, Order((shy,))) == NotDone("never this shape")


@pytest.mark.parametrize("samples", [1, 3])
def test_none_writes_native_words_of_even_length(samples: int):
    words = (np.arange(15 * 15 * samples) % 199).astype("u1").tobytes()
    image = RawImage(words, 15, 15, allocated=8, stored=8, samples=samples, planar=0 if samples == 3 else None)
    behind = element(0xFFFC_FFFC, "OB", b"padding.", explicit=False)
    image = replace(image, explicit=False, has_pixel_group_length=True, behind=behind)
    result = transcode(image.content, Order((), is_named=True))
    assert isinstance(result, Rewritten)
    pixels = with_length(0x7FE0, element(0x7FE0_0010, "OB", words + b"\0"))
    assert pixels + element(0xFFFC_FFFC, "OB", b"padding.") in result.data
    assert result.restorable is not None
    assert invert(result.data, result.restorable) == image.content
    assert item(b"") not in result.data
