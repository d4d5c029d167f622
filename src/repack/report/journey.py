"""How far a run is, over all of its stages, and how long it may still take: what a progress bar shows.

It never goes back, and it is never full: only who knows that the result is published may say 100 %.
"""

from dataclasses import dataclass, field

#: How long the stages of a run take, as measured on real discs; a stage that is not here counts as one of these.
_SHARES = {"Looking at the disc": 10, "Repacking": 85, "Checking": 5}
_USUAL = 50
_FULLEST = 0.99
_EARLIEST_SECONDS, _EARLIEST_SHARE = 3.0, 0.05  # before that, the time that is left would be a guess


@dataclass(slots=True)
class Journey:
    """Where a run is. `stages` are those to come; one that is not among them moves nothing but its name and count."""

    stages: tuple[str, ...]
    started: float
    task: str = "Starting"
    entries: int = 0
    of: int = 0
    share: float = 0.0
    _from: float = 0.0
    _length: float = 0.0
    _done: int = 0
    _total: int = 1
    _stage_started: float = field(default=0.0)

    def begin(self, task: str, total_bytes: int, total_entries: int, now: float) -> None:
        """A stage starts: its bytes of work, and its entries."""
        weights = [_SHARES.get(stage, _USUAL) for stage in self.stages]
        if task in self.stages:
            at = self.stages.index(task)
            self._from, self._length = (sum(part) / sum(weights) for part in (weights[:at], weights[at : at + 1]))
        else:
            self._from, self._length = self.share, 0.0
        self.task, self.entries, self.of = task, 0, total_entries
        self._done, self._total, self._stage_started = 0, max(total_bytes, 1), now
        self._move()

    def advance(self, size: int, entries: int = 1) -> None:
        """So much of the stage is done."""
        self._done += size
        self.entries += entries
        self._move()

    def _move(self) -> None:
        here = self._from + self._length * min(self._done / self._total, 1.0)
        self.share = max(self.share, min(here, _FULLEST))

    def say_left(self, now: float) -> str:
        """The time that is left, from the pace of this stage; empty while nothing can be said."""
        passed, walked = now - self._stage_started, self.share - self._from
        if passed < _EARLIEST_SECONDS or not self._length or walked < _EARLIEST_SHARE * self._length:
            return ""
        seconds = passed * (1 - self.share) / walked
        if seconds < 10:
            return "a few seconds left"
        if seconds < 100:
            return f"about {5 * round(seconds / 5)} s left"
        return f"about {round(seconds / 60):,} min left"
