"""Encapsulated Pixel Data (PS3.5 A.4): which fragments belong to which frame, and the element that we write.

Fragments are told apart by an offset table, or there is one a frame, or there is one frame only. Where none of it holds
nobody can tell, and the file is left (dicom.md T31).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import pack, unpack

from repack.dicom import edit, part10
from repack.dicom.header import Header
from repack.dicom.image import NotDone

Span = tuple[int, int]

EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS = 0x7FE0_0001, 0x7FE0_0002
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_PIXEL_DATA_TAG = b"\xe0\x7f\x10\x00"
_PIXEL_DATA_HEADER = _PIXEL_DATA_TAG + b"OB\0\0\xff\xff\xff\xff"
_HEADER_LENGTH = 8  # of an item


@dataclass(frozen=True, slots=True)
class Fragments:
    """The fragments of each frame, and the offset behind the whole element."""

    frames: tuple[tuple[Span, ...], ...]
    behind: int

    def stream(self, data: bytes, frame: int) -> bytes:
        """The compressed bytes of a frame, in one piece."""
        spans = self.frames[frame]
        return data[slice(*spans[0])] if len(spans) == 1 else b"".join(data[start:end] for start, end in spans)


def read(data: bytes, top: Header) -> Fragments | NotDone:
    """Pair the fragments of a file with its frames."""
    if top.pixel_data is None:
        return NotDone("it holds no image (no Pixel Data element)")
    if top.pixel_data.length != part10.UNDEFINED:
        return NotDone("its image is not in fragments although its transfer syntax says that it is")
    if top.frames is None:
        return NotDone("its header does not say the shape of its image (frames)")
    try:
        items, behind = part10.read_fragments(data, top.pixel_data.value)
    except part10.CutShort:
        return NotDone("its image is cut short: the file ends inside the Pixel Data element")
    except part10.Unparseable:
        return NotDone("the fragments of its image cannot be read")
    if len(items) < 2 or any(start == end for start, end in items[1:]):
        return NotDone("a fragment of its image is empty")
    paired = _pair(items[1:], top.frames, _offsets(data, top, items[0]))
    return Fragments(paired, behind) if paired else NotDone("it cannot be told which fragment belongs to which frame")


def has_inner_image(data: bytes, top: Header) -> bool:
    """Is there Pixel Data in fragments besides the file's own, such as an icon's (PS3.5 A.4)?

    Its bytes are looked for, not its place in a sequence: what only looks like it is left as well.
    """
    own = top.pixel_data.start if top.pixel_data else -1
    return any(
        at != own and data[at + 4 : at + 6] in {b"OB", b"OW"} and data[at + 8 : at + 12] == b"\xff\xff\xff\xff"
        for at in _find_all(data, _PIXEL_DATA_TAG)
    )


def _find_all(data: bytes, wanted: bytes) -> Iterator[int]:
    at = data.find(wanted)
    while at >= 0:
        yield at
        at = data.find(wanted, at + 1)


def _offsets(data: bytes, top: Header, table: Span) -> tuple[int, ...]:
    """The offset of each frame as a table states it; empty where there is none."""
    basic = data[slice(*table)]
    if basic:
        return unpack(f"<{len(basic) // 4}I", basic[: len(basic) // 4 * 4])
    extended = top.value(EXTENDED_OFFSET_TABLE) or b""
    return unpack(f"<{len(extended) // 8}Q", extended[: len(extended) // 8 * 8])


def _pair(items: Sequence[Span], frames: int, offsets: tuple[int, ...]) -> tuple[tuple[Span, ...], ...]:
    if frames == 1 and len(offsets) < 2:  # more of them speak of more frames than the header does
        return (tuple(items),)
    if not offsets:
        return tuple((item,) for item in items) if len(items) == frames else ()
    first = items[0][0]
    index = {start - first: n for n, (start, _end) in enumerate(items)}
    starts = [index.get(offset, -1) for offset in offsets]
    if len(starts) != frames or starts[0] != 0 or any(a >= b for a, b in pairwise(starts)):
        return ()
    return tuple(tuple(items[a:b]) for a, b in zip(starts, [*starts[1:], len(items)], strict=True))


@dataclass(frozen=True, slots=True)
class Frame:
    """What lies around the fragments of encapsulated Pixel Data, and what belongs before it in the data set."""

    tables: dict[int, bytes]  # Extended Offset Table, where offsets are too large for the basic one
    opening: bytes
    closing: bytes
    length: int  # bytes of the whole element


def surround(lengths: Sequence[int], largest_offset: int) -> Frame:
    """What is written around streams of these even lengths, one fragment a frame.

    Offsets up to `largest_offset` go into the Basic Offset Table; else both tables of PS3.3 C.7.6.3.1.8 are made.
    """
    offsets, at = [], 0
    for length in lengths:
        offsets.append(at)
        at += length + _HEADER_LENGTH
    tables: dict[int, bytes] = {}
    basic = b""
    if offsets[-1] > largest_offset:
        tables = {
            EXTENDED_OFFSET_TABLE: edit.make_element(EXTENDED_OFFSET_TABLE, "OV", pack(f"<{len(offsets)}Q", *offsets)),
            EXTENDED_OFFSET_TABLE_LENGTHS: edit.make_element(
                EXTENDED_OFFSET_TABLE_LENGTHS, "OV", pack(f"<{len(lengths)}Q", *lengths)
            ),
        }
    else:
        basic = pack(f"<{len(offsets)}I", *offsets)
    opening = _PIXEL_DATA_HEADER + _ITEM + len(basic).to_bytes(4, "little") + basic
    return Frame(tables, opening, _SEQUENCE_DELIMITER, len(opening) + at + len(_SEQUENCE_DELIMITER))


def write_fragments(streams: Iterable[bytes]) -> bytes:
    """One fragment for each stream; each stream has an even length (PS3.5 A.4)."""
    return b"".join([part for s in streams for part in (_ITEM + len(s).to_bytes(4, "little"), s)])
