"""verify: what is checked, what is said, and the ways to check less or more."""

import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.disc import DiscFile, write_folder, write_zip
from repack import pipeline
from repack.cli.giveback import read_share
from repack.errors import WrongUsage
from repack.giveback import finished, verify
from repack.model import Wishes
from repack.pipeline import Request
from repack.record import manifest
from tests.commands import Run, contents, flat, manifest_of, repack
from tests.discs import small_disc, spoil, symlink, write_small_disc

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    scan = write_small_disc(folder / "scan.zip", 5, 48)
    return pipeline.run(Request(scan, folder / "scan.repacked.zip", Wishes(drop_redist=True))).target


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "verify")


def checks_of(said: str) -> dict[str, tuple[int, int]]:
    return {check["subject"]: (check["checked"], check["of"]) for check in json.loads(said)["checks"]}


def rewrite(disc: Path, to: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same entries in a new zip of another writer, each changed or left out."""
    with zipfile.ZipFile(disc) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
    return to


def test_everything_is_checked(disc: Path, run: Run) -> None:
    code, out, err = run(disc, "--json", "--against", disc.with_name("scan.zip"))
    with zipfile.ZipFile(disc) as archive:
        inside = len(archive.namelist())
    lines = len(finished.open_finished(disc).manifest.entries)
    assert code == 0
    assert "is sound: no difference found" in err  # people read it there, when programs read the rest
    assert checks_of(out) == {
        "zip": (inside, inside), "manifest": (lines, lines), "files": (inside - 1, inside - 1), "exact": (6, 6),
        "DICOMDIR": (1, 1), "original": (lines, lines),
    }  # fmt: skip
    assert json.loads(out)["sound"] is True


@pytest.mark.parametrize(
    ("words", "decoded"), [((), 6), (("--quick",), 0), (("--sample", "5%"), 1), (("--sample", "50 %"), 3)]
)
def test_less_can_be_decoded(disc: Path, run: Run, words: tuple[str, ...], decoded: int) -> None:
    code, out, _err = run(disc, "--json", *words)
    assert (code, checks_of(out)["exact"]) == (0, (decoded, 6))


@pytest.mark.parametrize(
    "words", [("--sample", "0%"), ("--sample", "101"), ("--sample", "x"), ("--quick", "--sample", "5")]
)
def test_wrong_usage(disc: Path, run: Run, words: tuple[str, ...]) -> None:
    code, _out, err = run(disc, *words)
    assert (code, err.count("\n")) == (2, 1)


@given(st.floats(allow_nan=True) | st.text(max_size=5))
def test_a_share_is_a_share(given_share: float | str) -> None:
    with suppress(WrongUsage):
        assert 0 < read_share(f"{given_share}%") <= 1


@given(count=st.integers(0, 300), share=st.floats(0, 1))
def test_a_sample_is_spread(count: int, share: float) -> None:
    chosen = verify._spread(list(range(count)), share)
    assert len(chosen) <= max(1, int(count * share))
    assert bool(chosen) == bool(count and share)
    if share == 1:
        assert len(chosen) == count


def forge(disc: Path, to: Path) -> Path:
    """The same zip with its second image in the place of the first, and a manifest that was made to fit."""
    with zipfile.ZipFile(disc) as archive:
        other = archive.read("DICOM/I0000002")
    record = finished.open_finished(disc).manifest
    state = next(line.after for line in record.entries if line.path == "DICOM/I0000002")
    lines = tuple(
        manifest.EntryRecord(**{f: getattr(line, f) for f in line.__struct_fields__} | {"after": state})
        if line.path == "DICOM/I0000001"
        else line
        for line in record.entries
    )
    fields = {f: getattr(record, f) for f in record.__struct_fields__}
    forged = manifest.encode(manifest.Manifest(**fields | {"entries": lines, "totals": manifest.count(lines)}))

    def swap(name: str, content: bytes) -> bytes:
        return {"DICOM/I0000001": other, "REPACK/manifest.json": forged}.get(name, content)

    return rewrite(disc, to, swap)


def test_another_image_is_found_although_all_hashes_fit(disc: Path, run: Run, tmp_path: Path) -> None:
    """Only the way back tells."""
    target = forge(disc, tmp_path / "forged.zip")
    _code, out, _err = run(target)
    assert "DICOM/I0000001 does not give back the original file" in " ".join(out.split())
    assert "DICOM/I0000001 does not give" not in run(target, "--quick")[1]


def test_what_was_damaged_in_the_original_is_counted_apart_and_named(disc: Path, run: Run, tmp_path: Path) -> None:
    """Nothing differs from the original, but no sum says what it holds."""
    broken = spoil(disc.with_name("scan.zip"), "Manual.pdf", tmp_path / "scan.zip")
    target = pipeline.run(Request(broken, tmp_path / "new.zip", Wishes(drop_redist=True))).target
    code, out, err = run(target)
    assert (code, err) == (0, "")
    assert "is sound: no difference found; 1 file was damaged in the original already" in flat(out)
    assert "Damaged in the original already - Manual.pdf" in flat(out)
    code, out, err = run(target, "--json", "-q")
    said = "repack: new.zip: Manual.pdf was damaged in the original already; no sum says what it held\n"
    assert (code, err) == (0, said)
    with zipfile.ZipFile(target) as archive:
        assert checks_of(out)["files"] == (len(archive.namelist()) - 2,) * 2
    assert checks_of(out)["damaged"] == (1, 1)
    assert (json.loads(out)["sound"], json.loads(out)["damaged"]) == (True, ["Manual.pdf"])
    code, out, _err = run(disc, "--json")
    assert (json.loads(out)["damaged"], "damaged" in checks_of(out)) == ([], False)


def test_what_is_missing_or_too_much_is_named(disc: Path, run: Run, tmp_path: Path) -> None:
    less = rewrite(disc, tmp_path / "less.zip", lambda name, content: None if name == "DICOM/I0000003" else content)
    with zipfile.ZipFile(less, "a") as archive:
        archive.writestr("REPACK/notes.txt", b"mine")
        archive.writestr("extra.txt", b"mine")
    code, out, _err = run(less)
    shown = " ".join(out.split())
    assert code == 7
    assert "DICOM/I0000003 is missing in the zip" in shown
    assert "extra.txt is in the zip, but the manifest does not know it" in shown
    assert "REPACK/notes.txt is in the zip, but the manifest does not know it" in shown


@pytest.mark.parametrize("name", ["REPACK/restore.xz", "REPACK/README.txt"])
def test_our_own_files_are_guarded(disc: Path, run: Run, tmp_path: Path, name: str) -> None:
    changed = rewrite(disc, tmp_path / "a.zip", lambda n, content: content + b"x" if n == name else content)
    assert f"{name} is not what the manifest says" in " ".join(run(changed)[1].split())
    gone = rewrite(disc, tmp_path / "b.zip", lambda n, content: None if n == name else content)
    assert f"{name} is missing in the zip" in " ".join(run(gone)[1].split())


def test_a_dicomdir_that_does_not_follow_is_found(disc: Path, run: Run, tmp_path: Path) -> None:
    """Its hash does not fit either; what is wrong with it is said as well."""

    def stale(name: str, content: bytes) -> bytes:
        return content.replace(b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.81") if name == "DICOMDIR" else content

    shown = " ".join(run(rewrite(disc, tmp_path / "stale.zip", stale))[1].split())
    assert "DICOMDIR is not what the manifest says" in shown
    assert "DICOMDIR states another transfer syntax than DICOM/I0000001 has" in shown


@pytest.mark.lengthy
@pytest.mark.parametrize("category", ["junk", "dicom"])
def test_a_dicomdir_that_a_rule_calls_something_else_is_checked_too(
    disc: Path, run: Run, tmp_path: Path, category: str
) -> None:
    own, made = tmp_path / "my.toml", tmp_path / "made.zip"
    own.write_text(f"[[rule]]\nid='x'\ncategory='{category}'\nmatch={{name='DICOMDIR'}}\nwhy='a slip'\n", "utf-8")
    repack(disc.with_name("scan.zip"), "-o", made, "--rules", own, "-q")
    code, out, _err = run(made, "--json")
    assert (code, checks_of(out)["DICOMDIR"]) == (0, (1, 1))
    stale = rewrite(made, tmp_path / "stale.zip", lambda name, data: data if name != "DICOMDIR" else stale_index(data))
    code, out, err = run(stale, "--json")
    assert code == 7
    found = [difference["problem"] for difference in json.loads(out)["differences"]]
    assert any("states another transfer syntax" in problem for problem in found), err


def stale_index(data: bytes) -> bytes:
    """Another transfer syntax of the same length in every record."""
    new = data.replace(b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.90")
    assert new != data
    return new


def test_false_totals_are_found(disc: Path, run: Run, tmp_path: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(b'"dropped": 2', b'"dropped": 3') if name == "REPACK/manifest.json" else content

    shown = " ".join(run(rewrite(disc, tmp_path / "a.zip", change))[1].split())
    assert "REPACK/manifest.json has totals that are not those of its entries" in shown


@pytest.mark.parametrize(
    ("content", "said"), [(b"{}", "none that this version of repack knows"), (b"", "none that this version")]
)
def test_without_a_manifest_nothing_can_be_checked(
    disc: Path, run: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    broken = rewrite(disc, tmp_path / "a.zip", lambda n, old: content if n == "REPACK/manifest.json" else old)
    code, _out, err = run(broken)
    assert (code, said in err, err.count("\n")) == (7, True, 1)


# --- the original ---


def test_another_original_is_told_entry_by_entry(disc: Path, run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(5, 48))
    assert run(disc, "--against", tmp_path / "disc")[0] == 0
    (tmp_path / "disc/License.txt").write_bytes(b"another one")
    (tmp_path / "disc/DICOM/I0000004").unlink()
    (tmp_path / "disc/new.txt").write_bytes(b"new")
    code, out, _err = run(disc, "--against", tmp_path / "disc")
    shown = " ".join(out.split())
    assert code == 7
    for said in (
        "License.txt is another file in the original",
        "DICOM/I0000004 is not in disc",
        "new.txt is in disc, but the manifest does not know it",
    ):
        assert said in shown


def test_trouble_with_the_original_is_none_with_the_zip(disc: Path, run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(5, 48))
    (tmp_path / "disc/License.txt").unlink()
    code, out, err = run(disc, "--against", tmp_path / "disc", "--json")
    assert (code, json.loads(out)["sound"]) == (7, False)
    assert [found["in"] for found in json.loads(out)["differences"]] == ["original"]
    assert "License.txt is not in disc; the zip itself is sound" in err
    assert "better copy" not in err

    less = rewrite(disc, tmp_path / "bad.zip", lambda name, old: None if name == "Manual.pdf" else old)
    code, out, err = run(less, "--against", tmp_path / "disc", "--json")
    assert {found["in"] for found in json.loads(out)["differences"]} == {"original", "zip"}
    assert "get a better copy" in err
    assert "itself is sound" not in err


def test_other_samples_than_the_originals_are_a_fault_of_the_zip(run: Run, tmp_path: Path) -> None:
    """Nothing in the zip tells, where an image was compressed already and its bytes do not come back."""
    scan = write_small_disc(tmp_path / "scan.zip", 3)
    rle = pipeline.run(Request(scan, tmp_path / "rle.zip", Wishes(codec="rle"), jobs=0)).target
    images = (DiscFile(name, data) for name, data in contents(rle).items() if name.startswith("DICOM"))
    write_zip(tmp_path / "disc.zip", images)
    made = pipeline.run(Request(tmp_path / "disc.zip", tmp_path / "made.zip", jobs=0)).target
    assert run(made, "--against", tmp_path / "disc.zip")[0] == 0
    forged = forge(made, tmp_path / "forged.zip")
    assert "I0000001 does not give" not in run(forged)[1]  # only the zip's writer differs, as far as it can tell
    code, out, err = run(forged, "--against", tmp_path / "disc.zip", "--json")
    other = {"where": "DICOM/I0000001", "problem": "has other samples than the original", "in": "zip"}
    assert (code, other in json.loads(out)["differences"]) == (7, True)
    assert "get a better copy" in err


@pytest.mark.parametrize("name", ["DICOM/I0000001", "License.txt", "REPACK/README.txt"])
def test_what_nobody_can_open_is_not_sound(disc: Path, run: Run, tmp_path: Path, name: str) -> None:
    """In a folder, a link that leads nowhere stands where a file was."""
    with zipfile.ZipFile(disc) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert run(tmp_path / "unpacked")[0] == 0
    (tmp_path / "unpacked" / name).unlink()
    symlink(tmp_path / "unpacked" / name, "nowhere")
    code, _out, err = run(tmp_path / "unpacked")
    assert (code, f"unpacked: {name} is missing in the zip; get" in err) == (7, True)

    write_folder(tmp_path / "disc", small_disc(5, 48))
    original = tmp_path / "disc" / name
    if original.exists():
        original.unlink()
        symlink(original, "nowhere")
        code, _out, err = run(disc, "--against", tmp_path / "disc")
        assert (code, f"{name} is a link or a device in disc, and cannot be compared" in err) == (7, True)


def test_another_disc_is_told_in_one_line(disc: Path, run: Run, tmp_path: Path) -> None:
    """Discs of one clinic have the same names in them."""
    other = [DiscFile(file.path, file.content[::-1] + b"other") for file in small_disc(5, 48)]
    write_folder(tmp_path / "other", other)
    code, out, err = run(disc, "--against", tmp_path / "other", "--json")
    assert (code, len(json.loads(out)["differences"])) == (7, 1)
    assert "other is another disc: no file of it is in the zip as it was; the zip itself is sound" in err


def test_a_zip_of_repack_is_no_first_original(disc: Path, run: Run, tmp_path: Path) -> None:
    again = pipeline.run(Request(disc, tmp_path / "again.zip", Wishes(codec="none"), jobs=0)).target
    code, out, err = run(again, "--against", disc, "--json")
    assert (code, len(json.loads(out)["differences"])) == (7, 1)
    first = manifest_of(disc)["source"]["name"]
    assert f"{disc.name} was itself made by repack; the first original was {first}; the zip itself is sound" in err


def test_the_zip_is_not_its_own_original(disc: Path, run: Run, tmp_path: Path) -> None:
    code, _out, err = run(disc, "--against", disc)
    assert (code, "it is the zip itself" in err) == (3, True)
    assert run(disc, "--against", tmp_path / "nowhere.zip")[0] == 3


def test_a_renamed_copy_is_as_sound(disc: Path, run: Run, tmp_path: Path) -> None:
    shutil.copy(disc, tmp_path / "other name.zip")
    assert run(tmp_path / "other name.zip", "-q") == (0, "", "")


def test_a_second_manifest_is_a_difference(disc: Path, run: Run, tmp_path: Path) -> None:
    """Which of the two would a reader believe?"""
    copy = tmp_path / "copy.zip"
    shutil.copy(disc, copy)
    with zipfile.ZipFile(copy) as archive:
        content = archive.read("REPACK/manifest.json")
    with zipfile.ZipFile(copy, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("REPACK/manifest.json", content)
    code, _out, err = run(copy)
    assert code == 7
    assert "more than once" in err


def test_only_what_is_sound_counts(disc: Path, run: Run, tmp_path: Path) -> None:
    """What was looked at and found wrong is not said to have been rebuilt."""
    changed = rewrite(disc, tmp_path / "gone.zip", lambda n, content: None if n == "REPACK/restore.xz" else content)
    code, out, _err = run(changed, "--json")
    assert code == 7
    assert checks_of(out)["exact"] == (0, 6)
