"""Images that are not native little endian: big-endian, deflated, in fragments, compressed by others."""

import tracemalloc
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import BY_NAME, READERS, choose
from repack.dicom import bigendian, deflated, source
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, expand, invert, transcode
from repack.model import Proof
from tests.raw_dicom import (
    DEFLATED,
    UNDEFINED,
    RawImage,
    big_endian_file,
    deflated_file,
    element,
    encapsulated_file,
    fragmented_file,
    fragments_of,
    item,
    number,
    sequence,
    stream_precision,
    text,
    to_big_endian,
)

JPEGLS = Order((BY_NAME["jpegls"],))
NAMED = Order((BY_NAME["jpegls"],), is_named=True)
EXACT_ONLY = Order((BY_NAME["jpegls"],), is_exact_only=True)
RLE, JPEG_LOSSLESS, J2K = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"

WORDS = (np.arange(24 * 20) * 7 % 4096).astype("<u2").tobytes()
PLAIN = RawImage(WORDS, 24, 20)
COLOURS = (np.arange(24 * 20 * 3) * 5 % 256).astype("u1").tobytes()
COLOUR = RawImage(COLOURS, 24, 20, allocated=8, stored=8, samples=3, planar=0)


def rewrite(content: bytes, order: Order = JPEGLS) -> Rewritten:
    result = transcode(content, order)
    assert isinstance(result, Rewritten), result
    return result


def check_exact(content: bytes, order: Order = JPEGLS) -> Rewritten:
    result = rewrite(content, order)
    assert result.proof is Proof.EXACT
    assert result.restorable is not None
    assert invert(result.data, result.restorable) == content
    return result


def reason_of(content: bytes, order: Order = JPEGLS) -> str:
    result = transcode(content, order)
    assert isinstance(result, NotDone), result
    return result.reason


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


# --- big endian (T18) ---

_NUMBERS = b"".join(
    (
        element(0x0018_1310, "US", b"\1\0\2\0\3\0\4\0"),
        element(0x0018_6020, "SL", b"\1\2\3\4"),
        element(0x0018_9073, "FD", bytes(range(8))),
        element(0x0018_9074, "DT", b"20260101"),
        element(0x0018_9089, "FD", bytes(24)),
        element(0x0018_9219, "SS", b"\xfe\xff"),
        element(0x0018_9322, "FD", b""),
        element(0x0018_9344, "CS", b"odd"),
    )
)


@pytest.mark.parametrize("defined", [True, False])
def test_t18_big_endian_numbers_change_their_order_and_nothing_else(*, defined: bool):
    inner = element(0x0028_0009, "AT", b"\x18\0\x63\x10") + element(0x0029_1010, "UN", b"\1\2\3")
    nested = sequence(0x0040_0275, [sequence(0x0040_0008, [inner], defined=defined), b""], defined=defined)
    lut = element(0x0028_3006, "OW", bytes(range(8)))
    image = replace(PLAIN, extra=_NUMBERS, late=lut + nested, behind=element(0xFFFC_FFFC, "OB", b"padding."))
    result = check_exact(big_endian_file(image))
    _table, fragments = fragments_of(result.data)
    assert result.data == image.expected_after(fragments)


@pytest.mark.parametrize("name", ["jpegls", "none"])
@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_t18_bytes_in_big_endian_words(vr: str, name: str):
    """8-bit samples marked OW lie in pairs the other way round (PS3.5 8.1.1 and annex D)."""
    image = replace(COLOUR, pixel_vr=vr)
    result = check_exact(big_endian_file(image), Order(choose(name)))
    native = result if name == "none" else expand(result.data)
    assert isinstance(native, Rewritten)
    assert read(native.data).PixelData == COLOURS


def test_t18_odd_frames_of_big_endian_words_are_left():
    image = RawImage(bytes(27), 3, 3, allocated=8, stored=8, samples=3, planar=0, pixel_vr="OW", padding=b"\0")
    assert reason_of(big_endian_file(image)) == "its frames end in the middle of a big-endian word"


def test_t18_words_marked_as_bytes_are_left_unless_both_readings_agree():
    image = replace(PLAIN, pixel_vr="OB")
    assert "order in a big-endian file is unclear" in reason_of(big_endian_file(image))
    check_exact(big_endian_file(replace(image, words=bytes([7, 7, 9, 9]) * 240, stored=16)))


