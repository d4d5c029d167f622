"""Worker processes: in order, bounded, and no dead process costs more than its own task."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repack.processes import serving
from repack.processes.workers import Crashed, Pool, count_cores

ABORT = "abort"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """One pool for the tests that leave it whole: starting one takes half a second."""
    with Pool(2) as pool:
        pool.warm(stand_ready)
        yield pool


def stand_ready(_nothing: None) -> None:
    """Being imported is enough."""


def square(number: int) -> int:
    return number * number


def square_slowly_at_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0.0)
    return number * number


def divide_by(number: int) -> float:
    return 1 / number


def tell_process(_task: object) -> int:
    return os.getpid()


def live_or_die(task: int | str) -> int | str:
    if task == ABORT:
        os.abort()  # as a native codec does
    if isinstance(task, str) and task.startswith("exit"):
        os._exit(int(task[4:]))
    if task == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if isinstance(task, int):
        time.sleep(0.01)
    return task


def die_once(path: str) -> str:
    """Kills its process at the first try and works at the second, as a task that dies of its neighbours' memory."""
    if not Path(path).exists():
        Path(path).write_text("tried", encoding="ascii")
        os._exit(1)
    return "alive"


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return state != "Z"


def wait_until_gone(processes: set[int], seconds: float = 5) -> set[int]:
    end = time.monotonic() + seconds
    while (left := {process for process in processes if is_alive(process)}) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def note(path: str) -> int:
    """How often this task was done before."""
    with Path(path).open("a", encoding="ascii") as file:
        file.write("x")
    return Path(path).stat().st_size


# --- the ordinary case ---


def test_results_come_in_order_whatever_was_done_first(pool: Pool) -> None:
    assert list(pool.run(square_slowly_at_first, range(30))) == [n * n for n in range(30)]


def test_no_tasks_no_results(pool: Pool) -> None:
    assert list(pool.run(square, [])) == []


def test_a_bounded_number_is_under_way(pool: Pool) -> None:
    drawn = 0

    def draw() -> Iterator[int]:
        nonlocal drawn
        for number in range(40):
            drawn += 1
            yield number

    results = pool.run(square, draw())
    assert drawn == 0
    ahead = []
    for count, result in enumerate(results, start=1):
        assert result == (count - 1) ** 2
        ahead.append(drawn - count)
    assert max(ahead) <= 2 * pool.jobs
    assert ahead[0] == 2 * pool.jobs
    assert drawn == 40


def test_what_is_begun_early_is_done_once_and_comes_out_in_its_place(pool: Pool, tmp_path: Path) -> None:
    tasks = [str(tmp_path / str(number)) for number in range(30)]
    for task in (tasks[3], tasks[0], tasks[20], tasks[3]):
        pool.begin(note, task)
    end = time.monotonic() + 20
    while not all((tmp_path / name).exists() for name in ("0", "3", "20")) and time.monotonic() < end:
        pool.listen()
    assert {file.name for file in tmp_path.iterdir()} == {"0", "3", "20"}  # before anybody asked
    assert list(pool.run(note, tasks)) == [1] * 30


def test_what_was_begun_is_done_again_where_the_workers_were_dismissed(pool: Pool) -> None:
    pool.begin(square, 7)
    pool.dismiss()
    assert list(pool.run(square, [7])) == [49]


def test_what_is_begun_and_not_asked_for_changes_nothing(pool: Pool) -> None:
    pool.begin(square, 1_000)
    pool.begin(divide_by, 0)  # raises, but nobody asks
    assert list(pool.run(square, range(5))) == [0, 1, 4, 9, 16]
    pool.begin(divide_by, 2)
    assert list(pool.run(square, [2])) == [4]  # the same task, but another function


def test_what_is_begun_and_raises_or_dies_says_so_when_it_is_asked_for() -> None:
    with Pool(2) as pool:
        pool.begin(divide_by, 0)
        pool.begin(live_or_die, ABORT)
        pool.begin(live_or_die, 7)
        with pytest.raises(ZeroDivisionError):
            next(pool.run(divide_by, [0]))
        assert list(pool.run(live_or_die, [ABORT, 7, 8])) == [Crashed(ABORT), 7, 8]


