"""`--split study`: each zip is a whole disc with one study, and all of them together give back every original byte."""

import copy
import io
import json
import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread

from fixtures.dicom import dicomdir, image_file
from fixtures.disc import DiscFile, write_folder, write_zip
from fixtures.header import SeriesHeader
from fixtures.phantom import slice_words
from repack import pipeline
from repack.errors import BundleUnreadable, OutputUnwritable, ProofFailed
from repack.report.words import size
from tests.commands import Run, contents, flat, manifest_of
from tests.discs import small_disc, write_small_disc

pytestmark = pytest.mark.usefixtures("inline")
#: Study, series, slices: the second series of study 1 comes behind study 2.
SERIES = ((1, 1, 2), (2, 1, 2), (1, 2, 1), (3, 1, 1))
REST = [file for file in small_disc(0) if file.path != "DICOMDIR"]


def images() -> list[DiscFile]:
    found = []
    for study, series, count in SERIES:
        header = SeriesHeader(study_number=study, series_number=series)
        for index in range(count):
            words = slice_words(index, count, 64)
            content = image_file(words, index=index, count=count, series=header)
            found.append(DiscFile(f"DICOM/S{study}E{series}I{index}", content))
    return found


IMAGES = images()
DIRECTORY = DiscFile("DICOMDIR", dicomdir((file.path, file.content) for file in IMAGES))
DISC = [DIRECTORY, *IMAGES, *REST]


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    path = tmp_path / "scan.zip"
    write_zip(path, DISC)
    return path


def parts_of(disc: Path) -> list[Path]:
    return [disc.with_name(f"scan.repacked.study{number}of3.zip") for number in (1, 2, 3)]


def listed(content: bytes) -> list[tuple[str, str, str]]:
    """File, SOP instance and transfer syntax of each record that names a file."""
    return [
        ("/".join(r.ReferencedFileID), r.ReferencedSOPInstanceUIDInFile, r.ReferencedTransferSyntaxUIDInFile)
        for r in dcmread(io.BytesIO(content)).DirectoryRecordSequence
        if "ReferencedFileID" in r
    ]


def test_each_part_is_a_whole_disc_with_its_study_alone(disc: Path, run: Run):
    before = disc.read_bytes()
    code, out, _err = run(disc, "--split", "study")
    assert (code, disc.read_bytes()) == (0, before)
    parts = parts_of(disc)
    assert {path.name for path in disc.parent.iterdir()} == {"scan.zip", *(path.name for path in parts)}
    together = size(sum(part.stat().st_size for part in parts))
    assert flat(out).endswith(f"3 zips, {together} together; the disc had {size(len(before))}")
    for number, part in enumerate(parts, 1):
        assert f"study {number} of 3" in out
        new = contents(part)
        names = {name for name in new if name.startswith("DICOM/")}
        assert names == {file.path for file in IMAGES if file.path.startswith(f"DICOM/S{number}")}
        records = listed(new["DICOMDIR"])
        assert [name for name, _instance, _syntax in records] == sorted(names)
        for name, instance, syntax in records:
            image = dcmread(io.BytesIO(new[name]))
            assert (image.SOPInstanceUID, image.file_meta.TransferSyntaxUID) == (instance, syntax)
        assert {file.path for file in REST} <= set(new)
        assert f"this one is number\r\n{number}." in new["REPACK/README.txt"].decode("utf-8-sig")
        assert run("verify", part, "--against", disc)[0] == 0


def test_all_parts_together_give_back_every_byte(disc: Path, run: Run):
    run(disc, "-q", "--split", "study", "--drop-redist")
    back = disc.with_name("back")
    for number, part in enumerate(parts_of(disc), 1):
        code, out, err = run("restore", part, "-o", back)
        assert (code, err) == (0, "")
        shown = " ".join(out.split())
        assert f"this zip is study {number} of 3, the other zips go into the same folder" in shown
        assert ("lay there already" in shown) == (number > 1)
    found = {path.relative_to(back).as_posix(): path.read_bytes() for path in back.rglob("*") if path.is_file()}
    assert found == {file.path: file.content for file in DISC if not file.path.startswith("Redist/")}


def test_each_part_alone_gives_back_the_original_index(disc: Path, run: Run):
    run(disc, "-q", "--split", "study")
    for number, part in enumerate(parts_of(disc)):
        back = disc.with_name(f"back{number}")
        assert run("restore", part, "-o", back)[0] == 0
        assert (back / "DICOMDIR").read_bytes() == DIRECTORY.content


def test_the_manifest_says_where_the_other_images_are_and_holds_no_uid(disc: Path, run: Run):
    run(disc, "-q", "--split", "study")
    record = manifest_of(parts_of(disc)[1])
    gone = {entry["path"]: entry for entry in record["entries"] if entry["action"] == "dropped"}
    assert set(gone) == {file.path for file in IMAGES if not file.path.startswith("DICOM/S2")}
    assert gone["DICOM/S3E1I0"]["reason"] == "it belongs to study 3 of 3, which has a zip of its own"
    assert {entry["wish"] for entry in gone.values()} == {"--split study"}
    assert record["options"]["part"] == [2, 3]
    assert SeriesHeader().study_uid.rpartition(".")[0] not in json.dumps(record)


