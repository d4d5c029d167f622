"""What a header says, read without decoding it all."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack.dicom import header, part10
from repack.dicom.part10 import BIG_ENDIAN, EXPLICIT, IMPLICIT, CutShort, Unparseable
from repack.dicom.syntaxes import BIG_ENDIAN_EXPLICIT, DEFLATED_EXPLICIT
from tests.raw_dicom import EXPLICIT_LE, IMPLICIT_LE, RawImage, element, file_meta, number, sequence, text

PREAMBLE = bytes(128) + b"DICM"
IMAGE = RawImage(bytes(32), 4, 4, frames=1, extra=text(0x0008_0060, "CS", "CT"))


def data_set(*elements: bytes, syntax: str = EXPLICIT_LE) -> header.Header:
    return header.read(PREAMBLE + file_meta(syntax) + b"".join(elements))


def test_reads_up_to_pixel_data():
    top = header.read(IMAGE.content)
    assert top.pixel_data is not None
    assert IMAGE.content[top.pixel_data.value : top.pixel_data.end] == bytes(32)
    assert top.ascii(header.MODALITY) == "CT"
    assert (top.number(0x0028_0010), top.frames, top.problem, top.needed) == (4, 1, "", 0)
    assert part10.PIXEL_DATA not in top.elements


@pytest.mark.parametrize(
    ("syntax", "encoding"),
    [(EXPLICIT_LE, EXPLICIT), (IMPLICIT_LE, IMPLICIT), (BIG_ENDIAN_EXPLICIT, BIG_ENDIAN), ("1.2.3", EXPLICIT)],
)
def test_encoding_follows_the_transfer_syntax(syntax: str, encoding: part10.Encoding):
    assert header.read(PREAMBLE + file_meta(syntax)).encoding == encoding


def test_big_endian_numbers():
    assert data_set(b"\0\x28\0\x10US\0\2\1\2", syntax=BIG_ENDIAN_EXPLICIT).number(0x0028_0010) == 258


def test_deflated_data_set_is_inflated():
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(IMAGE.data_set(None) + IMAGE.pixels) + deflater.flush()
    top = header.read(PREAMBLE + file_meta(DEFLATED_EXPLICIT) + packed)
    assert top.number(0x0028_0010) == 4
    assert top.pixel_data is not None
    with pytest.raises(Unparseable):
        header.read(PREAMBLE + file_meta(DEFLATED_EXPLICIT) + b"\xff" * 50)


def test_missing_and_odd_values():
    top = data_set(
        number(0x0028_0010, 1), element(0x0028_0011, "US", b"\1\0\2\0"), sequence(0x0040_0275, [], defined=False)
    )
    assert top.number(0x0028_0011) is None  # two numbers
    assert top.number(0x0028_0100) is None
    assert top.value(0x0040_0275) is None
    assert top.ascii(0x0008_0060) == ""
    assert top.text(0x0008_103E) == ""
    assert top.frames == 1


@pytest.mark.parametrize(
    ("stated", "frames"),
    [
        (b"1 ", 1),
        (b"12", 12),
        (b" 7", 7),
        (b"003 ", 3),
        (b"", 1),
        (b"0 ", None),
        (b"-1", None),
        (b"1.0 ", None),
        (b"2\\3 ", None),
        (b"x ", None),
        (b"+5", None),
        (b"9" * 12, 999_999_999_999),
        (b"9" * 13, None),
    ],
)
def test_number_of_frames(stated: bytes, frames: int | None):
    assert data_set(element(0x0028_0008, "IS", stated)).frames == frames


def test_number_of_frames_with_more_digits_than_python_converts():
    assert data_set(element(0x0028_0008, "IS", b"1" * 6000)).frames is None


def test_first_of_two_equal_tags_counts():
    assert data_set(number(0x0028_0010, 1), number(0x0028_0010, 2)).number(0x0028_0010) == 1


@pytest.mark.parametrize(
    ("charset", "raw", "shown"),
    [
        (b"", b"Plain ", "Plain"),
        (b"ISO_IR 100", b"M\xfcller", "Müller"),
        (b"ISO_IR 192", "Łódź".encode(), "Łódź"),
        (b"ISO_IR 192", b"\xff\xfe", "\ufffd\ufffd"),
        (b"NONSENSE", b"M\xfcller", "Müller"),
        (b"\\ISO 2022 IR 87 ", b"\x1b$B;3\x1b(B ", "山"),
    ],
)
def test_text_in_its_character_set(charset: bytes, raw: bytes, shown: str):
    top = data_set(element(0x0008_0005, "CS", charset), element(0x0008_103E, "LO", raw))
    assert top.text(header.SERIES_DESCRIPTION) == shown


def test_a_file_that_ends_early_gives_what_was_read():
    content = IMAGE.content
    cut = content.index(b"\x28\0\x11\0US") + 9
    top = header.read(content[:cut])
    assert (top.number(0x0028_0010), top.number(0x0028_0011)) == (4, None)
    assert (top.problem, top.pixel_data) == ("it ends too early", None)
    assert top.needed == cut + 1 + 8  # the rest of the number, and the next header


def test_a_value_cut_short_is_missing():
    content = PREAMBLE + file_meta(EXPLICIT_LE) + element(0x0010_0010, "PN", b"abc", length=100)
    top = header.read(content)
    assert top.value(0x0010_0010) is None
    assert top.problem == "it ends too early"


def test_a_data_set_that_turns_into_something_else_says_where():
    good = number(0x0028_0010, 4)
    top = data_set(good, b"garbage that is no element")
    assert top.number(0x0028_0010) == 4
    assert top.problem.startswith("no data element where one should start, at byte ")
    assert top.needed == 0


def test_meta_alone():
    top = header.read(PREAMBLE + file_meta(EXPLICIT_LE))
    assert (top.elements, top.pixel_data, top.problem) == ({}, None, "")


def test_meta_cut_short_raises():
    with pytest.raises(CutShort):
        header.read((PREAMBLE + file_meta(EXPLICIT_LE))[:-3])


@pytest.mark.parametrize("explicit", [True, False])
def test_bare_data_set_is_recognised(*, explicit: bool):
    bare = b"".join(
        (
            text(0x0008_0005, "CS", "ISO_IR 100", explicit=explicit),
            text(0x0008_0016, "UI", "1.2.3", explicit=explicit),
            text(0x0008_0060, "CS", "MR", explicit=explicit),
            number(0x0028_0010, 7, explicit=explicit),
        )
    )
    top = header.read(bare)
    assert top.meta is None
    assert top.ascii(header.MODALITY) == "MR"
    assert top.number(0x0028_0010) == 7


def test_bare_big_endian_data_set_is_recognised():
    bare = b"\0\x08\0\x05CS\0\2A \0\x08\0\x16UI\0\0021\0\0\x08\0\x60CS\0\2MR"
    assert header.guess_encoding(bare) == BIG_ENDIAN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\3\4" + bytes(200),
        bytes(400),
        text(0x0008_0005, "CS", "A") + text(0x0008_0016, "UI", "1"),  # two elements only
        text(0x0008_0060, "CS", "A") + text(0x0008_0016, "UI", "1") + text(0x0008_0018, "UI", "1"),  # not ascending
        text(0x0008_0016, "UI", "1") * 3,
        number(0x0028_0010, 1) + number(0x0028_0011, 1) + number(0x0028_0100, 1),  # another group
    ],
)
def test_other_bytes_are_no_data_set(data: bytes):
    assert header.guess_encoding(data) is None
    with pytest.raises(Unparseable, match="neither the DICM mark"):
        header.read(data)


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_noise_behind_the_meta_never_raises(noise: bytes):
    top = header.read(PREAMBLE + file_meta(EXPLICIT_LE) + b"\x08\0" + noise)
    assert top.meta is not None
