"""Transcode and its inverse: the identity, what stays verbatim, and the traps of dicom.md by their numbers."""

from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import generate_frames

from repack.codecs import BY_NAME, charls
from repack.codecs.frames import CodecFailed, FrameLayout
from repack.dicom.image import NotDone
from repack.dicom.part10 import Unparseable
from repack.dicom.transcode import Rewritten, invert, transcode
from repack.model import Proof
from tests.raw_dicom import (
    JPEG_LS,
    RawImage,
    element,
    fragments_of,
    item,
    number,
    sequence,
    stream_interleaving,
    stream_precision,
    text,
)
from tests.strategies import native_images

JPEGLS = BY_NAME["jpegls"]
_TINY = 256  # bytes of a frame below which an encoder may find no room for its own headers

WORDS = (np.arange(24 * 20) * 7 % 4096).astype("<u2").tobytes()
PLAIN = RawImage(WORDS, 24, 20)
COLOURS = (np.arange(24 * 20 * 3) * 5 % 256).astype("u1").tobytes()
COLOUR = RawImage(COLOURS, 24, 20, allocated=8, stored=8, samples=3, planar=0)


def rewrite(image: RawImage | bytes) -> Rewritten:
    result = transcode(image if isinstance(image, bytes) else image.content, JPEGLS)
    assert isinstance(result, Rewritten), result
    return result


def reason_of(image: RawImage | bytes) -> str:
    result = transcode(image if isinstance(image, bytes) else image.content, JPEGLS)
    assert isinstance(result, NotDone), result
    return result.reason


def check_identity(image: RawImage) -> Rewritten:
    """The inverse gives back the original; for Explicit VR every byte around the frames is where it was."""
    result = rewrite(image)
    assert invert(result.data, result.restorable) == image.content
    if image.explicit:
        _table, fragments = fragments_of(result.data)
        assert result.data == image.expected_after(fragments)
    return result


# --- the identity ---


