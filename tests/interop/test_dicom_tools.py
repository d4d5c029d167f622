"""Programs nobody here wrote read the transcoded files: DCMTK and GDCM give back the stored words of the original."""

import re
from pathlib import Path

import numpy as np
import pytest

from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, transcode
from tests.data_sets import check_same
from tests.interop.images import CELLS, COLUMNS, ROWS, SYNTHETIC, read, words_of
from tests.interop.programs import call
from tests.interop.readers import (
    BEYOND,
    CODECS,
    FILE_READERS,
    NEAR,
    REFUSED,
    check_equal,
    decode_file,
    find_codec,
    pairs,
    rewrite,
)
from tests.raw_dicom import RawImage, element, sequence, text
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.interop

SERIES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
EXPLICIT_FILES = shared_files("dicom/image/explicit_le", "*.*")
IMPLICIT_FILES = shared_files("dicom/image/implicit_le", "*.*")
READS = pytest.mark.parametrize(("program", "codec"), pairs(FILE_READERS))


def check_words(original: bytes, program: str, codec: str, folder: Path) -> None:
    new = rewrite(original, codec)
    assert not isinstance(new, NotDone), new
    before, after = read(original), decode_file(program, new, folder)
    assert not after.file_meta.TransferSyntaxUID.is_compressed
    check_equal(words_of(after), words_of(before), before, codec)


@READS
@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_words_come_back(name: str, program: str, codec: str, tmp_path: Path):
    if name in REFUSED.get(codec, set()):
        assert isinstance(rewrite(SYNTHETIC[name], codec), NotDone)
        return
    if name in BEYOND.get((program, codec), set()):
        return  # readers.py says why
    check_words(SYNTHETIC[name], program, codec, tmp_path)


# --- real files ---


@READS
def test_every_tenth_slice_of_a_real_series_comes_back(program: str, codec: str, tmp_path: Path):
    require(SERIES)
    assert len(SERIES[::10]) > 10
    for path in SERIES[::10]:
        check_words(path.read_bytes(), program, codec, tmp_path)


def dump(content: bytes, path: Path) -> list[str]:
    """What dcmdump prints for each element; fragments and ends of sequences apart, which the encoding brings along."""
    path.write_bytes(content)
    lines = call("dcmdump", "-q", "+L", "+R", "256", path).splitlines()
    lines = [line for line in lines if re.match(r"\s*\(", line)]
    return [line for line in lines if not re.match(r"\s+\(fffe,e000\) pi|\(fffe,e0dd\) na .*Sequence", line)]


def differing_lines(original: bytes, new: bytes, folder: Path) -> set[str]:
    """Tags of the lines that dcmdump prints differently for the original and the new file."""
    before, after = dump(original, folder / "old.dcm"), dump(new, folder / "new.dcm")
    assert [line.strip()[:11] for line in before] == [line.strip()[:11] for line in after]
    return {was.strip()[:11] for was, now in zip(before, after, strict=True) if was != now}


ALLOWED = {"(7fe0,0010)", "(0002,0010)", "(0002,0000)"}
LOSSLESS = pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != NEAR])


@LOSSLESS
def test_dcmdump_finds_nothing_else_changed_in_real_slices(codec: str, tmp_path: Path):
    require(SERIES)
    for path in SERIES[::10]:
        original = path.read_bytes()
        new = rewrite(original, codec)
        assert not isinstance(new, NotDone), new
        assert differing_lines(original, new, tmp_path) <= ALLOWED


@LOSSLESS
@pytest.mark.parametrize("path", EXPLICIT_FILES, ids=lambda path: path.name)
def test_dcmdump_finds_nothing_else_changed_in_real_files(path: Path, codec: str, tmp_path: Path):
    original = path.read_bytes()
    new = rewrite(original, codec)
    if isinstance(new, NotDone):
        return  # tests/test_real_files.py knows how many, and why
    allowed = ALLOWED | {"(7fe0,0000)"}
    if read(original).get("PlanarConfiguration") == 1:
        allowed |= {"(0028,0006)"}
    assert differing_lines(original, new, tmp_path) <= allowed


