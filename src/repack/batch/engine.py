"""Where discs are worked on, seen from the one who hands them out: a window of tasks, lines as they come in.

A worker that dies takes no disc with it: the disc is tried again, carefully, and after some tries it counts as failed.
What the cluster loses is handed out again, but not for ever.
Only so many tasks are out as the workers need, and no list of results is kept.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from repack.batch import elsewhere, identity
from repack.batch.line import BatchLine
from repack.batch.orders import Task, failed
from repack.errors import ExitCode
from repack.processes.workers import give_time

_TURN = 0.5  # seconds between two looks at who is at work


@dataclass(frozen=True, slots=True)
class Died:
    """The worker that had the task is no more."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The cluster has lost the task; the disc is hardly to blame."""


#: How often a disc is tried (a scheduler that is started again loses each once), and what is said then.
_TRIES: dict[type, tuple[int, str]] = {
    Died: (3, "the worker died at it {} times; run repack on it alone with -v -v"),
    Lost: (20, "the cluster lost it {} times; look at its workers, or run repack on it alone"),
}

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
    tries: Counter[tuple[str, type]] = Counter()
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
                    yield task, answer
                case Died() | Lost():
                    tries[task.address, type(answer)] += 1
                    most, given_up = _TRIES[type(answer)]
                    if tries[task.address, type(answer)] < most:
                        again.append(_carefully(task) if answer == Died() else task)
                    else:
                        yield task, failed(task, ExitCode.BUG, given_up.format(most))


def _carefully(task: Task) -> Task:
    return replace(task, order=replace(task.order, is_careful=True))


def give_time_to(task: Task) -> float:
    """Seconds for a disc: far more than any takes, so that a codec which comes to no end does not stop the batch.

    Without end where each image has its own time (is_careful), or where a disc waits for others to leave room.
    """
    if task.order.is_careful or elsewhere.is_elsewhere(task.address, task.out_dir):
        return math.inf
    known = identity.identify(Path(task.address))
    return give_time(known.size if known is not None else 0)
