"""Bundles from elsewhere, and outputs to there.

An input is downloaded whole and must be the same before and after. An output is uploaded under a temporary name beside
its target, read back from there, and only then given its name in one step: a kill at any moment leaves either nothing
under that name or a whole zip. A temporary file that a killed run left goes when the same target is next looked at.
"""

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from repack.errors import BundleUnreadable, OutputUnwritable, RepackError
from repack.places import addresses, staging
from repack.places.connecting import connected, telling, unreadable, unwritable
from repack.places.store import Seen, Store, Taken
from repack.processes import interrupts

SUFFIX = ".repack-upload"
_PIECE = 4 << 20
_SAFE_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]+")  # that any of our systems can write
_AGAIN = "run again"
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})  # Windows has no quota of that name


@dataclass(frozen=True, slots=True)
class Staged:
    """A bundle as it lies here: its path, its mark elsewhere, and where an output can be made before it leaves."""

    path: Path
    mark: str
    outgoing: Path


def expand(pattern: str) -> list[str]:
    """The addresses that a remote pattern stands for, sorted; itself where it is none. Raises BundleUnreadable."""
    if not addresses.is_pattern(pattern):
        return [pattern]
    _kind, root, _path = addresses.split(pattern)
    with telling(pattern, unreadable), connected(pattern) as (store, path):
        if store.look(path) is not None:  # a name that looks like a pattern
            return [pattern]
        return [addresses.join(root, found) for found in store.find(path) if not found.endswith(SUFFIX)]


def look(address: str) -> Seen | None:
    """Size and mark of a remote file; None where there is none. Raises BundleUnreadable."""
    with telling(address, unreadable), connected(address) as (store, path):
        return store.look(path)


def fetch(address: str, folder: Path) -> Path:
    """Download a remote file into a folder, under its own name. Raises BundleUnreadable."""
    local = folder / addresses.name_of(address)
    with telling(address, unreadable), connected(address) as (store, path):
        _download(store, path, local)
    return local


def digest(address: str) -> str:
    """SHA-256 of a remote file, read from its place. Raises BundleUnreadable."""
    with telling(address, unreadable), connected(address) as (store, path):
        return _digest_there(store, path)


@contextmanager
def staged(address: str, root: Path, at_most: int = 1 << 30) -> Iterator[Staged]:
    """A remote bundle on this computer, below `root`, until the end of the block; it has its own name.

    Twice its size must be free there, for what is made of it. Raises BundleUnreadable and OutputUnwritable.
    """
    name = addresses.name_of(address)
    if not _SAFE_NAME.fullmatch(name) or name in {".", ".."}:
        raise BundleUnreadable(addresses.show(address), "its name cannot be written here", "give it a plain name")
    with telling(address, unreadable), connected(address) as (store, path):
        before = _find(store, path, address)
    with staging.claimed(root, 2 * before.size, at_most) as area:
        local = area.incoming / name
        with telling(address, unreadable), connected(address) as (store, path):
            _download(store, path, local)
            after = store.look(path)
        if after is None or (after.size, after.mark) != (before.size, before.mark):
            raise BundleUnreadable(addresses.show(address), "it changed while it was being read", _AGAIN)
        if local.stat().st_size != before.size:
            raise BundleUnreadable(addresses.show(address), "it did not arrive as a whole", _AGAIN)
        yield Staged(local, before.mark, area.outgoing)


def _download(store: Store, path: str, local: Path) -> None:
    """Raises OutputUnwritable where the disk here is full; no place elsewhere says so by number."""
    try:
        store.fetch(path, local)
    except OSError as error:
        if error.errno is None or error.errno not in _FULL:
            raise
        raise OutputUnwritable("the staging folder", os.strerror(error.errno), staging.ADVICE) from error


def _find(store: Store, path: str, address: str) -> Seen:
    found = store.look(path)
    if found is not None:
        return found
    shown = addresses.show(address)
    if store.is_folder(path):
        advice = f"name the zip or ISO files in it, for example {shown.rstrip('/')}/*.zip"
        raise BundleUnreadable(shown, "it is a folder, which repack reads only on this computer", advice)
    raise BundleUnreadable(shown, "there is no such file", "check the address")


def check_free(address: str, *, overwrite: bool) -> None:
    """Refuse early what could not be delivered later, and clear away what killed runs left of it.

    Raises OutputUnwritable.
    """
    with telling(address, unwritable), connected(address) as (store, path):
        _clear(store, path)
        if not overwrite and store.look(path) is not None:
            raise _taken(address)


def deliver(local: Path, address: str, *, overwrite: bool) -> int:
    """Bring a finished zip to its address, all or nothing; its size. Raises OutputUnwritable."""
    try:
        with telling(address, unwritable), connected(address) as (store, final):
            return _deliver(store, local, final, address, overwrite=overwrite)
    except BaseException as error:
        with interrupts.undisturbed(), suppress(RepackError):
            _clear_again(address)
        if isinstance(error, Taken):
            raise _taken(address) from error
        raise


def _clear_again(address: str) -> None:
    """By another connection: the one before may be lost. Where this fails, too, the next run to the target does it."""
    with telling(address, unwritable), connected(address) as (store, final):
        _clear(store, final)


def _deliver(store: Store, local: Path, final: str, address: str, *, overwrite: bool) -> int:
    _clear(store, final)
    size, sha256 = local.stat().st_size, _digest(local)
    temporary = f"{_stem(final)}{secrets.token_hex(4)}{SUFFIX}"
    if not overwrite and store.look(final) is not None:
        raise Taken
    store.put(local, temporary)
    _check(store, temporary, address, size, sha256)
    store.publish(temporary, final, overwrite=overwrite)
    there = store.look(final)
    if there is None or there.size != size:
        raise OutputUnwritable(addresses.show(address), "it is not there as it was delivered", _AGAIN)
    store.remove(temporary)
    return size


def _check(store: Store, temporary: str, address: str, size: int, sha256: str) -> None:
    """Read it back from where it lies now."""
    there = store.look(temporary)
    if there is None or there.size != size or _digest_there(store, temporary) != sha256:
        raise OutputUnwritable(addresses.show(address), "what arrived there reads back differently", _AGAIN)


def _digest_there(store: Store, path: str) -> str:
    sha256 = hashlib.sha256()
    for piece in store.read(path):
        sha256.update(piece)
    return sha256.hexdigest()


def _clear(store: Store, final: str) -> None:
    """Remove all temporary files of a target. Another run to it, if there is one, fails then and does no harm."""
    name = re.compile(re.escape(_stem(final)) + "[0-9a-f]{8}" + re.escape(SUFFIX))
    for one in store.files_in(final.rpartition("/")[0], _stem(final).rpartition("/")[2]):
        if name.fullmatch(one.path):
            store.remove(one.path)


def _stem(final: str) -> str:
    """How the temporary names of a target begin."""
    folder, slash, name = final.rpartition("/")
    mark = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{folder}{slash}.{name[:50]}.{mark}."


def _digest(local: Path) -> str:
    with local.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _taken(address: str) -> OutputUnwritable:
    return OutputUnwritable(addresses.show(address), "it exists already", "use --overwrite, or another place")
