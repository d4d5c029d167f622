"""Disks that are full or read-only, sources that shrink, vanish or change, workers that are killed in every stage."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Self

import pytest

from fixtures.disc import dental_disc, write_folder, write_zip
from repack import lots, pipeline
from repack.errors import BundleUnreadable, OutputUnwritable
from repack.output import drafts
from repack.pipeline import Request
from repack.processes import serving
from tests.faults import runs

needs_posix = pytest.mark.skipif(os.name == "nt", reason="limits and mounts of POSIX")


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disc") / "scan.zip"
    write_zip(path, dental_disc(2, size=32))
    return path


@pytest.fixture
def source(disc: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copy(disc, tmp_path / "scan.zip"))


@pytest.fixture
def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done in this process: as where no process can be started, and quicker."""

    def refuse() -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(serving, "start", refuse)


class Filling:
    """A disk that is full after so many calls to the system; it counts them all."""

    def __init__(self, calls: int) -> None:
        self.left, self.calls = calls, 0

    def use(self) -> None:
        self.calls += 1
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


class FullFile:
    """A file on it."""

    def __init__(self, file: IO[bytes], disk: Filling) -> None:
        self._file, self._disk = file, disk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        self._disk.use()
        return self._file.write(data)

    def flush(self) -> None:
        self._disk.use()
        self._file.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  all else is that of the file
        return getattr(self._file, name)


