"""Small discs for batches, and an engine without processes."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fixtures.disc import DiscFile, dental_disc, write_zip
from repack.batch import naming, running
from repack.batch.disc import work
from repack.batch.engine import Answer, AtWork
from repack.batch.line import BatchLine
from repack.batch.orders import Options, Task, digest_options
from repack.model import Access, Wishes

_SMALL, _NOT_LARGE = 4_000, 60_000  # bytes; larger files of the synthetic disc are its viewer


def small_disc(number: int, *, has_viewer: bool = False) -> list[DiscFile]:
    """A disc of one to three small images that no other number has."""
    found = [
        file
        for file in dental_disc(1 + number % 3, size=40 + 8 * (number // 3 % 8))
        if file.path.startswith("DICOM") or len(file.content) < (_NOT_LARGE if has_viewer else _SMALL)
    ]
    return [*found, DiscFile("NUMBER.TXT", f"disc {number}\n".encode())]


def make_discs(folder: Path, count: int, *, has_viewer: bool = False) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"scan{number:04}.zip" for number in range(count)]
    for number, path in enumerate(paths):
        write_zip(path, small_disc(number, has_viewer=has_viewer))
    return paths


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry_hashes(finished: Path) -> dict[str, str]:
    """Every entry of a zip, the manifest too, by its name."""
    with zipfile.ZipFile(finished) as archive:
        return {info.filename: hashlib.sha256(archive.read(info)).hexdigest() for info in archive.infolist()}


def last_lines(out_dir: Path) -> dict[str, dict[str, Any]]:
    """The line that counts for each disc, by the address that was given."""
    lines = (out_dir / "batch.jsonl").read_bytes().splitlines()
    found = {}
    for line in lines:
        try:
            known = json.loads(line)
        except ValueError:  # torn
            continue
        found[known["source"]] = known
    return found


class Inline:
    """An engine that does everything in this process, one disc a turn."""

    def __init__(self, answers: dict[str, list[Answer]] | None = None, window: int = 2) -> None:
        self.submitted: list[Task] = []
        self.most_out = 0
        self._out: list[Task] = []
        self._answers, self._window = answers or {}, window

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def has_room(self) -> bool:
        return len(self._out) < self._window

    def submit(self, task: Task) -> None:
        self.submitted.append(task)
        self._out.append(task)
        self.most_out = max(self.most_out, len(self._out))

    def out(self) -> Sequence[Task]:
        return self._out

    def at_work(self) -> AtWork:
        return [("here", task.order.disc.given) for task in self._out]

    def collect(self, _seconds: float) -> list[tuple[Task, Answer]]:
        task = self._out.pop(0)
        prepared = self._answers.get(task.address)
        return [(task, prepared.pop(0) if prepared else work(task))]


class Notes:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.discs = 0
        self.shown: list[tuple[BatchLine, bool]] = []

    def begin(self, discs: int) -> None:
        self.discs = discs

    def show_workers(self, at_work: AtWork) -> None:
        pass

    def show_line(self, line: BatchLine, *, is_skipped: bool) -> None:
        self.shown.append((line, is_skipped))


def options(wishes: Wishes = Wishes(), **changes: Any) -> Options:  # noqa: ANN401, B008  fields of Options; frozen
    return Options(wishes, (), Access(), digest_options(wishes, (), Access()), **changes)


def request(words: Sequence[Path | str], out_dir: Path, how: Options | None = None) -> running.Request:
    discs = naming.find_discs([str(word) for word in words], out_dir)
    return running.Request(discs, out_dir, how or options())
