"""What the tests of the output share."""

from pathlib import Path

import pytest


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a new zip is to appear."""
    return tmp_path / "out.zip"
