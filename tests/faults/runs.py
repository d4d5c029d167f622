"""Runs of repack that are disturbed in some moment, and what must be true of whatever they leave behind."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fixtures.disc import dental_disc, write_zip
from repack.model import MANIFEST_NAME
from repack.output import drafts
from repack.record import manifest
from tests.bench.discs import multi_frame

PATIENCE = 20.0  # seconds until a process that does not end counts as hanging
_LEAVING = 5.0  # seconds that workers may outlive their parent
INTERRUPTED = "repack: interrupted; the input is untouched, and nothing half-written was left"


@dataclass(frozen=True, slots=True)
class Stage:
    """A bundle, where its new zip goes, and how many seconds a whole run takes."""

    source: Path
    target: Path
    sha256: str
    seconds: float

    @property
    def folder(self) -> Path:
        return self.target.parent


@dataclass(frozen=True, slots=True)
class Shot:
    """What hits a run: kind of blow, seconds from the start of the process, and between the first and the second."""

    kind: str
    after: float
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What is left of a run: its exit code (None: it hung), what it said, who is still there."""

    code: int | None
    stderr: str
    survivors: frozenset[int]
    was_hit: bool

    @property
    def said(self) -> list[str]:
        return self.stderr.splitlines()


def command(source: Path, target: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "repack", str(source), "-o", str(target), "-j", "2", "-q", *more]


def start(*words: str) -> subprocess.Popen[str]:
    """Start a run in a session of its own."""
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )


def session_of(leader: int) -> frozenset[int]:
    """The processes of a session that do something, its leader not counted: workers and their tracker."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != leader:
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, _parent, _group, session = stat.rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                found.add(int(folder.name))
    return frozenset(found)


def workers_of(leader: int) -> frozenset[int]:
    """The worker processes of a run, without the tracker that multiprocessing starts beside them."""
    found = set()
    for process in session_of(leader):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"spawn_main" in words:
            found.add(process)
    return frozenset(found)


def wait_for_end_of(session: int) -> frozenset[int]:
    """Who is still there a few seconds later; they are killed, so that they disturb nobody else."""
    end = time.monotonic() + _LEAVING
    while (left := session_of(session)) and time.monotonic() < end:
        time.sleep(0.02)
    for process in left:
        _send(process, signal.SIGKILL)
    return left


def _send(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def _send_to_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def _hit_worker(leader: int, number: int, chance: random.Random) -> None:
    workers = sorted(workers_of(leader))
    if workers:
        _send(chance.choice(workers), number)


def hit(process: subprocess.Popen[str], shot: Shot) -> None:
    """Strike once, or twice where the kind says so."""
    leader, chance = process.pid, random.Random(shot.after)  # noqa: S311  any worker will do
    match shot.kind:
        case "kill" | "int" | "term":
            _send(leader, signal.Signals[f"SIG{shot.kind.upper()}"])
        case "int-group" | "term-group":
            _send_to_group(leader, signal.Signals[f"SIG{shot.kind[: shot.kind.index('-')].upper()}"])
        case "int-int" | "int-term" | "term-term" | "int-kill":
            first, second = shot.kind.upper().split("-")
            _send(leader, signal.Signals[f"SIG{first}"])
            time.sleep(shot.gap)
            _send(leader, signal.Signals[f"SIG{second}"])
        case "int-group-many":
            for _ in range(6):
                _send_to_group(leader, signal.SIGINT)
                time.sleep(shot.gap)
        case "worker-kill" | "worker-segv":
            _hit_worker(leader, signal.Signals[f"SIG{shot.kind[7:].upper()}"], chance)
        case _:
            raise ValueError(shot.kind)


KINDS = (
    "kill", "int", "term", "int-group", "term-group", "int-int", "int-term", "term-term", "int-kill",
    "int-group-many", "worker-kill", "worker-segv",
)  # fmt: skip


def disturb(stage: Stage, shot: Shot, *more: str) -> Ended:
    """One run, and one shot at it; the run may have ended before."""
    with start(*command(stage.source, stage.target, *more)) as process:
        try:
            process.wait(shot.after)
            was_hit = False
        except subprocess.TimeoutExpired:
            hit(process, shot)
            was_hit = True
        try:
            _out, stderr = process.communicate(timeout=PATIENCE)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            code, stderr = None, ""
            _send_to_group(process.pid, signal.SIGKILL)
            process.communicate()
        return Ended(code, stderr, wait_for_end_of(process.pid), was_hit)


def _traced(stage: Stage, moment: int, shot: Shot) -> list[str]:
    words = [str(stage.source), "-o", str(stage.target), "-j", "2", "-q"]
    signals = shot.kind.upper().replace("-", ",")
    return [sys.executable, "-m", "tests.faults.traced", str(moment), signals, str(shot.gap), *words]


def count_lines(stage: Stage) -> int:
    """How many lines a run executes in its main thread; about, since waiting takes a few more or less."""
    with start(*_traced(stage, 0, Shot("int", 0))) as process:
        _out, stderr = process.communicate(timeout=60)
    clear(stage)
    return int(stderr.split()[-1])


def disturb_at_line(stage: Stage, shot: Shot) -> Ended:
    """One run that is hit (by itself) at the line whose number is `shot.after`."""
    with start(*_traced(stage, int(shot.after), shot)) as process:
        try:
            _out, stderr = process.communicate(timeout=PATIENCE + 10 + 3 * stage.seconds)
        except subprocess.TimeoutExpired:
            _send_to_group(process.pid, signal.SIGKILL)
            process.communicate()
            return Ended(None, "", wait_for_end_of(process.pid), was_hit=True)
        return Ended(process.returncode, stderr, wait_for_end_of(process.pid), process.returncode != 0)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_whole(target: Path) -> bool:
    """Does every entry of the new zip read back as its own manifest says?"""
    with zipfile.ZipFile(target) as archive:
        if archive.testzip() is not None:
            return False
        record = manifest.decode(archive.read(MANIFEST_NAME))
        kept = [entry for entry in record.entries if entry.after is not None]
        infos = archive.infolist()[: len(kept)]
        return all(
            entry.after is not None
            and info.filename == entry.path
            and hashlib.sha256(archive.read(info)).hexdigest() == entry.after.sha256
            for entry, info in zip(kept, infos, strict=True)
        )


def drafts_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(drafts.SUFFIX))


def broken_promises(stage: Stage, shot: Shot, ended: Ended) -> Iterator[str]:
    """What must never be, whatever was done to a run."""
    if ended.survivors:
        yield f"{len(ended.survivors)} processes outlived it"
    if digest(stage.source) != stage.sha256:
        yield "the input was changed"
    if stage.target.exists() and not is_whole(stage.target):
        yield "a partial zip lies under the final name"
    if not shot.kind.endswith("kill") and drafts_in(stage.folder):
        yield "a draft was left"
    match ended.code:
        case None:
            yield "it hung"
        case 0:
            yield from _false_done(stage, shot, ended)
        case 130:
            yield from _false_interrupted(stage, shot, ended)
        case code if code < 0:
            yield from _false_death(stage, shot, -code)
        case 1 if "runpy" in ended.stderr and "repack" not in ended.stderr:
            pass  # Python itself was still being loaded
        case code:
            yield f"it ended with {code}: {ended.said}"


def _false_done(stage: Stage, shot: Shot, ended: Ended) -> Iterator[str]:
    if not stage.target.exists():
        yield "it says done, and there is no zip"
    if ended.stderr and not shot.kind.startswith("worker"):  # a dying worker may say why
        yield f"it says done, and more: {ended.said}"


def _false_interrupted(stage: Stage, shot: Shot, ended: Ended) -> Iterator[str]:
    if stage.target.exists():
        yield "it says interrupted, and the zip is there"
    if ended.said not in ([INTERRUPTED], []):  # nothing: while the program was still being loaded
        yield f"it does not say in one line that it was interrupted: {ended.said}"
    if shot.kind.startswith("worker"):
        yield "the death of a worker interrupted it"


def _false_death(stage: Stage, shot: Shot, number: int) -> Iterator[str]:
    """Before the first line of ours has run, signals do what they do to every Python program; not when all is done."""
    if number == signal.SIGKILL and shot.kind in {"kill", "int-kill"}:
        return
    if shot.kind.startswith("worker") or stage.target.exists():
        yield f"it was ended by signal {number}"


def clear(stage: Stage) -> None:
    """Make the stage ready for the next run."""
    for path in stage.folder.iterdir():
        if path != stage.source:
            path.unlink()


def make_stage(folder: Path, *, slices: int = 6, size: int = 256, is_large: bool = False) -> Stage:
    """A small disc with images, viewer and index, repacked once undisturbed to take the time; or one large image."""
    source, target = folder / "scan.zip", folder / "out.zip"
    if is_large:
        multi_frame(40)(source)
    else:
        write_zip(source, dental_disc(slices, size=size))
    stage = Stage(source, target, digest(source), 0.0)
    begun = time.monotonic()
    ended = disturb(stage, Shot("int", 60.0))
    seconds = time.monotonic() - begun
    assert ended.code == 0, ended
    assert is_whole(target)
    clear(stage)
    return Stage(source, target, stage.sha256, seconds)
