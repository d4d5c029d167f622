"""Before and after in the manifest: true of the new zip, kept on the way, told where it matters."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.disc import DiscFile, write_zip
from repack.conformance.checks import CHECKS
from repack.model import EntryUnreadable
from repack.output import archive
from repack.record import manifest
from repack.record.manifest import Manifest
from tests.commands import Run, flat, manifest_of
from tests.conformance.discs import image, indexed, shift_offsets, sound
from tests.discs import small_disc, write_small_disc

pytestmark = pytest.mark.usefixtures("inline")
PROFILES = ("profile-cd", "profile-jpeg", "profile-j2k", "profile-zip-mail")


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "scan.zip", 3)


def results(path: Path) -> dict[str, tuple[str, str]]:
    """What the manifest inside a zip says: id -> before, after."""
    records = manifest_of(path)["conformance"]
    return {record["id"]: (record["before"]["result"], record["after"]["result"]) for record in records}


def findings(path: Path, side: str) -> dict[str, dict[str, str]]:
    return {record["id"]: record[side] for record in manifest_of(path)["conformance"]}


def inspected(run: Run, path: Path) -> dict[str, dict[str, str]]:
    """What `inspect` says of a bundle as it lies there: every file is read afresh."""
    code, out, _err = run("inspect", path, "--json")
    assert code == 0
    return {one["id"]: {"result": one["result"], "note": one["note"]} for one in json.loads(out)["conformance"]}


def check_manifest(run: Run, source: Path, zipped: Path) -> None:
    """Before is what `inspect` says of the source, after is what it says of the new zip, word for word."""
    assert findings(zipped, "before") == inspected(run, source)
    after, fresh = findings(zipped, "after"), inspected(run, zipped)
    for name in ("zip-name", "pdi-links"):  # the name is chosen later; what was dropped is not there to be seen
        after.pop(name)
        fresh.pop(name)
    assert after == fresh


# --- true of the new zip ---


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--codec", "none"),
        ("--codec", "j2k"),
        ("--codec", "rle"),
        ("--codec", "jpegls-near", "--max-error", "1"),
        ("--drop", "dicomdir", "--force-drop"),
        ("--drop-path", "DICOM/I0000002"),
        ("--drop", "viewer", "--drop", "launcher", "--drop-redist", "--force-drop"),
    ],
    ids=" ".join,
)
def test_the_manifest_says_what_a_fresh_look_finds(scan: Path, run: Run, words: tuple[str, ...]) -> None:
    assert run(scan, "-q", *words)[0] == 0
    check_manifest(run, scan, scan.with_name("scan.repacked.zip"))


def test_a_disc_full_of_flaws(run: Run, tmp_path: Path) -> None:
    files = sound()
    indexed(files, {"DICOM/I1": image(0, implicit=True), "DICOM/I2": image(1), "DICOM/I3": image(2)})
    files["DICOM/I2"] = image(1)[132:]
    files["DICOM/long name.dcm"] = image(4)
    del files["DICOM/I3"]
    files["AUTORUN.INF"] = b"[autorun]\r\nopen=X.EXE\r\n"
    write_zip(tmp_path / "a.zip", (DiscFile(path, bytes(content)) for path, content in files.items()))
    assert run(tmp_path / "a.zip", "-q")[0] == 0
    check_manifest(run, tmp_path / "a.zip", tmp_path / "a.repacked.zip")
    found = results(tmp_path / "a.repacked.zip")
    broken = [name for name, (_before, after) in found.items() if after == "not met"]
    assert {"part10", "file-ids", "listed-exist", "all-listed", *PROFILES} <= set(broken)


@pytest.mark.parametrize(
    ("codec", "fit"),
    [
        ("jpegls", {"profile-zip-mail"}),
        ("j2k", {"profile-j2k", "profile-zip-mail"}),
        ("rle", {"profile-zip-mail"}),
        ("none", set(PROFILES)),
    ],
)
def test_for_which_media_each_codec_is_fit(scan: Path, run: Run, codec: str, fit: set[str]) -> None:
    run(scan, "-q", "--codec", codec)
    found = results(scan.with_name("scan.repacked.zip"))
    assert {name for name in PROFILES if found[name][0] == "met"} == set(PROFILES)
    assert {name for name in PROFILES if found[name][1] == "met"} == fit


def test_an_entry_page_that_lost_its_target_is_told(run: Run, tmp_path: Path) -> None:
    path, first, second = (tmp_path / name for name in ("a.zip", "a.repacked.zip", "b.zip"))
    write_zip(path, (DiscFile(path, bytes(content)) for path, content in sound().items()))
    run(path, "-q", "--drop-path", "IHE_PDI/PAGE.HTM", "--force-drop")
    assert results(first)["pdi-links"] == ("not applicable", "not met")
    run(first, "-q", "--codec", "j2k", "-o", second)  # dropped in an earlier round: still gone
    assert results(second)["pdi-links"] == ("not applicable", "not met")


def test_an_index_that_cannot_be_read_back_is_not_known(scan: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_draft: object, _index: int) -> bytes:
        raise EntryUnreadable("the medium cannot be read")

    monkeypatch.setattr(archive.Draft, "read_back", fail)
    assert run(scan, "-q")[0] == 0
    found = results(scan.with_name("scan.repacked.zip"))
    assert found["stated-syntaxes"] == found["dicomdir-sound"] == found["one-patient"] == ("met", "not known")


# --- moving on ---


@pytest.mark.lengthy
def test_before_is_that_of_the_first_original(scan: Path, run: Run, tmp_path: Path) -> None:
    first = scan.with_name("scan.repacked.zip")
    run(scan, "-q", "--drop-path", "DICOM/I0000003")
    for words in (("--codec", "j2k"), ("--codec", "none"), ("--drop", "viewer", "--force-drop")):
        again = tmp_path / "again.zip"
        assert run(first, "-q", *words, "-o", again, "--overwrite")[0] == 0
        assert findings(again, "before") == findings(first, "before") == inspected(run, scan)
        after, fresh = findings(again, "after"), inspected(run, again)
        assert {name: one for name, one in after.items() if name not in {"zip-name", "pdi-links"}} == {
            name: one for name, one in fresh.items() if name not in {"zip-name", "pdi-links"}
        }


@pytest.fixture
def older(scan: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zip of a version of repack that knew nothing of conformance."""
    encode = manifest.encode_in_pieces

    def forget(record: Manifest) -> Iterator[bytes]:
        document: dict[str, Any] = json.loads(b"".join(encode(record)))
        del document["conformance"]
        yield json.dumps(document).encode()

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "encode_in_pieces", forget)
        assert run(scan, "-q")[0] == 0
    path = scan.with_name("scan.repacked.zip")
    assert "conformance" not in manifest_of(path)
    return path


