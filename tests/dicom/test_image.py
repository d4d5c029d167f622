"""Where the frames lie, and why some are left alone. Traps are tested through transcode; here are the questions."""

from dataclasses import replace

import pytest

from repack.codecs import BY_NAME
from repack.dicom import source
from repack.dicom.image import Image, NotDone
from repack.dicom.order import Order
from repack.dicom.samples import choose_precision
from repack.dicom.source import Source
from tests.raw_dicom import EXPLICIT_LE, JPEG_LS, RawImage, element, file_meta, number, sequence, text

PREAMBLE = bytes(128) + b"DICM"
PLAIN = RawImage(bytes(range(240)), 10, 12)


ORDER = Order((BY_NAME["jpegls"],))


def source_of(recipe: RawImage) -> Source:
    found = source.read(recipe.content, ORDER)
    assert isinstance(found, Source), found
    return found


def image_of(recipe: RawImage) -> Image:
    return source_of(recipe).image


def frames_end(recipe: RawImage) -> int:
    ((_data, _start, end),) = source_of(recipe).words.spans
    return end


def reason_of(content: bytes) -> str:
    found = source.read(content, ORDER)
    assert isinstance(found, NotDone), found
    return found.reason


def changed(tag: int, span: bytes) -> bytes:
    return replace(PLAIN, changes={tag: span}).content


@pytest.mark.parametrize("explicit", [True, False])
def test_frames_lie_where_the_words_are(*, explicit: bool):
    recipe = replace(PLAIN, words=bytes(range(240)) * 3, frames=3, padding=b"pad", explicit=explicit, behind=bytes(5))
    found = image_of(recipe)
    assert recipe.content[found.pixel_data.value : frames_end(recipe)] == recipe.words
    assert recipe.content[frames_end(recipe) : found.pixel_data.end] == b"pad"
    assert (found.frames, found.layout.size, found.is_planar, found.is_signed) == (3, 240, False, False)


def test_missing_high_bit_is_bits_stored_less_one():
    assert image_of(replace(PLAIN, changes={0x0028_0102: b""})).high_bit == 11


@pytest.mark.parametrize(("allocated", "width"), [(8, 1), (16, 2)])
def test_layout(allocated: int, width: int):
    layout = image_of(RawImage(bytes(720 * width), 10, 24, allocated=allocated, stored=8, samples=3, planar=1)).layout
    assert (layout.rows, layout.columns, layout.samples, layout.width) == (10, 24, 3, width)


@pytest.mark.parametrize(
    "tag", [0x0028_0002, 0x0028_0010, 0x0028_0011, 0x0028_0100, 0x0028_0101, 0x0028_0103]
)  # fmt: skip
def test_missing_attribute_is_left(tag: int):
    assert "does not say the shape" in reason_of(changed(tag, b""))
    assert "does not say the shape" in reason_of(changed(tag, element(tag, "US", b"")))


@pytest.mark.parametrize(
    ("tag", "span", "words"),
    [
        (0x0028_0008, text(0x0028_0008, "IS", "0"), "does not say the shape"),
        (0x0028_0010, number(0x0028_0010, 0), "no pixels"),
        (0x0028_0011, number(0x0028_0011, 0), "no pixels"),
        (0x0028_0101, number(0x0028_0101, 0), "contradicts itself"),
        (0x0028_0101, number(0x0028_0101, 17), "contradicts itself"),
        (0x0028_0103, number(0x0028_0103, 2), "sign, order of colours"),
        (0x0028_0100, number(0x0028_0100, 24), "24 bits each"),
        (0x0028_0010, number(0x0028_0010, 11), "cut short"),
        (0x0028_0010, number(0x0028_0010, 5), "more than the frames"),
        (0x0028_0010, number(0x0028_0010, 65535), "cut short"),
    ],
)
def test_impossible_attribute_is_left(tag: int, span: bytes, words: str):
    assert words in reason_of(changed(tag, span))


