"""What is done to one entry: a task in, an outcome out. Runs in worker processes and never raises for a bad entry."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from repack import deflate
from repack.codecs.frames import FrameLayout
from repack.dicom import assemble, dicomdir, header, part10, subset, syntaxes
from repack.dicom.image import NotDone
from repack.dicom.order import make_order
from repack.dicom.transcode import Rewritten, transcode
from repack.model import (
    STORED,
    Action,
    Content,
    Dropped,
    Entry,
    EntryUnreadable,
    KeptAsIs,
    Lost,
    Outcome,
    Packed,
    Place,
    Planned,
    Proof,
    Raw,
    Restorable,
    Transcoded,
    Wishes,
)

_LARGE = 64 << 20  # bytes above which a kept file is streamed: faster and in bounded memory, but packed a little worse
_LARGEST_IMAGE = 2 << 30  # bytes; rewriting takes some times that much memory
_CLEARLY_SMALLER = 0.85  # below this share of a quick deflate no better deflate catches up
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
        wishes=Wishes(
            codec=wishes.codec,
            is_codec_named=wishes.is_codec_named,
            max_error=wishes.max_error,
            effort=wishes.effort,
            exact_only=wishes.exact_only,
        ),
        transfer_syntax=dicom.transfer_syntax if dicom else None,
        is_dicom=dicom is not None,
    )


def get_ready(_nothing: None, wishes: Wishes) -> None:
    """Load the libraries of the chosen codecs, which takes longer than a slice: one tiny frame goes there and back."""
    layout = FrameLayout(rows=32, columns=32, samples=1, width=2, precision=16)
    for codec in make_order(wishes).candidates:
        codec.decode(codec.encode(bytes(layout.size), layout), layout)


def work(tasks: tuple[Task, ...]) -> tuple[Outcome | Lost, ...]:
    """The outcomes of a lot of tasks, in their order."""
    return tuple(_work_one(task) for task in tasks)


def keep_after_crash(task: Task, *, is_memory: bool = False) -> Outcome | Lost:
    """The outcome of a task that ended its worker, or found too little memory: carried over in small pieces.

    This runs in the main process, so nothing is decoded, and no content is held as a whole.
    """
    if task.action is Action.DROP:
        return _work_one(task)
    if task.action is Action.TRANSCODE:
        why = "there was too little memory to compress it" if is_memory else "the codec crashed on it"
        task = replace(task, action=Action.COPY, reason=f"{why}, so it is kept as it is")
    try:
        return _copy_in_pieces(task)
    except EntryUnreadable as error:
        return _keep_damaged(task, str(error))


def _work_one(task: Task) -> Outcome | Lost:
    try:
        return _ACTIONS[task.action](task)
    except EntryUnreadable as error:
        return _keep_damaged(task, str(error))
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
        sha256 = _digest(task.place)
    except EntryUnreadable as error:
        return Dropped(task.index, f"{task.reason} (damaged: {error})", _before(task, None))
    return Dropped(task.index, task.reason, _before(task, sha256))


def _copy(task: Task) -> Outcome:
    if task.place is None:  # a folder record
        return KeptAsIs(task.index, task.reason, Content(0, 0, None), Packed(b"", STORED, 0, 0))
    raw = task.place.raw()
    if raw is not None and (raw.method != STORED or not task.is_dicom):
        sha256 = _digest(task.place)
        return KeptAsIs(task.index, task.reason, _before(task, sha256), raw)
    if task.size > _LARGE:
        return _copy_large(task, task.place)
    data = task.place.read()
    return KeptAsIs(task.index, task.reason, _before(task, hashlib.sha256(data).hexdigest()), _carry_over(data, raw))


def _copy_in_pieces(task: Task) -> Outcome:
    if task.place is None:
        return _copy(task)
    raw = task.place.raw()
    if raw is None:
        return _copy_large(task, task.place)
    return KeptAsIs(task.index, task.reason, _before(task, _digest(task.place)), raw)


def _copy_large(task: Task, place: Place) -> Outcome:
    """A large file without compressed bytes of its own is never held in memory as a whole."""
    sha256 = hashlib.sha256()
    streamed = deflate.pack_streamed(place, sha256.update)
    return KeptAsIs(task.index, task.reason, _before(task, sha256.hexdigest()), streamed)


def _carry_over(data: bytes, raw: Raw | None) -> Packed | Raw:
    """The original content as it goes into the new zip: its own compressed bytes, or packed where it has none."""
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
    before = _before(task, hashlib.sha256(data).hexdigest())
    order = make_order(task.wishes)
    result = transcode(data, order)
    if isinstance(result, NotDone):
        return KeptAsIs(task.index, result.reason, before, _carry_over(data, raw))
    packed = deflate.pack_around(result.parts)
    share = _SHARE_OF_COMPRESSED if result.proof is Proof.SAMPLES else 1.0
    if order.candidates and not _is_surely_smaller(packed, data, raw, share):
        kept = _carry_over(data, raw)
        if packed.length >= kept.length * share:
            name = syntaxes.find(result.transfer_syntax).name
            less = "at least 5 % less room" if share < 1 else "less room"
            return KeptAsIs(task.index, f"as {name} it would not take {less} in a zip", before, kept)
    return _transcoded(task, before, packed, result)


def _is_surely_smaller(packed: Packed, data: bytes, raw: Raw | None, share: float) -> bool:
    if raw is not None and raw.method != STORED:
        return packed.length < raw.length * share
    return packed.length < _CLEARLY_SMALLER * deflate.guess_deflated(data)


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


def _keep_damaged(task: Task, problem: str) -> Outcome | Lost:
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


def read_instance(place: Place) -> str:
    """The SOP Instance UID of an image. Raises EntryUnreadable."""
    try:
        return header.read(place.read()).ascii(assemble.SOP_INSTANCE_UID)
    except part10.Unparseable as error:
        raise EntryUnreadable("it is no DICOM file") from error


def find_undivided(entry: Entry) -> str:
    """Why the records of a DICOMDIR cannot be divided among parts; empty where they can."""
    try:
        directory = dicomdir.read_directory(entry.place.read() if entry.place else b"")
    except EntryUnreadable as error:
        return str(error)
    divided = directory if isinstance(directory, NotDone) else subset.keep_only(directory, ())
    return divided.reason if isinstance(divided, NotDone) else ""


def follow_images(
    entry: Entry,
    kept: KeptAsIs,
    syntaxes_by_file_id: Mapping[str, str],
    instances_by_file_id: Mapping[str, str] | None = None,
    left: Collection[str] | None = None,
) -> Transcoded | KeptAsIs:
    """The outcome of a DICOMDIR whose images were transcoded: patched, or kept with the reason why not.

    `left` are the file IDs that a part of the bundle still holds; None where it is whole.
    """
    if entry.place is None or not (syntaxes_by_file_id or left is not None) or kept.is_damaged:
        return kept
    try:
        original = entry.place.read()
    except EntryUnreadable:  # it could be read a moment ago; what was written down then still holds
        return kept
    directory = dicomdir.read_directory(original)
    if isinstance(directory, NotDone):
        return replace(kept, reason=f"{directory.reason}; the transfer syntaxes that it states are stale")
    if left is not None:
        directory = subset.keep_only(directory, left)
        if isinstance(directory, NotDone):
            return replace(kept, reason=f"{directory.reason}; it lists images of other studies, too")
    patched = dicomdir.patch(directory, syntaxes_by_file_id, instances_by_file_id)
    if isinstance(patched, NotDone):
        return replace(kept, reason=patched.reason)
    if patched.data == original:
        return kept
    packed = deflate.pack(patched.data)
    what = "transfer syntax and SOP Instance UID" if instances_by_file_id else "transfer syntax"
    follow = "follow" if instances_by_file_id else "follows"
    reason = f"the {what} of {patched.changed} records {follow} the images, and every record offset with it"
    after = Content(packed.size, packed.length, hashlib.sha256(patched.data).hexdigest(), kept.before.transfer_syntax)
    restorable = Restorable(original, has_frames=False)
    if left is not None:
        reason = f"the records of other studies are left out; {reason}"
    note = f"; {patched.note}" if patched.note else ""
    return Transcoded(entry.index, reason + note, kept.before, after, packed, Proof.EXACT, restorable)
