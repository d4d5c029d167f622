"""Moving on: however often a zip is repacked, it leads back to the first originals."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from fixtures.dicom import dicomdir
from fixtures.disc import DiscFile, dental_disc, write_zip
from repack import pipeline
from repack.bundles import limits, open_bundle
from repack.errors import BundleUnreadable
from repack.giveback import restore, verify
from repack.model import Category, Wishes
from repack.pipeline import Request
from repack.record import manifest
from repack.report.words import size
from tests.commands import Run, contents, flat, manifest_of, one_line
from tests.discs import spoil, write_small_disc
from tests.raw_dicom import RawImage
from tests.strategies import native_images

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "scan.zip", 3)


# --- nothing to do ---


@pytest.mark.parametrize("words", [(), ("--drop-redist", "--keep-locales", "es,en"), ("--codec", "j2k")])
def test_the_same_options_again_do_nothing(scan: Path, run: Run, words: tuple[str, ...]) -> None:
    assert run(scan, "-q", *words)[0] == 0
    first = scan.with_name("scan.repacked.zip")
    before = sorted(path.name for path in scan.parent.iterdir())
    code, out, _err = run(first, *words)
    assert (code, "is what these options give already; nothing was written" in " ".join(out.split())) == (0, True)
    assert sorted(path.name for path in scan.parent.iterdir()) == before
    code, out, _err = run(first, *words, "--json")
    assert (code, json.loads(out)) == (0, manifest_of(first))


def test_the_headers_that_are_counted_are_those_of_the_last_round_and_that_is_said(scan: Path, run: Run) -> None:
    first, second = scan.with_name("scan.repacked.zip"), scan.with_name("second.zip")
    said = "headers of images that were rewritten"
    assert f"{said}, and" in " ".join(run(scan, "-v")[1].split())
    assert manifest_of(first)["totals"]["overhead"]["headers"] > 0
    out = " ".join(run(first, "-v", "-o", second, "--drop-redist")[1].split())
    headers = manifest_of(second)["totals"]["overhead"]["headers"]
    assert headers < manifest_of(first)["totals"]["overhead"]["headers"]
    assert f"{said} in this round, and their offset tables: {size(headers)} " in out
    described = manifest.json_schema()["$defs"]["Overhead"]["description"]
    assert "Images that are as an earlier round left them are not counted" in " ".join(described.split())


def test_a_dry_run_says_so_and_inspect_shows_what_is_there(scan: Path, run: Run) -> None:
    run(scan, "-q")
    first = scan.with_name("scan.repacked.zip")
    assert "nothing was written" in " ".join(run(first, "--dry-run")[1].split())
    planned = " ".join(run(first, "--dry-run", "--drop-redist")[1].split())
    assert "dicom copy 3" in planned
    assert "redistributable drop 2" in planned
    assert "dicom transcode 3" in " ".join(run(first, "--dry-run", "--codec", "j2k")[1].split())
    shown = run("inspect", first, "--json")[1]
    syntaxes = {entry["path"]: entry["transfer_syntax"] for entry in json.loads(shown)["entries"]}
    assert syntaxes["DICOM/I0000001"] == "1.2.840.10008.1.2.4.80"
    assert "REPACK/manifest.json" in syntaxes


def test_an_option_without_effect_does_nothing_either(scan: Path, run: Run) -> None:
    run(scan, "-q", "--drop-redist")
    assert "nothing was written" in run(scan.with_name("scan.repacked.zip"), "--drop", "redistributable")[1]


@pytest.mark.parametrize("name", ["DICOM/I0000002", "Manual.pdf", "REPACK/restore.xz"])
def test_a_zip_that_broke_since_is_not_called_good(scan: Path, run: Run, name: str) -> None:
    run(scan, "-q")
    first, broken, two = (scan.with_name(each) for each in ("scan.repacked.zip", "broken.zip", "two.zip"))
    spoil(first, name, broken)
    code, out, err = run(broken, "-o", two)
    assert (code, out, two.exists()) == (3, "", False)
    assert f"cannot read broken.zip: {name}: it cannot be read: " in one_line(err)
    assert run(broken, "-q", "-o", two)[0] == 3
    code, out, err = run(broken, "-o", two, "--dry-run")  # which reads no content
    assert (code, "not checked; repack verify broken.zip does that" in flat(out)) == (0, True)


def test_a_run_without_work_writes_the_manifest_and_says_that_there_is_no_zip(scan: Path, run: Run) -> None:
    run(scan, "-q")
    first, beside, two = (scan.with_name(name) for name in ("scan.repacked.zip", "beside.json", "two.zip"))
    code, out, _err = run(first, "--manifest", beside, "-o", two)
    assert (code, two.exists()) == (0, False)
    assert json.loads(beside.read_bytes()) == manifest_of(first)
    said = " ".join(out.split())
    assert "so two.zip was not made" in said
    assert "manifest, which is in beside.json" in said


def test_a_dry_run_without_work_says_what_becomes_of_each_option(scan: Path, run: Run) -> None:
    run(scan, "-q")
    first, beside, two = (scan.with_name(name) for name in ("scan.repacked.zip", "beside.json", "two.zip"))
    code, out, _err = run(first, "--dry-run", "--manifest", beside, "-o", two)
    assert (code, two.exists(), beside.exists()) == (0, False, False)
    said = " ".join(out.split())
    assert "so two.zip was not made" in said
    assert "a dry run has no manifest, so none was written" in said
    assert run(first, "--dry-run", "--manifest", beside, "-o", two, "-q")[1] == ""


# --- going on ---


def test_more_pruning_keeps_what_was_known(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "--drop-redist", "-o", one)
    assert run(one, "-q", "--keep-locales", "en,es", "-o", two)[0] == 0
    before, after = manifest_of(one), manifest_of(two)
    assert [entry["path"] for entry in after["entries"]] == [entry["path"] for entry in before["entries"]]
    assert [entry["before"] for entry in after["entries"]] == [entry["before"] for entry in before["entries"]]
    dropped = [{e["path"] for e in m["entries"] if e["action"] == "dropped"} for m in (before, after)]
    assert len(dropped[0]) == 2
    assert dropped[0] < dropped[1]
    assert after["source"] == before["source"]
    assert [step["source"]["name"] for step in after["history"]] == ["scan.zip", "one.zip"]
    assert [step["options"]["keep_locales"] for step in after["history"]] == [[], ["en", "es"]]
    assert contents(one)["REPACK/restore.xz"] == contents(two)["REPACK/restore.xz"]
    assert run("verify", two, "--against", scan)[0] == 0


def test_another_codec_rewrites_from_the_first_original(scan: Path, run: Run) -> None:
    one, two, direct = (scan.with_name(f"{name}.zip") for name in ("one", "two", "direct"))
    run(scan, "-q", "-o", one)
    run(one, "-q", "--codec", "j2k", "-o", two)
    run(scan, "-q", "--codec", "j2k", "-o", direct)
    ways = [contents(path) for path in (two, direct)]
    for way in ways:
        del way["REPACK/manifest.json"]
    assert ways[0] == ways[1]


def test_codec_none_expands_to_the_first_originals(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "-o", one)
    assert run(one, "-q", "--codec", "none", "-o", two)[0] == 0
    given = {name: content for name, content in contents(two).items() if not name.startswith("REPACK/")}
    assert given == contents(scan)
    assert {entry["proof"] for entry in manifest_of(two)["entries"]} == {"identical"}


def test_images_that_become_the_first_originals_again_were_not_stored_so_already(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "-o", one)
    said = "what an earlier round compressed is the first original again, byte for byte"
    for how in ("--dry-run", "-q"):
        shown = " ".join(run(one, "-v", "--codec", "none", "-o", two, how)[1].split())
        assert "stored without compression already" not in shown
    assert [e["reason"] for e in manifest_of(two)["entries"] if e["category"] == "dicom"] == [said] * 3
    shown = " ".join(run(one, "--codec", "none", "-o", two, "--overwrite")[1].split())
    assert f"3 files: {said}" in shown
    assert "its images are those of the first original" in shown


def test_a_zip_that_repack_made_is_told_to_be_one(scan: Path, run: Run) -> None:
    one = scan.with_name("one.zip")
    said = "was made by repack from scan.zip; what was before is that first original"
    assert said not in " ".join(run(scan, "-o", one)[1].split())
    for how in ("--dry-run", "--json"):
        _code, out, err = run(one, "--drop-redist", how)
        assert f"one.zip {said}" in " ".join((out if how == "--dry-run" else err).split())


def test_an_unpacked_zip_goes_on_too(scan: Path, run: Run, tmp_path: Path) -> None:
    """With the folder records that most zips have, and an unpacked one does not."""
    with zipfile.ZipFile(scan, "a") as archive:
        archive.mkdir("DICOM")
        archive.mkdir("empty")
    run(scan, "-q", "--drop-redist")
    with zipfile.ZipFile(tmp_path / "scan.repacked.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert run("verify", tmp_path / "unpacked")[0] == 0
    for name, options in (("same", ["--drop-redist"]), ("two", ["--codec", "htj2k"])):
        target = tmp_path / f"{name}.zip"
        assert run(tmp_path / "unpacked", "-q", *options, "-o", target)[0] == 0
        assert run("verify", target, "--against", scan)[0] == 0


def test_without_the_name_of_a_codec_images_stay_as_they_are(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "--codec", "rle", "-o", one)
    assert run(one, "-q", "--drop-redist", "-o", two)[0] == 0
    assert contents(one)["DICOM/I0000001"] == contents(two)["DICOM/I0000001"]
    assert "rle" in [codec["name"] for codec in manifest_of(two)["codecs"]]
    assert run("verify", two, "--against", scan)[0] == 0


def test_a_bound_and_its_codec_outlive_the_round(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "--codec", "jpegls-near", "--max-error", "3", "-o", one)
    code, out, _err = run(one, "--drop-redist", "-o", two)
    assert code == 0
    assert "no sample differs by more than 3" in " ".join(out.split())
    assert ("jpegls-near", 3) in [(codec["name"], codec.get("max_error")) for codec in manifest_of(two)["codecs"]]


def test_notes_and_warnings_outlive_the_round(scan: Path, run: Run) -> None:
    with zipfile.ZipFile(scan, "a") as archive:
        archive.writestr("../evil.txt", b"x")
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "--drop", "junk", "--drop-path", "nothing-here", "-o", one)
    assert run(one, "-q", "--drop-redist", "-o", two)[0] == 0
    first, second = (manifest_of(path) for path in (one, two))
    notes = [[entry.get("notes") for entry in made["entries"] if "evil" in entry["path"]] for made in (first, second)]
    assert notes[0] == notes[1] != [None]
    assert second["history"][0]["warnings"] == first["warnings"] != []


def test_our_own_zip_is_never_taken_for_a_bomb(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from a folder, or in with a raised limit, may shrink more than a stranger's zip should."""
    disc = tmp_path / "disc"
    disc.mkdir()
    (disc / "blank.bin").write_bytes(bytes(3_000_000))
    monkeypatch.setattr(limits, "_FLOOR", 1_000_000)
    out = tmp_path / "out.zip"
    assert run(disc, "-q", "-o", out)[0] == 0
    with pytest.raises(BundleUnreadable, match="--max-ratio"):
        open_bundle(out)
    assert run("verify", out)[0] == 0
    assert run("restore", out, "-o", tmp_path / "back")[0] == 0
    assert (tmp_path / "back" / "blank.bin").read_bytes() == bytes(3_000_000)


