"""Pictures made smaller and larger: the mean stays, edges stay, square pixels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from repack.thumbnails import scaling


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.integers(1, 60), st.integers(0, 255))
def test_an_even_picture_stays_even(rows: int, columns: int, new_rows: int, new_columns: int, value: int):
    found = scaling.resize(np.full((rows, columns), value), new_rows, new_columns)
    assert found.shape == (new_rows, new_columns)
    assert np.allclose(found, value, atol=1e-3)


def test_pixels_that_fall_together_give_their_mean():
    assert scaling.resize(np.array([[0, 4, 8, 8]]), 1, 2).tolist() == [[2, 8]]


def test_colours_are_scaled_each_for_itself():
    found = scaling.resize(np.array([[[0, 10, 20], [2, 10, 40]]]), 1, 1)
    assert found.tolist() == [[[1, 10, 30]]]


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=30), st.integers(1, 100))
def test_nothing_gets_darker_or_brighter_than_it_was(values: list[int], count: int):
    found = scaling.resize(np.array([values]), 1, count)
    assert min(values) - 1e-3 <= found.min()
    assert found.max() <= max(values) + 1e-3


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.2, 5), st.floats(0.2, 5))
def test_the_longer_edge_is_bounded(rows: int, columns: int, down: float, across: float):
    height, width = scaling.fit(rows, columns, (down, across), 320)
    assert 1 <= height <= 321
    assert 1 <= width <= 321
    assert max(height, width) <= max(rows, columns) + 1


def test_pixels_that_are_not_square_become_so():
    assert scaling.fit(100, 100, (2.0, 1.0), 50) == (50, 25)
