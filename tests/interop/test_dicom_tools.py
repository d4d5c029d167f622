"""Programs nobody here wrote read the transcoded files: DCMTK and GDCM give back the stored words of the original."""

import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import BY_NAME
from repack.dicom.transcode import Rewritten, transcode
from tests.data_sets import check_same
from tests.raw_dicom import RawImage, element, sequence, text
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.interop

JPEGLS = BY_NAME["jpegls"]
SERIES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
EXPLICIT_FILES = shared_files("dicom/image/explicit_le", "*.*")
IMPLICIT_FILES = shared_files("dicom/image/implicit_le", "*.*")


def need(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, check=False)
    output = (done.stdout + done.stderr).decode("latin-1")
    assert done.returncode == 0, output
    return done.stdout.decode("latin-1")


def decode_with_dcmtk(new: bytes, folder: Path) -> Dataset:
    (folder / "new.dcm").write_bytes(new)
    run("dcmdjpls", folder / "new.dcm", folder / "dcmtk.dcm")
    return dcmread(folder / "dcmtk.dcm")


def decode_with_gdcm(new: bytes, folder: Path) -> Dataset:
    (folder / "new.dcm").write_bytes(new)
    run("gdcmconv", "--raw", folder / "new.dcm", folder / "gdcm.dcm")
    return dcmread(folder / "gdcm.dcm")


DECODERS = {"dcmdjpls": decode_with_dcmtk, "gdcmconv": decode_with_gdcm}


def rewrite(original: bytes) -> bytes:
    result = transcode(original, JPEGLS)
    assert isinstance(result, Rewritten), result
    return result.data


def interleaved(words: bytes, original: Dataset) -> bytes:
    """The words in colour-by-pixel order."""
    if original.get("PlanarConfiguration", 0) == 0 or original.SamplesPerPixel == 1:
        return words
    cells = np.frombuffer(words, f"<u{original.BitsAllocated // 8}")
    return cells.reshape(-1, 3, original.Rows * original.Columns).transpose(0, 2, 1).tobytes()


def frame_bytes(image: Dataset) -> int:
    per_frame = image.Rows * image.Columns * image.SamplesPerPixel * image.BitsAllocated // 8
    return per_frame * int(image.get("NumberOfFrames", 1))


def check_words(original: bytes, tool: str, folder: Path) -> None:
    need(tool)
    before = dcmread(BytesIO(original))
    after = DECODERS[tool](rewrite(original), folder)
    wanted = interleaved(before.PixelData[: frame_bytes(before)], before)
    assert not after.file_meta.TransferSyntaxUID.is_compressed
    found = interleaved(after.PixelData[: frame_bytes(before)], after)
    assert found == wanted


# --- synthetic files of every shape ---

ROWS, COLUMNS = 24, 26
_COUNT = ROWS * COLUMNS


def grey(
    stored: int, *, allocated: int = 16, sign: int = 0, frames: int = 1, high: int | None = None, dirty: int = 0
) -> bytes:
    words = np.arange(_COUNT * frames) * 11 % (1 << stored)
    if sign:
        words = words - (1 << (stored - 1))
    words = words | dirty
    raw = (words % (1 << allocated)).astype(f"<u{allocated // 8}").tobytes()
    image = RawImage(
        raw,
        ROWS,
        COLUMNS,
        allocated=allocated,
        stored=stored,
        high_bit=high,
        sign=sign,
        frames=frames if frames > 1 else None,
    )
    return image.content


def colour(planar: int, *, allocated: int = 8, frames: int = 1, explicit: bool = True) -> bytes:
    words = (np.arange(3 * _COUNT * frames) * 7 % 253).astype(f"<u{allocated // 8}").tobytes()
    image = RawImage(
        words,
        ROWS,
        COLUMNS,
        allocated=allocated,
        stored=allocated,
        samples=3,
        planar=planar,
        frames=frames if frames > 1 else None,
        explicit=explicit,
    )
    return image.content


SYNTHETIC = {
    "8 bits": grey(8, allocated=8),
    "7 in 8 bits": grey(7, allocated=8),
    "6 in 8 bits": grey(6, allocated=8),
    "signed 8 bits": grey(8, allocated=8, sign=1),
    "16 bits": grey(16),
    "signed 16 bits": grey(16, sign=1),
    "12 in 16 bits": grey(12),
    "9 in 16 bits": grey(9),
    "8 in 16 bits": grey(8),
    "signed 12 in 16 bits": grey(12, sign=1),
    "3 frames of 12 in 16 bits": grey(12, frames=3),
    "3 frames of 8 bits": grey(8, allocated=8, frames=3),
    "colour by pixel": colour(0),
    "colour by plane": colour(1),
    "colour by plane, 2 frames": colour(1, frames=2),
    "colour by pixel, 16 bits": colour(0, allocated=16),
    "colour by plane, 16 bits": colour(1, allocated=16),
    "colour by plane, implicit": colour(1, explicit=False),
    "dirty bits in every word": grey(12, dirty=0xF000),
    "one dirty bit": grey(12, dirty=0x8000),
    "high bit 15 of 12 in 16": grey(12, high=15),
}


