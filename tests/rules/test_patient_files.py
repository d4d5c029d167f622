"""The patient's own files that are no DICOM: no wish for languages, viewers, pages or manuals takes them along."""

import pytest

from repack.model import Category, Facts
from tests.classify.synthetic import IMAGE, lay_out
from tests.rules.test_extras import dropped
from tests.rules.test_rule_cases import ANY_EXE, JPEG, PDF, TEXT, Files

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
