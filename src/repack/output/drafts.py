"""Files that are written under a temporary name: claimed while they grow, named when whole, cleared away when stale.

A draft lies beside its target. Whoever writes it holds a lock on it (flock(2)), which the system takes back when the
process dies, however it dies; so a draft that can be locked belongs to nobody. Windows lets nobody delete a file that
is open, which says the same.
"""

import errno
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from repack.errors import OutputUnwritable
from repack.processes import interrupts

if sys.platform == "win32":
    HAS_LOCKS = False
else:
    import fcntl

    HAS_LOCKS = True

SUFFIX = ".repack-draft"
_KEPT = 50  # characters of the target's name in that of its draft
_NAME = re.compile(rf"\.(.{{1,{_KEPT}}})\.[0-9a-f]{{8}}{re.escape(SUFFIX)}", re.DOTALL)
_ADVICE = "choose another place with -o, or make room there"


class Claim:
    """A draft that is ours, empty at first."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle: int | None = handle

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@contextmanager
def claimed(target: Path) -> Iterator[Claim]:
    """An empty draft beside the target; whatever happens, nothing of it stays under this name. Raises OSError."""
    claim: Claim | None = None
    try:
        with interrupts.undisturbed():
            claim = _claim(target)
        yield claim
    except BaseException as error:
        interrupts.accept(error)
        raise
    finally:
        with interrupts.undisturbed():
            if claim is not None:
                _discard(claim)


def _discard(claim: Claim) -> None:
    if os.name == "nt":
        claim.release()  # an open file cannot be deleted there
    with suppress(OSError):  # whatever happened is told already; the next run clears it away
        claim.path.unlink(missing_ok=True)
    claim.release()


def _claim(target: Path) -> Claim:
    """Make and lock a draft; another one where somebody took it for stale between the two steps."""
    while True:
        path = target.with_name(f".{target.name[:_KEPT]}.{secrets.token_hex(4)}{SUFFIX}")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if _is_ours(handle, path):
            return Claim(path, handle)
        os.close(handle)


def _is_ours(handle: int, path: Path) -> bool:
    if not lock(handle, is_surely=False):
        return False
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def lock(handle: int, *, is_surely: bool) -> bool:
    """Lock an open file unless somebody else has it; False too where there are no locks and it must be sure."""
    if sys.platform == "win32":
        return not is_surely
    else:  # noqa: RET505  a type checker for Windows must not read it
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # no locks on this file system
            return not is_surely
        return True


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse early what could not be published later. Raises OutputUnwritable."""
    try:
        if target.is_dir():
            raise OutputUnwritable(target.name, "it is a folder", "name a file with -o")
        if target.exists() and not overwrite:
            raise taken(target)
        if not target.parent.is_dir():
            raise OutputUnwritable(target.name, *explain_folder(target.parent, "-o"))
    except OSError as error:  # a folder on the way may not be entered
        raise unwritable(target, error) from error


def explain_folder(folder: Path, option: str) -> tuple[str, str]:
    """Why nothing can be put into a folder that is none, and what to do about it."""
    if folder.exists():
        return f"{folder.name} is a file, no folder", f"name another place with {option}"
    return "its folder does not exist", f"make the folder, or name another with {option}"


def clear_stale(target: Path) -> None:
    """Remove the drafts of runs to this target that were killed; those of runs that live stay."""
    clear_stale_of(target.parent, {target.name})


def clear_stale_of(folder: Path, names: Iterable[str]) -> None:
    """The same for several targets in a folder."""
    beginnings = {name[:_KEPT] for name in names}
    _clear_like(folder, beginnings.__contains__)


def clear_all_stale(folder: Path) -> None:
    """The same for whatever target in a folder."""
    _clear_like(folder, lambda _beginning: True)


def _clear_like(folder: Path, is_meant: Callable[[str], bool]) -> None:
    with suppress(OSError):  # a folder that cannot be listed; what is wrong with it is told when it is written to
        named = [(path, _NAME.fullmatch(path.name)) for path in folder.iterdir()]
        for path in [path for path, name in named if name is not None and is_meant(name[1])]:
            with interrupts.undisturbed():
                _clear(path)


@contextmanager
def ending_first(end_work: Callable[[], None]) -> Iterator[None]:
    """Where an error ends the block, end first what others do with the drafts that are removed behind it."""
    try:
        yield
    except BaseException as error:
        interrupts.accept(error)
        end_work()
        raise


def _clear(path: Path) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            path.unlink()  # fails while it is open
            return
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if lock(handle, is_surely=True):
                path.unlink()
        finally:
            os.close(handle)


def publish(claim: Claim, target: Path, *, overwrite: bool) -> None:
    """Give a whole draft its name, to stay. Raises OutputUnwritable where the name is taken, and OSError."""
    try:
        give_name(claim, target, overwrite=overwrite)
    except FileExistsError as error:
        raise taken(target) from error
    _sync_folder(target.parent)


def give_name(claim: Claim, target: Path, *, overwrite: bool) -> None:
    """Rename a whole draft, in one step. Raises FileExistsError where the name is taken, and OSError.

    A link that is there under that name is replaced, never written through.
    """
    if os.name == "nt":
        claim.release()  # an open file cannot be renamed there
    if overwrite:
        claim.path.replace(target)
        return
    try:
        os.link(claim.path, target)  # fails where the name is taken: no gap between look and leap
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        claim.path.rename(target)


def taken(target: Path) -> OutputUnwritable:
    """The error for a name that is in use."""
    return OutputUnwritable(target.name, "it exists already", "use --overwrite, or another name with -o")


def unwritable(target: Path, error: OSError) -> OutputUnwritable:
    """The error for what the system said while the target was being written."""
    return OutputUnwritable(target.name, error.strerror or type(error).__name__, _ADVICE)


def find_other(target: Path, error: OSError) -> Path | None:
    """The file that an error names, where it is neither the target nor a draft of it. What is written names none."""
    if not isinstance(error.filename, str | bytes) or not error.filename:
        return None
    path, target = Path(os.fsdecode(error.filename)).absolute(), target.absolute()
    is_ours = path.name == target.name or path.name.startswith(f".{target.name[:_KEPT]}.")
    return None if path == target.parent or (is_ours and path.parent == target.parent) else path


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, where a system lets folders be synced."""
    if os.name == "nt":
        return
    with suppress(OSError):  # some network file systems refuse, some folders cannot be opened; the file itself is safe
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_whole(target: Path, data: bytes) -> None:
    """Write a small file, over what was there: all of it appears, or nothing. Raises OutputUnwritable."""
    clear_stale(target)
    try:
        with claimed(target) as claim:
            with claim.path.open("r+b") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with interrupts.undisturbed():
                publish(claim, target, overwrite=True)
    except OSError as error:
        raise unwritable(target, error) from error
