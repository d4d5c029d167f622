"""Where the time of a run goes: stages, timed in the main process and in the workers, where somebody asks for it.

`stage` does next to nothing while no stopwatch runs. A stage within another one stops the clock of the outer one.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

OTHER = "other"
Spent = dict[str, tuple[float, float]]
"""Stage -> seconds on the clock, and of processor time of the thread that was at it."""


@dataclass(slots=True)
class Stopwatch:
    """The times of one thread of one process; those of the workers are added up beside them."""

    here: Spent = field(default_factory=dict)
    workers: Spent = field(default_factory=dict)
    _stack: list[str] = field(default_factory=list)
    _since: tuple[float, float] = (0.0, 0.0)

    def enter(self, name: str) -> None:
        """Begin a stage within the present one."""
        self._charge()
        self._stack.append(name)

    def leave(self) -> None:
        """End the present stage, and go on with the one around it."""
        self._charge()
        self._stack.pop()

    def _charge(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        if self._stack:
            _add(self.here, self._stack[-1], now[0] - self._since[0], now[1] - self._since[1])
        self._since = now

    def add_worker(self, spent: Spent) -> None:
        """Add what a worker spent on one task."""
        for name, (wall, cpu) in spent.items():
            _add(self.workers, name, wall, cpu)


def _add(spent: Spent, name: str, wall: float, cpu: float) -> None:
    before = spent.get(name, (0.0, 0.0))
    spent[name] = (before[0] + wall, before[1] + cpu)


_running: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


def current() -> Stopwatch | None:
    """The stopwatch that runs, if any does."""
    return _running.get()


@contextmanager
def running(watch: Stopwatch | None) -> Iterator[None]:
    """Let a stopwatch run while the block does; None: none."""
    token = _running.set(watch)
    try:
        with stage(OTHER):
            yield
    finally:
        _running.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a block, or as a decorator a function, under this name; blocks that yield belong to whoever goes on."""
    watch = _running.get()
    if watch is None:
        yield
        return
    watch.enter(name)
    try:
        yield
    finally:
        watch.leave()


def processor_time() -> tuple[float, float]:
    """Seconds of processor time: of this process with all its threads, and of its children that ended (not Windows)."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


@dataclass(frozen=True, slots=True)
class Timed(Generic[Result]):
    """What a task gave, and what it took."""

    value: Result
    spent: Spent


def time_task(task: Task, function: Callable[[Task], Result]) -> Timed[Result]:
    """Do a task in a worker, timed."""
    watch = Stopwatch()
    with running(watch):
        value = function(task)
    return Timed(value, watch.here)