def test_an_older_manifest_is_verified_restored_and_idle(older: Path, scan: Path, run: Run, tmp_path: Path) -> None:
    assert run("verify", older)[0] == 0
    assert run("verify", older, "--against", scan)[0] == 0
    assert run("restore", older, "-o", tmp_path / "back")[0] == 0
    with zipfile.ZipFile(scan) as opened:
        for info in opened.infolist():
            assert (tmp_path / "back" / info.filename).read_bytes() == opened.read(info)
    assert "nothing was written" in flat(run(older)[1])


def test_of_an_older_manifest_before_is_not_known(older: Path, run: Run, tmp_path: Path) -> None:
    assert run(older, "-q", "--codec", "j2k", "-o", tmp_path / "new.zip")[0] == 0
    found = results(tmp_path / "new.zip")
    assert {before for before, _after in found.values()} == {"not known"}
    assert found["profile-j2k"] == ("not known", "met")
    assert run("verify", tmp_path / "new.zip")[0] == 0


# --- told ---


def test_the_summary_tells_what_is_lost(scan: Path, run: Run) -> None:
    out = flat(run(scan)[1])
    assert "no longer: In the form for a CD (STD-GEN-CD) [PS3.11 D.3]" in out
    assert "because all 3 DICOM files are JPEG-LS Lossless" in out
    assert "still: In the form for a zip by e-mail (STD-GEN-ZIP-MAIL)" in out
    assert "burn the original" in out


def test_the_summary_is_silent_where_nothing_changes(scan: Path, run: Run) -> None:
    assert "What changes" not in run(scan, "--codec", "none", "--drop-redist")[1]


def test_what_was_never_met_is_not_lost(run: Run, tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", small_disc(2, implicit=True))
    assert "What changes" not in run(tmp_path / "a.zip")[1]


def test_a_gain_is_told(run: Run, tmp_path: Path) -> None:
    """Offsets that were all wrong by one amount come out right, and so does what depends on them."""
    files = {file.path: file.content for file in small_disc(2)}
    files["DICOMDIR"] = shift_offsets(files["DICOMDIR"], 8)
    write_zip(tmp_path / "a.zip", (DiscFile(path, content) for path, content in files.items()))
    out = flat(run(tmp_path / "a.zip")[1])
    assert "now: DICOMDIR is written as it must be [PS3.10 8.6]; In the form for a zip by e-mail" in out


def test_inspect_shows_the_table(scan: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    out = run("inspect", scan)[1]
    rows = {
        cells[0].strip(): cells[1].split() for line in out.splitlines() if len(cells := line.rsplit("PS3.", 1)) == 2
    }
    assert rows["DICOM files begin as they must"] == ["10", "7.1", "yes"]
    assert rows["In the form for a CD (STD-GEN-CD)"] == ["11", "D.3", "yes"]
    assert "files have other names" in out
    assert "(hint)" in out


def test_the_whole_table_is_there_for_the_asking(scan: Path, run: Run) -> None:
    assert "Standards, before and after" not in run(scan, "--overwrite")[1]
    assert "Standards, before and after" in run(scan, "--overwrite", "-v")[1]


def test_the_record_is_whole(scan: Path, run: Run) -> None:
    run(scan, "-q")
    with zipfile.ZipFile(scan.with_name("scan.repacked.zip")) as opened:
        record = manifest.decode(opened.read("REPACK/manifest.json"))
    assert [(one.id, one.says, one.source, one.grade) for one in record.conformance] == [
        (check.id, check.says, check.source, check.grade) for check in CHECKS
    ]
