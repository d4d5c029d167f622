"""Functional groups of multi-frame images: of the frame before the shared ones; damage ends them early."""

from repack.dicom import groups, header, showing
from tests.raw_dicom import RawImage, sequence, text

POSITIONS = [sequence(0x0020_9113, [text(0x0020_0032, "DS", f"1\\2\\{n}")]) for n in range(3)]
TURNED = sequence(0x0020_9116, [text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")])
MEASURES = sequence(0x0028_9110, [text(0x0018_0050, "DS", "2.5") + text(0x0028_0030, "DS", "0.5\\0.25")])


def enhanced(*, defined: bool = True, cut: int = 0) -> header.Header:
    shared = sequence(0x5200_9229, [TURNED + MEASURES], defined=defined)
    by_frame = sequence(0x5200_9230, POSITIONS, defined=defined)
    content = RawImage(bytes(24), 2, 2, frames=3, late=shared + by_frame).content
    return header.read(content[: len(content) - cut])


def test_each_frame_has_its_own_place_and_all_share_the_rest():
    for defined in (True, False):
        top = enhanced(defined=defined)
        found = groups.read(top)
        places = [showing.read_placement(top, found, n) for n in range(3)]
        assert [place.position for place in places if place] == [(1, 2, 0), (1, 2, 1), (1, 2, 2)]
        assert showing.read_spacing(top, found) == (0.5, 0.25)
        assert showing.read_gap(top, found) == 2.5


def test_a_frame_that_is_not_there_has_no_place():
    top = enhanced()
    assert showing.read_placement(top, groups.read(top), 3) is None


def test_damaged_groups_end_early_and_raise_nothing():
    whole = RawImage(bytes(24), 2, 2, frames=3, late=sequence(0x5200_9230, POSITIONS)).content
    for cut in range(1, 200):
        top = header.read(whole[:-cut])
        assert len(groups.read(top).by_frame) <= 3


def test_numbers_that_make_no_sense_are_none():
    for said in ("", "abc", "nan", "1e999", "1\\2"):
        top = header.read(RawImage(bytes(8), 2, 2, extra=text(0x0020_0032, "DS", said)).content)
        assert showing.numbers(top, 0x0020_0032, 3) is None


def test_edges_that_are_not_at_right_angles_are_no_place():
    place = text(0x0020_0032, "DS", "0\\0\\0") + text(0x0020_0037, "DS", "1\\0\\0\\1\\0\\0")
    top = header.read(RawImage(bytes(8), 2, 2, extra=place).content)
    assert showing.read_placement(top, groups.read(top), 0) is None