@pytest.mark.lengthy
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(native_images())
def test_inverse_of_transcode_is_the_identity(image: RawImage):
    result = transcode(image.content, JPEGLS)
    if isinstance(result, NotDone):
        frame = len(image.words) // (image.frames or 1)
        assert result.reason == "the JPEG-LS encoder refused the image"
        assert frame < _TINY
        return
    assert check_identity(image) == result


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(native_images())
def test_another_reader_finds_the_same_words(image: RawImage):
    result = transcode(image.content, JPEGLS)
    if isinstance(result, NotDone):
        return
    new = dcmread(BytesIO(result.data if image.preamble else bytes(128) + b"DICM" + result.data))
    frames = list(generate_frames(new.PixelData, number_of_frames=image.frames or 1))
    assert new.file_meta.TransferSyntaxUID == JPEG_LS
    assert len(frames) == (image.frames or 1)
    layout = FrameLayout(image.rows, image.columns, image.samples, image.allocated // 8, image.allocated)
    words = b"".join(JPEGLS.decode(frame, layout) for frame in frames)
    if image.planar:
        cells = np.frombuffer(words, f"<u{layout.width}").reshape(len(frames), -1, 3)
        words = cells.transpose(0, 2, 1).tobytes()
    assert words == image.words


@pytest.mark.lengthy
@settings(max_examples=150)
@given(native_images(), st.data())
def test_damaged_files_are_kept_or_come_back_exactly(image: RawImage, data: st.DataObject):
    content = bytearray(image.content)
    for _ in range(data.draw(st.integers(1, 3))):
        around = len(content) - len(image.words)
        content[data.draw(st.integers(0, around - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    result = transcode(bytes(content), JPEGLS)
    if isinstance(result, Rewritten):
        assert invert(result.data, result.restorable) == content
    else:
        assert result.reason


def test_result_states_its_syntax_and_proof():
    result = check_identity(PLAIN)
    assert (result.transfer_syntax, result.proof) == (JPEG_LS, Proof.EXACT)
    assert result.reason == "1 frame encoded without loss at 12 bits per sample; restore rehearsed"
    assert b"".join(part for part, _worth in result.parts) == result.data
    assert [worth for _part, worth in result.parts] == [True, False, True]


def test_frame_count_is_in_the_reason():
    assert check_identity(replace(PLAIN, words=WORDS * 3, frames=3)).reason.startswith("3 frames ")


def test_file_without_preamble_keeps_having_none():
    result = check_identity(replace(PLAIN, preamble=b""))
    assert result.data.startswith(b"\x02\0\0\0UL")


def test_wrong_group_length_of_the_file_meta_comes_out_right():
    content = PLAIN.content
    at = content.index(b"\x02\0\0\0UL\4\0") + 8
    wrong = content[:at] + b"\1\1\0\0" + content[at + 4 :]
    result = rewrite(wrong)
    assert invert(result.data, result.restorable) == wrong
    assert result.data == PLAIN.expected_after(fragments_of(result.data)[1])


def test_group_length_of_the_file_meta_behind_the_transfer_syntax():
    content = PLAIN.content
    length = content[132:144]
    syntax_end = content.index(b"\x02\0\x12\0UI")
    moved = content[:132] + content[144:syntax_end] + length + content[syntax_end:]
    result = rewrite(moved)
    assert invert(result.data, result.restorable) == moved
    at = result.data.index(b"\x02\0\0\0UL\4\0") + 8
    end = result.data.index(b"\x08\0\x16\0UI")
    assert int.from_bytes(result.data[at : at + 4], "little") == end - at - 4


@pytest.mark.parametrize("explicit", [True, False])
def test_group_length_of_pixel_data_is_counted_anew(*, explicit: bool):
    image = replace(PLAIN, explicit=explicit, has_pixel_group_length=True)
    result = check_identity(image)
    at = result.data.index(b"\xe0\x7f\0\0UL\4\0") + 8
    assert int.from_bytes(result.data[at : at + 4], "little") == len(result.data) - at - 4


def test_group_length_of_pixel_data_counts_what_follows_in_the_group():
    more = element(0x7FE0_0011, "UN", b"more")
    image = replace(PLAIN, has_pixel_group_length=True, behind=more + element(0xFFFC_FFFC, "OB", b"padding."))
    result = rewrite(image)
    assert invert(result.data, result.restorable) == image.content
    at = result.data.index(b"\xe0\x7f\0\0UL\4\0") + 8
    assert int.from_bytes(result.data[at : at + 4], "little") == result.data.index(b"\xfc\xff\xfc\xff") - at - 4


def test_group_length_of_pixel_data_counts_what_lies_between():
    between = element(0x7FE0_0005, "UN", b"between.")
    result = rewrite(replace(PLAIN, late=element(0x7FE0_0000, "UL", bytes(4)) + between))
    at = result.data.index(b"\xe0\x7f\0\0UL\4\0") + 8
    assert int.from_bytes(result.data[at : at + 4], "little") == len(result.data) - at - 4
    assert result.data[at + 4 :].startswith(between)


def test_value_that_looks_like_a_group_length_stays():
    lookalike = element(0x0029_1010, "UN", b"\xe0\x7f\0\0UL\4\0\1\2\3\4")
    check_identity(replace(PLAIN, late=lookalike))
    check_identity(replace(PLAIN, late=lookalike, has_pixel_group_length=True))


def test_second_planar_configuration_of_another_length_stays():
    twice = number(0x0028_0006, 1) + element(0x0028_0006, "UN", b"kept")
    image = replace(COLOUR, planar=1, changes={0x0028_0006: twice})
    result = rewrite(image)
    assert number(0x0028_0006, 0) + element(0x0028_0006, "UN", b"kept") in result.data


# --- traps of the stored words ---


@pytest.mark.parametrize(
    ("allocated", "stored", "high_bit", "sign", "dirty", "precision"),
    [
        (16, 12, 11, 0, False, 12),
        (16, 9, 8, 0, False, 9),
        (16, 10, 9, 0, False, 10),
        (16, 15, 14, 0, False, 15),
        (16, 16, 15, 0, False, 16),
        (16, 8, 7, 0, False, 16),  # T6: never 8 or less in 16-bit cells
        (16, 1, 0, 0, False, 16),
        (16, 12, 11, 1, False, 16),  # T2
        (16, 16, 15, 1, False, 16),
        (16, 12, 11, 0, True, 16),  # T4
        (16, 12, 15, 0, False, 16),  # T5
        (16, 12, 12, 0, False, 16),
        (8, 8, 7, 0, False, 8),
        (8, 7, 6, 0, False, 8),  # T7
        (8, 6, 5, 1, False, 8),
        (8, 1, 0, 0, True, 8),
    ],
)
def test_precision_is_that_of_the_table(
    allocated: int, stored: int, high_bit: int, sign: int, precision: int, *, dirty: bool
):
    words = np.arange(32 * 30) * 13 % (1 << stored)
    if dirty:
        words[700] |= 1 << (allocated - 1)
    image = RawImage(
        words.astype("<u2" if allocated == 16 else "u1").tobytes(),
        32,
        30,
        allocated=allocated,
        stored=stored,
        high_bit=high_bit,
        sign=sign,
    )
    result = check_identity(image)
    _table, (stream,) = fragments_of(result.data)
    if JPEGLS.has_free_precision:
        assert stream_precision(stream) == precision
        assert f"at {precision} bits" in result.reason
    else:
        assert stream_precision(stream) == allocated


def test_t4_one_dirty_word_in_the_last_frame_widens_every_frame():
    words = bytearray(WORDS * 3)
    words[-1] |= 0x80
    result = check_identity(replace(PLAIN, words=bytes(words), frames=3))
    assert {stream_precision(stream) for stream in fragments_of(result.data)[1]} == {16}


def test_t2_signed_words_keep_their_sign_extension():
    words = (np.arange(-480, 480).astype("<i2") >> 1).tobytes()
    image = RawImage(words, 32, 30, stored=12, sign=1)
    result = check_identity(image)
    assert np.array_equal(dcmread(BytesIO(result.data)).pixel_array, np.frombuffer(words, "<i2").reshape(32, 30))


def test_t28_words_that_pixel_array_does_not_tell_apart_stay_apart():
    clean = np.arange(32 * 30) % 4096
    image = RawImage((clean | 0xF000).astype("<u2").tobytes(), 32, 30)
    twin = replace(image, words=clean.astype("<u2").tobytes())
    assert np.array_equal(*(dcmread(BytesIO(i.content)).pixel_array for i in (image, twin)))
    result, other = check_identity(image), check_identity(twin)
    assert fragments_of(result.data)[1] != fragments_of(other.data)[1]


@pytest.mark.parametrize("allocated", [8, 16])
def test_t8_colour_by_plane_is_interleaved_and_comes_back(allocated: int):
    count = 24 * 20 * 3 * 2
    words = (np.arange(count) * 3 % 251).astype(f"<u{allocated // 8}").tobytes()
    image = RawImage(words, 24, 20, allocated=allocated, stored=allocated, samples=3, planar=1, frames=2)
    result = check_identity(image)
    new = dcmread(BytesIO(result.data))
    assert new.PlanarConfiguration == 0
    assert new.PhotometricInterpretation == "RGB"
    assert {stream_interleaving(stream) for stream in fragments_of(result.data)[1]} == {2}
    by_plane = np.frombuffer(words, f"<u{allocated // 8}").reshape(2, 3, 24, 20)
    assert np.array_equal(new.pixel_array, by_plane.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("explicit", [True, False])
def test_t8_planar_configuration_follows_in_both_encodings(*, explicit: bool):
    result = check_identity(replace(COLOUR, planar=1, explicit=explicit))
    assert dcmread(BytesIO(result.data)).PlanarConfiguration == 0


def test_t8_nested_planar_configuration_stays():
    nested = sequence(0x0088_0200, [number(0x0028_0006, 1)])
    result = check_identity(replace(COLOUR, planar=1, late=nested))
    assert nested in result.data


def test_t9_half_sampled_colour_is_left():
    image = RawImage(bytes(24 * 20 * 2), 24, 20, allocated=8, stored=8, samples=3, photometric="YBR_FULL_422", planar=0)
    assert reason_of(image) == "its colours are stored in a way that is left alone (3 x YBR_FULL_422)"


@pytest.mark.parametrize("allocated", [1, 12, 32, 64])
def test_t10_cells_of_other_sizes_are_left(allocated: int):
    image = RawImage(bytes(24 * 20 * 8), 24, 20, allocated=allocated, stored=1)
    assert "the lossless codecs take 8 or 16" in reason_of(image)
    assert ("1 bit each" in reason_of(image)) == (allocated == 1)


@pytest.mark.parametrize("tag", [0x7FE0_0008, 0x7FE0_0009])
def test_t10_floating_point_images_are_left(tag: int):
    vr = "OF" if tag == 0x7FE0_0008 else "OD"
    content = PLAIN.preamble + PLAIN.meta + PLAIN.data_set(None) + element(tag, vr, bytes(64))
    assert reason_of(content) == "its image holds floating-point numbers, which no lossless image codec takes"


def test_t11_palette_colour_keeps_its_interpretation_and_palette():
    palette = element(0x0028_1201, "OW", bytes(range(256)) * 2)
    image = RawImage(
        COLOURS[:480], 24, 20, allocated=8, stored=8, photometric="PALETTE COLOR", late=palette
    )  # fmt: skip
    result = check_identity(image)
    assert palette in result.data
    assert dcmread(BytesIO(result.data)).PhotometricInterpretation == "PALETTE COLOR"


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("padding", [b"\0", b"\xff", b"junk!"])
def test_t12_bytes_after_the_last_frame_come_back(padding: bytes, *, explicit: bool):
    result = check_identity(replace(PLAIN, padding=padding, explicit=explicit))
    assert result.restorable.tail == padding


def test_t12_odd_frames_follow_each_other_without_padding():
    words = (np.arange(15 * 15 * 3) % 199).astype("u1").tobytes()
    check_identity(RawImage(words, 15, 15, allocated=8, stored=8, frames=3, padding=b"\0"))


def test_more_words_than_frames_are_left():
    assert "more than the frames" in reason_of(replace(PLAIN, words=WORDS * 2))


def test_fewer_words_than_frames_are_left():
    for short in (replace(PLAIN, frames=2), replace(COLOUR, words=COLOURS[:-1])):
        assert "smaller than rows x columns x frames" in reason_of(short)


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_t20_offset_table_points_at_every_frame(frames: int, *, explicit: bool):
    chance = np.random.default_rng(5)
    words = b"".join((chance.integers(0, 1 << n, 480) % 4096).astype("<u2").tobytes() for n in range(1, frames + 1))
    result = check_identity(RawImage(words, 24, 20, frames=frames, explicit=explicit))
    table, streams = fragments_of(result.data)
    first = result.data.index(item(streams[0]))
    offsets = [int.from_bytes(table[n : n + 4], "little") for n in range(0, len(table), 4)]
    assert len(offsets) == len(streams) == frames
    assert len(set(map(len, streams))) > 1 or frames == 1
    for offset, stream in zip(offsets, streams, strict=True):
        assert result.data[first + offset :].startswith(item(stream))
        assert len(stream) % 2 == 0  # T27
        assert stream.startswith(b"\xff\xd8")


# --- traps of the data set's bytes ---


def test_t15_values_that_a_parser_would_repair_stay():
    odd = b"".join(
        (
            element(0x0008_0005, "CS", b"ISO_IR 100"),
            element(0x0008_0060, "CS", b"ct "),  # lower case, odd length
            element(0x0010_0010, "PN", b"M\xfcller\\\xff\xfe "),
            element(0x0018_0050, "DS", b"  0.300000000000000000000001  "),
            element(0x0020_0013, "IS", b"not a number"),
            element(0x0020_4000, "LT", b"trailing   "),
        )
    )
    for explicit in (True, False):
        spans = odd if explicit else element(0x0010_0010, "PN", b"M\xfcller\\\xff\xfe ", explicit=False)
        result = check_identity(replace(PLAIN, extra=spans, explicit=explicit))
        assert b"M\xfcller\\\xff\xfe " in result.data


def test_t16_value_over_64_kb_in_an_implicit_file_is_left():
    long_text = element(0x0020_4000, "LT", b"x" * 0x1_0000, explicit=False)
    reason = reason_of(replace(PLAIN, extra=long_text, explicit=False))
    assert reason == "a value of over 64 KB has no faithful form in Explicit VR (PS3.5 6.2.2)"
    check_identity(replace(PLAIN, extra=element(0x0020_4000, "LT", b"x" * 0xFFFE, explicit=False), explicit=False))


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("explicit", [True, False])
def test_t17_icon_with_pixel_data_of_its_own_stays(*, explicit: bool, defined: bool):
    pixels = element(0x7FE0_0010, "OW", bytes(range(32)), explicit=explicit)
    icon = sequence(
        0x0088_0200, [number(0x0028_0010, 4, explicit=explicit) + pixels], explicit=explicit, defined=defined
    )
    result = check_identity(replace(PLAIN, late=icon, explicit=explicit))
    new = dcmread(BytesIO(result.data))
    assert new.IconImageSequence[0].PixelData == bytes(range(32))
    assert new["PixelData"].is_undefined_length


def test_t17_encapsulated_icon_in_a_native_image_stays():
    fragments = item(b"") + item(b"\xff\xd8\xfe\xff\xdd\xe0\0\0\0\0\xff\xd9") + b"\xfe\xff\xdd\xe0\0\0\0\0"
    pixels = element(0x7FE0_0010, "OB", fragments, length=0xFFFF_FFFF)
    for defined in (True, False):
        icon = sequence(0x0088_0200, [pixels], defined=defined)
        assert icon in check_identity(replace(PLAIN, late=icon)).data


def test_t19_unknown_value_of_undefined_length_is_carried_verbatim():
    inner = element(0x0008_0060, "CS", b"CT", explicit=False)
    unknown = sequence(0x0029_1010, [inner], explicit=False, defined=False)[8:]
    span = element(0x0029_1010, "UN", unknown, length=0xFFFF_FFFF)
    assert span in check_identity(replace(PLAIN, late=span)).data


def _tiff(directory: int, order: str = "little") -> bytes:
    mark = b"II*\0" if order == "little" else b"MM\0*"
    return (mark + directory.to_bytes(4, order)).ljust(128, b"\0") + b"DICM"


@pytest.mark.parametrize("order", ["little", "big"])
def test_t24_tiff_preamble_that_leads_to_an_image_is_left(order: str):
    directory = (2).to_bytes(2, order) + b"".join(tag.to_bytes(2, order) + bytes(10) for tag in (256, 257))
    inside = element(0x0009_1001, "UN", directory + bytes(4))
    at = 132 + len(PLAIN.meta) + 2 * 8 + len("1.2.840.10008.5.1.4.1.1.2\0") + len("1.2.3.4.5\0") + 12
    image = replace(PLAIN, preamble=_tiff(at, order), extra=inside)
    assert image.content[at:].startswith(directory)
    assert reason_of(image) == "it is a TIFF file as well, whose offsets any change would break"


@pytest.mark.parametrize("order", ["little", "big"])
def test_t24_bigtiff_preamble_that_leads_to_an_image_is_left(order: str):
    directory = (2).to_bytes(8, order) + b"".join(tag.to_bytes(2, order) + bytes(18) for tag in (256, 257))
    inside = element(0x0009_1001, "UN", directory + bytes(8))
    at = 132 + len(PLAIN.meta) + 2 * 8 + len("1.2.840.10008.5.1.4.1.1.2\0") + len("1.2.3.4.5\0") + 12
    mark = b"II+\0\x08\0\0\0" if order == "little" else b"MM\0+\0\x08\0\0"
    image = replace(PLAIN, preamble=(mark + at.to_bytes(8, order)).ljust(128, b"\0") + b"DICM", extra=inside)
    assert image.content[at:].startswith(directory)
    assert reason_of(image) == "it is a TIFF file as well, whose offsets any change would break"


def test_t24_tiff_preamble_that_leads_to_something_else_is_carried():
    entries = b"\2\0" + b"".join(tag.to_bytes(2, "little") + bytes(10) for tag in (257, 256))  # not ascending
    inside = element(0x0009_1001, "UN", entries + bytes(4))
    preamble = _tiff(0)
    at = replace(PLAIN, preamble=preamble, extra=inside).content.index(entries)
    check_identity(replace(PLAIN, preamble=_tiff(at), extra=inside))


@pytest.mark.parametrize(
    "preamble",
    [_tiff(0), _tiff(8), _tiff(0xFFFF_FFF0), b"II*\0" + bytes(124) + b"DICM", b"MZ\x90\0".ljust(128, b"P") + b"DICM"],
    ids=["offset 0", "empty directory", "beyond the end", "no offset", "MZ program"],
)
def test_t24_other_preambles_are_carried_verbatim(preamble: bytes):
    result = check_identity(replace(PLAIN, preamble=preamble))
    assert result.data.startswith(preamble)


def test_t26_signed_files_are_left():
    mac = sequence(0x4FFE_0001, [number(0x0400_0005, 1)])
    signature = sequence(0xFFFA_FFFA, [number(0x0400_0005, 1)], defined=False)
    reason = "it carries a digital signature, which any change would break"
    assert reason_of(replace(PLAIN, late=mac)) == reason
    assert reason_of(replace(PLAIN, behind=signature)) == reason
    assert reason_of(replace(PLAIN, behind=b"\xfe\xff\x0d\xe0\0\0\0\0" + signature)) != ""


def test_t29_delimiter_bytes_inside_a_stream_do_not_end_it():
    result = rewrite(PLAIN)
    _table, (stream,) = fragments_of(result.data)
    # A legal place for any bytes: an application segment behind the start marker.
    segment = b"\xff\xe7\0\x0a\xfe\xff\xdd\xe0\0\0\0\0"
    longer = stream[:2] + segment + stream[2:]
    new = result.data.replace(item(stream), item(longer))
    assert invert(new, result.restorable) == PLAIN.content


def test_t31_fragments_that_do_not_pair_with_frames_are_refused():
    result = rewrite(replace(PLAIN, words=WORDS * 2, frames=2))
    _table, (_first, second) = fragments_of(result.data)
    torn = result.data.replace(item(second), item(second[:10]) + item(second[10:]))
    lost = result.data.replace(item(second), b"")
    for damaged in (torn, lost):
        with pytest.raises(Unparseable):
            invert(damaged, result.restorable)


def test_t32_fragments_under_a_native_syntax_and_real_lengths_under_another():
    pixels = element(0x7FE0_0010, "OB", item(b"") + item(b"\xff\xd8ab") + b"\xfe\xff\xdd\xe0\0\0\0\0", length=2**32 - 1)
    head = PLAIN.preamble + PLAIN.meta + PLAIN.data_set(None)
    assert reason_of(head + pixels) == "its image is in fragments although its transfer syntax says that it is not"
    assert reason_of(replace(PLAIN, syntax=JPEG_LS)) == "JPEG-LS Lossless: already compressed without loss"


# --- structure ---


def test_second_pixel_data_is_left():
    again = element(0x7FE0_0010, "OW", b"12")
    assert reason_of(replace(PLAIN, behind=again)) == "it holds Pixel Data twice"


@pytest.mark.parametrize("explicit", [True, False])
def test_second_pixel_data_behind_a_stray_delimiter_is_left(*, explicit: bool):
    again = b"\xfe\xff\x0d\xe0\0\0\0\0" + element(0x7FE0_0010, "OW", b"12", explicit=explicit)
    assert (
        reason_of(replace(PLAIN, behind=again, explicit=explicit)) == "bytes behind its image cannot be read as DICOM"
    )


def test_bytes_behind_the_image_that_are_no_elements_are_left():
    assert reason_of(replace(PLAIN, behind=b"garbage")) == "bytes behind its image cannot be read as DICOM"


def test_extended_offset_table_of_a_native_image_is_left():
    table = element(0x7FE0_0001, "OV", bytes(8))
    assert "speaks of fragments" in reason_of(replace(PLAIN, late=table))


def test_stray_sequence_delimiter_in_an_implicit_file_is_left_with_words():
    stray = b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert reason_of(replace(PLAIN, behind=stray, explicit=False)) == (
        "its header cannot be converted (an item, or the end of one, where an element should be)"
    )


def test_transfer_syntax_of_a_wrong_type_is_left():
    content = PLAIN.content
    right = text(0x0002_0010, "UI", "1.2.840.10008.1.2.1")
    wrong = element(0x0002_0010, "UN", right[8:])
    assert isinstance(transcode(content.replace(right, wrong), JPEGLS), NotDone)


def test_tiny_image_is_left_where_the_encoder_finds_no_room():
    tiny = RawImage(b"\1\0", 1, 1)
    if JPEGLS.encode is charls.encode:
        check_identity(tiny)
    else:
        assert reason_of(tiny) == "the JPEG-LS encoder refused the image"


def test_codec_that_loses_a_bit_fails_the_proof():
    def lose(stream: bytes, layout: FrameLayout) -> bytes:
        words = bytearray(JPEGLS.decode(stream, layout))
        words[5] ^= 1
        return bytes(words)

    def garble(frame: bytes, layout: FrameLayout) -> bytes:
        return JPEGLS.encode(lose(JPEGLS.encode(frame, layout), layout), layout)

    result = transcode(PLAIN.content, replace(JPEGLS, encode=garble))
    assert result == NotDone("the proof failed: decoding did not give back the same bytes")


def test_codec_that_gives_another_shape_costs_only_the_entry():
    def narrow(frame: bytes, layout: FrameLayout) -> bytes:
        return JPEGLS.encode(frame[: len(frame) // 2], replace(layout, rows=layout.rows // 2))

    result = transcode(PLAIN.content, replace(JPEGLS, encode=narrow))
    assert result == NotDone("the JPEG-LS stream holds an image of another shape")


# --- the inverse alone ---


def test_inverse_refuses_what_transcode_did_not_make():
    result = rewrite(PLAIN)
    with pytest.raises(CodecFailed):
        invert(result.data.replace(b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.50"), result.restorable)
    with pytest.raises(Unparseable):
        invert(b"no DICOM at all, but some bytes", result.restorable)
    at = result.data.index(b"\xe0\x7f\x10\0OB")
    for cut in (at, at + 11, at + 12, at + 20, len(result.data) - 9):
        with pytest.raises(Unparseable):
            invert(result.data[:cut], result.restorable)
    empty = result.data[: at + 12] + b"\xfe\xff\xdd\xe0\0\0\0\0"
    with pytest.raises(Unparseable):
        invert(empty, result.restorable)


@settings(max_examples=60, derandomize=True)  # some damage keeps CharLS busy for seconds
@given(st.data())
def test_inverse_of_a_damaged_stream_never_claims_the_original(data: st.DataObject):
    result = rewrite(PLAIN)
    _table, (stream,) = fragments_of(result.data)
    at = result.data.index(stream) + stream.index(b"\xff\xda") + 10
    place = data.draw(st.integers(at, result.data.index(stream) + len(stream) - 12))
    damaged = bytearray(result.data)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(CodecFailed, Unparseable):
        assert invert(bytes(damaged), result.restorable) != PLAIN.content
