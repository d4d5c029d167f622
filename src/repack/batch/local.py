"""The engine of one computer: worker processes, each at one disc."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self, cast

from repack.batch.disc import work
from repack.batch.engine import Answer, AtWork, Died
from repack.batch.line import BatchLine
from repack.batch.orders import Task, failed
from repack.errors import ExitCode
from repack.processes import interrupts, serving
from repack.processes.serving import Kind

_MOST_FALSE_STARTS = 3  # workers in a row that die before they can do anything: then there are none to be had
_PATIENCE = 3.0  # seconds that idle workers get for leaving in order


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, the pipe to it, and the disc that it is at."""

    number: int
    process: BaseProcess
    pipe: Connection
    task: Task | None = None
    is_ready: bool = False


class Local:
    """Up to `jobs` worker processes, started when first needed; where none can be started, all is done here."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._workers: list[_Worker] = []
        self._here: list[Task] = []  # what has to be done without a worker
        self._false_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupts.accept(error)
        with interrupts.undisturbed():
            for worker in self._workers:
                if worker.task is not None or error is not None:
                    worker.process.kill()
                worker.pipe.close()  # whoever is idle leaves when its pipe ends
            end = time.monotonic() + _PATIENCE
            for worker in self._workers:
                _end(worker, end)

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
        worker = next((worker for worker in self._workers if worker.task is None), None) or self._start()
        if worker is None:
            self._here.append(task)
            return
        worker.task = task
        try:
            worker.pipe.send_bytes(serving.encode((work, task)))
        except OSError:  # it died since it was last heard of; `collect` finds out
            return

    def _start(self) -> _Worker | None:
        if self._false_starts >= _MOST_FALSE_STARTS:
            return None
        with interrupts.undisturbed():
            try:
                process, pipe = serving.start()
            except OSError:  # too many processes or open files, too little memory
                self._false_starts += 1
                return None
            numbers = {worker.number for worker in self._workers}
            number = next(n for n in range(1, self._jobs + 1) if n not in numbers)
            self._workers.append(_Worker(number, process, pipe))
            return self._workers[-1]

    def collect(self, seconds: float) -> list[tuple[Task, Answer]]:
        """The lines that have come in, and the discs whose workers have died."""
        here, self._here = self._here, []
        came: list[tuple[Task, Answer]] = [(task, work(task)) for task in here]
        busy = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(busy), 0 if came else seconds) if busy else ():
            answer = self._listen(busy[cast("Connection", pipe)])
            if answer is not None:
                came.append(answer)
        return came

    def _listen(self, worker: _Worker) -> tuple[Task, Answer] | None:
        try:
            answer = serving.decode(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            return self._bury(worker)
        if answer.kind is Kind.READY:
            worker.is_ready, self._false_starts = True, 0
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
        with interrupts.undisturbed():
            self._workers.remove(worker)
            _end(worker, time.monotonic() + _PATIENCE)
        if worker.task is None:
            return None
        if worker.is_ready:
            return worker.task, Died()
        self._false_starts += 1  # it never came to the disc
        self._here += [worker.task] if self._false_starts >= _MOST_FALSE_STARTS else []
        return None if worker.task in self._here else (worker.task, Died())


def _end(worker: _Worker, end: float) -> None:
    """Wait until the process has gone, or see to it that it goes."""
    worker.pipe.close()
    worker.process.join(max(0.0, end - time.monotonic()))
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join(1.0)
