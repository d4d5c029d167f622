"""Transcode one DICOM file, and the inverse, side by side: the proof of the one is the other.

Native images are proven by rehearsing the restore. Of images that were compressed already every stored word is
compared, and of near-lossless ones how far each word is from the original's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from repack.codecs.frames import Codec, CodecFailed, Decode, FrameLayout
from repack.dicom import (
    assemble,
    deflated,
    explicit,
    image,
    lossy_attributes,
    part10,
    samples,
    source,
    syntaxes,
    written,
)
from repack.dicom.assemble import Parts
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.source import Source
from repack.model import Proof, Restorable
from repack.stopwatch import timed

_LONGEST_STREAM = 0xFFFF_FFFE
MAY_SHOW_OTHERWISE = (
    "its words use bits outside Bits Stored: nothing of them is lost, but some programs show such images otherwise "
    "once they are compressed, so compare before you delete the original"
)

_OLD_NAME = (
    "under a new SOP Instance UID, as the standard wants it: reports, key objects and presentation states that name "
    "the old one do not find it any more"
)
#: Decoders give the words of a narrow stream without the bits of the sign above them, which a wide one would state.
_SHORT_SIGN = "its samples are signed and shorter than their words: compressed anew, programs would show other values"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new file in parts, each with "is worth deflating", and what turns it back into the original.

    `restorable` is None where the bytes of the original do not come back; `sop_instance` is the new SOP Instance UID
    of a near-lossless image.
    """

    parts: Parts
    transfer_syntax: str
    restorable: Restorable | None
    proof: Proof
    reason: str
    notes: tuple[str, ...] = ()
    sop_instance: str = ""

    @property
    def data(self) -> bytes:
        """The new file in one piece."""
        return b"".join(part for part, _worth in self.parts)


@timed("parse")
def transcode(original: bytes, order: Order | Codec) -> Rewritten | NotDone:
    """Write the frames of a DICOM file anew, with the codec that makes the smallest result, and prove it (promise 3).

    Without any codec they become native Explicit VR Little Endian.
    """
    order = Order((order,)) if isinstance(order, Codec) else order
    try:
        found = source.read(original, order)
        if isinstance(found, NotDone):
            return found
        return _compress(found, order) if order.candidates else _store(found)
    except (CodecFailed, explicit.NotConvertible) as error:
        return NotDone(str(error))
    except part10.Unparseable as error:
        return NotDone(f"its header cannot be converted ({error})")


def expand(data: bytes) -> Rewritten | NotDone:
    """A file that is compressed without loss, by us or by others, as native Explicit VR Little Endian."""
    return transcode(data, Order((), is_named=True))


# --- compressed frames ---


class _Encoded(NamedTuple):
    codec: Codec
    layout: FrameLayout
    streams: list[bytes]

    @property
    def length(self) -> int:
        return sum(map(len, self.streams))


def _compress(found: Source, order: Order) -> Rewritten | NotDone:
    cells = found.image.cells
    if found.restorable is None and cells.is_signed and samples.may_show_otherwise(cells, found.words):
        return NotDone(_SHORT_SIGN)
    best = _encode_smallest(found, order)
    codec = best.codec
    changes, sop_instance = lossy_attributes.describe(found.image, codec, best.length) if codec.max_error else ({}, "")
    around = assemble.surround(found.data, found.image, codec.transfer_syntax, changes)
    if codec.max_error:
        around = replace(around, data_set=lossy_attributes.derive_frames(around.data_set))
    if found.image.header.number(image.PLANAR_CONFIGURATION) == 1:
        around = assemble.clear_planes(around)
    rewritten = Rewritten(
        parts=assemble.put_streams(around, best.streams, order.largest_offset),
        transfer_syntax=codec.transfer_syntax,
        restorable=None if codec.max_error else found.restorable,
        proof=_aim(found, codec.max_error),
        reason=_describe(found, best, order),
        notes=(*_notes(found, best.layout), *((_OLD_NAME,) if codec.max_error else ())),
        sop_instance=sop_instance,
    )
    return _prove(found, rewritten, codec.decode, codec.max_error)


def _encode_smallest(found: Source, order: Order) -> _Encoded:
    """What the best candidate makes of the frames. Raises CodecFailed where none can."""
    layouts = {False: found.image.layout}
    best: _Encoded | None = None
    failure = CodecFailed("no codec takes it")
    for codec in order.candidates:
        if codec.has_free_precision and True not in layouts:
            narrow = samples.choose_precision(found.image.cells, found.words)
            layouts[True] = replace(found.image.layout, precision=narrow)
        try:
            made = _encode(found, codec, layouts[codec.has_free_precision])
        except CodecFailed as error:
            failure = error
            continue
        if best is None or made.length < best.length:
            best = made
    if best is None:
        raise failure
    return best


