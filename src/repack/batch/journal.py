"""batch.jsonl: what came of every disc, one line each, only ever added to; the last line of a disc counts.

A failure says nothing of what was done before it: that may still be true, so it is looked at again.

Each line is on the disk before the next disc counts as done. A kill may tear the last line; it is passed over, and the
disc is done again. Whoever writes has the lock of the out-dir (lock.py).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from repack.batch import line as lines
from repack.batch import lock
from repack.batch.line import BatchLine, Result
from repack.batch.naming import RECORD
from repack.errors import OutputUnwritable
from repack.processes import interrupts


class Journal:
    """The open record. In memory it keeps where the last good line of each disc lies, and the name of its output."""

    def __init__(self, path: Path, handle: int) -> None:
        """Raises OSError."""
        self.path = path
        self._handle = handle
        self._at: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._failed: set[str] = set()  # discs whose last line says so
        self.torn = 0  # lines that are none
        self._is_torn = False  # the last line has no end
        with path.open("rb") as file:
            self._read(file)

    def _read(self, file: BinaryIO) -> None:
        at = 0
        for data in file:
            line = lines.decode(data)
            if line is not None and data.endswith(b"\n"):
                self._note(line, at)
            else:
                self.torn += 1
            self._is_torn = not data.endswith(b"\n")
            at += len(data)

    def _note(self, line: BatchLine, at: int) -> None:
        if line.output is not None:
            self._names[line.key] = line.output.name
        if line.result is Result.FAILED:
            self._failed.add(line.key)
        else:
            self._failed.discard(line.key)
            self._at[line.key] = at

    def prior(self, key: str) -> BatchLine | None:
        """The last line of a disc that says what was done; None where all have failed. Raises OutputUnwritable."""
        at = self._at.get(key)
        if at is None:
            return None
        try:
            with self.path.open("rb") as file:
                file.seek(at)
                return lines.decode(file.readline())
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def has_failed(self, key: str) -> bool:
        """Is the last line of a disc a failure?"""
        return key in self._failed

    @property
    def names(self) -> Mapping[str, str]:
        """The name that the output of a disc has had so far, by the disc's key."""
        return self._names

    def add(self, line: BatchLine) -> None:
        """Write a line, and see to it that it is on the disk. Raises OutputUnwritable."""
        data = b"\n" * self._is_torn + lines.encode(line)
        with interrupts.undisturbed():
            try:
                at = os.fstat(self._handle).st_size + self._is_torn
                self._is_torn = True  # until all of it is there
                left = memoryview(data)
                while left:
                    left = left[os.write(self._handle, left) :]
                os.fsync(self._handle)
            except OSError as error:
                raise _unwritable(self.path, error) from error
            self._is_torn = False
            self._note(line, at)


@contextmanager
def opened(out_dir: Path) -> Iterator[Journal]:
    """The record of an out-dir, empty at first. Raises OutputUnwritable."""
    path = out_dir / RECORD
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            record = Journal(path, handle)
        except OSError as error:
            raise _unwritable(path, error) from error
        yield record
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(str(path), error.strerror or type(error).__name__, lock.ADVICE)
