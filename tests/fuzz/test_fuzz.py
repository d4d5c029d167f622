"""A bounded run of every harness: the same inputs each time. `python -m tests.fuzz` tries as many as you like."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.harnesses import HARNESSES

ROOT = Path(__file__).resolve().parents[2]
RUNS = {"iso": 400, "pe": 400}
EVERY_RUN = 2_000


@pytest.mark.lengthy
@pytest.mark.parametrize("name", HARNESSES)
def test_no_input_breaks_a_promise(name: str, tmp_path: Path) -> None:
    """In a process of its own: native code may crash, and a hang ends it."""
    runs = str(RUNS.get(name, EVERY_RUN))
    words = [sys.executable, "-m", "tests.fuzz", name, "--runs", runs, "--seed", "7", "--folder", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: " in done.stdout
