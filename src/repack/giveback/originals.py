"""The original content of one entry, from what the zip holds of it and its restore record; checked, never assumed.

Runs in worker processes. What does not come back is a value (`Unlike`), so that it costs one entry and not the run.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from repack.codecs.frames import CodecFailed
from repack.dicom import part10, written
from repack.dicom.image import NotDone
from repack.dicom.syntaxes import EXPLICIT_LE
from repack.dicom.transcode import expand, invert_in_pieces
from repack.model import EntryUnreadable, Place, Proof, Restorable
from repack.record.manifest import EntryRecord

CHANGED = "is not what the manifest says"
GIVES_ANOTHER = "does not give back the original file"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a finished zip: its line of the manifest, where it lies, and what restores it."""

    number: int
    line: EntryRecord
    place: Place
    restorable: Restorable | None = None


@dataclass(frozen=True, slots=True)
class Unlike:
    """The content is not what it should be, or could not be put where it should go (`is_of_target`)."""

    problem: str
    is_of_target: bool = False


def rebuild_to(item: Item, take: Callable[[bytes], object]) -> Unlike | None:
    """Hand over what restore gives for an entry that was rewritten, in pieces; they are right where None comes back.

    `exact` and the SHA-256 of the original are one; `samples` gives native Explicit VR Little Endian, `bounded` the
    file as it is. What `take` raises comes out.
    """
    sha256 = hashlib.sha256()
    try:
        pieces = _rebuild(item)
        if isinstance(pieces, Unlike):
            return pieces
        for piece in pieces:
            sha256.update(piece)
            take(piece)
    except EntryUnreadable as error:
        return Unlike(f"cannot be read: {error}")
    except (CodecFailed, part10.Unparseable, ValueError) as error:
        return Unlike(f"cannot be decoded ({error})")
    is_wrong = item.line.proof is Proof.EXACT and sha256.hexdigest() != item.line.before.sha256
    return Unlike(GIVES_ANOTHER) if is_wrong else None


def _rebuild(item: Item) -> Iterable[bytes] | Unlike:
    data = item.place.read()
    if item.line.proof is Proof.SAMPLES:
        native = _expand(item, data)
        return native if isinstance(native, Unlike) else (native,)
    if item.line.proof is not Proof.EXACT:
        return (data,)
    return Unlike("has no restore data") if item.restorable is None else invert_in_pieces(data, item.restorable)


def rebuild(item: Item) -> bytes | Unlike:
    """As `rebuild_to`, in one piece."""
    pieces: list[bytes] = []
    return rebuild_to(item, pieces.append) or b"".join(pieces)


def _expand(item: Item, data: bytes) -> bytes | Unlike:
    if item.line.after is None or digest(data) != item.line.after.sha256:
        return Unlike(CHANGED)
    if item.line.after.transfer_syntax == EXPLICIT_LE:
        return data
    native = expand(data)
    return Unlike(f"cannot be decoded ({native.reason})") if isinstance(native, NotDone) else native.data


def has_same_samples(one: bytes, other: bytes) -> bool:
    """Do two files hold the same stored words, however they are compressed?"""
    try:
        (shape, frames), (other_shape, other_frames) = (written.read(_native(data)) for data in (one, other))
        return shape == other_shape and all(a == b for a, b in zip(frames, other_frames, strict=True))
    except (CodecFailed, part10.Unparseable, ValueError):
        return False


def _native(data: bytes) -> bytes:
    native = expand(data)
    return data if isinstance(native, NotDone) else native.data  # not done: it is native already


def check_content(item: Item) -> Unlike | None:
    """Compare an entry with what the manifest says of it now: size, CRC and SHA-256."""
    line = item.line
    sha256, size = hashlib.sha256(), 0
    try:
        for chunk in item.place.chunks():
            sha256.update(chunk)
            size += len(chunk)
    except EntryUnreadable as error:
        return Unlike(f"cannot be read: {error}")
    if line.after is None or (size, sha256.hexdigest()) != (line.after.size, line.after.sha256):
        return Unlike(CHANGED)
    return None


def digest(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
