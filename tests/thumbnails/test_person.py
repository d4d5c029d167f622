"""What tells whose images these are: taken out of texts, and pictures that may show it withheld."""

import unicodedata
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
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


@pytest.mark.parametrize(
    ("name", "path", "shown"),
    [
        ("Li^Bo", "Li/Viewer.exe", ".../Viewer.exe"),
        ("Li^Bo", "Viewer/LI", "Viewer/..."),
        ("Li^Bo", "li", "..."),
        ("Li^Bo", "bo.html", "....html"),
        ("Li^Bo", "x/Li_Bo/bo.html", "x/..._.../....html"),
        ("de la Cruz^Li", "locale/de/la/Li/cruz.txt", "locale/de/la/.../....txt"),
        ("De^La", "De/La/x", ".../.../x"),
        ("Le Van^Du", "Le/Du/x", ".../.../x"),
        ("Li^Bo", "x/Bo Li/a.dll", "x/... .../a.dll"),
        ("Li^Xiaoming", "Xiaoming, Li/a.dll", "..., .../a.dll"),
        ("Li^Bo", "Li/a.dll: Viewer.exe imports it, e.g. bo/b.dll", ".../a.dll: Viewer.exe imports it, e.g. .../b.dll"),
        ("Ås^A", "A\u030as/a/x", ".../.../x"),
        ("李^明", "李/明.exe", ".../....exe"),
    ],
)
def test_a_name_of_a_letter_or_two_is_hidden_where_it_is_all_of_a_name(name: str, path: str, shown: str):
    assert person.hide(path, person.words_of([name])) == shown


@pytest.mark.parametrize(
    "text",
    [
        "lib/libli.so",
        "Li-Viewer/x",
        "Viewer_de/x",
        "Viewer/li2/x",
        "a file of a viewer",
        "A. viewer",
        "qt_de.qm",
        "x/qt_de.qm",
    ],
)
def test_a_name_of_a_letter_or_two_is_not_hidden_within_other_names(text: str):
    assert person.hide(text, person.words_of(["Li^A^De"])) == text


def test_a_number_of_a_digit_or_two_is_no_name():
    assert person.hide("Viewer/10/7/x.dll", person.words_of(["7-10-12345"])) == "Viewer/10/7/x.dll"


WAYS = [str, str.upper, str.lower, str.title, *(partial(unicodedata.normalize, f) for f in ("NFC", "NFD", "NFKC"))]
_letters = st.characters(categories=["Lu", "Ll", "Lo", "Nd"])


@given(st.text(_letters, min_size=3, max_size=20), st.sampled_from(WAYS), st.sampled_from(["", "x", " ", "_", "表"]))
def test_any_name_is_gone_however_it_is_written(name: str, write: Callable[[str], str], beside: str):
    hidden = person.words_of([name])
    assert hidden
    assert person.hide(f"a {write(name)} b", hidden) == "a ... b"
    if len(name) > 3:
        assert person.hide(f"{beside}{write(name)}{beside}", hidden) in {f"{beside}...{beside}", "..."}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Groß^Uwe", "GROSS/Uwe.exe"),
        ("Müller^Zoë", "Mu\u0308ller_zoe.exe"),
        ("I\u015f\u0131k^Ali", "ISIK.exe"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎.exe"),
        ("Kim^Minsu=김^민수", "\u1100\u1175\u11b7민수.exe"),
    ],
)
def test_a_disc_may_write_a_name_otherwise_than_the_header(name: str, path: str):
    assert set(person.hide(path, person.words_of([name])).removesuffix(".exe")) <= set("._/")


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
