"""restore: the original files, checked before they get their names; what does not come back is named."""

import errno
import os
import re
import struct
import subprocess
import sys
import time
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.disc import write_folder, write_zip
from repack import pipeline
from repack.errors import OutputUnwritable
from repack.giveback import giving, placing, restore
from repack.giveback.finished import open_finished
from repack.model import Stamp, Wishes
from repack.output import drafts, readback
from repack.pipeline import Request
from repack.processes.workers import Crashed
from tests.commands import Run, contents, flat, manifest_of, one_line
from tests.discs import small_disc, spoil, symlink, write_small_disc
from tests.inline import Inline

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with odd entries, and what repack makes of it."""
    folder = tmp_path_factory.mktemp("restore")
    write_small_disc(folder / "scan.zip", 3)
    with zipfile.ZipFile(folder / "scan.zip", "a") as archive:
        archive.mkdir("empty folder")
        archive.writestr("x/../../out.txt", b"traversal")
        archive.writestr("/etc/absolute", b"absolute")
        archive.writestr("C:/drive.txt", b"drive")
        archive.writestr("Größe.txt", b"size")
    return pipeline.run(Request(folder / "scan.zip", folder / "scan.repacked.zip", Wishes(drop_redist=True))).target


def originals(disc: Path) -> dict[str, bytes]:
    return contents(disc.with_name("scan.zip"))


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_file_comes_back_under_its_name_and_time(disc: Path, run: Run, tmp_path: Path) -> None:
    code, out, err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, err) == (0, "")
    expected = {name: content for name, content in originals(disc).items() if not name.startswith("Redist/")}
    safe = {"x/../../out.txt": "x/out.txt", "/etc/absolute": "etc/absolute", "C:/drive.txt": "C_/drive.txt"}
    assert files_below(tmp_path / "out") == {safe.get(name, name): content for name, content in expected.items()}
    assert (tmp_path / "out" / "empty folder").is_dir()
    when = time.mktime((2024, 3, 15, 10, 30, 0, 0, 0, -1))
    assert (tmp_path / "out/DICOM/I0000001").stat().st_mtime == when
    assert (tmp_path / "out/DICOMDIR").stat().st_mtime == when
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert f"{len(expected)} files given back, SHA-256 of each equal to the original's" in " ".join(out.split())


def test_the_left_out_are_listed_with_size_hash_and_rule(disc: Path, run: Run, tmp_path: Path) -> None:
    _code, short, _err = run("restore", disc, "-o", tmp_path / "one")
    assert re.search(r"redistributable +2 +\S+ \S+ +--drop-redist", short)
    assert "vcredist_x86.exe" not in short
    _code, out, _err = run("restore", disc, "-o", tmp_path / "out", "-v")
    dropped = [entry for entry in manifest_of(disc)["entries"] if entry["action"] == "dropped"]
    assert len(dropped) == 2
    for entry in dropped:
        assert entry["path"] in out
        assert entry["before"]["sha256"] in out
        assert f"rule {entry['rule']}" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_only_what_the_patterns_name(disc: Path, run: Run, tmp_path: Path) -> None:
    assert run("restore", disc, "-o", tmp_path / "out", "DICOM/**", "*.inf")[0] == 0
    assert {path.split("/")[0] for path in files_below(tmp_path / "out")} == {"DICOM", "autorun.inf"}
    code, _out, err = run("restore", disc, "-o", tmp_path / "two", "*.nothing")
    assert (code, "*.nothing" in err, (tmp_path / "two").exists()) == (2, True, False)


@pytest.mark.parametrize(
    ("globs", "said"),
    [
        (["Redist/**"], "all 2 that you name were dropped when scan.repacked.zip was made"),
        (["Redist/vcredist_x86.exe"], "what you name was dropped when scan.repacked.zip was made"),
        (["Redist/**", "License.txt"], ""),
    ],
)
@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_what_was_dropped_is_said_to_be_and_makes_no_folder(
    globs: list[str], said: str, target: str, disc: Path, run: Run, tmp_path: Path
) -> None:
    code, _out, err = run("restore", disc, "-o", tmp_path / target, *globs)
    assert (code, said in err, (tmp_path / target).exists()) == (2 if said else 0, True, not said)


def test_nothing_is_overwritten_unless_asked(disc: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/DICOMDIR").write_bytes(b"precious")
    code, _out, err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, "--overwrite" in err, err.count("\n")) == (5, True, 1)
    assert files_below(tmp_path / "out") == {"DICOMDIR": b"precious"}
    assert run("restore", disc, "-o", tmp_path / "out", "--overwrite", "-q")[0] == 0
    assert (tmp_path / "out/DICOMDIR").read_bytes() == originals(disc)["DICOMDIR"]


def test_what_lies_there_byte_for_byte_is_left_alone_and_the_rest_is_given(
    disc: Path, run: Run, tmp_path: Path
) -> None:
    assert run("restore", disc, "-o", tmp_path / "out", "-q")[0] == 0
    whole = files_below(tmp_path / "out")
    (tmp_path / "out/DICOM/I0000002").unlink()
    os.utime(tmp_path / "out/DICOMDIR", (1, 1))
    code, out, err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, err, files_below(tmp_path / "out")) == (0, "", whole)
    assert f"{len(whole) - 1} files lay there already" in " ".join(out.split())
    assert (tmp_path / "out/DICOMDIR").stat().st_mtime == 1
    (tmp_path / "out/DICOM/I0000002").write_bytes(whole["DICOM/I0000002"][:-1] + b"?")
    code, _out, err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, "DICOM/I0000002: it exists already" in err) == (5, True)


def test_what_nobody_can_open_is_not_given_back(disc: Path, run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(disc) as archive:
        archive.extractall(tmp_path / "unpacked")
    (tmp_path / "unpacked/DICOM/I0000001").unlink()
    symlink(tmp_path / "unpacked/DICOM/I0000001", "nowhere")
    code, out, err = run("restore", tmp_path / "unpacked", "-o", tmp_path / "out")
    given = len(files_below(tmp_path / "out"))
    assert (code, "DICOM/I0000001 is missing in the zip" in err) == (7, True)
    assert f"{given} files given back" in flat(out)
    assert not (tmp_path / "out/DICOM/I0000001").exists()


@pytest.fixture
def without_originals(run: Run, tmp_path: Path) -> Path:
    """What repack makes of a disc that came with RLE images: their words come back, their bytes do not."""
    write_small_disc(tmp_path / "scan.zip", 3)
    assert run(tmp_path / "scan.zip", "-q", "--codec", "rle", "-o", tmp_path / "rle.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "disc.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(tmp_path / "rle.zip").items():
            if name.startswith("DICOM"):
                archive.writestr(name, content)
    return tmp_path / "disc.zip"


@pytest.mark.parametrize("codec", ["jpegls", "none"])
def test_images_that_came_back_by_their_words_are_left_alone_too(
    without_originals: Path, run: Run, tmp_path: Path, codec: str
) -> None:
    made = tmp_path / "made.zip"
    assert run(without_originals, "-q", "--codec", codec, "-o", made)[0] == 0
    assert {entry["proof"] for entry in manifest_of(made)["entries"] if entry["category"] == "dicom"} == {"samples"}
    assert run("restore", made, "-o", tmp_path / "out", "-q") == (0, "", "")
    whole = files_below(tmp_path / "out")
    image, other = tmp_path / "out/DICOM/I0000001", tmp_path / "out/DICOM/I0000002"
    os.utime(image, (1, 1))
    other.write_bytes(contents(without_originals)["DICOM/I0000002"])  # the original itself is not replaced either
    whole["DICOM/I0000002"] = other.read_bytes()
    code, out, err = run("restore", made, "-o", tmp_path / "out")
    assert (code, err, files_below(tmp_path / "out")) == (0, "", whole)
    assert f"{len(whole)} files lay there already" in flat(out)
    assert image.stat().st_mtime == 1
    same = whole["DICOM/I0000001"]
    for content in (same[:-1] + b"?", same + b"?", same[:-1], b""):
        image.write_bytes(content)
        code, _out, err = run("restore", made, "-o", tmp_path / "out")
        assert (code, "DICOM/I0000001: it exists already" in err) == (5, True)
        assert image.read_bytes() == content


@pytest.mark.parametrize("is_folder", [True, False])
def test_nothing_is_taken_for_the_same_through_a_link(disc: Path, run: Run, tmp_path: Path, *, is_folder: bool) -> None:
    assert run("restore", disc, "-o", tmp_path / "out", "-q")[0] == 0
    name = "DICOM" if is_folder else "DICOMDIR"
    try:
        (tmp_path / "out" / name).rename(tmp_path / "outside")
        (tmp_path / "out" / name).symlink_to(tmp_path / "outside", target_is_directory=is_folder)
    except (OSError, NotImplementedError):
        pytest.skip("this system lets nobody make links")
    code, _out, err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, "exist" in err, "already" in err) == (5, True, True)


def test_into_a_zip(disc: Path, run: Run, tmp_path: Path) -> None:
    assert run("restore", disc, "-o", tmp_path / "original.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "original.zip") as new, zipfile.ZipFile(disc) as repacked:
        assert new.testzip() is None
        names = [name for name in repacked.namelist() if not name.startswith("REPACK/")]
        assert new.namelist() == names
        assert [i.date_time for i in new.infolist()] == [repacked.getinfo(name).date_time for name in names]
        content = originals(disc)
        assert all(new.read(name) == content[name] for name in names if name in content)
        assert new.read("DICOM/I0000002") == content["DICOM/I0000002"]
    code, _out, err = run("restore", disc, "-o", tmp_path / "original.zip")
    assert (code, "exists already" in err) == (5, True)


@pytest.mark.parametrize("target", ["out", "out.zip"])
@pytest.mark.parametrize("name", ["DICOM/I0000002", "License.txt"])
def test_a_damaged_entry_is_named_and_the_others_come_back(
    disc: Path, run: Run, tmp_path: Path, name: str, target: str
) -> None:
    broken = spoil(disc, name, tmp_path / "broken.zip")
    code, out, err = run("restore", broken, "-o", tmp_path / target)
    assert code == 7
    assert name in err
    assert name in out
    if target == "out":
        found = files_below(tmp_path / "out")
    else:
        with zipfile.ZipFile(tmp_path / target) as archive:
            found = {i.filename: archive.read(i) for i in archive.infolist()}
    assert name not in found
    assert found["DICOM/I0000001"] == originals(disc)["DICOM/I0000001"]
    assert len([path for path in found if not path.endswith("/")]) == len(originals(disc)) - 3
    assert not list(tmp_path.rglob("*.repack-draft"))


def test_damaged_restore_data_costs_only_what_needs_it(disc: Path, run: Run, tmp_path: Path) -> None:
    broken = spoil(disc, "REPACK/restore.xz", tmp_path / "broken.zip")
    code, out, _err = run("restore", broken, "-o", tmp_path / "out")
    assert code == 7
    assert "the restore data is damaged" in " ".join(out.split())
    found = files_below(tmp_path / "out")
    assert "License.txt" in found
    assert all(content == originals(disc)[name] for name, content in found.items() if name in originals(disc))


class Dying(Inline):
    """A pool whose workers die while they read the new zip back."""

    def run(self, function: Callable, tasks: Iterable, _allow: Callable | None = None) -> Iterator:
        is_check = function is readback.check_entries
        return (Crashed(task) if is_check else function(task) for task in tasks)


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_worker_that_dies_while_it_reads_back_proves_nothing(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_damaged: bool
) -> None:
    monkeypatch.setattr(restore, "Pool", Dying)
    if is_damaged:
        monkeypatch.setattr(readback, "check_entries", lambda lot: lot[0].number)
    code, _out, err = run("restore", disc, "-o", tmp_path / "back.zip")
    assert (code, (tmp_path / "back.zip").exists()) == ((6, False) if is_damaged else (0, True)), err


def test_without_restore_data_the_images_are_named(disc: Path, run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(disc) as old, zipfile.ZipFile(tmp_path / "less.zip", "w") as new:
        for info in old.infolist():
            if info.filename not in {"REPACK/restore.xz", "License.txt"}:
                new.writestr(info, old.read(info))
    code, out, _err = run("restore", tmp_path / "less.zip", "-o", tmp_path / "out")
    assert code == 7
    shown = " ".join(out.split())
    assert "DICOM/I0000001: has no restore data" in shown
    assert "License.txt: is missing in the zip" in shown


def test_a_link_in_the_target_is_not_followed(disc: Path, run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    try:
        (tmp_path / "out/DICOM").symlink_to(outside, target_is_directory=True)
    except (OSError, NotImplementedError):
        pytest.skip("this system lets nobody make links")
    code, out, _err = run("restore", disc, "-o", tmp_path / "out")
    assert (code, list(outside.iterdir())) == (5, [])
    assert "is a link that was there before, which is not followed" in " ".join(out.split())
    assert (tmp_path / "out/DICOMDIR").read_bytes() == originals(disc)["DICOMDIR"]


def test_a_target_that_takes_no_more_is_told_as_such(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(giving.os, "fsync", refuse)
    code, _out, err = run("restore", disc, "-o", tmp_path / "out", "-q")
    assert (code, "was not written: No space left on device" in err, err.count("\n")) == (5, True, 1)
    assert files_below(tmp_path / "out") == {}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ENOENT, errno.EROFS, errno.EINVAL])
def test_a_folder_in_which_no_file_can_be_made_is_told_as_such(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make = os.open

    def refuse(path: str | Path, flags: int, *more: int, **words: int) -> int:
        if flags & os.O_CREAT and Path(path).parent == tmp_path / "out":
            raise OSError(number, os.strerror(number), str(path))
        return make(path, flags, *more, **words)

    monkeypatch.setattr(os, "open", refuse)
    code, _out, err = run("restore", disc, "-o", tmp_path / "out", "-q")
    said = f"repack: cannot write out: no file can be made in it ({os.strerror(number)}); "
    assert (code, one_line(err)) == (5, f"{said}choose another folder with -o, or make room there")


def test_a_folder_that_may_not_be_looked_at_is_told_as_such(
    disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_words: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    finished = open_finished(disc)
    for name in ("mkdir", "exists"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(restore, "open_finished", lambda _path, _password: finished)
    with pytest.raises(OutputUnwritable, match="cannot write out: Permission denied; choose another folder with -o"):
        restore.restore(restore.Request(disc, tmp_path / "out"))


def test_a_read_only_file_system_is_no_bug(
    disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> bool:
        raise OSError(errno.EROFS, "Read-only file system", str(folder))

    monkeypatch.setattr(placing, "ignores_case", refuse)
    code, _out, err = run("restore", disc, "-o", tmp_path / "out", "-q")
    assert (code, one_line(err).partition(";")[0]) == (5, "repack: cannot write out: Read-only file system")


@pytest.mark.skipif(sys.platform != "linux", reason="a folder of the system that takes no file")
def test_a_folder_of_the_system_is_no_bug(disc: Path, run: Run) -> None:
    code, _out, err = run("restore", disc, "-o", "/proc", "-q")
    assert (code, one_line(err).partition("(")[0]) == (5, "repack: cannot write proc: no file can be made in it ")


def test_what_is_not_ours_is_told_in_a_line(disc: Path, run: Run, tmp_path: Path) -> None:
    for command in (("restore", "-o", tmp_path / "out"), ("verify",)):
        code, _out, err = run(command[0], disc.with_name("scan.zip"), *command[1:])
        assert (code, err.count("\n"), "was not made by repack" in err) == (3, 1, True)
    assert not (tmp_path / "out").exists()
    assert run("restore", disc)[0] == 2
    code, _out, err = run("restore", disc, "-o", disc)
    assert (code, "never written to" in err) == (2, True)


def test_a_damaged_original_stays_damaged(disc: Path, run: Run, tmp_path: Path) -> None:
    broken = spoil(disc.with_name("scan.zip"), "Manual.pdf", tmp_path / "scan.zip")
    assert run(broken, "-q")[0] == 0
    target = tmp_path / "scan.repacked.zip"
    assert run("verify", target, "--against", broken)[0] == 0
    code, out, err = run("restore", target, "-o", tmp_path / "out")
    shown = " ".join(out.split())
    assert (code, "Manual.pdf: was damaged in the original already" in shown) == (0, True)
    assert "; 1 file not, damaged in the original already" in shown
    assert not (tmp_path / "out/Manual.pdf").exists()
    quiet = run("restore", target, "-o", tmp_path / "quiet", "-q")  # whoever asks for silence must know of a loss
    assert quiet == (0, "", err)
    assert err.startswith("repack: Manual.pdf was damaged in the original already; ")
    assert err.count("\n") == 1
    assert run("restore", target, "-o", tmp_path / "other", "-q", "License.txt") == (0, "", "")
    code, out, err = run("restore", target, "-o", tmp_path / "back.zip")
    said = "repack: Manual.pdf was damaged in the original already; its bytes were taken as they are\n"
    assert (code, err) == (0, said)
    files = [line for line in manifest_of(target)["entries"] if line["action"] != "dropped" and not line.get("folder")]
    equal = f"{len(files) - 1} files given back, SHA-256 of each equal to the original's; 1 file was damaged"
    assert equal in flat(out)
    assert run("restore", target, "-o", tmp_path / "quiet.zip", "-q") == (0, "", said)
    assert run("restore", target, "-o", tmp_path / "one.zip", "-q", "License.txt") == (0, "", "")
    with zipfile.ZipFile(tmp_path / "back.zip") as new, zipfile.ZipFile(broken) as old:
        assert new.getinfo("Manual.pdf").CRC == old.getinfo("Manual.pdf").CRC
        with pytest.raises((zipfile.BadZipFile, zipfile.zlib.error)):  # type: ignore[attr-defined]  its own import
            new.read("Manual.pdf")
    spoilt = spoil(target, "Manual.pdf", tmp_path / "worse.zip")
    code, out, _err = run("verify", spoilt)
    assert (code, "Manual.pdf" in out) == (7, True)


@pytest.mark.parametrize("where", ["out", "out.zip"])
def test_images_that_have_lost_their_values_are_counted_on_standard_error(run: Run, tmp_path: Path, where: str) -> None:
    scan = write_small_disc(tmp_path / "scan.zip", 2)
    near = pipeline.run(Request(scan, tmp_path / "near.zip", Wishes(codec="jpegls-near", max_error=2))).target
    said = "repack: 2 images are not the originals: they were compressed with a loss when the zip was made\n"
    assert run("restore", near, "-o", tmp_path / where, "-q") == (0, "", said)
    assert run("restore", near, "-o", tmp_path / f"part{where}", "License.txt")[::2] == (0, "")


def test_a_folder_as_original(run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(2))
    assert run(tmp_path / "disc", "-q", "--drop-redist")[0] == 0
    assert run("restore", tmp_path / "disc.repacked.zip", "-o", tmp_path / "out", "-q")[0] == 0
    before, after = files_below(tmp_path / "disc"), files_below(tmp_path / "out")
    assert after == {name: content for name, content in before.items() if not name.startswith("Redist/")}
    for name in after:
        assert (tmp_path / "out" / name).stat().st_mtime == (tmp_path / "disc" / name).stat().st_mtime


# --- drafts ---


def make_draft(target: Path) -> Path:
    """What a killed worker leaves of a file."""
    draft = target.with_name(f".{target.name[:50]}.0123abcd{drafts.SUFFIX}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_bytes(b"half of a")
    return draft


def drafts_below(folder: Path) -> set[Path]:
    return set(folder.rglob(f"*{drafts.SUFFIX}"))


def test_drafts_of_a_killed_run_are_removed_and_those_of_others_stay(disc: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stale = {make_draft(out / name) for name in ("DICOMDIR", "DICOM/I0000001", "C_/drive.txt")}
    others = {make_draft(out / name) for name in ("holiday.jpg", "DICOM/DICOMDIR", "Photos/DICOMDIR")}
    with drafts.claimed(out / "DICOM/I0000002") as living:
        assert run("restore", disc, "-o", out, "-q") == (0, "", "")
        assert drafts_below(out) == others | {living.path}
    assert not stale & drafts_below(out)


def test_no_draft_is_looked_for_where_a_link_leads(disc: Path, run: Run, tmp_path: Path) -> None:
    draft = make_draft(tmp_path / "outside/I0000001")
    (tmp_path / "out").mkdir()
    symlink(tmp_path / "out/DICOM", tmp_path / "outside")
    assert run("restore", disc, "-o", tmp_path / "out", "-q")[0] == 5
    assert drafts_below(tmp_path / "outside") == {draft}


def test_drafts_of_a_killed_run_to_the_same_zip_are_removed(disc: Path, run: Run, tmp_path: Path) -> None:
    make_draft(tmp_path / "back.zip")
    other = make_draft(tmp_path / "other.zip")
    assert run("restore", disc, "-o", tmp_path / "back.zip", "-q") == (0, "", "")
    assert drafts_below(tmp_path) == {other}


class Killing(Inline):
    """A pool whose workers die in the middle of a file, and leave their draft."""

    def run(self, function: Callable, tasks: Iterable, _allow: Callable | None = None) -> Iterator:
        for task in tasks:
            if function is giving.give_file:
                make_draft(task.root.joinpath(*task.parts))
            yield Crashed(task)


def test_workers_that_die_leave_no_draft(disc: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "Pool", Killing)
    assert run("restore", disc, "-o", tmp_path / "out", "-q")[0] == 7
    assert files_below(tmp_path / "out") == {}


# --- times ---


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=40))
def test_any_stamp_is_a_time_or_none(date: int, clock: int, extra: bytes) -> None:
    seconds = giving.read_time(Stamp(date, clock, extra))
    assert seconds is None or isinstance(seconds, float)


def test_exact_times_win_over_dos_words() -> None:
    unix = b"UT\x05\x00\x01" + (1_700_000_001).to_bytes(4, "little")
    assert giving.read_time(Stamp(0x21, 0, unix)) == 1_700_000_001
    ticks = (1_700_000_001 + 11_644_473_600) * 10_000_000
    ntfs = b"\x0a\0\x20\0" + bytes(4) + b"\1\0\x18\0" + struct.pack("<3Q", ticks, 0, 0)
    assert giving.read_time(Stamp(0x21, 0, ntfs)) == 1_700_000_001
    assert giving.read_time(Stamp(0, 0)) is None
    assert giving.read_time(Stamp(0x586F, 0x53C0)) == time.mktime((2024, 3, 15, 10, 30, 0, 0, 0, -1))


def test_a_zip_has_the_comment_of_the_original(run: Run, tmp_path: Path) -> None:
    write_zip(tmp_path / "scan.zip", small_disc(1, 16))
    with zipfile.ZipFile(tmp_path / "scan.zip", "a") as archive:
        archive.comment = "Größe".encode()
    assert run(tmp_path / "scan.zip")[0] == 0
    assert run("restore", tmp_path / "scan.repacked.zip", "-o", tmp_path / "back.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "back.zip") as back:
        assert back.comment == "Größe".encode()


@pytest.mark.lengthy
def test_an_interrupt_while_the_zip_gets_its_name_comes_too_late(disc: Path, tmp_path: Path) -> None:
    code = (
        "import signal, sys\nfrom repack.cli import main\nfrom repack.output import archive\n"
        "from repack.processes import interrupts\npublish = archive.Draft.publish\n"
        "def hit(draft, **words):\n    publish(draft, **words)\n    signal.raise_signal(signal.SIGINT)\n"
        "archive.Draft.publish = hit\ninterrupts.listen()\nmain(sys.argv[1:])\n"
    )
    words = ["restore", str(disc), "DICOMDIR", "-o", str(tmp_path / "back.zip"), "--jobs", "1"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "given back" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["back.zip"]


# --- what a file system cannot hold ---


def repacked(folder: Path, files: dict[str, bytes], run: Run) -> Path:
    """The new zip of a disc with these files, duplicates and all."""
    with zipfile.ZipFile(folder / "odd.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    assert run(folder / "odd.zip", "-q")[0] == 0
    return folder / "odd.repacked.zip"


def test_names_that_windows_forbids_get_safe_ones_and_are_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "place_all", partial(placing.place_all, is_windows=True))
    files = {
        name: name.encode() for name in ("CON", "dir/aux.txt", "at 9:30.txt", "end.", "blank ", "q?.dcm", "plain.txt")
    }
    code, out, err = run("restore", repacked(tmp_path, files, run), "-o", tmp_path / "out")
    safe = {
        "CON": "_CON",
        "dir/aux.txt": "dir/_aux.txt",
        "at 9:30.txt": "at 9_30.txt",
        "end.": "end_",
        "blank ": "blank_",
    }
    safe["q?.dcm"] = "q_.dcm"
    assert (code, err) == (0, "")
    assert files_below(tmp_path / "out") == {safe.get(name, name): content for name, content in files.items()}
    for name, lies in safe.items():
        assert f"{name.strip()}: lies under {lies}" in " ".join(out.split()).replace("blank :", "blank:")


def test_where_case_does_not_count_the_later_one_gets_a_number(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "ignores_case", lambda _folder: True)
    files = {"D/A.DCM": b"one", "d/a.dcm": b"two", "Größe.txt": b"composed", "Gro\u0308ße.txt": b"decomposed"}
    code, out, err = run("restore", repacked(tmp_path, files, run), "-o", tmp_path / "out")
    assert (code, err) == (0, "")
    found = files_below(tmp_path / "out")
    assert sorted(found.values()) == sorted(files.values())
    assert len({unicodedata.normalize("NFC", name).casefold() for name in found}) == 4
    assert found["d/a (2).dcm"] == b"two"
    assert "d/a.dcm: lies under d/a (2).dcm" in " ".join(out.split())


def test_duplicates_come_back_as_several_files(run: Run, tmp_path: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        warnings.simplefilter("ignore")
        for content in (b"first", b"second"):
            archive.writestr("a.txt", content)
    assert run(tmp_path / "twice.zip", "-q")[0] == 0
    assert run("restore", tmp_path / "twice.repacked.zip", "-o", tmp_path / "out")[0] == 0
    assert files_below(tmp_path / "out") == {"a.txt": b"first", "a (2).txt": b"second"}


def test_duplicates_of_the_longest_name_come_back_too(run: Run, tmp_path: Path) -> None:
    name = "n" * 251 + ".txt"
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        warnings.simplefilter("ignore")
        for content in (b"first", b"second"):
            archive.writestr(name, content)
    assert run(tmp_path / "twice.zip", "-q")[0] == 0
    assert run("restore", tmp_path / "twice.repacked.zip", "-o", tmp_path / "out", "-q") == (0, "", "")
    assert files_below(tmp_path / "out") == {name: b"first", "n" * 247 + " (2).txt": b"second"}


def test_a_link_in_a_zip_comes_back_as_a_file_and_is_never_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"precious")
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../outside")
        archive.writestr("link2/../link/below.txt", b"x")
    assert run(tmp_path / "links.zip", "-q")[0] == 0
    code, _out, _err = run("restore", tmp_path / "links.repacked.zip", "-o", tmp_path / "out")
    assert code == 0
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    assert b"../outside" in files_below(tmp_path / "out").values()
    assert (tmp_path / "outside").read_bytes() == b"precious"


def test_a_name_that_is_too_long_is_shortened_and_a_path_that_is_costs_only_itself(run: Run, tmp_path: Path) -> None:
    """What Windows does from 260 characters on by its settings, Linux does from 4,096."""
    long, deep = "n" * 300 + ".txt", "/".join(["d" * 200] * 30) + "/x.txt"
    made = repacked(tmp_path, {long: b"long", deep: b"deep", "a.txt": b"a"}, run)
    code, out, err = run("restore", made, "-o", tmp_path / "out")
    assert (code, "was not written" in err) == (5, True)
    found = files_below(tmp_path / "out")
    assert sorted(found.values()) == [b"a", b"long"]
    assert len(next(name for name, content in found.items() if content == b"long")) <= 255
    assert "lies under nnn" in " ".join(out.split())
