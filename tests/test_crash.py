"""Stopped at any moment, repack leaves nothing or a whole zip, the input untouched, and no process behind.

Some moments; `python -m tests.faults --count 200` tries as many as you like.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from repack.output import drafts
from tests.faults import runs
from tests.faults.runs import INTERRUPTED, KINDS, Shot, Stage, broken_promises

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc and sends signals to process groups"),
]

_chance = random.Random(20_240_315)  # noqa: S311  any moments will do, the same ones each time are easier to discuss
SHARES = [(kind, round(_chance.uniform(0.1, 1.0), 2)) for kind in (*KINDS, *KINDS)]
LINES = [(kind, round(_chance.uniform(0.0, 1.0), 2)) for kind in "int int-int term-term int-int kill int-term".split()]


@pytest.fixture(scope="module")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return runs.make_stage(tmp_path_factory.mktemp("crash"))


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    """The bundle alone in its folder; swept behind each test."""
    yield whole_stage
    runs.clear(whole_stage)


@pytest.mark.parametrize(
    ("kind", "share"), SHARES, ids=lambda value: value if isinstance(value, str) else f"{value:.2f}"
)
def test_disturbed_at_any_moment(stage: Stage, kind: str, share: float) -> None:
    shot = Shot(kind, share * stage.seconds, 0.01)
    assert list(broken_promises(stage, shot, runs.disturb(stage, shot))) == []


@pytest.fixture(scope="module")
def lines(whole_stage: Stage) -> int:
    return runs.count_lines(whole_stage)


@pytest.mark.parametrize(
    ("kind", "share"), LINES, ids=lambda value: value if isinstance(value, str) else f"{value:.2f}"
)
def test_interrupted_at_any_line(stage: Stage, lines: int, kind: str, share: float) -> None:
    shot = Shot(kind, 1 + int(share * lines), 0.001)
    assert list(broken_promises(stage, shot, runs.disturb_at_line(stage, shot))) == []


def test_the_next_run_removes_what_a_killed_one_left_and_not_what_a_living_one_writes(stage: Stage) -> None:
    with runs.start(*runs.command(stage.source, stage.target)) as killed:
        _wait_for_drafts(stage.folder, 1)
        killed.kill()
        killed.communicate()
    stale = runs.drafts_in(stage.folder)
    with _halted(stage, stale) as (living, alive):
        second = runs.disturb(stage, Shot("int", 60.0))
        assert runs.drafts_in(stage.folder) == alive
        stage.target.unlink()
        living.send_signal(signal.SIGCONT)
        living.communicate(timeout=runs.PATIENCE)
    assert (second.code, second.stderr) == (0, "")
    assert living.returncode == 0
    assert runs.is_whole(stage.target)
    assert runs.drafts_in(stage.folder) == []
    runs.wait_for_end_of(killed.pid)


@contextmanager
def _halted(stage: Stage, stale: list[str]) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A run that stands still while it writes, and the drafts that are there then."""
    for _attempt in range(20):
        with runs.start(*runs.command(stage.source, stage.target)) as living:
            try:
                _wait_for_drafts(stage.folder, 1, other_than=stale)
                living.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, living.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                alive = runs.drafts_in(stage.folder)
                if alive and all(_is_locked(stage.folder / name) for name in alive):
                    yield living, alive
                    return
            finally:  # a process that stands still would never end
                living.send_signal(signal.SIGCONT)
        stage.target.unlink(missing_ok=True)  # it was done before it could be halted, or had not locked its draft yet
    pytest.fail("no run could be halted while it wrote")


def _is_locked(draft: Path) -> bool:
    handle = os.open(draft, os.O_RDWR)
    try:
        return not drafts.lock(handle, is_surely=True)
    finally:
        os.close(handle)


def _wait_for_drafts(folder: Path, count: int, other_than: list[str] | None = None) -> None:
    end = time.monotonic() + runs.PATIENCE
    while len(set(runs.drafts_in(folder)) - set(other_than or [])) < count:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_what_was_there_before_stays_when_overwriting_is_stopped(stage: Stage) -> None:
    stage.target.write_bytes(b"the old one")
    with runs.start(*runs.command(stage.source, stage.target, "--overwrite")) as process:
        _wait_for_drafts(stage.folder, 1)
        process.terminate()
        _out, said = process.communicate(timeout=runs.PATIENCE)
    assert process.returncode == 130
    assert said.splitlines() == [INTERRUPTED]
    assert stage.target.read_bytes() == b"the old one"
    assert runs.drafts_in(stage.folder) == []
    assert runs.wait_for_end_of(process.pid) == frozenset()


def test_workers_that_were_stopped_go_with_their_parent(stage: Stage) -> None:
    """A worker that does not come to run its own end is ended by the system."""
    with runs.start(*runs.command(stage.source, stage.target)) as process:
        _wait_for_drafts(stage.folder, 1)
        workers = runs.workers_of(process.pid)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        process.kill()
        process.communicate()
    assert workers
    assert runs.wait_for_end_of(process.pid) == frozenset()
