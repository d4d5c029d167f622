"""The progress of a batch on a terminal: all discs in a bar, below it each worker with the disc that it is at."""

import time
from collections.abc import Sequence
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from repack.batch.line import BatchLine, Result
from repack.report import batched, console, words

_MOST_WORKERS = 16  # that have a row
_LONGEST = 44  # letters of a name that are shown


class BatchView:
    """A watcher of a batch: a live view on a terminal, lines in a log, lines of JSON for programs, or nothing."""

    def __init__(self, screen: console.Screen, *, is_json: bool) -> None:
        self._screen, self._is_json = screen, is_json
        self._is_live = screen.err.is_terminal and not screen.is_quiet
        self._bar = Progress(
            TextColumn("Repacking discs"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            console=screen.err,
        )
        self._since: dict[tuple[str, str], float] = {}
        self._live = Live(console=screen.err, transient=True, refresh_per_second=2)
        self._number = self._of = 0

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self._live.stop()

    def begin(self, discs: int) -> None:
        """Set the end of the bar."""
        self._of = discs
        self._bar.add_task("", total=discs)

    def show_workers(self, at_work: Sequence[tuple[str, str]]) -> None:
        """A row for each worker: who, at what, for how long."""
        if not self._is_live:
            return
        now = time.monotonic()
        self._since = {one: self._since.get(one, now) for one in at_work}
        table = Table.grid(padding=(0, 2))
        for worker, given in sorted(at_work)[:_MOST_WORKERS]:
            seconds = f"{now - self._since[worker, given]:.0f} s"
            table.add_row(f"  {worker}", Text(_end_of(words.printable(given)), no_wrap=True), seconds)
        if len(at_work) > _MOST_WORKERS:
            table.add_row(f"  and {len(at_work) - _MOST_WORKERS} more", "", "")
        self._live.update(Group(self._bar, table))

    def show_line(self, line: BatchLine, *, is_skipped: bool) -> None:
        """Move the bar; tell failures at once, quiet or not, and everything where there is no terminal."""
        self._number += 1
        if self._bar.task_ids:
            self._bar.advance(self._bar.task_ids[0])
        if self._is_json:
            console.show_json(batched.encode(line, is_skipped=is_skipped))
        if self._is_told(line, is_skipped=is_skipped):
            said = batched.told(line, self._number, self._of, is_skipped=is_skipped)
            shown = words.writable(words.printable(said), self._screen.err.encoding)
            self._screen.err.print(Text(shown, overflow="fold"), soft_wrap=not self._is_live)

    def _is_told(self, line: BatchLine, *, is_skipped: bool) -> bool:
        """Failures always are; else on a quiet screen only what has to be known of a disc that was done just now."""
        if line.result is Result.FAILED:
            return True
        return bool(line.reason) and not is_skipped if self._screen.is_quiet else not self._is_live


def _end_of(name: str) -> str:
    """The end of a long name: that is where discs differ."""
    return name if len(name) <= _LONGEST else f"...{name[3 - _LONGEST :]}"
