"""Explicit VR Big Endian -> Explicit VR Little Endian (PS3.5 7.3, A.3): the same places, other orders of bytes.

Both encodings have headers of the same sizes, so nothing moves and every length keeps its value. `agrees` compares
the two by another way than the one that converted.
"""

from collections.abc import Iterator
from struct import pack_into, unpack_from

from repack.dicom import part10
from repack.dicom.explicit import NotConvertible
from repack.dicom.part10 import BIG_ENDIAN, EXPLICIT, ITEM, SEQUENCE_END, UNDEFINED, Element, Unparseable

#: Bytes of one number of a VR (PS3.5 table 6.2-1, 7.3); text, OB and UN have no order of bytes.
_UNITS = {
    b"AT": 2, b"FD": 8, b"FL": 4, b"OD": 8, b"OF": 4, b"OL": 4, b"OV": 8, b"OW": 2,
    b"SL": 4, b"SS": 2, b"SV": 8, b"UL": 4, b"US": 2, b"UV": 8,
}  # fmt: skip
_CODES = {2: "H", 4: "I", 8: "Q"}
_DEEPEST = 50


def convert(data: bytes, at: int, end: int) -> bytes:
    """The elements from `at` to `end` of a big-endian data set as Explicit VR Little Endian.

    Raises NotConvertible and Unparseable.
    """
    new = bytearray(data[at:end])
    for element, behind in _walk(data, at, end, 0):
        _convert_header(new, element, element.start - at)
        unit = _UNITS.get(element.vr, 1)
        if unit > 1:
            value = new[element.value - at : behind - at]
            if len(value) % unit:
                raise NotConvertible("a number in its header has a wrong length, so its bytes cannot be put in order")
            for byte in range(unit):
                new[element.value - at + byte : behind - at : unit] = value[unit - 1 - byte :: unit]
    return bytes(new)


def _convert_header(new: bytearray, element: Element, at: int) -> None:
    pack_into("<HH", new, at, element.tag >> 16, element.tag & 0xFFFF)
    if element.value - element.start == 8 and element.vr:
        pack_into("<H", new, at + 6, element.length)
    else:
        pack_into("<I", new, at + element.value - element.start - 4, element.length)


def _walk(data: bytes, at: int, end: int, depth: int) -> Iterator[tuple[Element, int]]:
    """Every header of every level, in the order of the bytes; of a sequence or an item only its header."""
    if depth > _DEEPEST:
        raise Unparseable("sequences are nested too deeply")
    for element, behind in part10.walk(data, at, end, BIG_ENDIAN, depth + 1):
        if element.vr == b"SQ":
            yield element, element.value
            yield from _walk_items(data, element, behind, depth)
        elif element.length == UNDEFINED and element.vr != b"UN":
            raise NotConvertible("its header holds compressed data, which big-endian files cannot")
        else:
            yield element, behind


def _walk_items(data: bytes, sequence: Element, behind: int, depth: int) -> Iterator[tuple[Element, int]]:
    at = sequence.value
    while at < behind:
        item = part10.read_header(data, at, BIG_ENDIAN)
        yield item, item.value
        if item.tag == SEQUENCE_END:
            return
        if item.tag != ITEM:
            raise Unparseable(f"no item at byte {at}")
        end = behind if item.length == UNDEFINED else item.end
        if end > behind:
            raise Unparseable("an item is longer than its sequence")
        at = item.value
        for element, after in _walk(data, at, end, depth + 1):
            yield element, after
            at = after
        at = end if item.length != UNDEFINED else at


def agrees(old: bytes, at: int, end: int, new: bytes) -> bool:
    """Do a big-endian run of elements and a little-endian one state the same, element by element?

    Raises Unparseable where either does not read as what it should be.
    """
    return len(new) == end - at and _levels_agree(old[at:end], new, 0, len(new), 0)


def _levels_agree(old: bytes, new: bytes, at: int, end: int, depth: int) -> bool:
    olds = list(part10.walk(old, at, end, BIG_ENDIAN, depth + 1))
    news = list(part10.walk(new, at, end, EXPLICIT, depth + 1))
    return olds == news and all(_values_agree(old, new, element, behind, depth) for element, behind in news)


def _values_agree(old: bytes, new: bytes, element: Element, behind: int, depth: int) -> bool:
    if element.vr != b"SQ":
        code = _CODES.get(_UNITS.get(element.vr, 1))
        if code is None:
            return old[element.value : behind] == new[element.value : behind]
        count = (behind - element.value) // _UNITS[element.vr]
        return unpack_from(f">{count}{code}", old, element.value) == unpack_from(f"<{count}{code}", new, element.value)
    at = element.value
    while at < behind:
        was, now = part10.read_header(old, at, BIG_ENDIAN), part10.read_header(new, at, EXPLICIT)
        if was != now:
            return False
        end = now.end if now.tag == ITEM and now.length != UNDEFINED else _end_of_item(new, now, behind)
        if now.tag == ITEM and not _levels_agree(old, new, now.value, end, depth + 1):
            return False
        at = end
    return True


def _end_of_item(new: bytes, item: Element, behind: int) -> int:
    end = item.value
    if item.tag == ITEM:
        for _element, end in part10.walk(new, item.value, behind, EXPLICIT, 1):  # noqa: B007  the last one counts
            pass
    return end
