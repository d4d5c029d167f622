"""Programs nobody here wrote: found, run, and missed aloud where they must be there."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

_SERVERS = "/usr/sbin"  # where Debian puts Orthanc; not on every user's PATH


def miss(what: str, come_from: str = ".ci/run names the Debian packages") -> NoReturn:
    """Skip; but fail where CI says that everything was installed: there a broken installation must be seen."""
    message = f"{what} is not installed ({come_from})"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def find(name: str) -> str:
    """The path of a program that the running test cannot do without."""
    found = shutil.which(name) or shutil.which(name, path=_SERVERS)
    return found or miss(name)


def find_file(path: Path) -> Path:
    """A file of an installed package (a plug-in) that the running test cannot do without."""
    return path if path.is_file() else miss(str(path))


def output_of(*command: str | Path) -> str:
    """All that a program says, whether it likes what it sees or not; it has a minute."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
    return done.stdout.decode("utf-8", "replace")


def call(name: str, *words: str | Path, cwd: Path | None = None, is_silent: bool = False) -> str:
    """What a program says on standard output; it must succeed within a minute, and without warnings if `is_silent`."""
    command = [find(name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, cwd=cwd, check=False, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    assert not (is_silent and done.stderr), done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")
