"""Lent answers, whatever happens on their way: the right bytes, and every place is given back once."""

import gc
import mmap
import os
import random
import signal
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from pickle import PickleBuffer
from typing import Any, NamedTuple

import pytest

from fixtures.disc import dental_disc, write_zip
from repack import stopwatch
from repack.model import STORED, Packed
from repack.processes import shelf
from repack.processes.jobs import Job
from repack.processes.serving import Answer, Kind
from repack.processes.shelf import PLACES, Shelf, Writer
from repack.processes.workers import Crashed, Pool
from tests.commands import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has memory without a name (memfd_create)")


class Order(NamedTuple):
    """What a worker is to do, and the number that its answer is made of."""

    kind: str
    number: int


def content(number: int) -> bytes:
    """Bytes that tell from which order they are."""
    return number.to_bytes(4, "little") * (1 + number * 7919 % 90_000)


def pack(order: Order) -> Packed:
    data = content(order.number)
    return Packed(data, STORED, order.number, len(data))


def obey(order: Order) -> tuple[Packed, ...]:
    """Several large answers in one, or what may come between."""
    match order.kind:
        case "raise":
            raise ValueError(order.number)
        case "memory":
            raise MemoryError
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(60)
        case "slow":
            time.sleep(0.01)
    return pack(order), pack(Order("", order.number + 1))


def allow(order: Order) -> float:
    return 0.3 if order.kind == "hang" else 30.0


def is_right(order: Order, answer: tuple[Packed, ...] | Crashed[Order]) -> bool:
    """Is it what this order gives?"""
    if isinstance(answer, Crashed):
        return order.kind in {"crash", "memory", "hang"} and answer.task == order
    return [bytes(packed.data) for packed in answer] == [content(order.number), content(order.number + 1)]


def count_free(pool: Pool) -> list[int]:
    """The places that can be taken on the shelves of its idle workers; all are taken then."""
    counts = []
    for worker in pool._workers:
        assert worker.shelf is not None
        taken = [place for _ in range(2 * PLACES) if (place := worker.shelf.take_place()) is not None]
        assert len(set(taken)) == len(taken)
        counts.append(len(taken))
    return counts


def settle(pool: Pool) -> None:
    """Wait until no worker has anything to do."""
    while pool._waiting or any(worker.jobs for worker in pool._workers):
        pool._take_turn()


class Stir:
    """Uses a pool in all ways, at random, and looks at every answer for as long as it may."""

    def __init__(self, pool: Pool, seed: int, kinds: dict[str, int]) -> None:
        self.pool, self.chance = pool, random.Random(seed)  # noqa: S311  repeatable on purpose
        self.kinds, self.count = kinds, 0

    def make_orders(self, most: int) -> list[Order]:
        kinds = self.chance.choices(list(self.kinds), list(self.kinds.values()), k=self.chance.randint(1, most))
        self.count += 2 * len(kinds)
        return [Order(kind, self.count - 2 * place) for place, kind in enumerate(kinds)]

    def stir(self, depth: int = 0) -> None:
        """One use of the pool, perhaps within another one."""
        orders = self.make_orders(12)
        lends = self.chance.random() < 0.8
        for order in orders:
            if self.chance.random() < 0.3:
                self.pool.begin(obey, order, allow, lends=lends)
        if self.chance.random() < 0.3:
            self.pool.listen()
        answers = self.pool.run(obey, iter(orders), allow, lends=lends)
        with suppress(ValueError):
            self._look(answers, orders, depth)
        if self.chance.random() < 0.1:
            gc.collect()

    def _look(self, answers: Iterator[Any], orders: list[Order], depth: int) -> None:
        for order, answer in zip(orders, answers, strict=True):
            assert is_right(order, answer)
            if depth < 2 and self.chance.random() < 0.15:
                self.stir(depth + 1)
                assert is_right(order, answer)
            match self.chance.random():
                case below if below < 0.05:
                    return
                case below if below < 0.08:
                    answers.close()  # type: ignore[attr-defined]  a generator
                    return
                case below if below < 0.11:
                    answers.throw(ValueError)  # type: ignore[attr-defined]  as above


def stir_well(seed: int, turns: int, kinds: dict[str, int]) -> None:
    with Pool(2) as pool:
        stirred = Stir(pool, seed, kinds)
        for _ in range(turns):
            stirred.stir()
        for job in pool._begun.values():
            job.give_up()
        gc.collect()  # an exception keeps the frames that it came through, and they keep what they were reading
        settle(pool)
        assert count_free(pool) == [PLACES] * len(pool._workers)


CALM = {"": 60, "slow": 20, "raise": 2, "memory": 5}


@pytest.mark.lengthy
@pytest.mark.parametrize("seed", range(3))
def test_answers_are_right_and_places_come_back(seed: int) -> None:
    stir_well(seed, 40, CALM)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_answers_are_right_and_places_come_back_where_workers_die(seed: int) -> None:
    stir_well(seed, 40, {**CALM, "crash": 2, "hang": 1})


