"""Streams that other programs wrote: both opinions agree, and one image in many syntaxes has the same words in each."""

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames

from repack import codecs
from repack.codecs.frames import CodecFailed, FrameLayout
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom wonders about odd values in real headers

#: What no reader takes, and why.
NOT_READ = {
    "pydicom__GDCMJ2K_TextGBR.dcm": "JPEG 2000 in a JP2 file, which DICOM does not allow (PS3.5 A.4.4)",
}
#: What only the first opinion reads on some installations: GDCM takes no 7 bits (dicom.md T7).
SECOND_MAY_FAIL = {"pydicom-data__JLSL_08_07_0_1F.dcm"}
#: What is passed over although one of the readers might be for it, and why.
PASSED_OVER = {
    "pydicom-data__OT-PAL-8-face.dcm": "no file meta",
    "pydicom__ExplVR_BigEndNoMeta.dcm": "no file meta",
    "pydicom__ExplVR_LitEndNoMeta.dcm": "no file meta",
    "pydicom__meta_missing_tsyntax.dcm": "no transfer syntax",
    "pydicom__rtstruct.dcm": "no file meta",
    "pydicom-data__emri_small_jpeg_2k_lossless_too_short.dcm": "no pixels",
    "pydicom__UN_sequence.dcm": "no pixels",
    "pydicom-data__liver_j2k.dcm": "1 bit",
    "pydicom-data__liver_nonbyte_aligned_j2k.dcm": "1 bit",
    "pydicom-data__liver_nonbyte_aligned_rle.dcm": "1 bit",
    "pydicom-data__liver_rle.dcm": "1 bit",
    "pydicom__SC_rgb_rle_32bit.dcm": "32 bits",
    "pydicom__SC_rgb_rle_32bit_2frame.dcm": "32 bits",
    "pydicom__rtdose_rle_1frame.dcm": "32 bits",
}


def stored_as(image: Dataset) -> str:
    return str(image.file_meta.get("TransferSyntaxUID", ""))


def is_fit(image: Dataset) -> bool:
    """Is one of the readers for its frames, in cells that a codec takes?"""
    return stored_as(image) in codecs.READERS and "PixelData" in image and image.get("BitsAllocated") in {8, 16}


def decode(image: Dataset, uid: str, *, second: bool = False) -> bytes:
    width = image.BitsAllocated // 8
    layout = FrameLayout(image.Rows, image.Columns, image.SamplesPerPixel, width, 8 * width)
    reader = codecs.READERS[uid]
    read = reader.second_decode if second else reader.decode
    assert read is not None
    frames = generate_frames(image.PixelData, number_of_frames=int(image.get("NumberOfFrames") or 1))
    return b"".join(read(stream, layout) for stream in frames)


@pytest.mark.slow
def test_both_opinions_agree_on_real_files():
    files = shared_files("dicom", "*.dcm")
    require(files)
    seen: dict[str, int] = {}
    passed_over = set()
    for path in files:
        image = dcmread(path, force=True)
        uid = stored_as(image)
        if not is_fit(image):
            passed_over |= {path.name} if not uid or uid in codecs.READERS else set()
            continue
        if path.name in NOT_READ:
            with pytest.raises(CodecFailed):
                decode(image, uid)
            continue
        words = decode(image, uid)
        seen[uid] = seen.get(uid, 0) + 1
        try:
            assert decode(image, uid, second=True) == words, path.name
        except CodecFailed:
            assert path.name in SECOND_MAY_FAIL
    assert set(seen) == set(codecs.READERS) - {"1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.202"}
    assert sum(seen.values()) >= 40
    assert passed_over == set(PASSED_OVER)


def test_one_image_in_many_syntaxes_has_the_same_words():
    files = [path for path in shared_files("dicom", "cornerstone*CTImage.dcm_*") if "Lossy" not in path.name]
    require(files)
    words: dict[str, bytes] = {}
    for path in files:
        image = dcmread(path)
        uid = str(image.file_meta.TransferSyntaxUID)
        if uid in codecs.READERS and "Near" not in path.name:
            words[uid] = decode(image, uid)
        elif uid in {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}:
            words[uid] = image.PixelData
    assert {uid[17:] for uid in words} >= {"", ".1", ".5", ".4.57", ".4.70", ".4.80", ".4.90"}
    assert len(set(words.values())) == 1