@timed("encode")
def _encode(found: Source, codec: Codec, layout: FrameLayout) -> _Encoded:
    """One stream a frame, of even length (PS3.5 A.4: one fragment each; zero bytes may follow the end marker)."""
    refusal = codec.refuse(layout)
    if codec.max_error and not refusal:
        refusal = lossy_attributes.refuse(found.image, found.words, layout.precision)
    if refusal:
        raise CodecFailed(refusal)
    streams = []
    for frame in found.frames():
        stream = codec.encode(frame, layout)
        streams.append(stream + b"\0" if len(stream) % 2 else stream)
    if max(map(len, streams)) > _LONGEST_STREAM:
        raise CodecFailed("a frame is larger than 4 GiB even when compressed")
    return _Encoded(codec, layout, streams)


def _aim(found: Source, max_error: int) -> Proof:
    if max_error:
        return Proof.BOUNDED
    return Proof.SAMPLES if found.restorable is None else Proof.EXACT


def _notes(found: Source, layout: FrameLayout) -> tuple[str, ...]:
    is_narrow = layout.precision == found.image.bits_stored  # then the words were looked at already
    if is_narrow or not samples.may_show_otherwise(found.image.cells, found.words):
        return found.notes
    return (*found.notes, MAY_SHOW_OTHERWISE)


def _describe(found: Source, made: _Encoded, order: Order) -> str:
    frames = f"{found.image.frames} frames" if found.image.frames > 1 else "1 frame"
    if made.codec.max_error:
        return (
            f"{frames} encoded with an error of at most {made.codec.max_error}; no sample differs by more; "
            "the original samples are gone, and the image has a new SOP Instance UID"
        )
    name = f" as {made.codec.name}, the smallest," if len(order.candidates) > 1 else ""
    return describe_lossless(f"{frames} encoded{name}", made.layout.precision, is_exact=found.restorable is not None)


def describe_lossless(what: str, precision: int, *, is_exact: bool) -> str:
    """What was done, and how it was proven, in words for people."""
    proof = "restore rehearsed" if is_exact else "every sample compared"
    return f"{what} without loss at {precision} bits per sample; {proof}"


# --- native words ---


def _store(found: Source) -> Rewritten | NotDone:
    """The frames as native words: by plane where the file says so and its words lie so."""
    shape = found.image
    around = assemble.surround(found.data, shape, syntaxes.EXPLICIT_LE, {})
    if not shape.is_planar and shape.header.number(image.PLANAR_CONFIGURATION) == 1:
        around = assemble.clear_planes(around)
    frames = found.frames()
    words = b"".join(samples.by_plane(frame, shape.layout) for frame in frames) if shape.is_planar else b"".join(frames)
    parts = assemble.put_words(around, words, shape.layout.width)
    if parts is None:
        return NotDone("its image is larger than 4 GiB without compression")
    count = f"{shape.frames} frames" if shape.frames > 1 else "1 frame"
    proof = "every sample compared" if found.restorable is None else "restore rehearsed"
    rewritten = Rewritten(
        parts=parts,
        transfer_syntax=syntaxes.EXPLICIT_LE,
        restorable=found.restorable,
        proof=_aim(found, 0),
        reason=f"{count} stored without compression; {proof}",
        notes=found.notes,
    )
    return _prove(found, rewritten, None, 0)


# --- the proof, and the way back ---


@timed("check")
def _prove(found: Source, rewritten: Rewritten, decode: Decode | None, max_error: int) -> Rewritten | NotDone:
    new = rewritten.data
    if rewritten.restorable is not None:
        parts = _invert_parts(new, replace(rewritten.restorable, deflating=None), decode)
        if not _is_joined_from(found.data, parts):
            return NotDone("the proof failed: decoding did not give back the same bytes")
        return rewritten
    layout = found.image.layout
    for was, now in zip(found.frames(), written.read(new, decode)[1], strict=True):
        if was != now and (not max_error or samples.largest_difference(was, now, layout) > max_error):
            return NotDone("the proof failed: decoding did not give back the same samples")
    return rewritten


def invert(new: bytes, restorable: Restorable) -> bytes:
    """The original file, from a transcoded one and what was kept of the original.

    Raises CodecFailed and Unparseable where the new file is not what transcode made.
    """
    return b"".join(invert_in_pieces(new, restorable))


def invert_in_pieces(new: bytes, restorable: Restorable) -> Iterator[bytes]:
    """As `invert`, frame by frame, so that a large original is never held as a whole."""
    if restorable.deflating is None:
        yield from _invert_parts(new, restorable, None)
    else:
        whole = b"".join(_invert_parts(new, restorable, None))
        yield deflated.deflate(whole, restorable.deflating)


def _is_joined_from(whole: bytes, parts: Iterable[bytes]) -> bool:
    """Is `whole` what the parts make together? Compared in place: a slice of an image is large."""
    at = 0
    for part in parts:
        if not whole.startswith(part, at):
            return False
        at += len(part)
    return at == len(whole)


def _invert_parts(new: bytes, restorable: Restorable, decode: Decode | None) -> Iterator[bytes]:
    yield restorable.head
    if not restorable.has_frames:
        return
    layout, frames = written.read(new, decode)
    for number, pixels in enumerate(frames):
        frame = samples.by_plane(pixels, layout) if restorable.is_planar else pixels
        if number and restorable.gap:
            yield restorable.gap
        yield samples.swap(frame) if restorable.is_swapped else frame
    yield restorable.tail
