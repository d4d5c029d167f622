"""Is a disc still what it was when it was repacked, and does its output still lie there?"""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from repack import sourcefile
from repack.batch.line import Source
from repack.errors import BundleUnreadable


def identify(bundle: Path) -> Source | None:
    """Size, time of change, and for a folder the hash of its listing; None where it cannot be had."""
    state = sourcefile.state(bundle)
    if state is not None:
        return Source(*state, None)
    listing = hashlib.sha256()
    size = newest = 0
    try:
        if not bundle.is_dir():
            return None
        for path, status in _walk(bundle, ""):
            listing.update(b"%s\0%d\0%d\n" % (os.fsencode(path), status.st_size, status.st_mtime_ns))
            size, newest = size + status.st_size, max(newest, status.st_mtime_ns)
    except OSError:  # opening it says so better
        return None
    return Source(size, newest, listing.hexdigest())


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as scan:
        found = sorted(scan, key=lambda item: item.name)
    for item in found:
        if item.is_dir(follow_symlinks=False):
            yield from _walk(folder / item.name, f"{prefix}{item.name}/")
        else:
            yield f"{prefix}{item.name}", item.stat(follow_symlinks=False)


def is_same(bundle: Path, before: Source, now: Source, *, is_sure: bool) -> bool:
    """Does a bundle hold what it held? A file whose time alone has changed is hashed, and with `is_sure` always.

    A folder is known by its listing.
    """
    if before.size != now.size:
        return False
    if now.sha256 is not None:  # a folder
        return before.sha256 == now.sha256
    if before.changed == now.changed and not is_sure:
        return True
    return before.sha256 is not None and before.sha256 == hash_file(bundle)


def hash_file(path: Path) -> str | None:
    """SHA-256 of a file, None where it cannot be read."""
    try:
        return sourcefile.hash_file(path, threading.Event())
    except BundleUnreadable:
        return None
