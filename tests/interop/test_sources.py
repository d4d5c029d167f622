"""Images that came big-endian, deflated or compressed: the new file has the words that others read in the old one."""

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from repack.dicom.image import NotDone
from repack.dicom.transcode import Rewritten, expand
from tests.interop.images import frames_of, read, words_of
from tests.interop.programs import call
from tests.interop.readers import (
    CODECS,
    FILE_READERS,
    NEAR,
    decode_file,
    decode_streams,
    rewrite,
)
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.interop

#: Folder of real files -> the program that makes them native, and how many of its files repack takes at least.
NATIVE_BY: dict[str, tuple[tuple[str, ...], int]] = {
    "explicit_be": (("dcmconv", "+te"), 7),
    "deflated": (("dcmconv", "+te"), 2),
    "rle": (("dcmdrle",), 9),
    "jpeg_lossless_sv1": (("dcmdjpeg", "+cn"), 7),
    "jpeg_lossless_p14": (("dcmdjpeg", "+cn"), 2),
    "jpegls_lossless": (("gdcmconv", "--raw"), 5),
    "j2k_lossless": (("gdcmconv", "--raw"), 5),
}


#: Where the files of a codec lie: they are stored that way already.
OWN = {"rle": "rle", "jpegls": "jpegls_lossless", "j2k": "j2k_lossless"}


def make_native(path: Path, folder: str, target: Path) -> Dataset:
    program, *words = NATIVE_BY[folder][0]
    call(program, *words, path, target)
    return dcmread(target)


#: One reader for each codec, of those without exceptions in readers.py; the others have their turn elsewhere.
READER = {
    "jpegls": "dcmdjpls",
    "rle": "dcmdrle",
    "j2k": "opj_decompress",
    "htj2k": "opj_decompress",
    "jpegxl": "djxl",
}


def words_after(new: bytes, codec: str, native: Dataset, folder: Path) -> bytes:
    """The words of the new file as a program from outside reads them."""
    program = READER[codec]
    if program in FILE_READERS:
        return words_of(decode_file(program, new, folder))
    return decode_streams(program, new, native, folder)


@pytest.mark.parametrize("folder", NATIVE_BY)
@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != NEAR])
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom about values of the files, not about us
def test_words_of_other_sources_survive(codec: str, folder: str, tmp_path: Path):
    files = shared_files(f"dicom/image/{folder}", "*.*")
    require(files)
    done = 0
    for path in files:
        new = rewrite(path.read_bytes(), codec)
        if isinstance(new, NotDone):
            continue
        native = make_native(path, folder, tmp_path / "old.dcm")
        assert words_after(new, codec, native, tmp_path) == words_of(native), path.name
        done += 1
    assert done >= NATIVE_BY[folder][1] if folder != OWN.get(codec) else done == 0


@pytest.mark.parametrize("folder", NATIVE_BY)
@pytest.mark.filterwarnings("ignore::UserWarning")  # as above
def test_images_made_native_have_the_words_that_others_find(folder: str, tmp_path: Path):
    files = shared_files(f"dicom/image/{folder}", "*.*")
    require(files)
    done = 0
    for path in files:
        result = expand(path.read_bytes())
        if not isinstance(result, Rewritten):
            continue
        native, made = make_native(path, folder, tmp_path / "old.dcm"), read(result.data)
        assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert frames_of(made) == frames_of(native)
        assert words_of(made) == words_of(native), path.name
        done += 1
    assert done >= NATIVE_BY[folder][1]
