"""A content as bytes that are fetched when somebody looks at them: so a reader of whole files need not load them."""

from collections.abc import Callable, Sequence

Span = tuple[int, int]  # offset in the content, length in bytes
Fetch = Callable[[Sequence[Span]], list[bytes]]
"""Gives some spans of a content at once; a span behind its end is shorter or empty."""

_BLOCK = 16 << 10  # bytes that are fetched at least; the next time twice as many, so that a few times do
_LARGEST_BLOCK = 1 << 20
_LONGEST_LOOK = 1 << 16  # a longer slice is cut: what a damaged table asks for may be the whole content
_MOST_STEPS, _MOST_FETCHES, _MOST_BYTES = 5_000, 16, 20 << 20
_MOST_SERVED = 2 << 20  # bytes given out in slices: text is decoded letter by letter


class OverBudget(Exception):
    """More was looked at than any sound program needs."""


class Window:
    """Read-only `bytes` as far as slices and length go, over a `Fetch`; raises OverBudget."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch, self._size = fetch, size
        self._pieces: list[tuple[int, int, bytes]] = []  # beginning and end of what was asked for, what came
        self._block = _BLOCK
        self._steps = self._fetches = self._bytes = self._served = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice) -> bytes:
        """A slice, of at most 64 KiB."""
        start, stop, _ = place.indices(self._size)
        self.step()
        found = self.read(start, min(stop - start, _LONGEST_LOOK))
        self._served += len(found)
        if self._served > _MOST_SERVED:
            raise OverBudget
        return found

    def step(self) -> None:
        """Count one step of whoever reads; a table made to be read for ever ends here."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise OverBudget

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from one place, fewer where the content ends."""
        end = min(offset + length, self._size)
        if offset >= end:
            return b""
        piece = self._piece(offset, end)
        if piece is None:
            self.prime([(offset, max(length, self._block))])
            self._block = min(2 * self._block, _LARGEST_BLOCK)
            piece = self._pieces[-1]
        return piece[2][offset - piece[0] : end - piece[0]]

    def prime(self, spans: Sequence[Span]) -> None:
        """Fetch at once what will be looked at: whoever reads from a stream has to read it only once for that."""
        ends = [(offset, min(offset + length, self._size)) for offset, length in spans]
        wanted = [(offset, end) for offset, end in ends if offset < end and self._piece(offset, end) is None]
        if not wanted:
            return
        self._fetches += 1
        self._bytes += sum(end - offset for offset, end in wanted)
        if self._fetches > _MOST_FETCHES or self._bytes > _MOST_BYTES:
            raise OverBudget
        found = self._fetch([(offset, end - offset) for offset, end in wanted])
        self._pieces += ((offset, end, data) for (offset, end), data in zip(wanted, found, strict=True))

    def forget(self) -> None:
        """Give back the memory."""
        self._pieces.clear()

    def _piece(self, offset: int, end: int) -> tuple[int, int, bytes] | None:
        return next((piece for piece in reversed(self._pieces) if piece[0] <= offset and end <= piece[1]), None)