def test_t18_number_of_a_wrong_length_is_left():
    spans = to_big_endian(element(0x0018_9219, "SS", b"\1\2\3"))
    content = big_endian_file(replace(PLAIN, extra=text(0x0010_0010, "PN", "HERE")))
    at = content.index(to_big_endian(text(0x0010_0010, "PN", "HERE")))
    broken = content[:at] + spans + content[at:]
    assert "a number in its header has a wrong length" in reason_of(broken)


def test_t18_precision_looks_at_the_words_not_at_their_bytes():
    result = check_exact(big_endian_file(PLAIN))
    if BY_NAME["jpegls"].has_free_precision:
        assert stream_precision(fragments_of(result.data)[1][0]) == 12


def test_big_endian_check_sees_every_changed_byte():
    spans = _NUMBERS + sequence(0x0040_0275, [number(0x0028_0010, 5)], defined=False)
    old = to_big_endian(spans)
    new = bigendian.convert(old, 0, len(old))
    assert new == spans
    assert bigendian.agrees(old, 0, len(old), new)
    reserved = len(_NUMBERS) + 6  # two bytes of the long header that follows; they mean nothing (PS3.5 7.1.2)
    for at in set(range(len(new))) - {reserved, reserved + 1}:
        damaged = new[:at] + bytes([new[at] ^ 0x10]) + new[at + 1 :]
        try:
            assert not bigendian.agrees(old, 0, len(old), damaged), at
        except ValueError:
            continue


# --- deflated ---


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("pad", [b"", b"\0", b"\1\2\3\4\5\6\7\x08"])
def test_deflated_file_comes_back_whatever_the_level(level: int, pad: bytes):
    content = deflated_file(replace(PLAIN, padding=b"\0", behind=bytes(3)), level, 8, pad)
    result = check_exact(content)
    assert result.notes[0].startswith("restoring it byte for byte takes a zlib")
    assert result.restorable is not None
    assert result.restorable.deflating is not None
    assert result.restorable.deflating.rest == pad


def _with_stream(stream: bytes) -> bytes:
    return PLAIN.preamble + replace(PLAIN, syntax=DEFLATED).meta + stream


def _huffman_only() -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_HUFFMAN_ONLY)
    return deflater.compress(PLAIN.data_set(None) + PLAIN.pixels) + deflater.flush()


def test_deflated_stream_of_another_maker_keeps_its_samples_only():
    content = _with_stream(_huffman_only())
    result = rewrite(content)
    assert (result.proof, result.restorable) == (Proof.SAMPLES, None)
    native = expand(result.data)
    assert isinstance(native, Rewritten)
    assert read(native.data).PixelData == WORDS
    assert "--exact-only asks for that" in reason_of(content, EXACT_ONLY)
    check_exact(deflated_file(PLAIN), EXACT_ONLY)
    assert "--exact-only" not in reason_of(deflated_file(replace(PLAIN, allocated=32)), EXACT_ONLY)


def test_deflated_stream_with_much_behind_it_keeps_its_samples_only():
    assert rewrite(deflated_file(PLAIN, pad=bytes(65))).proof is Proof.SAMPLES


@pytest.mark.parametrize("cut", [1, 5, 200])
def test_deflated_stream_cut_short_is_left(cut: int):
    assert reason_of(deflated_file(PLAIN)[:-cut]) == "its header cannot be read (it ends too early)"


def test_deflated_stream_that_is_none_is_left():
    assert "damaged" in reason_of(_with_stream(b"\xff" * 100))
    assert isinstance(transcode(_with_stream(b""), JPEGLS), NotDone)


def test_deflated_data_set_of_excessive_size_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deflated, "_LARGEST", 1000)
    assert "larger than 1 GiB" in reason_of(deflated_file(PLAIN))


# --- uncompressed, in fragments ---


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("has_table", [True, False])
def test_fragments_of_odd_frames_come_back(frames: int, *, has_table: bool):
    words = (np.arange(15 * 15 * 3 * frames) % 199).astype("u1").tobytes()
    image = RawImage(words, 15, 15, allocated=8, stored=8, samples=3, planar=1, frames=frames)
    result = check_exact(fragmented_file(image, has_table=has_table))
    assert result.restorable is not None
    assert bool(result.restorable.gap) == (frames > 1)


