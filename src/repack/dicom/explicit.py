"""Implicit VR data set -> Explicit VR Little Endian, bytes to bytes: headers change, values are never decoded.

The way back needs no code: `restore` holds the original header bytes. So nothing would notice a header that was
converted wrongly; `agrees` compares the two independently, element by element.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from repack.dicom import part10
from repack.dicom.part10 import (
    EXPLICIT,
    IMPLICIT,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    UNDEFINED,
    Element,
    Unparseable,
)

_PIXEL_REPRESENTATION = 0x0028_0103
_LUT_DESCRIPTOR = 0x0028_3002
_LUT_DATA = 0x0028_3006
_ITEM_DELIMITER = b"\xfe\xff\x0d\xe0\0\0\0\0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_DEEPEST = 50

#: Bytes of one value of the VRs of fixed size (PS3.5 table 6.2-1): a private value of another length is no such VR.
_FIXED_SIZES = {
    "AT": 4, "FD": 8, "FL": 4, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2,
    "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8,
}  # fmt: skip
_TEXTS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
_CONTROLS_OF_TEXT = b"\0\t\n\f\r\x1b"  # PS3.5 6.1.3, and the padding of UI


class NotConvertible(Exception):
    """The data set has no faithful form in Explicit VR; the argument is the reason for people."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What an element's VR may depend on: the nearest Pixel Representation, and how deep the item lies."""

    is_signed: bool
    depth: int


def convert(data: bytes, at: int, end: int, *, is_signed: bool) -> bytes:
    """The elements from `at` to `end` of an Implicit VR data set as Explicit VR Little Endian (PS3.5 A.2).

    Values stay byte for byte; unknown elements become UN (PS3.5 6.2.2); group lengths are counted anew. Raises
    NotConvertible and Unparseable.
    """
    return b"".join(_convert_level(data, at, end, _Context(is_signed, 0)))


def _convert_level(data: bytes, at: int, end: int, context: _Context) -> list[bytes]:
    if context.depth > _DEEPEST:
        raise Unparseable("sequences are nested too deeply")
    level = list(part10.walk(data, at, end, IMPLICIT, depth=context.depth + 1))
    context = _nearest_sign(data, level, context)
    creators = _private_creators(data, level)
    descriptor = next((data[e.value : e.value + 2] for e, _ in level if e.tag == _LUT_DESCRIPTOR), b"")
    pieces: list[bytes] = []
    group_lengths: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for element, behind in level:
        group = element.tag >> 16
        if element.tag == ITEM_END and context.depth:
            break
        if group == 0xFFFE:
            raise Unparseable("an item, or the end of one, where an element should be")
        if element.tag & 0xFFFF == 0:
            group_lengths[group] = len(pieces)
            pieces.append(b"")
            continue
        vr = _vr_of(data, element, creators, context, descriptor)
        piece = _convert_element(data, element, behind, vr, context)
        sizes[group] = sizes.get(group, 0) + len(piece)
        pieces.append(piece)
    for group, position in group_lengths.items():
        header = group.to_bytes(2, "little") + b"\0\0UL\4\0"
        pieces[position] = header + sizes.get(group, 0).to_bytes(4, "little")
    return pieces


def _nearest_sign(data: bytes, level: list[tuple[Element, int]], context: _Context) -> _Context:
    for element, _behind in level:
        if element.tag == _PIXEL_REPRESENTATION and element.length == 2:
            return _Context(data[element.value] == 1, context.depth)
    return context


def _private_creators(data: bytes, level: list[tuple[Element, int]]) -> dict[int, str]:
    """Private block (group and block number, PS3.5 7.8.1) -> the creator's name."""
    return {
        (element.tag & 0xFFFF_0000) | (element.tag & 0xFF) << 8: data[element.value : element.end]
        .rstrip(b"\0 ")
        .decode("ascii", "replace")
        for element, _behind in level
        if element.tag >> 16 & 1 and 0x10 <= element.tag & 0xFFFF <= 0xFF and element.length != UNDEFINED
    }


def _vr_of(data: bytes, element: Element, creators: dict[int, str], context: _Context, descriptor: bytes) -> str:
    """The VR that an implicit element gets; UN wherever the dictionaries leave a doubt."""
    if element.tag >> 16 & 1:
        if 0x10 <= element.tag & 0xFFFF <= 0xFF:
            return "LO"
        vr = _private_vr(element.tag, creators.get(element.tag & 0xFFFF_FF00, ""))
        return vr if _is_plausible(data, element, vr) else "UN"
    vr = _standard_vr(element.tag)
    if " or " in vr:
        if element.tag == _LUT_DATA:  # PS3.3 C.11.1.1.1
            return "US" if descriptor == b"\1\0" else "OW"
        if "SS" in vr and "OW" not in vr:
            return "SS" if context.is_signed else "US"
        return "OW"  # PS3.5 A.1: so it was in Implicit VR
    if element.length == UNDEFINED and vr != "SQ":
        return "UN"
    return vr


def _convert_element(data: bytes, element: Element, behind: int, vr: str, context: _Context) -> bytes:
    tag = (element.tag >> 16).to_bytes(2, "little") + (element.tag & 0xFFFF).to_bytes(2, "little")
    if vr == "SQ":
        value = _convert_items(data, element, behind, _Context(context.is_signed, context.depth + 1))
        if element.length == UNDEFINED:
            return tag + b"SQ\0\0\xff\xff\xff\xff" + value + _SEQUENCE_DELIMITER
        return tag + b"SQ\0\0" + len(value).to_bytes(4, "little") + value
    value = data[element.value : behind]  # of undefined length: the items and their delimiter, implicit as they are
    if vr.encode() in LONG_VRS:
        return tag + vr.encode() + b"\0\0" + element.length.to_bytes(4, "little") + value
    if element.length > 0xFFFF:
        raise NotConvertible("a value of over 64 KB has no faithful form in Explicit VR (PS3.5 6.2.2)")
    return tag + vr.encode() + element.length.to_bytes(2, "little") + value


