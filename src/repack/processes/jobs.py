"""A task on its way, and the worker process that it was given to."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from repack.processes.serving import Answer
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


@dataclass(slots=True, eq=False)
class Worker(Hand):
    """A process, the pipe to it, and the jobs that were sent there; it is at the first of them."""

    jobs: deque[Job] = field(default_factory=deque)
    since: float = 0.0  # when it was last heard of, or got its first job

    def left(self, now: float) -> float | None:
        """Seconds that it still has for the job that it is at; None: as many as it likes."""
        limit = self.jobs[0].seconds if self.jobs and self.is_ready else None
        return None if limit is None else self.since + limit - now
