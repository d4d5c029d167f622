"""Elements put in place of others: everything else keeps its bytes, group lengths follow."""

from hypothesis import given
from hypothesis import strategies as st

from repack.dicom.edit import edit, make_element
from tests.raw_dicom import element, number, sequence, text, with_length

ROWS, COLUMNS = number(0x0028_0010, 4), number(0x0028_0011, 5)


def test_element_is_padded_with_what_its_type_wants():
    assert make_element(0x0008_0018, "UI", b"1.2") == b"\x08\0\x18\0UI\4\x001.2\0"
    assert make_element(0x0028_2110, "CS", b"001") == b"\x28\0\x10\x21CS\4\x00001 "
    assert make_element(0x7FE0_0001, "OV", b"12345678") == b"\xe0\x7f\1\0OV\0\0\x08\0\0\x0012345678"


def test_replace_insert_remove():
    new = number(0x0028_0010, 9)
    assert edit(ROWS + COLUMNS, {0x0028_0010: new}) == new + COLUMNS
    assert edit(ROWS + COLUMNS, {0x0028_0010: b""}) == COLUMNS
    assert edit(ROWS + COLUMNS, {0x0028_0012: b""}) == ROWS + COLUMNS
    first, last = text(0x0008_0008, "CS", "DERIVED"), text(0x0028_2110, "CS", "01")
    assert edit(ROWS + COLUMNS, {0x0008_0008: first, 0x0028_2110: last}) == first + ROWS + COLUMNS + last
    between = number(0x0028_0010, 1) + number(0x0028_0011, 2)
    assert edit(last, {0x0028_0010: between[:10], 0x0028_0011: between[10:]}) == between + last


def test_group_lengths_of_changed_groups_follow():
    other = with_length(0x0018, text(0x0018_0015, "CS", "CHEST"))
    old = other + with_length(0x0028, ROWS + COLUMNS)
    longer = text(0x0028_2114, "CS", "ISO_14495_1")
    assert edit(old, {0x0028_2114: longer}) == other + with_length(0x0028, ROWS + COLUMNS + longer)
    assert edit(old, {0x0028_0010: b""}) == other + with_length(0x0028, COLUMNS)


def test_nested_elements_and_second_ones_stay():
    nested = sequence(0x0028_3000, [ROWS], defined=False)
    new = number(0x0028_0010, 9)
    assert edit(ROWS + ROWS + nested, {0x0028_0010: new}) == new + ROWS + nested


@given(
    st.dictionaries(st.integers(0x0028_0001, 0x0028_FFFF), st.binary(max_size=9)), st.integers(0x0028_0001, 0x0028_FFFF)
)
def test_insert_then_remove_is_the_identity(values: dict[int, bytes], tag: int):
    data_set = with_length(0x28, b"".join(element(t, "UN", v) for t, v in sorted(values.items()) if t != tag))
    inserted = edit(data_set, {tag: make_element(tag, "UN", b"more")})
    assert len(inserted) == len(data_set) + 16
    assert edit(inserted, {tag: b""}) == data_set
