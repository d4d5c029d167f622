"""Run pure tasks in worker processes: results in order, a bounded number under way, one crash costs one task.

One pipe a worker and no thread in the parent: it waits for all pipes at once, so Ctrl-C always comes through, and a
pipe that ends tells at once which worker died at which task. (`ProcessPoolExecutor` has threads and locks that an
interrupt in the wrong moment leaves waiting for each other, and it fails all tasks for one.)
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from repack import stopwatch
from repack.processes import interrupts, serving
from repack.processes.serving import Answer, Kind

_AHEAD = 2  # tasks that a worker has at once: the one it is at, and the next
_MOST_FALSE_STARTS = 3  # workers in a row that die before they can do anything: then there are none to be had
_PATIENCE = 3.0  # seconds that idle workers get for leaving in order

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Crashed(Generic[Task]):
    """The task ended the worker that ran it, or found too little memory, twice: once among others, once alone."""

    task: Task
    is_memory: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    """One task on its way."""

    function: Callable[[Any], Any]
    task: Any
    tries: int = 0  # that ended in a crash
    answer: Answer | None = None


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, the pipe to it, and the jobs that were sent there; it is at the first of them."""

    process: BaseProcess
    pipe: Connection
    jobs: deque[_Job] = field(default_factory=deque)
    is_ready: bool = False


def count_cores() -> int:
    """How many worker processes this computer can keep busy."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


class Pool:
    """Worker processes, started when first needed. Spawned, never forked: the same on every system.

    With 0 jobs there are none: all is done in this process, where the crash of a codec ends it.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = max(0, jobs)
        self._workers: list[_Worker] = []
        self._waiting: deque[_Job] = deque()
        self._false_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupts.accept(error)
        with interrupts.undisturbed():
            self._stop(is_hurry=error is not None)

    def warm(self, get_ready: Callable[[None], None]) -> None:
        """Let the workers load their libraries while the main process still reads the directory."""
        self._waiting.extend(_Job(get_ready, None) for _ in range(self.jobs))
        self._assign()

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """The result of each task in order; at most two tasks a worker (and one more) are under way.

        `function` is pure and of module level. What it raises comes out here; what kills its process, or finds too
        little memory, comes out as Crashed.
        """
        watch, waiting = stopwatch.current(), iter(tasks)
        work = function if watch is None else partial(stopwatch.time_task, function=function)
        under_way: deque[_Job] = deque()
        try:
            while True:
                for task in waiting:
                    under_way.append(_Job(work, task))
                    self._waiting.append(under_way[-1])
                    self._assign()
                    if len(under_way) > 2 * self.jobs:
                        break
                if not under_way:
                    return
                while (answer := under_way[0].answer) is None:
                    self._take_turn()
                job = under_way.popleft()
                result = _result(job, answer)
                if watch is not None and isinstance(result, stopwatch.Timed):
                    watch.add_worker(result.spent)
                    result = result.value
                yield result
        finally:  # of what nobody waits for any more, only what a worker has already is still done
            for job in under_way:
                if job in self._waiting:
                    self._waiting.remove(job)

    def _take_turn(self) -> None:
        """Hand out what can be handed out, and wait until some worker has something to say."""
        self._assign()
        if self._workers:
            with stopwatch.stage("wait"):
                ready = wait([worker.pipe for worker in self._workers])
            for pipe in ready:
                self._listen(next(worker for worker in self._workers if worker.pipe is pipe))
        elif self._waiting:  # no process can be started on this computer: then the work is done here
            job = self._waiting.popleft()
            job.answer = serving.answer(job.function, job.task)

    def _assign(self) -> None:
        """Give waiting jobs to workers; one that has crashed before runs alone, so that it is known to be the cause."""
        while self._waiting:
            job = self._waiting[0]
            at_work = [other for worker in self._workers for other in worker.jobs]
            if at_work and (job.tries or any(other.tries for other in at_work)):
                return
            worker = self._find_worker()
            if worker is None:
                return
            self._waiting.popleft()
            self._send(worker, job)

    def _find_worker(self) -> _Worker | None:
        """An idle worker; else a new one while there may be more; else one that has but one job."""
        busy = [worker for worker in self._workers if worker.jobs]
        idle = next((worker for worker in self._workers if not worker.jobs), None)
        if idle is None and len(busy) < self.jobs and self._false_starts < _MOST_FALSE_STARTS:
            idle = self._start()
        return idle or next((worker for worker in busy if len(worker.jobs) < _AHEAD), None)

    def _start(self) -> _Worker | None:
        with interrupts.undisturbed():
            try:
                process, pipe = serving.start()
            except OSError:  # too many processes or open files, too little memory
                self._false_starts += 1
                return None
            self._workers.append(_Worker(process, pipe))
            return self._workers[-1]

    def _send(self, worker: _Worker, job: _Job) -> None:
        order = serving.encode((job.function, job.task))
        worker.jobs.append(job)
        try:
            worker.pipe.send_bytes(order)
        except OSError:  # it died since it was last heard of
            worker.jobs.pop()
            self._waiting.appendleft(job)
            self._listen(worker)

    def _listen(self, worker: _Worker) -> None:
        """Take one answer, or the news that there will be none."""
        try:
            answer = serving.decode(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            self._bury(worker)
            return
        if answer.kind is Kind.READY:
            worker.is_ready = True
            self._false_starts = 0
            return
        job = worker.jobs.popleft()
        if answer.kind is Kind.NO_MEMORY and not job.tries:
            job.tries = 1
            self._waiting.appendleft(job)
        else:
            job.answer = answer

    def _bury(self, worker: _Worker) -> None:
        """A worker has died: the job that it was at is suspect, those behind it go to others."""
        with interrupts.undisturbed():
            self._workers.remove(worker)
            _end(worker, time.monotonic() + _PATIENCE)
        if worker.jobs and worker.is_ready:
            suspect = worker.jobs[0]
            suspect.tries += 1
            if suspect.tries > 1:
                worker.jobs.popleft().answer = Answer(Kind.CRASHED)
        self._false_starts += not worker.is_ready
        self._waiting.extendleft(reversed(worker.jobs))

    def _stop(self, *, is_hurry: bool) -> None:
        """End all workers: the idle ones in order, the others at once. Never waits longer than a few seconds."""
        self._waiting.clear()
        workers, self._workers = self._workers, []
        for worker in workers:
            if is_hurry or worker.jobs:
                worker.process.kill()
            worker.pipe.close()  # whoever is idle leaves when its pipe ends
        end = time.monotonic() + _PATIENCE
        for worker in workers:
            _end(worker, end)


def _end(worker: _Worker, end: float) -> None:
    """Wait until the process has gone, or see to it that it goes."""
    worker.pipe.close()
    worker.process.join(max(0.0, end - time.monotonic()))
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join(1.0)  # not longer: a process in a read from a broken medium goes when the read ends


def with_tasks(
    pool: Pool, function: Callable[[Task], Result], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Result | Crashed[Task]]]:
    """Each task together with its result, in order; tasks are taken only as they are needed."""
    under_way: deque[Task] = deque()

    def noted() -> Iterator[Task]:
        for task in tasks:
            under_way.append(task)
            yield task

    for result in pool.run(function, noted()):
        yield under_way.popleft(), result


def _result(job: _Job, answer: Answer) -> Any:  # noqa: ANN401  of the type that the caller of `run` knows
    match answer.kind:
        case Kind.DONE:
            return answer.value
        case Kind.RAISED:
            raise cast("Exception", answer.value)
        case Kind.NO_MEMORY:
            return Crashed(job.task, is_memory=True)
        case _:
            return Crashed(job.task)
