"""The new file around its frames: file meta, the data set before Pixel Data and behind it, Pixel Data itself.

All of it is the original's bytes, except what the standard ties to the encoding: transfer syntax and group length of
the file meta (PS3.10 7.1), (7FE0,0000), offset tables, Planar Configuration and the name of decoded colours
(PS3.5 8.2), and the element headers of a source that is not Explicit VR Little Endian (PS3.5 A.4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repack.dicom import bigendian, edit, encapsulated, explicit, image, part10
from repack.dicom.image import Image

Parts = tuple[tuple[bytes, bool], ...]

SOP_INSTANCE_UID, MEDIA_STORAGE_SOP_INSTANCE = 0x0008_0018, 0x0002_0003
_GROUP_LENGTH_HEADER = b"\xe0\x7f\0\0UL\4\0"
_LONGEST_VALUE = 0xFFFF_FFFE


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around Pixel Data, in Explicit VR Little Endian."""

    meta: bytes
    data_set: bytes
    tail: bytes


def surround(data: bytes, found: Image, transfer_syntax: str, changes: Mapping[int, bytes]) -> Surroundings:
    """File meta and data set of the new file; `changes` are whole elements. Raises NotConvertible and Unparseable."""
    data_set, tail = _convert(data, found)
    tables = {encapsulated.EXTENDED_OFFSET_TABLE, encapsulated.EXTENDED_OFFSET_TABLE_LENGTHS}
    gone = dict.fromkeys(tables & found.header.elements.keys(), b"")
    decoded = {}
    if found.photometric == "YBR_RCT":
        tag = image.PHOTOMETRIC_INTERPRETATION
        decoded[tag] = edit.make_element(tag, "CS", b"RGB")
    if changes or gone or decoded:
        data_set = edit.edit(data_set, gone | decoded | dict(changes))
    return Surroundings(_rewrite_meta(data, found, transfer_syntax, changes), data_set, tail)


def _convert(data: bytes, found: Image) -> tuple[bytes, bytes]:
    """The elements before the Pixel Data element and behind it as Explicit VR Little Endian."""
    start, pixels, behind = found.meta.data_set, found.pixel_data.start, found.behind
    encoding = found.header.encoding
    if encoding == part10.EXPLICIT:
        return data[start:pixels], data[behind:]
    end = len(data) if any(data[behind:]) else behind
    if encoding == part10.BIG_ENDIAN:
        data_set, tail = bigendian.convert(data, start, pixels), bigendian.convert(data, behind, end)
        agrees = bigendian.agrees(data, start, pixels, data_set) and bigendian.agrees(data, behind, end, tail)
    else:
        data_set = explicit.convert(data, start, pixels, is_signed=found.is_signed)
        tail = explicit.convert(data, behind, end, is_signed=found.is_signed)
        agrees = explicit.agrees(data, (start, pixels), data_set, (0, len(data_set))) and explicit.agrees(
            data, (behind, end), tail, (0, len(tail))
        )
    if not agrees:
        raise explicit.NotConvertible("its header did not survive the conversion to Explicit VR unchanged")
    return data_set, tail + data[end:]


def _rewrite_meta(data: bytes, found: Image, transfer_syntax: str, changes: Mapping[int, bytes]) -> bytes:
    """Preamble and file meta with another transfer syntax and the group length that goes with it."""
    meta = found.meta
    values = {part10.TRANSFER_SYNTAX_UID: transfer_syntax.encode("ascii")}
    if SOP_INSTANCE_UID in changes and MEDIA_STORAGE_SOP_INSTANCE in meta.elements:
        values[MEDIA_STORAGE_SOP_INSTANCE] = changes[SOP_INSTANCE_UID][8:].rstrip(b"\0")
    new = bytearray(data[: meta.data_set])
    length_at = 0
    stated = meta.elements.get(part10.META_GROUP_LENGTH)
    if stated is not None and stated.length == 4:
        length_at = stated.value
    for tag, value in sorted(values.items(), key=lambda pair: -meta.elements[pair[0]].start):
        element = meta.elements[tag]
        padded = value + b"\0" * (len(value) % 2)
        new[element.start + 6 : element.end] = len(padded).to_bytes(2, "little") + padded
        if length_at > element.start:  # it stands first (PS3.10 table 7.1-1); where it does not, its place moved
            length_at += len(padded) - element.length
    if length_at:
        new[length_at : length_at + 4] = (len(new) - length_at - 4).to_bytes(4, "little")
    return bytes(new)


def clear_planes(around: Surroundings) -> Surroundings:
    """The same with Planar Configuration 0: the frames were interleaved."""
    new = bytearray(around.data_set)
    for element, _behind in part10.walk(around.data_set, 0, len(around.data_set), part10.EXPLICIT):
        if element.tag == image.PLANAR_CONFIGURATION and element.length == 2:
            new[element.value : element.end] = b"\0\0"
    return Surroundings(around.meta, bytes(new), around.tail)


def put_streams(around: Surroundings, streams: Sequence[bytes], largest_offset: int) -> Parts:
    """The file with one compressed stream a frame."""
    before, behind = frame_streams(around, [len(stream) for stream in streams], largest_offset)
    return ((before, True), (encapsulated.write_fragments(streams), False), (behind, True))


def frame_streams(around: Surroundings, lengths: Sequence[int], largest_offset: int) -> tuple[bytes, bytes]:
    """What stands in the file before the fragments of streams of these lengths, and behind them."""
    frame = encapsulated.surround(lengths, largest_offset)
    data_set = edit.edit(around.data_set, frame.tables) if frame.tables else around.data_set
    before = around.meta + _patch_group_length(data_set, frame.length + _group_rest(around.tail)) + frame.opening
    return before, frame.closing + around.tail


def put_words(around: Surroundings, words: bytes, width: int) -> Parts | None:
    """The file with native stored words (PS3.5 A.2); None where they are too long for one value."""
    padded = words + b"\0" * (len(words) % 2)
    if len(padded) > _LONGEST_VALUE:
        return None
    opening = edit.make_element(part10.PIXEL_DATA, "OB" if width == 1 else "OW", b"")[:8]
    opening += len(padded).to_bytes(4, "little")
    length = len(opening) + len(padded) + _group_rest(around.tail)
    before = around.meta + _patch_group_length(around.data_set, length) + opening
    return ((before, True), (padded, True), (around.tail, True))


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