def _convert_items(data: bytes, sequence: Element, behind: int, context: _Context) -> bytes:
    pieces: list[bytes] = []
    for item, end in _items(data, sequence, behind):
        value = b"".join(_convert_level(data, item.value, end, context))
        if item.length == UNDEFINED:
            pieces += (b"\xfe\xff\x00\xe0\xff\xff\xff\xff", value, _ITEM_DELIMITER)
        else:
            pieces += (b"\xfe\xff\x00\xe0", len(value).to_bytes(4, "little"), value)
    return b"".join(pieces)


def _items(data: bytes, sequence: Element, behind: int) -> Iterator[tuple[Element, int]]:
    """The items of an implicit sequence, each with the end of its elements (delimiters excluded)."""
    at = sequence.value
    while at < behind:
        item = part10.read_header(data, at, IMPLICIT)
        if item.tag == SEQUENCE_END:
            return
        if item.tag != ITEM:
            raise Unparseable(f"no item at byte {at}")
        if item.length != UNDEFINED:
            at = item.end
            if at > behind:
                raise Unparseable("an item is longer than its sequence")
            yield item, at
            continue
        at = item.value
        for element, after in part10.walk(data, at, behind, IMPLICIT, depth=1):
            at = after
            if element.tag == ITEM_END:
                yield item, element.start
                break
        else:
            raise Unparseable("an item has no end")


def _is_plausible(data: bytes, element: Element, vr: str) -> bool:
    """Can the bytes be a value of the VR that a private dictionary states? Dictionaries are hearsay."""
    if vr == "SQ":
        start = data[element.value : element.value + 4]
        return element.length == 0 or start == b"\xfe\xff\x00\xe0"
    if element.length == UNDEFINED or (element.length > 0xFFFF and vr.encode() not in LONG_VRS):
        return False
    if vr in _TEXTS:
        value = data[element.value : element.end]
        return not any(byte < 0x20 and byte not in _CONTROLS_OF_TEXT for byte in value)
    if vr in _FIXED_SIZES:
        return element.length % _FIXED_SIZES[vr] == 0
    return vr == "OB"


@cache
def _standard_vr(tag: int) -> str:
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415  heavy; most discs are Explicit VR

    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    return vr if len(vr) == 2 or " or " in vr else "UN"


@cache
def _private_vr(tag: int, creator: str) -> str:
    from pydicom.datadict import private_dictionary_VR  # noqa: PLC0415  as above

    try:
        vr = private_dictionary_VR(tag, creator)
    except (KeyError, ValueError):
        return "UN"
    return vr if len(vr) == 2 else "UN"


def agrees(old: bytes, old_span: tuple[int, int], new: bytes, new_span: tuple[int, int]) -> bool:
    """Do an Implicit and an Explicit VR run of elements hold the same tags and values in the same order?

    Group lengths are left out. Raises Unparseable where either does not read as what it should be.
    """
    return _levels_agree(old, old_span, new, new_span, 1)


def _levels_agree(old: bytes, old_span: tuple[int, int], new: bytes, new_span: tuple[int, int], depth: int) -> bool:
    olds = [pair for pair in part10.walk(old, *old_span, IMPLICIT, depth) if pair[0].tag & 0xFFFF]
    news = [pair for pair in part10.walk(new, *new_span, EXPLICIT, depth) if pair[0].tag & 0xFFFF]
    if [pair[0].tag for pair in olds] != [pair[0].tag for pair in news]:
        return False
    for (was, was_behind), (now, now_behind) in zip(olds, news, strict=True):
        if not _is_stated_vr(now):
            return False
        if now.vr == b"SQ":
            if not _items_agree(old, (was, was_behind), new, (now, now_behind), depth):
                return False
        elif old[was.value : was_behind] != new[now.value : now_behind]:
            return False
    return True


def _is_stated_vr(element: Element) -> bool:
    """Is the VR one that the dictionary allows for the tag, or UN? Nobody knows it of a private element."""
    if element.tag >> 16 & 1:
        return True
    return element.vr == b"UN" or element.vr.decode("ascii") in _standard_vr(element.tag).split(" or ")


def _items_agree(old: bytes, was: tuple[Element, int], new: bytes, now: tuple[Element, int], depth: int) -> bool:
    old_items = list(_items(old, *was))
    new_items = list(_explicit_items(new, *now, depth))
    return len(old_items) == len(new_items) and all(
        _levels_agree(old, (a.value, a_end), new, (b.value, b_end), depth + 1)
        for (a, a_end), (b, b_end) in zip(old_items, new_items, strict=True)
    )


def _explicit_items(data: bytes, sequence: Element, behind: int, depth: int) -> Iterator[tuple[Element, int]]:
    at = sequence.value
    while at < behind:
        item = part10.read_header(data, at)
        if item.tag != ITEM:
            return
        end = item.end
        if item.length == UNDEFINED:
            end = at = item.value
            for element, after in part10.walk(data, at, behind, EXPLICIT, depth):
                end, at = element.start, after
        else:
            at = end
        yield item, end
