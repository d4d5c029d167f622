"""Who watches a run. Only the main process tells; users of the Python API see nothing unless they ask."""

from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """Who watches a run; only the main process calls it."""

    def begin(self, task: str, total_bytes: int, total_entries: int) -> None:
        """A stage of the run starts; sizes are bytes of original content."""

    def advance(self, size: int, entries: int = 1) -> None:
        """So much of the stage is done."""


@dataclass(frozen=True, slots=True)
class NoProgress:
    """Watches nothing: for pipes, tests and the Python API."""

    def begin(self, task: str, total_bytes: int, total_entries: int) -> None:
        """Say nothing."""

    def advance(self, size: int, entries: int = 1) -> None:
        """Say nothing."""
