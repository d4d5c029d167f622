"""A content looked at through a window is the content; it is fetched in few goes, and not without end."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.classify.pe import from_bytes
from repack.classify.window import OverBudget, Window

CONTENT = bytes(range(256)) * 1_000
PLACES = st.integers(-len(CONTENT) - 10, len(CONTENT) + 10) | st.none()
SPANS = st.tuples(st.integers(0, 300_000), st.integers(0, 99))


@given(st.lists(st.tuples(PLACES, PLACES), max_size=15), st.lists(SPANS))
def test_slices_are_those_of_the_content(slices: list[tuple[int | None, int | None]], primed: list[tuple[int, int]]):
    window = Window(from_bytes(CONTENT), len(CONTENT))
    window.prime(primed)
    assert len(window) == len(CONTENT)
    for start, stop in slices:
        assert window[start:stop] == CONTENT[start:stop][: 1 << 16]


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_a_content_shorter_than_said_ends_where_it_ends(offset: int, length: int):
    window = Window(from_bytes(CONTENT[:30_000]), 50_000)
    assert window[offset : offset + length] == CONTENT[:30_000][offset : offset + length]
    assert window.read(offset, length) == CONTENT[:30_000][offset : offset + length]


def test_what_was_fetched_is_not_fetched_again():
    asked: list[list[tuple[int, int]]] = []

    def fetch(spans: list[tuple[int, int]]) -> list[bytes]:
        asked.append(spans)
        return from_bytes(CONTENT)(spans)

    window = Window(fetch, len(CONTENT))
    window.prime([(0, 0), (10, 100), (200_000, 100)])
    assert asked == [[(10, 100), (200_000, 100)]]
    window.prime([(20, 30)])
    assert (window[10:110], window[200_050:200_060]) == (CONTENT[10:110], CONTENT[200_050:200_060])
    assert len(asked) == 1
    assert (window[99_000:99_004], window[100_000:100_004]) == (CONTENT[99_000:99_004], CONTENT[100_000:100_004])
    assert len(asked) == 2


def look(window: Window, places: Iterable[int], length: int) -> bytes:
    return b"".join(window[place : place + length][:1] for place in places)


def test_looking_without_end_ends():
    assert look(Window(from_bytes(CONTENT), len(CONTENT)), [5] * 1_000, 1) == b"\5" * 1_000
    with pytest.raises(OverBudget):
        look(Window(from_bytes(CONTENT), len(CONTENT)), [5] * 100_000, 1)
    with pytest.raises(OverBudget):
        look(Window(from_bytes(CONTENT), len(CONTENT)), [5] * 1_000, 60_000)


@pytest.mark.parametrize(("size", "step"), [(1 << 40, 1 << 24), (1 << 30, 1 << 16), (1 << 22, 1 << 12)])
def test_no_content_is_fetched_as_a_whole(size: int, step: int):
    asked: list[int] = []

    def fetch(spans: list[tuple[int, int]]) -> list[bytes]:
        asked.append(sum(length for _, length in spans))
        return [bytes(length) for _, length in spans]

    window = Window(fetch, size)
    assert look(window, [0], 1) == b"\0"
    with pytest.raises(OverBudget):
        look(window, range(0, size, step), 60_000)
    assert len(asked) <= 16
    assert sum(asked) <= 20 << 20
