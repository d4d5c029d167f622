"""Write the new zip: a draft beside the target, flushed and checked, and only then the target's own name.

The central directory lists the entries in the order of the original. Their bytes lie in the order in which they were
finished: a DICOMDIR that stands first is written last, because it depends on every image.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from repack import deflate
from repack.bundles.zipped import ZipPlace
from repack.errors import BundleUnreadable
from repack.model import RESTORE_NAME, Entry, EntryName, EntryUnreadable, Packed, Placed, Raw, Stamp, Streamed
from repack.output import drafts, pagecache, structure, zipformat
from repack.output.drafts import Claim
from repack.output.growing import Growing
from repack.output.zipformat import Finished
from repack.stopwatch import timed

DRAFT_SUFFIX = drafts.SUFFIX
_PIECE = 1 << 20
_FLUSH_EVERY = 16 << 20
_EARLIEST = Stamp(0x21, 0)  # 1980-01-01 00:00, for the entries that repack adds: the same input gives the same zip
_OURS_MADE_BY = 3 << 8 | 20
_OURS_ATTRIBUTES = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Written:
    """Where an entry lies in the draft, for the check."""

    name: EntryName
    place: ZipPlace
    header: bytes  # before its content
    line: bytes  # in the central directory
    carried: str | None = None  # SHA-256 of the bytes as they lie, where their content was hashed together with them
    sha256: str | None = None  # of the content, for entries of our own; the manifest knows that of all others
    pieces: tuple[tuple[int, int], ...] = ()  # length and CRC-32 of each, where its SHA-256 is of what was read back


class Draft:
    """A zip being written under a temporary name."""

    def __init__(self, claim: Claim, file: BinaryIO, target: Path, flusher: Executor) -> None:
        self.path, self.target = claim.path, target
        self._claim = claim
        self._file = file
        self._flusher, self._flushed, self._on_disk = flusher, 0, 0  # up to where it was begun, and up to where done
        self._flush: Future[None] | None = None
        self._written: dict[int, Written] = {}
        self._next_ours = 1 << 62
        self.comment = b""
        self._around = self._headers = 0  # bytes of images that are no frames, and of the zip that are no content

    def add(self, entry: Entry, content: Finished) -> Written:
        """Write an entry's bytes; its place in the directory is that of the original."""
        return self._add(entry.index, entry.name, entry.stamp, content, entry.attributes, entry.made_by)

    def grow(self, entry: Entry, reserved: int) -> Growing:
        """Begin an entry that comes in pieces; its first `reserved` bytes are given at its end. Then `add` it."""
        return Growing(self._file, (self.path, self.target.name), entry, reserved, self._begin_flush)

    def add_ours(self, name: str, data: bytes) -> None:
        """Write an entry of our own, behind all others."""
        self._add_ours(name, deflate.pack(data), hashlib.sha256(data).hexdigest())

    def add_our_text(self, name: str, pieces: Iterable[bytes]) -> None:
        """The same with a text that comes in pieces, because it may be long."""
        digest = hashlib.sha256()

        def hashed() -> Iterator[bytes]:
            for piece in pieces:
                digest.update(piece)
                yield piece

        packed = deflate.pack_text(hashed())
        self._add_ours(name, packed, digest.hexdigest())

    def _add_ours(self, name: str, packed: Packed, sha256: str) -> None:
        self._next_ours += 1
        raw = EntryName(name.encode("ascii"), is_utf8=False)
        written = self._add(self._next_ours, raw, _EARLIEST, packed, _OURS_ATTRIBUTES, _OURS_MADE_BY)
        self._written[self._next_ours] = replace(written, sha256=sha256)

    @timed("write")
    def _add(
        self,
        position: int,
        name: EntryName,
        stamp: Stamp,
        content: Finished,
        attributes: int,
        made_by: int,
    ) -> Written:
        header = zipformat.local_header(name, stamp, content)
        if isinstance(content, Placed):
            offset = content.offset
            self._flushed = min(self._flushed, offset)  # its header was written last
        else:
            offset = self._file.tell()
            self._file.write(header)
            for piece in _pieces_of(content):
                pagecache.write(self._file, piece)
        line = zipformat.central_header(name, stamp, content, offset, attributes, made_by)
        place = ZipPlace(self.path, offset, content.method, content.length, content.size, content.crc)
        self._around += content.around if isinstance(content, Packed | Placed) else 0
        self._headers += len(header) + len(line)
        carried = content.sha256 if isinstance(content, Raw) else None
        pieces = content.pieces if isinstance(content, Placed) else ()
        self._written[position] = Written(name, place, header, line, carried, pieces=pieces)
        self._begin_flush()
        return self._written[position]

    def _begin_flush(self) -> None:
        """Let the disk work while the images are encoded, so that nobody waits for all of it at the end.

        An error of an earlier flush is raised here or at the end: the system may tell it only once (fsync(2)).
        """
        end = self._file.tell()
        start = self._flushed = min(self._flushed, end)  # what was given up is not counted
        if end - start < _FLUSH_EVERY or (self._flush is not None and not self._flush.done()):
            return
        self._end_flush()
        self._file.flush()
        self._flushed = end
        self._flush = self._flusher.submit(pagecache.bring_to_disk, self._file.fileno(), end)

    def _end_flush(self) -> None:
        if self._flush is not None:
            self._flush.result()
            self._flush, self._on_disk = None, self._flushed

    def flush(self) -> None:
        """Bring all that is written so far to the disk."""
        self._end_flush()
        self._file.flush()
        end = self._file.tell()
        pagecache.bring_to_disk(self._file.fileno(), end)
        self._on_disk = self._flushed = end

    def on_disk(self) -> int:
        """So many bytes from the beginning are on the disk, and will not be written again."""
        if self._flush is not None and self._flush.done():
            self._end_flush()
        return min(self._on_disk, self._flushed)

    def read_back(self, index: int) -> bytes:
        """The content of an entry that was written, out of the draft itself. Raises EntryUnreadable."""
        self._file.flush()
        return self._written[index].place.read()

    def positions(self) -> tuple[int, ...]:
        """The positions of the entries written so far, in the order in which `finish` gives them."""
        return tuple(sorted(self._written))

    def own_files(self) -> Iterator[tuple[str, int, str]]:
        """Name, size and SHA-256 of the entries of our own that were written so far."""
        for position in sorted(self._written):
            written = self._written[position]
            if written.sha256 is not None:
                yield written.name.raw.decode("ascii"), written.place.size, written.sha256

    def overhead(self) -> tuple[int, int, int]:
        """Bytes so far: around the frames of images, in restore data, in headers and directory of the zip itself."""
        of_restore = (w.place.stored for w in self._written.values() if w.name.raw == RESTORE_NAME.encode("ascii"))
        return self._around, sum(of_restore), self._headers

    def directory_digest(self, comment: bytes = b"") -> str:
        """What the manifest says of the directory: the SHA-256 of every line so far, and of the zip's comment."""
        return structure.digest_directory((self._written[p].line for p in self.positions()), comment)

    @timed("flush")
    def finish(self, comment: bytes = b"") -> tuple[Written, ...]:
        """Write the directory and bring everything to the disk; the entries in their final order."""
        self.comment = comment
        start = self._file.tell()
        written = tuple(self._written[position] for position in sorted(self._written))
        for entry in written:
            self._file.write(entry.line)
        size = self._file.tell() - start
        self._file.write(zipformat.end_records(len(written), size, start, comment))
        self.flush()
        self._file.close()
        return written

    def publish(self, *, overwrite: bool) -> None:
        """Give the checked draft its name, in one step."""
        drafts.publish(self._claim, self.target, overwrite=overwrite)


