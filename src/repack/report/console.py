"""All of rich: the summary table, the plan, the progress bar. Nothing else in repack prints.

Every view is made from plan and manifest alone. It reads well at 80 columns, without colour, and without a terminal.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from repack.report import words
from repack.report.tables import Sheet

_MOST_LINES = 12  # of a list in the summary; the manifest has them all


@dataclass(frozen=True, slots=True)
class Screen:
    """Where things are shown: `out` for results, `err` for everything else."""

    out: Console
    err: Console
    is_quiet: bool = False


def open_screen(*, is_json: bool = False, is_quiet: bool = False) -> Screen:
    """The terminal: with JSON on standard output, everything for people goes to standard error."""
    err = Console(stderr=True, highlight=False, soft_wrap=False)
    out = err if is_json else Console(highlight=False, soft_wrap=False)
    return Screen(out, err, is_quiet)


def show_error(message: str) -> None:
    """One line that says what, where, and what to do next."""
    print(f"repack: {words.printable(message)}", file=sys.stderr)


def show_json(data: bytes) -> None:
    """Data for programs, on standard output."""
    sys.stdout.write(data.decode("utf-8"))
    sys.stdout.flush()


def show_lines(screen: Screen, lines: list[str]) -> None:
    """Plain lines; long ones wrap between words."""
    for line in lines:
        screen.out.print(Text(words.printable(line)))


def show_sheets(screen: Screen, sheets: list[Sheet]) -> None:
    """Tables and lists, one below the other."""
    if screen.is_quiet:
        return
    for sheet in sheets:
        if sheet.rows or sheet.lines:
            screen.out.print(_heading(sheet))
        if sheet.rows:
            screen.out.print(_table(sheet))
        shown = sheet.lines if sheet.is_whole else sheet.lines[:_MOST_LINES]
        for line in shown:
            table = Table.grid(padding=(0, 1))
            table.add_row(Text(" -"), Text(words.printable(line), overflow="fold"))
            screen.out.print(table)
        if len(sheet.lines) > len(shown):
            screen.out.print(Text(f" - and {len(sheet.lines) - len(shown)} more; the manifest lists them all"))


def show_result(screen: Screen, sentence: str) -> None:
    """The one line that stays when everything else is forgotten."""
    if not screen.is_quiet:
        screen.out.print()
        screen.out.print(Text(words.printable(sentence), style="bold", overflow="fold"))


def _heading(sheet: Sheet) -> Text:
    return Text(f"\n{sheet.title}", style="bold")


def _table(sheet: Sheet) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=bool(sheet.footer), expand=False)
    footers = sheet.footer or ("",) * len(sheet.columns)
    for column, footer in zip(sheet.columns, footers, strict=True):
        table.add_column(
            column.title,
            footer=footer,
            justify="right" if column.is_number else "left",
            no_wrap=column.is_number,
            overflow="fold",
            ratio=column.ratio,
        )
    for row in sheet.rows:
        table.add_row(*(Text(words.printable(cell) if "\n" not in cell else cell) for cell in row))
    return table


class _Bar:
    """A progress bar on a terminal; only the main process moves it."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def begin(self, task: str, total_bytes: int, total_entries: int) -> None:
        """A new stage replaces the last one."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(task, total=total_bytes or 1, entries=0, of=total_entries)

    def advance(self, size: int, entries: int = 1) -> None:
        """Bytes and entries are counted together."""
        if self._task is not None:
            done = self._bar.tasks[-1].fields["entries"] + entries
            self._bar.update(self._task, advance=size, entries=done)


@contextmanager
def watching(screen: Screen) -> Iterator["_Bar | None"]:
    """A progress bar while the block runs, on a terminal; else None, and nothing is shown."""
    if screen.is_quiet or not screen.err.is_terminal:
        yield None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TextColumn("{task.fields[entries]}/{task.fields[of]}"),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=screen.err,
        transient=True,
    )
    with bar:
        yield _Bar(bar)
