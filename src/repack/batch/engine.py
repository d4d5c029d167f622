"""Where discs are worked on, seen from the one who hands them out: a window of tasks, lines as they come in.

A worker that dies takes no disc with it: the disc is tried again, carefully, and after some tries it counts as failed.
Only so many tasks are out as the workers need, and no list of results is kept.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from repack.batch.disc import Task, failed
from repack.batch.line import BatchLine
from repack.errors import ExitCode

_MOST_TRIES = 3
_TURN = 0.5  # seconds between two looks at who is at work


@dataclass(frozen=True, slots=True)
class Died:
    """The worker that had the task is no more."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The cluster has lost the task; the disc is not to blame."""


Answer = BatchLine | Died | Lost
AtWork = Sequence[tuple[str, str]]
"""Who works on what: the worker, and the disc as the user gave it."""


class Engine(Protocol):
    """Workers, here or on a cluster."""

    def has_room(self) -> bool:
        """Is there a worker, or will there be one soon, that could take one more task?"""

    def submit(self, task: Task) -> None:
        """Hand out a task."""

    def collect(self, seconds: float) -> Sequence[tuple[Task, Answer]]:
        """What has come in, after waiting for it up to so long. Raises RepackError where all workers are gone."""

    def out(self) -> Sequence[Task]:
        """The tasks that were handed out and have not come back."""

    def at_work(self) -> AtWork:
        """Who works on what."""


def stream(engine: Engine, tasks: Iterable[Task], watch: Callable[[AtWork], None]) -> Iterator[tuple[Task, BatchLine]]:
    """The line of every task, as it is done. Tasks are taken only as they are needed."""
    waiting = iter(tasks)
    again: deque[Task] = deque()
    tries: dict[str, int] = {}
    while True:
        while engine.has_room():
            task = again.popleft() if again else next(waiting, None)
            if task is None:
                break
            engine.submit(task)
        watch(engine.at_work())
        if not engine.out() and not again:
            return
        for task, answer in engine.collect(_TURN):
            match answer:
                case BatchLine():
                    tries.pop(task.address, None)
                    yield task, answer
                case Lost():
                    again.append(task)
                case Died():
                    tries[task.address] = count = tries.get(task.address, 0) + 1
                    if count < _MOST_TRIES:
                        again.append(replace(task, order=replace(task.order, is_careful=True)))
                    else:
                        said = f"the worker died at it {count} times; run repack on it alone with -v -v"
                        yield task, failed(task, ExitCode.BUG, said)