@pytest.mark.parametrize(
    ("samples", "photometric", "shown"),
    [
        (3, "YBR_ICT", "3 x YBR_ICT"),
        (3, "MONOCHROME2", "3 x MONOCHROME2"),
        (4, "ARGB", "4 x ARGB"),
        (2, "MONOCHROME2", "2 x MONOCHROME2"),
        (1, "RGB", "1 x RGB"),
        (1, "\x1b[31mRED", "1 x unnamed"),
        (1, "A" * 40, f"1 x {'A' * 16}"),
        (0, "RGB", "0 x RGB"),
    ],
)
def test_other_colours_are_left_and_named_safely(samples: int, photometric: str, shown: str):
    recipe = RawImage(bytes(600), 10, 12, allocated=8, stored=8, samples=samples, photometric=photometric, planar=0)
    assert reason_of(recipe.content) == f"its colours are stored in a way that is left alone ({shown})"


@pytest.mark.parametrize("planar", [None, 2, 0xFFFF])
def test_colour_without_order_is_left(planar: int | None):
    recipe = RawImage(bytes(360), 10, 12, allocated=8, stored=8, samples=3, planar=planar)
    assert "order of colours" in reason_of(recipe.content)


def test_planar_configuration_of_a_grey_image_does_not_matter():
    assert not image_of(replace(PLAIN, planar=1)).is_planar


def test_one_spare_byte_is_padding_even_of_a_one_byte_image():
    recipe = RawImage(b"\7", 1, 1, allocated=8, stored=8, padding=b"\0")
    assert frames_end(recipe) == image_of(recipe).pixel_data.end - 1
    assert "more than the frames" in reason_of(replace(recipe, padding=b"\0\0").content)


def test_no_dicom_no_meta_no_image():
    assert "neither the DICM mark" in reason_of(b"just text")
    assert reason_of(b"") != ""
    bare = PLAIN.content[132 + len(PLAIN.meta) :]
    bare = text(0x0008_0005, "CS", "ISO_IR 100") + bare
    assert reason_of(bare) == "it has no file meta information, so it does not say how its image is stored"
    assert reason_of(PREAMBLE + PLAIN.meta + PLAIN.data_set(None)) == "it holds no image (no Pixel Data element)"


def test_dicomdir_is_no_image():
    assert reason_of(PREAMBLE + file_meta(EXPLICIT_LE, sop_class="1.2.840.10008.1.3.10")) == (
        "it is a DICOMDIR, an index of other files"
    )


def test_cut_short():
    content = PLAIN.content
    assert reason_of(content[:-1]) == "its image is cut short: the file ends inside the Pixel Data element"
    assert reason_of(content[: 132 + len(PLAIN.meta) + 20]) == "its header cannot be read (it ends too early)"
    assert reason_of(content[:150]) == "its header cannot be read (it ends too early)"


def test_unusual_type_of_pixel_data_is_left():
    assert "unusual type" in reason_of(replace(PLAIN, pixel_vr="UN").content)


@pytest.mark.parametrize("nested", [True, False])
def test_signature_inside_an_item_is_not_ours(*, nested: bool):
    signature = sequence(0xFFFA_FFFA, [number(0x0400_0005, 1)])
    item = sequence(0x0040_0275, [signature])
    recipe = replace(PLAIN, late=item if nested else b"", behind=b"" if nested else signature)
    assert isinstance(source.read(recipe.content, ORDER), Source) == nested


def test_syntaxes_are_left_with_their_names():
    assert reason_of(replace(PLAIN, syntax=JPEG_LS).content) == "JPEG-LS Lossless: already compressed without loss"
    assert reason_of(replace(PLAIN, syntax="1.2.3.4").content).startswith("1.2.3.4: its transfer syntax")
    missing = PREAMBLE + file_meta(None) + PLAIN.data_set(None) + PLAIN.pixels
    assert reason_of(missing) == "no transfer syntax: it does not say how its image is stored"
    escape = replace(PLAIN, syntax="\x1b[31m1.2").content
    assert reason_of(escape).startswith("unreadable transfer syntax: ")


def test_precision_looks_only_at_the_frames():
    clean = replace(PLAIN, words=b"\xff\x0f" * 120, padding=b"\xff\xff\xff")
    assert choose_precision(image_of(clean).cells, source_of(clean).words) == 12
    dirty = replace(clean, words=b"\xff\x0f" * 119 + b"\xff\x1f")
    assert choose_precision(image_of(dirty).cells, source_of(dirty).words) == 16
