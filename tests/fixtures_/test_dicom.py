from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from fixtures.dicom import dicomdir, image_file, image_head
from fixtures.disc import DiscFile, write_folder
from fixtures.header import SeriesHeader

OpenFileSet = Callable[[Path], FileSet]

WORDS = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)


@pytest.mark.parametrize("implicit", [False, True])
def test_image_reads_back(*, implicit: bool) -> None:
    content = image_file(WORDS, index=2, count=9, series=SeriesHeader(), implicit=implicit)
    image = dcmread(BytesIO(content))
    assert content[:132] == bytes(128) + b"DICM"
    assert image.file_meta.TransferSyntaxUID == (ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian)
    assert np.array_equal(image.pixel_array, WORDS)
    assert (image.BitsAllocated, image.BitsStored, image.PixelRepresentation) == (16, 12, 0)
    assert (image.InstanceNumber, image.PatientName) == (3, "PHANTOM^HEAD")
    assert image[0x0029, 0x0010].value == "SYNTHETIC CBCT 1.0"
    assert len(image) >= 60
    assert content == image_file(WORDS, index=2, count=9, series=SeriesHeader(), implicit=implicit)


def test_head_leads_to_the_same_dicomdir_as_the_whole_file() -> None:
    series = SeriesHeader()
    whole = [(f"DICOM/I{n}", image_file(WORDS, index=n, count=3, series=series)) for n in range(3)]
    heads = [(f"DICOM/I{n}", image_head(index=n, count=3, size=64, series=series)) for n in range(3)]
    assert dicomdir(whole) == dicomdir(heads)


def make_two_patients() -> list[tuple[str, bytes]]:
    """Two patients; the first has two studies, one of them with two series; the files come in mixed order."""
    all_series = [
        SeriesHeader(),
        SeriesHeader(patient_id="PH-0002", patient_name="PHANTOM^JAW", study_number=3),
        SeriesHeader(series_number=2),
        SeriesHeader(study_number=2),
    ]
    return [
        (f"DICOM\\S{number}\\I{index}", image_file(WORDS, index=index, count=3, series=series))
        for index in range(3)
        for number, series in enumerate(all_series)
    ]


def test_fileset_reads_every_record(tmp_path: Path, open_file_set: OpenFileSet) -> None:
    images = make_two_patients()
    files = [DiscFile(path.replace("\\", "/"), content) for path, content in images]
    write_folder(tmp_path, [DiscFile("DICOMDIR", dicomdir(images)), *files])
    file_set = open_file_set(tmp_path / "DICOMDIR")
    assert len(file_set) == len(images)
    assert len(file_set.find_values("PatientID")) == 2
    assert len(file_set.find_values("StudyInstanceUID")) == 3
    assert len(file_set.find_values("SeriesInstanceUID")) == 4
    for instance in file_set:
        assert instance.load().SOPInstanceUID == instance.ReferencedSOPInstanceUIDInFile


def test_offsets_visit_every_record_once() -> None:
    directory = dcmread(BytesIO(dicomdir(make_two_patients())))
    records = {item.seq_item_tell: item for item in directory.DirectoryRecordSequence}
    seen: list[int] = []

    def visit(offset: int) -> int:
        """Return the offset of the last sibling."""
        last = 0
        while offset:
            seen.append(offset)
            visit(records[offset].OffsetOfReferencedLowerLevelDirectoryEntity)
            offset, last = records[offset].OffsetOfTheNextDirectoryRecord, offset
        return last

    last = visit(directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity)
    assert last == directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity
    assert seen == sorted(records)
    kinds = [records[offset].DirectoryRecordType for offset in seen]
    assert [kinds.count(kind) for kind in ("PATIENT", "STUDY", "SERIES", "IMAGE")] == [2, 3, 4, 12]


def test_empty_dicomdir_has_no_records() -> None:
    directory = dcmread(BytesIO(dicomdir([])))
    assert directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity == 0


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")
def test_invalid_value_is_carried_into_the_dicomdir() -> None:
    content = image_file(WORDS, index=0, count=1, series=SeriesHeader()).replace(b"20240315", b"15.03.24")
    directory = dcmread(BytesIO(dicomdir([("DICOM/I1", content)])))
    assert directory.DirectoryRecordSequence[1].StudyDate == "15.03.24"