def fill(monkeypatch: pytest.MonkeyPatch, disk: Filling) -> None:
    real_open = Path.open

    def open_path(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:  # noqa: ANN401  as Path.open
        file = real_open(path, mode, *more, **named)
        return FullFile(file, disk) if path.name.endswith(drafts.SUFFIX) and mode != "rb" else file

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:  # noqa: ANN401  as the real one
            disk.use()
            return real(*given, **named)

        return call

    monkeypatch.setattr(Path, "open", open_path)
    monkeypatch.setattr(os, "fsync", before(os.fsync))
    monkeypatch.setattr(drafts.os, "link", before(os.link))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("without_workers")
def test_a_disk_that_is_full_at_any_write(disc: Path, tmp_path: Path) -> None:
    """A write, flush or fsync of a run fails, each in a run of its own: every one with REPACK_EVERY_WRITE=1."""
    target = tmp_path / "out.zip"
    total = _count_calls(disc, tmp_path / "first.zip")
    (tmp_path / "first.zip").unlink()
    assert total > 50
    step = 1 if os.environ.get("REPACK_EVERY_WRITE") else total // 20
    for count in {*range(0, total, step), *range(total - 4, total)}:
        with pytest.MonkeyPatch.context() as patch:
            fill(patch, Filling(count))
            with pytest.raises(OutputUnwritable, match="No space left on device"):
                pipeline.run(Request(disc, target))
        assert names_in(tmp_path) == [], count


def _count_calls(disc: Path, target: Path) -> int:
    """How many calls a run makes that a full disk may refuse, before the zip gets its name."""
    disk = Filling(1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        fill(patch, disk)
        pipeline.run(Request(disc, target))
    assert runs.is_whole(target)
    return disk.calls - 2  # a link that fails gives way to a rename; then the name is made durable where it can be


def limited(words: list[str], kilobytes: int) -> subprocess.CompletedProcess[str]:
    """Run with a limit on the size of every file that is written."""
    shell = f'ulimit -f {kilobytes}; exec "$@"'
    extra = {"PYTHONDONTWRITEBYTECODE": "1"}  # or the limit would spoil Python's own files
    return subprocess.run(
        ["bash", "-c", shell, "-", *words], capture_output=True, text=True, check=False, env=os.environ | extra
    )


@pytest.mark.slow
@needs_posix
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash sets the limit")
def test_files_that_may_not_grow(disc: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    for kilobytes in (0, 1, 64, 512, 1024):
        done = limited(runs.command(disc, target), kilobytes)
        assert done.returncode == 5, (kilobytes, done.stderr)
        assert len(done.stderr.splitlines()) == 1
        assert "cannot write out.zip: File too large" in done.stderr
        assert names_in(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a file system in memory with these options; needs to be root on Linux."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if sys.platform != "linux" or subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("a file system can be mounted on Linux as root only")
        return place

    yield mount
    if os.path.ismount(place):
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [4, 256, 1024])
def test_a_small_disk(disc: Path, small_disk: Callable[[str], Path], kilobytes: int) -> None:
    place = small_disk(f"size={kilobytes}k")
    done = subprocess.run(runs.command(disc, place / "out.zip"), capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert done.stderr.splitlines() == [
        "repack: cannot write out.zip: No space left on device; choose another place with -o, or make room there"
    ]
    assert names_in(place) == []


@pytest.mark.slow
def test_another_file_system_and_one_that_is_read_only(disc: Path, small_disk: Callable[[str], Path]) -> None:
    place = small_disk("size=64m")
    assert place.stat().st_dev != disc.stat().st_dev
    words = runs.command(disc, place / "out.zip")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert runs.is_whole(place / "out.zip")
    (place / "out.zip").unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert "Read-only file system" in done.stderr
    assert names_in(place) == []


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("words", [["codecs"], ["--help"], ["rules", "list"]], ids=lambda words: words[0])
def test_an_output_that_nobody_reads_is_told(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "repack", *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writing)
    assert done.returncode == 5
    assert "cannot write standard output" in done.stderr


@pytest.mark.lengthy
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_told_and_costs_nothing(disc: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    with Path("/dev/full").open("w", encoding="ascii") as full:
        words = [*runs.command(disc, target), "--json"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 5
    assert "cannot write standard output: No space left on device; files that were written are complete" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert runs.is_whole(target)


# --- the source ---


class AtStage:
    """Does something when a stage begins, or after so many entries."""

    def __init__(self, stage: str, act: Callable[[], None], after: int = 0) -> None:
        self._stage, self._act, self._left = stage, act, after
        self._is_on = False

    def begin(self, task: str, total_bytes: int, total_entries: int) -> None:  # noqa: ARG002  the protocol's
        self._is_on = task == self._stage
        self._count()

    def advance(self, size: int, entries: int = 1) -> None:  # noqa: ARG002  the protocol's
        self._count()

    def _count(self) -> None:
        if self._is_on:
            self._left -= 1
            if self._left == -1:
                self._act()


STAGES = [("Looking at the disc", 0), ("Repacking", 0), ("Repacking", 3), ("Repacking", 100), ("Checking", 0)]


@pytest.mark.lengthy
@pytest.mark.usefixtures("without_workers")
@pytest.mark.parametrize(("stage", "after"), STAGES)
@pytest.mark.parametrize("how", ["vanishes", "shrinks", "changes"])
def test_a_source_that_does_not_stay(source: Path, tmp_path: Path, stage: str, after: int, how: str) -> None:
    size = source.stat().st_size

    def spoil() -> None:
        if how == "vanishes":
            source.unlink()
        elif how == "shrinks":
            os.truncate(source, size // 2)
        else:
            with source.open("r+b") as file:
                file.seek(size // 3)
                file.write(b"other" * 20)
            os.utime(source, (1, 1))

    with pytest.raises(BundleUnreadable, match=r"scan\.zip"):
        pipeline.run(Request(source, tmp_path / "out.zip"), AtStage(stage, spoil, after))
    assert names_in(tmp_path) == (["scan.zip"] if how != "vanishes" else [])


@pytest.mark.lengthy
@pytest.mark.usefixtures("without_workers")
@pytest.mark.parametrize(("stage", "after"), STAGES[:2])
@pytest.mark.parametrize("how", ["vanishes", "shrinks"])
def test_a_file_of_a_folder_that_does_not_stay(tmp_path: Path, stage: str, after: int, how: str) -> None:
    folder = tmp_path / "disc"
    write_folder(folder, dental_disc(2, size=32))
    victim = folder / "DICOM" / "I0000002"

    def spoil() -> None:
        if how == "vanishes":
            victim.unlink()
        else:
            os.truncate(victim, 100)

    with pytest.raises(BundleUnreadable, match="I0000002"):
        pipeline.run(Request(folder, tmp_path / "out.zip"), AtStage(stage, spoil, after))
    assert names_in(tmp_path) == ["disc"]


# --- workers ---


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize(  # killed, as for want of memory; segmentation fault
    ("number", "stage", "after"),
    [*(pytest.param(9, *stage, marks=pytest.mark.slow) for stage in STAGES), (11, "Repacking", 3)],
)
def test_workers_killed_in_every_stage(
    disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, stage: str, after: int
) -> None:
    killed = []

    def kill() -> None:
        for process in runs.workers_of(os.getsid(0)):
            if _parent_of(process) == os.getpid():
                os.kill(process, number)
                killed.append(process)

    monkeypatch.setattr(lots, "_MOST_ENTRIES", 8)
    target = tmp_path / "out.zip"
    done = pipeline.run(Request(disc, target, jobs=2), AtStage(stage, kill, after))
    assert killed
    assert all(entry.action != "copied" or "crashed" not in entry.reason for entry in done.manifest.entries)
    assert runs.is_whole(target)
    assert names_in(tmp_path) == ["out.zip"]


def _parent_of(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform != "linux", reason="sends a signal to itself in the middle of a call")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_interrupt_in_the_moment_of_publishing_does_not_lie(disc: Path, tmp_path: Path, moment: str) -> None:
    code = (
        "import os, signal, sys\nreal = os.link\n"
        "def link(*given):\n"
        "    if sys.argv[-1] == 'before': os.kill(os.getpid(), signal.SIGINT)\n"
        "    real(*given)\n"
        "    if sys.argv[-1] == 'after': os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.link = link\nfrom repack.__main__ import main\n"
        "if __name__ == '__main__':\n    moment = sys.argv.pop()\n    sys.argv.append(moment)\n"
        "    words = sys.argv[:]\n    from repack import cli\n    run = cli.main\n"
        "    cli.main = lambda pool: run(words[1:-1], pool)\n    main()\n"
    )
    target = tmp_path / "out.zip"
    script = tmp_path / "script.py"
    script.write_text(code, encoding="ascii")
    words = [sys.executable, str(script), *runs.command(disc, target)[3:], moment]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert runs.is_whole(target)
    assert names_in(tmp_path) == ["out.zip", "script.py"]


@needs_posix
@pytest.mark.slow
def test_too_little_memory_for_one_image_costs_that_one(tmp_path: Path) -> None:
    import zipfile

    from repack.model import MANIFEST_NAME
    from repack.record import manifest
    from tests.raw_dicom import RawImage

    source, target = tmp_path / "scan.zip", tmp_path / "out.zip"
    large = RawImage(bytes(range(256)) * (1 << 19), 8192, 8192)
    small = RawImage(bytes(range(256)) * 128, 128, 128)
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, image in (("A", small), ("LARGE", large), ("Z", small)):
            archive.writestr(f"DICOM/{name}", image.content)
    shell = 'ulimit -v 700000; exec "$@"'
    words = ["bash", "-c", shell, "-", *runs.command(source, target)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(target) as archive:
        entries = manifest.decode(archive.read(MANIFEST_NAME)).entries
    assert [entry.action for entry in entries] == ["transcoded", "copied", "transcoded"]
    assert entries[1].reason == "there was too little memory to compress it, so it is kept as it is"
    assert runs.is_whole(target)