def test_a_part_can_be_repacked_and_keeps_its_index(disc: Path, run: Run):
    run(disc, "-q", "--split", "study")
    part = parts_of(disc)[0]
    code, out, _err = run(part)
    assert (code, "nothing was written" in " ".join(out.split())) == (0, True)
    again = disc.with_name("again.zip")
    assert run(part, "-q", "-o", again, "--codec", "j2k")[0] == 0
    new = contents(again)
    assert [name for name, _i, _s in listed(new["DICOMDIR"])] == [n for n in sorted(new) if n.startswith("DICOM/")]
    assert {syntax for _n, _i, syntax in listed(new["DICOMDIR"])} == {"1.2.840.10008.1.2.4.90"}
    back = disc.with_name("back")
    assert run("restore", again, "-o", back, "DICOM*", "DICOM/**")[0] == 0
    assert (back / "DICOMDIR").read_bytes() == DIRECTORY.content


def test_a_whole_zip_of_ours_can_be_split(disc: Path, run: Run):
    assert run(disc, "-q")[0] == 0
    whole = disc.with_name("scan.repacked.zip")
    assert run(whole, "-q", "-o", disc.with_name("new.zip"), "--split", "study")[0] == 0
    back = disc.with_name("back")
    for number in (1, 2, 3):
        part = disc.with_name(f"new.study{number}of3.zip")
        assert run("verify", part)[0] == 0
        assert run("restore", part, "-o", back, "--overwrite")[0] == 0
    for file in [DIRECTORY, *IMAGES]:
        assert (back / file.path).read_bytes() == file.content


def test_each_part_is_a_zip_by_its_name_too(disc: Path, run: Run):
    for given, made in (("new", "new.study2of3.zip"), ("new.2", "new.2.study2of3.zip"), ("n.ZIP", "n.study2of3.ZIP")):
        assert run(disc, "-q", "--split", "study", "-o", disc.with_name(given))[0] == 0
        assert zipfile.is_zipfile(disc.with_name(made))


def test_one_study_is_one_zip_under_its_usual_name(tmp_path: Path, run: Run):
    write_small_disc(tmp_path / "scan.zip", 2)
    for how in ("--dry-run", "-v"):
        code, out, _err = run(tmp_path / "scan.zip", how, "--split", "study")
        assert (code, "there are not two studies or more, so this is one zip" in flat(out)) == (0, True)
    assert {path.name for path in tmp_path.iterdir()} == {"scan.zip", "scan.repacked.zip"}


def test_a_folder_can_be_split(tmp_path: Path, run: Run):
    write_folder(tmp_path / "scan", DISC)
    assert run(tmp_path / "scan", "-q", "--split", "study", "--for", "portal")[0] == 0
    for number in (1, 2, 3):
        new = contents(tmp_path / f"scan.repacked.study{number}of3.zip")
        assert not any(name.startswith("Viewer/") for name in new)


def test_mail_asks_for_its_name(disc: Path, run: Run):
    code, out, _err = run(disc, "--split", "study", "--for", "zip-mail")
    assert (code, disc.with_name("DICOM.study2of3.ZIP").is_file()) == (0, True)
    assert "rename each zip" in " ".join(out.split())


def test_a_limit_holds_for_each_and_the_message_names_the_split(disc: Path, run: Run):
    code, _out, err = run(disc, "--for", "portal", "--max-size", "30k")
    assert code == 5
    assert "--split study makes 3 zips" in err
    code, _out, err = run(disc, "--for", "portal", "--max-size", "18k", "--split", "study")
    assert (code, "study1of3" in err) == (5, True)
    assert not any(part.exists() for part in parts_of(disc))
    assert run(disc, "--for", "portal", "--max-size", "30k", "--split", "study")[0] == 0
    assert all(part.stat().st_size <= 30_000 for part in parts_of(disc))


