"""Carrying out a plan: what a worker that dies costs, and what travels together."""

import multiprocessing
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from repack import carrying, lots, pipeline
from repack.errors import ProofFailed
from repack.model import Action, KeptAsIs, Raw, Wishes
from repack.outcomes import Task
from repack.output.archive import Draft, Written
from repack.processes.workers import Pool
from tests.bundles.handmade import Made, make_zip


@dataclass(frozen=True)
class Bytes:
    """A place that holds its content itself."""

    content: bytes

    def read(self) -> bytes:
        return self.content

    def read_start(self, length: int) -> bytes:
        return self.content[:length]

    def chunks(self) -> Iterator[bytes]:
        yield self.content

    def raw(self) -> Raw | None:
        return None


@dataclass(frozen=True)
class Deadly(Bytes):
    """A place that kills the worker process which reads it, as a codec does that crashes."""

    def read_start(self, length: int) -> bytes:
        if multiprocessing.parent_process() is not None:
            os._exit(3)
        return super().read_start(length)

    def read(self) -> bytes:
        return self.read_start(len(self.content))


@dataclass(frozen=True)
class Endless(Bytes):
    """A place that a worker process never finishes reading, as a codec does that hangs on a damaged stream."""

    def read_start(self, length: int) -> bytes:
        if multiprocessing.parent_process() is not None:
            time.sleep(3_600)
        return super().read_start(length)

    def read(self) -> bytes:
        return self.read_start(len(self.content))


def task(index: int, place: Bytes, action: Action = Action.TRANSCODE) -> Task:
    return Task(index, place, len(place.content), len(place.content), action, "asked", Wishes(), None, is_dicom=True)


@pytest.mark.lengthy
def test_a_crash_costs_one_entry_and_not_its_neighbours() -> None:
    places = [Bytes(b"a" * 50), Deadly(b"b" * 50), Bytes(b"c" * 50)]
    lot = tuple(task(index, place) for index, place in enumerate(places))
    with Pool(2) as pool:
        found = list(carrying._work([lot, (task(3, Bytes(b"d" * 9), Action.COPY),)], pool))
    assert [outcome.index for outcome in found] == [0, 1, 2, 3]
    assert all(isinstance(outcome, KeptAsIs) for outcome in found)
    assert ["crashed" in outcome.reason for outcome in found] == [False, True, False, False]
    for outcome, place in zip(found, places, strict=False):
        assert isinstance(outcome, KeptAsIs)
        assert outcome.content is not None
        assert outcome.content.crc == zlib.crc32(place.content)


@pytest.mark.lengthy
def test_a_task_that_hangs_costs_one_entry_and_not_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [Bytes(b"a" * 50), Endless(b"b" * 50), Bytes(b"c" * 50)]
    lot = tuple(task(index, place) for index, place in enumerate(places))
    hangs = {id(one.place) for one in lot if isinstance(one.place, Endless)}
    monkeypatch.setattr(lots, "allow", lambda lot: 0.5 if hangs & {id(one.place) for one in lot} else 3_600.0)
    with Pool(2) as pool:
        found = list(carrying._work([lot], pool))
    assert [isinstance(outcome, KeptAsIs) for outcome in found] == [True] * 3
    assert [isinstance(outcome, KeptAsIs) and "came to no end" in outcome.reason for outcome in found] == [
        False,
        True,
        False,
    ]


def test_a_codec_has_time_enough() -> None:
    """A gigabyte at 0.1 MB a second, and minutes for a slice on a computer that does much else."""
    assert lots.allow((task(0, Bytes(b"")),)) >= 60
    large = replace(task(0, Bytes(b"")), size=1_000_000_000)
    assert lots.allow((large, large)) >= 2 * 10_000


@pytest.mark.parametrize(
    ("sizes", "action", "expected"),
    [
        ([10] * 70, Action.COPY, [32, 32, 6]),
        ([3 << 20] * 3, Action.COPY, [1, 1, 1]),
        ([600_000] * 3, Action.TRANSCODE, [1, 1, 1]),
        ([100_000] * 6, Action.TRANSCODE, [5, 1]),
        ([], Action.COPY, []),
    ],
)
def test_small_entries_travel_together(sizes: list[int], action: Action, expected: list[int]) -> None:
    tasks = [
        Task(index, None, size, size, action, "asked", Wishes(), None, is_dicom=True)
        for index, size in enumerate(sizes)
    ]
    made = list(lots.make_lots(tasks))
    assert [len(lot) for lot in made] == expected
    assert [task for lot in made for task in lot] == tasks


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize("at", [0, 1_000, -1])
@pytest.mark.parametrize("which", [0, 1])
def test_a_changed_byte_of_what_was_carried_over_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int, at: int, which: int
) -> None:
    made = [Made(name=name, data=os.urandom(3_000), method=method) for name in (b"a.bin", b"b.bin")]
    (tmp_path / "in.zip").write_bytes(make_zip(made))
    finish, changed = Draft.finish, []

    def spoil(draft: Draft, comment: bytes = b"") -> tuple[Written, ...]:
        written = finish(draft, comment)
        raw = written[which].place.raw()
        with draft.path.open("r+b") as file:
            file.seek(raw.offset + at % raw.length)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 0x80]))
        changed.append(written[which].name.raw.decode())
        return written

    monkeypatch.setattr(Draft, "finish", spoil)
    with pytest.raises(ProofFailed, match=rf"{'ab'[which]}\.bin reads back differently"):
        pipeline.run(pipeline.Request(tmp_path / "in.zip", tmp_path / "out.zip"))
    assert changed == [("a.bin", "b.bin")[which]]
    assert not (tmp_path / "out.zip").exists()
