"""A pool without processes, for tests that run the same story very often."""

from repack.processes.workers import Pool


class Inline(Pool):
    """Does all in this process, however many workers are asked for; the fixture `inline` makes every pool such."""

    def __init__(self, _jobs: int = 0) -> None:
        super().__init__(0)
