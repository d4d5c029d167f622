"""The stopwatch: stages within stages, tasks of workers, and nothing at all where nobody asked."""

import time
from pathlib import Path

import pytest

from repack import stopwatch
from repack.processes.workers import Pool
from repack.report.profile import profiled
from repack.stopwatch import Stopwatch, Timed, stage, time_task, timed
from tests.commands import Run
from tests.discs import write_small_disc


@timed("inner")
def inner(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def outer(seconds: float) -> float:
    with stage("outer"):
        time.sleep(seconds)
        return inner(2 * seconds)


def fail(_task: float) -> None:
    with stage("outer"):
        raise ZeroDivisionError


def test_an_inner_stage_stops_the_clock_of_the_outer_one() -> None:
    watch = Stopwatch()
    start = time.perf_counter()
    with stopwatch.running(watch):
        assert outer(0.02) == 0.04
    whole = time.perf_counter() - start
    assert set(watch.here) == {"outer", "inner", stopwatch.OTHER}
    assert watch.here["outer"][0] >= 0.02
    assert watch.here["inner"][0] >= 0.04
    assert sum(wall for wall, _cpu in watch.here.values()) <= whole, "no moment is counted twice"


def test_nothing_is_noted_while_no_stopwatch_runs() -> None:
    watch = Stopwatch()
    outer(0.0)
    with stopwatch.running(None):
        outer(0.0)
        assert stopwatch.current() is None
    assert watch.here == {}


def test_an_error_ends_its_stages() -> None:
    watch = Stopwatch()
    with stopwatch.running(watch), pytest.raises(ZeroDivisionError):
        fail(0.0)
    assert stopwatch.current() is None
    assert watch._stack == []


def test_a_task_gives_its_value_and_its_times() -> None:
    timed = time_task(0.01, outer)
    assert isinstance(timed, Timed)
    assert timed.value == 0.02
    assert timed.spent["inner"][0] >= 0.02
    assert stopwatch.current() is None


@pytest.mark.lengthy
def test_workers_hand_back_their_times_with_their_results() -> None:
    watch = Stopwatch()
    with Pool(2) as pool, stopwatch.running(watch):
        assert list(pool.run(outer, [0.01, 0.02])) == [0.02, 0.04]
    assert watch.workers["inner"][0] >= 0.06
    assert "inner" not in watch.here
    assert watch.here["wait"][0] > 0
    with Pool(1) as pool:
        assert list(pool.run(outer, [0.0])) == [0.0]


@pytest.mark.lengthy
def test_an_error_in_a_timed_task_comes_out_as_it_is() -> None:
    with Pool(1) as pool, stopwatch.running(Stopwatch()), pytest.raises(ZeroDivisionError):
        list(pool.run(fail, [0.0]))


def test_the_table_has_a_row_for_each_stage_the_longest_first() -> None:
    watch = Stopwatch(
        here={"wait": (2.0, 0.0), "write": (0.5, 0.4)}, workers={"encode": (3.0, 2.9), "write": (0.1, 0.1)}
    )
    sheet = profiled(watch, 1.5, 6.0)
    assert [row[0] for row in sheet.rows] == ["encode", "wait", "write"]
    assert sheet.rows[0] == ("encode", "", "", "3.000", "2.900")
    assert sheet.rows[2] == ("write", "0.500", "0.400", "0.100", "0.100")


@pytest.mark.usefixtures("inline")
def test_the_command_shows_it_on_standard_error_where_it_is_asked_twice(tmp_path: Path, run: Run) -> None:
    scan = write_small_disc(tmp_path / "scan.zip", 2)
    for words, is_shown in ((["-v"], False), (["-v", "-v"], True)):
        code, out, err = run(scan, "--overwrite", *words)
        assert code == 0
        assert ("Where the time went" in err) == is_shown
        assert "Where the time went" not in out
        assert all((name in err) == is_shown for name in ("encode", "check", "inflate", "hash", "write"))
