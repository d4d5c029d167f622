"""Set up a virtual environment beside this file and run one of the project's jobs in it. Needs only Python.

python3 dev.py demo     build a small synthetic patient disc and repack it
python3 dev.py test     style, types, and all tests with coverage
python3 dev.py unit     the fast tests only
python3 dev.py pictures renew the pictures of the README (docs/pictures)
python3 dev.py bench    measure speed and memory on a large disc (minutes)
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parent
HOME = TOP / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
STAMP = HOME / "installed-for"
#: Two halves of the tests that take about as long on two cores.
GROUPS = ("slow or interop or packages", "not slow and not interop and not packages")


def python() -> Path:
    """The interpreter of the environment."""
    return BIN / ("python.exe" if os.name == "nt" else "python")


def run(*command: str | Path, **extra: str) -> None:
    """Run a command in the project's folder; leave with its exit code where it fails."""
    print("+", *(str(part).removeprefix(f"{TOP}{os.sep}") for part in command), flush=True)
    code = subprocess.run([str(part) for part in command], cwd=TOP, env=os.environ | extra, check=False).returncode
    if code:
        sys.exit(code)


def run_side_by_side(*commands: tuple[str | Path, ...]) -> None:
    """Run commands at the same time, and show what each said, one after the other; leave where one of them fails."""
    with contextlib.ExitStack() as stack:
        running = []
        for command in commands:
            print("+", *(str(part).removeprefix(f"{TOP}{os.sep}") for part in command), flush=True)
            said = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
            words = [str(part) for part in command]
            running.append((subprocess.Popen(words, cwd=TOP, stdout=said, stderr=subprocess.STDOUT), said))
        codes = []
        for process, said in running:
            codes.append(process.wait())
            said.seek(0)
            print(said.read(), flush=True)
    if any(codes):
        sys.exit(1)


def set_up() -> None:
    """Make the environment, once for each state of pyproject.toml."""
    wanted = f"{sys.version}\n{(TOP / 'pyproject.toml').read_text('utf-8')}"
    if STAMP.is_file() and STAMP.read_text("utf-8") == wanted:
        return
    print("+ making a virtual environment in .venv, once; this takes some minutes", flush=True)
    venv.create(HOME, with_pip=True, clear=True)
    run(python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", ".[test]")
    STAMP.write_text(wanted, "utf-8")


def demo() -> None:
    """A disc like the one the project was born from, and what becomes of it."""
    (TOP / "demo").mkdir(exist_ok=True)
    run(python(), "-m", "fixtures", "--slices", "24", "--out", "demo/scan.zip")
    run(python(), "-m", "repack", "demo/scan.zip", "--keep-locales", "en,es", "--drop-redist", "--overwrite")


def test() -> None:
    """Everything that must be true before a change lands."""
    run(python(), "-m", "ruff", "check", ".")
    run(python(), "-m", "ruff", "format", "--check", ".")
    for platform in ("linux", "win32", "darwin"):
        run(python(), "-m", "mypy", "--platform", platform)
    run(python(), "-m", "coverage", "erase")
    run_side_by_side(*((python(), "-m", "coverage", "run", "-m", "pytest", "-m", group) for group in GROUPS))
    run(python(), "-m", "coverage", "combine", "--quiet")
    run(python(), "-m", "coverage", "report")


def unit() -> None:
    """The fast tests: those of whole runs, and beside them those of the parts."""
    pytest = (python(), "-m", "pytest", "-m", "not slow and not lengthy and not interop and not packages")
    left_out = (TOP / "tests" / "*" / "*", TOP / "tests" / "test_*.py")
    run_side_by_side(*((*pytest, f"--ignore-glob={paths}") for paths in left_out))


def bench() -> None:
    """The tables of tests/bench."""
    run(python(), "-m", "tests.bench")


def pictures() -> None:
    """What the README shows, from the program itself."""
    run(python(), "-m", "tests.pictures")


JOBS = {job.__name__: job for job in (demo, test, unit, bench, pictures)}


def main() -> None:
    """Set up, then do the job named on the command line."""
    if len(sys.argv) != 2 or sys.argv[1] not in JOBS:
        sys.exit(__doc__)
    set_up()
    JOBS[sys.argv[1]]()


if __name__ == "__main__":
    main()
