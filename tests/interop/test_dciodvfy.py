"""dicom3tools' validator finds no error in a transcoded file that the original did not have."""

import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from fixtures.disc import dental_disc
from repack.dicom.image import NotDone
from tests.interop.images import SYNTHETIC
from tests.interop.programs import find, output_of
from tests.interop.readers import CODECS, NEAR, REFUSED, rewrite
from tests.shared_data import dicom_files, require, shared_files

pytestmark = pytest.mark.interop

LOSSLESS = pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != NEAR])
SLICES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"][::40]
#: Deflated files are beyond the validator: there is nothing to compare with.
IMAGES = [path for path in dicom_files("dicom/image") if path.parent.name != "deflated"]
IMAGES += dicom_files("dicom/trouble") + dicom_files("dicom/series")[::10]

#: Syntaxes that the validator of 2022 takes for native ones; everything but the name is checked under another name.
YOUNGER = {
    b"1.2.840.10008.1.2.4.201\0": b"1.2.840.10008.1.2.4.90\0\0",
    b"1.2.840.10008.1.2.4.110\0": b"1.2.840.10008.1.2.4.90\0\0",
}

#: New errors that are known, with the codecs that bring them. PS3.5 8.2.4 allows RGB in JPEG 2000 as it allows YBR_RCT;
#: the ultrasound modules alone want YBR_RCT (PS3.3 C.8.5.6.1.2). The attribute stays as it is (promise 4).
KNOWN = {
    "Error - Unrecognized enumerated value <RGB> for value 1 of attribute <Photometric Interpretation>": (
        {"j2k", "htj2k", "jpegxl"},  # JPEG XL only because it is checked under another name
        {"1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"},
    ),
}


#: What it says of every private element that came from Implicit VR and is unknown: UN is what they must become.
_UNKNOWN = "Warning - Unrecognized tag - explicit value representation is UN"


def complaints(content: bytes, folder: Path) -> Counter[str]:
    """The lines with errors and warnings; the numbers of bytes in them follow the encoding."""
    for younger, older in YOUNGER.items():
        head, value, rest = content.partition(younger)
        content = head + (older if value else b"") + rest
    path = folder / "checked.dcm"
    path.write_bytes(content)
    lines = output_of(find("dciodvfy"), path).splitlines()
    complaining = [line for line in lines if re.search("Error|Warning", line) and _UNKNOWN not in line]
    return Counter(re.sub(r"0x[0-9a-f]+ \(\d+\)|byte \d+", "#", line) for line in complaining)


def new_complaints(original: bytes, new: bytes, codec: str, folder: Path) -> list[str]:
    """What is wrong with the new file only, apart from what is known."""
    added = complaints(new, folder) - complaints(original, folder)
    sop_class = dcmread(BytesIO(original), force=True).get("SOPClassUID", "")
    known = {line for line, (names, classes) in KNOWN.items() if codec in names and sop_class in classes}
    return [line for line in added if line not in known]


@LOSSLESS
@pytest.mark.parametrize("name", SYNTHETIC)
def test_nothing_new_to_complain_of_in_synthetic_files(name: str, codec: str, tmp_path: Path) -> None:
    new = rewrite(SYNTHETIC[name], codec)
    if name in REFUSED.get(codec, set()):
        assert isinstance(new, NotDone)
        return
    assert not isinstance(new, NotDone), new
    assert not new_complaints(SYNTHETIC[name], new, codec, tmp_path)


@pytest.mark.parametrize("implicit", [False, True], ids=["explicit", "implicit"])
@pytest.mark.parametrize("codec", CODECS)
def test_nothing_new_to_complain_of_in_the_images_of_a_synthetic_disc(
    codec: str, tmp_path: Path, *, implicit: bool
) -> None:
    images = [file.content for file in dental_disc(2, size=64, implicit=implicit) if file.path.startswith("DICOM/")]
    assert len(images) == 2
    for original in images:
        new = rewrite(original, codec)
        assert not isinstance(new, NotDone), new
        assert not new_complaints(original, new, codec, tmp_path)


@LOSSLESS
@pytest.mark.parametrize("files", [SLICES, IMAGES], ids=["slices of a series", "images of every kind"])
def test_nothing_new_to_complain_of_in_real_files(files: list[Path], codec: str, tmp_path: Path) -> None:
    require(files)
    chosen = files if codec == "jpegls" else files[::3]  # headers hardly depend on the codec
    checked = 0
    for path in chosen:
        original = path.read_bytes()
        new = rewrite(original, codec)
        if isinstance(new, NotDone):
            continue  # tests/test_real_files.py knows how many, and why
        assert not new_complaints(original, new, codec, tmp_path), path.name
        checked += 1
    assert checked >= len(chosen) // 3


def test_a_broken_file_would_be_noticed(tmp_path: Path) -> None:
    content = SYNTHETIC["12 in 16 bits"]
    stored = b"\x28\0\x01\x01US\x02\0"
    assert stored in content
    at = content.index(stored) + len(stored)
    broken = content[:at] + (17).to_bytes(2, "little") + content[at + 2 :]
    assert any("Error" in line for line in new_complaints(content, broken, "jpegls", tmp_path))
