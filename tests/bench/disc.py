"""The benchmark of the main job, by hand: python -m tests.bench.disc [--slices 752] [--runs 3]

Builds the large synthetic disc once, then measures side by side in each run: the codec floor, repack, and the classic
workflow. Prints medians and ratios, and writes them as JSON. A measurement, not a test: it asserts nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import Measured, measure

HERE = Path(__file__).resolve().parent


def build(folder: Path, slices: int) -> Path:
    """The disc, kept between calls because it takes a while."""
    disc = folder / f"disc-{slices}.zip"
    if not disc.exists():
        subprocess.run([sys.executable, "-m", "fixtures", "--slices", str(slices), "--out", str(disc)], check=True)
    return disc


def run_once(disc: Path, folder: Path, *, with_classic: bool) -> dict[str, Measured]:
    """One round of everything, one after the other."""
    found: dict[str, Measured] = {}
    said = subprocess.run(
        [sys.executable, str(HERE / "floor.py"), str(disc)], check=True, capture_output=True, text=True
    ).stdout
    found["codec floor"] = Measured(float(said), 0.0, 0)
    ours = folder / "ours.zip"
    ours.unlink(missing_ok=True)  # to replace a large file takes time of its own
    options = ["--keep-locales", "en,es", "--drop-redist", "-q", "-o", str(ours)]
    found["repack"] = measure([sys.executable, "-m", "repack", str(disc), *options], folder)
    if with_classic:
        theirs = folder / "theirs.zip"
        script = [sys.executable, str(HERE / "classic.py"), str(disc), str(theirs), str(folder / "work")]
        found["classic workflow"] = measure(script, folder)
        found["classic, compared on all cores"] = measure([*script, "--compare-on-all-cores"], folder)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, default=752)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-classic", action="store_true", help="skip the slow one")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "repack-bench")
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    disc = build(given.folder, given.slices)
    runs = [run_once(disc, given.folder, with_classic=not given.no_classic) for _ in range(given.runs)]
    report = {"slices": given.slices, "runs": given.runs, "disc bytes": disc.stat().st_size}
    for name in runs[0]:
        report[name] = {
            "wall": statistics.median(run[name].wall for run in runs),
            "cpu": statistics.median(run[name].cpu for run in runs),
            "peak": max(run[name].peak for run in runs),
            "over floor": statistics.median(run[name].wall / run["codec floor"].wall for run in runs),
            "over repack": statistics.median(run[name].wall / run["repack"].wall for run in runs),
        }
    report["output bytes"] = {path.stem: path.stat().st_size for path in given.folder.glob("*s.zip")}
    print(f"{'':32}{'wall s':>8}{'cpu s':>8}{'peak MB':>9}{'/ floor':>9}{'/ repack':>9}")
    for name in runs[0]:
        row = report[name]
        print(
            f"{name:32}{row['wall']:8.2f}{row['cpu']:8.2f}{row['peak'] / 1e6:9.0f}"
            f"{row['over floor']:9.2f}{row['over repack']:9.2f}"
        )
    print("output bytes", report["output bytes"])
    (given.folder / "bench.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
