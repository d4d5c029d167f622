"""`--for`: each preset is the run with its options written out, and what wins over it or does not fit is said."""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom import dcmread

from fixtures import golden_disc
from fixtures.disc import DiscFile, write_folder, write_zip
from fixtures.sidefiles import manual
from repack.model import Action, Category, Purpose, Wishes
from repack.planning import preset_remarks, presets
from tests.classify.synthetic import lay_out
from tests.commands import Run, flat, manifest_of
from tests.discs import small_disc
from tests.planning.test_plan import dental

pytestmark = pytest.mark.usefixtures("inline")
DISC = (
    *small_disc(2),
    DiscFile("Befund.pdf", manual(2_000)),
    DiscFile("notes.xyz", b"written by somebody"),
)
EXPLICIT, IMPLICIT, J2K, JPEG_LS = (f"1.2.840.10008.1.2{end}" for end in (".1", "", ".4.90", ".4.80"))


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    path = tmp_path / "scan.zip"
    write_zip(path, DISC)
    return path


def images_of(path: Path) -> set[str]:
    """The transfer syntaxes of the images of a zip, as its files state them."""
    with zipfile.ZipFile(path) as archive:
        files = [archive.read(name) for name in archive.namelist() if name.startswith("DICOM/")]
    return {dcmread(io.BytesIO(file)).file_meta.TransferSyntaxUID for file in files}


def repacked(run: Run, disc: Path, *words: str) -> dict:
    target = disc.with_name("new.zip")
    assert run(disc, "-o", target, "--overwrite", "-q", *words)[0] == 0
    return manifest_of(target)


def left(record: dict) -> set[str]:
    return {entry["path"] for entry in record["entries"] if entry["after"]}


# --- the table ---


def test_every_purpose_has_its_row():
    assert set(presets.PRESETS) == set(Purpose)
    for preset in presets.PRESETS.values():
        assert preset.sentence
        assert preset.source
        assert preset.codec in preset.codecs
        assert not set(preset.drop) & {Category.DICOM, Category.DICOMDIR, Category.UNKNOWN, *preset.keeps}


@pytest.mark.lengthy
@pytest.mark.parametrize("purpose", Purpose)
def test_a_preset_is_the_run_with_its_options_written_out(purpose: Purpose, disc: Path, run: Run):
    named = repacked(run, disc, "--for", purpose)
    written_out = repacked(run, disc, *presets.spell(presets.PRESETS[purpose]))
    assert named["options"].pop("for_whom") == purpose
    assert written_out["options"].pop("for_whom") is None
    for part in ("options", "entries", "totals", "codecs"):
        assert named[part] == written_out[part], part


@pytest.mark.parametrize("purpose", Purpose)
def test_the_help_explains_it_and_a_dry_run_shows_it(purpose: Purpose, disc: Path, run: Run):
    words = presets.spell(presets.PRESETS[purpose])
    _code, out, _err = run(disc, "--for", purpose, "--dry-run")
    assert (f"--for {purpose} stands for {' '.join(words)}" in flat(out)) == bool(words)
    assert presets.PRESETS[purpose].sentence in presets.explain()
    assert sorted(path.name for path in disc.parent.iterdir()) == ["scan.zip"]


def test_the_help_names_all(run: Run):
    code, out, _err = run("--help")
    assert code == 0
    said = flat(out)
    assert all(f" {purpose}: " in said for purpose in Purpose)


def test_another_name_is_wrong_usage(disc: Path, run: Run):
    code, _out, err = run(disc, "--for", "mars")
    assert code == 2
    assert "zip-mail" in err


# --- each of them ---


def test_viewer_drops_nothing(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "viewer")
    assert left(record) == {file.path for file in DISC}
    assert record["warnings"] == repacked(run, disc)["warnings"]


def test_cd_rewrites_no_image_that_its_profile_lists(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "cd")
    assert images_of(disc.with_name("new.zip")) == {EXPLICIT}
    gone = {file.path for file in DISC} - left(record)
    assert gone == {".DS_Store", "Redist/vcredist_x86.exe", "Redist/VC_redist.x64.exe"}
    assert {entry["proof"] for entry in record["entries"] if entry["after"]} == {"identical"}


