"""The treemap: areas in proportion, nothing over another, nothing outside, as square as can be."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.report import treemap
from repack.report.page import Area
from repack.report.treemap import Box

sizes = st.lists(st.integers(1, 10**12), min_size=1, max_size=30).map(lambda found: sorted(found, reverse=True))


@given(sizes, st.floats(10, 2000), st.floats(10, 2000))
def test_areas_are_in_proportion_and_fill_the_whole(found: list[int], width: float, height: float):
    boxes = treemap.squarify(found, Box(0, 0, width, height))
    for size, box in zip(found, boxes, strict=True):
        assert box.width * box.height == pytest.approx(size / sum(found) * width * height, rel=1e-6, abs=1e-6)
        assert box.x >= -1e-6
        assert box.x + box.width <= width + 1e-6
        assert box.y >= -1e-6
        assert box.y + box.height <= height + 1e-6


@given(sizes)
def test_no_area_lies_over_another(found: list[int]):
    boxes = treemap.squarify(found, Box(0, 0, 1000, 440))
    for one, other in itertools.combinations(boxes, 2):
        across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert across < 1e-5 or down < 1e-5


def test_equal_sizes_become_squares():
    boxes = treemap.squarify([1.0] * 4, Box(0, 0, 100, 100))
    assert {(round(box.width), round(box.height)) for box in boxes} == {(50, 50)}


def test_what_stays_fills_its_part_of_the_tile():
    area = Area("Images", "dicom", 100, 25, "Images: 100 > 25")
    (tile,) = treemap.lay_out([area], 200, 100, 10)
    assert tile.left == pytest.approx(tile.box.height / 4)
    assert tile.lines[0] == "Images"


def test_empty_areas_and_an_empty_disc_have_no_tiles():
    assert treemap.lay_out([], 100, 100, 10) == ()
    assert treemap.lay_out([Area("Junk", "junk", 0, 0, "")], 100, 100, 10) == ()


def test_a_label_is_shortened_or_left_out_where_there_is_no_room():
    long = Area("a folder with a very long name", "viewer", 100, 100, "x: 100 bytes")
    (narrow,) = treemap.lay_out([long], 100, 60, 10)
    assert narrow.lines[0].endswith("…")
    assert len(narrow.lines[0]) < 18
    (tiny,) = treemap.lay_out([long], 20, 20, 10)
    assert tiny.lines == ()
