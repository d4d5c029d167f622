"""Where the real files lie: ../shared beside the repository. They are not part of it, so tests skip without them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def shared_files(folder: str, pattern: str = "*") -> list[Path]:
    """The files below a folder of ../shared/data, sorted; empty where it is absent."""
    return sorted(path for path in (SHARED / "data" / folder).rglob(pattern) if path.is_file())


def require(files: Sequence[Path]) -> None:
    """Skip the running test where the real files are absent."""
    if not files:
        pytest.skip(f"no real files: {SHARED / 'data'} is not there")


def dicom_files(folder: str = "dicom") -> list[Path]:
    """The DICOM test set without its index and licences (README.md there)."""
    root = SHARED / "data" / "dicom"
    beside = {root / "README.md", root / "index.csv", root / "trouble.csv"}
    return [path for path in shared_files(folder) if path not in beside and "LICENCES" not in path.parts]
