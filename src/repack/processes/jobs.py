"""A task on its way, and the worker process that it was given to."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from repack.processes.serving import Answer


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
class Worker:
    """A process, the pipe to it, and the jobs that were sent there; it is at the first of them."""

    process: BaseProcess
    pipe: Connection
    jobs: deque[Job] = field(default_factory=deque)
    is_ready: bool = False
    since: float = 0.0  # when it was last heard of, or got its first job

    def left(self, now: float) -> float | None:
        """Seconds that it still has for the job that it is at; None: as many as it likes."""
        limit = self.jobs[0].seconds if self.jobs and self.is_ready else None
        return None if limit is None else self.since + limit - now

    def end(self, by: float) -> None:
        """Wait until the process has gone, or see to it that it goes; `by` is a time of the monotonic clock."""
        self.pipe.close()
        self.process.join(max(0.0, by - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join(1.0)  # not longer: a process in a read from a broken medium goes when the read ends