def test_frame_in_two_uncompressed_fragments_keeps_its_samples_only():
    content = encapsulated_file(PLAIN, "1.2.840.10008.1.2.1.98", [WORDS[:100], WORDS[100:]], has_table=False)
    result = rewrite(content)
    assert (result.proof, result.restorable) == (Proof.SAMPLES, None)
    assert "fragments cannot be made again" in reason_of(content, EXACT_ONLY)


def test_fragment_of_another_size_is_left():
    for frame in (WORDS[:-2], WORDS + b"\0\0"):
        content = encapsulated_file(PLAIN, "1.2.840.10008.1.2.1.98", [frame])
        assert "a fragment is smaller or larger than its frame" in reason_of(content)


# --- compressed by others ---


def rle(words: bytes, image: RawImage) -> bytes:
    """One frame of a 16-bit grey image as RLE segments of literal runs (PS3.5 G)."""
    segments = []
    for byte in (1, 0):
        plane = words[byte::2]
        runs = [plane[n : n + 128] for n in range(0, len(plane), 128)]
        segment = b"".join(bytes([len(run) - 1]) + run for run in runs)
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = [2, 64, 64 + len(segments[0])] + [0] * 13
    assert image.samples == 1
    return b"".join(offset.to_bytes(4, "little") for offset in offsets) + b"".join(segments)


def rle_file(image: RawImage, *, has_table: bool = True) -> bytes:
    count = image.frames or 1
    size = len(image.words) // count
    frames = [rle(image.words[n * size : (n + 1) * size], image) for n in range(count)]
    return encapsulated_file(image, RLE, frames, has_table=has_table)


@pytest.mark.parametrize("has_table", [True, False])
@pytest.mark.parametrize("frames", [1, 4])
def test_rle_is_compressed_anew_and_keeps_every_sample(frames: int, *, has_table: bool):
    chance = np.random.default_rng(1)
    words = chance.integers(0, 4096, 24 * 20 * frames).astype("<u2").tobytes()
    content = rle_file(replace(PLAIN, words=words, frames=frames), has_table=has_table)
    result = rewrite(content)
    assert (result.proof, result.restorable) == (Proof.SAMPLES, None)
    assert "every sample compared" in result.reason
    native = expand(result.data)
    assert isinstance(native, Rewritten)
    assert read(native.data).PixelData == words
    assert reason_of(content, EXACT_ONLY).startswith(
        "RLE Lossless: already compressed without loss; the file could not"
    )


def test_header_of_a_compressed_image_stays_byte_for_byte():
    odd = element(0x0010_0010, "PN", b"M\xfcller\\\xff\xfe ")
    image = replace(PLAIN, extra=odd, has_pixel_group_length=False, behind=element(0xFFFC_FFFC, "OB", b"padding."))
    result = rewrite(rle_file(image))
    assert result.data == image.expected_after(fragments_of(result.data)[1])


def test_t31_frames_of_several_fragments_need_an_offset_table():
    image = replace(PLAIN, words=WORDS * 2, frames=2)
    stream = rle(WORDS, image)
    pieces = [stream[:100], stream[100:200], stream[200:], stream]
    content = encapsulated_file(image, RLE, pieces, has_table=False)
    assert reason_of(content) == "it cannot be told which fragment belongs to which frame"
    starts = (0, sum(len(piece) + 8 for piece in pieces[:3]))
    table = item(b"".join(start.to_bytes(4, "little") for start in starts))
    assert content.count(item(b"") + item(pieces[0])) == 1
    with_table = content.replace(item(b"") + item(pieces[0]), table + item(pieces[0]))
    native = expand(rewrite(with_table).data)
    assert isinstance(native, Rewritten)
    assert read(native.data).PixelData == WORDS * 2
    wrong = item(b"".join((start + 2).to_bytes(4, "little") for start in starts))
    assert "which frame" in reason_of(content.replace(item(b"") + item(pieces[0]), wrong + item(pieces[0])))


def test_t31_one_frame_may_lie_in_any_number_of_fragments():
    stream = rle(WORDS, PLAIN)
    content = encapsulated_file(PLAIN, RLE, [stream[n : n + 64] for n in range(0, len(stream), 64)], has_table=False)
    native = expand(content)
    assert isinstance(native, Rewritten)
    assert read(native.data).PixelData == WORDS


