"""The benchmarks, by hand: python -m tests.bench [CASE ...] [--runs 3]

For each case, in each run, side by side: the codec floor, repack, and its rivals. Prints medians and ratios (taken
within a run) and writes them to tests/bench/results.json, from which `python -m tests.bench.readme` writes the
section of the README. Measurements, not tests: nothing is asserted.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.discs import build
from tests.bench.measure import Measured, measure

RESULTS = Path(__file__).resolve().parent / "results.json"
_PRUNED = ("--keep-locales", "en,es", "--drop-redist")


@dataclass(frozen=True, slots=True)
class Case:
    """A disc, the options of repack, and what it is measured against."""

    disc: str
    options: tuple[str, ...] = ()
    has_floor: bool = True
    rivals: tuple[str, ...] = ()


CASES = {
    "752 slices": Case("phantom-752", _PRUNED, rivals=("classic", "classic-on-all-cores", "dcmcjpls", "gdcmconv")),
    "real CT, 140 slices": Case("real-140", _PRUNED, rivals=("classic", "dcmcjpls")),
    "one file of 1 GB": Case("multi-frame", rivals=("dcmcjpls",)),
    "mostly viewer": Case("mostly-viewer", rivals=("copy", "classic")),
    "5,000 tiny images": Case("tiny-5000", rivals=("classic",)),
    "100 slices": Case("phantom-100"),
    "1,500 slices": Case("phantom-1500"),
    **{f"{count:,} files": Case(f"files-{count}", has_floor=False) for count in (100, 1_000, 10_000, 100_000)},
}


def run_once(case: Case, disc: Path, folder: Path) -> dict[str, Measured]:
    """One round of everything, one after the other."""
    found: dict[str, Measured] = {}
    if case.has_floor:
        command = [sys.executable, "-m", "tests.bench.floor", str(disc)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found["codec floor"] = Measured(float(said), 0.0, 0, 0)
    for name in ("repack", *case.rivals):
        target, work = folder / f"{name}.zip", folder / "work"
        target.unlink(missing_ok=True)  # to replace a large file takes time of its own
        command = [sys.executable, "-m", "tests.bench.rivals", name, str(disc), str(target), str(work)]
        if name == "repack":
            command = [sys.executable, "-m", "repack", str(disc), *case.options, "-q", "-o", str(target)]
        found[name] = measure(command, target)
        target.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)
    return found


def summarise(runs: list[dict[str, Measured]]) -> dict[str, dict[str, float]]:
    """Medians; ratios within each run, then their median."""
    rows: dict[str, dict[str, float]] = {}
    for name in runs[0]:
        rows[name] = {
            "wall": statistics.median(run[name].wall for run in runs),
            "cpu": statistics.median(run[name].cpu for run in runs),
            "peak": max(run[name].peak for run in runs),
            "output": max(run[name].output for run in runs),
        }
        for ratio, other in (("over repack", "repack"), ("over floor", "codec floor")):
            if other in runs[0]:
                rows[name][ratio] = statistics.median(run[name].wall / run[other].wall for run in runs)
    return rows


def show(title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    """One table on the screen."""
    print(f"\n{title:24}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}{'out MB':>8}{'/ floor':>9}{'/ repack':>9}")
    for name, row in rows.items():
        print(
            f"{name:24}{row['wall']:8.2f}{row['cpu']:8.2f}{row['peak'] / 1e6:9.0f}{row['output'] / 1e6:8.1f}"
            f"{row.get('over floor', 0):9.2f}{row['over repack']:9.2f}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}; default: all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "repack-bench")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in given.cases or CASES:
        disc = build(CASES[name].disc, given.folder)
        if disc is None:
            print(f"\n{name}: left out, its images are not on this computer")
            continue
        rows = summarise([run_once(CASES[name], disc, given.folder) for _ in range(given.runs)])
        show(name, rows)
        cores = len(os.sched_getaffinity(0))
        results[name] = {"input": disc.stat().st_size, "runs": given.runs, "cores": cores, "rows": rows}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
