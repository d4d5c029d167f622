"""Disturb many runs in random moments, and count the promises that were broken.

python -m tests.faults --count 200 --seed 1            moments by the clock: signals, and deaths of workers
python -m tests.faults --count 200 --seed 1 --lines    moments by the line of the program: one and two interrupts
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.runs import (
    KINDS,
    Shot,
    Stage,
    broken_promises,
    clear,
    command,
    count_lines,
    disturb,
    disturb_at_line,
    drafts_in,
    make_stage,
    start,
)  # fmt: skip

_LINE_KINDS = ("int", "term", "int-int", "int-term", "term-term", "kill")


def main() -> int:
    """Print what came of the runs; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--large", action="store_true", help="one image that all workers share")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311  repeatable on purpose
    results: Counter[str] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        stage = make_stage(Path(folder), is_large=given.large)
        lines = count_lines(stage) if given.lines else 0
        print(f"a run takes {stage.seconds:.2f} s" + f" and {lines} lines" * given.lines, flush=True)
        for number in range(given.count):
            kind = chance.choice(given.kind or (_LINE_KINDS if given.lines else KINDS))
            gap = chance.choice([0, 0.0001, 0.001, 0.01, 0.1])
            if given.lines:
                shot = Shot(kind, chance.randint(1, lines), gap)
                ended = disturb_at_line(stage, shot)
            else:
                shot = Shot(kind, chance.uniform(0.0, 1.05) * stage.seconds, gap)
                ended = disturb(stage, shot)
            found = [*broken_promises(stage, shot, ended), *_tidied_up(stage, results)]
            results[f"{kind:15} code {ended.code}" + ("" if ended.was_hit else " (over before)")] += 1
            for problem in found:
                print(f"{number}: {shot}: {problem}\n{ended.stderr}", flush=True)
            faults += bool(found)
            clear(stage)
    for result, count in sorted(results.items()):
        print(f"{count:5} {result}")
    print(f"{given.count} runs, {faults} broke a promise")
    return min(faults, 1)


def _tidied_up(stage: Stage, results: Counter[str]) -> list[str]:
    """Where a killed run left its draft, the next run to the same target removes it."""
    if not drafts_in(stage.folder):
        return []
    results["stale drafts removed by the next run"] += 1
    with start(*command(stage.source, stage.target, "--overwrite")) as process:
        process.communicate()
    left = drafts_in(stage.folder)
    return [f"the next run ended with {process.returncode} and left {left}"] if process.returncode or left else []


if __name__ == "__main__":
    sys.exit(main())
