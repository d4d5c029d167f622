"""Change a few top-level elements of an Explicit VR Little Endian data set; every other byte stays where it belongs."""

from collections.abc import Iterator, Mapping

from repack.dicom import part10
from repack.dicom.part10 import EXPLICIT, ITEM, UNDEFINED, Element

_DEEPEST = 50


def make_element(tag: int, vr: str, value: bytes) -> bytes:
    """One element in Explicit VR Little Endian, its value padded to even length (PS3.5 7.1.2, 6.2)."""
    value += (b"\0" if vr in {"UI", "OB", "OV"} else b" ") * (len(value) % 2)
    tag_bytes = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    if vr.encode() in part10.LONG_VRS:
        return tag_bytes + vr.encode() + b"\0\0" + len(value).to_bytes(4, "little") + value
    return tag_bytes + vr.encode() + len(value).to_bytes(2, "little") + value


def edit(data_set: bytes, changes: Mapping[int, bytes]) -> bytes:
    """The data set with whole elements put in place of those of the same tag, inserted in order, or (empty) removed.

    Group lengths of the groups that changed are counted anew (PS3.5 7.2). Of a tag that stands twice the first is
    replaced. Raises Unparseable.
    """
    level = list(part10.walk(data_set, 0, len(data_set), EXPLICIT))
    present = {element.tag for element, _behind in reversed(level)}
    waiting = sorted((tag, new) for tag, new in changes.items() if tag not in present and new)
    pieces: list[bytes] = []
    grown: dict[int, int] = {tag >> 16: 0 for tag in changes}
    done: set[int] = set()
    for element, behind in level:
        while waiting and waiting[0][0] < element.tag:
            pieces.append(_count(grown, *waiting.pop(0)))
        old = data_set[element.start : behind]
        if element.tag in changes and element.tag not in done:
            done.add(element.tag)
            grown[element.tag >> 16] -= len(old)
            pieces.append(_count(grown, element.tag, changes[element.tag]))
        else:
            pieces.append(old)
    pieces += [_count(grown, *late) for late in waiting]
    return _mend_group_lengths(b"".join(pieces), grown)


def _count(grown: dict[int, int], tag: int, new: bytes) -> bytes:
    grown[tag >> 16] += len(new)
    return new


def _mend_group_lengths(data_set: bytes, grown: Mapping[int, int]) -> bytes:
    new = bytearray(data_set)
    for element, _behind in part10.walk(data_set, 0, len(data_set), EXPLICIT):
        if element.tag & 0xFFFF == 0 and element.length == 4 and grown.get(element.tag >> 16):
            stated = int.from_bytes(data_set[element.value : element.end], "little") + grown[element.tag >> 16]
            new[element.value : element.end] = min(max(stated, 0), 0xFFFF_FFFF).to_bytes(4, "little")
    return bytes(new)


def find_nested(data_set: bytes, at: int, end: int, tag: int, depth: int = 0) -> Iterator[Element]:
    """The elements of a tag at any depth between `at` and `end`. Raises Unparseable."""
    if depth > _DEEPEST:
        raise part10.Unparseable("sequences are nested too deeply")
    for element, behind in part10.walk(data_set, at, end, EXPLICIT, depth + 1):
        if element.tag == tag and element.length != UNDEFINED:
            yield element
        elif element.vr == b"SQ":
            inner = element.value
            while inner < behind and (item := part10.read_header(data_set, inner)).tag == ITEM:
                stop = behind if item.length == UNDEFINED else item.end
                yield from find_nested(data_set, item.value, stop, tag, depth + 1)
                inner = stop if item.length != UNDEFINED else _end_of_item(data_set, item, behind)


def _end_of_item(data_set: bytes, item: Element, end: int) -> int:
    behind = item.value
    for _element, behind in part10.walk(data_set, item.value, end, EXPLICIT, 1):  # noqa: B007  the last one counts
        pass
    return behind
