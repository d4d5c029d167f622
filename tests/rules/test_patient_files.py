"""The patient's own files that are no DICOM: no wish for languages, viewers, pages or manuals takes them along."""

from dataclasses import replace

import pytest

from fixtures import golden_disc
from repack.model import Category, Facts
from tests.classify.synthetic import DIRECTORY, IMAGE, lay_out
from tests.rules.test_extras import dropped
from tests.rules.test_rule_cases import ANY_DLL, ANY_EXE, JPEG, PDF, TEXT, ZIP, Files
from tests.test_golden import NAMES

IMAGES = {"DICOM/I1": Facts("dicom", dicom=IMAGE)}
VIEWER = {"autorun.inf": b"[autorun]\nopen=Viewer\\viewer.exe\n", "Viewer/viewer.exe": ANY_EXE}
DISC = IMAGES | VIEWER
#: What `--for portal` takes, and a language that is on no disc here.
PORTAL = {
    "drop": (
        Category.VIEWER, Category.RUNTIME, Category.LOCALE, Category.REDISTRIBUTABLE, Category.LAUNCHER,
        Category.DOCUMENT, Category.PREVIEW, Category.SYMBOLS, Category.JUNK,
    ),
}  # fmt: skip
SPANISH = {"keep_locales": ("es",), "force_drop": True}  # else a set without the language stays


# --- languages ---


@pytest.mark.parametrize(
    "files",
    [
        {f"Report/{tag}/report.pdf": PDF for tag in ("de", "en", "fr")},
        {f"Report/discharge_notes_{tag}.pdf": PDF for tag in ("de", "en", "fr")},
        {
            f"Export/{tag}/{name}": fact
            for tag in ("HR", "LV", "SK")
            for name, fact in (("a.pdf", PDF), ("b.jpg", JPEG))
        },
        {f"lang/{tag}/a.docx": Facts("zip") for tag in ("de", "fr")},
        {f"lang/{tag}.tif": TEXT for tag in ("de", "fr")},
        {f"Sprachen/{tag}/scan.png": Facts("png") for tag in ("Deutsch", "Englisch")},
        {f"strings_{tag}.pdf": PDF for tag in ("de", "fr")},
        {f"{tag}/Befund.txt": TEXT for tag in ("de", "en", "fr")},
        {f"Report/{tag}/index.html": TEXT for tag in ("de", "en", "fr")},
        {f"Berichte/lang/{tag}/1.xml": TEXT for tag in ("de", "en")},
        {"Befund.xml": TEXT, "Befund_de.xml": TEXT, "Befund_en.xml": TEXT},
    ],
)
def test_outside_a_program_what_may_be_the_patients_is_no_language(files: Files):
    disc = lay_out(files | DISC)
    assert dropped(disc.plan(**SPANISH)) & set(files) == set()
    assert dropped(disc.plan(**PORTAL)) & set(files) == set()


@pytest.mark.parametrize(
    "files",
    [
        {f"guide_{tag}.pdf": PDF for tag in ("de", "fr")},
        {f"User manual-{tag}.pdf": PDF for tag in ("de", "fr")},
        {f"releaseNotes_{tag}.txt": TEXT for tag in ("de", "fr")},
        {f"Readme_{tag}.rtf": Facts("rtf") for tag in ("de", "fr")},
        {f"Docs/{tag}/Quick start.pdf": PDF for tag in ("de", "fr")},
        {f"lang/{tag}/manual.pdf": PDF for tag in ("de", "fr")},
        {f"{tag}/texts.json": TEXT for tag in ("de", "it", "fr")},
        {f"Viewer/lang/{tag}/report.pdf": PDF for tag in ("it", "no", "se")},
        {f"Viewer/instructions_{tag}.pdf": PDF for tag in ("de", "fr")},
        {f"Viewer/lang/{tag}/flag.png": Facts("png") for tag in ("it", "no", "se")},
    ],
)
def test_a_manual_and_the_files_of_a_program_are_languages_still(files: Files):
    disc = lay_out(files | DISC)
    assert {disc.by_path[path].category for path in files} == {Category.LOCALE}
    assert dropped(disc.plan(**SPANISH)) == set(files)


# --- a disc that was packed together with its folder ---


@pytest.mark.parametrize("top", ["CD_Muster", "Müßig, Hans/CD {1}", "de"])
@pytest.mark.parametrize("name", NAMES)
def test_a_disc_below_one_folder_is_judged_as_it_is_alone(name: str, top: str):
    files = {file.path: file.content for file in golden_disc.build(name)}
    alone = lay_out(files)
    below = lay_out({f"{top}/{path}": content for path, content in files.items()} | {"__MACOSX/._CD": b"\0"})
    same = {path: verdict.rule for path, verdict in alone.by_path.items()}
    assert {path: below.by_path[f"{top}/{path}"].rule for path in files} == same


