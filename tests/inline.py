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

    def begin(self, _function: Callable[..., object], _task: object, _allow: Callable | None = None) -> None:
        """Nothing is gained by beginning early."""

    def listen(self) -> None:
        pass

    def run(self, function: Callable, tasks: Iterable, _allow: Callable | None = None) -> Iterator:
        return (function(task) for task in tasks)
