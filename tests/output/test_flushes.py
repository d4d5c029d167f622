"""What lies on the disk while a draft still grows: never more than was flushed after it was written last."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from repack import deflate
from repack.model import STORED
from repack.output import archive, pagecache
from repack.output.archive import Draft, drafting
from repack.output.growing import Growing
from tests.entries import make_entry


class Late(Executor):
    """A flusher that takes what is there at once, and says so only when it is asked to."""

    def __init__(self) -> None:
        self.waiting: list[Future[Any]] = []

    def submit(self, function: Callable[..., Any], /, *given: Any, **named: Any) -> "Future[Any]":  # noqa: ANN401  as Executor
        function(*given, **named)
        self.waiting.append(Future())
        return self.waiting[-1]

    def tell(self) -> None:
        for future in self.waiting:
            future.set_result(None)
        self.waiting.clear()


class Disk:
    """A draft, and what lies of it on the disk."""

    def __init__(self, draft: Draft, patch: pytest.MonkeyPatch) -> None:
        self.draft, self.flusher = draft, Late()
        self.under_way = self.flushed = b""
        draft._flusher = self.flusher
        self.growing: Growing | None = None
        self.number = 0
        patch.setattr(pagecache, "bring_to_disk", self.flush)

    def flush(self, _handle: int, _end: int) -> None:
        self.under_way = self.draft.path.read_bytes()

    def tell(self) -> None:
        """The flush under way is done."""
        self.flushed = self.under_way
        self.flusher.tell()

    def look(self) -> None:
        """What is said to be there is there, and in the file, whatever is still on its way there."""
        length = self.draft.on_disk()
        in_file = self.draft.path.read_bytes()
        self.draft._file.flush()
        assert in_file[:length] == self.draft.path.read_bytes()[:length] == self.flushed[:length]
        assert len(self.flushed) >= length

    def note_all(self) -> None:
        """All flushes are done, and known to be."""
        self.tell()
        self.look()

    def flush_all(self) -> None:
        """A flush that is waited for; the one under way is done before it."""
        self.tell()
        self.draft.flush()
        self.flushed = self.under_way
        assert self.draft.on_disk() == len(self.flushed)

    def add(self, size: int) -> None:
        self.number += 1
        content = make_entry(b"%d" % self.number, bytes([self.number]) * size, index=self.number, method=STORED)
        self.draft.add(content.entry, content.packed)

    def grow(self, sizes: list[int], *, is_finished: bool) -> None:
        self.number += 1
        entry = make_entry(b"%d" % self.number, index=self.number, method=STORED).entry
        growing = self.draft.grow(entry, 10)
        for size in sizes:
            piece = bytes([self.number]) * size
            growing.write(piece, deflate.crc32(piece))
        if is_finished:
            self.draft.add(entry, growing.finish(b"b" * 10, b"e" * 20).placed)
        else:
            growing.give_up()


def grows(size: int) -> Callable[[Disk], None]:
    return lambda disk: disk.grow([size, size], is_finished=True)


def gives_up(size: int) -> Callable[[Disk], None]:
    return lambda disk: disk.grow([size, size], is_finished=False)


def adds(size: int) -> Callable[[Disk], None]:
    return lambda disk: disk.add(size)


@pytest.mark.parametrize(
    "steps",
    [
        [adds(40_000), Disk.tell, adds(10), adds(40_000), Disk.tell],
        [gives_up(40_000), Disk.tell],
        [gives_up(40_000), adds(10), Disk.tell, adds(5)],
        [gives_up(40_000), Disk.tell, adds(50_000)],
        [gives_up(40_000), Disk.tell, adds(100_000)],
        [gives_up(40_000), gives_up(30_000), adds(20_000), Disk.tell, adds(5)],
        [adds(2_000), Disk.tell, gives_up(40_000), adds(30_000), Disk.tell, adds(5), gives_up(500), adds(100_000)],
        [adds(2_000), Disk.note_all, gives_up(40_000), adds(30_000)],
        [grows(40_000), Disk.tell, adds(10)],
        [grows(40_000), adds(40_000), Disk.tell],
        [grows(40_000), Disk.tell, grows(300), adds(40_000), Disk.tell],
        [adds(40_000), Disk.note_all, grows(700), grows(700), Disk.tell],
        [adds(400), Disk.flush_all, adds(500), Disk.flush_all, adds(5_000), Disk.tell],
        [adds(40_000), Disk.flush_all, gives_up(400), adds(5_000)],
        [grows(40_000), Disk.flush_all, gives_up(40_000), Disk.flush_all, adds(5_000), Disk.tell],
    ],
)
def test_what_is_said_to_lie_on_the_disk_does(
    target: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Callable[[Disk], None]]
) -> None:
    monkeypatch.setattr(archive, "_FLUSH_EVERY", 1_000)
    with drafting(target, overwrite=False) as draft:
        disk = Disk(draft, monkeypatch)
        for step in steps:
            step(disk)
            disk.look()
        disk.tell()
        disk.look()
