"""How tests call the program in this process, what they read from what it wrote, and what an error must look like."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from repack.cli import main

#: Words of a command line -> exit code, standard output, standard error.
Run = Callable[..., tuple[int, str, str]]


def call(*words: str | Path) -> int:
    """Do what a command line says; its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0)


def repack(*words: str | Path) -> None:
    """Do what a command line says, which must succeed."""
    assert call(*words) == 0, words


def contents(zipped: Path) -> dict[str, bytes]:
    """The entries of a zip."""
    with zipfile.ZipFile(zipped) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}


def manifest_of(zipped: Path) -> dict:
    """The record inside a zip of repack, as plain JSON."""
    with zipfile.ZipFile(zipped) as archive:
        return json.loads(archive.read("REPACK/manifest.json"))


def entries_of(zipped: Path) -> dict[str, dict]:
    """The lines of that record, by path."""
    return {entry["path"]: entry for entry in manifest_of(zipped)["entries"]}


def one_line(err: str) -> str:
    """The message of an error, which is one line of ours."""
    assert err.startswith("repack: ")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return err.strip()


def flat(text: str) -> str:
    """A text as if it had not been wrapped."""
    return " ".join(text.split())


def run_without_rights(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line as a process that has to obey the permissions of files, even where root runs the tests."""
    if os.name == "nt":
        pytest.skip("permissions of another kind")
    give_up: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads everything, and there is no setpriv to give that up")
        rights = "-dac_override,-dac_read_search"
        give_up = ["setpriv", "--bounding-set", rights, "--inh-caps", rights]
    command = [*give_up, sys.executable, "-m", "repack", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
