"""Places of entries whose bytes lie in no archive: those that cannot be had, those that are their own bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from repack.model import EntryUnreadable, Raw


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that must not or cannot be read, and why: the run stops unless the user gives it up."""

    problem: str

    def raw(self) -> Raw | None:
        """Raises EntryUnreadable."""
        raise EntryUnreadable(self.problem)

    def read(self) -> bytes:
        """Raises EntryUnreadable."""
        raise EntryUnreadable(self.problem)

    def read_start(self, length: int) -> bytes:  # noqa: ARG002  it is a Place
        """Raises EntryUnreadable."""
        raise EntryUnreadable(self.problem)

    def chunks(self) -> Iterator[bytes]:
        """Raises EntryUnreadable."""
        raise EntryUnreadable(self.problem)


@dataclass(frozen=True, slots=True)
class Text:
    """An entry whose few bytes came with the directory: a symbolic link, a file inside its own record."""

    data: bytes

    def raw(self) -> Raw | None:
        """None: there are no bytes in a file that could be carried over."""
        return None

    def read(self) -> bytes:
        """The content."""
        return self.data

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer."""
        return self.data[:length]

    def chunks(self) -> Iterator[bytes]:
        """The content in one piece."""
        yield self.data
