"""The sample and what is told from it: the stated error holds for about 95 of 100 draws, whatever the population."""

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.planning.sampling import Item, draw, extrapolate

SEEDS = 400


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311  a population, no secret


def ct_series(rolled: Random) -> list[tuple[Item, int]]:
    """Raw slices of one size: the ends hold more air than the middle, so they compress better."""
    return [
        (Item(n, ("ct",), 524_288), round(240_000 - 90_000 * abs(n - 75) / 75 + rolled.gauss(0, 6_000)))
        for n in range(150)
    ]


def deflated(rolled: Random) -> list[tuple[Item, int]]:
    """Slices whose deflated size is known, and goes with what is measured."""
    sizes = [round(250_000 + 60_000 * math.sin(n / 20) + rolled.gauss(0, 9_000)) for n in range(300)]
    return [(Item(n, ("ct",), size), round(size * rolled.gauss(0.71, 0.012))) for n, size in enumerate(sizes)]


def many_series(rolled: Random) -> list[tuple[Item, int]]:
    """Series of several sizes, each with a ratio of its own."""
    ratios = [0.35, 0.5, 0.62, 0.8]
    return [
        (Item(n, (n % 4,), 100_000 << n % 4), round((100_000 << n % 4) * rolled.gauss(ratios[n % 4], 0.04)))
        for n in range(240)
    ]


def two_kinds(rolled: Random) -> list[tuple[Item, int]]:
    """One series in which a third of the images, strewn over it, hardly shrinks."""
    return [
        (Item(n, ("mixed",), 300_000), round(rolled.gauss(285_000 if rolled.random() < 0.33 else 150_000, 5_000)))
        for n in range(200)
    ]


@pytest.mark.parametrize("make", [ct_series, deflated, many_series, two_kinds])
def test_the_stated_error_holds_for_95_of_100_draws(make: Callable[[Random], list[tuple[Item, int]]]):
    population = make(chance(1))
    items, measured = [item for item, _ in population], {item.number: found for item, found in population}
    truth, within, widths = sum(measured.values()), 0, []
    for seed in range(SEEDS):
        blocks = draw(items, 48, seed)
        drawn = {item.number: measured[item.number] for block in blocks for item in block.drawn}
        told = extrapolate(blocks, drawn)
        within += abs(sum(told.sizes.values()) - truth) <= told.error + len(items)  # sizes are whole bytes
        widths.append(told.error)
    assert within / SEEDS >= 0.93
    assert sum(widths) / SEEDS < 0.1 * truth  # and it says something


_items = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10_000)), min_size=1, max_size=60).map(
    lambda pairs: [Item(n, (stratum,), known) for n, (stratum, known) in enumerate(pairs)]
)


@given(_items, st.integers(1, 40), st.integers(0, 5))
def test_blocks_are_a_partition_and_two_of_each_are_drawn(items: list[Item], count: int, seed: int):
    blocks = draw(items, count, seed)
    assert sorted(item.number for block in blocks for item in block.members) == [item.number for item in items]
    for block in blocks:
        assert len(block.drawn) == min(2, len(block.members))
        assert set(block.drawn) <= set(block.members)
        assert {item.stratum for item in block.members} == {block.stratum}
    assert draw(items, count, seed) == blocks


@given(_items)
def test_what_is_measured_as_a_whole_is_told_without_error(items: list[Item]):
    blocks = draw(items, 10**6, 0)
    measured = {item.number: 7 * item.number + 1 for item in items}
    told = extrapolate(blocks, {item.number: measured[item.number] for block in blocks for item in block.drawn})
    if all(len(block.members) <= 2 for block in blocks):
        assert told.error == 0
        assert told.sizes == measured


def test_a_larger_sample_is_nearer_the_truth():
    population = ct_series(chance(2))
    items, measured = [item for item, _ in population], {item.number: found for item, found in population}
    errors = [extrapolate(draw(items, count, 0), measured).error for count in (8, 32, 100)]
    assert errors[0] > errors[1] > errors[2] > 0


def test_both_ends_of_a_series_are_in_every_sample():
    items = [item for item, _ in ct_series(chance(3))]
    for seed in range(50):
        drawn = [item.number for block in draw(items, 20, seed) for item in block.drawn]
        assert min(drawn) < 15
        assert max(drawn) >= 135


def test_nothing_to_measure_is_nothing():
    assert extrapolate(draw([], 10, 0), {}).sizes == {}
