"""From stored words to grey and colour: signs, unused bits, windows, MONOCHROME1, palettes, YBR."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from repack.dicom.showing import Display, Palette, Shape
from repack.thumbnails import tones

SHAPE = Shape(1, 4, 1, 16, 12, 11, is_signed=False, is_planar=False, photometric="MONOCHROME2", frames=1)


def frame(*values: int) -> bytes:
    return np.array(values, "<u2").tobytes()


def test_bits_above_bits_stored_do_not_count():
    assert tones.read_values(frame(0xF00A, 0x1FFF, 0, 1), SHAPE).tolist() == [[10, 0xFFF, 0, 1]]


@given(st.lists(st.integers(-2048, 2047), min_size=4, max_size=4))
def test_signed_words_keep_their_sign_whatever_lies_above_it(values: list[int]):
    shape = replace(SHAPE, is_signed=True)
    dirty = frame(*[(value & 0xFFF) | 0x5000 for value in values])
    assert tones.read_values(dirty, shape).tolist() == [values]


def test_a_high_bit_above_the_usual_one_moves_the_words():
    shape = replace(SHAPE, high_bit=15)
    assert tones.read_values(frame(0x0010, 0xFFF0, 0x000F, 0), shape).tolist() == [[1, 0xFFF, 0, 0]]


def test_a_stated_window_decides_what_is_black_and_white():
    grey = tones.greys(np.array([[-200.0, -160.0, 40.0, 240.0, 900.0]]), Display(window=(40, 400)), "MONOCHROME2")
    assert grey[0, 0] == grey[0, 1] == 0
    assert grey[0, 3] == grey[0, 4] == 255
    assert abs(int(grey[0, 2]) - 128) <= 1  # PS3.3 C.11.2.1.2.1: the centre is the middle


def test_monochrome1_is_shown_the_other_way_round():
    values = np.array([[0.0, 50.0, 100.0]])
    usual = tones.greys(values, Display(window=(50, 101)), "MONOCHROME2")
    other = tones.greys(values, Display(window=(50, 101)), "MONOCHROME1")
    assert (usual.astype(int) + other == 255).all()
    assert other[0, 0] > other[0, 1] > other[0, 2]


def test_without_a_window_outliers_do_not_darken_the_rest():
    values = np.linspace(0, 100, 1000).reshape(20, 50)
    values[0, 0] = 1e6
    grey = tones.greys(values, Display(), "MONOCHROME2")
    assert 100 < np.median(grey) < 160


def test_a_window_that_shows_nothing_gives_way_to_percentiles():
    values = np.linspace(0, 4000, 1000).reshape(20, 50)
    grey = tones.greys(values, Display(window=(100_000, 10)), "MONOCHROME2")
    assert grey.max() > 250
    assert len(np.unique(grey)) > 100


def test_an_image_of_one_value_is_no_trouble():
    assert tones.greys(np.full((3, 3), 7.0), Display(), "MONOCHROME2").shape == (3, 3)


def test_padding_does_not_count_as_a_value():
    found = tones.rescaled(np.array([[-2000, 0, 100]]), Display(slope=2, intercept=-1000, padding=-2000))
    assert found.tolist() == [[-1000, -1000, -800]]


def test_a_palette_gives_its_colours_and_its_ends_beyond_them():
    palette = Palette(10, b"\xff\0\0", b"\0\xff\0", b"\0\0\xff")
    shape = replace(SHAPE, photometric="PALETTE COLOR")
    found = tones.colours(np.array([[0, 10, 11, 12, 99]]), shape, Display(palette=palette))
    red, green, blue = [255, 0, 0], [0, 255, 0], [0, 0, 255]
    assert found[0].tolist() == [red, red, green, blue, blue]


def test_ybr_full_becomes_rgb():
    shape = replace(SHAPE, samples=3, allocated=8, stored=8, high_bit=7, photometric="YBR_FULL")
    red = [76, 85, 255]  # of PS3.3 C.7.6.3.1.2
    found = tones.colours(np.array([[red, [255, 128, 128]]]), shape, Display())
    assert np.abs(found[0] - [[254, 0, 0], [255, 255, 255]]).max() < 2
