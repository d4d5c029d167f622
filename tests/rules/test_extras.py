"""Golden discs under wishes that drop extras: what may go goes, what may not stays, nothing else is touched."""

import pytest

from fixtures import golden_disc
from repack.model import Action, Category, Plan
from tests.classify.synthetic import Disc, lay_out
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
