"""A pool without processes, for tests that run the same story very often."""

from collections.abc import Callable, Iterable, Iterator
from typing import Self


class Inline:
    """Has the methods of workers.Pool, and does everything in this process."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_rest: object) -> None:
        pass

    def warm(self, _get_ready: Callable[..., None]) -> None:
        pass

    def run(self, function: Callable, tasks: Iterable) -> Iterator:
        return (function(task) for task in tasks)
