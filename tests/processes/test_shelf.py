"""The shelf: large bytes of an answer lie in shared memory until the next is asked for, as through the pipe."""

import sys
import time
from collections.abc import Iterator
from pickle import PickleBuffer

import pytest

from repack.model import STORED, Packed
from repack.processes import shelf
from repack.processes.shelf import PLACES, Shelf, Writer
from repack.processes.workers import Crashed, Pool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has memory without a name (memfd_create)")

LARGE = 2 << 20


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as pool:
        yield pool


@pytest.fixture
def shared() -> Iterator[Shelf]:
    made = shelf.make()
    assert made is not None
    yield made
    made.drop_handle()


def pack(number: int) -> Packed:
    """An answer with large bytes, a little faster each time."""
    time.sleep(0.02 if number % 3 == 0 else 0)
    return Packed(bytes([number % 256]) * (LARGE + number), STORED, number, LARGE + number)


def pack_too_much(number: int) -> Packed:
    return Packed(bytes([number]) * (9 << 20), STORED, 0, 9 << 20)


def pack_or_raise(number: int) -> Packed:
    if number % 2:
        raise ValueError(number)
    return pack(number)


def pack_or_find_no_memory(number: int) -> Packed:
    if number % 3 == 1:
        raise MemoryError
    return pack(number)


def is_lent(packed: Packed | Crashed[int]) -> bool:
    return isinstance(packed, Packed) and isinstance(packed.data, memoryview)


def test_what_lies_there_is_what_was_laid(shared: Shelf) -> None:
    assert Writer(shared.handle).lay(3, [PickleBuffer(b"one"), PickleBuffer(b"two!")]) == (3, 4)
    assert [bytes(view) for view in shared.view(3, (3, 4))] == [b"one", b"two!"]


@pytest.mark.lengthy
def test_places_do_not_touch_each_other(shared: Shelf) -> None:
    fill = [bytes([place]) * (8 << 20) for place in range(PLACES)]
    lengths = [Writer(shared.handle).lay(place, [PickleBuffer(fill[place])]) for place in range(PLACES)]
    assert all(shared.view(place, length or ())[0] == fill[place] for place, length in enumerate(lengths))


def test_what_is_too_large_is_not_laid(shared: Shelf) -> None:
    assert Writer(shared.handle).lay(0, [PickleBuffer(bytes((8 << 20) + 1))]) is None


def test_each_place_is_given_once_until_it_is_cleared(shared: Shelf) -> None:
    given = [shared.take_place() for _ in range(PLACES)]
    assert sorted(place for place in given if place is not None) == list(range(PLACES))
    assert shared.take_place() is None
    shared.clear(5)
    assert shared.take_place() == 5


def test_whoever_reads_too_late_is_refused(shared: Shelf) -> None:
    Writer(shared.handle).lay(0, [PickleBuffer(b"an image")])
    (view,) = shared.view(0, (8,))
    shared.clear(0)
    with pytest.raises(ValueError, match="released"):
        bytes(view)


@pytest.mark.lengthy
def test_lent_answers_are_the_same_bytes_in_order(pool: Pool) -> None:
    count = 0
    for number, packed in enumerate(pool.run(pack, range(40), lends=True)):
        assert is_lent(packed)
        assert packed == pack(number)
        count += 1
    assert count == 40


def test_nobody_reads_an_answer_after_the_next_was_asked_for(pool: Pool) -> None:
    answers = pool.run(pack, range(3), lends=True)
    first = next(answers)
    next(answers)
    assert isinstance(first, Packed)
    with pytest.raises(ValueError, match="released"):
        bytes(first.data)
    answers.close()  # type: ignore[attr-defined]  a generator


def test_nothing_is_lent_that_was_not_asked_for(pool: Pool) -> None:
    assert [packed == pack(n) and not is_lent(packed) for n, packed in enumerate(pool.run(pack, range(6)))] == [
        True
    ] * 6


def test_what_is_too_large_comes_through_the_pipe(pool: Pool) -> None:
    for number, packed in enumerate(pool.run(pack_too_much, range(3), lends=True)):
        assert packed == pack_too_much(number)
        assert not is_lent(packed)


@pytest.mark.lengthy
def test_more_is_begun_than_there_are_places_and_all_of_it_comes(pool: Pool) -> None:
    for number in range(3 * PLACES):
        pool.begin(pack, number, lends=True)
    for number, packed in enumerate(pool.run(pack, range(3 * PLACES), lends=True)):
        assert packed == pack(number)


def test_what_is_begun_to_be_lent_is_not_given_to_who_would_keep_it(pool: Pool) -> None:
    pool.begin(pack, 7, lends=True)
    (kept,) = pool.run(pack, [7])
    assert kept == pack(7)
    assert [packed == pack(7) for packed in pool.run(pack, [7], lends=True)] == [True]


@pytest.mark.lengthy
def test_places_come_back_after_errors_and_where_nobody_waits() -> None:
    with Pool(1) as pool:
        for _ in range(2 * PLACES):
            with pytest.raises(ValueError, match="1"):
                list(pool.run(pack_or_raise, range(4), lends=True))
            next(pool.run(pack, range(5), lends=True))
        found = [isinstance(packed, Crashed) for packed in pool.run(pack_or_find_no_memory, range(PLACES), lends=True)]
        assert found == [number % 3 == 1 for number in range(PLACES)]
        assert all(is_lent(packed) for packed in pool.run(pack, range(5), lends=True))


def test_where_there_is_no_such_memory_the_pipe_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repack.processes.shelf.make", lambda: None)
    with Pool(2) as pool:
        for number, packed in enumerate(pool.run(pack, range(5), lends=True)):
            assert packed == pack(number)
            assert not is_lent(packed)
