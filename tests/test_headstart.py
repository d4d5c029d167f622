"""The head start: what is begun early is what the plan asks for, and the zip is the same with it and without."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fixtures.disc import write_zip
from repack import headstart, outcomes, pipeline
from repack.model import Wishes
from repack.outcomes import Task
from repack.pipeline import Request
from repack.processes.workers import Pool
from tests.discs import small_disc, write_small_disc

SLICES = 6
Function = Callable[..., object]
Allow = Callable[[tuple[Task, ...]], float] | None
Lots = Iterable[tuple[Task, ...]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_disc(tmp_path_factory.mktemp("disc") / "disc.zip", SLICES, 752)


class Watch:
    """Which lots of images were begun early, and which ones were asked for later."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[tuple[Task, ...]] = []
        self.asked: list[tuple[Task, ...]] = []
        begin, run = Pool.begin, Pool.run

        def noting_begin(
            pool: Pool, function: Function, task: tuple[Task, ...], allow: Allow = None, *, lends: bool = False
        ) -> None:
            if function is outcomes.work:
                self.begun.append(task)
            begin(pool, function, task, allow, lends=lends)

        def noting_run(
            pool: Pool, function: Function, tasks: Lots, allow: Allow = None, *, lends: bool = False
        ) -> Iterator[object]:
            if function is not outcomes.work:
                return run(pool, function, tasks, allow, lends=lends)
            return run(pool, function, (self.asked.append(task) or task for task in tasks), allow, lends=lends)

        monkeypatch.setattr(Pool, "begin", noting_begin)
        monkeypatch.setattr(Pool, "run", noting_run)


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes(codec="rle", is_codec_named=True),
        Wishes(drop_redist=True, keep_locales=("en",), exact_only=True),
    ],
    ids=["plain", "another codec", "other wishes"],
)
def test_what_is_begun_is_what_the_plan_asks_for(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wishes: Wishes
) -> None:
    seen = Watch(monkeypatch)
    pipeline.run(Request(bundle, tmp_path / "new.zip", wishes, jobs=2))
    assert len(seen.begun) == SLICES
    assert set(seen.begun) <= set(seen.asked)


@pytest.mark.lengthy
def test_the_zip_is_the_same_without_a_head_start(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.run(Request(bundle, tmp_path / "with.zip", jobs=2))
    monkeypatch.setattr(headstart, "_MOST_BYTES", 0)
    seen = Watch(monkeypatch)
    pipeline.run(Request(bundle, tmp_path / "without.zip", jobs=2))
    assert not seen.begun
    assert (tmp_path / "with.zip").read_bytes() == (tmp_path / "without.zip").read_bytes()


def test_images_that_are_dropped_were_begun_in_vain_and_are_gone(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Watch(monkeypatch)
    wishes = Wishes(drop_path=("DICOM/**",), force_drop=True)
    done = pipeline.run(Request(bundle, tmp_path / "new.zip", wishes, jobs=2))
    assert len(seen.begun) == SLICES
    assert sum(line.action == "dropped" for line in done.manifest.entries) >= SLICES
    assert not set(seen.begun) & set(seen.asked)


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("codec", "size", "count"), [("none", 752, SLICES), ("jpegls", 128, 0)], ids=["not compressed", "small"]
)
def test_nothing_is_begun_that_travels_with_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, size: int, count: int
) -> None:
    write_zip(tmp_path / "disc.zip", small_disc(SLICES, size, implicit=True))
    seen = Watch(monkeypatch)
    wishes = Wishes(codec=codec, is_codec_named=True)
    pipeline.run(Request(tmp_path / "disc.zip", tmp_path / "new.zip", wishes, jobs=2))
    assert len(seen.begun) == count


@pytest.mark.lengthy
def test_no_more_is_begun_than_the_memory_allows(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headstart, "_MOST_BYTES", 3 << 20)
    seen = Watch(monkeypatch)
    pipeline.run(Request(bundle, tmp_path / "new.zip", jobs=2))
    assert len(seen.begun) == 2
    assert sum(task.size for (task,) in seen.begun) <= 3 << 20


@pytest.mark.lengthy
def test_nothing_is_begun_where_it_is_not_clear_what_will_be_asked(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Watch(monkeypatch)
    pipeline.run(Request(bundle, tmp_path / "new.zip", Wishes(max_size=1 << 30), jobs=2))
    pipeline.run_parts(Request(bundle, tmp_path / "part.zip", jobs=2, split=True))
    pipeline.run(
        Request(tmp_path / "new.zip", tmp_path / "again.zip", Wishes(codec="none", is_codec_named=True), jobs=2)
    )
    assert not seen.begun
