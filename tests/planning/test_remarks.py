"""Warnings about a plan: viewers that may not open what is written, lists that no longer fit."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures import golden_disc
from repack.model import Category, Facts, Plan, Wishes
from repack.planning.remarks import narrow, remark
from tests.classify.synthetic import BUILTIN, IMAGE, exe, lay_out
from tests.commands import Run, flat, manifest_of
from tests.discs import write_small_disc

DICOM = Facts("dicom", dicom=IMAGE)
TEXT, ZIP = Facts("unknown"), Facts("zip")
LONGEST = 76  # letters of a line in the summary at 80 columns


def warn(files: dict[str, Facts | bytes], **wishes: object) -> tuple[str, ...]:
    disc = lay_out({"I1": DICOM} | files)
    return remark(disc.plan(**wishes), BUILTIN, disc.needs)


def test_a_viewer_that_is_known_to_read_the_codec_is_not_named():
    assert warn({"viewer-win32.exe": exe(), "weasis/weasis-launcher.jar": ZIP}) == ()


def test_an_unknown_viewer_is_named_with_a_safe_choice():
    assert warn({"V/Viewer.exe": exe()}) == ("Viewer.exe may not open JPEG-LS; safe: --codec none",)


def test_of_two_codecs_each_image_has_one():
    (line,) = warn({"V/Viewer.exe": exe()}, codec="smallest")
    assert line == "Viewer.exe may not open JPEG-LS or JPEG 2000; safe: --codec none"


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("j2k", ("Viewer.exe may not open JPEG 2000; safe: --codec none", "more")),
        ("jpegls", ("Viewer.exe may not open JPEG-LS; safe: --codec none", "more")),
    ],
)
def test_when_it_is_known_which_was_written_that_alone_is_named(codec: str, said: tuple[str, ...]):
    disc = lay_out({"I1": DICOM, "V/Viewer.exe": exe()})
    plan = disc.plan(codec="smallest")
    warned = replace(plan, warnings=(*remark(plan, BUILTIN, disc.needs), "more"))
    assert set(narrow(warned, BUILTIN, disc.needs, codec).warnings) == set(said)


@pytest.mark.usefixtures("inline")
def test_the_manifest_names_the_codec_that_was_written(tmp_path: Path, run: Run):
    scan = write_small_disc(tmp_path / "scan.zip", 2)
    assert "may not open JPEG-LS or JPEG 2000;" in flat(run(scan, "--codec", "smallest", "--dry-run")[1])
    assert run(scan, "--codec", "smallest", "-q")[0] == 0
    record = manifest_of(tmp_path / "scan.repacked.zip")
    written = {e["after"]["transfer_syntax"] for e in record["entries"] if e["category"] == "dicom"}
    name = {"1.2.840.10008.1.2.4.80": "JPEG-LS", "1.2.840.10008.1.2.4.90": "JPEG 2000"}[min(written)]
    assert len(written) == 1
    assert f" may not open {name};" in " ".join(record["warnings"])
    assert " or JPEG 2000" not in " ".join(record["warnings"])


def test_what_all_viewers_are_known_to_open_is_offered():
    (line,) = warn({"VIEWER/AOCView2.exe": exe()})
    assert line == "AOCView2.exe may not open JPEG-LS; safe: --codec j2k or none"
    assert len(line) <= LONGEST
    both = warn({"VIEWER/AOCView2.exe": exe(), "Alma3D.exe": exe()})
    assert both == (line,), "Alma3D opens JPEG-LS too, and J2K as well"
    (three,) = warn({"AOCView2.exe": exe(), "ViewDIR.exe": exe(), "eFilmLt.exe": exe()})
    assert three == "AOCView2.exe and 2 more may not open JPEG-LS; safe: --codec none"
    assert len(three) <= LONGEST


def test_of_programs_without_a_name_those_that_are_started_count():
    files = {"autorun.inf": b"open=V\\view.exe", "V/view.exe": exe(), "V/helper.exe": exe()}
    assert warn(files) == ("view.exe may not open JPEG-LS; safe: --codec none",)
    del files["autorun.inf"]
    assert warn(files) == ("view.exe and helper.exe may not open JPEG-LS; safe: --codec none",)


def test_a_starter_is_no_viewer():
    (line,) = warn({"autorun.inf": b"open=cdstart.exe", "cdstart.exe": exe(), "V/a.exe": exe()})
    assert line.startswith("a.exe may")


def test_a_java_viewer_without_a_name_counts_when_it_is_started():
    (line,) = warn({"run.bat": b"java -jar show.jar", "show.jar": ZIP, "lib.jar": ZIP})
    assert line.startswith("show.jar may")
    (line,) = warn({"run.sh": b"./bin/show -full", "bin/show": Facts("elf"), "bin/libz.so.1": Facts("elf")})
    assert line.startswith("show may")
    (line,) = warn({"run.sh": b"./bin/show.bin", "bin/show.bin": Facts("elf"), "bin/libz.so.1": Facts("elf")})
    assert line.startswith("show.bin may")


@pytest.mark.parametrize(
    "wishes", [{"drop": (Category.VIEWER,)}, {"drop_path": ("V/*",), "force_drop": True}], ids=["category", "path"]
)
def test_a_dropped_viewer_is_not_named(wishes: dict[str, object]):
    assert warn({"V/Viewer.exe": exe()}, **wishes) == ()


def test_without_new_images_no_viewer_is_named():
    disc = lay_out({"V/Viewer.exe": exe()})
    assert remark(disc.plan(), BUILTIN, disc.needs) == ()


def test_without_compression_no_viewer_is_named():
    disc = lay_out({"I1": DICOM, "V/Viewer.exe": exe()})
    plan = disc.plan()
    native = Plan(plan.bundle, Wishes(codec="none"), plan.lines)
    assert remark(native, BUILTIN, disc.needs) == ()


def test_lists_of_checksums_are_named_when_something_changes():
    said = "hash.bin lists checksums; those of changed files no longer fit"
    assert warn({"hash.bin": TEXT}) == (said,)
    disc = lay_out({"hash.bin": TEXT, "a.txt": TEXT})
    assert remark(disc.plan(), BUILTIN, disc.needs) == ()
    assert remark(disc.plan(drop_path=("a.txt",)), BUILTIN, disc.needs) == (said,)
    assert remark(disc.plan(drop_path=("*",)), BUILTIN, disc.needs) == (), "a list that is gone misleads nobody"


def test_indexes_of_images_are_named_when_images_change():
    said = "images, which have changed: try the viewer"
    (line,) = warn({"OTHER/index.evx": TEXT})
    assert line == f"index.evx lists {said}"
    assert len(line) <= LONGEST
    (many,) = warn({f"jil/{n}.JIL": TEXT for n in range(5)})
    assert many == f"0.JIL and 4 more list {said}"
    disc = lay_out({"OTHER/index.evx": TEXT, "a.txt": TEXT})
    assert remark(disc.plan(drop_path=("a.txt",)), BUILTIN, disc.needs) == ()


#: Golden disc -> what its warnings name.
GOLDEN = {
    "weasis-portable": [],
    "weasis-2": ["weasis-win32.exe"],
    "evlite": ["EVClientLight.exe and 1 more", "index.evx"],
    "gearview": ["GEARView.exe and 1 more", "hash.bin"],
    "jivex": ["Start.exe", "ST000001.JIL and 1 more"],
    "array-aoc": ["AOC_mini.exe and 1 more", "STUDY.IDX and SERIES.DAT"],
    "ge-centricity": ["DICOMVWR.CAB"],
    "korean-pacs": ["CDRun.exe and CDViewer.exe", "STUDY.LST and PATIENT.LST"],
    "mpdicom": ["mpDICOM.exe and mpDICOM"],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_disc_is_warned_of(name: str):
    disc = lay_out({file.path: file.content for file in golden_disc.build(name)})
    lines = remark(disc.plan(), BUILTIN, disc.needs)
    assert max(map(len, lines), default=0) <= LONGEST
    assert [re.split(" may | lists? ", line)[0] for line in lines] == GOLDEN[name]