@pytest.mark.lengthy
def test_answers_are_right_under_a_stopwatch() -> None:
    with stopwatch.running(stopwatch.Stopwatch()):
        stir_well(10, 20, CALM)


@pytest.mark.lengthy
def test_a_place_comes_back_where_a_second_try_is_given_up() -> None:
    with Pool(1) as pool:
        for number in range(2 * PLACES):
            answers = pool.run(obey, [Order("", number), Order("memory", number)], lends=True)
            next(answers)
            while not any(job.tries for job in pool._waiting):
                pool._hear(1.0)
            answers.close()  # type: ignore[attr-defined]  a generator
        settle(pool)
        assert count_free(pool) == [PLACES]


def note_or_crash(path: Path | None) -> None:
    if path is not None:
        with path.open("a", encoding="ascii") as file:
            file.write("once ")
        os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.lengthy
def test_what_nobody_waits_for_is_not_tried_again(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with Pool(1) as pool:
        answers = pool.run(note_or_crash, [None, note])
        next(answers)
        answers.close()  # type: ignore[attr-defined]  a generator
        settle(pool)
    assert note.read_text(encoding="ascii") == "once "


def test_a_job_gives_its_place_back_once_and_only_when_nobody_writes_there_any_more() -> None:
    made = shelf.make()
    assert made is not None
    for is_given_up_first in (True, False):
        job = Job(obey, None, lends=True)
        job.reserve(made)
        others = [made.take_place() for _ in range(PLACES - 1)]
        assert None not in others
        if is_given_up_first:
            job.give_up()
            assert made.take_place() is None
            job.take(Answer(Kind.DONE))
        else:
            job.take(Answer(Kind.DONE))
            assert made.take_place() is None
            job.give_up()
        job.clear()
        job.give_up()
        assert made.take_place() is not None
        assert made.take_place() is None
        for place in range(PLACES):
            made.clear(place)
    made.drop_handle()


def refuse(*_given: object, **_named: object) -> None:
    raise OSError(12, "Cannot allocate memory")


def count_handles() -> int:
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "hinder",
    [
        lambda patch: patch.delattr(os, "memfd_create"),
        lambda patch: patch.setattr(os, "memfd_create", refuse),
        lambda patch: patch.setattr(os, "ftruncate", refuse),
        lambda patch: patch.setattr(mmap, "mmap", refuse),
        lambda _patch: None,
    ],
    ids=["unknown to Python", "refused", "too large", "not mapped", "all is well"],
)
def test_no_handle_is_left_whatever_memory_is_to_be_had(
    monkeypatch: pytest.MonkeyPatch, hinder: Callable[[pytest.MonkeyPatch], None]
) -> None:
    hinder(monkeypatch)
    counts = []
    for _ in range(3):
        with Pool(1) as pool:
            order = Order("", 1)
            assert [is_right(order, answer) for answer in pool.run(obey, [order], lends=True)] == [True]
        del pool
        counts.append(count_handles())
    assert counts[1] == counts[2]


def test_where_address_space_is_limited_none_of_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource  # not on Windows

    made = shelf.make()
    assert made is not None
    made.drop_handle()
    monkeypatch.setattr(resource, "getrlimit", lambda what: (2 << 30 if what == resource.RLIMIT_AS else -1, -1))
    assert shelf.make() is None


def pack_where_no_memory_is_left(order: Order) -> Packed:
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    return pack(order)


@pytest.mark.lengthy
def test_where_the_shared_memory_is_full_the_pipe_serves() -> None:
    orders = [Order("", number) for number in range(3)]
    with Pool(1) as pool:
        for order, packed in zip(orders, pool.run(pack_where_no_memory_is_left, orders, lends=True), strict=True):
            assert packed == pack(order)
            assert isinstance(packed.data, bytes)


@pytest.mark.lengthy
@pytest.mark.parametrize("size", [256, 640], ids=["several images in one answer", "one image in each answer"])
def test_a_whole_run_reads_nothing_that_was_given_back(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Whatever is given back is filled with other bytes in that moment."""
    spoilt: list[int] = []
    handles: list[int] = []
    clear = Shelf.clear

    def spoil(shared: Shelf, place: int) -> None:
        length = sum(map(len, shared._views.get(place, ())))
        clear(shared, place)
        Writer(shared.handle).lay(place, [PickleBuffer(b"\xdb" * length)])
        spoilt.append(length)

    monkeypatch.setattr(Shelf, "clear", spoil)
    monkeypatch.setattr(Shelf, "drop_handle", lambda shared: handles.append(shared.handle))
    bundle, target, new = tmp_path / "disc.zip", tmp_path / "out.zip", tmp_path / "new"
    write_zip(bundle, dental_disc(5, size=size))
    assert run(bundle, "-o", target, "-j", "2")[0] == 0
    assert sum(spoilt) > 100_000
    assert run("restore", target, "-o", new)[0] == 0
    with zipfile.ZipFile(bundle) as given:
        files = [info for info in given.infolist() if not info.is_dir()]
        assert all((new / info.filename).read_bytes() == given.read(info) for info in files)
    for handle in handles:
        os.close(handle)
