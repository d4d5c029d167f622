"""What becomes of one large image, told from some of its frames: in bounded memory, and in the time that these take.

In a run all workers share such an image (`piecewise`). What lies around its frames is made here as it is made there.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from repack import deflate, outcomes
from repack.dicom import pieces
from repack.dicom.image import NotDone
from repack.dicom.order import make_order
from repack.dicom.pieces import Begun, Encoded, TooNarrow
from repack.model import (
    STORED,
    Action,
    Content,
    EntryUnreadable,
    Lost,
    Outcome,
    Place,
    Placed,
    Proof,
    Transcoded,
)
from repack.outcomes import Task
from repack.planning import sampling
from repack.planning.sampling import Extrapolated, Item

_FRAMES, _SEED = 16, 0  # frames to try of an image, about
_LONGEST_HEAD, _LONGEST_TAIL = 16 << 20, 1 << 20


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of an entry, and by how many bytes its length may be off."""

    outcome: Outcome | Lost
    error: int = 0


@dataclass(slots=True)
class _Tried:
    """The frames that were encoded: bytes of each, by number, and what a zip alone would make of all of them."""

    lengths: dict[int, int] = field(default_factory=dict)
    deflated: int = 0
    may_show_otherwise: bool = False


def work(tasks: tuple[Task, ...]) -> tuple[Told, ...]:
    """What becomes of large images, in their order. Runs in worker processes."""
    return tuple(_tell(task) for task in tasks)


def _tell(task: Task) -> Told:
    try:
        told = _sample(task, task.place) if task.place is not None else None
    except EntryUnreadable as error:
        return Told(outcomes.keep_damaged(task, str(error)))
    if isinstance(told, Told):
        return told
    if told is not None:
        task = replace(task, action=Action.COPY, reason=told.reason)
    (outcome,) = outcomes.work((task,))
    return Told(outcome)


def _sample(task: Task, place: Place) -> Told | NotDone | None:
    """Why an image is kept; None: it has to be looked at as a whole. Raises EntryUnreadable."""
    begun = pieces.begin(place.read_start(min(task.size, _LONGEST_HEAD)), task.size, make_order(task.wishes))
    if not isinstance(begun, Begun):
        return begun
    blocks = sampling.draw([Item(n, (), begun.image.layout.size) for n in range(begun.image.frames)], _FRAMES, _SEED)
    chosen = [item.number for block in blocks for item in block.drawn]
    for precision in begun.precisions:
        tried = _encode(place, begun, precision, chosen)
        if isinstance(tried, _Tried):
            return _conclude(task, place, begun, precision, tried, sampling.extrapolate(blocks, tried.lengths))
        if isinstance(tried, NotDone):
            return tried
    return None


def _encode(place: Place, begun: Begun, precision: int, chosen: Sequence[int]) -> _Tried | TooNarrow | NotDone:
    shape, tried = begun.image, _Tried()
    cells = replace(shape.cells, layout=replace(shape.layout, precision=precision))
    for number, frame in _read_frames(place, begun, sorted(chosen)):
        encoded = pieces.encode(frame, cells, begun.codec, is_planar=shape.is_planar)
        if not isinstance(encoded, Encoded):
            return encoded
        tried.lengths[number] = len(encoded.fragments)
        tried.deflated += deflate.guess_deflated(frame)
        tried.may_show_otherwise |= encoded.may_show_otherwise
    return tried


def _read_frames(place: Place, begun: Begun, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Some frames, in their order, as the file streams by; it is read no further than needed."""
    size = begun.image.layout.size
    starts = [len(begun.head) + number * size for number in numbers]
    waiting, at, done = bytearray(), 0, 0
    for chunk in place.chunks():
        waiting += chunk
        while done < len(starts) and starts[done] + size <= at + len(waiting):
            begin = starts[done] - at
            yield numbers[done], bytes(waiting[begin : begin + size])
            done += 1
        if done == len(starts):
            return
        passed = min(len(waiting), max(0, starts[done] - at))
        del waiting[:passed]
        at += passed
    raise EntryUnreadable("it became shorter while it was read")


def _conclude(
    task: Task, place: Place, begun: Begun, precision: int, tried: _Tried, found: Extrapolated
) -> Told | NotDone | None:
    """From the frames to the file, and whether that pays."""
    around = pieces.surround(begun, b"", (0,) * begun.image.frames)
    if isinstance(around, NotDone):
        return around
    tail = task.size - len(begun.head) - begun.words
    if tail > _LONGEST_TAIL:
        return None
    padding = begun.image.behind - len(begun.head)
    beside = len(around.before) + len(around.behind) + tail - padding
    size = beside + sum(found.sizes.values())
    raw = place.raw()
    if size >= (raw.length if raw else task.size):
        return NotDone(outcomes.explain_size(begun.codec.transfer_syntax))
    if outcomes.has_rival(raw) and not outcomes.is_clearly_smaller(sum(tried.lengths.values()), tried.deflated):
        return None
    outcome = Transcoded(
        task.index,
        f"{task.reason}; {pieces.describe(begun, precision)}",
        Content(task.size, task.stored, _make_hash("before", task), task.transfer_syntax),
        Content(size, size, _make_hash("after", task), begun.codec.transfer_syntax),
        Placed(0, STORED, 0, size, size, beside),
        Proof.EXACT,
        replace(around.restorable, tail=bytes(tail)),
        pieces.notes(may_show_otherwise=tried.may_show_otherwise),
    )
    return Told(outcome, found.error)


def _make_hash(which: str, task: Task) -> str:
    """A SHA-256 that stands for one that nobody computed."""
    return hashlib.sha256(f"{which} {task.index}".encode()).hexdigest()
