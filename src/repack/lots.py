"""Tasks and checks in lots for the workers: what is small travels together, an image of size travels alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from repack.model import Action
from repack.outcomes import Task
from repack.processes.workers import give_time

_MOST_ENTRIES, _MOST_WEIGHT = 32, 4 << 20
_IMAGE = 8  # times as long as what is only carried over
_Item = TypeVar("_Item")


def make_lots(tasks: Iterable[Task]) -> Iterator[tuple[Task, ...]]:
    """Neighbours that are small, together."""
    return cut(tasks, _weigh, _MOST_WEIGHT)


def travels_alone(task: Task) -> bool:
    """Will this be a lot by itself, whatever its neighbours are?"""
    return _weigh(task) > _MOST_WEIGHT


def allow(lot: tuple[Task, ...]) -> float:
    """Seconds that a lot may take."""
    return give_time(sum(task.size for task in lot))


def _weigh(task: Task) -> int:
    return task.size * (_IMAGE if task.action is Action.TRANSCODE else 1)


def cut(items: Iterable[_Item], weigh: Callable[[_Item], int], most: int) -> Iterator[tuple[_Item, ...]]:
    """Neighbours in lots of at most 32 items and, but for single ones, at most so much weight."""
    lot: list[_Item] = []
    total = 0
    for item in items:
        weight = weigh(item)
        if lot and (len(lot) >= _MOST_ENTRIES or total + weight > most):
            yield tuple(lot)
            lot, total = [], 0
        lot.append(item)
        total += weight
    if lot:
        yield tuple(lot)
