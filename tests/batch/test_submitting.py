"""What goes wrong when a disc is handed to the scheduler: a broken connection loses it, a fault of ours is no loss."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from repack.batch.cluster import Cluster
from repack.batch.engine import Lost
from repack.batch.orders import Task

TASK = cast("Task", object())


def _cluster(status: str) -> Any:  # noqa: ANN401  only what `submit` looks at
    def submit(*_rest: object, **_named: object) -> None:
        raise ValueError("what a client raises")

    found: Any = object.__new__(Cluster)
    found._client, found._executor = SimpleNamespace(status=status), SimpleNamespace(submit=submit)
    found._out, found._lost = {}, []
    return found


@pytest.mark.parametrize("status", ["closed", "connecting"])
def test_a_broken_connection_loses_the_disc(status: str) -> None:
    engine = _cluster(status)
    engine.submit(TASK)
    assert engine._lost == [(TASK, Lost())]
    assert engine.out() == [TASK]


def test_a_fault_of_ours_is_not_tried_for_ever() -> None:
    with pytest.raises(ValueError, match="what a client raises"):
        _cluster("running").submit(TASK)