@pytest.mark.parametrize("frames", [None, 1, 2])
@pytest.mark.parametrize("name", ["jpegls", "j2k"])
def test_more_frames_than_the_header_counts_are_not_lost(frames: int | None, name: str):
    """A decoder stops behind the first image of a stream, and nothing would tell that there was more."""
    other = Order((BY_NAME["j2k" if name == "jpegls" else "jpegls"],), is_named=True)
    three = rewrite(replace(PLAIN, words=WORDS + WORDS[::-1] + WORDS, frames=3).content, Order((BY_NAME[name],)))
    _table, streams = fragments_of(three.data)
    image = replace(PLAIN, words=WORDS * (frames or 1), frames=frames)
    syntax = BY_NAME[name].transfer_syntax
    for pieces in (streams, [*streams[: (frames or 1) - 1], b"".join(streams[(frames or 1) - 1 :])]):
        for has_table in (True, False):
            content = encapsulated_file(image, syntax, pieces, has_table=has_table)
            assert "which fragment" in (said := reason_of(content, other)) or "would be lost" in said
    behind = [*streams[: (frames or 1) - 1], streams[(frames or 1) - 1] + b"more"]
    assert "would be lost" in reason_of(encapsulated_file(image, syntax, behind), other)
    padded = [*behind[:-1], streams[(frames or 1) - 1] + bytes(6)]
    rewrite(encapsulated_file(image, syntax, padded), other)


@pytest.mark.parametrize("syntax", [RLE, "1.2.840.10008.1.2.1.98"])
def test_an_image_whose_icon_is_compressed_too_is_left(syntax: str):
    """Its fragments would no longer be what the new transfer syntax says (PS3.5 A.4)."""
    value = item(b"") + item(b"an icon.") + b"\xfe\xff\xdd\xe0\0\0\0\0"
    icon = sequence(0x0088_0200, [element(0x7FE0_0010, "OB", value, length=UNDEFINED)])
    native = sequence(0x0088_0200, [element(0x7FE0_0010, "OB", b"an icon.")])
    stream = rle(WORDS, PLAIN) if syntax == RLE else WORDS
    assert "(an icon)" in reason_of(encapsulated_file(replace(PLAIN, late=icon), syntax, [stream]))
    rewrite(encapsulated_file(replace(PLAIN, late=native), syntax, [stream]))


@pytest.mark.parametrize("syntax", [RLE, "1.2.840.10008.1.2.1.98"])
def test_colours_that_no_decoder_undoes_keep_their_name(syntax: str):
    compressed = rewrite(COLOUR.content, Order((BY_NAME["rle"],), is_named=True)).data
    content = compressed if syntax == RLE else encapsulated_file(COLOUR, syntax, [COLOURS])
    content = content.replace(text(0x0028_0004, "CS", "RGB"), text(0x0028_0004, "CS", "YBR_RCT"))
    assert reason_of(content) == "its colours are stored in a way that is left alone (3 x YBR_RCT)"


def test_t31_extended_offset_table_pairs_fragments_and_goes():
    image = replace(PLAIN, words=WORDS * 2, frames=2)
    stream = rle(WORDS, image)
    offsets = (0).to_bytes(8, "little") + (len(stream) + 8).to_bytes(8, "little")
    tables = element(0x7FE0_0001, "OV", offsets) + element(0x7FE0_0002, "OV", len(stream).to_bytes(8, "little") * 2)
    result = rewrite(encapsulated_file(replace(image, late=tables), RLE, [stream, stream], has_table=False))
    assert b"\xe0\x7f\1\0OV" not in result.data
    assert "ExtendedOffsetTable" not in read(result.data)


def test_t32_fragments_of_a_defined_length_are_left():
    content = replace(PLAIN, syntax=RLE).content
    assert reason_of(content) == "its image is not in fragments although its transfer syntax says that it is"


@pytest.mark.parametrize("damage", ["empty", "cut", "no item", "stream"])
def test_damaged_fragments_are_left(damage: str):
    good = rle_file(PLAIN)
    stream = rle(WORDS, PLAIN)
    content = {
        "empty": encapsulated_file(PLAIN, RLE, [b""]),
        "cut": good[: len(good) - 300],
        "no item": good.replace(item(stream), b"\1\2\3\4\4\0\0\0abcd"),
        "stream": good.replace(stream, b"\xff" * len(stream)),
    }[damage]
    assert reason_of(content)


