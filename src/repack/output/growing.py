"""An entry of the draft that grows by pieces, before its own beginning is known: a large image under way."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repack import deflate
from repack.errors import ProofFailed
from repack.model import STORED, Entry, Placed
from repack.output import pagecache, zipformat


@dataclass(frozen=True, slots=True)
class Grown:
    """A finished entry: where it lies, and the SHA-256 of its content as it was read back."""

    placed: Placed
    sha256: str


class Growing:
    """The entry at the end of a draft; nothing else may be written until it is finished or given up."""

    def __init__(
        self, file: BinaryIO, names: tuple[Path, str], entry: Entry, reserved: int, begin_flush: Callable[[], None]
    ) -> None:
        """Begin at the end of `file`; `names` are the draft's path and what the target will be called."""
        self._file, self._entry, self._reserved = file, entry, reserved
        self._draft, self._target = names
        self._pieces: list[tuple[int, int]] = []  # length and CRC-32 of each
        self._begin_flush = begin_flush
        self._offset = file.tell()
        empty = Placed(self._offset, STORED, 0, 0, 0)
        self._start = self._offset + len(zipformat.local_header(entry.name, entry.stamp, empty))
        file.seek(self._start + reserved)

    @property
    def length(self) -> int:
        """Bytes of the content so far, with those reserved."""
        return self._file.tell() - self._start

    def write(self, piece: bytes, crc: int) -> None:
        """Put a piece behind those before it; its CRC-32 comes from where the piece was made."""
        pagecache.write(self._file, piece)
        self._pieces.append((len(piece), crc))
        self._begin_flush()

    def finish(self, before: bytes, behind: bytes) -> Grown:
        """Put what was not known yet around the pieces, and read all of it back. `before` fills what was reserved.

        Raises ProofFailed where it reads back differently.
        """
        if len(before) != self._reserved:
            raise ValueError("the beginning of an entry is not as long as was said")
        self._file.write(behind)
        end = self._file.tell()
        self._file.seek(self._start)
        self._file.write(before)
        self._file.flush()
        sha256, crc = hashlib.sha256(), 0
        expected = [(len(before), deflate.crc32(before)), *self._pieces, (len(behind), deflate.crc32(behind))]
        with self._draft.open("rb") as file:
            file.seek(self._start)
            forget = pagecache.forget_behind(file.fileno(), self._start)
            for length, stated in expected:
                piece = file.read(length)
                forget(piece)
                if len(piece) != length or deflate.crc32(piece) != stated:
                    raise ProofFailed(self._target, self._entry.path, "reads back differently")
                sha256.update(piece)
                crc = deflate.crc32(piece, crc)
        size = end - self._start
        placed = Placed(self._offset, STORED, crc, size, size, len(before) + len(behind), tuple(expected))
        header = zipformat.local_header(self._entry.name, self._entry.stamp, placed)
        self._file.seek(self._offset)
        self._file.write(header)
        self._file.seek(end)
        return Grown(placed, sha256.hexdigest())

    def give_up(self) -> None:
        """Take back what was written: the draft is as it was before."""
        self._file.seek(self._offset)
        self._file.truncate()
        self._begin_flush()  # before anything else is written: what was flushed of it does not count for that