@contextmanager
def drafting(target: Path, *, overwrite: bool, end_work: Callable[[], None] = lambda: None) -> Iterator[Draft]:
    """A draft beside the target; whatever happens, nothing of it stays unless it was published.

    Where an error ends the block, `end_work` is called first: Windows deletes no file that a worker is reading.
    Raises OutputUnwritable for what the system says of the draft, BundleUnreadable for what it says of another file.
    """

    def let_go() -> None:
        end_work()
        drafts.clear_stale(target)  # what could not be removed while it was read

    drafts.check_target(target, overwrite=overwrite)
    try:
        with (
            drafts.claimed(target) as claim,
            claim.path.open("r+b") as file,
            ThreadPoolExecutor(1) as flusher,
            drafts.ending_first(let_go),
        ):
            yield Draft(claim, file, target, flusher)
    except OSError as error:
        other = drafts.find_other(target, error)
        if other is not None:  # it was read when it failed, or should have been
            problem = error.strerror or type(error).__name__
            raise BundleUnreadable(other.name, problem, "check the medium, then run again") from error
        raise drafts.unwritable(target, error) from error


def _pieces_of(content: Packed | Raw | Streamed) -> Iterator[bytes | memoryview]:
    """The bytes that go into the archive, in pieces of bounded length."""
    match content:
        case Packed():
            yield content.data
        case Raw():
            yield from read_pieces(content)
        case Streamed():
            try:
                yield from deflate.pack_again(content)
            except EntryUnreadable as error:
                raise BundleUnreadable("the bundle", f"a large file in it: {error}", "run again") from error


def read_pieces(raw: Raw) -> Iterator[bytes]:
    """The bytes of a run in the source; trouble there is trouble with the bundle, not with the output."""
    try:
        with raw.file.open("rb") as source:
            source.seek(raw.offset)
            left = raw.length
            while left > 0:
                piece = source.read(min(left, _PIECE))
                if not piece:
                    raise BundleUnreadable(raw.file.name, "it became shorter while it was read", "run again")
                left -= len(piece)
                yield piece
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise BundleUnreadable(raw.file.name, problem, "check the medium, then run again") from error


def digest_raw(raw: Raw) -> str:
    """SHA-256 of a run of bytes as it lies in its file, compressed or damaged as it may be."""
    digest = hashlib.sha256()
    for piece in read_pieces(raw):
        digest.update(piece)
    return digest.hexdigest()
