"""DICOMDIR: the transfer syntaxes it states and every offset in it follow the new files; all else stays verbatim.

A record's value changes its length, so everything behind it moves: lengths and offsets are rebuilt from where the
records really lie (PS3.3 annex F; PS3.10 section 8.6). Names, order and unknown elements are never touched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from repack.dicom import header, part10
from repack.dicom.image import NotDone
from repack.dicom.part10 import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, Element, Encoding

GROUP_LENGTH = 0x0004_0000
FIRST_ROOT_RECORD, LAST_ROOT_RECORD = 0x0004_1200, 0x0004_1202
RECORD_SEQUENCE = 0x0004_1220
NEXT_RECORD, FIRST_LOWER_RECORD, REFERENCED_RECORD = 0x0004_1400, 0x0004_1420, 0x0004_1504
RECORD_TYPE = 0x0004_1430
FILE_ID, FILE_SOP_INSTANCE, FILE_TRANSFER_SYNTAX = 0x0004_1500, 0x0004_1511, 0x0004_1512
_OFFSETS = frozenset({FIRST_ROOT_RECORD, LAST_ROOT_RECORD, NEXT_RECORD, FIRST_LOWER_RECORD, REFERENCED_RECORD})
_LOOKED_AT = _OFFSETS | {GROUP_LENGTH, RECORD_TYPE, FILE_ID, FILE_SOP_INSTANCE, FILE_TRANSFER_SYNTAX}
_UNREADABLE = "it cannot be read as a DICOMDIR"


@dataclass(frozen=True, slots=True)
class Record:
    """One directory record: its span with item header and delimiter, and those of its elements that are looked at."""

    start: int
    end: int
    elements: tuple[tuple[Element, int], ...]
    is_undefined: bool
    file_id: str  # components joined by "/", or empty


@dataclass(frozen=True, slots=True)
class Directory:
    """A DICOMDIR, taken apart; the bytes of its parts are cut from `data`."""

    data: bytes
    encoding: Encoding
    data_set: int
    top: tuple[tuple[Element, int], ...]
    records: tuple[Record, ...]

    @property
    def sequence(self) -> tuple[Element, int]:
        """The sequence of its records, and the offset behind it."""
        return next(pair for pair in self.top if pair[0].tag == RECORD_SEQUENCE)


@dataclass(frozen=True, slots=True)
class Patched:
    """A new DICOMDIR, how many records changed their transfer syntax, and what is worth telling."""

    data: bytes
    changed: int
    note: str = ""


def read_directory(data: bytes) -> Directory | NotDone:
    """Take a DICOMDIR apart (PS3.3 F.3)."""
    try:
        found = _read_top(data)
        return found if isinstance(found, NotDone) else replace(found, records=tuple(_read_records(found)))
    except part10.Unparseable:
        return NotDone(_UNREADABLE)


def _read_top(data: bytes) -> Directory | NotDone:
    """All but its records. Raises Unparseable."""
    top = header.read(data)
    if top.meta is None:
        return NotDone("it has no file meta information")
    if top.encoding.order != "little":
        return NotDone("it is stored big-endian, which this version does not convert")
    level = tuple(_walk_top(data, top.meta.data_set, top.encoding))
    if all(element.tag != RECORD_SEQUENCE for element, _behind in level):
        return NotDone("it has no sequence of directory records")
    return Directory(data, top.encoding, top.meta.data_set, level, ())


def _walk_top(data: bytes, at: int, encoding: Encoding) -> Iterator[tuple[Element, int]]:
    """The elements around its records; zero bytes behind them fill a sector, as with images. Raises Unparseable."""
    try:
        for element, behind in part10.walk(data, at, len(data), encoding):
            yield element, behind
            at = behind
    except part10.Unparseable:
        if any(data[at:]):
            raise


def _read_records(directory: Directory) -> Iterator[Record]:
    """Its records, one after the other: all at once they take kilobytes each. Raises Unparseable."""
    data, encoding = directory.data, directory.encoding
    sequence, _behind = directory.sequence
    at = sequence.value
    end = len(data) if sequence.length == UNDEFINED else sequence.end
    while at < end:
        item = part10.read_header(data, at, encoding)
        if item.tag == SEQUENCE_END:
            return
        if item.tag != ITEM:
            raise part10.Unparseable("no directory record where one should start")
        is_undefined = item.length == UNDEFINED
        level = tuple(part10.walk(data, item.value, end if is_undefined else item.end, encoding, depth=1))
        behind = level[-1][1] if level else item.value
        if is_undefined and (not level or level[-1][0].tag != ITEM_END):
            raise part10.Unparseable("a directory record has no end")
        looked_at = tuple(pair for pair in level if pair[0].tag in _LOOKED_AT)
        yield Record(at, behind, looked_at, is_undefined, _file_id(data, looked_at))
        at = behind


def _file_id(data: bytes, level: tuple[tuple[Element, int], ...]) -> str:
    for element, behind in level:
        if element.tag == FILE_ID:
            parts = data[element.value : behind].decode("ascii", "replace").split("\\")
            return "/".join(part.strip(" \0") for part in parts)
    return ""


def patch(
    directory: Directory, syntaxes: Mapping[str, str], instances: Mapping[str, str] | None = None
) -> Patched | NotDone:
    """The DICOMDIR with the transfer syntax of each file ID in `syntaxes`, and offsets that fit again.

    `instances` are the new SOP Instance UIDs of the file IDs that have one.
    Offsets that are all wrong by one amount are common in the field (fo-dicom/fo-dicom#828); they come out right.
    """
    stated = list(stated_offsets(directory))
    shift = common_shift(stated, {record.start for record in directory.records})
    if shift is None:
        return NotDone("its record offsets are inconsistent, so they cannot be moved")
    uids = {FILE_TRANSFER_SYNTAX: syntaxes, FILE_SOP_INSTANCE: instances or {}}
    if any(
        element.tag in uids and element.length == UNDEFINED for r in directory.records for element, _end in r.elements
    ):
        return NotDone("a UID in it states no length, so it cannot be changed")
    bodies = [
        _new_body(directory, record, {tag: new[record.file_id] for tag, new in uids.items() if record.file_id in new})
        for record in directory.records
    ]
    sequence, behind = directory.sequence
    moved: dict[int, int] = {}
    at = sequence.value
    for record, body in zip(directory.records, bodies, strict=True):
        moved[record.start] = at
        at += len(body)
    rest = directory.data[directory.records[-1].end if directory.records else sequence.value : behind]  # a delimiter
    new = bytearray(directory.data[: sequence.value]) + b"".join(bodies) + rest + directory.data[behind:]
    if sequence.length != UNDEFINED:
        new[sequence.value - 4 : sequence.value] = (at - sequence.value + len(rest)).to_bytes(4, "little")
    try:
        patched = _read_top(bytes(new))
        if isinstance(patched, NotDone):
            return patched
        _move_offsets(new, patched, {old: moved[old + shift] for old in stated})
    except part10.Unparseable:
        return NotDone(_UNREADABLE)
    changed = sum(1 for r, b in zip(directory.records, bodies, strict=True) if b != directory.data[r.start : r.end])
    return Patched(bytes(new), changed, "its record offsets were wrong and are right now" if shift else "")


def stated_offsets(directory: Directory) -> Iterator[int]:
    """Every offset that is stated and not 0 ("no record")."""
    for level in (directory.top, *(record.elements for record in directory.records)):
        for element, behind in level:
            if element.tag in _OFFSETS and element.length == 4:
                offset = int.from_bytes(directory.data[element.value : behind], "little")
                if offset:
                    yield offset


def common_shift(stated: list[int], starts: set[int]) -> int | None:
    """What must be added to every stated offset so that it meets a record; None where nothing or more fits."""
    if all(offset in starts for offset in stated):
        return 0
    first, last = min(stated), max(stated)
    fitting = [
        start - first
        for start in starts
        if start - first + last in starts and all(start - first + offset in starts for offset in stated)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _new_body(directory: Directory, record: Record, uids: Mapping[int, str]) -> bytes:
    """The bytes of a record with other UIDs, by tag, where it states such an element."""
    data = directory.data
    new = bytearray(data[record.start : record.end])
    first = {element.tag: (element, behind) for element, behind in reversed(record.elements) if element.tag in uids}
    stated = sorted(first.values())
    grown_before: dict[int, int] = {}  # start of a changed element -> by how much it grew
    for element, behind in reversed(stated):
        uid = uids[element.tag].encode("ascii")
        uid += b"\0" * (len(uid) % 2)
        is_short = directory.encoding.is_explicit and element.value - element.start == 8  # UI, as it should be
        length = len(uid).to_bytes(2 if is_short else 4, "little")
        new[element.value - len(length) - record.start : behind - record.start] = length + uid
        grown_before[element.start] = len(uid) - element.length
    grown = sum(grown_before.values())
    if not record.is_undefined and grown:
        new[4:8] = (record.end - record.start - 8 + grown).to_bytes(4, "little")
    for group_length, _behind in record.elements:
        if group_length.tag == GROUP_LENGTH and group_length.length == 4:
            moved = sum(more for start, more in grown_before.items() if start < group_length.start)
            at = group_length.value - record.start + moved
            counted = int.from_bytes(new[at : at + 4], "little") + grown
            new[at : at + 4] = min(max(counted, 0), 0xFFFF_FFFF).to_bytes(4, "little")  # it may have been wrong before
    return bytes(new)


def _move_offsets(new: bytearray, patched: Directory, moved: Mapping[int, int]) -> None:
    """Write the new offsets into the patched bytes, whose elements are walked afresh. Raises Unparseable."""
    for level in chain([patched.top], (record.elements for record in _read_records(patched))):
        for element, behind in level:
            if element.tag in _OFFSETS and element.length == 4:
                offset = int.from_bytes(new[element.value : behind], "little")
                if offset:
                    new[element.value : behind] = moved[offset].to_bytes(4, "little")
            elif element.tag == GROUP_LENGTH and element.length == 4 and level is patched.top:
                rest = sum(b - e.start for e, b in patched.top if e.tag >> 16 == 4) - (behind - element.start)
                new[element.value : behind] = rest.to_bytes(4, "little")


def stated_syntaxes(directory: Directory) -> dict[str, str]:
    """File ID -> the transfer syntax that its record states (0004,1512)."""
    found: dict[str, str] = {}
    for record in directory.records:
        for element, behind in record.elements:
            if element.tag == FILE_TRANSFER_SYNTAX and record.file_id:
                uid = directory.data[element.value : behind].rstrip(b"\0 ").decode("ascii", "replace")
                found.setdefault(record.file_id, uid)
    return found


def count_patients(directory: Directory) -> int:
    """How many records stand for a patient (PS3.3 F.5.1)."""
    return sum(
        element.tag == RECORD_TYPE and directory.data[element.value : behind].strip(b"\0 ") == b"PATIENT"
        for record in directory.records
        for element, behind in record.elements
    )


def has_stray_offsets(directory: Directory) -> bool:
    """Does any offset lead to a place where no record starts?"""
    starts = {record.start for record in directory.records}
    return any(offset not in starts for offset in stated_offsets(directory))
