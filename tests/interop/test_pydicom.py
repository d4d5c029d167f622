"""pydicom reads the transcoded files as DICOM; for HTJ2K it is the only reader here that does."""

import numpy as np
import pytest
from pydicom.pixels import pixel_array

from repack.dicom.image import NotDone
from tests.interop.images import SYNTHETIC, read, words_of
from tests.interop.readers import CODECS, NEAR, REFUSED, check_equal, rewrite

pytestmark = pytest.mark.interop

#: pydicom 3 does not know the transfer syntax.
UNKNOWN = {"jpegxl"}

#: It takes Bits Stored bits of each word, whatever High Bit says, native or compressed: these words have more.
MASKED = {"dirty bits in every word", "one dirty bit"}


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec not in UNKNOWN])
@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.filterwarnings("ignore:The number of bytes of compressed:UserWarning")  # by chance, one of them
def test_pixels_are_those_of_the_original(name: str, codec: str):
    new = rewrite(SYNTHETIC[name], codec)
    if name in REFUSED.get(codec, set()):
        assert isinstance(new, NotDone)
        return
    assert not isinstance(new, NotDone), new
    before, after = read(SYNTHETIC[name]), read(new)
    shown = [pixel_array(image, raw=True) for image in (before, after)]
    if codec == NEAR or name in MASKED:
        shown = [array & ((1 << before.BitsStored) - 1) for array in shown]
    assert shown[0].shape == shown[1].shape
    if codec == NEAR:
        assert np.abs(shown[0].astype(int) - shown[1].astype(int)).max() <= 2
    else:
        assert np.array_equal(*shown)
    if name not in MASKED:
        cells = np.ascontiguousarray(shown[1]).astype(f"<{'ui'[before.PixelRepresentation]}{before.BitsAllocated // 8}")
        check_equal(cells.tobytes(), words_of(before), before, codec)
