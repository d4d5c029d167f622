"""Packages with real Windows files, fetched by pip and npm into a folder of the system's temporary ones; never run.

Whoever cannot fetch them (no network, no npm) skips the tests, and the reason says why.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CACHE = Path(tempfile.gettempdir()) / "repack-test-packages"
_WINDOWS = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp")


@dataclass(frozen=True, slots=True)
class Package:
    """One package: how it is asked for, the name of its file, the SHA-256 of that."""

    wanted: str
    file: str
    sha256: str
    target: tuple[str, ...] = _WINDOWS

    @property
    def name(self) -> str:
        return self.wanted.replace("@", "=").partition("=")[0]


def fetch(package: Package) -> Path:
    """The package's file, from the cache or from its registry; skips the test where it cannot be had."""
    CACHE.mkdir(exist_ok=True)
    file = CACHE / package.file
    problem = "" if file.is_file() else _download(package)
    if problem:
        pytest.skip(f"{package.wanted} cannot be downloaded: {problem}")
    if not file.is_file():
        pytest.skip(f"{package.wanted} came under another name than {package.file}")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == package.sha256, f"{file} is not what was asked for"
    return file


@cache  # what cannot be had is asked for once, not once a test
def _download(package: Package) -> str:
    """Fetch into the cache; what went wrong, or nothing."""
    command = _command(package)
    if not command:
        return "npm is not installed"
    try:
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    said = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
    return said[-1][:200] if done.returncode else ""


def _command(package: Package) -> list[str]:
    if package.file.endswith(".tgz"):
        npm = shutil.which("npm")
        return [npm, "pack", "--silent", "--ignore-scripts", "--fetch-retries=1", package.wanted] if npm else []
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    return [*pip, "--retries", "1", "--timeout", "30", *package.target, "--dest", ".", package.wanted]


def second_opinion() -> Path:
    """A folder that holds zipfile_deflate64, built from source; skips where there is no network or no compiler."""
    wanted = "zipfile-deflate64==0.2.0"
    folder = CACHE / f"{wanted}-{sys.implementation.cache_tag}"
    if (folder / "zipfile_deflate64").is_dir():
        return folder
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", f"{made}/it", wanted]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{wanted} cannot be built: {type(error).__name__}")
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
            pytest.skip(f"{wanted} cannot be built here (it needs a C compiler): {said[0][:200]}")
        Path(made, "it").replace(folder)
    return folder


def as_bundle(file: Path, folder: Path) -> Path:
    """The package as a bundle: a wheel is a zip already, what npm packs becomes a folder."""
    target = folder / (file.stem + (".zip" if file.suffix == ".whl" else ""))
    if file.suffix == ".whl":
        shutil.copyfile(file, target)
        return target
    with tarfile.open(file) as archive:
        archive.extractall(target, filter="data")
    return target