FULL = OutputUnwritable("new.zip", "no space left", "make room")
FULL_SAID = "cannot write new.zip: no space left; make room"
SPOILT = ProofFailed("new.zip", "DICOM/1", "differs")
CHANGED = BundleUnreadable("scan.zip", "it changed", "run again")


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("complete", "failure"),
    [
        (0, (FULL, 5, FULL_SAID)),
        (1, (FULL, 5, FULL_SAID)),
        (2, (FULL, 5, FULL_SAID)),
        (2, (SPOILT, 6, "new.zip was not published: DICOM/1 differs")),
        (2, (CHANGED, 3, "cannot read scan.zip: it changed; run again")),
        (2, (KeyboardInterrupt(), 130, "interrupted; the input is untouched, and nothing half-written was left")),
        (0, (KeyboardInterrupt(), 130, "interrupted; the input is untouched, and nothing half-written was left")),
        (1, (RuntimeError("boom"), 1, "a bug in repack (RuntimeError)")),
    ],
)
def test_a_part_that_fails_says_which_are_complete(
    disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch, complete: int, failure: tuple[BaseException, int, str]
):
    error, code, said = failure
    publish, made = pipeline.archive.Draft.publish, []

    def publish_some(draft: pipeline.archive.Draft, *, overwrite: bool) -> None:
        if len(made) == complete:
            raise copy.copy(error)
        made.append(draft.target)
        publish(draft, overwrite=overwrite)

    monkeypatch.setattr(pipeline.archive.Draft, "publish", publish_some)
    found, _out, err = run(disc, "-q", "--split", "study")
    assert (found, err.count("\n"), err.startswith(f"repack: {said}")) == (code, 1, True)
    told = {0: "", 1: " is complete and stays\n", 2: " and 1 more are complete and stay\n"}[complete]
    assert err.endswith(f"; scan.repacked.study1of3.zip{told}" if told else "\n")
    assert ("stay" in err) == bool(complete)
    assert {path.name for path in disc.parent.iterdir()} == {"scan.zip", *(path.name for path in made)}


def test_what_exists_already_is_not_written_over(disc: Path, run: Run):
    parts_of(disc)[2].write_bytes(b"mine")
    code, _out, err = run(disc, "-q", "--split", "study")
    assert (code, "study3of3" in err) == (5, True)
    assert not parts_of(disc)[0].exists()
    assert parts_of(disc)[2].read_bytes() == b"mine"
    assert run(disc, "-q", "--split", "study", "--overwrite")[0] == 0


def test_an_index_that_cannot_be_divided_stops_the_run(tmp_path: Path, run: Run):
    broken = bytearray(DIRECTORY.content)
    at = broken.index(b"\x04\x00\x00\x12UL\x04\x00") + 8
    broken[at : at + 4] = b"\x01\x02\x03\x04"
    write_zip(tmp_path / "scan.zip", [DiscFile("DICOMDIR", bytes(broken)), *IMAGES])
    code, _out, err = run(tmp_path / "scan.zip", "-q", "--split", "study")
    assert (code, "DICOMDIR cannot be divided" in err, "--split study" in err) == (3, True, True)
    assert {path.name for path in tmp_path.iterdir()} == {"scan.zip"}


def test_json_is_a_list_and_a_dry_run_writes_nothing(disc: Path, run: Run):
    code, out, _err = run(disc, "--split", "study", "--dry-run", "--json")
    plans = json.loads(out)
    assert (code, len(plans)) == (0, 3)
    assert {path.name for path in disc.parent.iterdir()} == {"scan.zip"}
    kept = [{e["path"] for e in plan["entries"] if e["action"] == "transcode"} for plan in plans]
    assert set().union(*kept) == {file.path for file in IMAGES}
    assert sum(map(len, kept)) == len(IMAGES)
    code, out, _err = run(disc, "--split", "study", "--json")
    assert [record["options"]["part"] for record in json.loads(out)] == [[1, 3], [2, 3], [3, 3]]


def test_a_dry_run_asks_nothing_of_the_target(disc: Path, run: Run):
    for name in ("scan.repacked.zip", *(part.name for part in parts_of(disc))):
        disc.with_name(name).write_bytes(b"mine")
    for words in ((), ("--split", "study"), ("--max-size", "1G")):
        assert run(disc, "-q", "--dry-run", *words)[0] == 0


@pytest.mark.parametrize("words", [(), ("--split", "study")])
def test_a_dry_run_says_that_the_run_would_be_refused(words: tuple[str, ...], disc: Path, run: Run):
    assert "exit code" not in run(disc, "--dry-run", *words)[1]
    present = parts_of(disc)[1] if words else disc.with_name("scan.repacked.zip")
    present.write_bytes(b"mine")
    said = (
        f"nothing was written; as things are, that would end with exit code 5: cannot write {present.name}: it exists"
    )
    code, out, _err = run(disc, "--dry-run", *words)
    assert (code, said in flat(out)) == (0, True)
    assert "without --dry-run this makes" not in flat(out)
    assert "exit code" not in run(disc, "--dry-run", "--overwrite", *words)[1]
    code, out, _err = run(disc, "--dry-run", "-o", disc.with_name("none") / "new.zip", *words)
    assert (code, "its folder does not exist" in flat(out)) == (0, True)
    assert run(disc, *words)[0] == 5


@pytest.mark.parametrize("words", [(), ("batch",)], ids=str)
def test_what_divides_a_disc_that_is_too_large_is_a_command_that_there_is(words: tuple[str, ...], disc: Path, run: Run):
    place = ("--out-dir", disc.with_name("small")) if words else ()  # a batch has no --split
    code, _out, err = run(*words, disc, *place, "-q", "--max-size", "10k")
    assert (code, "; repack BUNDLE --split study makes 3 zips" in err) == (5, True)


def test_one_manifest_file_for_several_zips_is_refused(disc: Path, run: Run):
    code, _out, err = run(disc, "--split", "study", "--manifest", disc.with_name("manifest.json"))
    assert (code, "--json" in err) == (2, True)