PATIENTS: Files = {
    "Fotos/front.jpg": JPEG,
    "Fotos/pano.tif": TEXT,
    "Befund/Befund.docx": Facts("zip"),
    "Befund/Befund.txt": TEXT,
    "CDA/DOC1.XML": Facts("xml"),
}


@pytest.mark.parametrize("tops", [("CD",), ("CD1", "CD2")])
def test_below_the_folder_of_a_disc_nothing_is_swept_into_its_viewer(tops: tuple[str, ...]):
    directory = {"DICOMDIR": Facts("dicom", dicom=DIRECTORY), "viewer.exe": ANY_EXE}
    disc = lay_out({f"{top}/{path}": fact for top in tops for path, fact in (IMAGES | directory | PATIENTS).items()})
    for top in tops:
        assert {disc.by_path[f"{top}/{path}"].category for path in PATIENTS} == {Category.UNKNOWN}
    assert dropped(disc.plan(**PORTAL)) == {f"{top}/viewer.exe" for top in tops}


def test_a_folder_with_nothing_but_a_program_is_no_disc():
    disc = lay_out({"V/v.exe": ANY_EXE, "V/data/a.bin": TEXT})
    assert disc.by_path["V/data/a.bin"].rule == "viewer.folder"


def test_paths_of_own_rules_begin_at_the_top_of_the_disc_also_below_its_folder():
    own = "[[rule]]\nid='mine'\ncategory='junk'\nmatch={path='Demo/*'}\nwhy='w'\n"
    disc = lay_out({"CD/Demo/a": TEXT, "CD/b/Demo/a": TEXT, "CD/DICOM/I1": IMAGES["DICOM/I1"]}, own)
    assert [verdict.rule for verdict in disc.verdicts] == ["mine", "none", "dicom"]


# --- data below a viewer ---

GZIP, PNG, RIFF = Facts("gzip"), Facts("png"), Facts("riff")
BELOW_VIEWER: Files = {
    "Case/Muster.inv": Facts("xml"),
    "Case/scan.nii.gz": GZIP,
    "Case/brain.hdr": TEXT,
    "Case/upper.stl": TEXT,
    "Case/jaw.PLY": TEXT,
    "Case/face.obj": TEXT,
    "Case/mesh.vtp": Facts("xml"),
    "Data/pano.tif": TEXT,
    "Data/plan.docx": ZIP,
    "Data/plan.doc": Facts("ole"),
    "Data/plan.rtf": Facts("rtf"),
    "Data/us.mp4": TEXT,
    "Data/us.avi": RIFF,
    "Case/photo.jpg": JPEG,
    "Patient_1/a.png": PNG,
    "Case/study.zip": ZIP,
    "Data/Export.7z": Facts("7z"),
    "Befund/Befund.txt": TEXT,
    "f/0/diagnostic": JPEG,
    "f/1/diagnostic": PNG,
}
LARGE = {"Data/a.jpg": (JPEG, 150_000), "Data/a.png": (PNG, 600_000), "Data/a.zip": (ZIP, 2_000_000)}
PARTS: Files = {
    "skin/button.png": PNG,
    "skin/back.jpg": JPEG,
    "help/page1.gif": Facts("gif"),
    "luts/hot.zip": ZIP,
    "lib/view.jar": ZIP,
    "EULA.rtf": Facts("rtf"),
    "Viewer License.rtf": Facts("rtf"),
    "ReadMe.doc": Facts("ole"),
    "Setup/data1.hdr": TEXT,
    "viewer.ico": TEXT,
    "data/presets.bin": TEXT,
    "photos.dll": ANY_DLL,
}


@pytest.mark.parametrize("folder", ["Viewer", "Viewer/v.app/Contents", "v.app/Contents"])
def test_a_viewer_takes_no_data_that_lie_below_it(folder: str):
    sizes = {f"{folder}/{path}": size for path, (_fact, size) in LARGE.items()}
    data = BELOW_VIEWER | {path: fact for path, (fact, _size) in LARGE.items()}
    disc = lay_out(DISC | {f"{folder}/{path}": fact for path, fact in data.items()}, sizes=sizes)
    assert {path for path in data if disc.by_path[f"{folder}/{path}"].category is not Category.UNKNOWN} == set()
    assert dropped(disc.plan(**PORTAL)) == set(VIEWER)


@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize("folder", ["Viewer", "v.app/Contents"])
def test_what_looks_like_data_and_is_a_part_of_a_viewer_stays_one(folder: str, path: str):
    found = lay_out(DISC | {f"{folder}/{path}": PARTS[path]}).by_path[f"{folder}/{path}"]
    assert found.category in {Category.VIEWER, Category.DOCUMENT, Category.LAUNCHER}


# --- reports as pages ---

PAGE = b"<html>Fraktur</html>"


