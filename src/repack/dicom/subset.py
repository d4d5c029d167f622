"""A DICOMDIR for a part of its files: the other records are left out, those that stay are linked anew."""

from collections.abc import Collection, Sequence

from repack.dicom.dicomdir import (
    FIRST_LOWER_RECORD,
    FIRST_ROOT_RECORD,
    GROUP_LENGTH,
    LAST_ROOT_RECORD,
    NEXT_RECORD,
    RECORD_SEQUENCE,
    REFERENCED_RECORD,
    Directory,
    Record,
    common_shift,
    read_directory,
    stated_offsets,
)
from repack.dicom.image import NotDone
from repack.dicom.part10 import UNDEFINED, Element


def keep_only(directory: Directory, file_ids: Collection[str]) -> Directory | NotDone:
    """The DICOMDIR with those records alone that lead to one of these file IDs, linked anew (PS3.3 F.2.2)."""
    shift = common_shift(list(stated_offsets(directory)), {record.start for record in directory.records})
    if shift is None:
        return NotDone("its record offsets are inconsistent, so its records cannot be told apart")
    tree = _Tree(directory, shift, file_ids)
    try:
        roots = tree.keep(_offset(directory, directory.top, FIRST_ROOT_RECORD))
    except _Circle:
        return NotDone("its records lead in a circle, or too deep")
    if any(record.file_id and number not in tree.seen for number, record in enumerate(directory.records)):
        return NotDone("no other record leads to some of its records, so they belong to no study")
    numbers = sorted(tree.links)
    smaller = _cut(directory, [directory.records[number] for number in numbers])
    if isinstance(smaller, NotDone) or len(smaller.records) != len(numbers):
        return smaller if isinstance(smaller, NotDone) else NotDone("its records cannot be told apart")
    new = bytearray(smaller.data)
    starts = {number: record.start for number, record in zip(numbers, smaller.records, strict=True)}
    for number, record in zip(numbers, smaller.records, strict=True):
        following, lower = tree.links[number]
        referenced = tree.number(_offset(directory, directory.records[number].elements, REFERENCED_RECORD))
        for tag, to in ((NEXT_RECORD, following), (FIRST_LOWER_RECORD, lower), (REFERENCED_RECORD, referenced)):
            _set(new, record.elements, tag, starts.get(to, 0) if to is not None else 0)
    _set(new, smaller.top, FIRST_ROOT_RECORD, starts[roots[0]] if roots else 0)
    _set(new, smaller.top, LAST_ROOT_RECORD, starts[roots[-1]] if roots else 0)
    group = sum(behind - element.start for element, behind in smaller.top if element.tag >> 16 == 4)
    own = sum(behind - element.start for element, behind in smaller.top if element.tag == GROUP_LENGTH)
    _set(new, smaller.top, GROUP_LENGTH, group - own)
    return read_directory(bytes(new))


_MOST_LEVELS = 32  # the standard knows four: patient, study, series, instance (PS3.3 F.4)


class _Circle(Exception):
    """Records that lead to themselves, or to more levels than there are."""


class _Tree:
    """The records that are kept: number -> number of the next one at its level, and of the first below it."""

    def __init__(self, directory: Directory, shift: int, file_ids: Collection[str]) -> None:
        self._directory, self._shift, self._file_ids = directory, shift, file_ids
        self._by_start = {record.start: number for number, record in enumerate(directory.records)}
        self.seen: set[int] = set()
        self.links: dict[int, tuple[int | None, int | None]] = {}

    def number(self, offset: int) -> int | None:
        """The record at a stated offset; None for 0, which means no record."""
        return self._by_start[offset + self._shift] if offset else None

    def keep(self, offset: int, depth: int = 0) -> list[int]:
        """Of the records at one level, the first at `offset`: those that are kept, in their order. Raises _Circle."""
        kept: list[tuple[int, int | None]] = []
        number = self.number(offset)
        while number is not None:
            if number in self.seen or depth > _MOST_LEVELS:
                raise _Circle
            self.seen.add(number)
            record = self._directory.records[number]
            below = self.keep(_offset(self._directory, record.elements, FIRST_LOWER_RECORD), depth + 1)
            if below or record.file_id in self._file_ids:
                kept.append((number, below[0] if below else None))
            number = self.number(_offset(self._directory, record.elements, NEXT_RECORD))
        for at, (number, lower) in enumerate(kept, 1):
            self.links[number] = (kept[at][0] if at < len(kept) else None, lower)
        return [number for number, _lower in kept]


def _cut(directory: Directory, records: Sequence[Record]) -> Directory | NotDone:
    """The DICOMDIR with these records, whose offsets still are the old ones."""
    data = directory.data
    sequence, behind = next(pair for pair in directory.top if pair[0].tag == RECORD_SEQUENCE)
    end = directory.records[-1].end if directory.records else sequence.value
    body = b"".join(data[record.start : record.end] for record in records)
    new = bytearray(data[: sequence.value]) + body + data[end:]
    if sequence.length != UNDEFINED:
        new[sequence.value - 4 : sequence.value] = (len(body) + behind - end).to_bytes(4, "little")
    return read_directory(bytes(new))


def _offset(directory: Directory, level: Sequence[tuple[Element, int]], tag: int) -> int:
    """What an element of four bytes says; 0 where it is not there."""
    for element, behind in level:
        if element.tag == tag and element.length == 4:
            return int.from_bytes(directory.data[element.value : behind], "little")
    return 0


def _set(new: bytearray, level: Sequence[tuple[Element, int]], tag: int, value: int) -> None:
    for element, behind in level:
        if element.tag == tag and element.length == 4:
            new[element.value : behind] = value.to_bytes(4, "little")
