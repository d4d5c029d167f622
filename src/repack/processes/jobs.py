"""A task on its way, and the worker process that it was given to."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from repack.processes.serving import Answer
from repack.processes.shelf import Shelf
from repack.processes.staff import Hand


@dataclass(slots=True, eq=False)
class Job:
    """One task on its way."""

    function: Callable[[Any], Any]
    task: Any
    seconds: float | None = None  # that it may take
    ahead: int = 1  # so many jobs may its worker have, with this one
    tries: int = 0  # that ended in a crash
    answer: Answer | None = None
    lends: bool = False  # may the large bytes of its answer lie on the worker's shelf?
    shelf: Shelf | None = None
    place: int | None = None  # there
    is_wanted: bool = True

    def reserve(self, shelf: Shelf | None) -> None:
        """Take a place on this shelf, where there is one and the answer may lie there."""
        self.clear()
        self.shelf, self.place = shelf, shelf.take_place() if shelf is not None and self.lends else None

    def look(self, lengths: Sequence[int]) -> Sequence[memoryview]:
        """What its worker has laid in its place."""
        return self.shelf.view(self.place, lengths) if self.shelf is not None and self.place is not None else ()

    def take(self, answer: Answer) -> None:
        """The answer has come."""
        self.answer = answer
        if not self.is_wanted:
            self.clear()

    def give_up(self) -> None:
        """Nobody waits for the answer any more; as long as it has not come, its place may still be written to."""
        self.is_wanted = False
        if self.answer is not None:
            self.clear()

    def clear(self) -> None:
        """Nobody needs what lies in its place any more."""
        if self.shelf is not None and self.place is not None:
            self.shelf.clear(self.place)
        self.shelf = self.place = None


@dataclass(slots=True, eq=False)
class Worker(Hand):
    """A process, the pipe to it, and the jobs that were sent there; it is at the first of them."""

    jobs: deque[Job] = field(default_factory=deque)
    since: float = 0.0  # when it was last heard of, or got its first job

    def look(self, lengths: Sequence[int]) -> Sequence[memoryview]:
        """What it has laid down for the job that it was at."""
        return self.jobs[0].look(lengths) if self.jobs else ()

    def left(self, now: float) -> float | None:
        """Seconds that it still has for the job that it is at; None: as many as it likes."""
        limit = self.jobs[0].seconds if self.jobs and self.is_ready else None
        return None if limit is None else self.since + limit - now
