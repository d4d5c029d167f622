"""Items of sequences, and the functional groups of a multi-frame image (PS3.3 C.7.6.16)."""

from collections.abc import Iterator
from dataclasses import dataclass

from repack.dicom import part10
from repack.dicom.header import Header
from repack.dicom.part10 import ITEM, ITEM_END, UNDEFINED

SHARED_GROUPS, GROUPS_BY_FRAME = 0x5200_9229, 0x5200_9230
_ENDLESS = 1 << 62  # the walk ends at a delimiter, or with CutShort


def items(top: Header, tag: int) -> Iterator[Header]:
    """The items of a sequence, each as a header of its own; what cannot be read ends it early (PS3.5 7.5)."""
    sequence = top.elements.get(tag)
    if sequence is None:
        return
    inner = part10.IMPLICIT if sequence.vr == b"UN" else top.encoding
    at, end = sequence.value, _ENDLESS if sequence.length == UNDEFINED else sequence.end
    try:
        while at < end:
            item = part10.read_header(top.data, at, inner)
            if item.tag != ITEM:
                return
            elements: dict[int, part10.Element] = {}
            behind = item.value
            stop = _ENDLESS if item.length == UNDEFINED else item.end
            for element, end_of_it in part10.walk(top.data, item.value, stop, inner, 1):
                behind = end_of_it
                if element.tag == ITEM_END:
                    break
                elements.setdefault(element.tag, element)
            yield Header(top.data, None, inner, elements, None)
            at = behind if item.length == UNDEFINED else item.end
    except part10.Unparseable:
        return


@dataclass(frozen=True, slots=True)
class Groups:
    """What all frames share, and what each has of its own; empty for an image without functional groups."""

    shared: Header | None
    by_frame: tuple[Header, ...]

    def find(self, frame: int, macro: int, tag: int) -> Header | None:
        """The item of `macro` that holds `tag`: that of the frame, else the shared one."""
        own = self.by_frame[frame] if frame < len(self.by_frame) else None
        for group in (own, self.shared):
            for item in items(group, macro) if group else ():
                if tag in item.elements:
                    return item
        return None


def read(top: Header) -> Groups:
    """The functional groups of an image."""
    shared = next(items(top, SHARED_GROUPS), None)
    return Groups(shared, tuple(items(top, GROUPS_BY_FRAME)) if GROUPS_BY_FRAME in top.elements else ())
