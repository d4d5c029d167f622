"""The story of a batch: names, record, tasks, workers, lines, totals."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from repack.batch import journal, lock, naming
from repack.batch.cluster import Cluster
from repack.batch.engine import AtWork, Engine, stream
from repack.batch.journal import Journal
from repack.batch.line import BatchLine, Result
from repack.batch.local import Local
from repack.batch.naming import Disc
from repack.batch.orders import Options, Order, Task, failed
from repack.errors import ExitCode
from repack.output import drafts
from repack.places import addresses, staging
from repack.processes import interrupts

_MOST_NAMED = 12  # failures and remarks that are kept in memory for the summary; batch.jsonl has them all


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: which bundles, where to, how, by whom.

    `out_dir` is the folder of the record, and of the outputs unless `place` is another one elsewhere.
    """

    discs: Sequence[Disc]
    out_dir: Path
    options: Options
    jobs: int = 1
    scheduler: str = ""
    place: str = ""  # an address such as s3://bucket/new


@dataclass(slots=True)
class Totals:
    """What came of it so far; running sums, so that a thousand discs take no more memory than one."""

    discs: int = 0
    counts: dict[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    skipped: int = 0  # of those, done by an earlier batch
    before: dict[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))  # bytes
    after: dict[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    images: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)  # on discs that are done
    remarked: int = 0  # how many there are, also of those that are not kept
    code: int = ExitCode.DONE
    torn: int = 0  # lines of the record that could not be read

    def count(self, line: BatchLine, *, is_skipped: bool) -> None:
        """Add one disc."""
        self.counts[line.result] += 1
        self.skipped += is_skipped
        self.before[line.result] += line.read.size if line.read else 0
        self.after[line.result] += line.output.size if line.output else 0
        self.images += line.images
        self.code = max(self.code, line.code)
        if line.result is Result.FAILED and len(self.failures) < _MOST_NAMED:
            self.failures.append((line.source, line.reason))
        if line.result is not Result.FAILED and line.reason:
            self.remarked += 1
            if len(self.remarks) < _MOST_NAMED:
                self.remarks.append((line.source, line.reason))

    @property
    def seen(self) -> int:
        """How many discs have their line."""
        return sum(self.counts.values())


class Watcher(Protocol):
    """Who watches a batch."""

    def begin(self, discs: int) -> None:
        """So many discs there are."""

    def show_workers(self, at_work: AtWork) -> None:
        """Who works on what; called about twice a second."""

    def show_line(self, line: BatchLine, *, is_skipped: bool) -> None:
        """A disc has its line."""


def run(request: Request, totals: Totals, watcher: Watcher) -> None:
    """Work on every disc; the totals grow with each. Raises RepackError where not one disc but the batch cannot go on.

    An interrupt ends the workers; what is in the totals is in the record.
    """
    totals.discs = len(request.discs)
    with lock.held(request.out_dir) as number, journal.opened(request.out_dir) as record:
        totals.torn = record.torn
        watcher.begin(totals.discs)
        lines = _lines(request, number, record, watcher)
        try:
            for task, line in lines:
                seen = _check_visible(task, line)
                is_skipped = seen == task.order.prior
                if not is_skipped or record.has_failed(seen.key):
                    record.add(seen)
                totals.count(seen, is_skipped=is_skipped)
                watcher.show_line(seen, is_skipped=is_skipped)
        except BaseException as error:
            interrupts.accept(error)
            raise
        finally:
            lines.close()  # ends the workers


def _lines(
    request: Request, number: str, record: Journal, watcher: Watcher
) -> Generator[tuple[Task, BatchLine], None, None]:
    """The line of every disc, as it is done; whatever happens, no draft of our own workers stays."""
    left: Sequence[Task] = ()
    try:
        with _engine(request) as engine:
            try:
                yield from stream(engine, _tasks(request, number, record), watcher.show_workers)
            finally:
                left = engine.out()
    finally:
        if left:
            drafts.clear_all_stale(request.out_dir)  # not only under the names of orders: see naming.rename
            staging.clear_stale(request.options.staging)


def _check_visible(task: Task, line: BatchLine) -> BatchLine:
    """A worker elsewhere may have written into a folder of the same name that is another one."""
    if line.output is None or addresses.is_remote(task.out_dir):
        return line
    try:
        size = Path(task.out_dir, line.output.name).stat().st_size
    except OSError:
        size = -1
    if size == line.output.size:
        return line
    problem = "its worker says that the new zip is written, but it cannot be seen from here"
    advice = "bundles and out-dir must lie in folders that all workers share"
    return failed(task, ExitCode.UNWRITABLE, f"{problem}; {advice}")


def _engine(request: Request) -> "AbstractContextManager[Engine]":
    return Cluster(request.scheduler) if request.scheduler else Local(request.jobs)


def _tasks(request: Request, number: str, record: Journal) -> Iterator[Task]:
    folder, options = request.out_dir.absolute(), request.options
    if request.place and not request.scheduler:
        options = replace(options, record=folder)
    names = naming.name_outputs(request.discs, record.names)
    for one, name in zip(request.discs, names, strict=True):
        yield Task(one.address, request.place or str(folder), Order(one, name, options, number, record.prior(one.key)))
