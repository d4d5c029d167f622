"""Paths that cannot even be looked at: one line that names them, and never "a bug in repack"."""

import shutil
from pathlib import Path

import pytest

from repack import api
from repack.errors import BundleUnreadable, ExitCode, OutputUnwritable
from tests.commands import Run, one_line, run_without_rights
from tests.discs import write_small_disc

TOO_LONG = "a" * 5000 + ".zip"


@pytest.mark.parametrize("words", [(), ("inspect",), ("verify",), ("restore", "-o", "new"), ("--dry-run",)], ids=str)
def test_a_bundle_with_an_impossible_name_is_one_line_and_exit_3(run: Run, words: tuple[str, ...]) -> None:
    code, _out, err = run(*words, TOO_LONG)
    assert code == ExitCode.UNREADABLE
    assert one_line(err).startswith("repack: cannot read aaa")


@pytest.mark.parametrize("words", [("-o",), ("-o", "out.zip", "--manifest"), ("-o", "out.zip", "--report")], ids=str)
def test_an_output_with_an_impossible_name_is_one_line_and_exit_5(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = write_small_disc(tmp_path / "disc.zip", 1)
    code, _out, err = run(bundle, *words, TOO_LONG)
    assert code == ExitCode.UNWRITABLE
    assert one_line(err).startswith("repack: cannot write aaa")
    assert list(tmp_path.iterdir()) == [bundle]


@pytest.mark.lengthy
@pytest.mark.parametrize("word", ["./locked/disc.zip", "locked//disc.zip", "locked/./disc.zip"])
def test_a_bundle_is_a_bundle_however_its_path_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir()
    write_small_disc(locked / "disc.zip", 1)
    locked.chmod(0)
    for words in ((word,), ("verify", word), ("restore", word, "-o", "new"), (word, "-o", "out.zip")):
        left = run_without_rights(*words)
        assert (left.returncode, one_line(left.stderr).partition(";")[0]) == (
            ExitCode.UNREADABLE,
            "repack: cannot read disc.zip: Permission denied",
        )
    locked.chmod(0o700)


@pytest.mark.lengthy
def test_a_folder_that_may_not_be_entered_is_no_bug(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    bundle, target = tmp_path / "disc.zip", tmp_path / "out.zip"
    write_small_disc(bundle, 1)
    locked.mkdir()
    shutil.copy(bundle, locked)
    locked.chmod(0)
    inside = locked / "disc.zip"
    for words in ((inside,), ("inspect", inside), ("verify", inside), ("restore", inside, "-o", tmp_path / "new")):
        left = run_without_rights(*words)
        assert (left.returncode, one_line(left.stderr).partition(";")[0]) == (
            ExitCode.UNREADABLE,
            "repack: cannot read disc.zip: Permission denied",
        )
    there = locked / "x"
    for words in (("-o", there), ("-o", target, "--manifest", there), ("-o", target, "--report", there)):
        left = run_without_rights(bundle, *words)
        assert (left.returncode, one_line(left.stderr).partition(";")[0]) == (
            ExitCode.UNWRITABLE,
            "repack: cannot write x: Permission denied",
        )
    locked.chmod(0o700)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disc.zip", "locked"]


def test_the_interface_for_programs_raises_its_own_errors(tmp_path: Path) -> None:
    bundle = write_small_disc(tmp_path / "disc.zip", 1)
    with pytest.raises(OutputUnwritable, match="cannot write aaa"):
        api.run(bundle, tmp_path / TOO_LONG)
    for look in (api.verify, api.open_bundle, api.plan):
        with pytest.raises(BundleUnreadable, match="cannot read aaa"):
            look(TOO_LONG)
    with pytest.raises(BundleUnreadable, match="cannot read aaa"):
        api.restore(TOO_LONG, tmp_path / "new")
