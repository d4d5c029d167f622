"""A DICOMDIR for some of its files: what a writer would have made of those alone."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from fixtures.dicom import dicomdir, image_head
from fixtures.header import SeriesHeader
from repack.dicom.dicomdir import Directory, has_stray_offsets, read_directory
from repack.dicom.image import NotDone
from repack.dicom.subset import keep_only
from tests.dicom.test_dicomdir import PLAIN, RawDirectory, directories

_OFFSETS = (0x0004_1400, 0x0004_1420)


def read(content: bytes) -> Directory:
    found = read_directory(content)
    assert isinstance(found, Directory), found
    return found


def kept(content: bytes, *file_ids: str) -> bytes:
    found = keep_only(read(content), file_ids)
    assert isinstance(found, Directory), found
    assert not has_stray_offsets(found)
    return found.data


Node = tuple[str, list["Node"]]


def tree_of(content: bytes) -> list[Node]:
    """The records as pydicom reads them, followed by their offsets: all but the offsets, and what lies below."""
    data = dcmread(BytesIO(content))
    by_offset = {record.seq_item_tell: record for record in data.DirectoryRecordSequence}
    first = data.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity
    tree = _level(by_offset, first)
    roots, at = [], first
    while at:
        roots.append(at)
        at = by_offset[at].OffsetOfTheNextDirectoryRecord
    assert data.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity == (roots[-1] if roots else 0)
    return tree


def _level(by_offset: dict[int, Dataset], at: int) -> list[Node]:
    found = []
    while at:
        record = by_offset[at]
        shown = "\n".join(str(element) for element in record if element.tag not in _OFFSETS)
        found.append((shown, _level(by_offset, record.OffsetOfReferencedLowerLevelDirectoryEntity)))
        at = record.OffsetOfTheNextDirectoryRecord
    return found


@st.composite
def discs(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """Images of some patients, studies and series; in order, because a writer goes by who comes first."""
    keys = sorted(draw(st.lists(st.tuples(*[st.integers(1, 3)] * 3), min_size=1, max_size=8)))
    files = []
    for number, (patient, study, series) in enumerate(keys):
        header = SeriesHeader(patient_id=f"P{patient}", study_number=10 * patient + study, series_number=series)
        files.append((f"DICOM/I{number}", image_head(index=number, count=len(keys), size=8, series=header)))
    return files


@pytest.mark.lengthy
@settings(max_examples=40)
@given(discs(), st.data())
def test_what_is_left_is_what_a_writer_makes_of_it(files: list[tuple[str, bytes]], draws: st.DataObject):
    chosen = draws.draw(st.sets(st.sampled_from([path for path, _content in files])))
    some = [(path, content) for path, content in files if path in chosen]
    assert tree_of(kept(dicomdir(files), *chosen)) == tree_of(dicomdir(some))


@settings(max_examples=100)
@given(directories(), st.integers(-150, 150), st.data())
def test_every_way_of_writing_stays_byte_for_byte(directory: RawDirectory, shift: int, draws: st.DataObject):
    some = {name: uid for name, uid in directory.syntaxes.items() if draws.draw(st.booleans())}
    if some:
        assert kept(_shifted(directory, shift), *some) == _shifted(directory, 0, some)


def _shifted(directory: RawDirectory, shift: int, syntaxes: dict[str, str] | None = None) -> bytes:
    names = RawDirectory.__dataclass_fields__
    fields = {name: getattr(directory, name) for name in names} | {"shift": 2 * shift}
    return RawDirectory(**(fields if syntaxes is None else fields | {"syntaxes": syntaxes})).content


def test_all_of_them_changes_nothing():
    assert kept(PLAIN.content, *PLAIN.syntaxes) == PLAIN.content


def test_none_of_them_leaves_an_empty_index():
    assert tree_of(kept(dicomdir([("A", image_head(index=0, count=1, size=8, series=SeriesHeader()))]))) == []


@pytest.mark.parametrize("wrong", [{3: 500_000}, {3: 17, 4: 170_000}])
def test_offsets_without_sense_are_not_followed(wrong: dict[int, int]):
    directory = RawDirectory(PLAIN.syntaxes, wrong=wrong)
    found = keep_only(read(directory.content), PLAIN.syntaxes)
    assert isinstance(found, NotDone)
    assert "offsets are inconsistent" in found.reason


def test_a_circle_is_no_tree():
    first = read(PLAIN.content).records[3].start
    found = keep_only(read(RawDirectory(PLAIN.syntaxes, wrong={4: first}).content), PLAIN.syntaxes)
    assert isinstance(found, NotDone)
    assert "circle" in found.reason


@pytest.mark.parametrize("wrong", [{3: 0}, {0: 0}])
def test_a_record_that_no_other_leads_to_is_not_left_out(wrong: dict[int, int]):
    """Nobody can tell to which study it belongs."""
    content = bytearray(RawDirectory(PLAIN.syntaxes, wrong=wrong).content)
    if 0 in wrong:
        at = content.index(b"\x04\0\0\x12UL\4\0") + 8
        content[at : at + 4] = bytes(4)
    found = keep_only(read(bytes(content)), PLAIN.syntaxes)
    assert isinstance(found, NotDone)
    assert "no other record leads to" in found.reason


@settings(max_examples=100)
@given(directories(), st.data())
def test_damaged_directories_never_raise(directory: RawDirectory, draws: st.DataObject):
    content = bytearray(directory.content)
    for _ in range(draws.draw(st.integers(1, 3))):
        content[draws.draw(st.integers(132, len(content) - 1))] = draws.draw(st.integers(0, 255))
    found = read_directory(bytes(content))
    some = [name for name in directory.syntaxes if draws.draw(st.booleans())]
    result = keep_only(found, some) if isinstance(found, Directory) else found
    assert isinstance(result, Directory) or result.reason
