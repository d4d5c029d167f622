"""Feed one harness many inputs; a failing input is kept as a file, and the exit code is not 0.

python -m tests.fuzz zip --runs 100000 --seed 1                mutations of the seeds, no further package needed
python -m tests.fuzz zip --runs 1000000 --engine atheris       guided by coverage (pip install atheris)
python -m tests.fuzz zip --input crash-0123                    one input again
"""

import argparse
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

MOST_SECONDS, MOST_MEGABYTES = 10, 1024  # that one input may take


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["own", "atheris"], default="own")
    parser.add_argument("--corpus", type=Path, help="a folder that atheris keeps what it finds in")
    parser.add_argument("--folder", type=Path, default=Path(), help="where a failing input is kept")
    parser.add_argument("--input", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of libraries, about bytes that are strange on purpose
    if given.input is not None:
        from tests.fuzz.harnesses import HARNESSES

        HARNESSES[given.name].run(given.input.read_bytes())
        return 0
    return _run_atheris(given) if given.engine == "atheris" else _run_own(given)


def _run_own(given: argparse.Namespace) -> int:
    from tests.fuzz.harnesses import HARNESSES
    from tests.fuzz.mutation import inputs

    harness = HARNESSES[given.name]
    kept = given.folder / f"crash-{given.name}-{given.seed}"  # stays where the process dies in native code, or hangs
    begun, slowest = time.monotonic(), 0.0
    with kept.open("wb", buffering=0) as file:
        for number, data in enumerate(inputs(harness.make_seeds(), given.runs, given.seed, harness.longest)):
            file.seek(0)
            file.write(data)
            file.truncate()
            start = time.monotonic()
            _set_alarm(MOST_SECONDS)
            try:
                harness.run(data)
            except Exception:
                print(f"{given.name}: run {number} of seed {given.seed} failed; the input is in {kept}")
                raise
            slowest = max(slowest, time.monotonic() - start)
    _set_alarm(0)
    kept.unlink()
    seconds, peak = time.monotonic() - begun, _peak_megabytes()
    print(
        f"{given.name}: {given.runs} runs of seed {given.seed} in {seconds:.0f} s, the slowest took {slowest:.2f} s, "
        f"{peak} MB at most",
        flush=True,
    )
    return int(slowest > MOST_SECONDS or peak > MOST_MEGABYTES)


def _set_alarm(seconds: int) -> None:
    """The system ends this process when the time is over, whatever native code it is in."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _peak_megabytes() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def _run_atheris(given: argparse.Namespace) -> int:
    import atheris

    with atheris.instrument_imports(include=["repack", "pefile", "pycdlib"], enable_loader_override=False):
        from tests.fuzz.harnesses import HARNESSES
    harness = HARNESSES[given.name]
    with tempfile.TemporaryDirectory() as folder:
        corpus, seeds = given.corpus or Path(folder) / "corpus", Path(folder) / "seeds"
        for path in (corpus, seeds):
            path.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(harness.make_seeds()):
            (seeds / str(number)).write_bytes(data)
        options = [f"-runs={given.runs}", f"-seed={given.seed}", f"-max_len={harness.longest}"]
        options += [f"-timeout={MOST_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}"]
        options += [f"-artifact_prefix={given.folder}/crash-{given.name}-"]
        atheris.Setup([sys.argv[0], *options, str(corpus), str(seeds)], harness.run)
        atheris.Fuzz()  # leaves the process at its end
    return 0


if __name__ == "__main__":
    sys.exit(main())
