"""Every check finds what it should: the rule kept, the rule broken, nothing to say, not known."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite

from fixtures.dicom import dicomdir
from fixtures.pe import program
from repack.conformance.checks import CHECKS, evaluate
from repack.conformance.disc import Disc, File
from repack.conformance.file_set import file_ids_are_short
from repack.model import Category, DicomFacts, DirectoryFacts, Facts, Grade, Result
from tests.conformance.discs import (
    FIRST,
    INDEX,
    SECOND,
    Change,
    Files,
    check,
    image,
    indexed,
    look,
    rewrite_meta,
    sound,
    stated_as,
)

MET, BROKEN, NEVER, UNKNOWN = Result.MET, Result.NOT_MET, Result.NOT_APPLICABLE, Result.NOT_KNOWN
JPEG_LS, JPEG_2000, JPEG, JPEG_LOSSLESS = (f"1.2.840.10008.1.2.4.{end}" for end in (80, 90, 50, 70))
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
EXE = program(is_dll=False, machine="x86", version={}, imports={"KERNEL32.dll": ["f"]})
INSTALLER = program(
    is_dll=False,
    machine="x86",
    version={"Comments": "This installation was built with Inno Setup.", "FileDescription": "Setup"},
    imports={"KERNEL32.dll": ["f"]},
)


def put(path: str, content: bytes) -> Change:
    return lambda disc: disc.update({path: content})


def drop(*paths: str) -> Change:
    def apply(disc: Files) -> None:
        for path in paths:
            del disc[path]

    return apply


def move(path: str, to: str) -> Change:
    return lambda disc: disc.update({to: disc.pop(path)})


def no_dicom(disc: Files) -> None:
    drop(INDEX, FIRST, SECOND)(disc)


def relist(*images: tuple[str, bytes]) -> Change:
    """These images alone, and an index of them."""

    def apply(disc: Files) -> None:
        drop(FIRST, SECOND)(disc)
        indexed(disc, dict(images))

    return apply


def stored_as(*syntaxes: str) -> Change:
    """Images that say so; one that is Implicit VR really is, because whoever makes the index reads it."""
    made = (image(n, implicit=True) if uid == IMPLICIT else stated_as(uid, image(n)) for n, uid in enumerate(syntaxes))
    return relist(*((f"DICOM/I{n}", content) for n, content in enumerate(made)))


def rewrite_index(edit: Callable[[Dataset], None], syntax: str | None = None) -> Change:
    def apply(disc: Files) -> None:
        content = disc[INDEX]
        assert isinstance(content, bytes)
        found = dcmread(BytesIO(content))
        edit(found)
        if syntax:
            found.file_meta.TransferSyntaxUID = syntax
        written = BytesIO()
        dcmwrite(written, found)
        disc[INDEX] = written.getvalue()

    return apply


def leave(_found: object) -> None:
    pass


def first_image_record(found: Dataset) -> Dataset:
    records: list[Dataset] = found.DirectoryRecordSequence
    return next(record for record in records if record.DirectoryRecordType == "IMAGE")


def wrong_offset(found: Dataset) -> None:
    first_image_record(found).OffsetOfTheNextDirectoryRecord = 4


def says_nothing(found: Dataset) -> None:
    del first_image_record(found).ReferencedTransferSyntaxUIDInFile


def two_patients(disc: Files) -> None:
    relist(("DICOM/I1", image(0)), ("DICOM/I2", image(0, patient="PHANTOM^OTHER")))(disc)


def autorun(line: str, path: str = "START.EXE", content: bytes = EXE) -> Change:
    return lambda disc: disc.update({"AUTORUN.INF": f"[autorun]\r\n{line}\r\n".encode(), path: content})


def without_class(content: bytes) -> bytes:
    return rewrite_meta(content, lambda meta: delattr(meta, "MediaStorageSOPClassUID"))


#: Check, what is done to a disc that keeps every rule, what is found, and a piece of the note.
CASES: list[tuple[str, Change, Result, str]] = [
    ("dicomdir-at-root", drop(INDEX), BROKEN, "there is none"),
    ("dicomdir-at-root", move(INDEX, "SCAN/DICOMDIR"), BROKEN, "it lies in a folder"),
    ("dicomdir-at-root", move(INDEX, "dicomdir"), BROKEN, "not in capitals"),
    ("dicomdir-at-root", put("OLD/DICOMDIR", dicomdir([])), BROKEN, "1 more"),
    ("dicomdir-at-root", no_dicom, NEVER, "no DICOM"),
    ("dicomdir-sound", put(INDEX, b"just text"), BROKEN, "no DICOM directory"),
    ("dicomdir-sound", put(INDEX, image()), BROKEN, "no DICOM directory"),
    ("dicomdir-sound", rewrite_index(leave, IMPLICIT), BROKEN, "Implicit VR"),
    ("dicomdir-sound", rewrite_index(wrong_offset), BROKEN, "offsets"),
    ("dicomdir-sound", lambda disc: disc.update({INDEX: bytes(disc[INDEX])[132:]}), BROKEN, "preamble"),
    ("dicomdir-sound", lambda disc: disc.update({INDEX: bytes(disc[INDEX])[:-30]}), BROKEN, "cannot be read"),
    ("dicomdir-sound", drop(INDEX), NEVER, ""),
    ("part10", put(FIRST, image()[132:]), BROKEN, "1 of 2 DICOM files: without the preamble"),
    ("part10", put(FIRST, without_class(image())), BROKEN, "the kind of its object"),
    ("part10", no_dicom, NEVER, ""),
    ("file-ids", move(FIRST, "DICOM/I00000001"), BROKEN, "1 of 2 DICOM files has another name"),
    ("file-ids", move(FIRST, "DICOM/i0000001"), BROKEN, ""),
    ("file-ids", move(FIRST, "DICOM/I1.DCM"), BROKEN, ""),
    ("file-ids", move(FIRST, "DICOM/Ü1"), BROKEN, ""),
    ("file-ids", move(FIRST, "A/B/C/D/E/F/G/H"), MET, ""),
    ("file-ids", move(FIRST, "A/B/C/D/E/F/G/H/I"), BROKEN, ""),
    ("file-ids", no_dicom, NEVER, ""),
    ("listed-exist", drop(FIRST), BROKEN, "1 of 2 files is missing"),
    ("listed-exist", drop(FIRST, SECOND), BROKEN, "all 2 files are missing"),
    ("listed-exist", move(FIRST, "DICOM/i0000001.dcm"), MET, ""),  # found all the same: D4
    ("listed-exist", drop(INDEX), NEVER, ""),
    ("listed-exist", put(INDEX, dicomdir([])), NEVER, "names no file"),
    ("all-listed", put("DICOM/I3", image(2)), BROKEN, "1 of 3 DICOM files is not in it"),
    ("all-listed", put("VIEWER/SAMPLE", image(2)), BROKEN, ""),
    ("all-listed", drop(INDEX), BROKEN, "there is no DICOMDIR"),
    ("all-listed", no_dicom, NEVER, ""),
    ("only-dicom-listed", put(FIRST, b"a text"), BROKEN, "1 of 2 files is no DICOM"),
    ("only-dicom-listed", drop(FIRST, SECOND), NEVER, ""),
    ("stated-syntaxes", put(FIRST, image(implicit=True)), BROKEN, "wrong for 1 of 2 DICOM files"),
    ("stated-syntaxes", rewrite_index(says_nothing), BROKEN, "not said for 1 of 2 DICOM files"),
    ("stated-syntaxes", drop(FIRST, SECOND), NEVER, ""),
    ("profile-cd", stored_as(JPEG_LS, JPEG_LS), BROKEN, "all 2 DICOM files are JPEG-LS Lossless"),
    ("profile-cd", relist(("DICOM/I1", image(implicit=True))), BROKEN, "1 of 1 DICOM file is Implicit VR"),
    ("profile-cd", stored_as(JPEG_LOSSLESS), BROKEN, "JPEG Lossless"),
    ("profile-cd", drop(INDEX), BROKEN, "2 of the general rules are not met"),
    ("profile-cd", no_dicom, NEVER, ""),
    ("profile-jpeg", stored_as(EXPLICIT, JPEG, JPEG_LOSSLESS), MET, ""),
    ("profile-jpeg", stored_as(JPEG_2000, JPEG_LS, JPEG_LS, JPEG), BROKEN, "3 of 4 DICOM files are stored otherwise"),
    ("profile-j2k", stored_as(EXPLICIT, JPEG_2000), MET, ""),
    ("profile-j2k", stored_as(JPEG), BROKEN, "JPEG Baseline"),
    ("profile-zip-mail", stored_as(JPEG_LS, JPEG_2000, IMPLICIT), MET, ""),
    ("profile-zip-mail", put("DICOM/I3", image(2)), BROKEN, "1 of the general rules is not met"),
    ("cd-names", put("VIEWER/LONGNAME1.DLL", b"x"), BROKEN, "1 of 8 files has another name"),
    ("cd-names", put("VIEWER/A.CONF", b"x"), BROKEN, ""),
    ("cd-names", put("Viewer/A.DLL", b"x"), BROKEN, ""),
    ("cd-names", put("REPACK/manifest.json", b"x"), BROKEN, "(all of them in the folder REPACK)"),
    ("pdi-entry-page", drop("INDEX.HTM"), BROKEN, "there is none"),
    ("pdi-entry-page", drop("INDEX.HTM", "IHE_PDI/PAGE.HTM", "IHE_PDI/A.JPG"), NEVER, ""),
    ("pdi-entry-page", move("INDEX.HTM", "index.htm"), MET, ""),
    ("pdi-entry-page", move("INDEX.HTM", "index.html"), BROKEN, "it is called INDEX.HTML"),
    ("pdi-web-folder", put("IHE_PDI/VIEWER.EXE", EXE), BROKEN, "1 of 3 files in it is neither (1 EXE)"),
    ("pdi-web-folder", put("IHE_PDI/A.JPG", b"not a picture"), BROKEN, ""),
    ("pdi-web-folder", drop("IHE_PDI/PAGE.HTM", "IHE_PDI/A.JPG"), NEVER, ""),
    ("pdi-apart", put("DICOM/NOTES.TXT", b"x"), BROKEN, "1 other file lies among them"),
    ("pdi-apart", no_dicom, NEVER, ""),
    ("pdi-apart", relist(("I1", image())), NEVER, "no folder"),
    ("pdi-readme", drop("README.TXT"), BROKEN, "there is none"),
    ("pdi-readme", move("README.TXT", "readme.txt"), MET, ""),
    ("pdi-autorun", autorun("open=START.EXE"), BROKEN, "starts a program"),
    ("pdi-autorun", autorun(r"open=.\TOOLS\SETUP.EXE", "TOOLS/SETUP.EXE", INSTALLER), BROKEN, "starts an installer"),
    ("pdi-autorun", autorun("label=A disc"), BROKEN, "there is an AUTORUN.INF"),
    ("one-patient", two_patients, BROKEN, "2 patients"),
    ("one-patient", drop(INDEX), NEVER, ""),
    ("hidden-programs", put(FIRST, b"MZ" + image()[2:]), BROKEN, "1 of 2 DICOM files can"),
    ("hidden-programs", no_dicom, NEVER, ""),
]


@pytest.mark.parametrize(
    ("name", "broken", "result", "note"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_a_check_finds_what_was_done(name: str, broken: Change, result: Result, note: str) -> None:
    files = sound()
    broken(files)
    found = check(name, look(files))
    assert (found.result, note in found.note) == (result, True), found


def test_a_sound_disc_keeps_every_rule() -> None:
    found = evaluate(look(sound()))
    assert {name for name, one in found.items() if one.result is not MET} == {"pdi-links"}
    assert found["pdi-links"].result is NEVER  # asks for what was dropped
    assert not any(one.note for one in found.values() if one.result is MET)


#: Checks whose broken case stands elsewhere in this file.
ELSEWHERE = {"pdi-links", "zip-name"}


def test_every_check_was_seen_to_fail() -> None:
    broken = {name for name, _change, result, _note in CASES if result is BROKEN}
    assert broken | ELSEWHERE == {check.id for check in CHECKS}


def test_the_table_is_well_formed() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for one in CHECKS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert re.match(r"(PS3\.\d+ [0-9A-Z]|IHE PDI 4\.47$|privacy$)", one.source), one.source
        assert one.find.__doc__
    assert {one.id for one in CHECKS if one.grade is Grade.HINT} == {
        "pdi-web-folder", "pdi-readme", "pdi-autorun", "one-patient", "hidden-programs",
    }  # fmt: skip


def test_the_name_of_the_zip() -> None:
    assert check("zip-name", look(sound())).result is MET
    assert check("zip-name", look(sound(), name="scan.zip")).result is BROKEN
    assert check("zip-name", look(sound(), name="dicom.zip")).result is BROKEN
    assert check("zip-name", look(sound(), kind="iso", name="DICOM.ZIP")).result is NEVER
    assert check("zip-name", replace(look(sound()), name="")).result is UNKNOWN


def test_long_names_of_an_image_or_a_folder_are_not_all_that_it_has() -> None:
    files = sound()
    assert check("cd-names", look(files, kind="iso")).result is MET
    files["VIEWER/Long name.dll"] = b"x"
    for kind in ("iso", "folder"):
        assert check("cd-names", look(files, kind=kind)).result is UNKNOWN


def test_an_entry_page_that_names_what_was_dropped() -> None:
    disc = look(sound())
    assert check("pdi-links", replace(disc, gone=frozenset({"viewer/a.exe"}))).result is MET
    found = check("pdi-links", replace(disc, gone=frozenset({"ihe_pdi/page.htm"})))
    assert (found.result, found.note) == (BROKEN, "1 of the files that it names was dropped")
    files = sound()
    del files["INDEX.HTM"]
    assert check("pdi-links", replace(look(files), gone=frozenset({"a"}))).result is NEVER


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("dicomdir-sound", INDEX),
        ("listed-exist", INDEX),
        ("all-listed", INDEX),
        ("only-dicom-listed", INDEX),
        ("stated-syntaxes", INDEX),
        ("one-patient", INDEX),
        ("profile-cd", INDEX),
        ("part10", "README.TXT"),  # who knows what it is
        ("all-listed", "README.TXT"),
        ("only-dicom-listed", FIRST),
        ("profile-cd", "README.TXT"),
    ],
)
def test_what_cannot_be_read_is_not_known(name: str, broken: str) -> None:
    assert check(name, look(sound(), broken=(broken,))).result is UNKNOWN


def test_a_header_that_cannot_be_read_is_not_known() -> None:
    files = sound()
    files[FIRST] = image()[:150]
    assert check("part10", look(files)).result is UNKNOWN
    assert check("profile-cd", look(files)).result is BROKEN  # no transfer syntax is none that a profile allows


def test_a_bare_data_set_has_no_file_meta() -> None:
    files = sound()
    content = image()
    start = dcmread(BytesIO(content)).file_meta.FileMetaInformationGroupLength + 132 + 12
    files[FIRST] = content[start:]
    found = check("part10", look(files))
    assert (found.result, found.note) == (BROKEN, "1 of 2 DICOM files: without file meta information")


def test_several_flaws_are_counted_out() -> None:
    files = sound()
    files[FIRST] = image()[132:]
    files[SECOND] = without_class(image(1))
    note = check("part10", look(files)).note
    assert note == "all 2 DICOM files: without 1 the kind of its object (0002,0002), 1 the preamble with its mark DICM"


# --- properties ---

PARTS = st.text(st.sampled_from("AZ09_aé. -"), min_size=1, max_size=10)
IMAGE = DicomFacts(EXPLICIT, "", "CT", "", "", "", 1, has_pixels=True, is_directory=False)


@given(st.lists(PARTS, min_size=1, max_size=10))
def test_file_ids_are_those_of_the_standard(parts: list[str]) -> None:
    """PS3.10 8.2 and 8.5, said in another way."""
    letters = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
    is_right = len(parts) <= 8 and all(len(part) <= 8 and set(part) <= letters for part in parts)
    disc = Disc("zip", (File(0, "/".join(parts), Facts("dicom", dicom=IMAGE)),))
    assert (file_ids_are_short(disc).result is MET) == is_right


_uids = st.sampled_from([None, "", EXPLICIT, JPEG_LS, "9.9.9"])
_dicoms = st.builds(
    DicomFacts,
    _uids, st.just(""), st.just("CT"), st.just("1"), st.just("2"), st.just(""), st.just(1),
    has_pixels=st.booleans(), is_directory=st.booleans(), is_program=st.booleans(), lacks=st.sampled_from(["", "x"]),
)  # fmt: skip
_ids = st.sampled_from(["DICOM/A", "DICOM/B", "A", "DICOM", "", "a/b"])
_directories = st.builds(
    DirectoryFacts,
    st.lists(st.tuples(_ids, st.sampled_from(["", JPEG_LS])), max_size=3).map(tuple),
    st.integers(0, 3),
    has_stray_offsets=st.booleans(),
    problem=st.sampled_from(["", "no"]),
)
_facts = st.builds(
    Facts,
    st.sampled_from(["dicom", "unreadable", "unknown", "pe"]),
    dicom=st.none() | _dicoms,
    directory=st.none() | _directories,
    mentions=st.lists(st.sampled_from(["A", "./DICOM/B", "/x.exe", ""]), max_size=2).map(tuple),
    problem=st.sampled_from(["", "it ends too early"]),
)
_paths = st.sampled_from(
    ["DICOMDIR", "dicomdir", "X/DICOMDIR", "DICOM/A", "DICOM/B", "A", "INDEX.HTM", "AUTORUN.INF", "IHE_PDI/A", "x.exe"]
)


@st.composite
def _discs(draw: st.DrawFn) -> Disc:
    files = draw(st.lists(st.tuples(_paths, _facts), max_size=6))
    made = tuple(File(n, path, facts, draw(st.sampled_from(Category))) for n, (path, facts) in enumerate(files))
    gone = draw(st.none() | st.just(frozenset({"a"})))
    return Disc(draw(st.sampled_from(["zip", "iso", "folder"])), made, draw(st.sampled_from(["", "DICOM.ZIP"])), gone)


@pytest.mark.lengthy
@given(_discs())
def test_whatever_the_facts_each_check_answers(disc: Disc) -> None:
    found = evaluate(disc)
    assert list(found) == [check.id for check in CHECKS]
    for name, one in found.items():
        assert one.result is not MET or not one.note, name
        assert one.result is MET or one.note, name
        assert "/" not in one.note.replace("A-Z", ""), one.note  # no path gets into a note
