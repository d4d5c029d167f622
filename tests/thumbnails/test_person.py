"""What tells whose images these are: taken out of texts, and pictures that may show it withheld."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack.dicom import header
from repack.thumbnails import person
from tests.raw_dicom import RawImage, text

SECONDARY, ULTRASOUND = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6.1"
PHOTOGRAPH = "1.2.840.10008.5.1.4.1.1.77.1.4"


def top(*elements: bytes, sop_class: str = "1.2.840.10008.5.1.4.1.1.2") -> header.Header:
    content = RawImage(b"", 1, 1).meta + text(0x0008_0016, "UI", sop_class) + b"".join(elements)
    return header.read(bytes(128) + b"DICM" + content)


PATIENT = (
    text(0x0010_0010, "PN", "Doe^Jane Mary^^Dr"),
    text(0x0010_0020, "LO", "PAT-12345"),
    text(0x0010_0030, "DA", "19700131"),
)


def test_the_patient_is_read_for_the_eye():
    found = person.read(top(text(0x0008_0020, "DA", "20240315"), text(0x0008_1030, "LO", "Head"), *PATIENT))
    assert found == person.Person("Doe Jane Mary Dr", "PAT-12345", "1970-01-31", "", "2024-03-15", "Head")


def test_names_numbers_and_days_of_birth_are_taken_out_of_texts():
    hidden = person.words_to_hide(top(*PATIENT))
    found = person.hide("DOE_Jane/viewer-pat-12345 of 19700131 (Mary, doe)", hidden)
    assert not any(word in found.casefold() for word in ("doe", "jane", "mary", "12345", "1970"))


def test_a_short_name_is_no_part_of_a_longer_word():
    hidden = person.words_to_hide(top(text(0x0010_0010, "PN", "Ing^Li")))
    assert person.hide("Processing_ing/ingot of ING", hidden) == "Processing_.../ingot of ..."


@settings(deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=40))
def test_any_name_is_gone_from_any_text(name: str, rest: str):
    hidden = frozenset({name.casefold()}) if len(name.strip()) >= 4 else frozenset()
    for word in hidden - {"...", "...."}:
        if word.isascii() and word.strip("."):
            assert word not in person.hide(rest + word + rest, hidden).casefold()


@pytest.mark.parametrize(
    ("elements", "sop_class", "expected"),
    [
        ((), "1.2.840.10008.5.1.4.1.1.2", ""),
        ((), SECONDARY, person.IN_PIXELS),
        ((), f"{SECONDARY}.2", person.IN_PIXELS),
        ((), ULTRASOUND, person.IN_PIXELS),
        ((), PHOTOGRAPH, person.A_FACE),
        ((text(0x0028_0301, "CS", "NO"),), PHOTOGRAPH, person.A_FACE),
        ((text(0x0028_0301, "CS", "NO"),), SECONDARY, ""),
        ((text(0x0028_0301, "CS", "YES"),), "1.2.840.10008.5.1.4.1.1.2", person.IN_PIXELS),
    ],
)
def test_pictures_that_may_show_the_name_are_withheld(elements: tuple[bytes, ...], sop_class: str, expected: str):
    assert person.refuse_picture(top(*elements, sop_class=sop_class)) == expected


def test_a_page_of_the_scanner_is_withheld():
    page = text(0x0008_0008, "CS", "DERIVED\\SECONDARY\\SCREEN SAVE")
    content = RawImage(b"", 1, 1).meta + page + text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
    assert person.refuse_picture(header.read(bytes(128) + b"DICM" + content)) == person.IN_PIXELS
