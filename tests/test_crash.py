"""Stopped at any moment, repack leaves nothing or a whole zip, the input untouched, and no process behind."""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.disc import dental_disc, write_zip
from repack import manifest
from repack.archive import DRAFT_SUFFIX
from repack.model import MANIFEST_NAME

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc and sends signals to process groups"),
]

MOMENTS = 27
PATIENCE = 20.0  # seconds
_random = random.Random(20_240_315)  # noqa: S311  any moments will do, the same ones each time are easier to discuss
FRACTIONS = [_random.uniform(0.0, 1.05) for _ in range(MOMENTS)]


@dataclass(frozen=True, slots=True)
class Stage:
    """A bundle, where its new zip goes, and how many seconds a run takes from its first worker on."""

    source: Path
    target: Path
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """What is left of a run that was stopped."""

    code: int
    stderr: str
    workers: frozenset[int]


def command(source: Path, target: Path) -> list[str]:
    return [sys.executable, "-m", "repack", str(source), "-o", str(target), "-j", "2", "-q"]


def start(stage_source: Path, target: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(stage_source, target), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def session_of(leader: int) -> frozenset[int]:
    """The processes of a session that do something, its leader not counted: workers and their tracker."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != leader:
            try:
                state, _parent, _group, session = (
                    (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:4]
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(session) == leader and state != "Z":
                found.add(int(folder.name))
    return frozenset(found)


def wait_for_first_worker(process: subprocess.Popen[str]) -> float:
    """The moment from which on signals are handled: the program is loaded."""
    end = time.monotonic() + PATIENCE
    while not session_of(process.pid):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    return time.monotonic()


def wait_for_end_of(session: int) -> frozenset[int]:
    """Who is still there a few seconds later."""
    end = time.monotonic() + 5
    while (left := session_of(session)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def stop(process: subprocess.Popen[str], number: signal.Signals, *, is_whole_group: bool = False) -> Stopped:
    (os.killpg if is_whole_group else os.kill)(process.pid, number)
    _out, stderr = process.communicate(timeout=PATIENCE)
    left = wait_for_end_of(process.pid)
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    return Stopped(process.returncode, stderr, left)


def said(stopped: Stopped) -> list[str]:
    """The lines on standard error, without what CPython itself says when an interrupt meets a weak reference."""
    ignored = re.compile(r"^Exception ignored in:.*\nTraceback.*\n(?:  .*\n)+KeyboardInterrupt.*\n", re.MULTILINE)
    return ignored.sub("", stopped.stderr).splitlines()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_whole(target: Path) -> bool:
    """Does every entry of the new zip read back as its own manifest says?"""
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        record = manifest.decode(archive.read(MANIFEST_NAME))
        kept = [entry for entry in record.entries if entry.after is not None]
        infos = archive.infolist()[: len(kept)]
        return all(
            entry.after is not None
            and info.filename == entry.path
            and hashlib.sha256(archive.read(info)).hexdigest() == entry.after.sha256
            for entry, info in zip(kept, infos, strict=True)
        )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("crash")
    source, target = folder / "scan.zip", folder / "out.zip"
    write_zip(source, dental_disc(6, size=256))
    with start(source, target) as process:
        begun = wait_for_first_worker(process)
        process.communicate(timeout=60)
    seconds = time.monotonic() - begun
    assert process.returncode == 0
    assert is_whole(target)
    target.unlink()
    return Stage(source, target, digest(source), seconds)


@pytest.fixture
def folder(stage: Stage) -> Iterator[Path]:
    """The folder of the bundle; swept behind each test."""
    yield stage.source.parent
    for path in stage.source.parent.iterdir():
        if path != stage.source:
            path.unlink()


def drafts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(DRAFT_SUFFIX)]


@pytest.mark.parametrize(
    ("number", "fraction"),
    [
        ((signal.SIGKILL, signal.SIGINT, signal.SIGTERM)[moment % 3], fraction)
        for moment, fraction in enumerate(FRACTIONS)
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else f"{value:.2f}",
)
def test_stopped_at_any_moment(stage: Stage, folder: Path, number: signal.Signals, fraction: float) -> None:
    with start(stage.source, stage.target) as process:
        wait_for_first_worker(process)
        time.sleep(fraction * stage.seconds)
        if process.poll() is None:
            stopped = stop(process, number)
        else:
            stopped = Stopped(process.returncode, "", frozenset())
            process.communicate()
    assert not stage.target.exists() or is_whole(stage.target)
    assert digest(stage.source) == stage.sha256
    assert stopped.workers == frozenset()
    if number is signal.SIGKILL:
        assert stopped.code in {0, -signal.SIGKILL}
    else:
        assert drafts(folder) == []
        # In its very last moments the interpreter takes its signal handlers down.
        assert stopped.code in {0, 130} or (stopped.code == -number and stage.target.exists())
        assert len(said(stopped)) <= 1  # no traceback
        assert stopped.code != 130 or "interrupted; the input is untouched" in stopped.stderr
    if stopped.code == 0:
        assert stage.target.exists()


@pytest.mark.parametrize("fraction", [0.2, 0.4, 0.6, 0.8])
def test_control_c_in_a_terminal_reaches_the_workers_too(stage: Stage, folder: Path, fraction: float) -> None:
    with start(stage.source, stage.target) as process:
        wait_for_first_worker(process)
        time.sleep(fraction * stage.seconds)
        stopped = stop(process, signal.SIGINT, is_whole_group=True)
    assert stopped.code in {0, 130}
    assert stopped.workers == frozenset()
    assert drafts(folder) == []
    assert not stage.target.exists() or is_whole(stage.target)
    assert digest(stage.source) == stage.sha256
    assert len(said(stopped)) <= 1  # no traceback of a worker


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2])
def test_stopped_while_it_is_being_loaded(stage: Stage, folder: Path, number: signal.Signals, seconds: float) -> None:
    with start(stage.source, stage.target) as process:
        time.sleep(seconds)
        stopped = stop(process, number)
    # CPython ends itself by SIGINT where the interrupt met an exec(), as those of dataclasses, even if it was caught.
    assert stopped.code in {130, -number, -signal.SIGINT}
    assert stopped.workers == frozenset()
    assert list(folder.iterdir()) == [stage.source]


def test_what_was_there_before_stays_when_overwriting_is_stopped(stage: Stage, folder: Path) -> None:
    stage.target.write_bytes(b"the old one")
    words = [*command(stage.source, stage.target), "--overwrite"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        wait_for_first_worker(process)
        time.sleep(0.3 * stage.seconds)
        stopped = stop(process, signal.SIGTERM)
    assert stopped.code == 130
    assert stage.target.read_bytes() == b"the old one"
    assert drafts(folder) == []