@pytest.mark.parametrize(
    "path",
    [
        "REPORT/R0001.HTM",
        "IHE_PDI/REPORTS/1/page.html",
        "IHE_PDI/SR0101.HTM",
        "R0001.HTM",
        "Berichte/index.html",
        "Befund/index.htm",
        "Befunde 2020/a.xhtml",
        "Befund.html",
        "Viewer/Report/SR01.HTM",
    ],
)
def test_a_report_as_a_page_is_no_launcher(path: str):
    start = {"INDEX.HTM": f'<a href="{path}">Report</a> <a href="Viewer/viewer.exe">'.encode()}
    disc = lay_out(DISC | start | {path: PAGE})
    assert disc.by_path[path].category is Category.DOCUMENT
    assert dropped(disc.plan(**PORTAL)) == set(VIEWER | start)


@pytest.mark.parametrize("path", ["IHE_PDI/ST01.HTM", "IHE_PDI/INDEX.HTM", "HELP/INDEX.HTM", "HELP/REPORT/INDEX.HTM"])
def test_other_pages_that_the_start_page_names_are_launchers(path: str):
    disc = lay_out(DISC | {"INDEX.HTM": f'<a href="{path}">'.encode(), path: PAGE})
    assert disc.by_path[path].category is Category.LAUNCHER


def test_a_report_keeps_no_start_page_that_it_names():
    disc = lay_out(DISC | {"INDEX.HTM": b'<a href="REPORT/R1.HTM">', "REPORT/R1.HTM": b'<a href="../INDEX.HTM">'})
    assert dropped(disc.plan(**PORTAL)) == {*VIEWER, "INDEX.HTM"}
    assert dropped(disc.plan(drop=(Category.LAUNCHER,))) == {"INDEX.HTM", "autorun.inf"}


# --- what is called a guide, instructions, help or a manual ---


@pytest.mark.parametrize(
    "path",
    [
        "Documents/Surgical Guide Report Muster.pdf",
        "Documents/Implant_Guide_Plan.pdf",
        "Documents/Discharge instructions.pdf",
        "Documents/Patient_Instructions_Smith.pdf",
        "Documents/Manual segmentation report.pdf",
        "Documents/Manual segmentation Muster.pdf",
        "Manual Muster.pdf",
        "Guide_Muster.pdf",
        "Instructions.pdf",
        "Help/Befund.pdf",
        "manual/Arztbrief.pdf",
        "Viewer/Surgical Guide.pdf",
        "Viewer/Treatment plan help.pdf",
        "User guide for the patient.pdf",
        "Patient guide-de.pdf",
        "Read me - report Dr X.txt",
        "ReadMe_Befund.rtf",
    ],
)
def test_what_patients_get_is_no_manual(path: str):
    start = "{\\rtf" if path.endswith("rtf") else "Dear" if path.endswith("txt") else "%PDF-1.4"
    disc = lay_out(DISC | {path: start.encode()})
    assert disc.by_path[path].rule in {"document.report", "none", "data.patient"}
    assert dropped(disc.plan(**PORTAL)) == set(VIEWER)


@pytest.mark.parametrize(
    "path",
    [
        "Manual.pdf",
        "guide_it.pdf",
        "User Guide 2.pdf",
        "Viewer instructions.pdf",
        "Software-Handbuch.pdf",
        "Installation guide.pdf",
        "Quick_Start.pdf",
        "Guida rapida.pdf",
        "Manuel d'utilisation.pdf",
        "Manual de usuario.pdf",
        "Help/viewer.pdf",
        "Viewer/EVLite_help.pdf",
        "Viewer/docs/Instructions.pdf",
        "Viewer/docs/Guide of features.pdf",
    ],
)
def test_a_manual_of_a_program_is_one_still(path: str):
    disc = lay_out(DISC | {path: PDF})
    assert disc.by_path[path].rule == "document.manual"
    assert path in dropped(disc.plan(drop=(Category.DOCUMENT,)))


# --- previews of images that are not there ---

PICTURES: Files = {"IHE_PDI/IMAGES/1.jpg": JPEG, "IHE_PDI/SMALL/2.jpg": JPEG, "thumbs/a.jpg": JPEG, "b_thumb.jpg": JPEG}


def test_without_images_in_dicom_nothing_is_a_preview():
    report = {"DICOM/SR1": Facts("dicom", dicom=replace(IMAGE, has_pixels=False, modality="SR"))}
    for others in (VIEWER, VIEWER | report):
        disc = lay_out(others | PICTURES)
        assert {disc.by_path[path].category for path in PICTURES} == {Category.UNKNOWN}
        assert dropped(disc.plan(**PORTAL)) == set(VIEWER)
    disc = lay_out(DISC | PICTURES)
    assert {disc.by_path[path].category for path in PICTURES} == {Category.PREVIEW}


@pytest.mark.parametrize("folder", ["Fotos", "Photos/2020", "Patient/Foto intraoral", "Bilder"])
def test_a_small_photo_is_no_preview_of_an_image(folder: str):
    disc = lay_out(DISC | {f"{folder}/thumbs/intraoral.jpg": JPEG})
    assert dropped(disc.plan(**PORTAL)) == set(VIEWER)
