"""All of rich: the summary table, the plan, the progress bar. Beside report.plain nothing else in repack prints.

Every view is made from plan and manifest alone. It reads well at 80 columns, without colour, without a terminal, and
in plain ASCII where the output's encoding is not UTF-8.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from repack.report import words
from repack.report.journey import Journey
from repack.report.plain import show_error, show_json
from repack.report.tables import Sheet

__all__ = ["Screen", "open_screen", "show_error", "show_json", "show_lines", "show_result", "show_sheets", "watching"]

_MOST_LINES = 12  # of a list; where the others are named the sheet says
_MOST_ROWS = 24  # of a table: what a screen holds
_NARROWEST = 12  # letters of a column of text, which folds; a column of numbers never gets narrower than its numbers
_BETWEEN = 3  # columns lie so many letters apart
#: The same table without box drawing, for outputs in another encoding than UTF-8.
_ASCII_BOX = box.Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)


class _Console(Console):
    """One that lets the caller hear that nobody reads what it shows."""

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError on; rich itself would end the program."""
        raise  # noqa: PLE0704  rich calls this while it handles the error


@dataclass(frozen=True, slots=True)
class Screen:
    """Where things are shown: `out` for results, `err` for everything else."""

    out: Console
    err: Console
    is_quiet: bool = False


def open_screen(*, is_json: bool = False, is_quiet: bool = False) -> Screen:
    """The terminal: with JSON on standard output, everything for people goes to standard error."""
    err = _Console(stderr=True, highlight=False, soft_wrap=False)
    out = err if is_json else _Console(highlight=False, soft_wrap=False)
    return Screen(out, err, is_quiet)


def show_lines(screen: Screen, lines: list[str]) -> None:
    """Plain lines; long ones wrap between words."""
    for line in lines:
        screen.out.print(_text(screen.out, line))


def show_sheets(screen: Screen, sheets: list[Sheet]) -> None:
    """Tables and lists, one below the other."""
    if screen.is_quiet:
        return
    for sheet in sheets:
        if sheet.rows or sheet.lines:
            screen.out.print()
            screen.out.print(_text(screen.out, sheet.title, "bold"))
        _show_rows(screen.out, sheet)
        _show_lines(screen.out, sheet)


def show_result(screen: Screen, sentence: str) -> None:
    """The one line that stays when everything else is forgotten."""
    if not screen.is_quiet:
        screen.out.print()
        screen.out.print(_text(screen.out, sentence, "bold"))


def _text(console: Console, text: str, style: str = "") -> Text:
    """A text from anywhere, without what could drive the terminal and in letters that it has."""
    return Text(words.writable(words.printable(text), console.encoding), style=style, overflow="fold")


def _show_rows(console: Console, sheet: Sheet) -> None:
    if not sheet.rows:
        return
    shown = sheet.rows if sheet.is_whole else sheet.rows[:_MOST_ROWS]
    if _needed_width(sheet, shown) <= console.width:
        console.print(_table(console, sheet, shown))
    else:
        _show_items(console, _as_lines(sheet, shown))
    _show_rest(console, len(sheet.rows) - len(shown), sheet)


def _show_lines(console: Console, sheet: Sheet) -> None:
    shown = sheet.lines if sheet.is_whole else sheet.lines[:_MOST_LINES]
    _show_items(console, shown)
    _show_rest(console, len(sheet.lines) - len(shown), sheet)


def _show_items(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        table = Table.grid(padding=(0, 1))
        table.add_row(Text(" -"), _text(console, line))
        console.print(table)


def _needed_width(sheet: Sheet, rows: Sequence[tuple[str, ...]]) -> int:
    """Letters of the narrowest table that cuts no number and leaves each column of text readable."""
    titles = tuple(column.title for column in sheet.columns)
    needed = 0
    for column, *cells in zip(sheet.columns, titles, *rows, sheet.footer or titles, strict=True):
        widest = max(cell_len(line) for cell in cells for line in cell.split("\n"))
        needed += widest if column.is_number else min(widest, _NARROWEST)
    return needed + _BETWEEN * len(sheet.columns) - 1


def _as_lines(sheet: Sheet, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows of a table that a screen is too narrow for: `name: title value, title value`."""
    titles = [column.title for column in sheet.columns[1:]]
    for name, *cells in (*rows, *filter(None, (sheet.footer,))):
        told = (f"{title} {cell}" for title, cell in zip(titles, cells, strict=True) if cell)
        yield f"{name}: {', '.join(told)}".replace("\n", " ")


def _show_rest(console: Console, count: int, sheet: Sheet) -> None:
    if count:
        console.print(_text(console, f" - and {count:,} more; {sheet.rest}"))


def _table(console: Console, sheet: Sheet, rows: Sequence[tuple[str, ...]]) -> Table:
    shape = _ASCII_BOX if console.options.ascii_only else box.SIMPLE_HEAD
    table = Table(box=shape, show_edge=False, show_footer=bool(sheet.footer), header_style="")
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
    for row in rows:
        table.add_row(*(_cell(console, cell) for cell in row))
    return table


def _cell(console: Console, cell: str) -> Text:
    """A cell; its line breaks are ours, as a name from a disc has none."""
    return Text("\n").join(_text(console, line) for line in cell.split("\n"))


class _Bar:
    """A progress bar on a terminal; only the main process moves it."""

    def __init__(self, bar: Progress, journey: Journey) -> None:
        self._bar = bar
        self._journey = journey
        self._task = bar.add_task("Starting", total=1.0, percent=0, count="", left="")

    def begin(self, task: str, total_bytes: int, total_entries: int) -> None:
        """The next stage of the run."""
        self._journey.begin(task, total_bytes, total_entries, time.monotonic())
        self._show()

    def advance(self, size: int, entries: int = 1) -> None:
        """Bytes and entries are counted together."""
        self._journey.advance(size, entries)
        self._show()

    def finish(self) -> None:
        """The result is there, under its name."""
        self._bar.update(self._task, completed=1.0, percent=100, left="")

    def _show(self) -> None:
        trip = self._journey
        self._bar.update(
            self._task,
            description=trip.task,
            completed=trip.share,
            percent=int(100 * trip.share),
            count=f"{min(trip.entries, trip.of):,}/{trip.of:,} files",  # the check counts our own files, too
            left=trip.say_left(time.monotonic()),
        )


@contextmanager
def watching(screen: Screen, stages: Sequence[str] = ()) -> Iterator["_Bar | None"]:
    """A progress bar while the block runs, on a terminal; else None, and nothing is shown.

    `stages` are those that the block goes through, so that one bar runs over all of them; it is full when the block
    has ended well.
    """
    if screen.is_quiet or not screen.err.is_terminal or not _is_terminal():
        yield None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[percent]:>3} %"),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[left]}"),
        console=screen.err,
        transient=True,
    )
    with bar:
        shown = _Bar(bar, Journey(tuple(stages), time.monotonic()))
        yield shown
        shown.finish()


def _is_terminal() -> bool:
    """Is standard error really one? Rich also says so where FORCE_COLOR is set, and a log wants no bar."""
    return sys.stderr is not None and sys.stderr.isatty()