def test_without_processes_nothing_is_begun() -> None:
    with Pool(0) as pool:
        pool.begin(divide_by, 0)
        pool.listen()
        assert list(pool.run(square, [0, 3])) == [0, 9]


def test_work_is_done_in_other_processes(pool: Pool) -> None:
    processes = set(pool.run(tell_process, range(40)))
    assert os.getpid() not in processes
    assert len(processes) <= 2


def test_what_a_function_raises_comes_out_and_the_pool_lives_on(pool: Pool) -> None:
    results = pool.run(divide_by, [1, 2, 0, 4])
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(pool.run(square, [3])) == [9]


def test_what_the_tasks_raise_comes_out_too(pool: Pool) -> None:
    def draw() -> Iterator[int]:
        yield 1
        raise KeyError("trouble where the tasks are made")

    with pytest.raises(KeyError):
        list(pool.run(square, draw()))
    assert list(pool.run(square, [3])) == [9]


def test_a_consumer_that_stops_early_costs_nothing(pool: Pool) -> None:
    results = pool.run(square, range(1_000_000_000))
    assert next(results) == 0
    results.close()
    assert list(pool.run(square, [3])) == [9]


def test_no_more_workers_than_asked() -> None:
    assert count_cores() >= 1
    assert [Pool(jobs).jobs for jobs in (-1, 0, 1, 7)] == [0, 0, 1, 7]


# --- the end ---


