"""The report as plain data: a golden run and bundle; what it says of loss; what it must not say of a person."""

import difflib
import json
import re
from dataclasses import replace

import msgspec
import pytest

from repack.model import Category, Proof
from repack.report import html, telling
from repack.report.page import Check, Report
from repack.report.told import Told
from repack.thumbnails.looking import Looked
from tests.report import made


def report(about: Told | None = None, seen: Looked | None = None) -> Report:
    return telling.compose(about or made.run(), seen or made.looked())


@pytest.mark.parametrize(("name", "about"), [("run", made.run()), ("bundle", made.bundle())])
def test_the_structure_is_the_golden_one(name: str, about: Told):
    golden = json.loads(made.GOLDEN.read_text("utf-8"))[name]
    found = made.structure(report(about))
    both = [json.dumps(one, indent=1, ensure_ascii=False).splitlines() for one in (golden, found)]
    difference = "\n".join(difflib.unified_diff(*both, "golden", "found", lineterm="", n=2))
    assert not difference, f"{difference}\n(python -m tests.report.made writes it anew)"


def with_images(**changes: object) -> Told:
    """The run, its transcoded images changed."""
    lines = [
        msgspec.structs.replace(line, **changes) if line.action == "transcoded" else line for line in made.entries()
    ]
    return replace(made.run(), entries=tuple(lines))


def test_loss_is_said_first_and_plainly():
    codec = msgspec.structs.replace(made.run().codecs[0], max_error=2)
    lossy = report(replace(with_images(proof=Proof.BOUNDED), codecs=(codec,)))
    assert "3 images lost a little, as you asked: no value differs by more than 2." in lossy.lead
    assert "without any loss" not in lossy.lead
    assert "do not come back: they were compressed with a loss" in lossy.giving_back[0].remark
    assert lossy.figures[0].label == "images compressed, with a small loss"
    assert "original" not in lossy.giving_back[0].steps[0].text
    assert not any("rebuild" in step.text for step in lossy.giving_back[1].steps)


def test_samples_are_not_called_a_rebuilt_file():
    found = report(with_images(proof=Proof.SAMPLES))
    assert "rebuilt" not in found.lead
    assert "every pixel has its original value." in found.lead
    assert "not as the bytes of the original files" in found.giving_back[0].remark


def test_a_run_that_saved_nothing_says_so():
    assert report(replace(made.run(), new_size=5_800_000)).headline == "As small as it was already"


def test_what_opens_the_images_depends_on_how_they_are_stored():
    state = made.entry("x", Category.DICOM, 10, 9, now="1.2.840.10008.1.2.4.201").after
    found = report(with_images(after=state))
    assert "Weasis is not known to open htj2k" in found.opening[0].remark
    assert found.readers.rows[0][0] == "HTJ2K Lossless"


@pytest.mark.parametrize(
    ("syntax", "commands", "said"),
    [
        ("4.80", ["gdcmconv --raw A B", "dcmdjpls A B"], "GDCM makes an image A (JPEG-LS Lossless) into"),
        ("4.90", ["gdcmconv --raw A B"], "GDCM makes an image A (JPEG 2000 Lossless) into"),
        ("4.110", [], "do not decompress JPEG XL Lossless yet: use repack"),
        ("4.201", [], "do not decompress HTJ2K Lossless yet: use repack"),
        ("1", [], "not compressed anew"),
    ],
)
def test_the_ways_without_repack_are_those_that_work(syntax: str, commands: list[str], said: str):
    state = made.entry("x", Category.DICOM, 10, 9, now=f"1.2.840.10008.1.2.{syntax}").after
    found = report(with_images(after=state))
    assert [step.command for step in found.giving_back[1].steps if step.command] == commands
    assert said in found.giving_back[1].steps[0].text
    assert "any DICOM tool kit" not in str(found)


def test_what_has_lost_its_values_has_no_way_back():
    state = made.entry("x", Category.DICOM, 10, 9, now="1.2.840.10008.1.2.4.81").after
    steps = report(with_images(after=state, proof=Proof.BOUNDED)).giving_back[1].steps
    assert [step.command for step in steps] == [""]
    assert "No program gives back the original values" in steps[0].text


def test_what_hardly_any_program_opens_is_not_recommended():
    state = made.entry("x", Category.DICOM, 10, 9, now="1.2.840.10008.1.2.4.110").after
    found = report(with_images(after=state))
    assert {one.remark for one in found.opening} == {
        "Hardly any program but Weasis opens jpegxl yet; the table says which do."
    }


def test_nobody_is_named_unless_it_is_asked_for():
    warned = replace(made.run(), warnings=("Jane Doe/letter.pdf is an archive itself", "doe_jane.zip is old"))
    page = html.render(report(warned)).decode("utf-8").casefold()
    for word in ("doe", "jane", "letter.pdf", "pat-12345", "brain 1mm", "abdomen", "1970", "2024"):
        assert not re.search(rf"{re.escape(word)}(?!s)", page), word  # it does, though
    assert "viewer/lang/de.dll" in page  # names of programs are shown


def test_the_patient_is_named_where_it_is_asked_for():
    found = report(seen=made.looked(with_patient=True))
    assert [fact.label for fact in found.people] == ["Doe Jane"]
    assert found.cards[0].subtitle == "BRAIN 1MM, Head, 2024-03-15"
    assert found.colophon[0].value == "doe_jane.zip"
    page = html.render(found).decode("utf-8")
    assert "PAT-12345, 1970-01-31, F" in page


def test_series_without_room_are_listed_and_counted():
    one = made.looked().series[0]
    many = tuple(replace(one, pictures=one.pictures if n < 40 else (), frames=300 - n) for n in range(300))
    found = report(seen=Looked(many, undrawn=260, hidden_words=made.HIDDEN))
    assert len(found.cards) == 40
    assert "There are 300 series. The 40 with the most images are shown" in found.cards_note
    assert len(found.more_series.rows) == 200
    assert found.more_series.note.startswith("And 60 more")


def test_notes_on_standards_name_nobody():
    check = Check("names are short", "PS3.10 8.2", "no", "no", "Jane Doe/letter.pdf is too long")
    assert telling.compose(made.run(), made.looked(), (check,)).conformance[0].note == "... is too long"
    opened = telling.compose(made.run(), made.looked(with_patient=True), (check,))
    assert opened.conformance[0].note == check.note


def test_the_table_of_standards_is_shown_where_it_is_given():
    check = Check("README.TXT is there", "PS3.11 & <D.3>", "no", "yes", "made anew")
    page = html.render(telling.compose(made.run(), made.looked(), (check,))).decode("utf-8")
    assert "What the standards ask for" in page
    assert "PS3.11 &amp; &lt;D.3&gt;" in page
    assert "What the standards ask for" not in html.render(report()).decode("utf-8")