def test_the_summary_counts_from_the_first_original(scan: Path, run: Run) -> None:
    run(scan, "-q", "--drop-redist")
    code, out, _err = run(scan.with_name("scan.repacked.zip"), "--keep-locales", "en", "-o", scan.with_name("2.zip"))
    assert code == 0
    shown = " ".join(out.split())
    assert re.search(r"redistributable 2 \d\S* kB 0 bytes 100 %", shown)
    assert "3 Explicit VR LE" in shown


def test_near_lossless_images_stay_and_dicomdir_follows_them(scan: Path, run: Run) -> None:
    one, two = scan.with_name("one.zip"), scan.with_name("two.zip")
    run(scan, "-q", "--codec", "jpegls-near", "--max-error", "2", "-o", one)
    assert run(one, "-q", "--codec", "j2k", "--drop-redist", "-o", two)[0] == 0
    names = ["DICOMDIR", "DICOM/I0000001"]
    assert [contents(one)[name] for name in names] == [contents(two)[name] for name in names]
    assert [e["proof"] for e in manifest_of(two)["entries"] if e["category"] == "dicom"] == ["bounded"] * 3


def test_images_without_their_original_bytes_go_on_from_their_samples(scan: Path, run: Run, tmp_path: Path) -> None:
    run(scan, "-q", "--codec", "rle", "-o", tmp_path / "rle.zip")
    disc = tmp_path / "disc.zip"  # a disc that came with RLE images: nobody has their originals
    with zipfile.ZipFile(disc, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(tmp_path / "rle.zip").items():
            if not name.startswith(("REPACK/", "Viewer/")):
                archive.writestr(name, content)
    last = disc
    for number, words in enumerate(
        [("--exact-only",), (), ("--codec", "htj2k"), ("--codec", "none"), ("--codec", "j2k")]
    ):
        target = tmp_path / f"{number}.zip"
        code, out, _err = run(last, "-o", target, *words)
        assert code == 0
        last = target if target.exists() else last
        proofs = {e["proof"] for e in manifest_of(last)["entries"] if e["category"] == "dicom"}
        assert proofs == {"identical" if words == ("--exact-only",) else "samples"}, out
        code, out, _err = run("verify", last, "--against", disc)
        assert code == 0
        assert ("each stored word compared" in " ".join(out.split())) == (proofs == {"samples"})
    run("restore", last, "-o", tmp_path / "back", "-q")
    for number in (1, 2, 3):
        one, other = (dcmread(io.BytesIO(c)) for c in (
            (tmp_path / f"back/DICOM/I000000{number}").read_bytes(), contents(scan)[f"DICOM/I000000{number}"]
        ))  # fmt: skip
        assert one.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert one.PixelData == other.PixelData
        assert one == other


def test_a_damaged_entry_is_carried_on(scan: Path, run: Run, tmp_path: Path) -> None:
    spoilt = bytearray(scan.read_bytes())
    with zipfile.ZipFile(scan) as archive:
        info = archive.getinfo("Manual.pdf")
    spoilt[info.header_offset + 30 + len("Manual.pdf") + info.compress_size // 2] ^= 1
    scan.write_bytes(spoilt)
    run(scan, "-q", "-o", tmp_path / "one.zip")
    assert run(tmp_path / "one.zip", "-q", "--codec", "j2k", "-o", tmp_path / "two.zip")[0] == 0
    lines = [
        next(entry for entry in manifest_of(tmp_path / name)["entries"] if entry["path"] == "Manual.pdf")
        for name in ("one.zip", "two.zip")
    ]
    assert lines[0]["carried"] == lines[1]["carried"]
    assert lines[1]["damaged"] is True
    assert run("verify", tmp_path / "two.zip", "--against", scan)[0] == 0
    worse = bytearray((tmp_path / "one.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        info = archive.getinfo("Manual.pdf")
    worse[info.header_offset + 30 + len("Manual.pdf") + info.compress_size // 3] ^= 1
    (tmp_path / "worse.zip").write_bytes(worse)
    code, _out, err = run(tmp_path / "worse.zip", "-q", "--codec", "j2k", "-o", tmp_path / "x.zip")
    assert (code, "Manual.pdf is not what its manifest says" in err) == (3, True)


# --- what cannot be gone on from ---


def test_a_zip_that_was_changed_is_refused(scan: Path, run: Run) -> None:
    run(scan, "-q")
    first = scan.with_name("scan.repacked.zip")
    with zipfile.ZipFile(first, "a") as archive:
        archive.writestr("holiday.jpg", b"a picture")
    code, _out, err = run(first, "--codec", "j2k")
    assert (code, "holiday.jpg" in err) == (3, True)
    rebuilt = scan.with_name("rebuilt.zip")
    with zipfile.ZipFile(rebuilt, "w") as archive:
        for name, content in contents(first).items():
            if name != "holiday.jpg":
                archive.writestr(name, content.upper() if name == "License.txt" else content)
    assert contents(rebuilt)["License.txt"] != contents(first)["License.txt"]
    code, _out, err = run(rebuilt, "--codec", "j2k")
    assert (code, "License.txt is not what its manifest says" in err) == (3, True)
    assert sorted(path.name for path in scan.parent.iterdir()) == ["rebuilt.zip", "scan.repacked.zip", "scan.zip"]


@pytest.mark.parametrize("name", ["REPACK/restore.xz", "repack/README.TXT"])
def test_files_with_our_names_that_are_not_ours_are_refused(tmp_path: Path, name: str) -> None:
    write_zip(tmp_path / "scan.zip", [DiscFile("a.txt", b"a"), DiscFile(name, b"not ours")])
    with pytest.raises(BundleUnreadable):
        pipeline.run(Request(tmp_path / "scan.zip", tmp_path / "out.zip"))


@pytest.mark.parametrize("name", ["REPACK/manifest.json", "repack/Manifest.JSON"])
@pytest.mark.parametrize("content", [b'{"name": "a repacker of games"}', b"not even JSON", b""])
def test_a_manifest_of_another_program_gets_another_name(tmp_path: Path, run: Run, name: str, content: bytes) -> None:
    files = [DiscFile("a.txt", b"a" * 999), DiscFile(name, content), DiscFile("REPACK/manifest_2.json", b"2")]
    write_zip(tmp_path / "scan.zip", files)
    out, again = tmp_path / "scan.repacked.zip", tmp_path / "again.zip"
    said = " ".join(run(tmp_path / "scan.zip")[1].split())
    assert "REPACK/manifest_3.json: it had the name of the manifest of repack; it got another one" in said
    assert contents(out)["REPACK/manifest_3.json"] == content
    assert manifest_of(out)["schema"] == "repack-manifest-1"
    assert run("verify", out, "--against", tmp_path / "scan.zip", "-q")[::2] == (0, "")
    assert run("restore", out, "-o", tmp_path / "back", "-q")[::2] == (0, "")
    assert (tmp_path / "back/REPACK/manifest_3.json").read_bytes() == content
    assert run(out, "--drop-path", "a.txt", "-o", again, "-q")[0] == 0
    assert contents(again)["REPACK/manifest_3.json"] == content
    code, _out, err = run("verify", tmp_path / "scan.zip")
    assert (code, "was not made by repack" in err) == (3, True)


@pytest.mark.parametrize("what", ["damaged", "cut", "of another version", "emptied"])
def test_a_manifest_that_may_be_ours_is_never_set_aside(scan: Path, run: Run, what: str) -> None:
    run(scan, "-q")
    spoilt = scan.with_name("spoilt.zip")
    with zipfile.ZipFile(spoilt, "w") as archive:
        for name, content in contents(scan.with_name("scan.repacked.zip")).items():
            is_it = name == "REPACK/manifest.json"
            archive.writestr(name, SPOILS[what](content) if is_it else content)
    if what == "damaged":
        data = spoilt.read_bytes()
        spoilt.write_bytes(data.replace(b'"repack-manifest-1"', b'"repeck-manifest-1"', 1))
    assert run(spoilt, "--codec", "j2k")[0] == 3
    assert run("verify", spoilt)[0] == 7


SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "damaged": lambda content: content,
    "cut": lambda content: content[:500],
    "of another version": lambda content: content.replace(b"repack-manifest-1", b"repack-manifest-9"),
    "emptied": lambda _content: b"",
}


# --- the property ---

WAYS = st.builds(
    Wishes,
    codec=st.sampled_from(["jpegls", "j2k", "htj2k", "rle", "none", "smallest"]),
    is_codec_named=st.booleans(),
    exact_only=st.booleans(),
    keep_locales=st.sampled_from([(), ("en",), ("es",)]),
    drop=st.sampled_from([(), (Category.DOCUMENT,), (Category.JUNK,)]),
    drop_path=st.sampled_from([(), ("**/*2",), ("extra.bin",)]),
)


@cache
def listed_image() -> tuple[str, bytes]:
    """An image that a DICOMDIR can list."""
    (file,) = (file for file in dental_disc(1, size=40) if file.path == "DICOM/I0000001")
    return file.path, file.content


def make_disc(images: list[RawImage], *, has_index: bool) -> list[DiscFile]:
    files = [listed_image(), *((f"DICOM/I{n}", image.content) for n, image in enumerate(images))]
    index = [("DICOMDIR", dicomdir([listed_image()]))] if has_index else []
    rest = [("Manual.pdf", b"%PDF-1.4 " * 50), ("extra.bin", bytes(range(256))), (".DS_Store", b"\0\0\0\1Bud1")]
    return [DiscFile(path, content) for path, content in index + files + rest]


@pytest.mark.slow
@given(st.lists(native_images(), min_size=1, max_size=3), st.booleans(), st.lists(WAYS, min_size=1, max_size=4))
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
def test_any_way_leads_back_to_the_first_originals(images: list[RawImage], has_index: bool, ways: list[Wishes]) -> None:  # noqa: FBT001  hypothesis gives it
    disc = make_disc(images, has_index=has_index)
    originals = {file.path: file.content for file in disc}
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_zip(folder / "0.zip", disc)
        last = folder / "0.zip"
        for number, wishes in enumerate(ways, start=1):
            done = pipeline.run(Request(last, folder / f"{number}.zip", wishes))
            last = done.target
        if last == folder / "0.zip":
            return
        checked = verify.verify(verify.Request(last, against=folder / "0.zip"))
        assert checked.findings == []
        given_back = restore.restore(restore.Request(last, folder / "back"))
        assert given_back.problems == {}
        lines = given_back.finished.manifest.entries
        assert [line.path for line in lines] == list(originals)
        for line in lines:
            assert line.before.sha256 == hashlib.sha256(originals[line.path]).hexdigest()
            assert line.proof in {None, "exact", "identical"}
            if line.proof is not None:
                assert (folder / "back" / line.path).read_bytes() == originals[line.path]
