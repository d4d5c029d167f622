"""Batches that are disturbed, and whether what they leave behind, run again, is what an undisturbed one gives."""

import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from repack.output import drafts
from tests.batch.clusters import Processes, cluster, killing_workers, run_batch, start_batch
from tests.batch.stage import digest, last_lines

_LONGEST, _PATIENCE = 900.0, 120.0
_MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """Discs, and what an undisturbed batch makes of them: the SHA-256 of each output by its name."""

    folder: Path
    count: int
    expected: dict[str, str]
    seconds: float

    @property
    def discs(self) -> str:
        return str(self.folder / "in" / "*.zip")


def make_shelf(folder: Path, count: int) -> Shelf:
    """The undisturbed batch; its discs lie in folder/in."""
    begun = time.monotonic()
    code, said = run_batch(folder / "in" / "*.zip", "--out-dir", folder / "undisturbed", "-j", 2)
    assert code == 0, said
    seconds = time.monotonic() - begun
    expected = hashes(folder / "undisturbed")
    assert len(expected) == count
    return Shelf(folder, count, expected, seconds)


def hashes(out_dir: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in out_dir.glob("*.zip")}


def faults_of(shelf: Shelf, out_dir: Path) -> list[str]:
    """What is missing or different once a batch has said that all is done."""
    found = hashes(out_dir)
    faults = [f"{name} is not there" for name in shelf.expected.keys() - found.keys()]
    faults += [f"{name} is too much" for name in found.keys() - shelf.expected.keys()]
    faults += [
        f"{name} differs" for name in found.keys() & shelf.expected.keys() if found[name] != shelf.expected[name]
    ]
    lines = last_lines(out_dir)
    if len(lines) != shelf.count:
        faults.append(f"the record has {len(lines)} discs")
    for line in lines.values():
        output = line["output"]
        if line["result"] != "done" or found.get(output["name"]) != output["sha256"]:
            faults.append(f"the line of {line['source']} is not true")
    faults += [f"{path.name} was left" for path in out_dir.iterdir() if path.name.endswith(drafts.SUFFIX)]
    return faults


def run_until_done(*words: str | Path) -> tuple[int, list[int]]:
    """The same command again until it says that all went well; how often, and the codes."""
    codes: list[int] = []
    while len(codes) < _MOST_ROUNDS:
        code, said = run_batch(*words, timeout=_LONGEST)
        codes.append(code)
        if code == 0:
            break
        if code not in {1, 2}:
            raise AssertionError((code, said[-500:]))
    return len(codes), codes


def with_dying_workers(shelf: Shelf, every: float, seed: int) -> tuple[list[str], str]:
    """A cluster whose workers are killed every few seconds, then the same again on one that is left in peace."""
    out_dir = shelf.folder / "dying"
    with cluster(shelf.folder / "cluster") as processes:
        words = (shelf.discs, "--out-dir", out_dir, "--scheduler", processes.address)
        with killing_workers(processes, every, seed) as moments:
            code, _said = run_batch(*words, timeout=_LONGEST)
        done = sum(line["result"] == "done" for line in last_lines(out_dir).values())
        rounds, codes = run_until_done(*words)
    said = f"{len(moments)} workers killed, exit code {code}, {done} of {shelf.count} done; re-runs: {rounds} {codes}"
    return [*faults_of(shelf, out_dir), *([] if moments else ["no worker was killed"])], said


