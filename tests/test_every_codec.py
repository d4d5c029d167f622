"""Every file of the real DICOM set through every codec: what came out, why the rest was left, and who else says so.

Run with -s for the table codec x outcome x reason.
"""

import re
from collections import Counter
from functools import cache
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import NAMES, NEAR, NONE, SMALLEST, choose
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, expand, invert, transcode
from repack.model import Proof
from tests.shared_data import dicom_files, require

pytestmark = pytest.mark.slow

FILES = dicom_files()
CORNERSTONE = [path for path in dicom_files("dicom/image") if path.name.startswith("cornerstone")]
MOST = 3  # of jpegls-near


@cache
def results(name: str) -> dict[Path, Rewritten | NotDone]:
    """What the codec makes of each file, asked for by name; its proofs are checked once more as they come."""
    require(FILES)
    order = Order(choose(name, MOST if name == NEAR else 0), is_named=True)
    return {path: transcode(path.read_bytes(), order) for path in FILES}


def tell(name: str) -> None:
    counts = Counter(
        (str(r.proof), "") if isinstance(r, Rewritten) else ("left", r.reason) for r in results(name).values()
    )
    print(f"\n{name}")  # noqa: T201  a test may
    for (outcome, reason), count in sorted(counts.items()):
        print(f"{count:5}  {outcome:8}  {reason}")  # noqa: T201  as above


def read(content: bytes) -> Dataset:
    with catch_warnings():
        simplefilter("ignore")  # pydicom about values of the files, not about us
        return dcmread(BytesIO(content), force=True)


def shown(content: bytes, *, plugin: str = "") -> np.ndarray:
    """All samples as pydicom decodes them with decoders that are not ours, colours as they are stored."""
    data_set = read(content)
    data_set.pixel_array_options(raw=True, **({"decoding_plugin": plugin} if plugin else {}))
    with catch_warnings():
        simplefilter("ignore")
        return data_set.pixel_array.astype(np.int64)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_has_an_outcome_and_a_reason(name: str):
    tell(name)
    for path, result in results(name).items():
        if isinstance(result, NotDone):
            assert 15 <= len(result.reason) <= 200, (path, result.reason)
            assert not re.search(r"None|Error|Traceback|0x|\bb'|[\x00-\x1f\x7f-\uffff]", result.reason), result.reason
    proofs = Counter(result.proof for result in results(name).values() if isinstance(result, Rewritten))
    if name == NEAR:
        assert set(proofs) == {Proof.BOUNDED}
        assert proofs[Proof.BOUNDED] >= 90
    elif name == NONE:
        assert proofs[Proof.EXACT] >= 37
        assert proofs[Proof.SAMPLES] >= 40
    else:
        assert proofs[Proof.EXACT] >= 145
        assert proofs[Proof.SAMPLES] >= 20


@pytest.mark.parametrize("name", [name for name in NAMES if name != NEAR])
def test_exact_means_byte_for_byte(name: str):
    for path, result in results(name).items():
        if isinstance(result, Rewritten) and result.proof is Proof.EXACT:
            assert result.restorable is not None
            assert invert(result.data, result.restorable) == path.read_bytes(), path


@pytest.mark.parametrize("name", [name for name in NAMES if name != NEAR])
def test_samples_means_that_other_decoders_see_the_same(name: str):
    checked = 0
    for path, result in results(name).items():
        if not isinstance(result, Rewritten) or result.proof is not Proof.SAMPLES:
            continue
        native = result if name == NONE else expand(result.data)
        assert isinstance(native, Rewritten), path
        assert result.restorable is None
        if read(path.read_bytes()).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.110":
            continue  # pydicom knows no JPEG XL
        assert np.array_equal(shown(path.read_bytes()), shown(native.data)), path
        if name != NONE and result.transfer_syntax != "1.2.840.10008.1.2.4.110":
            assert np.array_equal(shown(result.data), shown(native.data)), path
        checked += 1
    assert checked >= 20


def test_bounded_means_that_no_sample_differs_by_more():
    checked = 0
    for path, result in results(NEAR).items():
        if isinstance(result, Rewritten):
            was, now = shown(path.read_bytes()), shown(result.data)
            assert int(np.abs(was - now).max()) <= MOST, path
            checked += 1
    assert checked >= 90


@pytest.mark.parametrize("name", ["jpegls", "j2k", "htj2k", "rle", "jpegxl", SMALLEST])
def test_native_images_that_get_smaller_are_exact(name: str):
    """8 and 16 bits, Implicit, Explicit, big-endian or deflated: all but a few, and those for a reason."""
    native, left = 0, Counter[str]()
    for path, result in results(name).items():
        if path.parent.name not in {"explicit_le", "implicit_le", "explicit_be", "deflated"}:
            continue
        header = read(path.read_bytes())
        if header.get("BitsAllocated") not in {8, 16} or "PixelData" not in header:
            continue
        native += 1
        if isinstance(result, NotDone):
            left[result.reason] += 1
        else:
            assert result.proof is Proof.EXACT, path
    assert native >= 50
    assert sum(left.values()) <= 5, left


def test_one_image_in_many_syntaxes_leads_to_the_same_samples():
    require(CORNERSTONE)
    native = next(path for path in CORNERSTONE if "LittleEndianExplicit" in path.name)
    expected = shown(native.read_bytes())
    for name in NAMES:
        if name == NEAR:
            continue  # the image is signed
        same = 0
        for path in CORNERSTONE:
            result = results(name)[path]
            if not isinstance(result, Rewritten):
                continue
            back = expand(result.data) if result.transfer_syntax != "1.2.840.10008.1.2.1" else result
            assert isinstance(back, Rewritten), path
            assert np.array_equal(shown(back.data), expected), (name, path)
            same += 1
        assert same >= 6, name
