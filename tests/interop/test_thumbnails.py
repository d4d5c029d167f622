"""Stored values and colours of real files as pydicom gives them: what the pictures of a report are made from."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from repack.dicom import groups, showing
from repack.thumbnails import opening, tones
from repack.thumbnails.opening import Undrawable
from tests.shared_data import dicom_files, require

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

#: Streams that contradict their header about the sign: pydicom believes the stream.
_OTHER_SIGN = {"pylibjpeg-data__TOSHIBA_J2K_SIZ1_PixRep0.dcm", "pylibjpeg-data__TOSHIBA_J2K_SIZ0_PixRep1.dcm",
               "pydicom__J2K_pixelrep_mismatch.dcm"}  # fmt: skip
#: What pydicom alone draws, beside masks of 1 bit: floats, an image cut short, JP2 files within DICOM.
_NOT_DRAWN = {"pydicom-data__parametric_map_float.dcm", "pydicom__SC_ybr_full_422_uncompressed.dcm",
              "pylibjpeg-data__ELSCINT1_JP2vsJ2K.dcm", "pydicom__GDCMJ2K_TextGBR.dcm"}  # fmt: skip


def as_pydicom(path: Path) -> "np.ndarray | None":
    """The first frame as pydicom decodes it; None where it does not."""
    try:
        return pydicom.pixels.pixel_array(path, index=0, raw=False)
    except Exception:  # noqa: BLE001  whatever it does not like
        return None


def test_values_and_colours_are_those_of_pydicom():
    files = [path for folder in ("dicom/image", "dicom/series", "ct-series") for path in dicom_files(folder)][:260]
    require(files)
    greys, colours = 0, 0
    not_drawn = set()
    for path in files:
        size = path.stat().st_size
        try:
            top, shape, frames = opening.read_frames(opened(path), size, (0,))
        except Undrawable as problem:
            if "1 bit" not in str(problem) and as_pydicom(path) is not None:
                not_drawn.add(path.name)
            continue
        theirs = as_pydicom(path)
        if theirs is None or path.name in _OTHER_SIGN:
            continue
        values = tones.read_values(frames[0], shape)
        if shape.samples == 1:
            assert (values == theirs).all(), path.name
            greys += 1
            continue
        display = showing.read_display(top, groups.read(top), 0, shape)
        ours = tones.colours(values, shape, display)
        assert np.abs(ours - theirs.astype(float) * 255 / (2**shape.stored - 1)).mean() < 3, path.name
        colours += 1
    assert greys > 100
    assert colours > 20
    assert not_drawn == _NOT_DRAWN


def opened(path: Path) -> "OnDisk":
    return OnDisk(path)


class OnDisk:
    """A file as a place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        return self.path.read_bytes()

    def read_start(self, length: int) -> bytes:
        return self.read()[:length]

    def chunks(self):
        yield self.read()

    def raw(self) -> None:
        return None
