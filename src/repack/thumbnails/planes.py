"""The order of slices in the patient, and which way up a plane through them is shown (PS3.3 C.7.6.2.1.1).

Directions are those of the patient: x grows to the left hand, y to the back, z to the head.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from repack.dicom.showing import Placement, Vector

FEWEST = 12  # parallel slices that make a volume worth looking at from the side
_SAME = 0.01  # mm; nearer slices lie at the same place (several phases, echoes, directions)
#: Direction across a plane -> what it is called, and the directions shown to the right and downwards (with sign).
_VIEWS = {0: ("sagittal", 1, (2, -1)), 1: ("coronal", 0, (2, -1)), 2: ("axial", 0, (1, 1))}


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of one file of a series."""

    file: int
    frame: int
    rows: int
    columns: int
    instance: int
    placement: Placement | None


@dataclass(frozen=True, slots=True)
class Stack:
    """Parallel slices at different places, in order; `gap` is their distance in mm."""

    slices: tuple[Slice, ...]
    gap: float
    across: Vector  # from the first slice to the last


@dataclass(frozen=True, slots=True)
class View:
    """How a plane is shown: its name, and what to do with its array (transpose first, then turn over)."""

    name: str
    is_transposed: bool
    is_upside_down: bool
    is_mirrored: bool


def cross(a: Vector, b: Vector) -> Vector:
    """The direction at right angles to two others."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _dot(a: Vector, b: Vector) -> float:
    return sum(one * other for one, other in zip(a, b, strict=True))


def _kind(one: Slice) -> tuple[object, ...]:
    """Slices of the same kind are parallel and of one size."""
    where = one.placement
    edges = tuple(round(part, 2) + 0.0 for part in (*where.along, *where.down)) if where else None
    return one.rows, one.columns, edges


def _depth(one: Slice) -> float:
    where = one.placement
    return _dot(where.position, cross(where.along, where.down)) if where else 0.0


def in_order(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """By place where most lie parallel (the others behind them), else by number, else as they come."""
    kinds = Counter(_kind(one) for one in slices)
    usual, count = kinds.most_common(1)[0] if kinds else ((), 0)
    if usual and usual[2] is not None and 2 * count > len(slices):
        main = sorted((one for one in slices if _kind(one) == usual), key=_depth)
        return (*main, *(one for one in slices if _kind(one) != usual))
    return tuple(sorted(slices, key=lambda one: (one.instance, one.file, one.frame)))


def find_stack(slices: Iterable[Slice]) -> Stack | None:
    """The volume that slices in order make, None where they make none: too few, or not evenly apart."""
    ordered = [one for one in slices if one.placement is not None]
    if not ordered:
        return None
    kind = _kind(ordered[0])
    main: list[Slice] = []
    for one in ordered:
        if _kind(one) == kind and (not main or _depth(one) - _depth(main[-1]) > _SAME):
            main.append(one)
    where = main[0].placement
    if len(main) < FEWEST or where is None:
        return None
    gap = (_depth(main[-1]) - _depth(main[0])) / (len(main) - 1)
    widest = max(_depth(b) - _depth(a) for a, b in pairwise(main))
    return Stack(tuple(main), gap, cross(where.along, where.down)) if widest < 3 * gap else None


def _main_axis(direction: Vector) -> int:
    return max(range(3), key=lambda axis: abs(direction[axis]))


def find_view(down: Vector, right: Vector) -> View | None:
    """How a plane is shown whose array has these directions; None where they are too oblique to name it."""
    vertical, horizontal = _main_axis(down), _main_axis(right)
    if vertical == horizontal:
        return None
    name, wanted, (lower, sign) = _VIEWS[3 - vertical - horizontal]
    is_transposed = horizontal != wanted
    if is_transposed:
        down, right = right, down
    return View(name, is_transposed, down[lower] * sign < 0, right[wanted] < 0)