def test_two_decoders_that_differ_are_believed_neither(monkeypatch: pytest.MonkeyPatch):
    reader = READERS[RLE]

    def other(stream: bytes, layout: object) -> bytes:
        return bytes(reader.decode(stream, layout)[:-1]) + b"\x7f"  # type: ignore[arg-type]

    monkeypatch.setitem(source.READERS, RLE, replace(reader, second_decode=other))
    assert "decode its image differently" in reason_of(rle_file(PLAIN))


def test_rle_by_plane_becomes_colour_by_pixel():
    order = Order((BY_NAME["rle"],), is_named=True)
    compressed = rewrite(COLOUR.content, order).data
    by_plane = compressed.replace(number(0x0028_0006, 0), number(0x0028_0006, 1))
    result = rewrite(by_plane)
    assert read(result.data).PlanarConfiguration == 0
    native = expand(by_plane)
    assert isinstance(native, Rewritten)
    assert (read(native.data).PlanarConfiguration, read(native.data).PixelData) == (0, COLOURS)


def test_colours_of_a_decoded_transform_are_called_by_their_name():
    order = Order((BY_NAME["j2k"],), is_named=True)
    compressed = rewrite(COLOUR.content, order).data
    labelled = compressed.replace(text(0x0028_0004, "CS", "RGB"), text(0x0028_0004, "CS", "YBR_RCT"))
    result = rewrite(labelled, NAMED)
    assert read(result.data).PhotometricInterpretation == "RGB"
    assert "left alone (3 x YBR_RCT)" in reason_of(replace(COLOUR, photometric="YBR_RCT").content)


def test_signed_samples_shorter_than_their_words_are_left():
    words = (np.arange(-240, 240).astype("<i2") & 0x0FFF).astype("<u2").tobytes()  # as decoders give P 12 (T2)
    content = rle_file(replace(PLAIN, words=words, sign=1))
    assert "programs would show other values" in reason_of(content)
    native = expand(content)
    assert isinstance(native, Rewritten)
    assert read(native.data).pixel_array.ravel()[0] == -240


# --- headers that lie ---


@pytest.mark.parametrize("syntax", [RLE, JPEG_LOSSLESS, J2K, "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.110"])
def test_few_bytes_that_claim_gigabytes_take_no_memory(syntax: str):
    huge = {0x0028_0010: number(0x0028_0010, 65535), 0x0028_0011: number(0x0028_0011, 65535)}
    content = encapsulated_file(replace(PLAIN, changes=huge), syntax, [rle(WORDS, PLAIN)])
    tracemalloc.start()
    reason = reason_of(content, Order((), is_named=True))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reason == "its header announces an image that its few bytes cannot hold"
    assert peak < 20 << 20


def test_native_file_that_claims_gigabytes_takes_no_memory():
    huge = {0x0028_0010: number(0x0028_0010, 65535), 0x0028_0011: number(0x0028_0011, 65535)}
    for content in (replace(PLAIN, changes=huge).content, big_endian_file(replace(PLAIN, changes=huge))):
        tracemalloc.start()
        assert "cut short" in reason_of(content)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()


def test_number_of_frames_that_lies_is_left():
    frames = {0x0028_0008: text(0x0028_0008, "IS", "999999999999")}
    assert "cut short" in reason_of(replace(PLAIN, changes=frames).content)
    assert "which frame" in reason_of(encapsulated_file(replace(PLAIN, changes=frames), RLE, [rle(WORDS, PLAIN)]))


@pytest.mark.parametrize("encode", [lambda i: i.content, big_endian_file, deflated_file, rle_file])
def test_bottomless_nesting_is_left(encode):  # noqa: ANN001  one of four writers
    nested = number(0x0008_0001, 1)
    for _ in range(3000):
        nested = sequence(0x0040_0275, [nested])
    open_ended = element(0x0040_0275, "SQ", b"", length=UNDEFINED) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    for late in (nested, open_ended * 3000):
        result = transcode(encode(replace(PLAIN, late=late)), JPEGLS)
        if isinstance(result, Rewritten):  # a defined length is passed without entering it
            assert late is nested
            assert encode is rle_file or result.restorable is not None


def test_file_that_forgot_its_preamble():
    result = check_exact(replace(PLAIN, preamble=b"DICM").content)
    assert result.data.startswith(b"DICM\2\0\0\0UL")
