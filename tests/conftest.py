"""Fixtures that several areas share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pydicom.fileset import FileSet

from repack.processes.workers import Pool
from tests.commands import Run, call

settings.register_profile("any computer", deadline=None)  # no test depends on how fast or how busy it is
settings.load_profile("any computer")

OpenFileSet = Callable[[Path], FileSet]


@pytest.fixture
def open_file_set() -> Iterator[OpenFileSet]:
    """Open DICOMDIRs with pydicom and clean up what it leaves open: a FileSet cannot be closed."""
    opened: list[FileSet] = []

    def open_one(path: Path) -> FileSet:
        opened.append(FileSet(path))
        return opened[-1]

    yield open_one
    for file_set in opened:
        file_set._stage["t"].cleanup()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process, with whatever was patched in it."""

    def listen(*words: str | Path) -> tuple[int, str, str]:
        code = call(*words)
        return code, *capsys.readouterr()

    return listen


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pools work in this process: for tests of what is done and not of who does it."""
    begin = Pool.__init__
    monkeypatch.setattr(Pool, "__init__", lambda pool, _jobs: begin(pool, 0))


@pytest.fixture(scope="session", autouse=True)
def _one_day() -> Iterator[None]:
    """The day that manifests state, so that a run over midnight changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1767312000")  # 2026-01-02
        yield
