"""Disturb batches, compare what comes of them, and measure. Each prints its counts; exit code 1 where one was wrong.

python -m tests.batch same --count 200          a cluster of 2 workers against one by one, and against the local pool
python -m tests.batch workers --count 200       a worker of the cluster killed every few seconds
python -m tests.batch scheduler --count 200     the scheduler killed and started again; killed for good
python -m tests.batch interrupt --count 50      a batch of 8 discs hit at so many random moments, and run again
python -m tests.batch memory --count 1000       memory of the process that hands out the discs
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from repack import api
from repack.batch import naming, running
from repack.batch.line import BatchLine
from tests.batch import disturbed
from tests.batch.clusters import cluster, run_batch
from tests.batch.stage import Notes, entry_hashes, make_discs, options


def main() -> int:
    """Do one of the jobs above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=3.0, help="workers: seconds between two that are killed")
    parser.add_argument("--rounds", type=int, default=3, help="same: how often both are timed")
    parser.add_argument("--viewer", action="store_true", help="discs with a viewer: 220 entries instead of 8")
    parser.add_argument("--scheduler", action="store_true", help="interrupt: on a cluster")
    given = parser.parse_args()
    os.environ["SOURCE_DATE_EPOCH"] = "1767312000"
    with tempfile.TemporaryDirectory() as folder:
        faults = JOBS[given.job](Path(folder), given)
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{len(faults)} faults")
    return min(len(faults), 1)


def same(folder: Path, given: argparse.Namespace) -> list[str]:
    """The entries of every output, and the time of whole commands."""
    paths = make_discs(folder / "in", given.count, has_viewer=given.viewer)
    begun = time.monotonic()
    alone = {}
    for path in paths:
        api.run(path, folder / "alone.zip", settings=api.Settings(overwrite=True))
        alone[f"{path.stem}.repacked.zip"] = entry_hashes(folder / "alone.zip")
    print(f"one by one in one process: {time.monotonic() - begun:.1f} s", flush=True)
    times: dict[str, list[float]] = {"local": [], "cluster": []}
    faults: list[str] = []
    with cluster(folder / "cluster") as processes:
        how: dict[str, list[str]] = {"local": ["-j", "2"], "cluster": ["--scheduler", processes.address]}
        for number in range(given.rounds):
            for name, words in how.items():
                out_dir = folder / f"{name}{number}"
                begun = time.monotonic()
                code, said = run_batch(folder / "in" / "*.zip", "--out-dir", out_dir, *words)
                times[name].append(time.monotonic() - begun)
                faults += [said[-300:]] if code else []
                found = {path.name: entry_hashes(path) for path in out_dir.glob("*.zip")}
                faults += [f"{name}: {one}" for one in alone if found.get(one) != alone[one]]
            print({name: f"{seconds[-1]:.1f} s" for name, seconds in times.items()}, flush=True)
    ratio = statistics.median(c / n for c, n in zip(times["cluster"], times["local"], strict=True))
    entries = sum(map(len, alone.values()))
    print(f"{given.count} discs, {entries} entries compared, {given.rounds} rounds; cluster / local pool: {ratio:.2f}")
    return faults


def workers(folder: Path, given: argparse.Namespace) -> list[str]:
    """Lines and outputs after a re-run."""
    make_discs(folder / "in", given.count, has_viewer=given.viewer)
    faults, said = disturbed.with_dying_workers(disturbed.make_shelf(folder, given.count), given.every, given.seed)
    print(said)
    return faults


def scheduler(folder: Path, given: argparse.Namespace) -> list[str]:
    """Lines and outputs after a re-run."""
    make_discs(folder / "in", given.count, has_viewer=given.viewer)
    shelf = disturbed.make_shelf(folder, given.count)
    faults, said = disturbed.with_scheduler_restart(shelf)
    print(f"restarted: {said}", flush=True)
    more, said = disturbed.with_scheduler_lost(shelf)
    print(f"lost: {said}")
    return faults + more


def interrupt(folder: Path, given: argparse.Namespace) -> list[str]:
    """Every moment has its line; all must be complete and equal after one more run."""
    make_discs(folder / "in", 8, has_viewer=given.viewer)
    shelf = disturbed.make_shelf(folder, 8)
    print(f"an undisturbed batch takes {shelf.seconds:.1f} s", flush=True)
    chance = random.Random(given.seed)  # noqa: S311  repeatable on purpose
    faults: list[str] = []
    with cluster(folder / "cluster") if given.scheduler else _nobody() as processes:
        for number in range(given.count):
            blow = disturbed.choose_blow(chance, shelf)
            found, said = disturbed.interrupt(shelf, blow, processes)
            print(
                f"{number:3} {blow.kind:7} at {blow.after:5.2f} s after line {blow.lines}: {said}",
                *found,
                sep="\n    ",
                flush=True,
            )
            faults += found
    return faults


class _nobody:  # noqa: N801  stands where a function stands
    """No cluster."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_rest: object) -> None:
        pass


class _Weighing(Notes):
    """Notes the memory of this process now and then, and nothing of the discs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0
        self.kilobytes: list[int] = []

    def show_line(self, line: BatchLine, *, is_skipped: bool) -> None:  # noqa: ARG002  a watcher's
        self.lines += 1
        if self.lines % 100 == 0:
            status = Path("/proc/self/status").read_text("utf-8")
            rss = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
            self.kilobytes.append(int(rss))
            print(f"{self.lines:5} discs: {self.kilobytes[-1] / 1024:.1f} MB", flush=True)


def memory(folder: Path, given: argparse.Namespace) -> list[str]:
    """Resident memory at every hundredth disc, then the same over the record of all of them."""
    make_discs(folder / "in", given.count)
    faults = []
    for round_ in ("first", "again"):
        discs = naming.find_discs([str(folder / "in" / "*.zip")], folder / "out")
        notes, totals = _Weighing(), running.Totals()
        print(round_)
        running.run(running.Request(discs, folder / "out", options(), jobs=2), totals, notes)
        assert totals.seen == given.count
        grown = (notes.kilobytes[-1] - notes.kilobytes[1]) / 1024
        print(f"{round_}: {grown:+.2f} MB from disc 200 to disc {given.count}; {totals.skipped} skipped")
        faults += [f"{grown:.1f} MB"] if grown > 2 else []
    return faults


JOBS: dict[str, Callable[[Path, argparse.Namespace], list[str]]] = {
    job.__name__: job for job in (same, workers, scheduler, interrupt, memory)
}

if __name__ == "__main__":
    sys.exit(main())
