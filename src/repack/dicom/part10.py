"""Walk a DICOM file by its bytes: where the preamble, the file meta, each element and the Pixel Data value lie.

Nothing is decoded and nothing is ever saved back: the spans found here are cut and joined, so that every byte that
nobody means to change stays (PS3.10 section 7.1, PS3.5 section 7.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Literal, NamedTuple

UNDEFINED = 0xFFFF_FFFF
PREFIX = b"DICM"
PREAMBLE_LENGTH = 128

META_GROUP_LENGTH = 0x0002_0000
TRANSFER_SYNTAX_UID = 0x0002_0010
PIXEL_DATA_GROUP_LENGTH = 0x7FE0_0000
EXTENDED_OFFSET_TABLE = 0x7FE0_0001
PIXEL_DATA = 0x7FE0_0010
ITEM, ITEM_END, SEQUENCE_END = 0xFFFE_E000, 0xFFFE_E00D, 0xFFFE_E0DD

#: VRs whose explicit header has two reserved bytes and a 32-bit length (PS3.5 table 7.1-1).
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
#: Readers of a header by byte order: tag, VR and short length; a 32-bit length.
_HEADERS = {
    order: (Struct(f"{mark}HH2sH").unpack_from, Struct(f"{mark}I").unpack_from)
    for order, mark in (("little", "<"), ("big", ">"))
}
_new_element = tuple.__new__  # a named tuple without the detour through its own constructor
_DEEPEST = 50  # nested sequences; real files stay below ten


@dataclass(frozen=True, slots=True)
class Encoding:
    """How element headers are written (PS3.5 7.1.2, 7.1.3, 7.3)."""

    is_explicit: bool
    order: Literal["little", "big"] = "little"


EXPLICIT = Encoding(is_explicit=True)
IMPLICIT = Encoding(is_explicit=False)
BIG_ENDIAN = Encoding(is_explicit=True, order="big")


class Unparseable(ValueError):
    """The bytes do not read as DICOM at the place named."""


class CutShort(Unparseable):
    """The bytes end before the walk does; `needed` bytes from the start would get it further."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed

    def __str__(self) -> str:
        return "it ends too early"


class Element(NamedTuple):
    """One data element: offsets are from the start of the file; `length` may be UNDEFINED."""

    tag: int
    vr: bytes  # b"" in Implicit VR
    start: int
    value: int
    length: int

    @property
    def end(self) -> int:
        """The offset behind the value; only for a defined length."""
        return self.value + self.length


@dataclass(frozen=True, slots=True)
class FileMeta:
    """The file meta information (PS3.10 7.1): its elements, and where the data set begins."""

    elements: dict[int, Element]
    data_set: int
    transfer_syntax: str | None


def read_header(data: bytes, at: int, encoding: Encoding = EXPLICIT) -> Element:
    """The header of the element at `at`. Raises CutShort or Unparseable."""
    if at + 8 > len(data):
        raise CutShort(at + 8)
    explicit, long_length = _HEADERS[encoding.order]
    group, number, vr, length = explicit(data, at)
    tag = group << 16 | number
    if not encoding.is_explicit or group == 0xFFFE:  # items and delimiters have no VR (PS3.5 7.5)
        return Element(tag, b"", at, at + 8, long_length(data, at + 4)[0])
    if vr in _SHORT_VRS:
        return Element(tag, vr, at, at + 8, length)
    if vr not in LONG_VRS:
        raise Unparseable(f"no data element where one should start, at byte {at}")
    if at + 12 > len(data):
        raise CutShort(at + 12)
    return Element(tag, vr, at, at + 12, long_length(data, at + 8)[0])


def walk(data: bytes, at: int, end: int, encoding: Encoding, depth: int = 0) -> Iterator[tuple[Element, int]]:
    """The elements of one level from `at` to `end`, each with the offset behind it.

    Stops after an item delimiter, and before Pixel Data is entered: the caller decides how to pass it. Raises
    CutShort and Unparseable.
    """
    read, _read_length = _HEADERS[encoding.order]
    last = len(data) - 8 if encoding.is_explicit else -1
    while at < end:
        if at <= last:  # nearly every element of nearly every file: a short header, read without further calls
            group, number, vr, length = read(data, at)
            if vr in _SHORT_VRS and group != 0xFFFE:
                behind = at + 8 + length
                if behind > end:
                    raise CutShort(behind)
                yield _new_element(Element, (group << 16 | number, vr, at, at + 8, length)), behind
                at = behind
                continue
        element = read_header(data, at, encoding)
        if element.tag == ITEM_END:
            yield element, element.value
            return
        if element.length != UNDEFINED:
            behind = element.end
        elif element.tag == PIXEL_DATA and depth == 0:
            behind = element.value  # fragments: the caller walks them
        else:
            behind = skip_items(data, element, encoding, depth)
        if behind > end:
            raise CutShort(behind)
        yield element, behind
        at = behind


def skip_items(data: bytes, sequence: Element, encoding: Encoding, depth: int = 0) -> int:
    """The offset behind a value of undefined length: items up to the sequence delimiter (PS3.5 7.5.2).

    UN of undefined length holds Implicit VR items (PS3.5 6.2.2, note 2).
    """
    if depth > _DEEPEST:
        raise Unparseable("sequences are nested too deeply")
    inner = IMPLICIT if sequence.vr == b"UN" else encoding
    at = sequence.value
    while True:
        item = read_header(data, at, inner)
        if item.tag == SEQUENCE_END:
            return item.value
        if item.tag != ITEM:
            raise Unparseable(f"no sequence item where one should start, at byte {at}")
        if item.length != UNDEFINED:
            at = item.end
            continue
        at = item.value
        for element, behind in walk(data, at, len(data), inner, depth + 1):
            at = behind
            if element.tag == ITEM_END:
                break
        else:
            raise CutShort(len(data) + 8)


def read_meta(data: bytes) -> FileMeta | None:
    """The file meta of a Part 10 file, with or without its preamble; None where there is none.

    The stated group length is not trusted: the group ends where another begins. Raises CutShort and Unparseable.
    """
    at = 0
    if data[PREAMBLE_LENGTH : PREAMBLE_LENGTH + 4] == PREFIX:
        at = PREAMBLE_LENGTH + 4
    elif data[:6] == PREFIX + b"\x02\x00":  # a writer that forgot the preamble
        at = 4
    elif data[:2] != b"\x02\x00":
        return None
    elements: dict[int, Element] = {}
    while data[at : at + 2] == b"\x02\x00":
        element = read_header(data, at)
        if element.length == UNDEFINED:
            raise Unparseable("file meta information of undefined length")
        if element.end > len(data):
            raise CutShort(element.end)
        elements[element.tag] = element
        at = element.end
    syntax = elements.get(TRANSFER_SYNTAX_UID)
    uid = data[syntax.value : syntax.end].rstrip(b"\0 ").decode("ascii", "replace") if syntax else None
    return FileMeta(elements, at, uid)


def read_fragments(data: bytes, at: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """The spans (start, end) of the items of encapsulated Pixel Data, offset table first, and the offset behind.

    Items are walked by their lengths; the delimiter's bytes may occur inside a stream (pydicom/pydicom#1140).
    """
    spans: list[tuple[int, int]] = []
    while True:
        item = read_header(data, at)
        if item.tag == SEQUENCE_END:
            return tuple(spans), item.value
        if item.tag != ITEM or item.length == UNDEFINED:
            raise Unparseable(f"no fragment where one should start, at byte {at}")
        if item.end > len(data):
            raise CutShort(item.end)
        spans.append((item.value, item.end))
        at = item.end
