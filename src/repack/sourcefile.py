"""The bundle's own file while a run reads it: its hash, and whether it stays what it was."""

import hashlib
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from repack.errors import OUT_OF_REACH, BundleUnreadable, OutputUnwritable

_PIECE = 1 << 20

State = tuple[int, int]
"""Size in bytes, and time of change in nanoseconds."""


def state(bundle: Path) -> State | None:
    """The state of a bundle that is one file; None for a folder, of which every file is watched by itself."""
    try:
        status = bundle.stat()
    except OSError:  # not there: opening it says so better
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def is_part(file: Path, bundle: Path) -> bool:
    """Is a file the bundle itself, or one that lies in it? What is not there yet is none.

    Raises OutputUnwritable and BundleUnreadable where one of them cannot even be looked at.
    """
    for path, tell in ((file, OutputUnwritable), (bundle, BundleUnreadable)):
        try:
            if not path.exists():
                return False
        except OSError as error:
            raise tell(path.name, error.strerror or "no access", OUT_OF_REACH) from error
    return file.samefile(bundle) or (bundle.is_dir() and file.resolve().is_relative_to(bundle.resolve()))


def check_unchanged(bundle: Path, before: State | None) -> None:
    """Raise BundleUnreadable where the file is not in that state any more."""
    if state(bundle) != before:
        raise BundleUnreadable(bundle.name, "it changed or vanished while it was being read", "run again")


@contextmanager
def hashing_beside(bundle: Path) -> Iterator[Future[str | None]]:
    """The SHA-256 of the bundle's own file (None for a folder), computed beside the rest from the first moment.

    Hashing leaves the interpreter lock free. Where the run ends early nobody waits for the rest of a large file.
    """
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        try:
            yield beside.submit(hash_file, bundle, is_over)
        finally:
            is_over.set()


def hash_file(bundle: Path, is_over: threading.Event) -> str | None:
    """SHA-256 of a file, None of anything else; of no use once `is_over` is set. Raises BundleUnreadable."""
    if not bundle.is_file():
        return None
    sha256 = hashlib.sha256()
    try:
        with bundle.open("rb") as file:
            while (piece := file.read(_PIECE)) and not is_over.is_set():
                sha256.update(piece)
    except OSError as error:
        raise BundleUnreadable(bundle.name, error.strerror or "read error", "check the medium") from error
    return sha256.hexdigest()
