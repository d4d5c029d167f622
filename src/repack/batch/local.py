"""The engine of one computer: worker processes, each at one disc."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self, cast

from repack.batch.disc import work
from repack.batch.engine import Answer, AtWork, Died, give_time_to
from repack.batch.line import BatchLine
from repack.batch.orders import Task, failed
from repack.errors import ExitCode
from repack.processes import interrupts, serving
from repack.processes.serving import Kind, PipeEnd
from repack.processes.staff import Hand, Staff


@dataclass(slots=True, eq=False)
class _Worker(Hand):
    """A process, the pipe to it, and the disc that it is at."""

    task: Task | None = None
    number: int = 0
    until: float = math.inf  # when it should have done the disc, by the monotonic clock


class Local:
    """Up to `jobs` worker processes, started when first needed; where none can be started, all is done here."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._staff = Staff(_Worker)
        self._workers = self._staff.members
        self._here: list[Task] = []  # what has to be done without a worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupts.accept(error)
        self._staff.dismiss(lambda worker: error is not None or worker.task is not None)

    def has_room(self) -> bool:
        """Is a worker idle, or may one more be started?"""
        return len(self.out()) < self._jobs

    def out(self) -> Sequence[Task]:
        """The discs at hand."""
        return [worker.task for worker in self._workers if worker.task is not None] + self._here

    def at_work(self) -> AtWork:
        """Each worker with its disc."""
        return [(f"worker {w.number}", w.task.order.disc.given) for w in self._workers if w.task is not None]

    def submit(self, task: Task) -> None:
        """Give a disc to an idle worker, or to a new one."""
        worker = next((worker for worker in self._workers if worker.task is None), None) or self._hire()
        if worker is None:
            self._here.append(task)
            return
        worker.task, worker.until = task, time.monotonic() + give_time_to(task)
        try:
            worker.pipe.send_bytes(serving.encode(serving.Order(work, task)))
        except OSError:  # it died since it was last heard of; `collect` finds out
            return

    def _hire(self) -> _Worker | None:
        numbers = {worker.number for worker in self._workers}
        worker = self._staff.hire()
        if worker is not None:
            worker.number = next(n for n in count(1) if n not in numbers)
        return worker

    def collect(self, seconds: float) -> list[tuple[Task, Answer]]:
        """The lines that have come in, and the discs whose workers have died."""
        here, self._here = self._here, []
        came: list[tuple[Task, Answer]] = [(task, work(task)) for task in here]
        busy = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(busy), 0 if came else seconds) if busy else ():
            answer = self._listen(busy[cast("PipeEnd", pipe)])
            if answer is not None:
                came.append(answer)
        return came + self._end_late()

    def _end_late(self) -> list[tuple[Task, Answer]]:
        """End the workers that come to no end; their discs are tried again, as after a death."""
        now = time.monotonic()
        late = [worker for worker in self._workers if worker.task and now > worker.until and not worker.pipe.poll()]
        for worker in late:
            worker.process.kill()
        return [answer for worker in late if (answer := self._bury(worker)) is not None]

    def _listen(self, worker: _Worker) -> tuple[Task, Answer] | None:
        try:
            answer = serving.decode(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            return self._bury(worker)
        if answer.kind is Kind.READY:
            self._staff.welcome(worker)
            return None
        task, worker.task = worker.task, None
        if task is None:
            return None
        match answer.value:
            case BatchLine() as line:
                return task, line
            case _:  # the answer itself could not be made
                return task, failed(task, ExitCode.BUG, "its worker had too little memory, or a bug; run it alone")

    def _bury(self, worker: _Worker) -> tuple[Task, Answer] | None:
        self._staff.bury(worker)
        if worker.task is None:
            return None
        if self._staff.can_grow or worker.is_ready:
            return worker.task, Died()
        self._here.append(worker.task)  # no process ever came to a disc
        return None
