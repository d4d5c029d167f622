"""The series of a disc for a report: nothing that a decoder does may stop it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from repack import api
from repack.processes.workers import Crashed, Pool
from repack.progress import NoProgress
from repack.thumbnails import looking
from repack.thumbnails.drawing import draw
from tests.batch.stage import make_discs


class Failing:
    """A pool that comes to no end, or dies, with what is done by one function."""

    def __init__(self, function: Callable[[Any], Any], **how: bool) -> None:
        self._function, self._how = function, how

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], allow: Callable[[Any], float]
    ) -> Iterator[object]:
        for task in tasks:
            assert allow(task) > 100  # seconds: no decoder may work for ever
            yield Crashed(task, **self._how) if function is self._function else function(task)


@pytest.mark.parametrize("function", [draw, looking.headers.look_through])
@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"is_late": True}, "its decoder came to no end"),
        ({"is_memory": True}, "there was too little memory"),
        ({}, "its decoder crashed"),
    ],
)
def test_what_ends_a_worker_costs_pictures_alone(
    tmp_path: Path, function: Callable[[Any], Any], how: dict[str, bool], says: str
) -> None:
    plan = api.plan(make_discs(tmp_path, 1)[0])
    pool = cast("Pool", Failing(function, **how))
    looked = looking.look(plan, pool, NoProgress(), with_patient=False)
    assert [series.without for series in looked.series] == [says] * len(looked.series)
    assert looked.series
    assert not any(series.pictures for series in looked.series)
