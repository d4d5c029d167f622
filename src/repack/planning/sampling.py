"""Which items to measure so that a total can be told, and how far off that may be.

Items of one stratum (a series, a size) that lie beside each other form blocks, and two of each block are drawn by
chance. So the ends of a CT, which compress otherwise than its middle, are in every sample, and the difference of
each pair tells the spread. What was not measured is extrapolated by the ratio of measured to known bytes of its
stratum. W. G. Cochran, Sampling Techniques, 3rd ed., 6.11: the combined ratio estimate. E. G. Johnson and K. F. Rust,
Population Inferences and Variance Estimation for NAEP Data, 1992: how many degrees of freedom pairs are worth.
"""

import math
import random
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_A_BLOCK = 2  # items that are drawn of each block: the fewest whose spread can be told
#: Student's t for 95 %, both sides, by degrees of freedom; between two rows the upper one holds.
_STUDENT = (
    (1, 12.71), (2, 4.30), (3, 3.18), (4, 2.78), (5, 2.57), (6, 2.45), (7, 2.36), (8, 2.31), (9, 2.26), (10, 2.23),
    (12, 2.18), (15, 2.13), (20, 2.09), (30, 2.04), (60, 2.00), (120, 1.98),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One of many: `known` bytes are told by a directory, and those that are looked for go roughly with them."""

    number: int
    stratum: tuple[Hashable, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbours of one stratum, and those of them that are to be measured."""

    stratum: tuple[Hashable, ...]
    members: tuple[Item, ...]
    drawn: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Extrapolated:
    """Bytes of every item, measured or not; with 95 % certainty their sum is off by at most `error` bytes."""

    sizes: Mapping[int, int]
    error: int


def draw(items: Sequence[Item], count: int, seed: int) -> tuple[Block, ...]:
    """Choose about `count` items, more where there are many strata: two at least of each, in proportion to bytes."""
    chance = random.Random(f"{seed} {count} {len(items)}")  # noqa: S311  a sample, no secret
    strata: dict[tuple[Hashable, ...], list[Item]] = defaultdict(list)
    for item in items:
        strata[item.stratum].append(item)
    total = sum(item.known for item in items) or 1
    return tuple(
        Block(stratum, run, run if len(run) <= _A_BLOCK else tuple(chance.sample(run, _A_BLOCK)))
        for stratum, members in strata.items()
        for run in _split(members, math.ceil(count * sum(item.known for item in members) / total / _A_BLOCK))
    )


def _split(members: Sequence[Item], blocks: int) -> Iterator[tuple[Item, ...]]:
    """Runs of nearly the same length, none shorter than what is drawn of it (but where there are no more items)."""
    blocks = max(1, min(blocks, len(members) // _A_BLOCK))
    edges = [len(members) * n // blocks for n in range(blocks + 1)]
    return (tuple(members[start:end]) for start, end in pairwise(edges))


def extrapolate(blocks: Sequence[Block], measured: Mapping[int, int]) -> Extrapolated:
    """From the bytes measured of the drawn items (by number) to those of all."""
    sizes: dict[int, int] = {}
    variances: list[float] = []
    by_stratum: dict[tuple[Hashable, ...], list[Block]] = defaultdict(list)
    for block in blocks:
        by_stratum[block.stratum].append(block)
    for own in by_stratum.values():
        ratio, stretch = _ratio(own, measured)
        for block in own:
            sizes |= {item.number: round(ratio * item.known) for item in block.members}
            sizes |= {item.number: measured[item.number] for item in block.drawn}
        variances += [_variance(block, ratio, measured) * stretch**2 for block in own if block.drawn != block.members]
    return Extrapolated(sizes, math.ceil(_half_width(variances)))


def _ratio(blocks: Sequence[Block], measured: Mapping[int, int]) -> tuple[float, float]:
    """Bytes measured a byte known, and how many times the known bytes of all are those that the sample tells."""
    found = told = 0.0
    for block in blocks:
        weight = len(block.members) / len(block.drawn)
        found += weight * sum(measured[item.number] for item in block.drawn)
        told += weight * sum(item.known for item in block.drawn)
    if not told:
        return 0.0, 1.0
    return found / told, sum(item.known for block in blocks for item in block.members) / told


def _variance(block: Block, ratio: float, measured: Mapping[int, int]) -> float:
    """Of the sum of a block, by what its drawn items differ from the ratio, each in its own way."""
    all_, drawn = len(block.members), len(block.drawn)
    off = [measured[item.number] - ratio * item.known for item in block.drawn]
    mean = sum(off) / drawn
    return all_**2 * (1 - drawn / all_) / drawn * sum((one - mean) ** 2 for one in off) / (drawn - 1)


def _half_width(variances: Sequence[float]) -> float:
    """Half of the 95 % interval of a sum of blocks; fewer blocks count where few of them hold most of the spread."""
    total = sum(variances)
    if not total:
        return 0.0
    worth = total**2 / sum(one**2 for one in variances) * (3.16 - 2.77 / math.sqrt(len(variances)))
    student = next((t for n, t in reversed(_STUDENT) if n <= worth), _STUDENT[0][1])
    return student * math.sqrt(total)
