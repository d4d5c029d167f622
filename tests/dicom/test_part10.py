"""Walking a file by its bytes."""

import pickle
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataelem import RawDataElement

from repack.dicom import part10
from repack.dicom.part10 import BIG_ENDIAN, EXPLICIT, IMPLICIT, UNDEFINED, CutShort, Encoding, Unparseable
from tests.raw_dicom import (
    EXPLICIT_LE,
    ITEM_END,
    SEQUENCE_END,
    RawImage,
    element,
    file_meta,
    item,
    number,
    sequence,
    text,
)
from tests.strategies import implicit_elements, native_images

PREAMBLE = bytes(128) + b"DICM"


def walk(data: bytes, encoding: Encoding = EXPLICIT) -> list[tuple[int, bytes]]:
    """Tags and value bytes of one level."""
    return [(e.tag, data[e.value : behind]) for e, behind in part10.walk(data, 0, len(data), encoding)]


# --- element headers ---


@pytest.mark.parametrize("vr", "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
def test_short_header(vr: str):
    found = part10.read_header(element(0x0010_0020, vr, b"value."), 0)
    assert found == (0x0010_0020, vr.encode(), 0, 8, 6)
    assert found.end == 14


@pytest.mark.parametrize("vr", "OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
def test_long_header(vr: str):
    assert part10.read_header(element(0x0010_0020, vr, b"value."), 0) == (0x0010_0020, vr.encode(), 0, 12, 6)


def test_implicit_and_big_endian_headers():
    assert part10.read_header(element(0x7FE0_0010, "OW", b"1234", explicit=False), 0, IMPLICIT) == (
        (0x7FE0_0010, b"", 0, 8, 4)
    )
    assert part10.read_header(b"\x7f\xe0\x00\x10OW\0\0\0\0\1\2", 0, BIG_ENDIAN) == (0x7FE0_0010, b"OW", 0, 12, 258)
    assert part10.read_header(b"\0\x10\0\x20LO\1\2", 0, BIG_ENDIAN) == (0x0010_0020, b"LO", 0, 8, 258)


def test_items_have_no_vr_in_any_encoding():
    assert part10.read_header(b"\xfe\xff\x00\xe0\x04\0\0\0", 0) == (part10.ITEM, b"", 0, 8, 4)
    assert part10.read_header(b"\xff\xfe\xe0\x0d\0\0\0\0", 0, BIG_ENDIAN).tag == part10.ITEM_END


@pytest.mark.parametrize("vr", [b"\0\0", b"us", b"XX", b"O\0", b"  "])
def test_unknown_vr_is_no_element(vr: bytes):
    with pytest.raises(Unparseable, match="at byte 0"):
        part10.read_header(b"\x10\0\x20\0" + vr + b"\4\0abcd", 0)


def test_header_cut_short_says_how_much_is_missing():
    whole = element(0x7FE0_0010, "OW", b"1234")
    for length, needed in ((0, 8), (7, 8), (8, 12), (11, 12)):
        with pytest.raises(CutShort) as caught:
            part10.read_header(whole[:length], 0)
        assert caught.value.needed == needed
        assert str(caught.value) == "it ends too early"


def test_errors_travel_between_processes():
    error = pickle.loads(pickle.dumps(CutShort(17)))  # noqa: S301  our own bytes
    assert (error.needed, str(error)) == (17, "it ends too early")


# --- walking ---


def test_walk_gives_elements_in_order():
    data = number(0x0028_0010, 5) + text(0x0028_0004, "CS", "RGB") + sequence(0x0040_0275, [number(0x0028_0010, 1)])
    assert [tag for tag, _ in walk(data)] == [0x0028_0010, 0x0028_0004, 0x0040_0275]


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("defined", [True, False])
def test_walk_passes_nested_sequences(*, explicit: bool, defined: bool):
    inner = sequence(0x0040_0275, [number(0x0028_0010, 1, explicit=explicit)], explicit=explicit, defined=defined)
    outer = sequence(0x0008_1140, [inner, inner, b""], explicit=explicit, defined=defined)
    data = outer + number(0x0028_0010, 5, explicit=explicit)
    found = walk(data, EXPLICIT if explicit else IMPLICIT)
    assert [tag for tag, _ in found] == [0x0008_1140, 0x0028_0010]
    assert found[0][1] == outer[12 if explicit else 8 :]


def test_walk_finds_delimiter_bytes_inside_a_value_harmless():
    inner = element(0x0009_1001, "OB", ITEM_END + SEQUENCE_END)
    data = sequence(0x0008_1140, [inner], defined=False) + number(0x0028_0010, 5)
    assert [tag for tag, _ in walk(data)] == [0x0008_1140, 0x0028_0010]


def test_unknown_value_of_undefined_length_holds_implicit_items():
    inner = element(0x0008_0060, "CS", b"CT", explicit=False)
    content = item(inner, defined=False) + item(inner) + SEQUENCE_END
    data = element(0x0029_1010, "UN", content, length=UNDEFINED) + number(0x0028_0010, 5)
    assert walk(data)[0] == (0x0029_1010, content)
    assert len(walk(data)) == 2


def test_walk_stops_after_an_item_delimiter():
    data = number(0x0028_0010, 5) + ITEM_END + number(0x0028_0011, 5)
    assert [tag for tag, _ in walk(data)] == [0x0028_0010, part10.ITEM_END]


def test_walk_does_not_enter_encapsulated_pixel_data():
    data = element(0x7FE0_0010, "OB", item(b"") + item(b"xx") + SEQUENCE_END, length=UNDEFINED)
    first, behind = next(part10.walk(data, 0, len(data), EXPLICIT))
    assert (first.length, behind) == (UNDEFINED, 12)


def test_nested_pixel_data_is_passed_by_its_items():
    nested = element(0x7FE0_0010, "OB", item(b"") + item(SEQUENCE_END) + SEQUENCE_END, length=UNDEFINED)
    data = sequence(0x0088_0200, [nested], defined=False) + number(0x0088_9999, 1)
    assert [tag for tag, _ in walk(data)] == [0x0088_0200, 0x0088_9999]


def test_value_beyond_the_end_is_cut_short():
    data = element(0x0010_0020, "LO", b"abcd", length=100)
    with pytest.raises(CutShort) as caught:
        walk(data)
    assert caught.value.needed == 108


@pytest.mark.parametrize("cut", range(8, 44, 3))
def test_sequence_without_end_is_cut_short(cut: int):
    data = sequence(0x0008_1140, [number(0x0028_0010, 1)], defined=False)
    assert len(data) == 46 - 8 + 8
    with pytest.raises(CutShort):
        walk(data[:cut])


def test_something_else_between_items_is_unparseable():
    data = element(0x0008_1140, "SQ", number(0x0028_0010, 1) + SEQUENCE_END, length=UNDEFINED)
    with pytest.raises(Unparseable, match="no sequence item"):
        walk(data)


def test_bottomless_nesting_is_refused():
    data = b""
    for _ in range(60):
        data = sequence(0x0008_1140, [data], defined=False)
    with pytest.raises(Unparseable, match="too deeply"):
        walk(data)
    half = b""
    for _ in range(40):
        half = sequence(0x0008_1140, [half], defined=False)
    assert len(walk(half)) == 1


@settings(max_examples=100)
@given(native_images())
def test_walk_agrees_with_pydicom_about_tags_and_places(image: RawImage):
    content = (image.preamble or bytes(128) + b"DICM") + image.content[len(image.preamble) :]
    meta = part10.read_meta(content)
    assert meta is not None
    theirs = dcmread(BytesIO(content))
    end = len(content) - (len(image.behind) if not any(image.behind) else 0)
    encoding = EXPLICIT if image.explicit else IMPLICIT
    ours = [e for e, _ in part10.walk(content, meta.data_set, end, encoding)]
    assert [e.tag for e in ours] == [int(tag) for tag in theirs.keys()]  # noqa: SIM118  values would be converted
    for found in ours:
        raw = theirs.get_item(found.tag)
        if isinstance(raw, RawDataElement):
            assert (raw.value_tell, raw.length) == (found.value, found.length)


@settings(max_examples=80)
@given(st.binary(max_size=200), st.sampled_from([EXPLICIT, IMPLICIT, BIG_ENDIAN]))
def test_noise_is_unparseable_or_a_walk_within_bounds(data: bytes, encoding: Encoding):
    try:
        spans = [(e.start, behind) for e, behind in part10.walk(data, 0, len(data), encoding)]
    except Unparseable:
        return
    assert all(0 <= start < behind <= len(data) for start, behind in spans)


@settings(max_examples=60)
@given(implicit_elements(), st.data())
def test_every_cut_is_noticed(data: bytes, draws: st.DataObject):
    spans = [(e.start, behind) for e, behind in part10.walk(data, 0, len(data), IMPLICIT)]
    if not spans:
        return
    assert (spans[0][0], spans[-1][1]) == (0, len(data))
    cut = draws.draw(st.integers(1, len(data) - 1))
    if cut in {behind for _, behind in spans}:
        return
    with pytest.raises(CutShort):
        walk(data[:cut], IMPLICIT)


# --- file meta ---


def test_meta_is_found_with_and_without_preamble():
    meta = file_meta(EXPLICIT_LE)
    for preamble in (PREAMBLE, b""):
        found = part10.read_meta(preamble + meta + number(0x0028_0010, 1))
        assert found is not None
        assert found.data_set == len(preamble) + len(meta)
        assert found.transfer_syntax == EXPLICIT_LE
        assert found.elements[part10.META_GROUP_LENGTH].start == len(preamble)


def test_meta_does_not_trust_its_group_length():
    meta = bytearray(file_meta(EXPLICIT_LE))
    meta[8:12] = b"\1\0\0\0"
    found = part10.read_meta(PREAMBLE + bytes(meta))
    assert found is not None
    assert found.data_set == 132 + len(meta)


def test_meta_without_transfer_syntax_says_none():
    found = part10.read_meta(PREAMBLE + file_meta(None))
    assert found is not None
    assert found.transfer_syntax is None


def test_other_files_have_no_meta():
    assert part10.read_meta(b"") is None
    assert part10.read_meta(b"MZ" + bytes(300)) is None
    assert part10.read_meta(number(0x0008_0005, 1)) is None
    assert part10.read_meta(bytes(128) + b"DICX" + file_meta(EXPLICIT_LE)) is None


def test_meta_cut_short_or_of_undefined_length():
    whole = PREAMBLE + file_meta(EXPLICIT_LE)
    with pytest.raises(CutShort) as caught:
        part10.read_meta(whole[:-1])
    assert caught.value.needed == len(whole)
    with pytest.raises(Unparseable, match="undefined length"):
        part10.read_meta(PREAMBLE + element(0x0002_0001, "OB", b"", length=UNDEFINED))


def test_transfer_syntax_may_be_padded_with_spaces():
    meta = file_meta(EXPLICIT_LE).replace(EXPLICIT_LE.encode() + b"\0", EXPLICIT_LE.encode() + b" ")
    found = part10.read_meta(PREAMBLE + meta)
    assert found is not None
    assert found.transfer_syntax == EXPLICIT_LE


# --- fragments ---


def test_fragments_are_walked_by_their_lengths():
    streams = [b"", b"\xff\xd8" + SEQUENCE_END, item(b"xx"), b"1234"]
    data = b"before" + b"".join(map(item, streams)) + SEQUENCE_END + b"behind"
    spans, behind = part10.read_fragments(data, 6)
    assert [data[start:end] for start, end in spans] == streams
    assert data[behind:] == b"behind"


def test_fragments_that_are_none():
    for data in (number(0x0028_0010, 1), item(b"", defined=False), ITEM_END):
        with pytest.raises(Unparseable, match="no fragment"):
            part10.read_fragments(data, 0)
    for data in (item(b"1234"), item(b"1234")[:-1], b""):
        with pytest.raises(CutShort):
            part10.read_fragments(data, 0)
