"""Run pure tasks in worker processes: results in order, a bounded number under way, one crash costs one task.

One pipe a worker and no thread in the parent: it waits for all pipes at once, so Ctrl-C always comes through, and a
pipe that ends tells at once which worker died at which task. (`ProcessPoolExecutor` has threads and locks that an
interrupt in the wrong moment leaves waiting for each other, and it fails all tasks for one.)
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from repack import stopwatch
from repack.processes import interrupts, serving
from repack.processes.jobs import Job, Worker
from repack.processes.serving import Answer, Kind, Order
from repack.processes.staff import Staff

_AHEAD = 2  # tasks that a worker has at once: the one it is at, and the next
_AHEAD_EARLY = 16  # of those that are begun while nobody has time to listen
_LONGEST_START, _SLOWEST = 120.0, 10 / 1_000_000  # seconds, and seconds a byte

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Crashed(Generic[Task]):
    """The task ended the worker that ran it, or found too little memory, twice: once among others, once alone.

    Or it was not done in the time that it was given (`is_late`), and its worker was ended.
    """

    task: Task
    is_memory: bool = False
    is_late: bool = False


def give_time(size: int) -> float:
    """Seconds for a task of so many bytes: far more than any codec needs, to end only what would never end."""
    return _LONGEST_START + _SLOWEST * size


def count_cores() -> int:
    """How many worker processes this computer can keep busy."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """Worker processes, started when first needed. Spawned, never forked: the same on every system.

    With 0 jobs there are none: all is done in this process, where the crash of a codec ends it.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = max(0, jobs)
        self._staff = Staff(Worker)
        self._workers = self._staff.members
        self._waiting: deque[Job] = deque()
        self._begun: dict[tuple[Callable[[Any], Any], Any, bool], Job] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupts.accept(error)
        self.dismiss(at_once=error is not None)

    def dismiss(self, *, at_once: bool = True) -> None:
        """End all workers, the idle ones in order unless it has to be at once."""
        with interrupts.undisturbed():
            self._waiting.clear()
            self._begun.clear()
            self._staff.dismiss(lambda worker: at_once or bool(worker.jobs))

    def recruit(self) -> None:
        """Start all workers now: it takes them a while before they can be given anything."""
        while len(self._workers) < self.jobs and self._staff.hire() is not None:
            pass

    def warm(self, get_ready: Callable[[None], None]) -> None:
        """Let the workers load their libraries while the main process still reads the directory."""
        self._waiting.extend(Job(get_ready, None) for _ in range(self.jobs))
        self._assign()

    def begin(
        self,
        function: Callable[[Task], Result],
        task: Task,
        allow: Callable[[Task], float] | None = None,
        *,
        lends: bool = False,
    ) -> None:
        """Do a task that `run` is expected to be given later, in the same way: an equal one has its result then.

        What is begun and never asked for is forgotten. Tasks are hashable.
        """
        if self.jobs and (function, task, lends) not in self._begun:
            job = Job(function, task, allow(task) if allow else None, _AHEAD_EARLY, lends=lends)
            self._begun[function, task, lends] = self._enqueue(job)

    def listen(self) -> None:
        """Take the answers that are there by now, and hand out what waits; for whoever has begun something."""
        if self._workers:
            self._hear(0)
        self._assign()

    def _enqueue(self, job: Job) -> Job:
        if stopwatch.current() is not None:
            job.function = partial(stopwatch.time_task, function=job.function)
        self._waiting.append(job)
        self._assign()
        return job

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        allow: Callable[[Task], float] | None = None,
        *,
        lends: bool = False,
    ) -> Iterator[Result | Crashed[Task]]:
        """The result of each task in order; at most two tasks a worker (and one more) are under way.

        `function` is pure and of module level. What it raises comes out here; what kills its process, finds too
        little memory, or takes more seconds than `allow` gives it, comes out as Crashed. With `lends`, large bytes in
        a result may be views (shelf.py), which can be read only until the next result is asked for.
        """
        watch, waiting = stopwatch.current(), iter(tasks)
        under_way: deque[Job] = deque()
        try:
            while True:
                for task in waiting:
                    job = self._begun.pop((function, task, lends), None) if self._begun else None
                    if job is None:
                        job = self._enqueue(Job(function, task, allow(task) if allow else None, _AHEAD, lends=lends))
                    under_way.append(job)
                    if len(under_way) > 2 * self.jobs:
                        break
                if not under_way:
                    return
                while (answer := under_way[0].answer) is None:
                    self._take_turn()
                result = _result(under_way[0], answer)
                if watch is not None and isinstance(result, stopwatch.Timed):
                    watch.add_worker(result.spent)
                    result = result.value
                yield result
                under_way.popleft().clear()
        finally:  # of what nobody waits for any more, only what a worker has already is still done
            for job in under_way:
                job.give_up()
                if job in self._waiting:
                    self._waiting.remove(job)

    def _take_turn(self) -> None:
        """Hand out what can be handed out, and wait until some worker has something to say."""
        self._assign()
        if self._workers:
            limits = [left for worker in self._workers if (left := worker.left(time.monotonic())) is not None]
            self._hear(max(0.0, min(limits)) if limits else None)
            self._end_late()
        elif self._waiting:  # no process can be started on this computer: then the work is done here
            job = self._waiting.popleft()
            job.answer = serving.answer(job.function, job.task)

    def _hear(self, seconds: float | None) -> None:
        """Wait at most so long until some worker has something to say, and listen to all that have."""
        with stopwatch.stage("wait"):
            ready = wait([worker.pipe for worker in self._workers], seconds)
        for pipe in ready:
            self._listen(next(worker for worker in self._workers if worker.pipe is pipe))

    def _assign(self) -> None:
        """Give waiting jobs to workers; one that has crashed before runs alone, so that it is known to be the cause."""
        while self._waiting:
            job = self._waiting[0]
            at_work = [other for worker in self._workers for other in worker.jobs]
            if at_work and (job.tries or any(other.tries for other in at_work)):
                return
            worker = self._find_worker(job.ahead)
            if worker is None:
                return
            self._waiting.popleft()
            self._send(worker, job)

    def _find_worker(self, ahead: int) -> Worker | None:
        """An idle worker; else a new one while there may be more; else the one with fewest jobs, if it has few."""
        busy = [worker for worker in self._workers if worker.jobs]
        idle = next((worker for worker in self._workers if not worker.jobs), None)
        if idle is None and len(busy) < self.jobs:
            idle = self._staff.hire()
        if idle is None and busy:
            least = min(busy, key=lambda worker: len(worker.jobs))
            idle = least if len(least.jobs) < ahead else None
        return idle

    def _send(self, worker: Worker, job: Job) -> None:
        job.reserve(worker.shelf)
        order = serving.encode(Order(job.function, job.task, job.place))
        if not worker.jobs:
            worker.since = time.monotonic()
        worker.jobs.append(job)
        try:
            worker.pipe.send_bytes(order)
        except OSError:  # it died since it was last heard of
            worker.jobs.pop()
            self._waiting.appendleft(job)
            self._listen(worker)

    def _listen(self, worker: Worker) -> None:
        """Take one answer, or the news that there will be none."""
        try:
            data = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.since = time.monotonic()
        answer = serving.decode(data, worker.look)
        if answer.kind is Kind.READY:
            self._staff.welcome(worker)
            return
        job = worker.jobs.popleft()
        if answer.kind is Kind.NO_MEMORY and not job.tries and job.is_wanted:
            job.tries = 1
            job.clear()
            self._waiting.appendleft(job)
        else:
            job.take(answer)

    def _end_late(self) -> None:
        """End the workers whose time is over and who have said nothing; what waits behind that job goes to others."""
        now = time.monotonic()
        for worker in [one for one in self._workers if (left := one.left(now)) is not None and left <= 0]:
            if worker.pipe.poll():  # it has said something meanwhile
                continue
            worker.jobs.popleft().answer = Answer(Kind.LATE)
            behind, worker.jobs = worker.jobs, deque()
            worker.process.kill()
            self._bury(worker)
            self._put_back(behind)

    def _bury(self, worker: Worker) -> None:
        """A worker has died: the job that it was at is suspect, those behind it go to others."""
        self._staff.bury(worker)
        if worker.jobs and worker.is_ready:
            suspect = worker.jobs[0]
            suspect.tries += 1
            if suspect.tries > 1:
                worker.jobs.popleft().answer = Answer(Kind.CRASHED)
        self._put_back(worker.jobs)

    def _put_back(self, jobs: Sequence[Job]) -> None:
        """What a worker had when it died is given to others, where anybody waits for it."""
        self._waiting.extendleft(job for job in reversed(jobs) if job.is_wanted)


def with_tasks(
    pool: Pool,
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    allow: Callable[[Task], float] | None = None,
) -> Iterator[tuple[Task, Result | Crashed[Task]]]:
    """Each task together with its result, in order; tasks are taken only as they are needed."""
    under_way: deque[Task] = deque()

    def noted() -> Iterator[Task]:
        for task in tasks:
            under_way.append(task)
            yield task

    for result in pool.run(function, noted(), allow):
        yield under_way.popleft(), result


def _result(job: Job, answer: Answer) -> Any:  # noqa: ANN401  of the type that the caller of `run` knows
    match answer.kind:
        case Kind.DONE:
            return answer.value
        case Kind.RAISED:
            raise cast("Exception", answer.value)
        case Kind.NO_MEMORY:
            return Crashed(job.task, is_memory=True)
        case Kind.LATE:
            return Crashed(job.task, is_late=True)
        case _:
            return Crashed(job.task)
