"""Room on this computer for bundles and outputs on their way: a folder for each, claimed, bounded, cleared away.

A staging folder is locked by whoever uses it (flock(2)), and the system takes the lock back when the process dies,
however it dies. So a folder that can be locked belongs to nobody, and the next run removes it. What it needs is
written into it, so that several processes do not count on the same free space.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from repack.errors import OutputUnwritable
from repack.output import drafts
from repack.processes import interrupts

PREFIX = "repack-staging."
ADVICE = "make room there, or name another folder with --staging"
_DOOR, _IN_USE, _NEED = "repack-staging-door", "in-use", "bytes"
_SPARE = 64 << 20  # bytes that are left free for everybody else
_PAUSE = 0.5  # seconds between two looks whether there is room now


@dataclass(frozen=True, slots=True)
class Area:
    """A staging folder of our own."""

    folder: Path

    @property
    def incoming(self) -> Path:
        """Where a bundle lies."""
        return self.folder / "in"

    @property
    def outgoing(self) -> Path:
        """Where the new zip is made."""
        return self.folder / "out"


@contextmanager
def claimed(root: Path, need: int, at_most: int = 1 << 30) -> Iterator[Area]:
    """A staging folder with room for `need` bytes; at most so many are in use below `root` at once.

    Waits while others are at work there, who will leave room. Whatever happens, nothing of it stays, and what a killed
    run left is removed. Raises OutputUnwritable where there is no room.
    """
    folder, handle = _claim(root, need, at_most)
    try:
        yield Area(folder)
    finally:
        with interrupts.undisturbed():
            _remove(folder, handle)


def clear_stale(root: Path) -> None:
    """Remove what killed processes left; what is in use stays."""
    with suppress(OSError):  # a folder that cannot be listed; who needs it is told so
        for folder in root.glob(f"{PREFIX}*"):
            _clear_stale(folder)


def _claim(root: Path, need: int, at_most: int) -> tuple[Path, int]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            with _alone(root), interrupts.undisturbed():
                claimed = _try(root, need, at_most)
            if claimed is not None:
                return claimed
            time.sleep(_PAUSE)
    except OSError as error:
        raise OutputUnwritable(root.name, error.strerror or type(error).__name__, ADVICE) from error


def _try(root: Path, need: int, at_most: int) -> tuple[Path, int] | None:
    """A folder with room, or None where others have to finish first; whoever asks is alone here."""
    live = [folder for folder in root.glob(f"{PREFIX}*") if not _clear_stale(folder)]
    free = shutil.disk_usage(root).free - sum(map(_outstanding, live)) - _SPARE
    if free < need and not live:
        room = f"{need / 1e6:,.0f} MB have to be free, and {max(0, free) / 1e6:,.0f} MB are"
        raise OutputUnwritable(root.name, room, ADVICE)
    if free < need or len(live) >= at_most:
        return None
    folder = root / f"{PREFIX}{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)  # these are a patient's images
    handle = os.open(folder / _IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
    drafts.lock(handle, is_surely=False)
    (folder / _NEED).write_text(str(need), "ascii")
    area = Area(folder)
    area.incoming.mkdir()
    area.outgoing.mkdir()
    return folder, handle


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One at a time looks for room. (Where there are no locks two may find the same; then the disk says so.)"""
    handle = os.open(root / _DOOR, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not drafts.lock(handle, is_surely=False):
            time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _clear_stale(folder: Path) -> bool:
    """Remove the folder of a process that is gone. False where it is in use."""
    try:
        if not drafts.HAS_LOCKS:
            (folder / _IN_USE).unlink(missing_ok=True)  # fails while it is open
            shutil.rmtree(folder, ignore_errors=True)
            return True
        handle = os.open(folder / _IN_USE, os.O_RDWR)
    except FileNotFoundError:  # it was killed between two steps
        shutil.rmtree(folder, ignore_errors=True)
        return True
    except OSError:
        return False
    if not drafts.lock(handle, is_surely=True):
        os.close(handle)
        return False
    _remove(folder, handle)
    return True


def _remove(folder: Path, handle: int) -> None:
    """Remove a folder and let go of its lock: the contents first, so that a kill leaves what can be cleared."""
    for name in ("in", "out"):
        shutil.rmtree(folder / name, ignore_errors=True)
    if drafts.HAS_LOCKS:
        shutil.rmtree(folder, ignore_errors=True)
    os.close(handle)
    shutil.rmtree(folder, ignore_errors=True)  # an open file cannot be deleted on Windows


def _outstanding(folder: Path) -> int:
    """Bytes that the user of a folder may still write."""
    with suppress(OSError, ValueError):  # it has gone meanwhile
        need, used = int((folder / _NEED).read_text("ascii")), 0
        for path in folder.rglob("*"):
            with suppress(OSError):  # a file was there a moment ago
                used += path.stat().st_size if path.is_file() else 0
        return max(0, need - used)
    return 0
