"""Whole discs: the golden ones, real ones by their names, a real series; and nothing of a patient in any note."""

import difflib
import tomllib
from pathlib import Path

import pytest

from fixtures import golden_disc
from fixtures.disc import dental_disc, dress
from repack.conformance.checks import CHECKS, evaluate
from repack.conformance.disc import as_found
from repack.model import Finding, Result
from tests.classify.synthetic import Disc, lay_out
from tests.classify.test_false_positives import lay_out_names
from tests.conformance.discs import image, indexed, look
from tests.shared_data import require, shared_files

EXPECTED = Path(__file__).with_name("golden.toml")
NAMES = sorted(folder.name for folder in golden_disc.FOLDER.iterdir() if folder.is_dir())
LAYOUTS = {file.stem.split("_")[2]: file for file in shared_files("disc-layouts", "*.tsv")}
PROFILES = {"profile-cd", "profile-jpeg", "profile-j2k", "profile-zip-mail"}


def find(disc: Disc) -> dict[str, Finding]:
    return evaluate(as_found(disc.plan()))


def group(found: dict[str, Finding]) -> dict[str, list[str]]:
    """Result -> ids, but for what is met."""
    grouped = {
        str(result): [name for name, one in found.items() if one.result is result]
        for result in Result
        if result is not Result.MET
    }
    return {result: names for result, names in grouped.items() if names}


def judge(name: str) -> dict[str, list[str]]:
    return group(find(lay_out({file.path: file.content for file in golden_disc.build(name)})))


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_disc_keeps_the_rules_as_expected(name: str) -> None:
    expected = tomllib.loads(EXPECTED.read_text("utf-8"))[name]
    was, now = (
        [f"{result}: {one}" for result, ids in table.items() for one in ids] for table in (expected, judge(name))
    )
    assert not list(difflib.unified_diff(was, now, "expected", "found", lineterm="", n=0))


def test_every_golden_disc_is_there() -> None:
    assert sorted(tomllib.loads(EXPECTED.read_text("utf-8"))) == NAMES


@pytest.mark.lengthy
def test_the_fixture_disc_is_fit_for_any_medium_and_breaks_what_all_discs_break() -> None:
    found = find(lay_out({file.path: file.content for file in dental_disc(3, size=16)}))
    assert {name for name in PROFILES if found[name].result is Result.MET} == PROFILES
    assert group(found) == {
        "not met": ["zip-name", "cd-names", "pdi-readme", "pdi-autorun"],
        "not applicable": ["pdi-entry-page", "pdi-links", "pdi-web-folder"],
    }


@pytest.mark.lengthy
def test_a_disc_in_implicit_vr_is_fit_for_no_medium_but_mail() -> None:
    found = find(lay_out({file.path: file.content for file in dental_disc(3, size=16, implicit=True)}))
    assert {name for name in PROFILES if found[name].result is Result.MET} == {"profile-zip-mail"}
    assert found["profile-cd"].note == "all 3 DICOM files are Implicit VR Little Endian"


def read_layout(letter: str) -> dict[str, Finding]:
    require(list(LAYOUTS.values()))
    lines = LAYOUTS[letter].read_text("utf-8").splitlines()[1:]
    return find(lay_out_names(line.partition("\t")[2] for line in lines))


#: What nobody can say of an index whose content is not there.
OF_THE_INDEX = {"dicomdir-sound", "listed-exist", "all-listed", "only-dicom-listed", "stated-syntaxes", "one-patient"}


def test_a_real_disc_with_a_viewer_by_its_names() -> None:
    found = read_layout("A")
    assert group(found) == {
        "not met": ["zip-name", "cd-names", "pdi-autorun"],
        "not applicable": ["pdi-entry-page", "pdi-links", "pdi-web-folder"],
        "not known": [check.id for check in CHECKS if check.id in OF_THE_INDEX | PROFILES],
    }
    assert found["cd-names"].note == "26 of 417 files have other names"


def test_a_real_disc_with_pages_by_its_names() -> None:
    """Its pages use styles and drawings, as discs do; its entry page has another name."""
    found = read_layout("B")
    assert group(found) == {
        "not met": ["zip-name", "cd-names", "pdi-entry-page", "pdi-web-folder", "pdi-autorun"],
        "not applicable": ["pdi-links"],
        "not known": [check.id for check in CHECKS if check.id in OF_THE_INDEX | PROFILES],
    }
    assert found["pdi-web-folder"].note == "50 of 205 files in it are neither (30 PNG, 11 GIF, 9 CSS)"


@pytest.mark.lengthy
def test_a_real_series_dressed_as_a_disc() -> None:
    slices = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
    require(slices)
    found = find(lay_out({file.path: file.content for file in dress([(p.name, p.read_bytes()) for p in slices[::10]])}))
    assert {name for name in PROFILES if found[name].result is Result.MET} == PROFILES
    assert {found[name].result for name in ("part10", "stated-syntaxes", "one-patient")} == {Result.MET}


def test_the_same_series_as_it_was_downloaded_is_no_file_set() -> None:
    slices = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
    require(slices)
    found = find(lay_out({f"S2030/{path.name}": path.read_bytes() for path in slices[:3]}))
    assert found["dicomdir-at-root"].note == "there is none"
    assert {found[name].result for name in PROFILES} == {Result.NOT_MET}


def test_nothing_of_the_patient_gets_into_a_note() -> None:
    """Neither from a header nor from a path: notes count."""
    files = {"Mustermann_Erika/brief.pdf": b"%PDF", "AUTORUN.INF": b"[autorun]\r\nlabel=Mustermann\r\n"}
    indexed(files, {"DICOM/MUSTERMANN_E": image(patient="MUSTERMANN^ERIKA"), "MUSTER_2/X": image(1, patient="M2^E")})
    del files["MUSTER_2/X"]
    found = evaluate(look(files, name="Mustermann.zip"))
    assert sum(one.result is Result.NOT_MET for one in found.values()) > 5
    assert not [one.note for one in found.values() if "muster" in one.note.lower()]