@pytest.mark.parametrize("tool", DECODERS)
@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_words_come_back(name: str, tool: str, tmp_path: Path):
    check_words(SYNTHETIC[name], tool, tmp_path)


# --- real files ---


@pytest.mark.parametrize("tool", DECODERS)
def test_every_tenth_slice_of_a_real_series_comes_back(tool: str, tmp_path: Path):
    require(SERIES)
    assert len(SERIES[::10]) > 10
    for path in SERIES[::10]:
        check_words(path.read_bytes(), tool, tmp_path)


def differing_lines(original: bytes, folder: Path) -> set[str]:
    """Tags of the lines that dcmdump prints differently for the original and the new file."""
    dumps = []
    for name, content in (("old.dcm", original), ("new.dcm", rewrite(original))):
        (folder / name).write_bytes(content)
        lines = run("dcmdump", "-q", "+L", "+R", "256", folder / name).splitlines()
        dumps.append([line for line in lines if re.match(r"\s*\(", line)])
    old, new = dumps
    new = [line for line in new if not re.match(r"\s+\(fffe,e000\) pi|\(fffe,e0dd\) na .*Sequence", line)]
    old = [line for line in old if not re.match(r"\(fffe,e0dd\) na .*Sequence", line)]
    assert [line.strip()[:11] for line in old] == [line.strip()[:11] for line in new]
    return {was.strip()[:11] for was, now in zip(old, new, strict=True) if was != now}


ALLOWED = {"(7fe0,0010)", "(0002,0010)", "(0002,0000)"}


def test_dcmdump_finds_nothing_else_changed_in_real_slices(tmp_path: Path):
    need("dcmdump")
    require(SERIES)
    for path in SERIES[::10]:
        assert differing_lines(path.read_bytes(), tmp_path) <= ALLOWED


@pytest.mark.parametrize("path", EXPLICIT_FILES, ids=lambda path: path.name)
def test_dcmdump_finds_nothing_else_changed_in_real_files(path: Path, tmp_path: Path):
    need("dcmdump")
    original = path.read_bytes()
    if not isinstance(transcode(original, JPEGLS), Rewritten):
        return  # tests/test_real_files.py knows how many, and why
    allowed = set(ALLOWED)
    if dcmread(BytesIO(original)).get("PlanarConfiguration") == 1:
        allowed |= {"(0028,0006)"}
    assert differing_lines(original, tmp_path) <= allowed | {"(7fe0,0000)"}


def test_dcmdump_comparison_would_notice_a_change(tmp_path: Path):
    need("dcmdump")
    old, new = (RawImage(bytes(32), 4, 4, extra=text(0x0010_0010, "PN", name)).content for name in ("A^B", "A^C"))
    (tmp_path / "a.dcm").write_bytes(old)
    (tmp_path / "b.dcm").write_bytes(new)
    assert run("dcmdump", tmp_path / "a.dcm") != run("dcmdump", tmp_path / "b.dcm")


def test_icons_and_private_groups_read_the_same_for_dcmtk(tmp_path: Path):
    need("dcmdump")
    icon = sequence(0x0088_0200, [element(0x7FE0_0010, "OW", bytes(range(32)))], defined=False)
    private = element(0x0009_0010, "LO", b"NOBODY") + element(0x0009_1001, "UN", b"\0\1\2\3")
    words = (np.arange(_COUNT) % 4096).astype("<u2").tobytes()
    image = RawImage(words, ROWS, COLUMNS, extra=private, late=icon, has_pixel_group_length=True)
    assert differing_lines(image.content, tmp_path) == {*ALLOWED, "(7fe0,0000)"}


# --- implicit sources ---


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom about values of the files, not about us
@pytest.mark.parametrize("path", IMPLICIT_FILES, ids=lambda path: path.name)
def test_implicit_sources_keep_tags_and_values(path: Path):
    original = path.read_bytes()
    result = transcode(original, JPEGLS)
    if not isinstance(result, Rewritten):
        return
    apart_from = {0x7FE0_0010}
    if dcmread(BytesIO(original)).get("PlanarConfiguration") == 1:
        apart_from.add(0x0028_0006)
    before, after = (dcmread(BytesIO(content)) for content in (original, result.data))
    assert check_same(before, after, apart_from=frozenset(apart_from)) > 15
