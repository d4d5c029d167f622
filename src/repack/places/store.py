"""A place elsewhere as few plain verbs, whatever protocol it speaks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Seen:
    """A file elsewhere: its size, and a mark that changes with its content."""

    path: str
    size: int
    mark: str


class Taken(Exception):
    """The final name is in use."""


class Store(Protocol):
    """One place elsewhere. Every verb may raise OSError or an error of the library beneath (see `telling`)."""

    def look(self, path: str) -> Seen | None:
        """What lies there; None where nothing does."""

    def is_folder(self, path: str) -> bool:
        """Is it a folder, or the beginning of other names?"""

    def fetch(self, path: str, target: Path) -> None:
        """Download the whole file."""

    def put(self, source: Path, path: str) -> None:
        """Upload the whole file."""

    def read(self, path: str) -> Iterator[bytes]:
        """The content in bounded pieces, from the place itself."""

    def publish(self, temporary: str, final: str, *, overwrite: bool) -> None:
        """Give a whole file its name in one step; the temporary name may go or stay. Raises Taken."""

    def remove(self, path: str) -> None:
        """Delete a file, and what is there of one that is not whole; nothing happens where there is none."""

    def files_in(self, folder: str, beginning: str = "") -> list[Seen]:
        """The files directly in a folder whose names begin so, unfinished ones too; none where there is no folder."""

    def find(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted."""
