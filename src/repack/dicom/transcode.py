"""Transcode one DICOM file, and the inverse, side by side: the proof of the one is the other.

Everything outside the pixel value stays byte for byte, except what the standard ties to the encoding: the transfer
syntax and the length of the file meta group (PS3.10 7.1), (7FE0,0000), Planar Configuration of a colour-by-plane
image (PS3.5 8.2.3), and the element headers of an Implicit VR data set (PS3.5 A.4 wants Explicit VR).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from repack import codecs
from repack.codecs.frames import Codec, CodecFailed, FrameLayout
from repack.dicom import explicit, header, image, part10, samples
from repack.dicom.image import Image, NotDone
from repack.model import Proof, Restorable

_LARGEST_OFFSET = 0xFFFF_FFFE  # of a Basic Offset Table (PS3.5 A.4)
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_MAY_SHOW_OTHERWISE = (
    "its words use bits outside Bits Stored: nothing of them is lost, but some programs show such images otherwise "
    "once they are compressed, so compare before you delete the original"
)
_PIXEL_DATA_HEADER = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
_GROUP_LENGTH_HEADER = b"\xe0\x7f\0\0UL\4\0"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new file in parts, each with "is worth deflating", and what turns it back into the original."""

    parts: tuple[tuple[bytes, bool], ...]
    transfer_syntax: str
    restorable: Restorable
    proof: Proof
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """The new file in one piece."""
        return b"".join(part for part, _worth in self.parts)


def transcode(original: bytes, codec: Codec) -> Rewritten | NotDone:
    """Encode the native frames of a DICOM file anew, and prove it by rehearsing the restore (promise 3)."""
    found = image.read_image(original)
    if isinstance(found, NotDone):
        return found
    layout = found.layout
    if codec.has_free_precision:
        layout = replace(layout, precision=samples.choose_precision(found, original))
    try:
        streams = _encode_frames(original, found, layout, codec)
        if sum(len(stream) + 8 for stream in streams) > _LARGEST_OFFSET:
            return NotDone("its image is larger than 4 GiB even when compressed")
        data_set, tail = _rewrite_around(original, found)
        parts = _assemble(_rewrite_meta(original, found, codec.transfer_syntax), data_set, streams, tail)
        restorable = Restorable(
            head=original[: found.pixel_data.value],
            tail=original[found.frames_end :],
            is_planar=found.is_planar,
        )
        is_narrow = layout.precision == found.bits_stored  # then the words were looked at already
        notes = () if is_narrow or not samples.may_show_otherwise(found, original) else (_MAY_SHOW_OTHERWISE,)
        rewritten = Rewritten(parts, codec.transfer_syntax, restorable, Proof.EXACT, _describe(found, layout), notes)
        if not _is_joined_from(original, _invert_parts(rewritten.data, restorable)):
            return NotDone("the proof failed: decoding did not give back the same bytes")
    except (CodecFailed, explicit.NotConvertible) as error:
        return NotDone(str(error))
    except part10.Unparseable as error:
        return NotDone(f"its header cannot be converted ({error})")
    return rewritten


def invert(new: bytes, restorable: Restorable) -> bytes:
    """The original file, from a transcoded one and what was kept of the original.

    Raises CodecFailed and Unparseable where the new file is not what transcode made.
    """
    return b"".join(_invert_parts(new, restorable))


def _is_joined_from(whole: bytes, parts: Iterable[bytes]) -> bool:
    """Is `whole` what the parts make together? Compared in place: a slice of an image is large."""
    at = 0
    for part in parts:
        if not whole.startswith(part, at):
            return False
        at += len(part)
    return at == len(whole)


def _invert_parts(new: bytes, restorable: Restorable) -> Iterator[bytes]:
    if not restorable.has_frames:
        yield restorable.head
        return
    top = header.read(new)
    if top.pixel_data is None or top.meta is None:
        raise part10.Unparseable("no Pixel Data in the transcoded file")
    codec = codecs.BY_TRANSFER_SYNTAX.get(top.meta.transfer_syntax or "")
    if codec is None:
        raise CodecFailed("no codec for this transfer syntax is installed")
    layout = _stated_layout(top)
    items, _end = part10.read_fragments(new, top.pixel_data.value)
    fragments = items[1:]  # behind the offset table
    if len(fragments) != top.frames:
        raise part10.Unparseable("fragments and frames do not pair up")
    yield restorable.head
    for start, end in fragments:
        frame = codec.decode(new[start:end], layout)
        yield samples.by_plane(frame, layout) if restorable.is_planar else frame
    yield restorable.tail