def with_scheduler_restart(shelf: Shelf) -> tuple[list[str], str]:
    """The scheduler is killed in the middle and started again; its workers go with it, and are started again too."""
    out_dir = shelf.folder / "restarted"
    with cluster(shelf.folder / "cluster") as processes:
        words = (shelf.discs, "--out-dir", out_dir, "--scheduler", processes.address)
        with start_batch(*words) as batch:
            at = wait_for_lines(out_dir, shelf.count // 3)
            processes.kill_scheduler()
            time.sleep(2)
            processes.start_scheduler()
            processes.start_worker()
            processes.start_worker()
            _out, err = batch.communicate(timeout=_LONGEST)
        code = batch.returncode
        done = sum(line["result"] == "done" for line in last_lines(out_dir).values())
        rounds, codes = run_until_done(*words)
    said = f"killed after {at} lines; exit code {code} ({err.splitlines()[-1:]}), {done} of {shelf.count} done"
    return faults_of(shelf, out_dir), f"{said}; re-runs: {rounds} {codes}"


def with_scheduler_lost(shelf: Shelf) -> tuple[list[str], str]:
    """The scheduler is killed in the middle and stays away; later there is another cluster."""
    out_dir = shelf.folder / "lost"
    with cluster(shelf.folder / "cluster") as processes:
        with start_batch(shelf.discs, "--out-dir", out_dir, "--scheduler", processes.address) as batch:
            at = wait_for_lines(out_dir, shelf.count // 3)
            processes.kill_scheduler()
            begun = time.monotonic()
            _out, err = batch.communicate(timeout=_LONGEST)
        seconds = time.monotonic() - begun
    with cluster(shelf.folder / "cluster") as processes:
        rounds, codes = run_until_done(shelf.discs, "--out-dir", out_dir, "--scheduler", processes.address)
    said = f"killed after {at} lines; exit code {batch.returncode} after {seconds:.0f} s: {err.splitlines()[-1:]}"
    return faults_of(shelf, out_dir), f"{said}; re-runs: {rounds} {codes}"


def wait_for_lines(out_dir: Path, count: int) -> int:
    record, end = out_dir / "batch.jsonl", time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if record.exists() and (lines := record.read_bytes().count(b"\n")) >= count:
            return lines
        time.sleep(0.02)
    raise TimeoutError(count)


@dataclass(frozen=True, slots=True)
class Blow:
    """What hits a batch: which signal (int twice for int-int), so many seconds after its start or its n-th line."""

    kind: str
    after: float
    lines: int = 0


def interrupt(shelf: Shelf, blow: Blow, processes: Processes | None = None) -> tuple[list[str], str]:
    """Hit a batch once, run it again undisturbed, and compare; a draft may be left only by a kill."""
    out_dir = shelf.folder / "interrupted"
    for path in out_dir.glob("*") if out_dir.exists() else ():
        path.unlink()
    for path in out_dir.glob(".*") if out_dir.exists() else ():
        path.unlink()
    words = [shelf.discs, "--out-dir", str(out_dir), "-j", "2"]
    words += ["--scheduler", processes.address] if processes else []
    with start_batch(*words) as batch:
        if blow.lines:
            wait_for_lines(out_dir, blow.lines)
        try:
            batch.wait(blow.after)
        except subprocess.TimeoutExpired:
            _hit(batch, blow.kind)
        begun = time.monotonic()
        _out, err = batch.communicate(timeout=_PATIENCE)
    seconds = time.monotonic() - begun
    faults = [f"it said a traceback: {err[-800:]}"] if "Traceback" in err and "repack: " in err else []
    if batch.returncode == 0 and faults_of(shelf, out_dir):
        faults.append("it said done, and it was not")
    if batch.returncode not in {0, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM}:
        faults.append(f"it ended with {batch.returncode}: {err[-800:]}")
    left = list(out_dir.glob(f".*{drafts.SUFFIX}"))
    if left and blow.kind != "kill" and processes is None:
        faults.append(f"{len(left)} drafts were left")
    seen = len(last_lines(out_dir)) if (out_dir / "batch.jsonl").exists() else 0
    code, said = run_batch(*words)
    if code:
        faults.append(f"the re-run ended with {code}: {said[-300:]}")
    faults += faults_of(shelf, out_dir)
    return faults, f"code {batch.returncode} {seconds:.1f} s later, {seen} of {shelf.count} lines, {len(left)} drafts"


def _hit(batch: subprocess.Popen[str], kind: str) -> None:
    numbers = {"int": [signal.SIGINT], "kill": [signal.SIGKILL], "term": [signal.SIGTERM]}
    for number in numbers.get(kind, [signal.SIGINT, signal.SIGINT]):
        batch.send_signal(number)
        time.sleep(0.05)


def choose_blow(chance: random.Random, shelf: Shelf) -> Blow:
    """Every other time any moment of the whole run, the loading of the program too; else between two lines."""
    kind = chance.choice(["int", "kill", "term", "int-int"])
    if chance.random() < 0.5:
        return Blow(kind, chance.uniform(0.05, 1.0) * shelf.seconds)
    return Blow(kind, chance.uniform(0.0, 0.3), chance.randint(1, shelf.count - 1))
