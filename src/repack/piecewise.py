"""One large image, all workers: its frames go to them in lots, and their streams into the draft, in bounded memory.

The file is unpacked once, in order, into a spool beside the draft that is as long as the lots under way: a lot's room
is used again when its streams have come back. (Through the workers' pipes such lots would wait for the codec's lock.)
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from repack import deflate, outcomes
from repack.dicom import header, part10, pieces
from repack.dicom.image import Cells, NotDone
from repack.dicom.order import make_order
from repack.dicom.pieces import Around, Begun, Encoded, TooNarrow
from repack.model import (
    Action,
    Content,
    Entry,
    EntryUnreadable,
    Lost,
    Outcome,
    Place,
    Planned,
    Proof,
    Transcoded,
    Wishes,
)
from repack.outcomes import Task
from repack.output import drafts
from repack.output.archive import Draft
from repack.output.growing import Growing, Grown
from repack.processes.workers import Crashed, Pool, give_time

_LARGE = 32 << 20  # bytes above which an image of several frames is shared out
_LOT = 4 << 20  # bytes of frames that one worker takes at a time; at least one frame
_LONGEST_HEAD = _LONGEST_TAIL = 64 << 20
_FIRST_LOOK = 64 << 10
_SAMPLED = 8  # of so many lots one is deflated, to see what a zip alone would make of the image


@dataclass(frozen=True, slots=True)
class Lot:
    """Some frames in the spool, and how to encode them."""

    spool: Path
    offset: int
    length: int
    cells: Cells
    wishes: Wishes
    is_planar: bool
    is_sampled: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """An encoded lot, and the CRC-32 of the words that it was made of and checked against, and of its fragments.

    `deflated` is about what a zip alone would make of it, where that was asked.
    """

    encoded: Encoded
    words_crc: int
    crc: int
    deflated: int


def is_for_pieces(line: Planned) -> bool:
    """Is an image large enough, and stored so, that all workers should share it?"""
    dicom = line.facts.dicom
    return (
        line.decision.action is Action.TRANSCODE
        and line.entry.size >= _LARGE
        and dicom is not None
        and dicom.frames > 1
        and dicom.transfer_syntax in pieces.NATIVE
    )


def _allow(lot: Lot) -> float:
    return give_time(lot.length)


def encode_lot(lot: Lot) -> Looked | TooNarrow | NotDone:
    """Encode the frames of a lot and decode them again. Pure, for worker processes."""
    with lot.spool.open("rb") as file:
        file.seek(lot.offset)
        data = file.read(lot.length)
    (codec,) = make_order(lot.wishes).candidates
    encoded = pieces.encode(data, lot.cells, codec, is_planar=lot.is_planar)
    if not isinstance(encoded, Encoded):
        return encoded
    deflated = deflate.guess_deflated(data) if lot.is_sampled else 0
    return Looked(encoded, deflate.crc32(data), deflate.crc32(encoded.fragments), deflated)


def transcode(
    task: Task, entry: Entry, draft: Draft, pool: Pool, tell: Callable[[int], None]
) -> Outcome | Lost | NotDone | None:
    """Write a large image anew, into the draft, or say why it is kept; None: it has to be looked at as a whole.

    `tell` hears how many bytes of the original are done. Raises OSError where draft or spool cannot be written.
    """
    if task.action is not Action.TRANSCODE or task.place is None:
        return None
    try:
        begun = _begin(task, task.place)
        if begun is None or isinstance(begun, NotDone):
            return begun
        with drafts.claimed(draft.target) as spool, spool.path.open("r+b") as file:
            attempt = _Attempt(task, task.place, begun, pool, spool.path, file, tell)
            for precision in begun.precisions:
                result = attempt.make(draft, entry, precision)
                if not isinstance(result, TooNarrow):
                    return result
    except EntryUnreadable as error:
        return outcomes.keep_damaged(task, str(error))
    return None


def _begin(task: Task, place: Place) -> Begun | NotDone | None:
    """The head of the image, as long as it may be."""
    length = _FIRST_LOOK
    while True:
        start = place.read_start(min(length, task.size))
        try:
            top = header.read(start)
            needed, is_found = top.needed, top.pixel_data is not None
        except part10.CutShort as error:
            needed, is_found = error.needed, False
        except part10.Unparseable:
            return None
        if is_found or needed <= len(start) or len(start) >= min(task.size, _LONGEST_HEAD):
            return pieces.begin(start, task.size, make_order(task.wishes))
        length = min(max(needed + _FIRST_LOOK, 2 * length), _LONGEST_HEAD)


@dataclass(slots=True)
class _Stream:
    """The original as it streams by, in runs of a given length; its SHA-256, and what follows its frames."""

    chunks: Iterator[bytes]
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    waiting: memoryview = field(default_factory=lambda: memoryview(b""))
    tail: bytes | None = None  # None too where it is too long to be held

    def take(self, length: int) -> Iterator[memoryview]:
        """The next bytes. Raises EntryUnreadable."""
        while length:
            if not self.waiting:
                self.waiting = memoryview(self._next())
            piece = self.waiting[:length]
            self.waiting = self.waiting[len(piece) :]
            length -= len(piece)
            yield piece

    def _next(self) -> bytes:
        for chunk in self.chunks:
            if chunk:
                self.sha256.update(chunk)
                return chunk
        raise EntryUnreadable("it became shorter while it was read")

    def take_tail(self) -> None:
        """Read to the end, where the checksum is looked at."""
        found = [bytes(self.waiting)]
        for chunk in self.chunks:
            self.sha256.update(chunk)
            if sum(map(len, found)) <= _LONGEST_TAIL:
                found.append(chunk)
        tail = b"".join(found)
        self.tail = tail if len(tail) <= _LONGEST_TAIL else None


@dataclass(slots=True)
class _Made:
    """What has come back from the workers so far."""

    lengths: list[int] = field(default_factory=list)
    may_show_otherwise: bool = False
    sampled: int = 0  # bytes of the lots of which `deflated` tells what a zip alone makes
    deflated: int = 0

    def add(self, looked: Looked) -> bytes:
        """Note the next lot; its fragments."""
        encoded = looked.encoded
        self.lengths += encoded.lengths
        self.may_show_otherwise |= encoded.may_show_otherwise
        if looked.deflated:
            self.sampled += len(encoded.fragments)
            self.deflated += looked.deflated
        return encoded.fragments


@dataclass(frozen=True, slots=True)
class _Attempt:
    task: Task
    place: Place
    begun: Begun
    pool: Pool
    spool: Path
    file: BinaryIO
    tell: Callable[[int], None]

    def make(self, draft: Draft, entry: Entry, precision: int) -> Transcoded | NotDone | TooNarrow | None:
        """Encode all frames at a precision. Whatever does not succeed leaves the draft as it was."""
        room = pieces.surround(self.begun, b"", (0,) * self.begun.image.frames)
        if isinstance(room, NotDone):
            return room
        growing = draft.grow(entry, len(room.before))
        result: Transcoded | NotDone | TooNarrow | None = None
        try:
            result = self._fill(growing, precision)
        finally:
            if not isinstance(result, Transcoded):
                growing.give_up()
        return result

    def _fill(self, growing: Growing, precision: int) -> Transcoded | NotDone | TooNarrow | None:
        stream, made = _Stream(self.place.chunks()), _Made()
        raw = self.place.raw()
        has_rival = outcomes.has_rival(raw)
        crcs: deque[int] = deque()
        for done in self.pool.run(encode_lot, self._lots(stream, precision, crcs, has_rival=has_rival), _allow):
            if isinstance(done, Crashed):
                return NotDone(outcomes.explain_crash(is_memory=done.is_memory, is_late=done.is_late))
            if not isinstance(done, Looked):
                return done
            if done.words_crc != crcs.popleft():
                return NotDone("the proof failed: its words changed on their way to the codec")
            growing.write(made.add(done), done.crc)
            if growing.length >= (raw.length if raw else self.task.size):
                return NotDone(outcomes.explain_size(self.begun.codec.transfer_syntax))
            self.tell(self.begun.image.layout.size * len(made.lengths))
        is_smaller = not has_rival or outcomes.is_clearly_smaller(made.sampled, made.deflated)
        if stream.tail is None or not is_smaller:
            return None
        around = pieces.surround(self.begun, stream.tail, made.lengths)
        if isinstance(around, NotDone):
            return around
        grown = growing.finish(around.before, around.behind)
        return self._describe(stream, made, around, grown, precision)

    def _lots(self, stream: _Stream, precision: int, crcs: deque[int], *, has_rival: bool) -> Iterator[Lot]:
        """The lots in order; one is put into the spool when a worker will soon be free for it, its CRC-32 noted."""
        shape = self.begun.image
        cells = replace(shape.cells, layout=replace(shape.layout, precision=precision))
        if b"".join(stream.take(len(self.begun.head))) != self.begun.head:
            raise EntryUnreadable("it changed while it was being read")
        room = max(1, _LOT // shape.layout.size) * shape.layout.size
        rooms = 2 * self.pool.jobs + 2  # as many as are under way, and the one being filled
        for number, start in enumerate(range(0, self.begun.words, room)):
            length = min(room, self.begun.words - start)
            offset = number % rooms * room
            self.file.seek(offset)
            crc = 0
            for piece in stream.take(length):
                crc = deflate.crc32(piece, crc)
                self.file.write(piece)
            self.file.flush()
            crcs.append(crc)
            is_sampled = has_rival and number % _SAMPLED == 0
            yield Lot(self.spool, offset, length, cells, self.task.wishes, shape.is_planar, is_sampled)
        stream.take_tail()

    def _describe(self, stream: _Stream, made: _Made, around: Around, grown: Grown, precision: int) -> Transcoded:
        task, placed = self.task, grown.placed
        return Transcoded(
            task.index,
            f"{task.reason}; {pieces.describe(self.begun, precision)}",
            Content(task.size, task.stored, stream.sha256.hexdigest(), task.transfer_syntax),
            Content(placed.size, placed.length, grown.sha256, self.begun.codec.transfer_syntax),
            placed,
            Proof.EXACT,
            around.restorable,
            pieces.notes(may_show_otherwise=made.may_show_otherwise),
        )
