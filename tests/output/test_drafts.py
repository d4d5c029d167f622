"""Drafts: claimed while somebody writes them, removed when stale, whole when they appear under their name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from repack.errors import OutputUnwritable
from repack.output import drafts
from tests.discs import symlink

needs_locks = pytest.mark.skipif(not drafts.HAS_LOCKS, reason="an open file cannot be deleted there anyway")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out.zip"


def make_stale(target: Path) -> Path:
    """A draft whose writer was killed."""
    path = target.with_name(f".{target.name[:50]}.0123abcd{drafts.SUFFIX}")
    path.write_bytes(b"half of a")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["out.zip", "x" * 250 + ".zip", "größe [1].zip"])
def test_stale_drafts_of_the_same_target_are_removed(tmp_path: Path, name: str) -> None:
    make_stale(tmp_path / name)
    drafts.clear_stale(tmp_path / name)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("other", ["other.zip", "out.zip.zip", "ut.zip"])
def test_drafts_of_other_targets_stay(target: Path, other: str) -> None:
    make_stale(target.with_name(other))
    (target.parent / f".out.zip.mine{drafts.SUFFIX}").touch()
    (target.parent / "out.zip").touch()
    before = names_in(target.parent)
    drafts.clear_stale(target)
    assert names_in(target.parent) == before


def test_drafts_of_several_targets_are_removed_at_once(target: Path) -> None:
    for name in ("one", "x" * 250, "größe [1].zip", "other"):
        make_stale(target.with_name(name))
    drafts.clear_stale_of(target.parent, ["one", "x" * 250, "größe [1].zip", "o.*"])
    assert names_in(target.parent) == [f".other.0123abcd{drafts.SUFFIX}"]


def test_a_draft_that_is_being_written_stays(target: Path) -> None:
    with drafts.claimed(target) as claim, drafts.claimed(target) as other:
        drafts.clear_stale(target)
        assert {claim.path.name, other.path.name} == set(names_in(target.parent))
    assert names_in(target.parent) == []


def test_a_draft_of_another_process_stays_until_it_dies(target: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom repack.output import drafts\n"
        "with drafts.claimed(Path(sys.argv[1])):\n    print(1, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        drafts.clear_stale(target)
        left = names_in(target.parent)
        process.kill()
    assert len(left) == 1
    assert names_in(target.parent) == left
    drafts.clear_stale(target)
    assert names_in(target.parent) == []


@needs_locks
def test_where_there_are_no_locks_nothing_is_removed(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    stale = make_stale(target)
    monkeypatch.setattr(drafts.fcntl, "flock", refuse)
    drafts.clear_stale(target)
    assert stale.exists()
    with drafts.claimed(target) as claim:
        assert claim.path.exists()
    assert names_in(target.parent) == [stale.name]


@needs_locks
def test_a_draft_that_was_taken_for_stale_at_once_is_replaced(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, losses = drafts.fcntl.flock, 2

    def lose_at_first(handle: int, how: int) -> None:
        nonlocal losses
        if losses:
            losses -= 1
            for name in names_in(target.parent):
                (target.parent / name).unlink()
        lock(handle, how)

    monkeypatch.setattr(drafts.fcntl, "flock", lose_at_first)
    with drafts.claimed(target) as claim:
        assert names_in(target.parent) == [claim.path.name]
    assert losses == 0


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need POSIX")
def test_what_only_looks_like_a_draft_is_not_followed_or_waited_for(target: Path) -> None:
    valuable = target.with_name("valuable")
    valuable.write_bytes(b"x")
    link = target.with_name(f".out.zip.00000000{drafts.SUFFIX}")
    link.symlink_to(valuable)
    os.mkfifo(target.with_name(f".out.zip.00000001{drafts.SUFFIX}"))
    target.with_name(f".out.zip.00000002{drafts.SUFFIX}").mkdir()
    drafts.clear_stale(target)
    assert valuable.read_bytes() == b"x"
    assert link.is_symlink()


def test_a_link_to_nowhere_is_a_name_that_is_taken_without_hard_links_too(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    symlink(target, "nowhere")
    monkeypatch.setattr(os, "link", refuse)
    with drafts.claimed(target) as claim, pytest.raises(OutputUnwritable, match="exists already"):
        drafts.publish(claim, target, overwrite=False)
    assert target.is_symlink()
    assert names_in(target.parent) == [target.name]


def test_names_tell_nothing(target: Path) -> None:
    with drafts.claimed(target) as claim:
        assert claim.path.name.startswith(".out.zip.")
        assert claim.path.name.endswith(drafts.SUFFIX)
        assert len(claim.path.name) == len(".out.zip.") + 8 + len(drafts.SUFFIX)


def test_a_small_file_is_written_wholly_or_not_at_all(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts.write_whole(target, b"old")
    drafts.write_whole(target, b"new")
    assert target.read_bytes() == b"new"

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputUnwritable, match=r"out\.zip: No space left on device"):
        drafts.write_whole(target, b"newer")
    assert names_in(target.parent) == ["out.zip"]
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_new_files_have_the_usual_permissions(target: Path) -> None:
    earlier = os.umask(0o027)
    try:
        drafts.write_whole(target, b"x")
    finally:
        os.umask(earlier)
    assert target.stat().st_mode & 0o777 == 0o640
