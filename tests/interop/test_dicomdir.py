"""The index of a repacked disc, read by pydicom and DCMTK, and compared with the one that DCMTK makes of its files."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.fileset import FileSet

from tests.commands import repack
from tests.discs import write_small_disc
from tests.interop.programs import call
from tests.interop.readers import CODECS, NEAR, NEAR_ERROR, find_codec

pytestmark = pytest.mark.interop

SLICES = 4


@pytest.fixture(scope="module", params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def disc(codec: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repacked disc, unzipped."""
    folder = tmp_path_factory.mktemp("disc")
    source = write_small_disc(folder / "disc.zip", SLICES)
    words = ["--codec", codec, *(["--max-error", str(NEAR_ERROR)] if codec == NEAR else [])]
    repack(source, "-o", folder / "new.zip", "-q", *words)
    with zipfile.ZipFile(folder / "new.zip") as archive:
        archive.extractall(folder / "unzipped")
    return folder / "unzipped"


def image_records(path: Path) -> dict[str, tuple[str, str, str]]:
    """What an index says of each file: SOP class, SOP instance, transfer syntax; by the file's path."""
    return {
        "/".join(record.ReferencedFileID): (
            record.ReferencedSOPClassUIDInFile,
            record.ReferencedSOPInstanceUIDInFile,
            record.ReferencedTransferSyntaxUIDInFile,
        )
        for record in dcmread(path).DirectoryRecordSequence
        if "ReferencedFileID" in record
    }


def identity(image: Dataset) -> tuple[str, str, str]:
    return image.SOPClassUID, image.SOPInstanceUID, image.file_meta.TransferSyntaxUID


def test_pydicom_finds_each_image_through_the_index(
    disc: Path, codec: str, open_file_set: Callable[[Path], FileSet]
) -> None:
    file_set = open_file_set(disc / "DICOMDIR")
    assert len(file_set) == SLICES
    records = image_records(disc / "DICOMDIR")
    for instance in file_set:
        image = instance.load()
        assert image.file_meta.TransferSyntaxUID == find_codec(codec).transfer_syntax
        assert records["/".join(instance.ReferencedFileID)] == identity(image)


def test_dcmdump_reads_the_index_without_a_word_of_warning(disc: Path) -> None:
    assert "DirectoryRecordSequence" in call("dcmdump", disc / "DICOMDIR", is_silent=True)


def test_dcmmkdir_makes_the_same_records_of_the_files(disc: Path, tmp_path: Path) -> None:
    made = tmp_path / "DICOMDIR"
    # -Nxc: no profile for a CD knows these transfer syntaxes.
    call("dcmmkdir", "-Nxc", "+I", "+D", made, "+id", disc, "+r", "DICOM", cwd=disc)
    assert image_records(made) == image_records(disc / "DICOMDIR")
    assert len(image_records(made)) == SLICES