@pytest.mark.skipif(os.name == "nt", reason="asking after a process by signal 0 would interrupt it there")
def test_leaving_stops_the_processes_even_with_work_under_way() -> None:
    start = time.monotonic()
    with Pool(2) as pool:
        processes = {process for process in pool.run(tell_process, range(8)) if isinstance(process, int)}
        next(pool.run(square_slowly_at_first, range(1_000)))
    assert wait_until_gone(processes) == set()
    assert time.monotonic() - start < 30


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_workers_go_when_their_parent_is_killed() -> None:
    code = (
        "import time\nfrom repack.processes.workers import Pool\n"
        "from tests.processes.test_workers import tell_process\n"
        "if __name__ == '__main__':\n"
        "    with Pool(2) as pool:\n"
        "        print(*set(pool.run(tell_process, range(50))), flush=True)\n"
        "        time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        processes = {int(word) for word in parent.stdout.readline().split()}
        assert processes
        assert all(is_alive(process) for process in processes)
        parent.kill()
    left = wait_until_gone(processes)
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert left == set()


# --- crashes ---


@pytest.mark.lengthy
@pytest.mark.parametrize("death", [ABORT, "exit1", "exit0", "kill"])
def test_a_task_that_kills_its_process_costs_only_itself(death: str, capfd: pytest.CaptureFixture[str]) -> None:
    tasks: list[int | str] = [0, 1, 2, death, 4, 5, 6, 7, 8, 9]
    with Pool(2) as pool:
        results = list(pool.run(live_or_die, tasks))
    assert results == [Crashed(task) if task == death else task for task in tasks]
    capfd.readouterr()


@pytest.mark.lengthy
def test_several_crashes_first_and_last() -> None:
    tasks: list[int | str] = ["exit3", 1, "exit4", "exit5", *range(8), "exit6"]
    with Pool(2) as pool:
        results = list(pool.run(live_or_die, tasks))
        assert list(pool.run(square, [5])) == [25]
    assert results == [Crashed(task) if isinstance(task, str) else task for task in tasks]


def test_a_task_that_dies_only_in_company_is_not_given_up(tmp_path: Path) -> None:
    with Pool(1) as pool:
        assert list(pool.run(die_once, [str(tmp_path / "a")])) == ["alive"]


@pytest.mark.lengthy
def test_crashes_do_not_draw_more_tasks_than_the_bound() -> None:
    drawn = 0

    def draw() -> Iterator[int | str]:
        nonlocal drawn
        for task in ("exit1", *range(20)):
            drawn += 1
            yield task

    with Pool(1) as pool:
        results = pool.run(live_or_die, draw())
        assert next(results) == Crashed("exit1")
        assert drawn <= 3
        assert list(results) == list(range(20))


def hang(task: int | str) -> int | str:
    if task == "hang":
        time.sleep(3_600)
    return task


@pytest.mark.lengthy
def test_a_task_that_comes_to_no_end_costs_only_itself() -> None:
    """The limit is short for that task alone: how fast this computer is decides nothing."""
    tasks: list[int | str] = [0, 1, "hang", 3, 4, "hang", 6, 7]
    with Pool(2) as pool:
        results = list(pool.run(hang, tasks, lambda task: 0.5 if task == "hang" else 3_600.0))
        assert list(pool.run(square, [5])) == [25]
    assert results == [Crashed(task, is_late=True) if task == "hang" else task for task in tasks]


# --- memory, and what cannot travel ---


class Unsendable(Exception):
    def __init__(self, first: int, second: int) -> None:  # unpickling calls it with one argument
        super().__init__(f"{first} and {second}")


def hunger(task: int) -> int:
    if task == 3:
        raise MemoryError
    return task


def hunger_in_company(task: tuple[str, int]) -> int:
    folder, number = task
    mark = Path(folder) / "tried"
    if number == 3 and not mark.exists():
        mark.touch()
        raise MemoryError
    return number


def raise_unsendable(_task: int) -> None:
    raise Unsendable(1, 2)


def give_unsendable(_task: int) -> object:
    return lambda: None


def test_too_little_memory_costs_one_task(pool: Pool) -> None:
    assert list(pool.run(hunger, range(6))) == [0, 1, 2, Crashed(3, is_memory=True), 4, 5]


def test_memory_that_suffices_for_one_alone_is_found(pool: Pool, tmp_path: Path) -> None:
    assert list(pool.run(hunger_in_company, [(str(tmp_path), number) for number in range(8)])) == list(range(8))


def test_what_cannot_travel_comes_out_as_another_error_with_the_story(pool: Pool) -> None:
    with pytest.raises(RuntimeError, match="Unsendable in a worker process") as caught:
        list(pool.run(raise_unsendable, [1]))
    assert "in raise_unsendable" in caught.value.__notes__[0]
    with pytest.raises(AttributeError, match="pickle"):
        list(pool.run(give_unsendable, [1]))
    assert list(pool.run(square, [3])) == [9]


def test_a_run_inside_another(pool: Pool) -> None:
    found = []
    for number in pool.run(square, range(6)):
        assert isinstance(number, int)
        found.append((number, list(pool.run(square, [number, number + 1]))))
    assert found == [(n * n, [n**4, (n * n + 1) ** 2]) for n in range(6)]


# --- no process to be had ---


def test_where_no_process_can_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(serving, "start", refuse)
    with Pool(2) as pool:
        pool.warm(stand_ready)
        assert list(pool.run(hunger, range(5))) == [0, 1, 2, Crashed(3, is_memory=True), 4]
        assert set(pool.run(tell_process, range(3))) == {os.getpid()}
        with pytest.raises(ZeroDivisionError):
            list(pool.run(divide_by, [0]))


def die_at_once(*_: object) -> None:
    os._exit(1)


def test_where_every_process_dies_at_its_start_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_serve", die_at_once)
    with Pool(2) as pool:
        assert set(pool.run(tell_process, range(3))) == {os.getpid()}


def test_without_jobs_everything_is_done_in_this_process() -> None:
    with Pool(0) as pool:
        pool.warm(_fail_to_get_ready)
        assert list(pool.run(_process_id, range(5))) == [os.getpid()] * 5


def _process_id(_task: int) -> int:
    return os.getpid()


def _fail_to_get_ready(_nothing: None) -> None:
    raise AssertionError