def test_cd_speaks_of_no_compression_that_nobody_asked_for(disc: Path, run: Run):
    page = disc.with_name("page.html")
    code, out, _err = run(disc, "-o", disc.with_name("new.zip"), "--for", "cd", "--report", page)
    assert (code, "its images stay as they are: " in flat(out)) == (0, True)
    assert "could be compressed" not in flat(out)
    assert "images stored anew, uncompressed, and proven" in page.read_text("utf-8")


def test_cd_makes_implicit_images_explicit_and_leads_back(tmp_path: Path, run: Run):
    disc = tmp_path / "scan.zip"
    write_zip(disc, small_disc(2, implicit=True))
    record = repacked(run, disc, "--for", "cd")
    assert images_of(disc.with_name("new.zip")) == {EXPLICIT}
    images = [entry for entry in record["entries"] if entry["category"] == "dicom"]
    assert {(entry["before"]["transfer_syntax"], entry["proof"]) for entry in images} == {(IMPLICIT, "exact")}


def test_cd_leaves_compressed_images_and_says_so(disc: Path, run: Run):
    repacked(run, disc)
    with zipfile.ZipFile(disc.with_name("new.zip")) as archive:
        files = [DiscFile(name, archive.read(name)) for name in archive.namelist() if "REPACK/" not in name]
    write_zip(disc, files)
    record = repacked(run, disc, "--for", "cd")
    assert images_of(disc.with_name("new.zip")) == {JPEG_LS}
    said = "DICOM/I0000001 and 1 more stay JPEG-LS Lossless, which STD-GEN-CD (PS3.11 D.3) does not list"
    assert said in record["warnings"]


def test_usb_is_jpeg_2000(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "usb")
    assert images_of(disc.with_name("new.zip")) == {J2K}
    assert left(record) == {file.path for file in DISC}


def test_mail_is_dicom_zip_beside_the_input(disc: Path, run: Run):
    code, out, _err = run(disc, "--for", "zip-mail")
    target = disc.with_name("DICOM.ZIP")
    assert code == 0
    assert target.is_file()
    assert images_of(target) == {JPEG_LS}
    with zipfile.ZipFile(target) as archive:
        assert "DICOMDIR" in archive.namelist()
    assert "most mail servers refuse programs" in flat(out)


def test_mail_is_never_written_over_its_input(disc: Path, run: Run):
    source = disc.rename(disc.with_name("DICOM.ZIP"))
    before = source.read_bytes()
    code, _out, err = run(source, "--for", "zip-mail", "--overwrite")
    assert (code, source.read_bytes()) == (2, before)
    assert "name another with -o" in err


@pytest.mark.parametrize("purpose", ["cd", "usb", "zip-mail"])
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([file for file in DISC if file.path.startswith("DICOM/")], "there is no DICOMDIR"),
        ([DiscFile(f"CD/{file.path}", file.content) for file in DISC], "CD/DICOMDIR does not lie at the top"),
    ],
)
def test_a_profile_wants_its_index_at_the_top(
    tmp_path: Path, run: Run, purpose: str, files: Sequence[DiscFile], said: str
):
    disc = tmp_path / "scan.zip"
    write_zip(disc, files)
    record = repacked(run, disc, "--for", purpose)
    assert any(said in warning for warning in record["warnings"])


def test_portal_leaves_no_program_and_no_autorun(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "portal")
    dicom = {file.path for file in DISC if file.path.startswith("DICOM")}
    others = {"Befund.pdf", "notes.xyz", "calibration.v3x", "License.txt"}
    assert left(record) == dicom | others
    said = "\n".join(record["warnings"])
    told = re.findall(r"^(.*): no DICOM, but kept \(.+\)", said, re.MULTILINE)
    assert sorted(", ".join(told).split(", ")) == sorted(others)
    assert "Manual.pdf: documents that are left out" in said
    assert "programs" not in said


def test_portal_names_programs_that_stay(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "portal", "--keep", "Viewer/Ez3DViewer.exe")
    assert "Viewer/Ez3DViewer.exe" in left(record)
    assert any("Viewer/Ez3DViewer.exe" in said and "programs that stay" in said for said in record["warnings"])


