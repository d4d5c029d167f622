"""Run pure tasks in worker processes: results in order, a bounded number under way, one crash costs one task."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from types import TracebackType
from typing import Generic, Self, TypeVar

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc, mallopt(3)
_KEPT_BYTES = 64 << 20

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Crashed(Generic[Task]):
    """The task killed the worker process that ran it, twice: once among others, once alone."""

    task: Task


def count_cores() -> int:
    """How many worker processes this computer can keep busy."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


class Pool:
    """Worker processes, started when first needed. Spawned, never forked: the same on every system."""

    def __init__(self, jobs: int) -> None:
        self.jobs = max(1, jobs)
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def warm(self, get_ready: Callable[[None], None]) -> None:
        """Let the workers load their libraries while the main process still reads the directory."""
        for _ in range(self.jobs):
            self._submit(get_ready, None)

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result | Crashed[Task]]:
        """The result of each task in order; at most two tasks a worker (and one more) are under way.

        `function` is pure and of module level. What it raises comes out here; what kills its process comes out as
        Crashed.
        """
        waiting = iter(tasks)
        under_way: deque[tuple[Task, Future[Result]]] = deque()
        while True:
            for task in waiting:
                under_way.append((task, self._submit(function, task)))
                if len(under_way) > 2 * self.jobs:
                    break
            if not under_way:
                return
            task, future = under_way[0]
            try:
                result = future.result()
            except BrokenProcessPool:
                again = [t for t, _ in under_way]
                under_way.clear()
                yield from self._run_alone(function, again)
                continue
            under_way.popleft()
            yield result

    def _run_alone(self, function: Callable[[Task], Result], tasks: list[Task]) -> Iterator[Result | Crashed[Task]]:
        """One at a time, so that the task that kills its worker is known."""
        self._stop()
        for task in tasks:
            try:
                yield self._submit(function, task).result()
            except BrokenProcessPool:
                self._stop()
                yield Crashed(task)

    def _submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.jobs, mp_context=get_context("spawn"), initializer=_prepare_process
            )
        try:
            with _interrupts_held_back():  # a task may start a process
                return self._executor.submit(function, task)
        except BrokenProcessPool as error:  # it broke since the last result was looked at
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    def _stop(self) -> None:
        if self._executor is not None:
            with _interrupts_ignored():  # a second Ctrl-C in the middle would leave workers that wait for ever
                self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


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


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Signals change nothing in this block; only a main thread can say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = [(number, signal.signal(number, signal.SIG_IGN)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in earlier:
            if handler is not None:  # None: set by somebody outside Python, which cannot be put back
                signal.signal(number, handler)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes that start in this block are deaf to Ctrl-C from their first moment.

    The parent hears it behind the block: in the middle of a start it would leave half a process.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would undo the mask if it started in between
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def _prepare_process() -> None:
    """Leave Ctrl-C to the parent, go when it goes, and keep freed memory.

    Every slice takes and frees the same few large buffers; where the C library gives them back to the system each
    time, a tenth of the run goes into page faults. Where there is no such setting, nothing is lost but time.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            for setting in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
                library.mallopt(setting, _KEPT_BYTES)


def _leave_with_parent() -> None:
    """End this process when its parent was killed: it would wait for tasks for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