@pytest.mark.skipif(NEAR not in CODECS, reason="this installation writes no near-lossless JPEG-LS")
def test_dcmdump_finds_what_a_near_lossless_image_must_say_and_nothing_else(tmp_path: Path):
    original = SYNTHETIC["12 in 16 bits"]
    new = rewrite(original, NEAR)
    assert not isinstance(new, NotDone), new
    before, after = (
        {line.strip()[:11]: line for line in dump(content, tmp_path / "dumped.dcm")} for content in (original, new)
    )
    changed = {tag for tag in before if before[tag] != after[tag]}
    assert changed == {*ALLOWED, "(0002,0003)", "(0008,0018)"}
    added = {
        tag: line[line.index("[") + 1 : line.index("]")].strip() for tag, line in after.items() if tag not in before
    }
    assert added.keys() == {"(0008,0008)", "(0028,2110)", "(0028,2112)", "(0028,2114)"}
    assert added["(0008,0008)"].startswith("DERIVED")
    assert (added["(0028,2110)"], added["(0028,2114)"]) == ("01", "ISO_14495_1")
    assert float(added["(0028,2112)"]) > 1


@pytest.mark.parametrize("program", ["dcmdjpls", "gdcmconv"])
def test_an_extended_offset_table_does_not_disturb_them(program: str, tmp_path: Path):
    original = SYNTHETIC["3 frames of 12 in 16 bits"]
    result = transcode(original, Order((find_codec("jpegls"),), largest_offset=8))
    assert isinstance(result, Rewritten)
    assert "ExtendedOffsetTable" in read(result.data)
    assert words_of(decode_file(program, result.data, tmp_path)) == words_of(read(original))


def test_dcmdump_comparison_would_notice_a_change(tmp_path: Path):
    old, new = (RawImage(bytes(32), 4, 4, extra=text(0x0010_0010, "PN", name)).content for name in ("A^B", "A^C"))
    (tmp_path / "a.dcm").write_bytes(old)
    (tmp_path / "b.dcm").write_bytes(new)
    assert call("dcmdump", tmp_path / "a.dcm") != call("dcmdump", tmp_path / "b.dcm")


@LOSSLESS
def test_icons_and_private_groups_read_the_same_for_dcmtk(codec: str, tmp_path: Path):
    icon = sequence(0x0088_0200, [element(0x7FE0_0010, "OW", bytes(range(32)))], defined=False)
    private = element(0x0009_0010, "LO", b"NOBODY") + element(0x0009_1001, "UN", b"\0\1\2\3")
    words = (np.arange(CELLS) % 4096).astype("<u2").tobytes()
    image = RawImage(words, ROWS, COLUMNS, extra=private, late=icon, has_pixel_group_length=True)
    new = rewrite(image.content, codec)
    assert not isinstance(new, NotDone), new
    # The group length stays where the new UID happens to be as long as the old one.
    changed = differing_lines(image.content, new, tmp_path) | {"(0002,0000)"}
    assert changed == {*ALLOWED, "(7fe0,0000)"}


# --- implicit sources ---


@LOSSLESS
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom about values of the files, not about us
@pytest.mark.parametrize("path", IMPLICIT_FILES, ids=lambda path: path.name)
def test_implicit_sources_keep_tags_and_values(path: Path, codec: str):
    original = path.read_bytes()
    new = rewrite(original, codec)
    if isinstance(new, NotDone):
        return  # as above
    apart_from = {0x7FE0_0010}
    if read(original).get("PlanarConfiguration") == 1:
        apart_from.add(0x0028_0006)
    assert check_same(read(original), read(new), apart_from=frozenset(apart_from)) > 15