def test_portal_names_a_script_that_no_rule_knows(tmp_path: Path, run: Run):
    write_zip(tmp_path / "scan.zip", [*DISC[:4], DiscFile("tools/start.ps1", b"Start-Process viewer")])
    record = repacked(run, tmp_path / "scan.zip", "--for", "portal")
    assert any("tools/start.ps1: programs that stay" in said for said in record["warnings"])


def test_a_folder_can_be_given(tmp_path: Path, run: Run):
    write_folder(tmp_path / "disc", DISC)
    assert run(tmp_path / "disc", "--for", "zip-mail", "-q")[0] == 0
    assert manifest_of(tmp_path / "DICOM.ZIP")["options"]["for_whom"] == "zip-mail"


@pytest.mark.lengthy
@pytest.mark.parametrize("name", sorted(folder.name for folder in golden_disc.FOLDER.iterdir()))
def test_a_portal_gets_no_program_and_every_image_and_report(name: str):
    disc = lay_out({file.path: file.content for file in golden_disc.build(name)})
    wishes = presets.complete(Wishes(), Purpose.PORTAL, is_codec_given=False)
    plan = disc.plan(**{field: getattr(wishes, field) for field in Wishes.__slots__})
    said = "\n".join(preset_remarks.remark(plan))
    for line in plan.lines:
        is_dropped = line.decision.action is Action.DROP
        if line.facts.dicom is not None or line.verdict.category is Category.UNKNOWN:
            assert not is_dropped, line.entry.path
        if line.facts.pe is not None or line.entry.path.lower().endswith(("autorun.inf", ".bat", ".hta", ".jar")):
            assert is_dropped, line.entry.path
        if line.facts.magic == "pdf" and "report" in line.entry.path.lower():
            assert not is_dropped, line.entry.path
    assert ("programs that stay" in said) == (name == "philips-mxlite")  # a script of a page that no rule knows


# --- what the user asks for wins ---


def test_a_codec_wins_and_that_is_said(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "usb", "--codec", "jpegls")
    assert images_of(disc.with_name("new.zip")) == {JPEG_LS}
    assert "--codec jpegls, which you asked for, wins over the j2k of --for usb" in record["warnings"]
    assert "STD-GEN-USB-J2K (PS3.11 J.3) does not list what --codec jpegls writes" in record["warnings"]


def test_a_codec_takes_the_presets_exactness_with_it(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "cd", "--codec", "jpegls-near", "--max-error", "1")
    assert not record["options"]["exact_only"]
    assert any("wins over the none of --for cd" in said for said in record["warnings"])


def test_dropping_what_a_preset_is_for_is_said(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "viewer", "--drop", "viewer")
    assert "Viewer/Ez3DViewer.exe" not in left(record)
    assert "--drop viewer, which you asked for, takes what --for viewer is for" in record["warnings"]


def test_languages_that_were_asked_for_win(disc: Path, run: Run):
    record = repacked(run, disc, "--for", "portal", "--keep-locales", "es")
    assert "Viewer/es/Ez3DViewer.resources.dll" in left(record)
    assert "Viewer/de/Ez3DViewer.resources.dll" not in left(record)
    assert any("--keep-locales, which you asked for, wins over --for portal" in said for said in record["warnings"])


def test_a_preset_does_not_wonder_at_what_is_not_there():
    disc = dental()
    asked = presets.complete(disc.plan().wishes, Purpose.PORTAL, is_codec_given=False)
    plan = disc.plan(drop=asked.drop, for_whom=Purpose.PORTAL)
    assert not any("found nothing to drop" in said for said in plan.warnings)


@pytest.mark.lengthy
@pytest.mark.parametrize("purpose", Purpose)
def test_again_with_the_same_purpose_nothing_happens(purpose: Purpose, disc: Path, run: Run):
    repacked(run, disc, "--for", purpose)
    code, out, _err = run(disc.with_name("new.zip"), "-o", disc.with_name("again.zip"), "--for", purpose)
    assert code == 0
    assert "nothing was written" in flat(out)
