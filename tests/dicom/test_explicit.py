"""Implicit VR to Explicit VR, bytes to bytes: tags and values stay, and `agrees` would notice if they did not."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filereader import read_dataset

from repack.dicom import explicit, part10
from repack.dicom.part10 import UNDEFINED, Unparseable
from tests.data_sets import check_same
from tests.raw_dicom import SEQUENCE_END, element, item, number, sequence, with_length
from tests.strategies import implicit_elements


def convert(data: bytes, *, is_signed: bool = False) -> bytes:
    return explicit.convert(data, 0, len(data), is_signed=is_signed)


def agree(old: bytes, new: bytes) -> bool:
    return explicit.agrees(old, (0, len(old)), new, (0, len(new)))


def by_pydicom(data: bytes, *, implicit: bool) -> Dataset:
    return read_dataset(BytesIO(data), is_implicit_VR=implicit, is_little_endian=True)


def only(data: bytes) -> tuple[str, bytes]:
    """VR and value bytes of the last element of an explicit data set."""
    *_, (last, behind) = part10.walk(data, 0, len(data), part10.EXPLICIT)
    return last.vr.decode(), data[last.value : behind]


def vr_of(tag: int, value: bytes, *before: bytes, is_signed: bool = False) -> str:
    old = b"".join(before) + element(tag, "UN", value, explicit=False)
    new = convert(old, is_signed=is_signed)
    vr, found = only(new)
    assert vr == "SQ" or found == value
    assert agree(old, new)
    return vr


# --- properties ---


@pytest.mark.lengthy
@pytest.mark.filterwarnings("ignore:Unknown encoding 'NONSENSE'")  # pydicom's, about our odd character set
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(implicit_elements(), st.booleans())
def test_another_reader_finds_the_same_tags_and_values(old: bytes, is_signed: bool):  # noqa: FBT001  drawn
    new = convert(old, is_signed=is_signed)
    check_same(by_pydicom(old, implicit=True), by_pydicom(new, implicit=False))
    assert agree(old, new)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(implicit_elements(), st.data())
def test_agrees_notices_a_changed_value(old: bytes, draws: st.DataObject):
    new = bytearray(convert(old))
    places = [
        (e.value, behind)
        for e, behind in part10.walk(bytes(new), 0, len(new), part10.EXPLICIT)
        if e.tag & 0xFFFF and e.vr != b"SQ" and behind > e.value
    ]
    if not places:
        return
    start, behind = draws.draw(st.sampled_from(places))
    new[draws.draw(st.integers(start, behind - 1))] ^= draws.draw(st.integers(1, 255))
    with suppress(Unparseable):
        assert not agree(old, bytes(new))


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(implicit_elements(), st.data())
def test_agrees_notices_a_missing_a_double_and_a_moved_element(old: bytes, draws: st.DataObject):
    new = convert(old)
    spans = [
        new[e.start : behind]
        for e, behind in part10.walk(new, 0, len(new), part10.EXPLICIT)
        if e.tag & 0xFFFF
    ]  # fmt: skip
    if not spans:
        return
    place = draws.draw(st.integers(0, len(spans) - 1))
    assert not agree(old, b"".join(spans[:place] + spans[place + 1 :]))
    assert not agree(old, b"".join([*spans, spans[place]]))
    if place:
        swapped = [*spans[: place - 1], spans[place], spans[place - 1], *spans[place + 1 :]]
        assert not agree(old, b"".join(swapped))


@pytest.mark.lengthy
@settings(max_examples=150)
@given(implicit_elements(), st.data())
def test_damaged_data_sets_raise_nothing_else(old: bytes, draws: st.DataObject):
    if not old:
        return
    damaged = bytearray(old)
    damaged[draws.draw(st.integers(0, len(old) - 1))] ^= draws.draw(st.integers(1, 255))
    with suppress(Unparseable, explicit.NotConvertible):
        agree(bytes(damaged), convert(bytes(damaged)))


@pytest.mark.parametrize(
    ("tag", "right", "wrong"),
    [
        (0x0010_0010, "PN", "LO"),
        (0x0028_0010, "US", "SS"),
        (0x0028_0106, "US", "DS"),
        (0x0028_9999, "UN", "OB"),  # in no dictionary
    ],
)
def test_agrees_notices_a_vr_that_no_dictionary_allows(tag: int, right: str, wrong: str):
    old = element(tag, right, b"12", explicit=False)
    assert agree(old, element(tag, right, b"12"))
    assert agree(old, element(tag, "UN", b"12"))
    assert not agree(old, element(tag, wrong, b"12"))


# --- what agrees sees inside sequences ---

_INNER = number(0x0028_0010, 1, explicit=False) + number(0x0028_0011, 2, explicit=False)


@pytest.mark.parametrize("defined", [True, False])
def test_agrees_looks_into_items(*, defined: bool):
    old = sequence(0x0008_1140, [_INNER, b"", _INNER], explicit=False, defined=defined)
    new = convert(old)
    assert agree(old, new)
    one = number(0x0028_0010, 1)
    assert new.count(one) == 2
    assert not agree(old, new.replace(one, number(0x0028_0010, 3)))
    assert not agree(old, new.replace(one, number(0x0028_0012, 1)))
    two = convert(sequence(0x0008_1140, [_INNER, b""], explicit=False, defined=defined))
    assert not agree(old, two)
    assert not agree(old, convert(sequence(0x0008_1140, [_INNER, _INNER, b""], explicit=False, defined=defined)))
    assert not agree(old, convert(sequence(0x0008_1140, [], explicit=False, defined=defined)))


def test_agrees_leaves_group_lengths_out():
    old = with_length(0x28, _INNER, explicit=False)
    assert agree(old, number(0x0028_0010, 1) + number(0x0028_0011, 2))


# --- which VR ---


@pytest.mark.parametrize(
    ("tag", "value", "vr"),
    [
        (0x0010_0010, b"\xff\xfe odd characters", "PN"),
        (0x0018_0050, b"not a number", "DS"),
        (0x0020_000D, b"1.2", "UI"),
        (0x0028_0010, b"\1\0", "US"),
        (0x0028_1201, b"\1\0" * 9, "OW"),
        (0x6000_3000, bytes(7), "OW"),
        (0x6002_3000, bytes(8), "OW"),
        (0x5400_1010, bytes(8), "OW"),
        (0x0028_9999, b"in no dictionary", "UN"),
        (0x0008_1140, b"", "SQ"),
        (0x0040_A160, b"text" * 20_000, "UT"),
    ],
)
def test_standard_elements_get_their_vr(tag: int, value: bytes, vr: str):
    assert vr_of(tag, value) == vr


@pytest.mark.parametrize("tag", [0x0028_0106, 0x0028_0120, 0x0028_1101, 0x0028_3002])
def test_sign_decides_between_us_and_ss(tag: int):
    assert vr_of(tag, b"\xff\xff") == "US"
    assert vr_of(tag, b"\xff\xff", is_signed=True) == "SS"


def test_nearest_pixel_representation_decides():
    smallest = element(0x0028_0106, "US", b"\xff\xff", explicit=False)
    signed = number(0x0028_0103, 1, explicit=False)
    unsigned = number(0x0028_0103, 0, explicit=False)
    old = sequence(0x0008_1140, [smallest + signed, smallest], explicit=False)
    new = convert(unsigned + old)
    assert new.count(b"\x28\0\x06\1SS") == 1
    assert new.index(b"\x28\0\x06\1SS") < new.index(b"\x28\0\x06\1US")
    new = convert(signed + sequence(0x0008_1140, [smallest], explicit=False))
    assert b"\x28\0\x06\1SS" in new


@pytest.mark.parametrize(("first", "vr"), [(b"\1\0", "US"), (b"\0\1", "OW"), (b"", "OW")])
def test_descriptor_decides_the_type_of_lut_data(first: bytes, vr: str):
    descriptor = element(0x0028_3002, "US", first + b"\0\0\x10\0", explicit=False)
    assert vr_of(0x0028_3006, bytes(6), descriptor) == vr
    assert vr_of(0x0028_3006, bytes(6)) == "OW"


_SIEMENS = element(0x0019_0010, "LO", b"SIEMENS CT VA0  COAD", explicit=False)


@pytest.mark.parametrize(
    ("creator", "tag", "value", "vr"),
    [
        (_SIEMENS, 0x0019_1065, b"\1\0\0\0", "UL"),
        (_SIEMENS, 0x0019_1065, b"odd", "UN"),  # no whole number of UL
        (_SIEMENS, 0x0019_1092, b"0.5 ", "DS"),
        (_SIEMENS, 0x0019_1092, b"\1\2\3\4", "UN"),  # no text
        (_SIEMENS, 0x0019_1092, b"7" * 0x1_0000, "UN"),  # too long for DS
        (_SIEMENS, 0x0019_10FE, b"\1\0", "UN"),  # not in the dictionary
        (_SIEMENS, 0x0019_1165, bytes(4), "UN"),  # another block
        (b"", 0x0019_1065, bytes(4), "UN"),  # no creator
        (b"", 0x0019_0010, b"\xff\xfe", "LO"),  # a creator itself
        (b"", 0x0019_00FF, b"ANY", "LO"),
        (b"", 0x0019_0001, b"\1\0", "UN"),  # neither creator nor in a block
    ],
)
def test_private_elements(creator: bytes, tag: int, value: bytes, vr: str):
    assert vr_of(tag, value, creator) == vr


def test_private_sequence_only_where_items_follow():
    creator = element(0x2005_0010, "LO", b"Philips MR Imaging DD 001 ", explicit=False)
    assert vr_of(0x2005_1080, item(number(0x0028_0010, 1, explicit=False)), creator) == "SQ"
    assert vr_of(0x2005_1080, b"", creator) == "SQ"
    assert vr_of(0x2005_1080, b"no items", creator) == "UN"


@pytest.mark.parametrize("defined", [True, False])
def test_unknown_sequence_stays_implicit_inside(*, defined: bool):
    inner = number(0x0028_0010, 1, explicit=False)
    old = sequence(0x0029_1010, [inner], explicit=False, defined=defined) + number(0x0040_0001, 1, explicit=False)
    new = convert(old)
    assert element(0x0029_1010, "UN", old[8 : old.index(b"\x40\0\1\0")], length=None if defined else UNDEFINED) in new
    assert agree(old, new)
    check_same(by_pydicom(old, implicit=True), by_pydicom(new, implicit=False))


# --- lengths ---


@pytest.mark.parametrize("defined", [True, False])
def test_defined_and_undefined_lengths_stay_what_they_are(*, defined: bool):
    inner = sequence(0x0040_0275, [_INNER], explicit=False, defined=defined)
    new = convert(sequence(0x0008_1140, [inner, b""], explicit=False, defined=defined))
    expected = sequence(0x0040_0275, [number(0x0028_0010, 1) + number(0x0028_0011, 2)], defined=defined)
    assert new == sequence(0x0008_1140, [expected, b""], defined=defined)


def test_mixed_lengths_stay_mixed():
    content = item(_INNER, defined=False) + item(_INNER)
    new = convert(element(0x0008_1140, "SQ", content, explicit=False))
    explicit_inner = number(0x0028_0010, 1) + number(0x0028_0011, 2)
    assert new == element(0x0008_1140, "SQ", item(explicit_inner, defined=False) + item(explicit_inner))


def test_group_lengths_are_counted_anew_on_every_level():
    wanted = with_length(0x28, number(0x0028_0010, 1) + number(0x0028_0011, 2))
    old = with_length(0x28, _INNER, explicit=False)
    assert convert(old) == wanted
    assert convert(sequence(0x0008_1140, [old], explicit=False)) == sequence(0x0008_1140, [wanted])
    comment = element(0x0028_4000, "LT", b"longer header, UN", explicit=False)
    new = convert(with_length(0x28, _INNER + comment, explicit=False))
    assert int.from_bytes(new[8:12], "little") == len(new) - 12


def test_longest_value_of_a_short_header():
    fits = element(0x0020_4000, "LT", b"x" * 0xFFFF, explicit=False)
    assert len(convert(fits)) == len(fits)
    with pytest.raises(explicit.NotConvertible, match="over 64 KB"):
        convert(element(0x0020_4000, "LT", b"x" * 0x1_0000, explicit=False))


def test_text_of_unlimited_length_may_be_long():
    long_value = element(0x0040_A160, "UT", b"x" * 0x1_0000, explicit=False)
    assert agree(long_value, convert(long_value))


@pytest.mark.parametrize(
    "old",
    [
        element(0x0008_1140, "SQ", b"no items", explicit=False),
        element(0x0008_1140, "SQ", item(_INNER)[:-2], explicit=False),
        element(0x0008_1140, "SQ", item(_INNER, defined=False)[:-8], explicit=False),
        element(0x0010_0010, "PN", b"abc", explicit=False, length=100),
        b"\x10\0\x10\0",
    ],
    ids=["no items", "item too long", "item without end", "value too long", "half a header"],
)
def test_broken_data_sets_are_refused(old: bytes):
    with pytest.raises(Unparseable):
        convert(old)


def test_bottomless_nesting_is_refused():
    data = b""
    for _ in range(60):
        data = sequence(0x0008_1140, [data], explicit=False)
    with pytest.raises(Unparseable, match="too deeply"):
        convert(data)


def test_stray_delimiters_are_refused():
    """They would vanish, all that follows with them, or turn into something else on the way."""
    for stray in (b"\xfe\xff\x0d\xe0\0\0\0\0", SEQUENCE_END, b"\xfe\xff\x10\0\2\0\0\0ab"):
        old = number(0x0028_0010, 1, explicit=False) + stray + number(0x0028_0011, 2, explicit=False)
        with pytest.raises(Unparseable):
            convert(old)
