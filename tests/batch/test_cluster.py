"""A Dask cluster does what the local pool does, and loses nothing when parts of it die. Larger counts: tests.batch."""

import importlib.util
import math
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from repack.batch import cluster as engines
from repack.batch.engine import Died, Lost
from repack.batch.orders import Task
from repack.errors import ExitCode
from tests.batch import disturbed
from tests.batch.clusters import Processes, cluster, free_port, run_batch, start_batch
from tests.batch.disturbed import Blow, Shelf
from tests.batch.stage import make_discs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc and sends signals to process groups"),
    pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs repack[batch]"),
]
_COUNT = 6
_chance = random.Random(20_240_315)  # noqa: S311  the same moments each time are easier to discuss
MOMENTS = [
    Blow(kind, round(_chance.uniform(0.0, 0.3), 2), lines) for lines in (0, 1, 3) for kind in ("int", "kill", "int-int")
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    make_discs(folder / "in", _COUNT, has_viewer=True)
    return disturbed.make_shelf(folder, _COUNT)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def a_task() -> Task:
    return cast("Task", SimpleNamespace(order=SimpleNamespace(disc=SimpleNamespace(given="a.zip"), is_careful=True)))


def test_a_cluster_gives_the_same_zips(shelf: Shelf, processes: Processes) -> None:
    words = (shelf.discs, "--out-dir", shelf.folder / "same", "--scheduler", processes.address)
    assert run_batch(*words)[0] == 0
    assert disturbed.faults_of(shelf, shelf.folder / "same") == []
    code, said = run_batch(*words)
    assert code == 0
    assert said.count("was done already") == _COUNT


@pytest.mark.parametrize("blow", MOMENTS, ids=str)
def test_interrupted_and_run_again(shelf: Shelf, blow: Blow) -> None:
    faults, _said = disturbed.interrupt(shelf, blow)
    assert faults == []


@pytest.mark.parametrize("blow", MOMENTS[3:6], ids=str)
def test_interrupted_on_a_cluster_and_run_again(shelf: Shelf, processes: Processes, blow: Blow) -> None:
    faults, _said = disturbed.interrupt(shelf, blow, processes)
    assert faults == []


def test_workers_that_die_lose_nothing(shelf: Shelf) -> None:
    faults, said = disturbed.with_dying_workers(shelf, 1.0, 1)
    assert faults == [], said


def test_a_scheduler_that_is_started_again_finds_the_batch_waiting(shelf: Shelf) -> None:
    faults, said = disturbed.with_scheduler_restart(shelf)
    assert faults == [], said


def test_what_was_handed_out_as_the_scheduler_went_away_is_lost(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask's client forgets to say so, and would wait for it for ever."""
    monkeypatch.setattr(engines, "_ASKING", 0.0)
    monkeypatch.setattr(engines, "_FORGOTTEN", 0.0)
    task = a_task()
    with engines.Cluster(processes.address) as engine:
        slow = engine._executor.submit(time.sleep, 2, key="repack-known", pure=False)
        ask = engine._client.scheduler.get_task_status
        end = time.monotonic() + 60
        while engine._client.sync(ask, keys=["repack-known"]) == {"repack-known": None}:
            assert time.monotonic() < end
            time.sleep(0.05)  # it is on its way
        engine._out = {Future(): (task, "repack-forgotten"), slow: (task, "repack-known")}
        for _asked in range(2):
            assert engine._lost == []
            engine.has_room()
        came = [answer for _attempt in range(2) for _task, answer in engine.collect(0)]
        assert came == [Lost()]
        assert list(engine._out.values()) == [(task, "repack-known")]
        slow.result()


def test_a_worker_that_comes_to_no_end_is_ended_and_its_disc_told_of(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_ASKING", 0.0)
    task = a_task()
    monkeypatch.setattr(engines, "give_time_to", lambda asked: 1.0 if asked is task else math.inf)
    patient = a_task()
    with engines.Cluster(processes.address) as engine:
        engine._client.wait_for_workers(2, timeout=60)
        before = set(engine._client.run(os.getpid).values())
        endless = engine._executor.submit(time.sleep, 3600, key="repack-endless", pure=False)
        long = engine._executor.submit(time.sleep, 4, key="repack-long", pure=False)
        engine._out = {endless: (task, "repack-endless"), long: (patient, "repack-long")}
        end = time.monotonic() + 60
        while not engine._lost:
            assert time.monotonic() < end
            engine.has_room()
            time.sleep(0.05)
        assert (task, Died()) in engine.collect(0)
        assert long.result(timeout=60) is None  # on the other worker
        engine._client.wait_for_workers(2, timeout=60)
        after = set(engine._client.run(os.getpid).values())
        assert (len(after), len(after & before)) == (2, 1)
        assert engine._client.sync(engine._client.scheduler.get_task_status, keys=["repack-endless"]) == {
            "repack-endless": None
        }


def test_no_scheduler_there(shelf: Shelf) -> None:
    code, said = run_batch(
        shelf.discs, "--out-dir", shelf.folder / "none", "--scheduler", f"tcp://127.0.0.1:{free_port()}"
    )
    assert code == ExitCode.USAGE
    assert "no scheduler answers at tcp://127.0.0.1" in said
    assert "dask scheduler" in said
    assert said.count("\n") == 1


def test_an_interrupt_while_the_scheduler_is_away_ends_at_once(shelf: Shelf, tmp_path: Path) -> None:
    out_dir = tmp_path / "out"
    with cluster(tmp_path / "cluster", workers=1) as processes:
        with start_batch(shelf.discs, "--out-dir", out_dir, "--scheduler", processes.address) as batch:
            disturbed.wait_for_lines(out_dir, 1)
            processes.kill_scheduler()
            batch.send_signal(signal.SIGINT)
            _out, err = batch.communicate(timeout=15)
        assert batch.returncode == ExitCode.INTERRUPTED
        assert "Traceback" not in err
