"""Shared memory where a worker lays the large bytes of an answer, so that they need not go through its pipe.

The pipe would copy them four times. Only Linux has memory that processes share and that has no name (memfd_create(2)):
whatever dies, nothing of it stays behind. Elsewhere all bytes go through the pipe.
"""

import mmap
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import reduction
from pickle import PickleBuffer
from typing import Protocol

PLACES = 16  # answers that lie there at once
_ROOM = 8 << 20  # bytes for each; the system gives memory only for those that are used


class _Travelled(Protocol):
    """A handle that was given to this process when it was started."""

    def detach(self) -> int: ...


class Shelf:
    """The memory as the parent sees it: it reads, and it alone knows which places are taken."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._memory = mmap.mmap(handle, PLACES * _ROOM, access=mmap.ACCESS_READ)  # with a handle of its own
        self._free = list(range(PLACES))
        self._views: dict[int, tuple[memoryview, ...]] = {}

    def __reduce__(self) -> "tuple[Callable[..., Writer], tuple[object]]":
        """Only for the process that is being started: the handle travels to it."""
        if sys.platform == "win32":  # where nobody makes one
            raise NotImplementedError
        return _attach, (reduction.DupFd(self.handle),)

    def drop_handle(self) -> None:
        """The memory is known to all who share it."""
        os.close(self.handle)

    def take_place(self) -> int | None:
        """A place for an answer; None where all are taken."""
        return self._free.pop() if self._free else None

    def view(self, place: int, lengths: Sequence[int]) -> tuple[memoryview, ...]:
        """What was laid there, not copied: it can be read until the place is cleared."""
        views, at = [], place * _ROOM
        for length in lengths:
            views.append(memoryview(self._memory)[at : at + length])
            at += length
        self._views[place] = tuple(views)
        return self._views[place]

    def clear(self, place: int) -> None:
        """Let a place be used again. Who still reads what lay there gets a ValueError, never other bytes.

        (But a slice of it, or an array over it, is not guarded in this way: nobody may make one that is kept.)
        """
        for view in self._views.pop(place, ()):
            view.release()
        self._free.append(place)


@dataclass(frozen=True, slots=True)
class Writer:
    """The memory as the worker sees it.

    It is written to as a file is: where the system has no memory left, that is an error and not the end of the process.
    """

    handle: int

    def lay(self, place: int, pieces: Sequence[PickleBuffer]) -> tuple[int, ...] | None:
        """Lay bytes in a place, one behind the other; their lengths, or None where there is no room for them."""
        raws = [piece.raw() for piece in pieces]
        if sum(map(len, raws)) > _ROOM:
            return None
        at = place * _ROOM
        try:
            for raw in raws:
                at = self._write(raw, at)
        except OSError:  # no memory is left, or a limit of the system is reached
            return None
        return tuple(map(len, raws))

    def _write(self, data: memoryview, at: int) -> int:
        """Write all of it; where it ends. Raises OSError."""
        if sys.platform == "win32":  # where nobody makes one
            raise NotImplementedError
        end = at + len(data)
        while at < end:
            at += os.pwrite(self.handle, data[at - end :], at)
        return at


def make() -> Shelf | None:
    """A shelf to be shared with a process that is about to be started; None where there is no such memory."""
    if sys.platform != "linux" or not hasattr(os, "memfd_create"):  # a Python made for systems before glibc 2.27
        return None
    import resource  # noqa: PLC0415  not on Windows

    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:  # the images need what there is
        return None
    with suppress(OSError, ValueError):
        handle = os.memfd_create("answers", os.MFD_CLOEXEC)
        try:
            os.ftruncate(handle, PLACES * _ROOM)
            return Shelf(handle)
        except BaseException:
            os.close(handle)
            raise
    return None


def _attach(handle: _Travelled) -> Writer:
    return Writer(handle.detach())
