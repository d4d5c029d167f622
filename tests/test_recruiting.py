"""Workers that start before the command line is read: only for what is plainly the main job, and the same zip."""

import subprocess
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from repack import cli, recruiting
from repack.processes.workers import Pool, count_cores
from tests.commands import contents
from tests.discs import write_small_disc


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_disc(tmp_path_factory.mktemp("disc") / "disc.zip", 3, 752)


class Still(Pool):
    """A pool that starts nothing, and notes what it is told."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self.told: list[str] = []

    def recruit(self) -> None:
        self.told.append("recruit")

    def warm(self, get_ready: Callable[[None], None]) -> None:
        self.told.append(get_ready.__name__)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["./disc.zip"], True),
        (["disc.zip", "--keep-locales", "en,es", "--drop-redist"], True),
        (["-q", "./disc.zip", "-o", "out.zip"], True),
        (["./folder"], True),
        (["disc.zip", "--force-drop"], True),
        (["folder"], False),  # may be the name of a command
        (["inspect", "disc.zip"], False),
        (["missing.zip"], False),
        (["disc.zip", "--dry-run"], False),
        (["disc.zip", "-n"], False),
        (["disc.zip", "-j", "1"], False),
        (["disc.zip", "-j1"], False),
        (["disc.zip", "-qj1"], False),
        (["disc.zip", "-vvn"], False),
        (["disc.zip", "-qh"], False),
        (["disc.zip", "-v", "--json", "--manifest=n.json"], True),
        (["disc.zip", "--jobs=1"], False),
        (["disc.zip", "--codec", "rle"], False),
        (["disc.zip", "--for=archive"], False),
        (["disc.zip", "--help"], False),
        (["--version"], False),
        ([], False),
        (["./" + "x" * 5_000], False),
        (["./\0"], False),
    ],
)
def test_what_is_plainly_the_main_job_gets_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], *, expected: bool
) -> None:
    (tmp_path / "disc.zip").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recruiting, "Pool", Still)
    pool = recruiting.recruit(words)
    assert (pool is not None) == expected
    if pool is not None:
        assert isinstance(pool, Still)
        assert (pool.jobs, pool.told) == (count_cores(), ["recruit", "_load"])


@pytest.mark.lengthy
def test_a_head_start_that_fails_is_none(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told later, in one line; here it would be a traceback."""
    started: list[BaseProcess] = []

    def fail(pool: Pool, _get_ready: object) -> None:
        started.extend(worker.process for worker in pool._workers)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Pool, "warm", fail)
    assert recruiting.recruit([str(bundle)]) is None
    assert [process.is_alive() for process in started] == [False] * count_cores()


@pytest.mark.lengthy
def test_the_main_job_works_with_them_and_sends_them_home(bundle: Path, tmp_path: Path) -> None:
    early = recruiting.recruit([str(bundle)])
    assert early is not None
    with early as pool:
        pids = [worker.process.pid for worker in pool._workers]
        assert len(pids) == count_cores()
        used: list[object] = []
        hire, pool._staff.hire = pool._staff.hire, lambda: used.append("another") or hire()
        with pytest.raises(SystemExit) as left:
            cli.main([str(bundle), "-o", str(tmp_path / "early.zip"), "-q"], pool)
        assert (left.value.code, used, pool._workers) == (0, [], [])
    with pytest.raises(SystemExit):
        cli.main([str(bundle), "-o", str(tmp_path / "usual.zip"), "-q"])
    early_zip, usual_zip = contents(tmp_path / "early.zip"), contents(tmp_path / "usual.zip")
    assert early_zip.keys() == usual_zip.keys()
    assert {n: c for n, c in early_zip.items() if "manifest" not in n} == {
        n: c for n, c in usual_zip.items() if "manifest" not in n
    }


@pytest.mark.lengthy
@pytest.mark.parametrize("wrong", [["--no-such-option"], ["--keep-locales", "!!"], ["--jobs-of-mine", "1"]])
def test_a_mistake_is_told_as_ever(bundle: Path, wrong: list[str]) -> None:
    """Whoever was recruited in vain leaves without a word."""
    words = [sys.executable, "-m", "repack", str(bundle), *wrong]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("repack: ")
    assert not bundle.with_name("disc.repacked.zip").exists()
