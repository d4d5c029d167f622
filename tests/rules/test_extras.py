"""Golden discs under wishes that drop extras: what may go goes, what may not stays, nothing else is touched."""

import pytest

from fixtures import golden_disc
from repack.model import Action, Category, Facts, PeFacts, Plan
from tests.classify.synthetic import IMAGE, Disc, lay_out
from tests.test_golden import NAMES

EXTRAS = (Category.DOCUMENT, Category.PREVIEW, Category.SYMBOLS, Category.JUNK)
#: What no wish for extras, runtimes or prerequisites may ever take.
PRECIOUS = {Category.DICOM, Category.DICOMDIR, Category.VIEWER, Category.LAUNCHER, Category.UNKNOWN}


def build(name: str) -> Disc:
    return lay_out({file.path: file.content for file in golden_disc.build(name)})


def dropped(plan: Plan) -> set[str]:
    return {line.entry.path for line in plan.lines if line.decision.action is Action.DROP}


@pytest.mark.parametrize("name", NAMES)
def test_dropping_extras_takes_nothing_but_extras(name: str):
    plan = build(name).plan(drop=EXTRAS, drop_redist=True)
    gone = [line for line in plan.lines if line.decision.action is Action.DROP]
    assert {line.verdict.category for line in gone} <= {*EXTRAS, Category.REDISTRIBUTABLE}
    assert [line.entry.path for line in gone if line.verdict.action is Action.COPY] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_category_that_can_be_named_leaves_the_images(name: str):
    """All at once, without force: images stay, and so do licences, reports and volumes."""
    disc = build(name)
    plan = disc.plan(drop=tuple(Category))
    for line in plan.lines:
        if line.verdict.category in {Category.DICOM, Category.DICOMDIR} or line.verdict.action is Action.COPY:
            assert line.decision.action is not Action.DROP, line.entry.path


CASES = {
    "psp-pdi": {"IHE_PDI/THUMBNIL/D0000000.JPG"},  # the other picture is shown by a page
    "jivex": {"ihe_pdi/small/2.jpg", "readme.txt"},
    "viewdir": {"Thumbs.db", "IMAGES/Thumbs.db", ".DS_Store", "__MACOSX/._DICOMDIR"},
    "philips-mxlite": {"pg_images/_notes/logo.png.mno", "README.TXT"},
    "microdicom": {"VCRedist/2010/vcredist_x64.exe", "x64/mdicom.pdb"},
    "galileos": {"Prerequisites/haspdinst.exe", "Prerequisites/VC_redist.x64.exe"},  # not Report.pdf
    "evlite": {"OTHER/EVLITE/EVLite_help.pdf", "readme.txt"},
    "gearview": {"Setup/dotNetFx40_Full_x86_x64.exe"},  # not the licence
    "korean-pacs": {"IHE_PDI/IMAGES/0002.JPG", "manual/korean.pdf", "manual/page1.jpg"},  # not the report
    "dental-cbct": {"Redist/vcredist_x86.exe", "Redist/setup.exe", "Manual.pdf", ".DS_Store"},
}


@pytest.mark.parametrize("name", CASES)
def test_what_goes_of_a_disc(name: str):
    assert dropped(build(name).plan(drop=EXTRAS, drop_redist=True)) == CASES[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_runtime_that_a_kept_program_imports_stays(name: str):
    disc = build(name)
    plan = disc.plan(drop=(Category.RUNTIME, Category.REDISTRIBUTABLE))
    gone = {path.rpartition("/")[2].lower() for path in dropped(plan)}
    still = {line.entry.path.rpartition("/")[2].lower() for line in plan.lines if line.entry.path not in dropped(plan)}
    for line in plan.lines:
        if line.decision.action is not Action.DROP and line.facts.pe is not None:
            assert not [name for name in line.facts.pe.imports if name in gone - still], line.entry.path


SYSTEM_FILES = {
    "DICOM/._I1": b"\0\x05\x16\7\0\2\0\0Mac OS X        " + bytes(100),  # AppleDouble: what a Mac adds to a file
    "._DICOMDIR": b"\0\x05\x16\7\0\2\0\0Mac OS X        " + bytes(100),
    ".DS_Store": b"\0\0\0\1Bud1" + bytes(100),
    "DICOM/Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "System Volume Information/IndexerVolumeGuid": b"{\0A\0}\0",
    "__MACOSX/DICOM/._I2": b"\0\x05\x16\7" + bytes(22),
}


def test_what_operating_systems_leave_behind_is_junk_and_nothing_else_is():
    """Whoever copies a disc with Windows or a Mac takes such files along; only --drop junk takes them away."""
    disc = lay_out(SYSTEM_FILES | {"DICOM/I1": Facts("dicom", dicom=IMAGE), "DICOM/_I3": b"x", "notes.db": b"x"})
    assert {path for path, found in disc.by_path.items() if found.category is Category.JUNK} == set(SYSTEM_FILES)
    assert dropped(disc.plan()) == set()
    assert dropped(disc.plan(drop=(Category.JUNK,))) == set(SYSTEM_FILES)


def test_an_image_or_a_program_with_such_a_name_is_no_junk():
    image, library = Facts("dicom", dicom=IMAGE), Facts("pe", pe=PeFacts(True, "x86", {}, ()))  # noqa: FBT003  is_dll
    disc = lay_out({"DICOM/._I1": image, "Thumbs.db": library, "System Volume Information/I2": image})
    assert not any(found.category is Category.JUNK for found in disc.by_path.values())
