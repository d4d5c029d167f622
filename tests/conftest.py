"""Fixtures that several areas share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.fileset import FileSet

from repack.cli import main
from tests.commands import Run

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

    def call(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


@pytest.fixture(scope="session", autouse=True)
def _one_day() -> Iterator[None]:
    """The day that manifests state, so that a run over midnight changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1767312000")  # 2026-01-02
        yield