def _stated_layout(top: header.Header) -> FrameLayout:
    rows, columns, colours, allocated = (
        top.number(tag) or 0 for tag in (image.ROWS, image.COLUMNS, image.SAMPLES_PER_PIXEL, image.BITS_ALLOCATED)
    )
    return FrameLayout(rows, columns, colours, allocated // 8, allocated)


def _encode_frames(original: bytes, found: Image, layout: FrameLayout, codec: Codec) -> list[bytes]:
    """One stream a frame, of even length (PS3.5 A.4: one fragment each; zero bytes may follow the end marker)."""
    streams = []
    for start in range(found.pixel_data.value, found.frames_end, layout.size):
        frame = original[start : start + layout.size]
        stream = codec.encode(samples.by_pixel(frame, layout) if found.is_planar else frame, layout)
        streams.append(stream + b"\0" if len(stream) % 2 else stream)
    return streams


def _rewrite_around(original: bytes, found: Image) -> tuple[bytes, bytes]:
    """The new data set before the Pixel Data element and behind it."""
    top, pixels = found.header, found.pixel_data
    data_set = original[found.meta.data_set : pixels.start]
    tail = original[pixels.end :]
    if not top.encoding.is_explicit:
        tail_end = len(original) if any(tail) else pixels.end
        new_tail = explicit.convert(original, pixels.end, tail_end, is_signed=found.is_signed)
        data_set = explicit.convert(original, found.meta.data_set, pixels.start, is_signed=found.is_signed)
        if not (
            explicit.agrees(original, (found.meta.data_set, pixels.start), data_set, (0, len(data_set)))
            and explicit.agrees(original, (pixels.end, tail_end), new_tail, (0, len(new_tail)))
        ):
            raise explicit.NotConvertible("its header did not survive the conversion to Explicit VR unchanged")
        tail = new_tail + original[tail_end:]
    return _clear_planes(data_set, found), tail


def _rewrite_meta(original: bytes, found: Image, transfer_syntax: str) -> bytes:
    """Preamble and file meta with another transfer syntax and the group length that goes with it."""
    meta = found.meta
    syntax = meta.elements[part10.TRANSFER_SYNTAX_UID]
    uid = transfer_syntax.encode("ascii")
    uid += b"\0" * (len(uid) % 2)
    new = bytearray(original[: meta.data_set])
    new[syntax.start + 6 : syntax.end] = len(uid).to_bytes(2, "little") + uid
    stated = meta.elements.get(part10.META_GROUP_LENGTH)
    if stated is not None and stated.length == 4:
        # It stands first (PS3.10 table 7.1-1); where it does not, its place moved with the UID before it.
        at = stated.value + (len(uid) - syntax.length if stated.start > syntax.start else 0)
        new[at : at + 4] = (len(new) - at - 4).to_bytes(4, "little")
    return bytes(new)


def _clear_planes(data_set: bytes, found: Image) -> bytes:
    """The same Explicit VR elements with Planar Configuration 0, where the frames were interleaved."""
    if not found.is_planar:
        return data_set
    new = bytearray(data_set)
    for element, _behind in part10.walk(data_set, 0, len(data_set), part10.EXPLICIT):
        if element.tag == image.PLANAR_CONFIGURATION and element.length == 2:
            new[element.value : element.end] = b"\0\0"
    return bytes(new)


def _assemble(meta: bytes, data_set: bytes, streams: list[bytes], tail: bytes) -> tuple[tuple[bytes, bool], ...]:
    """Encapsulated Pixel Data between head and tail: offset table, one fragment a frame (PS3.5 A.4)."""
    offsets, at = bytearray(), 0
    for stream in streams:
        offsets += at.to_bytes(4, "little")
        at += len(stream) + 8
    table = _ITEM + len(offsets).to_bytes(4, "little") + bytes(offsets)
    length = len(_PIXEL_DATA_HEADER) + len(table) + at + len(_SEQUENCE_DELIMITER) + _group_rest(tail)
    before = meta + _patch_group_length(data_set, length) + _PIXEL_DATA_HEADER + table
    frames = [part for s in streams for part in (_ITEM + len(s).to_bytes(4, "little"), s)]
    return ((before, True), (b"".join(frames), False), (_SEQUENCE_DELIMITER + tail, True))


def _group_rest(tail: bytes) -> int:
    """Bytes of group 7FE0 behind Pixel Data."""
    if not any(tail):
        return 0
    return sum(
        behind - element.start
        for element, behind in part10.walk(tail, 0, len(tail), part10.EXPLICIT)
        if element.tag >> 16 == 0x7FE0
    )


def _patch_group_length(data_set: bytes, length: int) -> bytes:
    """The same elements with a (7FE0,0000) that counts `length` bytes behind them, where the file has it."""
    if _GROUP_LENGTH_HEADER not in data_set:
        return data_set
    new = bytearray(data_set)  # a value may hold the same bytes: only a walk tells
    for element, _behind in part10.walk(data_set, 0, len(data_set), part10.EXPLICIT):
        if element.tag == part10.PIXEL_DATA_GROUP_LENGTH and element.length == 4:
            rest = min(len(data_set) - element.end + length, 0xFFFF_FFFF)
            new[element.value : element.end] = rest.to_bytes(4, "little")
    return bytes(new)


def _describe(found: Image, layout: FrameLayout) -> str:
    frames = f"{found.frames} frames" if found.frames > 1 else "1 frame"
    return f"{frames} encoded without loss at {layout.precision} bits per sample; restore rehearsed"
