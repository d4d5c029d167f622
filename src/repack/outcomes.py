"""What is done to one entry: a task in, an outcome out. Runs in worker processes and never raises for a bad entry."""

import hashlib
from dataclasses import dataclass, replace

from repack import deflate, squeeze
from repack.bundles import digests
from repack.codecs.frames import FrameLayout
from repack.dicom import syntaxes
from repack.dicom.image import NotDone
from repack.dicom.order import make_order
from repack.dicom.transcode import Rewritten, transcode
from repack.model import (
    STORED,
    Action,
    Content,
    Digest,
    Dropped,
    EntryUnreadable,
    KeptAsIs,
    Lost,
    Outcome,
    Packed,
    Place,
    Planned,
    Proof,
    Raw,
    Transcoded,
    Wishes,
)
from repack.stopwatch import timed

_LARGE = 64 << 20  # bytes above which a kept file is streamed: faster and in bounded memory, but packed a little worse
_LARGEST_IMAGE = 2 << 30  # bytes; rewriting takes some times that much memory
_CLEARLY_SMALLER = 0.85  # of a quick deflate
_SHARE_OF_COMPRESSED = 0.95  # an image that was compressed already loses its restorable bytes: that has to pay


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know of one entry; small, because it is sent to another process."""

    index: int
    place: Place | None
    size: int
    stored: int
    action: Action
    reason: str
    wishes: Wishes
    transfer_syntax: str | None
    is_dicom: bool
    digest: Digest | None = None  # where it is known already


def make_task(line: Planned, wishes: Wishes) -> Task:
    """The task that carries out one line of a plan."""
    entry, dicom = line.entry, line.facts.dicom
    return Task(
        index=entry.index,
        place=entry.place,
        size=entry.size,
        stored=entry.stored,
        action=line.decision.action,
        reason=line.decision.reason,
        wishes=wishes,  # one object for all tasks of a lot: it travels once
        transfer_syntax=dicom.transfer_syntax if dicom else None,
        is_dicom=dicom is not None,
        digest=line.facts.digest,
    )


def get_ready(_nothing: None, wishes: Wishes) -> None:
    """Load the libraries of the chosen codecs, which takes longer than a slice: one tiny frame goes there and back."""
    layout = FrameLayout(rows=32, columns=32, samples=1, width=2, precision=16)
    for codec in make_order(wishes).candidates:
        codec.decode(codec.encode(bytes(layout.size), layout), layout)


def work(tasks: tuple[Task, ...]) -> tuple[Outcome | Lost, ...]:
    """The outcomes of a lot of tasks, in their order."""
    return tuple(_work_one(task) for task in tasks)


def keep_after_crash(task: Task, *, is_memory: bool = False, is_late: bool = False) -> Outcome | Lost:
    """The outcome of a task that ended its worker, found too little memory or no end: carried over in small pieces.

    This runs in the main process, so nothing is decoded, and no content is held as a whole.
    """
    if task.action is Action.DROP:
        return _work_one(task)
    if task.action is Action.TRANSCODE:
        return keep(task, explain_crash(is_memory=is_memory, is_late=is_late))
    return keep(task, task.reason)


def explain_crash(*, is_memory: bool, is_late: bool = False) -> str:
    """Why an image is kept that no worker could deal with."""
    crash = "the codec came to no end with it" if is_late else "the codec crashed on it"
    why = "there was too little memory to compress it" if is_memory else crash
    return f"{why}, so it is kept as it is"


def explain_size(transfer_syntax: str, less: str = "less room") -> str:
    """Why an image is kept although it could be written anew."""
    return f"as {syntaxes.find(transfer_syntax).name} it would not take {less} in a zip"


def keep(task: Task, reason: str) -> Outcome | Lost:
    """The outcome of an entry that is carried over for this reason; its content is never held as a whole."""
    task = replace(task, action=Action.COPY, reason=reason)
    try:
        return _copy_in_pieces(task)
    except EntryUnreadable as error:
        return keep_damaged(task, str(error))


def _work_one(task: Task) -> Outcome | Lost:
    try:
        return _ACTIONS[task.action](task)
    except EntryUnreadable as error:
        return keep_damaged(task, str(error))
    except MemoryError:  # the same again alone, and then without decoding: `workers`, `keep_after_crash`
        raise
    except Exception as error:  # the one boundary: a fault of ours must not cost the patient an image
        if task.action is not Action.TRANSCODE:
            raise
        fault = f"a fault in repack ({type(error).__name__}); please report it"
        return _work_one(replace(task, action=Action.COPY, reason=fault))


def _drop(task: Task) -> Outcome:
    if task.place is None:
        return Dropped(task.index, task.reason, Content(task.size, task.stored, None))
    try:
        sha256 = task.digest.content if task.digest else _digest(task.place)
    except EntryUnreadable as error:
        return Dropped(task.index, f"{task.reason} (damaged: {error})", _before(task, None))
    return Dropped(task.index, task.reason, _before(task, sha256))


def _copy(task: Task) -> Outcome:
    if task.place is None:  # a folder record
        return KeptAsIs(task.index, task.reason, Content(0, 0, None), Packed(b"", STORED, 0, 0))
    raw = task.place.raw()
    if task.wishes.squeeze:
        return _squeeze(task, task.place, raw)
    if raw is not None and (raw.method != STORED or not task.is_dicom):
        return _carry(task, raw)
    if task.size > _LARGE:
        return _copy_large(task, task.place)
    data = task.place.read()
    return KeptAsIs(task.index, task.reason, _before(task, digests.sha256(data)), _carry_over(data, raw))


def _squeeze(task: Task, place: Place, raw: Raw | None) -> Outcome:
    """The content deflated as small as it gets, or just as it lies where that is no larger."""
    if task.size > _LARGE:
        unsqueezed = replace(task.wishes, squeeze=False)
        return _copy(replace(task, wishes=unsqueezed, reason=f"{task.reason}; too large to be deflated anew in memory"))
    data = place.read()
    content = _carry_over(data, raw, squeezes=True)
    reason = task.reason if raw is None or content is raw else f"{task.reason}; deflated anew"
    return KeptAsIs(task.index, reason, _before(task, digests.sha256(data)), content)


def _copy_in_pieces(task: Task) -> Outcome:
    if task.place is None:
        return _copy(task)
    raw = task.place.raw()
    return _copy_large(task, task.place) if raw is None else _carry(task, raw)


def _carry(task: Task, raw: Raw) -> Outcome:
    """The bytes as they lie, once what they hold is known to be sound."""
    found = task.digest or digests.digest(raw)
    return KeptAsIs(task.index, task.reason, _before(task, found.content), replace(raw, sha256=found.carried))


def _copy_large(task: Task, place: Place) -> Outcome:
    """A large file without compressed bytes of its own is never held in memory as a whole."""
    sha256 = hashlib.sha256()
    streamed = deflate.pack_streamed(place, sha256.update)
    return KeptAsIs(task.index, task.reason, _before(task, sha256.hexdigest()), streamed)


def _carry_over(data: bytes, raw: Raw | None, *, squeezes: bool = False) -> Packed | Raw:
    """The original content as it goes into the new zip: its own compressed bytes, or packed where it has none."""
    if squeezes:
        return squeeze.or_else(data, raw or deflate.pack(data))
    if raw is not None and raw.method != STORED:
        return raw
    packed = deflate.pack(data, raw.crc if raw else None)
    return packed if raw is None or packed.length < raw.length else raw


def _transcode(task: Task) -> Outcome:
    if task.place is None:
        return _copy(task)
    if task.size > _LARGEST_IMAGE:
        return _copy(replace(task, reason="it is too large to be rewritten in memory, so it is kept as it is"))
    raw = task.place.raw()
    data = task.place.read()
    before = _before(task, digests.sha256(data))
    order = make_order(task.wishes)
    result = transcode(data, order)
    if isinstance(result, NotDone):
        return KeptAsIs(task.index, result.reason, before, _carry_over(data, raw, squeezes=task.wishes.squeeze))
    packed = deflate.pack_around(result.parts)
    share = _SHARE_OF_COMPRESSED if result.proof is Proof.SAMPLES else 1.0
    if order.candidates and not _is_surely_smaller(packed, data, raw, share):
        kept = _carry_over(data, raw, squeezes=task.wishes.squeeze)
        if packed.length >= kept.length * share:
            less = "at least 5 % less room" if share < 1 else "less room"
            return KeptAsIs(task.index, explain_size(result.transfer_syntax, less), before, kept)
    return _transcoded(task, before, packed, result)


def _is_surely_smaller(packed: Packed, data: bytes, raw: Raw | None, share: float) -> bool:
    if raw is not None and not has_rival(raw):
        return packed.length < raw.length * share
    return is_clearly_smaller(packed.length, deflate.guess_deflated(data))


def has_rival(raw: Raw | None) -> bool:
    """Has nobody deflated the original yet, so that a zip alone might make as much of it?"""
    return raw is None or raw.method == STORED


def is_clearly_smaller(length: int, quick: int) -> bool:
    """Is it so much smaller than a quick deflate of the original that no better deflate catches up?"""
    return length < _CLEARLY_SMALLER * quick


@timed("hash")
def _transcoded(task: Task, before: Content, packed: Packed, result: Rewritten) -> Transcoded:
    sha256 = hashlib.sha256()
    for part, _worth in result.parts:
        sha256.update(part)
    after = Content(packed.size, packed.length, sha256.hexdigest(), result.transfer_syntax)
    return Transcoded(
        task.index,
        f"{task.reason}; {result.reason}",
        before,
        after,
        packed,
        result.proof,
        result.restorable,
        result.notes,
        result.sop_instance,
    )


_ACTIONS = {Action.DROP: _drop, Action.COPY: _copy, Action.TRANSCODE: _transcode}


def keep_damaged(task: Task, problem: str) -> Outcome | Lost:
    """A damaged entry is carried over exactly as broken as it is, where its bytes can be had (containers 1.4)."""
    try:
        raw = task.place.raw() if task.place else None
    except EntryUnreadable as error:
        return Lost(task.index, str(error))
    if raw is None:
        return Lost(task.index, problem)
    reason = f"damaged in the original ({problem}); carried over just as it is"
    return KeptAsIs(task.index, reason, _before(task, None), raw, is_damaged=True)


def _before(task: Task, sha256: str | None) -> Content:
    return Content(task.size, task.stored, sha256, task.transfer_syntax)


def _digest(place: Place) -> str:
    """SHA-256 of a content that may be larger than memory; the place checks its CRC on the way."""
    sha256 = hashlib.sha256()
    for chunk in place.chunks():
        sha256.update(chunk)
    return sha256.hexdigest()
