"""Mutations of bytes, repeatable from a seed; for where atheris is not installed, and for the bounded run."""

import random
from collections.abc import Callable, Iterator, Sequence

_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)

_Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def _place(chance: random.Random, data: bytearray) -> int:
    return chance.randrange(len(data) + 1)


def _flip(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _put_number(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    width, at = chance.choice((1, 2, 4, 8)), _place(chance, data)
    number = chance.choice(_INTERESTING) if chance.random() < 0.5 else chance.randrange(len(data) + 64)
    number &= (1 << 8 * width) - 1
    data[at : at + width] = number.to_bytes(width, chance.choice(("little", "big")))


def _insert(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _place(chance, data)
    data[at:at] = chance.randbytes(chance.randint(1, 8))


def _delete(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _place(chance, data)
    del data[at : at + chance.randint(1, 16)]


def _cut(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    del data[_place(chance, data) :]


def _repeat(chance: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    start = _place(chance, data)
    block = data[start : start + chance.randint(1, 64)]
    at = _place(chance, data)
    data[at:at] = block * chance.choice((1, 1, 2, 8))


def _splice(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    start = chance.randrange(len(other) + 1)
    at = _place(chance, data)
    data[at : at + chance.randint(0, 64)] = other[start : start + chance.randint(1, 256)]


_MUTATIONS: tuple[_Mutation, ...] = (
    _flip, _flip, _set, _set, _put_number, _put_number, _insert, _delete, _cut, _repeat, _splice,
)  # fmt: skip


def inputs(seeds: Sequence[bytes], runs: int, seed: int, longest: int) -> Iterator[bytes]:
    """The seeds themselves, then mutations of them: `runs` inputs, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  repeatable on purpose
    for number in range(runs):
        if number < len(seeds):
            yield seeds[number]
            continue
        data = bytearray(chance.choice(seeds))
        for _ in range(1 + int(chance.expovariate(0.5))):
            chance.choice(_MUTATIONS)(chance, data, seeds)
        yield bytes(data[:longest])
