"""One batch in an out-dir at a time: a lock on batch.lock (flock(2)), which the system takes back when its owner dies.

The file holds the batch's number. A worker elsewhere compares it before it begins and before its zip appears: so one
that sees another folder under the same path, or that still works for a batch which is over, changes nothing.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repack.errors import OutputUnwritable
from repack.output import drafts

if sys.platform == "win32":
    import msvcrt

NAME = "batch.lock"
_FAR = 0x7FFFFFF0  # the byte that is locked on Windows: none that anybody reads
ADVICE = "choose another folder with --out-dir, or make room there"


@contextmanager
def held(out_dir: Path) -> Iterator[str]:
    """The number of a new batch, which has the out-dir for itself; the folder is made if needed.

    Raises OutputUnwritable where another batch has it.
    """
    path, number = out_dir / NAME, secrets.token_hex(8)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputUnwritable(str(path), error.strerror or type(error).__name__, ADVICE) from error
    try:
        if not _lock(handle):
            problem = "another batch is at work in this folder"
            raise OutputUnwritable(str(path), problem, "wait for it, or choose another folder with --out-dir")
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, number.encode())
            os.fsync(handle)  # for those who see the folder over a network
        except OSError as error:
            raise OutputUnwritable(str(path), error.strerror or type(error).__name__, ADVICE) from error
        yield number
    finally:
        os.close(handle)


def check(out_dir: Path, number: str) -> None:
    """Raise OutputUnwritable unless that batch has the out-dir."""
    try:
        found = (out_dir / NAME).read_bytes().decode("ascii", "replace")
    except OSError:
        advice = "bundles and out-dir must lie in folders that all workers share"
        raise OutputUnwritable(str(out_dir), "its worker sees another folder under this name", advice) from None
    if found != number:
        raise OutputUnwritable(str(out_dir), "another batch has begun in this folder", "leave it to that one")


def _lock(handle: int) -> bool:
    """Lock an open file unless somebody else has it; a file system without locks cannot say."""
    if sys.platform == "win32":
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    else:  # noqa: RET505  a type checker for Windows must not read it
        return drafts.lock(handle, is_surely=False)
