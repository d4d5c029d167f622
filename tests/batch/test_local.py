"""The worker processes of one computer: each at one disc, and none that outlives the batch."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from repack.batch import journal, lock, running
from repack.batch.engine import Answer, Died, stream
from repack.batch.line import BatchLine, Result
from repack.batch.local import Local
from repack.batch.orders import Task
from repack.giveback.verify import Request, verify
from tests.batch.stage import make_discs, request


@pytest.fixture(autouse=True)
def _no_survivors() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    asked = request(make_discs(tmp_path / "in", 3), tmp_path / "out")
    with lock.held(asked.out_dir) as number, journal.opened(asked.out_dir) as record:
        return list(running._tasks(asked, number, record))


def _next(engine: Local) -> list[tuple[Task, Answer]]:
    while engine.out():
        if came := engine.collect(1.0):
            return came
    return []


@pytest.mark.lengthy
def test_every_disc_has_its_line_and_workers_are_shared(tasks: list[Task]) -> None:
    seen: set[str] = set()
    with Local(2) as engine:
        lines = {t.address: line for t, line in stream(engine, tasks, lambda now: seen.update(w for w, _given in now))}
    assert [lines[task.address].result for task in tasks] == [Result.DONE] * 3
    assert seen == {"worker 1", "worker 2"}


@pytest.mark.lengthy
def test_a_worker_that_dies_is_told_and_the_next_one_does_it(tasks: list[Task]) -> None:
    with Local(1) as engine:
        engine.submit(tasks[0])
        assert not engine.has_room()
        ((_task, line),) = _next(engine)
        assert isinstance(line, BatchLine)
        engine.submit(tasks[1])
        engine._workers[0].process.kill()
        assert _next(engine) == [(tasks[1], Died())]
        assert engine.has_room()
        careful = replace(tasks[1], order=replace(tasks[1].order, is_careful=True))
        engine.submit(careful)  # its images go to a process of their own
        ((_task, line),) = _next(engine)
        assert isinstance(line, BatchLine)
        assert line.result is Result.DONE
    assert verify(Request(Path(careful.out_dir, careful.order.name), jobs=0)).findings == []


@pytest.mark.lengthy
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be halted here")
def test_a_worker_that_comes_to_no_end_is_ended_and_its_disc_tried_again(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repack.batch.engine.give_time", lambda _size: 0.2)
    with Local(1) as engine:
        engine.submit(tasks[0])
        halted = engine._workers[0].process.pid
        os.kill(halted or 0, signal.SIGSTOP)
        ((task, line),) = stream(engine, [], lambda _at_work: None)
        assert (task.address, line.result) == (tasks[0].address, Result.DONE)
        assert [worker.process.pid for worker in engine._workers] != [halted]


def test_an_interrupt_ends_busy_workers_at_once(tasks: list[Task]) -> None:
    def interrupted() -> None:
        with Local(2) as engine:
            engine.submit(tasks[0])
            engine.submit(tasks[1])
            assert [task.address for task in engine.out()] == [tasks[0].address, tasks[1].address]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_where_no_process_can_be_started_all_is_done_here(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("repack.processes.serving.start", fail)
    with Local(2) as engine:
        lines = [line for _task, line in stream(engine, tasks, lambda _at_work: None)]
    assert [line.result for line in lines] == [Result.DONE] * 3
