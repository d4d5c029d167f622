"""restore with workers of its own: the same files, and no draft behind whatever ends it."""

import hashlib
import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from repack import pipeline
from repack.errors import ProofFailed
from repack.giveback import restore
from repack.output import drafts, readback
from repack.pipeline import Request
from tests.commands import contents
from tests.discs import write_small_disc

pytestmark = pytest.mark.lengthy
needs_locks = pytest.mark.skipif(not drafts.HAS_LOCKS, reason="sends signals to a process")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("restore")
    write_small_disc(folder / "scan.zip", 40)
    return pipeline.run(Request(folder / "scan.zip", folder / "scan.repacked.zip")).target


@pytest.fixture
def like_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """No draft can be removed while a worker lives, which may have it open."""
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.name.endswith(drafts.SUFFIX) and multiprocessing.active_children():
            raise PermissionError(13, "The process cannot access the file")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)


def drafts_below(folder: Path) -> list[Path]:
    return list(folder.rglob(f"*{drafts.SUFFIX}"))


class Interrupting:
    """Somebody who presses Ctrl-C as soon as a file is under way."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def begin(self, stage: str, total: int, files: int) -> None:
        """Not yet."""

    def advance(self, _done: int, _files: int = 1) -> None:
        """Now, if some worker is in the middle of a file."""
        if drafts_below(self.target):
            raise KeyboardInterrupt


def test_the_files_are_the_same(disc: Path, tmp_path: Path) -> None:
    done = restore.restore(restore.Request(disc, tmp_path / "out", jobs=2))
    assert done.problems == {}
    found = {p.relative_to(tmp_path / "out").as_posix(): p for p in (tmp_path / "out").rglob("*") if p.is_file()}
    sums = {name: hashlib.sha256(path.read_bytes()).digest() for name, path in found.items()}
    originals = contents(disc.with_name("scan.zip"))
    assert sums == {name: hashlib.sha256(content).digest() for name, content in originals.items()}


@pytest.mark.usefixtures("like_windows")
def test_an_interrupt_leaves_no_draft_in_a_folder(disc: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore.restore(restore.Request(disc, tmp_path / "out", jobs=2), Interrupting(tmp_path / "out"))
    assert drafts_below(tmp_path) == []
    assert list((tmp_path / "out").iterdir())


@pytest.mark.usefixtures("like_windows")
def test_an_interrupt_leaves_no_draft_of_a_zip_that_workers_read(disc: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore.restore(restore.Request(disc, tmp_path / "back.zip", jobs=2), Interrupting(tmp_path))
    assert list(tmp_path.iterdir()) == []


def restored(disc: Path, target: Path) -> restore.Restored:
    return restore.restore(restore.Request(disc, target, jobs=2))


def repacked(disc: Path, target: Path) -> pipeline.Done:
    return pipeline.run(Request(disc.with_name("scan.zip"), target, jobs=2))


@pytest.mark.usefixtures("like_windows")
@pytest.mark.parametrize("command", [restored, repacked])
def test_a_failed_proof_leaves_no_draft_that_workers_read(
    disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[[Path, Path], object]
) -> None:
    def fail(_draft: Path, target: Path, *_rest: object) -> None:
        raise ProofFailed(target.name, "its directory", "cannot be read back")

    monkeypatch.setattr(readback, "check_directory", fail)
    with pytest.raises(ProofFailed):
        command(disc, tmp_path / "new.zip")
    assert list(tmp_path.iterdir()) == []


def start(disc: Path, out: Path) -> subprocess.Popen[bytes]:
    """A restore that is in the middle of a file."""
    words = [sys.executable, "-m", "repack", "restore", str(disc), "-o", str(out), "-q", "-j", "2"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE)
    while process.poll() is None and len(list((out / "DICOM").iterdir())) < 3:
        time.sleep(0.001)
    return process


@needs_locks
@pytest.mark.slow
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_what_a_killed_restore_leaves_is_removed_by_the_next(disc: Path, tmp_path: Path, number: str) -> None:
    out = tmp_path / "out"
    (out / "DICOM").mkdir(parents=True)
    with start(disc, out) as process:
        process.send_signal(signal.Signals[number])
    if number != "SIGKILL":
        assert drafts_below(out) == []
    else:
        time.sleep(2)  # until its workers are gone as well
    restore.restore(restore.Request(disc, out, jobs=2))
    assert drafts_below(out) == []
    originals = contents(disc.with_name("scan.zip"))
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == set(originals)
